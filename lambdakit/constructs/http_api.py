"""The HTTP API in front of functions: CORS, throttling, access logs, a domain, and a route's wiring."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambdakit.constructs.cdk_words import method as method_name
from lambdakit.constructs.custom_domain import CustomDomain, certificate_of
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention
from lambdakit.constructs.routes import DEFAULT_ROUTE, METHODS, RouteKey
from lambdakit.errors import Diagnostic
from lambdakit.limits import CORS_MAX_AGE_SECONDS_MAX

if TYPE_CHECKING:
    from constructs import Construct

# What a browser must be allowed to send for JSON and a bearer token.
CORS_HEADERS: Final = ("content-type", "authorization")

# Source: API apigatewayv2 CreateApi.Name
_API_NAME_LENGTH_MAX: Final = 128

# Source: API Gateway Developer Guide, "Customize HTTP API access logs"
_ACCESS_LOG_FORMAT: Final = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "routeKey": "$context.routeKey",
        "protocol": "$context.protocol",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "responseLatency": "$context.responseLatency",
        "integrationLatency": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Which pages of other origins may call the API from a browser.

    allow_origins: `https://example.com`, or `*` for all.
    allow_methods: `GET`, `POST` …, or `*`, also as the CDK's `CorsHttpMethod` and `HttpMethod`; absent, the methods of
        the API's routes.
    allow_headers: absent, content-type and authorization.
    expose_headers: what a page may read of an answer beyond the basic headers; absent, none.
    allow_credentials: cookies and the like; not together with the origin `*`; absent, no.
    max_age: seconds, 0 to 86400, for which a browser may remember the answer; absent, it decides.
    """

    allow_origins: Sequence[str]
    allow_methods: Sequence[str | Enum] | None = None
    allow_headers: Sequence[str] | None = None
    expose_headers: Sequence[str] = ()
    allow_credentials: bool = False
    max_age: Duration | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How much the API takes before it answers 429, over all routes together.

    rate_limit: requests per second, in the long run; absent, 1000.
    burst_limit: requests at once; absent, 500.
    """

    rate_limit: int = 1000
    burst_limit: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiProperties:
    """An HTTP API with one stage, `$default`, which deploys itself.

    cors: absent, browsers may call it from no other origin.
    log_retention: of the access log, `RetentionDays` or days; absent, 30.
    methods: those of the routes, for `Cors.allow_methods`.
    """

    cors: Cors | None = None
    throttle: Throttle = Throttle()
    log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT
    methods: Sequence[str] = ()


def make_http_api(scope: Construct, id: str, properties: ApiProperties) -> apigatewayv2.HttpApi:
    """The API, its stage and the log group of its access log, which stands beside it in `scope`."""
    api = apigatewayv2.HttpApi(
        scope,
        id,
        api_name=scope.node.path.replace("/", "-")[:_API_NAME_LENGTH_MAX],
        cors_preflight=None if properties.cors is None else _preflight(properties.cors, properties.methods),
        create_default_stage=False,
    )
    access_log = logs.LogGroup(
        scope, "AccessLog", retention=retention(properties.log_retention), removal_policy=RemovalPolicy.DESTROY
    )
    stage = api.add_stage(
        "DefaultStage",
        auto_deploy=True,
        throttle=apigatewayv2.ThrottleSettings(
            rate_limit=properties.throttle.rate_limit, burst_limit=properties.throttle.burst_limit
        ),
    )
    # The CDK's own setting takes an object with methods, and so would call back into Python while it synthesizes.
    template = stage.node.default_child
    assert isinstance(template, apigatewayv2.CfnStage)
    template.access_log_settings = apigatewayv2.CfnStage.AccessLogSettingsProperty(
        destination_arn=access_log.log_group_arn, format=_ACCESS_LOG_FORMAT
    )
    return api


def add_domain(
    scope: Construct,
    api: apigatewayv2.HttpApi | apigatewayv2.WebSocketApi,
    stage: apigatewayv2.IStage,
    domain: CustomDomain,
) -> apigatewayv2.DomainName:
    """The domain, all of whose requests go to the API's stage."""
    name = apigatewayv2.DomainName(
        scope,
        "Domain",
        domain_name=domain.domain_name,
        certificate=certificate_of(scope, domain.certificate),
        security_policy=apigatewayv2.SecurityPolicy.TLS_1_2,
    )
    apigatewayv2.ApiMapping(scope, "DomainMapping", api=api, domain_name=name, stage=stage)
    return name


