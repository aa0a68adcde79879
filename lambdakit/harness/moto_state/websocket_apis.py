"""moto's WebSocket APIs, read in process: what serves their connections, as plain data.

Private surface used: `moto.apigatewayv2.models.apigatewayv2_backends[account][region].apis` and the attributes read
below. Canary: tests/unit/harness/test_harness_moto_websocket_apis.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final

from lambdakit.harness.moto_state.http_apis import Authorizer, Stage, read_authorizer, read_stage
from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.harness.moto_state.writes import last_write, watch_writes
from lambdakit.records import dataclass

_PROTOCOL: Final = "WEBSOCKET"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketIntegrationResponse:
    """What becomes of a backend's answer that a key chooses. key: `$default`, or a pattern between slashes.

    templates: by name; template_selection: the expression that names one. content_handling: `CONVERT_TO_TEXT`,
    `CONVERT_TO_BINARY`, or empty for as it comes.
    """

    key: str
    templates: Mapping[str, str] = field(default_factory=dict)
    template_selection: str = ""
    content_handling: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketIntegration:
    """What a route calls. type: `AWS_PROXY`, `AWS`, `HTTP_PROXY`, `HTTP` or `MOCK`. uri: API Gateway's, or a URL.

    method: of the backend's request. credentials_arn: the role to act as; empty for none.
    request_parameters: what is put into the backend's request -> where it comes from.
    request_templates: by name; template_selection: the expression that names one; passthrough: what happens to a body
    that no template is for.
    """

    type: str
    uri: str = ""
    timeout_seconds: float = 29.0
    method: str = ""
    credentials_arn: str = ""
    connection_type: str = "INTERNET"
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    request_templates: Mapping[str, str] = field(default_factory=dict)
    template_selection: str = ""
    passthrough: str = "WHEN_NO_MATCH"
    content_handling: str = ""
    responses: tuple[SocketIntegrationResponse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRoute:
    """key: `$connect`, `$disconnect`, `$default` or what messages say. integration: None when the route leads nowhere.

    authorization: `NONE`, `CUSTOM` or `AWS_IAM`; only that of `$connect` counts. answers: whether what the integration
    says goes back to the client.
    """

    key: str
    integration: SocketIntegration | None
    authorization: str = "NONE"
    authorizer_id: str = ""
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketApiDefinition:
    """A WebSocket API. route_selection: the expression that names a message's route. routes: by key.

    own_endpoint: whether it is served under its own name, and not under custom domains only.
    """

    api_id: str
    name: str
    route_selection: str
    routes: Mapping[str, SocketRoute]
    stages: Mapping[str, Stage]
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    own_endpoint: bool = True


def read_websocket_api(account_id: str, region: str, api_id: str) -> WebSocketApiDefinition | None:
    """The API as it is now; None when there is none, or it is an HTTP API."""
    from moto.apigatewayv2.models import apigatewayv2_backends

    api = apigatewayv2_backends[account_id][region].apis.get(api_id)
    if api is None or api.protocol_type != _PROTOCOL:
        return None
    integrations = {identity: _integration(integration) for identity, integration in list(api.integrations.items())}
    return WebSocketApiDefinition(
        api_id=api_id,
        name=api.name,
        route_selection=api.route_selection_expression or "",
        routes={route.route_key: _route(route, integrations) for route in list(api.routes.values())},
        stages={name: read_stage(stage) for name, stage in list(api.stages.items())},
        authorizers={identity: read_authorizer(authorizer) for identity, authorizer in list(api.authorizers.items())},
        own_endpoint=str(api.disable_execute_api_endpoint).lower() != "true",
    )


def kept_websocket_api(account_id: str, region: str, api_id: str) -> Callable[[], WebSocketApiDefinition | None]:
    """Gives the API as it is now, and reads it again only after something was written to moto."""
    watch_writes()
    kept: list[tuple[int, WebSocketApiDefinition | None]] = [(-1, None)]

    def definition() -> WebSocketApiDefinition | None:
        number = last_write()
        if kept[0][0] != number:
            kept[0] = (number, read_websocket_api(account_id, region, api_id))
        return kept[0][1]

    return definition


def find_websocket_api(api_id: str) -> tuple[str, str] | None:
    """The account and the region of a WebSocket API; None when nobody has one with this id."""
    backends = getattr(loaded("moto.apigatewayv2.models"), "apigatewayv2_backends", None)
    for account_id, regions in list((backends or {}).items()):
        for region, backend in list(regions.items()):
            api = backend.apis.get(api_id)
            if api is not None and api.protocol_type == _PROTOCOL:
                return account_id, region
    return None


def _route(route: Any, integrations: Mapping[str, SocketIntegration]) -> SocketRoute:
    return SocketRoute(
        key=route.route_key,
        integration=integrations.get((route.target or "").removeprefix("integrations/")),
        authorization=route.authorization_type or "NONE",
        authorizer_id=route.authorizer_id or "",
        # "API Gateway will not pass the backend response through to the route response, unless you set up a route
        # response": the expression alone is none, and only `$default` can be defined.
        answers=any(response.route_response_key == "$default" for response in list(route.route_responses.values())),
    )


def _integration(integration: Any) -> SocketIntegration:
    return SocketIntegration(
        type=integration.integration_type or "",
        uri=integration.integration_uri or "",
        # moto's default for proxies is that of HTTP APIs; Source: "Quotas for configuring and running a WebSocket API".
        timeout_seconds=min(29_000, integration.timeout_in_millis or 29_000) / 1000,
        method=integration.integration_method or "",
        credentials_arn=integration.credentials_arn or "",
        connection_type=integration.connection_type or "INTERNET",
        request_parameters=dict(integration.request_parameters or {}),
        request_templates=dict(integration.request_templates or {}),
        template_selection=integration.template_selection_expression or "",
        passthrough=integration.passthrough_behavior or "WHEN_NO_MATCH",
        content_handling=integration.content_handling_strategy or "",
        responses=tuple(_response(response) for response in list(integration.responses.values())),
    )


def _response(response: Any) -> SocketIntegrationResponse:
    templates = response.response_templates
    return SocketIntegrationResponse(
        key=response.integration_response_key,
        templates=dict(templates) if isinstance(templates, Mapping) else {},
        template_selection=response.template_selection_expression or "",
        content_handling=response.content_handling_strategy or "",
    )
