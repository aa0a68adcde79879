"""What a WebSocket API tells of a connection.

Source: API Gateway Developer Guide, "Set up a WebSocket API integration request" and "Example Lambda proxy
integration".
"""

from __future__ import annotations

from typing import Final

from lambdakit.session.sample_events.http_requests import host_of
from lambdakit.session.sample_events.sample import (
    EPOCH_MS,
    REQUEST_TIME,
    SOURCE_IP,
    TRACE_ID,
    USER_AGENT,
    Choices,
    JsonObject,
    hexadecimal,
)

_STAGE: Final = "prod"
_MESSAGE_MS: Final = 2_000
_GOING_AWAY: Final = 1001


def connect(choices: Choices) -> JsonObject:
    """A client connects, at `$connect`."""
    headers = {
        "Host": host_of(choices),
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Key": "ZXhhbXBsZS1leGFtcGxlLQ==",
        "Sec-WebSocket-Version": "13",
        "User-Agent": USER_AGENT,
        "X-Amzn-Trace-Id": TRACE_ID,
        "X-Forwarded-For": SOURCE_IP,
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": _context(choices, "$connect", "CONNECT", EPOCH_MS),
        "isBase64Encoded": False,
    }


def message(choices: Choices) -> JsonObject:
    """A client sends, and no route means it: `$default`."""
    context = _context(choices, "$default", "MESSAGE", EPOCH_MS + _MESSAGE_MS)
    return {
        "requestContext": {**context, "messageId": hexadecimal("message", 14) + "="},
        "body": choices.text("body", '{"action": "example"}'),
        "isBase64Encoded": False,
    }


def disconnect(choices: Choices) -> JsonObject:
    """A connection ended, at `$disconnect`."""
    context = _context(choices, "$disconnect", "DISCONNECT", EPOCH_MS + 2 * _MESSAGE_MS)
    headers = {"Host": host_of(choices), "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "requestContext": {**context, "disconnectStatusCode": _GOING_AWAY, "disconnectReason": "Going away"},
        "isBase64Encoded": False,
    }


def _context(choices: Choices, route: str, kind: str, at_ms: int) -> JsonObject:
    request = hexadecimal(f"request {kind}", 15) + "="
    host = host_of(choices)
    return {
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": request,
        "requestTime": REQUEST_TIME,
        "messageDirection": "IN",
        "stage": _STAGE,
        "connectedAt": EPOCH_MS,
        "requestTimeEpoch": at_ms,
        "identity": {"sourceIp": SOURCE_IP, "userAgent": USER_AGENT},
        "requestId": request,
        "domainName": host,
        "connectionId": hexadecimal("connection", 15) + "=",
        "apiId": host.partition(".")[0],
    }
