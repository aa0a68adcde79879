"""Streams that do not come to their end: the runtime goes away, hangs or is killed on the way.

Sources: the reference's platform error types; what callers see of a crash on the way, `Runtime.TruncatedResponse` with
no details, is what users of Remotion Lambda report (remotion-dev/remotion, pull request 4795).
"""

from __future__ import annotations

import pytest

from tests.fakes.function_host import FunctionHost, error_of
from tests.fakes.streaming_runtime import RecordedOutlet, ends_of, start_stream, stream, streaming_function

MIB = 1024 * 1024
BEGIN = "r, event = next_event(); begin(r); part('half')\n"


class TestOnTheWay:
    def test_a_connection_that_ends_early_is_a_truncated_response(self, host: FunctionHost) -> None:
        script = """
n = 0
while True:
    r, _ = next_event(); n += 1; begin(r); part(str(n))
    if n == 1:
        connection.close()
        connection = socket.create_connection((host, int(port)))
        continue
    end(); answer()
"""
        function = streaming_function(host, script)

        result, outlet = stream(host, function)
        following, more = stream(host, function)

        assert outlet.content == b"1"
        assert result.outcome.stream is not None
        assert (result.outcome.stream.error_code, result.outcome.stream.error_details) == (
            "Runtime.TruncatedResponse",
            "",
        )
        assert error_of(result)["errorType"] == "Runtime.TruncatedResponse"
        assert result.outcome.status == "error"
        assert (more.content, following.outcome.fault) == (b"2", None)
        assert host.resets() == []

    def test_bytes_that_are_no_chunks_end_it_as_well(self, host: FunctionHost) -> None:
        script = BEGIN + "send('no chunk\\r\\n')\nhold('never')\n"

        result, outlet = stream(host, streaming_function(host, script))

        assert outlet.content == b"half"
        assert error_of(result)["errorType"] == "Runtime.TruncatedResponse"

    @pytest.mark.parametrize(
        ("end", "reason"),
        [
            ("os._exit(7)", "Runtime exited with error: exit status 7"),
            ("os._exit(0)", "Runtime exited without providing a reason"),
            ("import signal; os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ],
        ids=["status", "zero", "signal"],
    )
    def test_a_crash_is_a_truncated_response_to_the_caller_and_an_exit_to_the_log(
        self, host: FunctionHost, end: str, reason: str
    ) -> None:
        result, outlet = stream(host, streaming_function(host, BEGIN + end))

        assert outlet.content == b"half"
        assert result.outcome.stream is not None
        assert (result.outcome.stream.error_code, result.outcome.stream.error_details) == (
            "Runtime.TruncatedResponse",
            "",
        )
        assert error_of(result) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
        }
        assert result.outcome.status == "crash"
        assert [event.reason for event in host.resets()] == ["crash"]

    def test_a_crash_whose_children_hold_the_connection(self, host: FunctionHost) -> None:
        script = BEGIN + "\nif os.fork():\n    os._exit(3)\nhold('child')\n"

        result, outlet = stream(host, streaming_function(host, script))

        assert outlet.content == b"half"
        assert error_of(result)["errorType"] == "Runtime.ExitError"
        assert result.outcome.stream is not None
        assert result.outcome.stream.error_code == "Runtime.TruncatedResponse"

    def test_what_was_sent_before_the_exit_is_passed_on(self, host: FunctionHost) -> None:
        script = BEGIN + f"part(b'x' * {2 * MIB}); os._exit(1)"

        _, outlet = stream(host, streaming_function(host, script))

        assert len(outlet.content) == 2 * MIB + 4

    def test_a_complete_result_stands_though_the_process_ends_right_behind_it(self, host: FunctionHost) -> None:
        result, outlet = stream(host, streaming_function(host, BEGIN + "end(); os._exit(1)"))

        assert outlet.content == b"half"
        assert result.outcome.fault is None
        assert result.outcome.stream is not None and result.outcome.stream.error_code == ""

    def test_a_time_out_names_itself(self, host: FunctionHost) -> None:
        function = streaming_function(host, BEGIN + "hold('never')", timeout_seconds=1)

        result, outlet = stream(host, function)

        assert outlet.content == b"half"
        assert result.outcome.stream is not None
        assert result.outcome.stream.error_code == "Sandbox.Timedout"
        assert result.outcome.stream.error_details.endswith("Error: Task timed out after 1.00 seconds")
        assert result.outcome.status == "timeout"
        assert 1000 <= result.outcome.duration_ms < 5000
        assert [event.reason for event in host.resets()] == ["timeout"]

    def test_a_function_that_sends_without_end_is_timed_out(self, host: FunctionHost) -> None:
        script = "r, _ = next_event(); begin(r)\nwhile True: part('x' * 1000)\n"

        class Sink(RecordedOutlet):
            def write(self, data: bytes) -> None:
                """Lets go of it."""

        result = start_stream(host, streaming_function(host, script, timeout_seconds=1), Sink()).result()

        assert result.outcome.status == "timeout"
        assert result.outcome.duration_ms < 5000

    @pytest.mark.parametrize("busy", [False, True], ids=["silent", "sending"])
    def test_out_of_memory(self, host: FunctionHost, busy: bool) -> None:
        script = (
            BEGIN
            + f"""
hoard = []
while True:
    hoard.append(b"x" * {MIB})
    if {busy}: part("y" * 10)
"""
        )
        result, outlet = stream(host, streaming_function(host, script, memory_mib=128))

        assert outlet.content.startswith(b"half")
        assert result.outcome.stream is not None
        assert result.outcome.stream.error_code == "Runtime.TruncatedResponse"
        assert error_of(result)["errorType"] == "Runtime.OutOfMemory"
        assert result.outcome.max_memory_mib == 128
        assert [event.reason for event in host.resets()] == ["out of memory"]

    def test_a_caller_that_waits_is_told_the_reason(self, host: FunctionHost) -> None:
        result = host.invoke(streaming_function(host, BEGIN + "os._exit(7)"))

        assert error_of(result)["errorMessage"].endswith("exit status 7")


class TestBeforeTheFirstByte:
    @pytest.mark.parametrize(
        ("script", "error_type"),
        [
            ("next_event(); os._exit(1)", "Runtime.ExitError"),
            ("next_event(); hold('never')", "Sandbox.Timedout"),
            ("os._exit(1)", "Runtime.ExitError"),
        ],
        ids=["exit", "time-out", "init"],
    )
    def test_there_is_no_stream(self, host: FunctionHost, script: str, error_type: str) -> None:
        result, outlet = stream(host, streaming_function(host, script, timeout_seconds=1))

        assert error_of(result)["errorType"] == error_type
        assert result.outcome.stream is None
        assert (outlet.content_types, outlet.parts) == ([], [])
        assert ends_of(host, "ResponseStreamed") == []
