"""HTTP endpoints behind a WebSocket API, on this machine only.

Source: API Gateway Developer Guide, "Set up a WebSocket API integration request" (`HTTP`, `HTTP_PROXY`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from lambdakit.harness.moto_state.http_apis import Integration
from lambdakit.harness.moto_state.websocket_apis import SocketIntegration
from lambdakit.harness.routing.exchange import Exchange, OwnAnswer
from lambdakit.harness.routing.http_proxy import HttpProxy
from lambdakit.harness.routing.websocket.backend_integration import BackendAnswer, BackendRequest
from lambdakit.harness.routing.websocket.socket_answer import FAILED, SocketRefused
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange
from lambdakit.harness.wire import Headers, Request


class HttpBackend:
    """Sends requests on, as HTTP APIs do."""

    def __init__(self, proxy: HttpProxy) -> None:
        self._proxy = proxy

    def __call__(
        self, exchange: SocketExchange, integration: SocketIntegration, request: BackendRequest
    ) -> BackendAnswer:
        """The answer of whoever listens there; see `Backend`."""
        named = {"content-type": "application/json", **request.parameters.get("header", {})}
        query = urlencode(request.parameters.get("querystring", {}))
        sent = Request(
            method=integration.method or "POST",
            target=f"/?{query}" if query else "/",
            headers=Headers(named.items()),
            body=request.body,
            peer=(exchange.client.source_ip, 0),
        )
        try:
            integrated = self._proxy(_seen(exchange, sent, request), _sent_to(integration))
        except OwnAnswer as own:
            raise SocketRefused(FAILED, own.problem) from None
        answer = integrated.response
        return BackendAnswer(status=answer.status, headers=answer.headers, body=answer.body)


def _seen(exchange: SocketExchange, sent: Request, request: BackendRequest) -> Exchange:
    return Exchange(
        request=sent,
        request_id=exchange.request_id,
        account_id=exchange.account_id,
        region=exchange.region,
        api_id=exchange.api_id,
        domain_name=exchange.client.domain_name,
        stage=exchange.client.stage,
        route_key=exchange.route_key,
        path="/",
        route_path="/",
        at=exchange.at,
        path_parameters=request.parameters.get("path", {}),
        stage_variables=exchange.stage_variables,
    )


def _sent_to(integration: SocketIntegration) -> Integration:
    return Integration(
        type="HTTP_PROXY",
        uri=integration.uri,
        payload_format_version="1.0",
        timeout_seconds=integration.timeout_seconds,
        method=integration.method,
        connection_type=integration.connection_type,
    )
