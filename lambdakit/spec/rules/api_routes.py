"""The routes of an API are ones that its type can have.

Source: Lambda Developer Guide, "Lambda function URLs"; API Gateway Developer Guide, "Create a resource in API Gateway";
Elastic Load Balancing, "Condition types for listener rules" and "Quotas for your Application Load Balancers".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lambdakit.spec.api import FunctionUrlApi, LoadBalancerApi, RestApi
from lambdakit.spec.finding import Finding
from lambdakit.spec.route_key import DEFAULT_ROUTE, split_route_key
from lambdakit.spec.rules.rule import RuleContext

_ADDRESS_ROUTES: Final = (DEFAULT_ROUTE, "ANY /{proxy+}")
_VALUES_MAX: Final = 5
_RULES_MAX: Final = 100
_PATTERN = re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*-]{1,128}")
_RESOURCE_PART = re.compile(r"[A-Za-z0-9_.:$-]+|\{[^{}]+\}")
_VARIABLE = re.compile(r"\{[^{}]+\}")
# A route key, or "" for all of them; what is wrong; what to do.
_Problem = tuple[str, str, str]


def api_routes(context: RuleContext) -> Iterator[Finding]:
    """A finding for each route that the API's type does not know."""
    for key, pattern in context.api_backends():
        routes = list(pattern.routes)
        problems: Iterator[_Problem] = iter(())
        match pattern.api:
            case FunctionUrlApi():
                problems = _of_address(routes)
            case RestApi():
                problems = _of_rest_api(routes)
            case LoadBalancerApi():
                problems = _of_balancer(routes)
        for route_key, problem, hint in problems:
            place = ("patterns", key, "routes", *([route_key] if route_key else []))
            yield Finding(code="LK190", pointer=place, at_key=True, problem=problem, hint=hint)


def _of_address(routes: Sequence[str]) -> Iterator[_Problem]:
    for key in routes:
        if key not in _ADDRESS_ROUTES:
            yield key, f"{key} is not the one route of a function_url", f"write {DEFAULT_ROUTE}, or type: http"
    if len(routes) > 1:
        yield "", f"{len(routes)} routes, and a function_url has one", "keep one, or write type: http"


def _of_rest_api(routes: Sequence[str]) -> Iterator[_Problem]:
    variables: dict[str, tuple[str, str]] = {}
    methods: dict[str, str] = {}
    for key in routes:
        for method, segments in _methods(key):
            other = methods.setdefault("/".join((method, *segments)), key)
            if other != key and DEFAULT_ROUTE in (key, other):
                yield key, f"{key} takes the requests of {other} in a REST API", "keep one of the two"
            for depth, segment in enumerate(segments):
                if segment and _RESOURCE_PART.fullmatch(segment) is None:
                    yield (
                        key,
                        f"{segment} has characters that a REST API's paths do not",
                        "use letters, digits and _ . - : $",
                    )
                if not segment.startswith("{"):
                    continue
                name, first = variables.setdefault("/".join(segments[:depth]), (segment, key))
                if name != segment:
                    problem = f"{key} has {segment} where {first} has {name}, and a REST API has one variable there"
                    yield key, problem, f"write {name} in both, or type: http"


def _methods(key: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The methods and paths that stand for a route, which for the default route are two."""
    if key == DEFAULT_ROUTE:
        yield from (("ANY", ("",)), ("ANY", ("{proxy+}",)))
        return
    parts = split_route_key(key)
    yield parts.method, parts.segments


def _of_balancer(routes: Sequence[str]) -> Iterator[_Problem]:
    seen: dict[str, str] = {}
    keys = [key for key in routes if key != DEFAULT_ROUTE]
    if len(keys) > _RULES_MAX:
        yield "", f"{len(keys)} routes, and a listener has {_RULES_MAX} rules", "end paths with {proxy+} earlier"
    for key in keys:
        method, _, path = key.partition(" ")
        pattern = _VARIABLE.sub("*", path)
        if pattern.count("*") + (method != "ANY") > _VALUES_MAX:
            count = pattern.count("*")
            problem = f"{key} has {count} variables, and a rule holds {_VALUES_MAX} values, the method one of them"
            yield key, problem, "end the path with {proxy+} earlier"
        if _PATTERN.fullmatch(pattern) is None:
            problem = f"{pattern} is no path of a rule: at most 128 letters, digits and _ . $ / ~ ' @ : + & -"
            yield key, problem, "put a variable in the place of what it may not hold"
        first = seen.setdefault(f"{method} {pattern}", key)
        if first != key:
            yield key, f"{key} gives the rule {method} {pattern}, as {first} does", "keep one of the two"