def add_route(
    api: apigatewayv2.HttpApi,
    key: RouteKey,
    handler: lambda_.IFunction,
    authorizer: apigatewayv2.IHttpRouteAuthorizer | None = None,
    scopes: Sequence[str] = (),
) -> apigatewayv2.HttpRoute:
    """Sends the route's requests to `handler`, payload format 2.0, and allows the API to invoke it for this route only.

    The CDK's own permission names the path; this one names the method, too. authorizer: None, everybody may call it.
    """
    integration = integrations.HttpLambdaIntegration(
        "Integration",
        handler,
        payload_format_version=apigatewayv2.PayloadFormatVersion.VERSION_2_0,
        scope_permission_to_route=True,
    )
    if key.method is None or key.path is None:
        return apigatewayv2.HttpRoute(
            api,
            DEFAULT_ROUTE,
            http_api=api,
            route_key=apigatewayv2.HttpRouteKey.DEFAULT,
            integration=integration,
            authorizer=authorizer,
            authorization_scopes=list(scopes) or None,
        )
    (route,) = api.add_routes(
        path=key.path,
        methods=[apigatewayv2.HttpMethod[key.method]],
        integration=integration,
        authorizer=authorizer,
        authorization_scopes=list(scopes) or None,
    )
    permission = route.node.try_find_child("Integration-Permission")
    # Absent for an imported function that the CDK cannot change.
    if isinstance(permission, lambda_.CfnPermission):
        method, slash, path = key.resource.partition("/")
        permission.source_arn = api.arn_for_execute_api(method, slash + path, "*")
    return route


def cors_problems(pointer: str, cors: Cors) -> Iterator[Diagnostic]:
    """What API Gateway would refuse of `cors`.

    Source: API Gateway Developer Guide, "Configure CORS for HTTP APIs in API Gateway".
    """
    for origin in cors.allow_origins:
        if origin != "*" and "://" not in origin:
            yield Diagnostic(
                pointer=f"{pointer}.allow_origins",
                problem=f"{origin!r} is no origin: it has no scheme, such as https://",
                code="LK413",
                hint=f"https://{origin}",
            )
    if cors.allow_credentials and "*" in cors.allow_origins:
        yield Diagnostic(
            pointer=f"{pointer}.allow_credentials",
            problem="credentials are not allowed together with the origin *",
            code="LK413",
            hint="name the origins",
        )
    for method in map(method_name, cors.allow_methods or ()):
        if method != "*" and method not in METHODS:
            yield Diagnostic(
                pointer=f"{pointer}.allow_methods",
                problem=f"{method!r} is no method: {', '.join(METHODS)} or *",
                code="LK413",
                hint=f"write {method.upper()}" if method.upper() in METHODS else "remove it",
            )
    seconds = cors.max_age if cors.max_age is None or isinstance(cors.max_age, int) else cors.max_age.to_seconds()
    if seconds is not None and not 0 <= seconds <= CORS_MAX_AGE_SECONDS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.max_age",
            problem=f"{seconds:g} is outside 0 to {CORS_MAX_AGE_SECONDS_MAX} seconds",
            code="LK413",
            hint=f"max_age: {CORS_MAX_AGE_SECONDS_MAX}",
        )


def throttle_problems(pointer: str, throttle: Throttle) -> Iterator[Diagnostic]:
    """What API Gateway would refuse of `throttle`."""
    for name, value in (("rate_limit", throttle.rate_limit), ("burst_limit", throttle.burst_limit)):
        if value < 1:
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{value} is below 1: the API would answer every request with 429",
                code="LK401",
                hint=f"{name}: 1",
            )


def _preflight(cors: Cors, methods: Sequence[str]) -> apigatewayv2.CorsPreflightOptions:
    allowed = methods if cors.allow_methods is None else [method_name(each) for each in cors.allow_methods]
    if {"*", "ANY"} & set(allowed):
        allowed = ["*"]
    return apigatewayv2.CorsPreflightOptions(
        allow_origins=list(cors.allow_origins),
        allow_methods=[apigatewayv2.CorsHttpMethod["ANY" if method == "*" else method] for method in allowed],
        allow_headers=list(CORS_HEADERS if cors.allow_headers is None else cors.allow_headers),
        expose_headers=list(cors.expose_headers) or None,
        allow_credentials=cors.allow_credentials or None,
        max_age=Duration.seconds(cors.max_age) if isinstance(cors.max_age, int) else cors.max_age,
    )
