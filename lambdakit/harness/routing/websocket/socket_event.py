"""The events that functions behind a WebSocket API get, and what their results mean.

Source: API Gateway Developer Guide, "Set up a WebSocket API integration request"; "Control access to WebSocket APIs
with AWS Lambda REQUEST authorizers"; sample events as AWS sends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.result_parts import (
    MalformedResult,
    decoded,
    read_headers,
    read_json,
    read_repeated_headers,
    read_status,
)
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange, request_context
from lambdakit.harness.wire import Request
from lambdakit.records import dataclass

_ADDED: Final = frozenset({"host", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})
_OF_CONNECTION: Final = frozenset({"connection", "upgrade"})  # which authorizers are told of, and functions are not


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketResult:
    """What a function said. body: None for none."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None


def event(exchange: SocketExchange) -> dict[str, Any]:
    """The event of a proxy integration."""
    told: dict[str, Any] = {}
    if exchange.request is not None:
        told |= _asked(exchange, exchange.request, left_out=_OF_CONNECTION)
    elif exchange.ended is not None:
        left = [("Host", exchange.client.domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
        told |= {"headers": dict(left), "multiValueHeaders": _lists(left)}
    if exchange.stage_variables:
        told["stageVariables"] = dict(exchange.stage_variables)
    told["requestContext"] = request_context(exchange)
    if exchange.event_type == "MESSAGE":
        told["body"] = exchange.body
    told["isBase64Encoded"] = False
    return told


def authorizer_event(exchange: SocketExchange) -> dict[str, Any]:
    """The event of a Lambda authorizer, at `$connect`."""
    assert exchange.request is not None
    asked = _asked(exchange, exchange.request, left_out=frozenset())
    return {
        "type": "REQUEST",
        "methodArn": exchange.route_arn(),
        "queryStringParameters": {},
        "multiValueQueryStringParameters": {},
        **asked,
        "stageVariables": dict(exchange.stage_variables),
        "requestContext": request_context(exchange),
    }


def result(payload: bytes) -> SocketResult:
    """What a function's result says. MalformedResult for one that says no status."""
    said = read_json(payload)
    if not isinstance(said, dict):
        raise MalformedResult("the result is not an object")
    if "statusCode" not in said:
        raise MalformedResult("there is no statusCode")
    body = said.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedResult("body is not a text")
    return SocketResult(
        status=read_status(said["statusCode"]),
        headers=[*read_headers(said), *read_repeated_headers(said)],
        body=None if body is None else decoded(body, is_base64=said.get("isBase64Encoded") is True),
    )


def header_pairs(request: Request, host: str, *, left_out: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Header fields as the client wrote them, with what the door adds: `X-Forwarded-Proto` and the like."""
    forwarded = [*request.headers.all("x-forwarded-for"), request.peer[0]]
    kept = [
        (name, value)
        for name, value in request.headers.items
        if name.lower() not in _ADDED and name.lower() not in left_out
    ]
    headers = [
        *kept,
        ("Host", host),
        ("X-Forwarded-For", ", ".join(forwarded)),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]
    headers.sort(key=lambda pair: pair[0].lower())
    return headers


def _asked(exchange: SocketExchange, request: Request, *, left_out: frozenset[str]) -> dict[str, Any]:
    """The header fields; the query, where there is one."""
    headers = header_pairs(request, exchange.client.domain_name, left_out=left_out)
    asked: dict[str, Any] = {"headers": dict(headers), "multiValueHeaders": _lists(headers)}
    query = query_pairs(request.query)
    if query:
        asked |= {"queryStringParameters": dict(query), "multiValueQueryStringParameters": _lists(query)}
    return asked


def _lists(pairs: Sequence[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
