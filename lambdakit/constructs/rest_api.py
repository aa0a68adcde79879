"""The REST API in front of functions: methods on resources, a stage with its access log, keys and usage plans."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs

from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.log_retention import retention
from lambdakit.constructs.log_writing import make_log_account
from lambdakit.constructs.rest_cors import preflight
from lambdakit.constructs.routes import RouteKey, route_pointer
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from constructs import Construct

    from lambdakit.constructs.http_api import ApiProperties

STAGE_NAME: Final = "prod"
# The rest of a path, for the route that catches all.
_CATCH_ALL: Final = (RouteKey(method="ANY", path="/"), RouteKey(method="ANY", path="/{proxy+}"))

# Source: API apigateway CreateRestApi.minimumCompressionSize
_COMPRESSION_BYTES_MAX: Final = 10_485_760
# Source: API Gateway Developer Guide, "Variables for access logging for API Gateway"
_ACCESS_LOG_FORMAT: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "resourcePath": "$context.resourcePath",
        "protocol": "$context.protocol",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "responseLatency": "$context.responseLatency",
        "integrationLatency": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
    }
)

# Source: aws-cdk-lib, aws-apigateway/lib/resource.js, "validateResourcePathPart"
_PART = re.compile(r"[A-Za-z0-9_.:$-]+|\{[^{}]+\}")

_REASONS: Final[Mapping[str, str]] = {
    "AwsSolutions-APIG3": "A web ACL is paid for, and shared by APIs: those who have one associate it.",
    "AwsSolutions-APIG6": "The access log records every request; an execution log would hold bodies and tokens.",
}
_UNVALIDATED: Final[Mapping[str, str]] = {
    "AwsSolutions-APIG2": "A validator without models checks nothing; the functions check what they are sent.",
}

Period: TypeAlias = Literal["day", "week", "month"]
_PERIODS: Final[Mapping[str, apigateway.Period]] = {
    "day": apigateway.Period.DAY,
    "week": apigateway.Period.WEEK,
    "month": apigateway.Period.MONTH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePlan:
    """What the bearer of the API's key may use. Every request then needs the header x-api-key.

    A key tells clients apart and is no proof of who calls: it goes beside an authorizer, not in its place.

    rate_limit: requests per second, in the long run; absent, 100.
    burst_limit: requests at once; absent, 50.
    quota: requests per `quota_period`; absent, as many as the limits let through.
    quota_period: also as the CDK's `Period`; absent, a month.
    """

    rate_limit: int = 100
    burst_limit: int = 50
    quota: int | None = None
    quota_period: Period | apigateway.Period = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestSettings:
    """What a REST API has beyond what every API has; it is regional, with one stage, `prod`.

    tracing: X-Ray; absent, on.
    request_validation: requests are refused with 400 whose body does not fit the route's `request_schema`; absent, off.
    usage_plan: absent, none, and no key is needed.
    binary_media_types: of bodies that functions get and give as base64: `image/png`; absent, none.
    minimum_compression_size: bytes, 0 to 10485760, from which answers are compressed for those who want it; absent,
        they never are.
    cloud_watch_role: makes the account's role by which API Gateway writes logs, and which an account has once in a
        region for all of its APIs. Turn it off where that role is there already. Absent, on, as the access log
        needs it.
    """

    tracing: bool = True
    request_validation: bool = False
    usage_plan: UsagePlan | None = None
    binary_media_types: Sequence[str] = ()
    minimum_compression_size: int | None = None
    cloud_watch_role: bool = True


def make_rest_api(scope: Construct, id: str, properties: ApiProperties, settings: RestSettings) -> apigateway.RestApi:
    """The API, its stage and the log group of its access log, which stands beside it in `scope`; without methods."""
    access_log = logs.LogGroup(
        scope, "AccessLog", retention=retention(properties.log_retention), removal_policy=RemovalPolicy.DESTROY
    )
    account = make_log_account(scope) if settings.cloud_watch_role else None
    api = apigateway.RestApi(
        scope,
        id,
        rest_api_name=scope.node.path.replace("/", "-"),
        endpoint_types=[apigateway.EndpointType.REGIONAL],
        cloud_watch_role=False,
        binary_media_types=list(settings.binary_media_types) or None,
        default_cors_preflight_options=None
        if properties.cors is None
        else preflight(properties.cors, properties.methods),
        deploy_options=apigateway.StageOptions(
            stage_name=STAGE_NAME,
            tracing_enabled=settings.tracing,
            throttling_rate_limit=properties.throttle.rate_limit,
            throttling_burst_limit=properties.throttle.burst_limit,
            access_log_destination=apigateway.LogGroupLogDestination(access_log),
            access_log_format=apigateway.AccessLogFormat.custom(_ACCESS_LOG_FORMAT),
        ),
    )
    # The CDK's own output of the address; the pattern's has a name that can be relied on.
    api.node.try_remove_child("Endpoint")
    if settings.minimum_compression_size is not None:
        template = api.node.default_child
        assert isinstance(template, apigateway.CfnRestApi)
        template.minimum_compression_size = settings.minimum_compression_size
    acknowledge(api, _REASONS if settings.request_validation else {**_REASONS, **_UNVALIDATED})
    if account is not None:
        api.deployment_stage.node.add_dependency(account)
    return api


def add_usage_plan(api: apigateway.RestApi, plan: UsagePlan) -> apigateway.IApiKey:
    """The plan, and the one key that is in it."""
    key = api.add_api_key("Key")
    made = api.add_usage_plan(
        "UsagePlan",
        throttle=apigateway.ThrottleSettings(rate_limit=plan.rate_limit, burst_limit=plan.burst_limit),
        quota=None
        if plan.quota is None
        else apigateway.QuotaSettings(limit=plan.quota, period=_PERIODS[word(plan.quota_period)]),
        api_stages=[apigateway.UsagePlanPerApiStage(api=api, stage=api.deployment_stage)],
    )
    made.add_api_key(key)
    return key


def rest_keys(key: RouteKey) -> Sequence[RouteKey]:
    """The methods that stand for the route: a REST API has no default route, so that takes the root and the rest."""
    return _CATCH_ALL if key.path is None else (key,)


def rest_problems(pointer: str, settings: RestSettings) -> Iterator[Diagnostic]:
    """What API Gateway would refuse of `settings`."""
    size = settings.minimum_compression_size
    if size is not None and not 0 <= size <= _COMPRESSION_BYTES_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.minimum_compression_size",
            problem=f"{size} is outside 0 to {_COMPRESSION_BYTES_MAX} bytes",
            code="LK401",
            hint="minimum_compression_size: 1024",
        )
    plan = settings.usage_plan
    if plan is None:
        return
    for name, value in (
        ("rate_limit", plan.rate_limit),
        ("burst_limit", plan.burst_limit),
        ("quota", 1 if plan.quota is None else plan.quota),
    ):
        if value < 1:
            yield Diagnostic(
                pointer=f"{pointer}.usage_plan.{name}",
                problem=f"{value} is below 1: every request would be refused",
                code="LK401",
                hint=f"{name}: 1",
            )


def rest_route_problems(routes: Sequence[str]) -> Iterator[Diagnostic]:
    """Routes that a REST API cannot have; keys that are no route keys are not looked at.

    Source: API Gateway Developer Guide, "Create a resource in API Gateway": below one resource there is one variable.
    """
    seen: dict[str, tuple[str, str]] = {}
    methods: dict[tuple[str, str], str] = {}
    for text in routes:
        try:
            keys = rest_keys(RouteKey.parse(text))
        except ValueError:
            continue
        for key in keys:
            assert key.path is not None and key.method is not None
            other = methods.setdefault((key.method, key.path), text)
            if other != text and "$default" in (text, other):
                yield _conflict(text, f"takes {key.method} {key.path}, as {other} does")
            segments = key.path.strip("/").split("/")
            for depth, segment in enumerate(segments):
                if segment and _PART.fullmatch(segment) is None:
                    yield Diagnostic(
                        pointer=route_pointer(text),
                        problem=f"{segment!r} has characters that a REST API's paths do not",
                        code="LK417",
                        hint="use letters, digits and _ . - : $, or a variable",
                    )
                if not segment.startswith("{"):
                    continue
                parent = "/".join(segments[:depth])
                name, first = seen.setdefault(parent, (segment, text))
                if name != segment:
                    yield _conflict(text, f"has {segment} where {first} has {name}: a REST API tells them not apart")


def _conflict(text: str, problem: str) -> Diagnostic:
    return Diagnostic(
        pointer=route_pointer(text),
        problem=problem,
        code="LK417",
        hint="give the variables one name, or choose api type http, whose routes are chosen by the whole path",
    )
