"""moto's HTTP APIs, read in process: what a router needs, as plain data.

Private surface used: `moto.apigatewayv2.models.apigatewayv2_backends[account][region]` with `apis`, `api_mappings` and
the attributes read below. Canary: tests/unit/harness/test_harness_moto_state.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.harness.moto_state.writes import last_write, watch_writes
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """What a route calls. type: `AWS_PROXY`, `HTTP_PROXY` …; uri: for Lambda the function's ARN, or API Gateway's.

    subtype: such as `SQS-SendMessage`; empty for Lambda and HTTP. method: of an HTTP endpoint's request.
    credentials_arn: the role to act as; empty for none. connection_type: `INTERNET` or `VPC_LINK`.
    response_parameters: status code -> what is changed in answers that have it.
    """

    type: str
    uri: str
    payload_format_version: str
    timeout_seconds: float
    subtype: str = ""
    method: str = ""
    credentials_arn: str = ""
    connection_type: str = "INTERNET"
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """key: `METHOD /path` or `$default`. integration: None when the route leads nowhere.

    authorization: `NONE`, `JWT`, `CUSTOM` or `AWS_IAM`. authorizer_id: empty for none.
    scopes: of which a token has to have one.
    """

    key: str
    integration: Integration | None
    authorization: str
    authorizer_id: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """Who decides about requests. type: `JWT` or `REQUEST`. identity_sources: expressions.

    issuer, audience: of tokens. uri: API Gateway's, of the function. ttl_seconds: 0 keeps no decision.
    """

    authorizer_id: str
    name: str
    type: str
    identity_sources: tuple[str, ...] = ()
    issuer: str = ""
    audience: tuple[str, ...] = ()
    uri: str = ""
    credentials_arn: str = ""
    payload_format_version: str = "2.0"
    simple_responses: bool = False
    ttl_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Requests a second, and how many at once. None: no limit of the stage's own."""

    rate: float | None = None
    burst: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A deployed state of the API, with its variables.

    throttles: by route key; the empty one is every other route's. access_log: the log group's ARN and the format;
    None for no log.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    throttles: Mapping[str, Throttle] = field(default_factory=dict)
    access_log: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsConfiguration:
    """How API Gateway answers other origins. max_age_seconds: None leaves the header out."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiDefinition:
    """An HTTP API. cors: None when API Gateway keeps out of it. authorizers: by id.

    own_endpoint: whether it is served under its own name, and not under custom domains only. version: of the user's,
    empty for none.
    """

    api_id: str
    name: str
    routes: Sequence[Route]
    stages: Mapping[str, Stage]
    cors: CorsConfiguration | None
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    own_endpoint: bool = True
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiMapping:
    """Which stage of which API a custom domain leads to. key: the beginning of the path, such as `orders/v1`."""

    key: str
    api_id: str
    stage: str


def read_http_api(account_id: str, region: str, api_id: str) -> HttpApiDefinition | None:
    """The API as it is now; None when there is none, or it is a WebSocket API."""
    from moto.apigatewayv2.models import apigatewayv2_backends

    api = apigatewayv2_backends[account_id][region].apis.get(api_id)
    if api is None or api.protocol_type != "HTTP":
        return None
    integrations = {identity: _integration(integration) for identity, integration in list(api.integrations.items())}
    return HttpApiDefinition(
        api_id=api_id,
        name=api.name,
        routes=tuple(_routes(list(api.routes.values()), integrations)),
        stages={name: read_stage(stage) for name, stage in list(api.stages.items())},
        cors=read_cors(api.cors_configuration),
        authorizers={identity: read_authorizer(authorizer) for identity, authorizer in list(api.authorizers.items())},
        own_endpoint=str(api.disable_execute_api_endpoint).lower() != "true",
        version=api.version or "",
    )


def kept_http_api(account_id: str, region: str, api_id: str) -> Callable[[], HttpApiDefinition | None]:
    """Gives the API as it is now, and reads it again only after something was written to moto."""
    watch_writes()
    kept: list[tuple[int, HttpApiDefinition | None]] = [(-1, None)]

    def definition() -> HttpApiDefinition | None:
        number = last_write()
        if kept[0][0] != number:
            kept[0] = (number, read_http_api(account_id, region, api_id))
        return kept[0][1]

    return definition


def find_http_api(api_id: str) -> tuple[str, str] | None:
    """The account and the region of an HTTP API; None when nobody has one with this id."""
    backends = getattr(loaded("moto.apigatewayv2.models"), "apigatewayv2_backends", None)
    for account_id, regions in list((backends or {}).items()):
        for region, backend in list(regions.items()):
            api = backend.apis.get(api_id)
            if api is not None and api.protocol_type == "HTTP":
                return account_id, region
    return None


def read_api_mappings(account_id: str, region: str, domain_name: str) -> Sequence[ApiMapping]:
    """Where a custom domain leads, the longest key first."""
    backends = getattr(loaded("moto.apigatewayv2.models"), "apigatewayv2_backends", None)
    if backends is None:
        return ()
    mappings = [
        ApiMapping(key=mapping.api_mapping_key or "", api_id=mapping.api_id, stage=mapping.stage)
        for mapping in list(backends[account_id][region].api_mappings.values())
        if mapping.domain_name == domain_name
    ]
    return sorted(mappings, key=lambda mapping: -len(mapping.key))


def read_cors(configuration: Any) -> CorsConfiguration | None:
    """Cross-origin rules, as an API of AWS's has them; None for none."""
    if not configuration:
        return None
    values = {str(key).lower(): value for key, value in dict(configuration).items()}
    return CorsConfiguration(
        allow_origins=tuple(values.get("alloworigins") or ()),
        allow_methods=tuple(values.get("allowmethods") or ()),
        allow_headers=tuple(values.get("allowheaders") or ()),
        expose_headers=tuple(values.get("exposeheaders") or ()),
        allow_credentials=bool(values.get("allowcredentials")),
        max_age_seconds=None if values.get("maxage") is None else int(values["maxage"]),
    )


