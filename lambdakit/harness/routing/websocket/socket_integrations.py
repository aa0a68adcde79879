"""What every integration of a WebSocket API is: an exchange goes in, what the backend said comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from lambdakit.harness.moto_state.websocket_apis import SocketIntegration, SocketRoute
from lambdakit.harness.routing.websocket.socket_answer import FAILED, SocketRefused
from lambdakit.harness.routing.websocket.socket_event import SocketResult
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange


class SocketIntegrate(Protocol):
    """Asks one kind of integration."""

    def __call__(self, exchange: SocketExchange, integration: SocketIntegration) -> SocketResult:
        """What it said. SocketRefused when the API answers for it."""


def asked(integrations: Mapping[str, SocketIntegrate], route: SocketRoute, exchange: SocketExchange) -> SocketResult:
    """What the integration of a route said. SocketRefused. integrations: by type."""
    integration = route.integration
    integrate = None if integration is None else integrations.get(integration.type)
    if integration is None or integrate is None:
        raise SocketRefused(FAILED, f"the route {route.key} leads to nothing that is served here")
    return integrate(exchange, integration)
