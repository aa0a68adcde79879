"""What the parameters of integrations, identity sources and access logs stand for, by their names.

Source: API Gateway Developer Guide, "Set up data mapping for WebSocket APIs in API Gateway", "WebSocket API mapping
template reference for API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.harness.routing.context_variables import as_text
from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.websocket.selection import value_at
from lambdakit.harness.routing.websocket.socket_event import header_pairs
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange, request_context


def socket_value(exchange: SocketExchange, name: str) -> str | None:
    """What `route.request.header.x`, `context.x`, `stageVariables.x` or `'text'` comes to; None for nothing."""
    if name.startswith("'") and name.endswith("'") and len(name) > 1:
        return name[1:-1]
    kind, _, rest = name.removeprefix("$").partition(".")
    match kind:
        case "context":
            return context_value(request_context(exchange), rest)
        case "stageVariables":
            return exchange.stage_variables.get(rest)
        case "route":
            return _of_request(exchange, rest.removeprefix("request."))
    return None


def context_value(context: Mapping[str, Any], name: str) -> str | None:
    """A value of a context by its name, with a full stop between its steps; None for none."""
    found: Any = context
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return as_text(found)


def _of_request(exchange: SocketExchange, rest: str) -> str | None:
    kind, _, name = rest.partition(".")
    if kind == "body" or kind.startswith("body["):
        path = rest.removeprefix("body")
        return as_text(value_at(exchange.body, path)) if path else exchange.body
    if exchange.request is None:
        return None
    if kind in ("header", "multivalueheader"):
        # "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers": with what API Gateway adds.
        headers = header_pairs(exchange.request, exchange.client.domain_name)
        values = [value for key, value in headers if key.lower() == name.lower()]
    elif kind in ("querystring", "multivaluequerystring"):
        values = [value for key, value in query_pairs(exchange.request.query) if key == name]
    else:
        return None
    if not values:
        return None
    return ",".join(values) if kind.startswith("multivalue") else values[-1]