def read_authorizer(authorizer: Any) -> Authorizer:
    """An authorizer of moto's."""
    jwt = {str(key).lower(): value for key, value in dict(authorizer.jwt_config or {}).items()}
    sources = authorizer.identity_source or ()
    return Authorizer(
        authorizer_id=authorizer.id,
        name=authorizer.name or "",
        type=authorizer.authorizer_type or "",
        identity_sources=(sources,) if isinstance(sources, str) else tuple(sources),
        issuer=jwt.get("issuer") or "",
        audience=tuple(jwt.get("audience") or ()),
        uri=authorizer.authorizer_uri or "",
        credentials_arn=authorizer.auth_creds_arn or "",
        payload_format_version=authorizer.auth_payload_format_version or "1.0",
        simple_responses=str(authorizer.enable_simple_response).lower() == "true",
        ttl_seconds=int(authorizer.auth_result_ttl or 0),
    )


def read_stage(stage: Any) -> Stage:
    """A stage of moto's."""
    log = {str(key).lower(): value for key, value in dict(stage.access_log_settings or {}).items()}
    settings = {"": stage.default_route_settings or {}, **(stage.route_settings or {})}
    return Stage(
        name=stage.name,
        variables=dict(stage.stage_variables or {}),
        throttles={key: throttle for key, one in settings.items() if (throttle := _throttle(one)) != Throttle()},
        access_log=(log["destinationarn"], log["format"]) if log.get("destinationarn") and log.get("format") else None,
    )


def _integration(integration: Any) -> Integration:
    return Integration(
        type=integration.integration_type,
        uri=integration.integration_uri or "",
        payload_format_version=integration.payload_format_version or "1.0",
        timeout_seconds=(integration.timeout_in_millis or 30_000) / 1000,
        subtype=integration.integration_subtype or "",
        method=integration.integration_method or "",
        credentials_arn=integration.credentials_arn or "",
        connection_type=integration.connection_type or "INTERNET",
        request_parameters=dict(integration.request_parameters or {}),
        response_parameters={
            str(status): dict(changes) for status, changes in (integration.response_parameters or {}).items()
        },
    )


def _routes(routes: Iterable[Any], integrations: Mapping[str, Integration]) -> Sequence[Route]:
    return [
        Route(
            key=route.route_key,
            integration=integrations.get((route.target or "").removeprefix("integrations/")),
            authorization=route.authorization_type or "NONE",
            authorizer_id=route.authorizer_id or "",
            scopes=tuple(route.authorization_scopes or ()),
        )
        for route in routes
    ]


def _throttle(settings: Any) -> Throttle:
    values = {str(key).lower(): value for key, value in dict(settings).items()}
    rate, burst = values.get("throttlingratelimit"), values.get("throttlingburstlimit")
    return Throttle(rate=None if rate is None else float(rate), burst=None if burst is None else int(burst))
