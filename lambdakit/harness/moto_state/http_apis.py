"""moto's HTTP APIs, read in process: what a router needs, as plain data.

Private surface used: `moto.apigatewayv2.models.apigatewayv2_backends[account][region].apis` with the attributes read
below. Canary: tests/unit/harness/test_harness_moto_state.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """What a route calls. type: `AWS_PROXY`, `HTTP_PROXY` …; uri: for Lambda the function's ARN, or API Gateway's."""

    type: str
    uri: str
    payload_format_version: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """key: `METHOD /path` or `$default`. integration: None when the route leads nowhere."""

    key: str
    integration: Integration | None
    authorization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A deployed state of the API, with its variables."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)


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
    """An HTTP API. cors: None when API Gateway keeps out of it."""

    api_id: str
    name: str
    routes: Sequence[Route]
    stages: Mapping[str, Stage]
    cors: CorsConfiguration | None


def read_http_api(account_id: str, region: str, api_id: str) -> HttpApiDefinition | None:
    """The API as it is now; None when there is none, or it is a WebSocket API."""
    from moto.apigatewayv2.models import apigatewayv2_backends

    api = apigatewayv2_backends[account_id][region].apis.get(api_id)
    if api is None or api.protocol_type != "HTTP":
        return None
    integrations = {
        integration.id: Integration(
            type=integration.integration_type,
            uri=integration.integration_uri or "",
            payload_format_version=integration.payload_format_version or "1.0",
            timeout_seconds=(integration.timeout_in_millis or 30_000) / 1000,
        )
        for integration in api.integrations.values()
    }
    return HttpApiDefinition(
        api_id=api_id,
        name=api.name,
        routes=tuple(_routes(api.routes.values(), integrations)),
        stages={
            stage.name: Stage(name=stage.name, variables=dict(stage.stage_variables or {}))
            for stage in api.stages.values()
        },
        cors=_cors(api.cors_configuration),
    )


def _routes(routes: Iterable[Any], integrations: Mapping[str, Integration]) -> Sequence[Route]:
    return [
        Route(
            key=route.route_key,
            integration=integrations.get((route.target or "").removeprefix("integrations/")),
            authorization=route.authorization_type or "NONE",
        )
        for route in routes
    ]


def _cors(configuration: Any) -> CorsConfiguration | None:
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
