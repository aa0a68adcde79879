"""Streams whose caller is slower than the function, or goes away.

Sources: AWS Lambda Developer Guide, "Response streaming for Lambda functions" (a broken client connection does not stop
the function, which is billed for all of it); that a caller's pace is the function's follows from TCP.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lambdakit.harness.streamed_answer import StreamedAnswer
from lambdakit.harness.wire import Headers, Request
from tests.fakes.function_host import WAIT_SECONDS, FunctionHost, error_of, json_of, own_lines
from tests.fakes.streaming_runtime import ends_of, start_stream, streaming_function

MIB = 1024 * 1024


class SocketOutlet:
    """An outlet onto a real socket; the bytes go out as they are."""

    def __init__(self, connection: socket.socket) -> None:
        request = Request(method="GET", target="/", headers=Headers([]), http_version="HTTP/1.0")
        self._answer = StreamedAnswer(connection, request, keeps_alive=False)
        self.most_waiting = 0

    @property
    def waiting(self) -> int:
        return self._answer.waiting

    @property
    def client_left(self) -> bool:
        return self._answer.client_left

    def begin(self, content_type: str) -> None:
        self._answer.begin(200, [])

    def write(self, data: bytes) -> None:
        self._answer.write(data)
        self.most_waiting = max(self.most_waiting, self._answer.waiting)

    def send_waiting(self) -> None:
        self._answer.send_waiting()

    def fileno(self) -> int:
        return self._answer.fileno()

    def finish(self) -> None:
        self._answer.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Both ends of a stream's connection."""

    outlet: SocketOutlet
    connection: socket.socket

    def read_all(self) -> bytes:
        """Everything behind the head until the outlet's end is closed."""
        found = bytearray()
        while data := self.connection.recv(MIB):
            found += data
        return bytes(found).partition(b"\r\n\r\n")[2]


@pytest.fixture
def caller() -> Iterator[Caller]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(WAIT_SECONDS)
    with ours, theirs:
        yield Caller(outlet=SocketOutlet(ours), connection=theirs)


# It says how far it came once what it sends has nowhere to go for a while.
FLOOD = f"""
import select, threading
r, _ = next_event(); begin(r)
block, sent = b"x" * {MIB}, 0
def watch():
    while select.select([], [connection], [], 0.5)[1]:
        pass
    print("stuck after", sent, flush=True)
    hold("stuck")
threading.Thread(target=watch, daemon=True).start()
for _ in range(50):
    part(block); sent += 1
end(); answer(); next_event()
"""


def test_the_function_waits_for_a_caller_that_does_not_read(host: FunctionHost, caller: Caller) -> None:
    invocation = start_stream(host, streaming_function(host, FLOOD), caller.outlet)
    host.gates.wait_for("stuck")
    most_waiting = caller.outlet.most_waiting
    reader = threading.Thread(target=lambda: received.append(caller.read_all()), name="test-reader")
    received: list[bytes] = []
    reader.start()
    result = invocation.result()
    caller.outlet.finish()
    caller.connection.shutdown(socket.SHUT_RDWR)
    reader.join(WAIT_SECONDS)

    assert len(received[0]) == 50 * MIB
    assert result.outcome.fault is None
    (line,) = [line for line in own_lines(result) if line.startswith("stuck after")]
    assert int(line.split()[-1]) < 40
    # What the harness holds for the caller: less than one read of the runtime's socket above the mark.
    assert most_waiting <= 2 * 256 * 1024 + 1024


def test_a_caller_that_does_not_read_does_not_outlast_the_time_out(host: FunctionHost, caller: Caller) -> None:
    invocation = start_stream(host, streaming_function(host, FLOOD, timeout_seconds=1), caller.outlet)

    result = invocation.result()

    assert error_of(result)["errorType"] == "Sandbox.Timedout"
    assert 1000 <= result.outcome.duration_ms < 5000
    assert [event.reason for event in host.resets()] == ["timeout"]


def test_lines_and_memory_are_seen_while_the_caller_does_not_read(host: FunctionHost, caller: Caller) -> None:
    script = f"""
import threading
r, _ = next_event(); begin(r)
threading.Thread(target=lambda: [part(b"x" * {MIB}) for _ in range(50)], daemon=True).start()
hold("begun")
print("still heard", flush=True)
hoard = [b"x" * {MIB} for _ in range(200)]
hold("never")
"""
    invocation = start_stream(host, streaming_function(host, script, memory_mib=128), caller.outlet)
    host.gates.wait_for("begun")
    host.gates.open("begun")

    result = invocation.result()

    assert error_of(result)["errorType"] == "Runtime.OutOfMemory"
    assert "still heard" in own_lines(result)


def test_an_exit_is_seen_while_the_caller_does_not_read(host: FunctionHost, caller: Caller) -> None:
    script = FLOOD.replace('hold("stuck")', "os._exit(7)")

    result = start_stream(host, streaming_function(host, script), caller.outlet).result()

    assert error_of(result)["errorType"] == "Runtime.ExitError"
    assert error_of(result)["errorMessage"].endswith("exit status 7")


def test_a_result_that_was_complete_stands_though_the_caller_does_not_read_and_the_process_is_gone(
    host: FunctionHost, caller: Caller
) -> None:
    script = f"r, _ = next_event(); begin(r); part(b'x' * {MIB}); end(); os._exit(1)"

    result = start_stream(host, streaming_function(host, script), caller.outlet).result()

    assert result.outcome.fault is None
    assert result.outcome.stream is not None
    assert result.outcome.stream.produced_bytes == MIB


@pytest.mark.parametrize("when", ["before", "on-the-way"])
def test_a_caller_that_leaves_does_not_stop_the_function(host: FunctionHost, caller: Caller, when: str) -> None:
    """DG, response streaming: a client that breaks off does not stop the function."""
    script = f"""
n = 0
while True:
    r, _ = next_event(); n += 1; begin(r); part("a"); hold("left")
    for _ in range(20): part(b"x" * {MIB})
    end(); status, _, _ = answer(); print("sent all:", status, flush=True)
    r, _ = next_event(); reply(r, n)
"""
    function = streaming_function(host, script)
    if when == "before":
        caller.connection.close()
    invocation = start_stream(host, function, caller.outlet)
    host.gates.wait_for("left")
    caller.connection.close()
    host.gates.open("left")

    result = invocation.result()

    assert result.outcome.status == "success"
    assert "sent all: 202" in own_lines(result)
    (streamed,) = ends_of(host, "ResponseStreamed")
    assert streamed["client_left"] is True
    assert streamed["produced_bytes"] == 20 * MIB + 1
    assert json_of(host.invoke(function)) == 1


def test_a_caller_that_leaves_while_the_function_waits_for_it(host: FunctionHost, caller: Caller) -> None:
    function = streaming_function(host, FLOOD)
    invocation = start_stream(host, function, caller.outlet)
    host.gates.wait_for("stuck")

    caller.connection.close()

    result = invocation.result()
    assert result.outcome.status == "success"
    (streamed,) = ends_of(host, "ResponseStreamed")
    assert (streamed["client_left"], streamed["produced_bytes"]) == (True, 50 * MIB)


def test_closing_the_pool_ends_a_stream_whose_caller_does_not_read(host: FunctionHost, caller: Caller) -> None:
    invocation = start_stream(host, streaming_function(host, FLOOD), caller.outlet)
    host.gates.wait_for("stuck")

    host.pool.close()

    assert invocation.result().outcome.status == "crash"
