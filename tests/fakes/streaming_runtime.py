"""Runtimes that stream by the raw Runtime API, and outlets that record what comes of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from tests.fakes.function_host import HOLD, WAIT_SECONDS, FunctionHost, Invocation

# A runtime in one module; it takes over before the real client does. What follows it says what to do with the events.
# `begin` sends the head of a streamed result, `part` a chunk, `end` the last chunk with trailers; `answer` reads what
# the Runtime API says. `reply` sends a result that is not streamed.
STREAMING_RUNTIME = (
    HOLD
    + """
import base64, json, socket, sys

host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
connection = socket.create_connection((host, int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

def send(text):
    connection.sendall(text if isinstance(text, bytes) else text.encode())

def answer():
    data = b""
    while b"\\r\\n\\r\\n" not in data:
        data += connection.recv(65536) or sys.exit("the Runtime API is gone")
    head, _, body = data.partition(b"\\r\\n\\r\\n")
    first, *lines = head.decode().split("\\r\\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    if len(body) > int(headers["content-length"]):
        sys.exit("there is more than an answer: %r" % body)
    return int(first.split()[1]), headers, body

def next_event():
    send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    status, headers, body = answer()
    assert status == 200, (status, body)
    return headers["lambda-runtime-aws-request-id"], json.loads(body)

def head(request_id, *headers, kind="response"):
    send("POST /2018-06-01/runtime/invocation/" + request_id + "/" + kind + " HTTP/1.1\\r\\nHost: x\\r\\n"
         + "".join(header + "\\r\\n" for header in headers) + "\\r\\n")

def begin(request_id, *headers, mode="streaming"):
    head(request_id, "Lambda-Runtime-Function-Response-Mode: " + mode, "Transfer-Encoding: chunked",
         "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body", *headers)

def part(data):
    data = data if isinstance(data, bytes) else data.encode()
    send(b"%x\\r\\n%b\\r\\n" % (len(data), data))

def end(*trailers):
    send("0\\r\\n" + "".join(trailer + "\\r\\n" for trailer in trailers) + "\\r\\n")

def failed(error_type, error):
    body = base64.b64encode(json.dumps(error).encode()).decode()
    return "Lambda-Runtime-Function-Error-Type: " + error_type, "Lambda-Runtime-Function-Error-Body: " + body

def reply(request_id, result, kind="response"):
    body = json.dumps(result).encode()
    head(request_id, "Content-Length: %d" % len(body), kind=kind)
    send(body)
    return answer()
"""
)


class RecordedOutlet:
    """Takes everything at once, and remembers it."""

    def __init__(self) -> None:
        self.content_types: list[str] = []
        self.parts: list[bytes] = []
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """Nothing ever waits."""
        return 0

    @property
    def client_left(self) -> bool:
        """Whoever reads this stays."""
        return False

    @property
    def content(self) -> bytes:
        """All parts so far."""
        return b"".join(self.parts)

    def begin(self, content_type: str) -> None:
        """Remembers that the response began."""
        self.content_types.append(content_type)

    def write(self, data: bytes) -> None:
        """Remembers a part."""
        with self._changed:
            self.parts.append(data)
            self._changed.notify_all()

    def send_waiting(self) -> None:
        """There is nothing."""

    def fileno(self) -> int:
        """There is none."""
        return -1

    def wait_for(self, content: bytes) -> None:
        """Returns once the parts make up `content`."""
        with self._changed:
            there = self._changed.wait_for(lambda: self.content == content, WAIT_SECONDS)
        assert there, f"got {self.content!r} instead of {content!r} in {WAIT_SECONDS:g} s"


def streaming_function(host: FunctionHost, script: str, **settings: Any) -> FunctionConfiguration:
    """A function whose module is a runtime that does what `script` says."""
    return host.function(STREAMING_RUNTIME + script, **settings)


def start_stream(host: FunctionHost, function: FunctionConfiguration, outlet: Any, event: bytes = b"{}") -> Invocation:
    """A streamed invocation in a thread of its own."""
    return Invocation(lambda: host.invoker.invoke(function, Event(payload=event), outlet=outlet))


def stream(
    host: FunctionHost, function: FunctionConfiguration, event: bytes = b"{}"
) -> tuple[InvocationResult, RecordedOutlet]:
    """A streamed invocation, and all that it sent."""
    outlet = RecordedOutlet()
    return host.invoker.invoke(function, Event(payload=event), outlet=outlet), outlet


def ends_of(host: FunctionHost, kind: str) -> list[Mapping[str, Any]]:
    """The trace's events of one class, as plain data."""
    from lambdakit.trace import event_to_wire

    return [wire for wire in map(event_to_wire, host.trace.events()) if wire["kind"] == kind]
