"""The Runtime API's sockets of one execution environment.

They have no thread of their own: whoever holds the environment polls them, so that an event goes out and its result
comes in without a switch of threads (each costs more than the request). While nobody polls, a call simply waits in its
socket, which is what the runtime of a frozen environment sees.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass

from lambdakit.harness.wire import BadRequest, Headers, Request, RequestParser, Response, response_head
from lambdakit.limits import MIB

_RECEIVE_BYTES = 256 * 1024
_SEND_SECONDS = 60
_HEAD_BYTES_MAX = 2 * MIB  # an X-Ray cause, which travels in a header, has up to 1 MiB, or more in UTF-8
_RESULT_BYTES_MAX = 64 * MIB  # far above what an answer may hold, so that the refusal can name the size


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the runtime that waits for its answer."""

    request: Request
    connection: socket.socket

    def answer(self, response: Response, *, limit_seconds: float = _SEND_SECONDS) -> None:
        """Sends the answer; a runtime that is gone, or does not read, is noticed by its exit or time-out, not here."""
        with contextlib.suppress(OSError):
            self.connection.settimeout(limit_seconds)
            self.connection.sendall(response_head(response, keeps_alive=True) + response.body)


class RuntimeApi:
    """Serves `listening`; `on_call` is called for each request, from within whoever polls `selector`."""

    def __init__(
        self, listening: socket.socket, selector: selectors.BaseSelector, on_call: Callable[[Call], None]
    ) -> None:
        self._selector = selector
        self._on_call = on_call
        self._connections: dict[socket.socket, RequestParser] = {}
        self._listening = listening
        listening.setblocking(False)
        selector.register(listening, selectors.EVENT_READ, self._accept)

    def close(self) -> None:
        """Closes every socket. Idempotent."""
        for connection in list(self._connections):
            self._drop(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listening.accept()
            connection.settimeout(_SEND_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection] = RequestParser(
                head_bytes_max=_HEAD_BYTES_MAX, body_bytes_max=_RESULT_BYTES_MAX
            )
            self._selector.register(connection, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: socket.socket) -> None:
        parser = self._connections[connection]
        try:
            data = connection.recv(_RECEIVE_BYTES)
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        parser.feed(data)
        try:
            while (request := parser.next_request()) is not None:
                self._on_call(Call(_with_error_of_trailers(request), connection))
        except BadRequest as error:
            Call(Request(method="", target="", headers=_NO_HEADERS), connection).answer(
                refusal(error.status, "InvalidRequest", error.problem)
            )
            self._drop(connection)
            return
        if parser.take_continue():
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _drop(self, connection: socket.socket) -> None:
        if self._connections.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()


def _with_error_of_trailers(request: Request) -> Request:
    """A streamed response whose trailers tell of an error, as the report of that error; any other request as it is.

    The error object is base64 of JSON. Source: AWS Lambda Developer Guide, "Building a custom runtime for AWS Lambda",
    section "Implementing response streaming in a custom runtime".
    """
    encoded = request.trailers.get("lambda-runtime-function-error-body")
    error_type = request.trailers.get("lambda-runtime-function-error-type")
    if not (encoded or error_type) or not request.path.endswith("/response"):
        return request
    try:
        body = base64.b64decode(encoded, validate=True)
    except ValueError:
        body = b""
    if not body:
        body = json.dumps({"errorType": error_type, "errorMessage": ""}).encode()
    return dataclasses.replace(
        request,
        target=request.path.removesuffix("response") + "error",
        headers=Headers((*request.headers.items, ("lambda-runtime-function-error-type", error_type))),
        body=body,
    )


def accepted() -> Response:
    """What a call that reports something gets."""
    return Response(status=202, headers=_JSON, body=b'{"status":"OK"}\n')


def refusal(status: int, error_type: str, message: str) -> Response:
    """What a call that cannot be taken gets. Source: the emulator's `rendering/render_error.go`."""
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return Response(status=status, headers=_JSON, body=body)


_JSON = [("Content-Type", "application/json")]
_NO_HEADERS = Headers(())
