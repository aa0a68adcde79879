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
import sys
from typing import Protocol

from lambdakit.harness.runtime.brief_calls import Buffer
from lambdakit.harness.runtime.response_stream import Outlet, ResponseStream
from lambdakit.harness.wire import BadRequest, Headers, Request, RequestParser, Response, response_head
from lambdakit.limits import MIB
from lambdakit.records import dataclass

_BRIEF_BYTES = 8 * 1024  # of a request that most are shorter than
_RECEIVE_BYTES = 256 * 1024
_SEND_SECONDS = 60
_HEAD_BYTES_MAX = 2 * MIB  # an X-Ray cause, which travels in a header, has up to 1 MiB, or more in UTF-8
_KEPT_BYTES_MAX = 8 * MIB  # of a body; above what an answer may hold, so that it is seen to be too long
_WAITING_BYTES_MAX = 256 * 1024  # of a stream whose caller is slower than the function; more is left to the function

RESPONSE_MODE = "lambda-runtime-function-response-mode"
_ERROR_TYPE = "lambda-runtime-function-error-type"
_ERROR_BODY = "lambda-runtime-function-error-body"


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the runtime that waits for its answer."""

    request: Request
    connection: socket.socket

    def answer(self, response: Response, *, limit_seconds: float = _SEND_SECONDS) -> bool:
        """Sends the answer; whether that was possible.

        A runtime that is gone, or does not read, is noticed by its exit or time-out, not here.
        """
        return self.send(response_head(response, keeps_alive=True) + response.body, limit_seconds=limit_seconds)

    def accept(self) -> None:
        """Sends what a call that reports something gets."""
        self.send(_ACCEPTED, limit_seconds=_SEND_SECONDS)

    def send(self, answer: bytes, *, limit_seconds: float) -> bool:
        """The same for a whole answer in bytes."""
        with contextlib.suppress(OSError):
            try:
                sent = self.connection.send(
                    answer
                )  # it never blocks, and nearly every answer goes out by this one call
            except BlockingIOError:
                sent = 0
            if sent == len(answer):
                return True
            self.connection.settimeout(limit_seconds)
            self.connection.sendall(memoryview(answer)[sent:])
            self.connection.setblocking(False)
            return True
        return False


class Conversation(Protocol):
    """Who answers the calls."""

    def on_call(self, call: Call) -> None:
        """Answers a request, or keeps it until there is an answer."""

    def begin_stream(self, call: Call) -> ResponseStream | None:
        """What takes the parts of a streamed result; None when it is refused, and answered. The call has no body."""

    def end_stream(self, call: Call) -> None:
        """Answers a streamed result that is complete; the call has its trailers."""

    def on_unread(self, connection: socket.socket) -> None:
        """Is told that a connection's other side is gone, and did not read the answer that was sent last."""

    def break_stream(self) -> None:
        """Is told that the connection of a streamed result ended before it was complete."""


