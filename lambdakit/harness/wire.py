"""HTTP/1.1 messages, without sockets: bytes in, `Request` out; `Response` in, bytes out.

Everything that listens in the harness (the endpoint, every API, every Runtime API) reads requests with the one
`RequestParser` and writes answers with `response_head`. Nothing here blocks or knows where the bytes come from.
Source: RFC 9110, RFC 9112.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import field
from http import HTTPStatus
from typing import Final, Protocol

from lambdakit.harness.header_fields import NO_HEADERS, TOKEN, joined, read_fields
from lambdakit.harness.header_fields import BadRequest as BadRequest
from lambdakit.harness.header_fields import Headers as Headers
from lambdakit.harness.header_fields import ascii_json as ascii_json
from lambdakit.harness.header_fields import header_value as header_value
from lambdakit.harness.message_body import HEAD_BYTES_MAX as HEAD_BYTES_MAX
from lambdakit.harness.message_body import MessageBody
from lambdakit.records import dataclass

BODY_BYTES_MAX: Final = 1024 * 1024 * 1024

_REQUEST_LINE = re.compile(TOKEN + rb" [\x21-\x7e\x80-\xff]+ [^ ]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
# RFC 9110, 7.6.1: these speak of one connection, and whoever answers on it decides them.
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came: `target` and its two parts are still percent-encoded.

    path, query: what stands before the target's first question mark, and behind it; no query is empty.
    peer: the client's address and port. trailers: what follows the last chunk of a body.
    """

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    http_version: str = "HTTP/1.1"
    peer: tuple[str, int] = ("127.0.0.1", 0)
    trailers: Headers = NO_HEADERS
    path: str = field(init=False, repr=False, compare=False)
    query: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        path, _, query = self.target.partition("?")
        _set_path(self, path)  # once: whoever decides what a request means looks at it again and again
        _set_query(self, query)

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to send another request on this connection."""
        if "connection" not in self.headers:
            return self.http_version != "HTTP/1.0"
        options = {option.strip().lower() for value in self.headers.all("connection") for option in value.split(",")}
        if self.http_version == "HTTP/1.0":
            return "keep-alive" in options and "close" not in options
        return "close" not in options


# A request is frozen; its slots are not.
_set_body = vars(Request)["body"].__set__
_set_trailers = vars(Request)["trailers"].__set__
_set_path = vars(Request)["path"].__set__
_set_query = vars(Request)["query"].__set__


class OpenAnswer(Protocol):
    """An answer that is sent while it is made: `begin` and any number of `write`s, or one `respond`. Nothing waits."""

    @property
    def status(self) -> int:
        """The one that was sent; 0 before."""

    @property
    def waiting(self) -> int:
        """Bytes that were written and that could not be sent yet; 0 once the client has left."""

    @property
    def client_left(self) -> bool:
        """Whether the client is known to have gone; what is written from then on is let go."""

    def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Sends status line and headers, once."""

    def respond(self, response: Response) -> None:
        """Sends a whole answer instead of one in parts."""

    def write(self, data: bytes) -> None:
        """Takes the next part of the body, and sends what can be sent at once."""

    def send_waiting(self) -> None:
        """Sends what is waiting, as far as the client takes it now."""

    def fileno(self) -> int:
        """The descriptor that turns writable when more can be sent; -1 when it is closed."""

    def cut(self) -> None:
        """Ends the connection where the answer stands, so that the client sees that it is not complete."""


class TakenConnection(Protocol):
    """A connection on which HTTP is over: bytes either way. Nothing here waits for the client, but `wait` does.

    Its client learns of it by the first `wait` or `send`.
    """

    @property
    def waiting(self) -> int:
        """Bytes that were given to `send` and that the client has not taken yet."""

    def wait(self) -> None:
        """Comes back once something can be received, or the connection has ended."""

    def receive(self) -> bytes | None:
        """What has come; None when nothing has, and nothing at all once the client has ended its side."""

    def send(self, data: bytes) -> None:
        """Takes what is to be sent; it goes out as the client takes it, in order. Safe to be called by any thread."""

    def finish(self) -> None:
        """Ends our side once everything is sent."""

    def cut(self) -> None:
        """Ends both sides at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. What frames it (content-length and the like) is no matter of its `headers`.

    stream: makes the answer while it is sent, in the thread of the connection; the other fields then do not count.
    takes_over: has the connection for itself, in its thread, which ends with it. The head with status 101 goes out when
        it first waits or sends; failing before that is answered with 500.
    switches_to: the protocol of `takes_over`, for the head.
    """

    status: int
    headers: Sequence[tuple[str, str]] = field(default=())
    body: bytes = b""
    stream: Callable[[OpenAnswer], None] | None = None
    takes_over: Callable[[TakenConnection], None] | None = None
    switches_to: str = ""


