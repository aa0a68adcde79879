"""A database and a cache have a network to stand in, settings that go together, and functions that can reach them.

Source: Amazon RDS User Guide, "Working with a DB instance in a VPC": subnets in two zones; Amazon Aurora User Guide,
"Performance and scaling for Aurora Serverless v2"; Amazon ElastiCache User Guide, "Authenticating with IAM".
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.api_backend import ApiBackend, Route
from lambdakit.spec.finding import Finding
from lambdakit.spec.network import Vpc, zones_setting
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stores import AuroraServerless, ExistingCache, ExistingDatabase, ServerlessCache

_ZONES_MIN = 2
_CAPACITY_MAX_LEAST = 1


def stores(context: RuleContext) -> Iterator[Finding]:
    """A finding for each thing that a database or a cache lacks, or says twice."""
    for key, pattern in context.api_backends():
        pointer: Pointer = ("patterns", key)
        for name in ("database", "cache"):
            if getattr(pattern, name) is not None and context.pruned.spares("network"):
                yield from _place_findings(context, (*pointer, name))
        yield from _database_findings(pattern, (*pointer, "database"))
        yield from _cache_findings(pattern, (*pointer, "cache"))
        for route_key, route in pattern.routes.items():
            if isinstance(route, Route):
                yield from _access_findings(context, pattern, route, (*pointer, "routes", route_key))


def _place_findings(context: RuleContext, pointer: Pointer) -> Iterator[Finding]:
    network = context.application.network
    if network is None:
        yield Finding(
            code="LK196",
            pointer=pointer,
            at_key=True,
            problem=f"a {pointer[-1]} stands in a network, and the document has none",
            hint="add `network: {vpc: {max_azs: 2}}` at the top",
        )
    elif network.vpc.max_azs < _ZONES_MIN:
        yield Finding(
            code="LK196",
            pointer=("network", "vpc", zones_setting(network.vpc)),
            problem=f"{network.vpc.max_azs} zone is not enough for the {pointer[-1]} of {pointer[1]}",
            hint=f"write {_ZONES_MIN}" if isinstance(network.vpc, Vpc) else "add another zone and its subnets",
        )


def _database_findings(pattern: ApiBackend, pointer: Pointer) -> Iterator[Finding]:
    match pattern.database:
        case AuroraServerless(min_capacity=low, max_capacity=high) if high < max(low, _CAPACITY_MAX_LEAST):
            least = max(low, _CAPACITY_MAX_LEAST)
            what = "min_capacity" if low > _CAPACITY_MAX_LEAST else "the least that Aurora takes"
            written = "max_capacity" in pattern.database.model_fields_set
            yield Finding(
                code="LK196",
                pointer=(*pointer, "max_capacity" if written else "min_capacity"),
                problem=f"max_capacity, {high:g}, is below {least:g}, {what}",
                hint=f"write max_capacity: {least:g}",
            )
        case ExistingDatabase(authentication="secret", secret=None):
            yield Finding(
                code="LK196",
                pointer=(*pointer, "authentication"),
                problem="functions prove who they are by a secret, and there is none",
                hint="add secret, the name of one of the `resources` of kind: secret",
            )
        case ExistingDatabase(authentication="iam", secret=str()):
            yield Finding(
                code="LK196",
                pointer=(*pointer, "secret"),
                at_key=True,
                problem="functions prove who they are by IAM, and nothing reads the secret",
                hint="leave it out, or write authentication: secret",
            )


def _cache_findings(pattern: ApiBackend, pointer: Pointer) -> Iterator[Finding]:
    match pattern.cache:
        case ServerlessCache(engine_version=str() as version) if not version.isdigit():
            yield Finding(
                code="LK196",
                pointer=(*pointer, "engine_version"),
                problem=f"{version} is no major version, which alone a serverless cache has",
                hint=f'write "{version.partition(".")[0]}"',
            )
        case ExistingCache(cache_arn=cache_arn, user_arn=user_arn) if (cache_arn is None) != (user_arn is None):
            there, missing = ("user_arn", "cache_arn") if cache_arn is None else ("cache_arn", "user_arn")
            yield Finding(
                code="LK196",
                pointer=(*pointer, there),
                at_key=True,
                problem=f"IAM lets a user connect to a cache by the ARNs of both, and there is no {missing}",
                hint=f"add {missing}, or leave {there} out",
            )


def _access_findings(context: RuleContext, pattern: ApiBackend, route: Route, pointer: Pointer) -> Iterator[Finding]:
    for name in ("database", "cache"):
        if not getattr(route, f"{name}_access"):
            continue
        place = (*pointer, f"{name}_access")
        if getattr(pattern, name) is None:
            if context.pruned.spares(*pointer[:2], name):
                yield Finding(
                    code="LK197",
                    pointer=place,
                    problem=f"true, and the pattern {pointer[1]} has no {name}",
                    hint=f"add {name} to the pattern, or leave {name}_access out",
                )
        elif route.vpc == "none":
            yield Finding(
                code="LK196",
                pointer=(*pointer, "vpc"),
                problem=f"none keeps the function out of the network that the {name} stands in",
                hint=f"leave vpc out, or leave {name}_access out",
            )