class RuntimeApi:
    """Serves `listening`; the conversation is called for each request, from within whoever polls `selector`."""

    def __init__(self, listening: socket.socket, selector: selectors.BaseSelector, conversation: Conversation) -> None:
        self._selector = selector
        self._conversation = conversation
        self._connections: dict[socket.socket, RequestParser] = {}
        self._streams: dict[socket.socket, ResponseStream | None] = {}
        self._kept: dict[socket.socket, bytearray] = {}  # of bodies that come in and may be too long
        self._paused: tuple[socket.socket, Outlet, int] | None = None
        self._hurries = False
        self._buffer = Buffer(_BRIEF_BYTES)
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

    def hurry(self) -> None:
        """Reads on at whatever pace the caller of a streamed result takes it: the runtime is gone."""
        self._hurries = True
        self._resume()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listening.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection] = RequestParser(head_bytes_max=_HEAD_BYTES_MAX, body_bytes_max=sys.maxsize)
            self._selector.register(connection, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: socket.socket) -> None:
        parser = self._connections[connection]
        refused = 0
        try:
            data = self._buffer.read(connection.fileno())
            if data is None:
                return
            if len(data) == _BRIEF_BYTES:
                with contextlib.suppress(OSError):  # one that is broken ends with the next read
                    data += connection.recv(_RECEIVE_BYTES)
        except OSError as error:
            data, refused = b"", error.errno or 0
        if not data:
            # tcp(7): one that went away with something unread, or before it came, resets; one that read all just ends.
            if refused or connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._conversation.on_unread(connection)
            self._drop(connection)
            return
        parser.feed(data)
        try:
            self._serve(connection, parser)
        except BadRequest as error:
            Call(Request(method="", target="", headers=_NO_HEADERS), connection).answer(
                refusal(error.status, "InvalidRequest", error.problem)
            )
            self._drop(connection)
            return
        if parser.take_continue():
            with contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _serve(self, connection: socket.socket, parser: RequestParser) -> None:
        """Passes on what is there of requests. BadRequest for what is none."""
        while (head := parser.begun()) is not None:
            if _streams(head):
                if not self._receive_stream(connection, parser, head):
                    return
            elif (request := self._next_request(connection, parser)) is not None:
                self._conversation.on_call(Call(_with_error_of_trailers(request), connection))
            else:
                return

    def _next_request(self, connection: socket.socket, parser: RequestParser) -> Request | None:
        """A request once its body is there, of which no more is kept than shows that it is too long."""
        if connection not in self._kept:
            if parser.length is not None and parser.length <= _KEPT_BYTES_MAX:
                return parser.next_request()
            parser.give_parts()
            self._kept[connection] = bytearray()
        kept, request = self._kept[connection], parser.next_request()
        kept += (parser.take_part() if request is None else request.body)[: _KEPT_BYTES_MAX - len(kept)]
        if request is None:
            return None
        del self._kept[connection]
        return dataclasses.replace(request, body=bytes(kept))

    def _receive_stream(self, connection: socket.socket, parser: RequestParser, head: Request) -> bool:
        """Passes on what is there of a streamed result; whether it is complete."""
        if connection not in self._streams:
            parser.give_parts()
            self._streams[connection] = self._conversation.begin_stream(Call(head, connection))
            if self._streams[connection] is None:
                parser.take_continue()  # it has its answer, and must not be asked to go on
        stream = self._streams[connection]  # None for one that was refused: it is read and let go
        try:
            request = parser.next_request()
        except BadRequest:
            _pass_on(stream, parser.take_part())
            raise
        _pass_on(stream, parser.take_part() if request is None else request.body)
        if request is None:
            self._pause_for(connection, stream)
            return False
        del self._streams[connection]
        if stream is not None:
            self._conversation.end_stream(Call(request, connection))
        return True

    def _pause_for(self, connection: socket.socket, stream: ResponseStream | None) -> None:
        """Leaves what follows to the function until a slower caller has taken what is waiting."""
        outlet = None if stream is None else stream.outlet
        if outlet is not None and outlet.waiting > _WAITING_BYTES_MAX and not self._hurries:
            descriptor = outlet.fileno()
            if descriptor >= 0:
                self._selector.unregister(connection)
                self._selector.register(descriptor, selectors.EVENT_WRITE, self._send_waiting)
                self._paused = connection, outlet, descriptor

    def _send_waiting(self) -> None:
        assert self._paused is not None
        _, outlet, _ = self._paused
        outlet.send_waiting()
        if not outlet.waiting:
            self._resume()

    def _resume(self) -> None:
        if self._paused is not None:
            connection, _, descriptor = self._paused
            self._paused = None
            self._selector.unregister(descriptor)
            self._selector.register(connection, selectors.EVENT_READ, lambda: self._receive(connection))

    def _drop(self, connection: socket.socket) -> None:
        if self._connections.pop(connection, None) is not None:
            if self._paused is not None and self._paused[0] is connection:
                self._resume()
            self._selector.unregister(connection)
            connection.close()
            self._kept.pop(connection, None)
            if self._streams.pop(connection, None) is not None:
                self._conversation.break_stream()


def _pass_on(stream: ResponseStream | None, part: bytes) -> None:
    if stream is not None and part:
        stream.take(part)


def _streams(head: Request) -> bool:
    return head.headers.get(RESPONSE_MODE) == "streaming" and head.path.endswith("/response") and head.method == "POST"


def error_of_trailers(request: Request) -> tuple[str, bytes] | None:
    """Type and object of the error that the trailers of a result tell of; None when they tell of none.

    The object is base64 of JSON. Source: AWS Lambda Developer Guide, "Building a custom runtime for AWS Lambda",
    section "Implementing response streaming in a custom runtime".
    """
    encoded, error_type = request.trailers.get(_ERROR_BODY), request.trailers.get(_ERROR_TYPE)
    if not (encoded or error_type):
        return None
    try:
        body = base64.b64decode(encoded, validate=True)
    except ValueError:
        body = b""
    return error_type, body or json.dumps({"errorType": error_type, "errorMessage": ""}).encode()


def _with_error_of_trailers(request: Request) -> Request:
    """A result whose trailers tell of an error, as the report of that error; any other request as it is."""
    reported = error_of_trailers(request) if request.trailers.items and request.path.endswith("/response") else None
    if reported is None:
        return request
    error_type, body = reported
    return dataclasses.replace(
        request,
        target=request.path.removesuffix("response") + "error",
        headers=Headers((*request.headers.items, (_ERROR_TYPE, error_type))),
        body=body,
    )


def refusal(status: int, error_type: str, message: str) -> Response:
    """What a call that cannot be taken gets. Source: the emulator's `rendering/render_error.go`."""
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return Response(status=status, headers=_JSON, body=body)


_JSON = [("Content-Type", "application/json")]
_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
_NO_HEADERS = Headers(())
