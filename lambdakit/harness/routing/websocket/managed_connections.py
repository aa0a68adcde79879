"""`@connections`: what a backend does with the connections of an API: send to one, ask after it, end it.

Source: API Gateway Developer Guide, "Use @connections commands in your backend service"; the service's model in
botocore (`apigatewaymanagementapi`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import unquote

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.routing.websocket.connection import NotTaken
from lambdakit.harness.routing.websocket.connections import OpenConnection, OpenConnections
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import WEBSOCKET_MESSAGE_BYTES_MAX

PATH: Final = "@connections/"

_JSON: Final = ("Content-Type", "application/json")
# As `$disconnect` events have it (boto3's issues, "close websocket connection with error code"); no page says so.
_CLOSED: Final = (1000, "Connection Closed Normally")


class Manage(Protocol):
    """Lets a request that is signed for API Gateway pass to what serves it, or refuses it.

    serve: called for a request that is let through. host: of the API, by which permissions know it.
    """

    def __call__(self, request: Request, environment: str, host: str, serve: Callable[[Request], Response]) -> Response:
        """The answer."""


class ManagedConnections:
    """Serves `@connections` of one API. posted: called for each message that was sent."""

    def __init__(self, connections: OpenConnections, posted: Callable[[OpenConnection], None]) -> None:
        self._connections = connections
        self._posted = posted

    def serve(self, request: Request, stage: str, rest: str) -> Response:
        """The answer to a request that is allowed. rest: the path behind the stage."""
        connection = self._connections.find(unquote(rest).removeprefix(PATH), stage)
        match request.method:
            case "POST":
                return self._post(connection, request.body)
            case "GET":
                return _GONE if connection is None else _told(connection)
            case "DELETE":
                assert connection is None or connection.socket is not None
                ended = connection is not None and connection.socket is not None and connection.socket.end(*_CLOSED)
                return Response(status=204) if ended else _GONE
        return _error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")

    def _post(self, connection: OpenConnection | None, data: bytes) -> Response:
        if len(data) > WEBSOCKET_MESSAGE_BYTES_MAX:
            return _error(413, "PayloadTooLargeException", f"the message is over {WEBSOCKET_MESSAGE_BYTES_MAX} bytes")
        try:
            if connection is None or connection.socket is None or not connection.socket.send(data):
                return _GONE
        except NotTaken:
            return _error(429, "LimitExceededException", "the client does not read what it is sent")
        self._posted(connection)
        return Response(status=200, headers=[_JSON])


def _told(connection: OpenConnection) -> Response:
    client = connection.client
    body = {
        "connectedAt": iso_milliseconds(client.connected_at),
        "identity": {"sourceIp": client.source_ip, "userAgent": client.user_agent},
        "lastActiveAt": iso_milliseconds(connection.last_active),
    }
    return Response(status=200, headers=[_JSON], body=json.dumps(body).encode())


def _error(status: int, code: str, message: str) -> Response:
    headers = [_JSON, ("x-amzn-ErrorType", code)]
    return Response(status=status, headers=headers, body=json.dumps({"message": message}).encode())


_GONE: Final = _error(410, "GoneException", "")