def response_head(response: Response, *, keeps_alive: bool, to_head: bool = False) -> bytes:
    """Status line and headers of `response`, the blank line included. to_head: it answers a HEAD request."""
    length = length_of(response, to_head=to_head)
    framing = "" if length is None else f"Content-Length: {length}"
    return _head(response.status, response.headers, framing, keeps_alive=keeps_alive)


def length_of(response: Response, *, to_head: bool) -> int | None:
    """What its content-length says; None for none.

    An answer to HEAD tells what GET would have: what its own headers say if it has no body, else that nobody knows.
    Source: RFC 9110, 8.6 and 9.3.2.
    """
    if not may_have_body(response.status):
        return None
    if not to_head or response.body:
        return len(response.body)
    given = (value for name, value in response.headers if name.lower() == "content-length")
    return next((int(value) for value in given if _LENGTH.fullmatch(value)), None)


def streamed_head(status: int, headers: Sequence[tuple[str, str]], *, chunked: bool, keeps_alive: bool) -> bytes:
    """The same for an answer of unknown length. chunked: absence means that the connection's end is the answer's."""
    framing = "Transfer-Encoding: chunked" if chunked and may_have_body(status) else ""
    return _head(status, headers, framing, keeps_alive=keeps_alive)


def switching_head(response: Response) -> bytes:
    """The head of an answer after which the connection speaks another protocol. Source: RFC 9110, 15.2.2 and 7.8."""
    headers = [(name, value) for name, value in response.headers if name.lower() not in _FRAMING]
    fields = [("Upgrade", response.switches_to), ("Connection", "Upgrade"), *headers]
    lines = [_STATUS_LINES[101], *(f"{name}: {value}" for name, value in fields)]
    return (joined(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _head(status: int, headers: Sequence[tuple[str, str]], framing: str, *, keeps_alive: bool) -> bytes:
    lines = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} "]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _FRAMING]
    if framing:
        lines.append(framing)
    if not keeps_alive:
        lines.append("Connection: close")
    return (joined(lines) + "\r\n\r\n").encode("latin-1", "replace")


def may_have_body(status: int) -> bool:
    """Whether an answer with this status has a body at all. Source: RFC 9112, 6.3."""
    return status >= 200 and status not in (204, 304)


class RequestParser:
    """Requests out of a stream of bytes; feed it as they come.

    head_bytes_max: the longest request line and headers that are accepted; over it, 431.
    body_bytes_max: the longest body; over it, 413.
    """

    def __init__(self, *, head_bytes_max: int = HEAD_BYTES_MAX, body_bytes_max: int = BODY_BYTES_MAX) -> None:
        self._head_bytes_max = head_bytes_max
        self._body_bytes_max = body_bytes_max
        self._buffer = bytearray()
        self._head: Request | None = None
        self._length: int | None = 0
        self._body: MessageBody | None = None  # of the request that is coming in, unless it is there as a whole
        self._awaits_continue = False
        # Whoever asks for the same again, as a runtime does for its next event, says it in the same bytes.
        self._last_get: tuple[bytes, Request] | None = None
        self._last_fields: tuple[bytes, Headers] = b"", NO_HEADERS  # of the others

    def feed(self, data: bytes) -> None:
        """Takes the next bytes of the stream."""
        self._buffer += data

    def take_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends a body; True once per request."""
        waits, self._awaits_continue = self._awaits_continue, False
        return waits

    @property
    def length(self) -> int | None:
        """The length in bytes of the body of the request that is coming in; None when its chunks will tell."""
        return self._length

    def begun(self, peer: tuple[str, int] = ("127.0.0.1", 0)) -> Request | None:
        """The request that is coming in, which has no body yet; None until its head is there. BadRequest as below."""
        if self._head is None:
            head = self._read_head(peer) if self._buffer else None
            if head is None:
                return None
            self._length = _body_length(head, self._body_bytes_max)
            self._head = head
            self._awaits_continue = not self._buffer and _expects_continue(head)
        return self._head

    def give_parts(self) -> None:
        """Has the body of the request that is coming in given out by `take_part`; it may then be of any length."""
        assert self._head is not None
        self._body = MessageBody(self._head.headers, sys.maxsize)

    def take_part(self) -> bytes:
        """What `next_request`, which had no whole request yet, has seen of the body since the last time."""
        assert self._body is not None
        part = bytes(self._body.content)
        self._body.content.clear()
        return part

    def take_rest(self) -> bytes:
        """What came behind the last request: the beginning of what follows on a connection that was taken over."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def next_request(self, peer: tuple[str, int] = ("127.0.0.1", 0)) -> Request | None:
        """The next whole request; None until more bytes come. BadRequest when it can never become one."""
        head = self._head or self.begun(peer)
        if head is None:
            return None
        trailers: list[tuple[str, str]] = []
        length = self._length
        if self._body is None and length is not None and len(self._buffer) >= length:
            body = bytes(self._buffer[:length])
            del self._buffer[:length]
        else:
            self._body = self._body or MessageBody(head.headers, self._body_bytes_max)
            if not self._body.take(self._buffer):
                return None
            body, trailers = bytes(self._body.content), self._body.trailers
        self._awaits_continue = False
        self._head = self._body = None
        if not body and not trailers:
            return head
        if head.method == "GET":  # it is kept, and comes again without this body
            head = dataclasses.replace(head)
        _set_body(head, body)
        if trailers:
            _set_trailers(head, Headers(trailers))
        return head

    def _read_head(self, peer: tuple[str, int]) -> Request | None:
        while self._buffer[:2] == b"\r\n":  # RFC 9112 2.2: empty lines before a request line are skipped
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > self._head_bytes_max:
            if len(self._buffer) > self._head_bytes_max:
                raise BadRequest(431, "request line and headers are too long")
            return None
        text = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        if not text.startswith(b"GET "):
            return self._head_of(text, peer)
        last = self._last_get
        if last is None or last[0] != text or last[1].peer != peer:
            last = self._last_get = text, self._head_of(text, peer)
        return last[1]

    def _head_of(self, text: bytes, peer: tuple[str, int]) -> Request:
        line, separator, rest = text.partition(b"\r\n")
        method, target, version = _request_line(line)
        fields = separator + rest
        known, headers = self._last_fields
        if fields != known:
            headers = Headers(read_fields(fields))
            self._last_fields = fields, headers
        hosts = len(headers.all("host"))
        if hosts > 1 or (hosts == 0 and version == "HTTP/1.1"):  # RFC 9112 3.2
            raise BadRequest(400, "there must be one host header")
        return Request(method=method, target=target, headers=headers, http_version=version, peer=peer)


def _request_line(line: bytes) -> tuple[str, str, str]:
    parts = _REQUEST_LINE.fullmatch(line)
    if parts is None:
        raise BadRequest(400, "malformed request line")
    method, target, version = parts[0].decode("latin-1").split(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    if not target.startswith("/"):
        target = _origin_form(target)
    return method, target, version


def _origin_form(target: str) -> str:
    scheme, separator, rest = target.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        authority = re.split(r"[/?]", rest, maxsplit=1)[0]
        path = rest[len(authority) :]
        return path if path.startswith("/") else f"/{path}"
    if target == "*":
        return "/*"
    raise BadRequest(400, "malformed request target")


def _expects_continue(head: Request) -> bool:
    """RFC 9110 10.1.1: an expectation of HTTP/1.0 is ignored."""
    return head.http_version == "HTTP/1.1" and head.headers.get("expect").lower() == "100-continue"


def _body_length(head: Request, bytes_max: int) -> int | None:
    """Of a request; None when chunks will tell. BadRequest when its end cannot be told, or is beyond `bytes_max`."""
    headers = head.headers
    if "transfer-encoding" in headers:
        encodings = [value.lower() for value in headers.all("transfer-encoding")]
        # RFC 9112 6.1: both at once, or in HTTP/1.0, is how requests are smuggled.
        if encodings != ["chunked"] or "content-length" in headers or head.http_version == "HTTP/1.0":
            raise BadRequest(400, "transfer-encoding is not chunked, or stands beside a content-length")
        return None
    if "content-length" not in headers:
        return 0
    lengths = headers.all("content-length")
    if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise BadRequest(400, "malformed content-length")
    if (length := int(lengths[0])) > bytes_max:
        raise BadRequest(413, "the body is too long")
    return length
