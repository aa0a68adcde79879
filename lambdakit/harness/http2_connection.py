"""HTTP/2 on a connection whose client begins with it: the AWS SDK for JavaScript does for Kinesis, Bedrock and others.

Nothing is negotiated: the client knows beforehand, and its first bytes say so. Its requests go to the handlers that
those of HTTP/1.1 go to, each in a thread of its own. One thread reads; any thread writes, under the lock. What the
client has no window for is kept, and goes out in the reading thread once there is one. Connections cannot be taken over
for other protocols here.
A client that takes its leave (GOAWAY without an error) still gets what it asked for.
Source: RFC 9113, 3.3 and 3.4 (prior knowledge, preface), 4.1 (frames), 5.2 (flow control), 6.8 (GOAWAY), 8.2.2, 8.2.3
and 8.3 (fields).
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from lambdakit.harness.header_fields import Headers, header_value
from lambdakit.harness.wire import BODY_BYTES_MAX, Request, Response, length_of, may_have_body
from lambdakit.records import dataclass

logger = logging.getLogger(__name__)

_RECEIVE_BYTES: Final = 256 * 1024
_STREAMS_MAX: Final = 100
_PREFACE_BYTES: Final = 24
_FRAME_HEAD_BYTES: Final = 9
_GOAWAY: Final = 7
_FIELDS_BYTES_MAX: Final = 1024 * 1024  # as a head of HTTP/1.1
_TARGET: Final = re.compile(r"[\x21-\x7e\x80-\xff]+")
_OF_A_CONNECTION: Final = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)
_FAILED: Final = Response(
    status=500, headers=[("Content-Type", "application/json")], body=b'{"message":"Internal Server Error"}'
)

RequestHandler = Callable[[Request], Response]


@dataclass(slots=True, kw_only=True)
class _Stream:
    """A request and what is left of its answer. ends: nothing follows `pending`. gone: nobody reads it any more."""

    fields: Sequence[tuple[str, str]]
    body: bytearray = field(default_factory=bytearray)
    pending: bytearray = field(default_factory=bytearray)
    ends: bool = False
    gone: bool = False


class Http2Connection:
    """One client's requests, answered by `handle`. name: of the threads that answer."""

    def __init__(self, connection: socket.socket, peer: tuple[str, int], handle: RequestHandler, *, name: str) -> None:
        self._connection = connection
        self._peer = peer
        self._handle = handle
        self._name = name
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
        self._leaves = _LeavesTaken()
        self._streams: dict[int, _Stream] = {}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def converse(self, first: bytes) -> None:
        """Serves the connection until it ends. first: the bytes that it began with."""
        try:
            with self._lock:
                self._h2.initiate_connection()
                self._h2.update_settings(
                    {
                        SettingCodes.MAX_CONCURRENT_STREAMS: _STREAMS_MAX,
                        SettingCodes.MAX_HEADER_LIST_SIZE: _FIELDS_BYTES_MAX,
                    }
                )
                self._send_locked()
            data = first
            while data and self._took(data):
                data = self._connection.recv(_RECEIVE_BYTES)
        finally:
            with self._lock:
                for stream in self._streams.values():
                    stream.gone = True
            for thread in self._threads:
                thread.join()

    def _took(self, data: bytes) -> bool:
        """Whether the connection goes on after these bytes."""
        with self._lock:
            try:
                events = self._h2.receive_data(self._leaves.taken_out(data, self._h2.max_inbound_frame_size))
            except ProtocolError as error:
                logger.debug("%s: the client at %s: %s", self._name, self._peer, error)
                self._send_locked()  # why it ends
                return False
            goes_on = all([self._saw_locked(event) for event in events])
            for number in list(self._streams) if goes_on else ():
                self._flush_locked(number)
            self._send_locked()
        return goes_on

    def _saw_locked(self, event: Event) -> bool:
        if isinstance(event, RequestReceived):
            self._streams[event.stream_id] = _Stream(fields=[(str(name), str(value)) for name, value in event.headers])
        elif isinstance(event, DataReceived):
            self._received_locked(event.stream_id, event.data or b"", event.flow_controlled_length or 0)
        elif isinstance(event, StreamEnded):
            self._begin_locked(event.stream_id)
        elif isinstance(event, StreamReset):
            stream = self._streams.pop(event.stream_id, None)
            if stream is not None:
                stream.gone = True
        return not isinstance(event, ConnectionTerminated)

    def _received_locked(self, number: int, data: bytes, length: int) -> None:
        if length:
            self._h2.acknowledge_received_data(length, number)
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.body += data
        if len(stream.body) > BODY_BYTES_MAX:
            self._drop_locked(number)

    def _begin_locked(self, number: int) -> None:
        """Has a request answered, now that all of it is there."""
        stream = self._streams.get(number)
        if stream is None:
            return
        request = _request(stream, self._peer)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        # A client may give up any number of requests; what they began goes on.
        if request is None:
            self._drop_locked(number)
            return
        if len(self._threads) >= _STREAMS_MAX:
            self._drop_locked(number, ErrorCodes.REFUSED_STREAM)
            return
        answer = threading.Thread(
            target=self._answer, args=(number, stream, request), name=f"{self._name}-{number}", daemon=True
        )
        self._threads.append(answer)
        answer.start()

    def _answer(self, number: int, stream: _Stream, request: Request) -> None:
        answer = _Answer(self, number, stream, request)
        try:
            response = self._handle(request)
            if response.takes_over is not None:
                answer.respond(_FAILED)
            elif response.stream is not None:
                response.stream(answer)
            else:
                answer.respond(response)
        except Exception:  # the boundary of a stream's thread
            logger.exception("%s: %s %s", self._name, request.method, request.path)
            if answer.status:
                answer.cut()
        if not answer.status:
            answer.respond(_FAILED)
        self.end(number, stream)

    def begin(self, number: int, stream: _Stream, fields: Sequence[tuple[str, str]]) -> None:
        """Sends the head of an answer."""
        with self._lock:
            if not stream.gone:
                try:
                    self._h2.send_headers(number, fields)
                except ProtocolError:  # the connection, or the stream, ended in the same moment
                    self._drop_locked(number)
                self._send_locked()

    def write(self, number: int, stream: _Stream, data: bytes) -> None:
        """Takes a part of a body."""
        with self._lock:
            if not stream.gone:
                stream.pending += data
                self._flush_locked(number)
                self._send_locked()

    def end(self, number: int, stream: _Stream) -> None:
        """Nothing follows what was written."""
        with self._lock:
            stream.ends = True
            if not stream.gone:
                self._flush_locked(number)
                self._send_locked()

    def drop(self, number: int, stream: _Stream) -> None:
        """Ends a stream where its answer stands."""
        with self._lock:
            if not stream.gone:
                self._drop_locked(number)
                self._send_locked()

    def _drop_locked(self, number: int, why: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        self._streams.pop(number).gone = True
        with contextlib.suppress(ProtocolError):  # the client ended it, or all of them, in the same moment
            self._h2.reset_stream(number, error_code=why)

    def _flush_locked(self, number: int) -> None:
        """Hands on what the client has a window for."""
        try:
            self._hand_on_locked(number, self._streams[number])
        except ProtocolError:  # the client ended it, or all of them, in the same moment
            self._drop_locked(number)

    def _hand_on_locked(self, number: int, stream: _Stream) -> None:
        while stream.pending:
            size = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if size <= 0:
                return
            self._h2.send_data(number, bytes(stream.pending[:size]))
            del stream.pending[:size]
        if stream.ends:
            self._h2.end_stream(number)
            del self._streams[number]
            stream.gone = True

    def _send_locked(self) -> None:
        data = self._h2.data_to_send()
        if data:
            with contextlib.suppress(OSError):  # the client went away: the reading thread sees it
                self._connection.sendall(data)


class _LeavesTaken:
    """What a client sends without its GOAWAYs that tell of no error: the library ends everything with any of them."""

    def __init__(self) -> None:
        self._left = bytearray()
        self._preface = _PREFACE_BYTES

    def taken_out(self, data: bytes, frame_bytes_max: int) -> bytes:
        """The whole frames that are there by now. A frame that is too long is left to who refuses it."""
        self._left += data
        kept = bytes(self._left[: self._preface])
        del self._left[: self._preface]
        self._preface -= len(kept)
        taken = [kept]
        while len(self._left) >= _FRAME_HEAD_BYTES:
            length = int.from_bytes(self._left[:3], "big")
            end = _FRAME_HEAD_BYTES + length
            if length > frame_bytes_max:
                end = len(self._left)
            elif len(self._left) < end:
                break
            frame = bytes(self._left[:end])
            del self._left[:end]
            if frame[3] != _GOAWAY or int.from_bytes(frame[13:17], "big") != ErrorCodes.NO_ERROR:
                taken.append(frame)
        return b"".join(taken)


class _Answer:
    """An `OpenAnswer` on one stream. What waits for a window counts as sent: it goes out by itself."""

    def __init__(self, connection: Http2Connection, number: int, stream: _Stream, request: Request) -> None:
        self._connection = connection
        self._number = number
        self._stream = stream
        self._is_head = request.method == "HEAD"
        self._has_body = False
        self.status = 0

    @property
    def waiting(self) -> int:
        """Nothing."""
        return 0

    @property
    def client_left(self) -> bool:
        """Whether the client is known to have gone."""
        return self._stream.gone

    def fileno(self) -> int:
        """None that anybody has to wait for."""
        return -1

    def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Sends status and headers, once."""
        assert self.status == 0
        self.status = status
        self._has_body = may_have_body(status) and not self._is_head
        self._connection.begin(self._number, self._stream, _fields(status, headers))

    def respond(self, response: Response) -> None:
        """Sends a whole answer instead of one in parts."""
        size = length_of(response, to_head=self._is_head)
        length = [] if size is None else [("content-length", str(size))]
        assert self.status == 0
        self.status = response.status
        self._connection.begin(self._number, self._stream, [*_fields(response.status, response.headers), *length])
        if may_have_body(response.status) and not self._is_head:
            self._connection.write(self._number, self._stream, response.body)

    def write(self, data: bytes) -> None:
        """Takes the next part of the body."""
        if data and self._has_body:
            self._connection.write(self._number, self._stream, data)

    def send_waiting(self) -> None:
        """Nothing waits."""

    def cut(self) -> None:
        """Ends the stream where the answer stands."""
        self._connection.drop(self._number, self._stream)


def _fields(status: int, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    own = [(name.lower(), header_value(value)) for name, value in headers if name.lower() not in _OF_A_CONNECTION]
    return [(":status", str(status)), *own]


def _request(stream: _Stream, peer: tuple[str, int]) -> Request | None:
    """The request as one of HTTP/1.1 would be read; None when its target is none.

    `:authority` stays beside `host`: signatures are made over the one or the other.
    Source: AWS IAM User Guide, "Create a signed AWS API request" (CanonicalHeaders: `host` or `:authority`).
    """
    fields = dict(stream.fields)
    target, authority = fields.get(":path", ""), fields.get(":authority", "")
    if not _TARGET.fullmatch(target):
        return None
    headers = [(name, value) for name, value in stream.fields if not name.startswith(":") and name != "cookie"]
    cookies = [value for name, value in stream.fields if name == "cookie"]
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    if authority:
        hosts = [] if "host" in fields else [("host", authority)]
        headers = [*hosts, *headers, (":authority", authority)]
    return Request(
        method=fields[":method"],
        target=target,
        headers=Headers(headers),
        body=bytes(stream.body),
        http_version="HTTP/2.0",
        peer=peer,
    )
