"""Functions as real processes: what comes of an event, whatever the function does."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.invocation.invoke import InvocationResult
from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.lifecycle import State
from lambdakit.harness.runtime.runtime_image import RuntimeUnavailable
from lambdakit.trace import EnvironmentStarted, InvocationEnded, InvocationStarted
from tests.fakes.function_host import HOLD, FunctionHost
from tests.fakes.waiting import wait_for_exit

MIB = 1024 * 1024


def _json(result: InvocationResult) -> Any:
    return json.loads(result.outcome.payload)


def _error(result: InvocationResult) -> Any:
    assert result.outcome.fault is not None, f"the invocation succeeded: {result.outcome.payload[:200]!r}"
    return _json(result)


def _own_lines(result: InvocationResult) -> list[str]:
    return [line for line in result.log if not re.match(r"(START|END|REPORT) RequestId: ", line)]


def _is_gone(host: FunctionHost, pid: int) -> None:
    """A process that the function named has ended; in a sandbox its number says nothing out here."""
    if host.shares_pids:
        wait_for_exit(pid)


class TestSuccess:
    def test_the_result_is_the_payload(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return {'got': event}")

        result = host.invoke(function, {"sku": "a"})

        assert _json(result) == {"got": {"sku": "a"}}
        assert result.outcome.status == "success"
        assert result.executed_version == "$LATEST"

    @pytest.mark.parametrize("event", [None, True, 0, -1.5, "", "x", [], [1, [2]], {}, {"a": {"b": None}}])
    def test_every_json_value_goes_in_and_out(self, host: FunctionHost, event: object) -> None:
        function = host.function("def handler(event, context): return event")

        result = host.invoke(function, event)

        assert _json(result) == event

    def test_an_empty_payload_is_an_empty_object(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return event")

        result = host.invoke(function, b"")

        assert _json(result) == {}

    def test_unicode_goes_in_and_out(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return {'é': event, 'length': len(event)}")

        result = host.invoke(function, "ü😀\u2028\x00")

        assert _json(result) == {"é": "ü😀\u2028\x00", "length": 4}

    def test_bytes_are_passed_on_as_they_are(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return b'\\xff\\x00no json'")

        result = host.invoke(function)

        assert result.outcome.payload == b"\xff\x00no json"
        assert result.outcome.status == "success"

    def test_an_event_of_6_mib_arrives_whole(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return [len(event), event[-1]]")

        result = host.invoke(function, "x" * (6 * MIB - 3) + "y")

        assert _json(result) == [6 * MIB - 2, "y"]

    # The reference: an answer may be 6 MiB and 100 bytes long. The quotes take two of them.
    def test_the_largest_answer_is_passed_on(self, host: FunctionHost) -> None:
        function = host.function(f"def handler(event, context): return 'x' * {6 * MIB + 100 - 2}")

        result = host.invoke(function)

        assert len(result.outcome.payload) == 6_291_556
        assert result.outcome.status == "success"

    def test_one_byte_more_is_refused_and_the_next_event_is_served(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return 'x' * event")

        result = host.invoke(function, 6 * MIB + 100 - 1)
        following = host.invoke(function, 3)

        assert _error(result) == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        }
        assert result.outcome.status == "error"
        assert _json(following) == "xxx"


class TestContext:
    def test_the_context_says_who_and_what(self, host: FunctionHost) -> None:
        source = """
        def handler(event, context):
            names = ["aws_request_id", "function_name", "function_version", "invoked_function_arn",
                     "memory_limit_in_mb", "log_group_name", "log_stream_name"]
            return {name: getattr(context, name) for name in names}
        """
        function = host.function(source, version="7", memory_mib=640)

        result = host.invoke(function, qualifier="live")

        found = _json(result)
        stream = found.pop("log_stream_name")
        assert found == {
            "aws_request_id": result.request_id,
            "function_name": "fn",
            "function_version": "7",
            "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:fn:live",
            "memory_limit_in_mb": "640",
            "log_group_name": "/aws/lambda/fn",
        }
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[7\][0-9a-f]{32}", stream)

    def test_the_remaining_time_counts_down_from_the_time_out(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return context.get_remaining_time_in_millis()")

        cold = _json(host.invoke(function))
        warm = _json(host.invoke(function))

        assert 15_000 < cold <= 20_000
        assert 15_000 < warm <= 20_000

    def test_the_client_context_arrives_in_any_language(self, host: FunctionHost) -> None:
        source = """
        def handler(event, context):
            client = context.client_context
            return [client.custom, client.env]
        """
        function = host.function(source)

        result = host.invoke(function, client_context='{"custom": {"ü": "😀"},\n "env": {"k": "v"}}')

        assert _json(result) == [{"ü": "😀"}, {"k": "v"}]

    def test_without_a_client_context_there_is_none(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return context.client_context is None")

        assert _json(host.invoke(function)) is True

    def test_a_well_formed_trace_header_is_handed_on(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
        upstream = "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Parent=53995c3f42cd8ad8;Sampled=1"

        given = _json(host.invoke(function, trace_id=upstream))
        made = _json(host.invoke(function, trace_id="nonsense"))

        assert given == upstream
        assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", made)


class TestErrorsOfTheFunction:
    def test_an_exception_is_the_payload_and_the_environment_stays(self, host: FunctionHost) -> None:
        source = """
        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            if event:
                raise LookupError("no ü")
            return calls
        """
        function = host.function(source)

        failed = host.invoke(function, True)
        following = host.invoke(function, False)

        error = _error(failed)
        assert set(error) == {"errorMessage", "errorType", "requestId", "stackTrace"}
        assert error["errorMessage"] == "no ü"
        assert error["errorType"] == "LookupError"
        assert error["requestId"] == failed.request_id
        assert len(error["stackTrace"]) == 1
        assert re.fullmatch(
            r'  File "[^"]*/app\.py", line 8, in handler\n    raise LookupError\("no ü"\)\n', error["stackTrace"][0]
        )
        assert failed.outcome.status == "error"
        assert _json(following) == 2

    def test_the_traceback_is_one_entry_of_the_log(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): raise LookupError('no')")

        result = host.invoke(function)

        (entry,) = _own_lines(result)
        assert entry.startswith("[ERROR] LookupError: no\nTraceback (most recent call last):\n")

    def test_a_very_long_message_arrives_whole(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): raise ValueError('é' * event) if event else 'fine'")

        failed = host.invoke(function, 1_200_000)
        nearly = host.invoke(function, 500_000)

        assert _error(failed)["errorMessage"] == "é" * 1_200_000
        assert _error(nearly)["errorMessage"] == "é" * 500_000
        assert host.stopped() == []

    def test_a_result_that_is_no_json_is_a_marshal_error(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return object() if event else 'fine'")

        failed = host.invoke(function, True)
        following = host.invoke(function, False)

        error = _error(failed)
        assert error["errorType"] == "Runtime.MarshalError"
        assert error["errorMessage"].startswith("Unable to marshal response: ")
        assert _json(following) == "fine"

    def test_an_event_that_is_no_json_is_an_unmarshal_error(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return 'never'")

        error = _error(host.invoke(function, b"{"))

        assert error["errorType"] == "Runtime.UnmarshalError"
        assert error["errorMessage"].startswith("Unable to unmarshal input: ")

    @pytest.mark.parametrize(
        ("source", "handler", "error_type", "message"),
        [
            ("import missing_package", "app.handler", "Runtime.ImportModuleError", "Unable to import module 'app': "),
            ("", "elsewhere.handler", "Runtime.ImportModuleError", "Unable to import module 'elsewhere': "),
            ("", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
            ("def (", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
            ("", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler': "),
            ("", "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
            ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
        ],
    )
    def test_a_module_that_does_not_load_is_the_error_of_the_invocation(
        self, host: FunctionHost, source: str, handler: str, error_type: str, message: str
    ) -> None:
        function = host.function(source, handler=handler)

        result = host.invoke(function)

        error = _error(result)
        assert error["errorType"] == error_type
        assert error["errorMessage"].startswith(message)
        assert error["requestId"] == ""
        assert isinstance(error["stackTrace"], list)
        assert result.outcome.status == "error"
        (started,) = (event for event in host.trace.events() if isinstance(event, EnvironmentStarted))
        assert started.status == "error"
        assert [event.reason for event in host.stopped()] == ["init failed"]

    def test_after_a_failed_init_the_next_event_finds_a_new_environment(self, host: FunctionHost) -> None:
        function = host.function("import missing_package")

        first = host.invoke(function)
        second = host.invoke(function)

        assert _error(first)["errorType"] == _error(second)["errorType"] == "Runtime.ImportModuleError"
        assert len({event.environment for event in host.stopped()}) == 2


class TestEndOfTheProcess:
    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("import sys; sys.exit(0)", "Runtime exited without providing a reason"),
            ("import sys; sys.exit(2)", "Runtime exited with error: exit status 2"),
            ("import os; os._exit(7)", "Runtime exited with error: exit status 7"),
            ("import os; os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ],
    )
    def test_an_exit_of_the_module(self, host: FunctionHost, source: str, reason: str) -> None:
        function = host.function(source)

        result = host.invoke(function)

        assert _error(result) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
        }
        assert result.outcome.status == "crash"

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("os._exit(0)", "Runtime exited without providing a reason"),
            ("os._exit(3)", "Runtime exited with error: exit status 3"),
            ("sys.exit(5)", "Runtime exited with error: exit status 5"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
            ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
            ("os.kill(os.getpid(), signal.SIGTERM)", "Runtime exited with error: signal: terminated"),
            ("os.abort()", "Runtime exited with error: signal: aborted"),
        ],
    )
    def test_an_exit_of_the_handler(self, host: FunctionHost, source: str, reason: str) -> None:
        function = host.function(
            f"""
            import os, signal, sys

            def handler(event, context):
                if event == "go on":
                    return "alive"
                print("last words", flush=True)
                {source}
            """
        )

        result = host.invoke(function)
        following = host.invoke(function, "go on")

        assert _error(result) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
        }
        assert result.outcome.status == "crash"
        assert "last words" in _own_lines(result)
        assert "\tStatus: error\tError Type: Runtime.ExitError\t" in result.log[-1]
        assert [event.reason for event in host.stopped()] == ["crash"]
        assert _json(following) == "alive"

    def test_a_time_out_names_the_configured_seconds(self, host: FunctionHost) -> None:
        source = """
        import os, threading

        def handler(event, context):
            if event == "go on":
                return "alive"
            print(os.getpid(), flush=True)
            threading.Event().wait()
        """
        function = host.function(source, timeout_seconds=1)

        result = host.invoke(function)
        following = host.invoke(function, "go on")

        assert _error(result) == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {result.request_id} Error: Task timed out after 1.00 seconds",
        }
        assert result.outcome.status == "timeout"
        assert 1000 <= result.outcome.duration_ms < 3000
        assert result.log[-1].endswith("\tStatus: timeout\t")
        assert [event.reason for event in host.stopped()] == ["timeout"]
        assert _json(following) == "alive"
        _is_gone(host, int(_own_lines(result)[0]))

    def test_a_stopped_process_does_not_outlast_its_time_out(self, host: FunctionHost) -> None:
        source = """
        import os, signal

        def handler(event, context):
            os.kill(os.getpid(), signal.SIGSTOP)
        """
        function = host.function(source, timeout_seconds=1)

        result = host.invoke(function)

        assert result.outcome.status == "timeout"
        assert result.outcome.duration_ms < 3000

    def test_an_init_that_takes_too_long_is_a_time_out(self, host: FunctionHost) -> None:
        function = host.function("import threading; threading.Event().wait()")
        environment = ExecutionEnvironment(
            function,
            launcher=host.launcher,
            variables=lambda _, place: {"AWS_LAMBDA_RUNTIME_API": place.runtime_api, "_HANDLER": function.handler},
            log=lambda *_: None,
        )

        initialization = environment.initialize(request_id="r-1", limit_seconds=0.3)
        environment.close()

        assert initialization.status == "timeout"
        assert initialization.fault is not None
        assert initialization.fault.error_type == "Sandbox.Timedout"
        assert initialization.duration_ms >= 300

    def test_a_child_that_lives_on_holds_up_nothing_and_ends_with_the_environment(self, host: FunctionHost) -> None:
        source = """
        import subprocess

        def handler(event, context):
            child = subprocess.Popen(["sleep", "300"])
            return child.pid
        """
        function = host.function(source)

        result = host.invoke(function)
        host.pool.close()

        assert result.outcome.duration_ms < 5000
        _is_gone(host, _json(result))

    def test_a_child_that_lives_on_does_not_hide_the_exit(self, host: FunctionHost) -> None:
        source = """
        import os, subprocess

        def handler(event, context):
            print(subprocess.Popen(["sleep", "300"]).pid, flush=True)
            os._exit(4)
        """
        function = host.function(source)

        result = host.invoke(function)

        assert _error(result)["errorMessage"].endswith("exit status 4")
        assert result.outcome.duration_ms < 5000
        _is_gone(host, int(_own_lines(result)[0]))


class TestOutput:
    def test_lines_are_in_before_the_outcome_is(self, host: FunctionHost) -> None:
        source = """
        import sys

        print("while it loads")

        def handler(event, context):
            print("out")
            print("err", file=sys.stderr)
            sys.stdout.write("no line break")
        """
        function = host.function(source)

        result = host.invoke(function)
        host.pool.close()

        request = result.request_id
        assert list(result.log[:4]) == ["while it loads", f"START RequestId: {request} Version: $LATEST", "out", "err"]
        assert result.log[4] == f"END RequestId: {request}"
        assert re.fullmatch(
            rf"REPORT RequestId: {request}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB"
            r"\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\t",
            result.log[5],
        )
        written = [line for _, line in host.logs.written]
        assert [line for line in written if line in ("out", "err", "no line break")] == ["out", "err", "no line break"]

    def test_logging_has_the_form_of_the_runtime(self, host: FunctionHost) -> None:
        source = """
        import logging

        def handler(event, context):
            logging.getLogger().warning("careful\\nnow")
        """
        function = host.function(source)

        result = host.invoke(function)

        text = "\n".join(_own_lines(result))
        assert re.fullmatch(
            rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{result.request_id}\tcareful\nnow", text
        )

    def test_json_logs_are_asked_for_by_the_configuration(self, host: FunctionHost) -> None:
        source = """
        import logging

        def handler(event, context):
            logging.getLogger().info("heard")
            logging.getLogger().debug("not heard")
        """
        function = host.function(source, log_format="JSON")

        result = host.invoke(function)

        (line,) = _own_lines(result)
        assert json.loads(line)["message"] == "heard"
        assert json.loads(line)["requestId"] == result.request_id

    def test_bytes_that_are_no_text_are_kept_as_replacement_characters(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            os.write(1, b"\\xff\\x00\\xfe\\nplain\\n")
        """
        function = host.function(source)

        result = host.invoke(function)

        assert _own_lines(result) == ["\ufffd\x00\ufffd", "plain"]

    @pytest.mark.parametrize("ending", ["\\n", ""])
    def test_a_line_of_several_megabytes_is_kept_in_pieces(self, host: FunctionHost, ending: str) -> None:
        source = f"""
        import os

        def handler(event, context):
            os.write(1, ("é" * event + "{ending}").encode())
        """
        function = host.function(source)

        result = host.invoke(function, 1_500_000)
        host.pool.close()

        pieces = [line for _, line in host.logs.written if line.startswith("é")]
        assert "".join(pieces) == "é" * 1_500_000
        assert max(len(piece.encode()) for piece in pieces) <= 256 * 1024
        assert result.outcome.status == "success"

    def test_a_flood_of_lines_is_kept_whole(self, host: FunctionHost) -> None:
        source = """
        def handler(event, context):
            for number in range(event):
                print(number)
        """
        function = host.function(source)

        result = host.invoke(function, 20_000)

        assert _own_lines(result) == [str(number) for number in range(20_000)]

    def test_a_process_that_never_stops_writing_is_timed_out(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            while True:
                os.write(1, b"x" * 65536)
        """
        function = host.function(source, timeout_seconds=1)

        result = host.invoke(function)

        assert result.outcome.status == "timeout"
        assert result.outcome.duration_ms < 5000

    def test_closing_its_output_is_no_end_of_the_function(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            os.close(1)
            os.close(2)
            return "quiet"
        """
        function = host.function(source)

        first = host.invoke(function)

        assert _json(first) == "quiet"

    def test_output_after_the_answer_is_not_lost(self, host: FunctionHost) -> None:
        source = """
        import threading

        second_event = threading.Event()

        def late():
            second_event.wait()
            print("late words", flush=True)

        thread = threading.Thread(target=late, daemon=True)

        def handler(event, context):
            if event == "first":
                thread.start()
            else:
                second_event.set()
                thread.join()
        """
        function = host.function(source)

        host.invoke(function, "first")
        second = host.invoke(function, "second")

        assert _own_lines(second) == ["late words"]
        assert [line for _, line in host.logs.written].count("late words") == 1


class TestReuse:
    def test_globals_persist_from_one_event_to_the_next(self, host: FunctionHost) -> None:
        source = """
        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            return calls
        """
        function = host.function(source)

        results = [_json(host.invoke(function)) for _ in range(3)]

        assert results == [1, 2, 3]
        started = [event for event in host.trace.events() if isinstance(event, InvocationStarted)]
        assert [event.cold_start for event in started] == [True, False, False]
        assert len({event.environment for event in started}) == 1

    def test_only_the_first_report_has_an_init_duration(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): pass")

        cold, warm = host.invoke(function), host.invoke(function)

        assert "Init Duration" in cold.log[-1]
        assert "Init Duration" not in warm.log[-1]
        ended = [event for event in host.trace.events() if isinstance(event, InvocationEnded)]
        assert ended[0].init_duration_ms is not None
        assert ended[1].init_duration_ms is None

    def test_an_environment_that_died_meanwhile_loses_no_event(self, host: FunctionHost) -> None:
        if not host.shares_pids:
            pytest.skip("the process cannot be named from out here")
        function = host.function("import os\ndef handler(event, context): return os.getpid()")
        first = _json(host.invoke(function))

        os.kill(first, signal.SIGKILL)
        wait_for_exit(first)
        second = _json(host.invoke(function))

        assert second != first
        assert [event.reason for event in host.stopped()] == ["crash"]

    def test_two_events_at_once_get_two_environments(self, host: FunctionHost) -> None:
        source = HOLD + "\nimport os\ndef handler(event, context):\n    hold('both')\n    return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']\n"
        function = host.function(source)

        calls = [host.start(function) for _ in range(2)]
        host.gates.wait_for("both", count=2)
        busy = host.pool.busy
        host.gates.open("both")
        streams = {_json(call.result()) for call in calls}
        third = _json(host.invoke(function))

        assert busy == 2
        assert len(streams) == 2
        assert third in streams

    def test_versions_do_not_share_environments(self, host: FunctionHost) -> None:
        source = """
        import os

        def handler(event, context):
            return [os.environ["AWS_LAMBDA_FUNCTION_VERSION"], os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]]
        """
        first, second = (host.function(source, version=version) for version in ("1", "2"))

        found = [_json(host.invoke(function)) for function in (first, second)]

        assert [version for version, _ in found] == ["1", "2"]
        assert found[0][1] != found[1][1]

    def test_retired_while_busy_it_finishes_and_is_not_used_again(self, host: FunctionHost) -> None:
        source = HOLD + "\nimport os\ndef handler(event, context):\n    hold('busy')\n    return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']\n"
        function = host.function(source)

        call = host.start(function)
        host.gates.wait_for("busy")
        host.pool.retire(function.arn, reason="updated")
        host.gates.open("busy")
        first = call.result()
        second = host.invoke(function)

        assert first.outcome.status == "success"
        assert _json(second) != _json(first)
        assert [event.reason for event in host.stopped()] == ["updated"]

    def test_retired_while_idle_it_is_gone_at_once(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): return os.getpid()")
        other = host.function("import os\ndef handler(event, context): return os.getpid()", name="other")
        pids = {name.name: _json(host.invoke(name)) for name in (function, other)}

        host.pool.retire(function.arn, reason="updated")

        _is_gone(host, pids["fn"])
        assert [(event.function, event.reason) for event in host.stopped()] == [("fn", "updated")]
        assert _json(host.invoke(other)) == pids["other"]

    def test_closed_while_busy_nothing_is_left(self, host: FunctionHost) -> None:
        source = HOLD + "\nimport os\ndef handler(event, context):\n    print(os.getpid(), flush=True)\n    hold('busy')\n"
        function = host.function(source)

        call = host.start(function)
        host.gates.wait_for("busy")
        host.pool.close()
        result = call.result()

        assert _error(result)["errorType"] == "Runtime.ExitError"
        assert host.pool.busy == 0
        assert [event.reason for event in host.stopped()] == ["shutdown"]
        _is_gone(host, int(_own_lines(result)[0]))

    def test_closed_twice_is_harmless_and_later_events_fail_at_once(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return 'never'")
        host.invoke(function)

        host.pool.close()
        host.pool.close()
        result = host.invoke(function)

        assert _error(result)["errorType"] == "Runtime.ExitError"
        assert host.pool.busy == 0

    def test_environments_leave_no_descriptor_behind(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): os._exit(1)")
        host.invoke(function)
        before = sum(1 for _ in Path("/proc/self/fd").iterdir())

        for _ in range(5):
            host.invoke(function)

        assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before

    def test_a_runtime_that_nothing_here_can_run_is_refused(self, host: FunctionHost) -> None:
        function = host.function("", runtime="java21")

        with pytest.raises(RuntimeUnavailable, match=r"java21"):
            host.invoke(function)

        assert host.pool.busy == 0


class TestSurroundings:
    def test_only_the_runtime_can_be_imported(self, host: FunctionHost) -> None:
        source = """
        import importlib

        def handler(event, context):
            found = {}
            for name in event:
                try:
                    importlib.import_module(name)
                    found[name] = True
                except ImportError:
                    found[name] = False
            return found
        """
        function = host.function(source)
        runtime = ["json", "sqlite3", "boto3", "botocore", "awslambdaric", "urllib3", "dateutil"]
        surroundings = ["pytest", "moto", "lambdakit", "werkzeug", "aws_cdk", "jsii", "pydantic", "hypothesis", "httpx"]

        found = _json(host.invoke(function, [*runtime, *surroundings]))

        assert found == {**dict.fromkeys(runtime, True), **dict.fromkeys(surroundings, False)}

    def test_nothing_of_the_host_s_environment_is_seen(
        self, host: FunctionHost, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_PROFILE", "company")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHOST")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "host-token")
        monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
        monkeypatch.setenv("MY_SECRET", "canary")
        function = host.function(
            "import os\ndef handler(event, context): return dict(os.environ)", environment={"TABLE": "orders"}
        )

        seen = _json(host.invoke(function))

        assert seen["TABLE"] == "orders"
        assert not {"AWS_PROFILE", "MY_SECRET", "HOME", "USER", "VIRTUAL_ENV"} & set(seen)
        assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
        assert seen["AWS_SESSION_TOKEN"] != "host-token"
        assert "/somewhere/else" not in seen.get("PYTHONPATH", "")
        assert seen["AWS_ENDPOINT_URL"] == host.gates.url
        assert seen["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"

    def test_each_environment_has_a_session_of_its_own_which_ends_with_it(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): return os.environ['AWS_ACCESS_KEY_ID']")

        key = _json(host.invoke(function))
        during = host.credentials.caller(key)
        host.pool.retire(function.arn, reason="updated")

        assert during is not None
        assert (during.function, during.role) == ("fn", function.role)
        assert host.credentials.caller(key) is None

    def test_the_package_is_the_working_directory_and_first_on_the_path(self, host: FunctionHost) -> None:
        source = """
        import os, sys

        def handler(event, context):
            root = os.environ["LAMBDA_TASK_ROOT"]
            return [os.getcwd() == root, sys.path[0] == root, open("app.py").read()[:1] != ""]
        """
        function = host.function(source)

        assert _json(host.invoke(function)) == [True, True, True]

    def test_the_package_beats_layers_later_layers_beat_earlier_ones_and_layers_beat_the_sdk(
        self, host: FunctionHost, tmp_path: Path
    ) -> None:
        # given: who brings which module
        for layer, modules in {"one": ("mine", "shared", "boto3"), "two": ("mine", "shared")}.items():
            for module in modules:
                package = tmp_path / layer / "python" / module
                package.mkdir(parents=True)
                (package / "__init__.py").write_text(f"ORIGIN = 'layer {layer}'")
        function = host.function(
            """
            import boto3, mine, shared

            def handler(event, context):
                return [mine.ORIGIN, shared.ORIGIN, boto3.ORIGIN]
            """,
            layers=(tmp_path / "one", tmp_path / "two"),
        )
        (function.code / "mine.py").write_text("ORIGIN = 'package'")

        found = _json(host.invoke(function))

        assert found == ["package", "layer two", "layer one"]


class TestRuntimeApi:
    """A runtime that does not keep to the protocol. It is written into the module, before the client takes over."""

    CLIENT = """
import http.client, json, os, socket

address = os.environ["AWS_LAMBDA_RUNTIME_API"]
connection = http.client.HTTPConnection(address, timeout=20)
said = []

def call(method, path, body=None, headers={}):
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
    response = connection.getresponse()
    text = response.read()
    if (method, path) != ("GET", "invocation/next"):
        said.append([response.status, json.loads(text)])
    return response

def next_event():
    return call("GET", "invocation/next").headers["Lambda-Runtime-Aws-Request-Id"]

def answer(request_id, result):
    return call("POST", "invocation/" + request_id + "/response", json.dumps(result))
"""

    def _said(self, host: FunctionHost, script: str) -> tuple[InvocationResult, Any]:
        """The result of one event, and what the Runtime API said to `script` until then."""
        function = host.function(self.CLIENT + script)
        result = host.invoke(function)
        assert result.outcome.fault is None, (result.outcome.payload, result.log)
        return result, _json(result)

    def test_a_wrong_request_id_is_refused_and_the_right_one_still_taken(self, host: FunctionHost) -> None:
        _, said = self._said(host, "r = next_event(); answer('0' * 36, 'no'); answer(r, said); next_event()")

        assert said == [[400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}]]

    @pytest.mark.parametrize("call", ["response", "error"])
    def test_an_answer_before_the_first_event_is_out_of_order(self, host: FunctionHost, call: str) -> None:
        _, said = self._said(
            host, f"call('POST', 'invocation/0/{call}', '1'); r = next_event(); answer(r, said); next_event()"
        )

        assert [status for status, _ in said] == [403]
        assert said[0][1]["errorType"] == "InvalidStateTransition"

    def test_an_init_error_during_an_event_is_out_of_order(self, host: FunctionHost) -> None:
        _, said = self._said(host, "r = next_event(); call('POST', 'init/error', '{}'); answer(r, said); next_event()")

        assert [(status, body["errorType"]) for status, body in said] == [(403, "InvalidStateTransition")]

    def test_a_second_answer_is_out_of_order(self, host: FunctionHost) -> None:
        script = """
r = next_event()
answer(r, "first")
answer(r, "second")
call("POST", "invocation/" + r + "/error", "{}")
r = next_event()
answer(r, said)
next_event()
"""
        function = host.function(self.CLIENT + script)

        first, second = host.invoke(function), host.invoke(function)

        assert _json(first) == "first"
        assert [status for status, _ in _json(second)] == [202, 403, 403]
        assert _json(second)[0][1] == {"status": "OK"}

    def test_asking_for_the_next_event_before_the_answer_is_out_of_order(self, host: FunctionHost) -> None:
        script = """
r = next_event()
early = call("GET", "invocation/next")
said.append(early.status)
answer(r, said)
next_event()
"""
        _, said = self._said(host, script)

        assert said == [403]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "nothing"),
            ("DELETE", "invocation/next"),
            ("GET", "invocation/1/response"),
            ("GET", "restore/next"),
            ("POST", "restore/error"),
        ],
    )
    def test_an_unknown_call_is_not_found(self, host: FunctionHost, method: str, path: str) -> None:
        _, said = self._said(host, f"call('{method}', '{path}'); r = next_event(); answer(r, said); next_event()")

        assert [status for status, _ in said] == [404]
        assert set(said[0][1]) == {"errorMessage", "errorType"}

    def test_garbage_is_refused_and_disturbs_nothing(self, host: FunctionHost) -> None:
        script = """
r = next_event()
host, _, port = address.partition(":")
for garbage in (b"\\x16\\x03\\x01 no http\\r\\n\\r\\n", b"GET\\r\\n\\r\\n", b"\\x00" * 100 + b"\\r\\n\\r\\n"):
    with socket.create_connection((host, int(port)), timeout=20) as other:
        other.sendall(garbage)
        said.append(other.makefile("rb").readline().decode().strip())
with socket.create_connection((host, int(port))) as other:
    other.sendall(b"POST /2018-06-01/runtime/invocation/" + r.encode() + b"/response HTTP/1.1\\r\\nContent-Length: 99")
answer(r, said)
next_event()
"""
        _, said = self._said(host, script)

        assert said == ["HTTP/1.1 400 Bad Request"] * 3

    def test_an_echoed_invocation_id_must_be_the_one_handed_out(self, host: FunctionHost) -> None:
        script = """
event = call("GET", "invocation/next")
r, own = event.headers["Lambda-Runtime-Aws-Request-Id"], event.headers["Lambda-Runtime-Invocation-Id"]
call("POST", "invocation/" + r + "/response", "1", {"Lambda-Runtime-Invocation-Id": "0" * 36})
call("POST", "invocation/" + r + "/response", json.dumps(said), {"Lambda-Runtime-Invocation-Id": own})
next_event()
"""
        _, said = self._said(host, script)

        assert [(status, body["errorType"]) for status, body in said] == [(400, "InvalidInvocationId")]

    def test_a_chunked_answer_is_taken(self, host: FunctionHost) -> None:
        script = """
r = next_event()
connection.request("POST", "/2018-06-01/runtime/invocation/" + r + "/response", iter([b'{"a":', b'1}']),
                   {"Transfer-Encoding": "chunked"}, encode_chunked=True)
connection.getresponse().read()
next_event()
"""
        function = host.function(self.CLIENT + script)

        assert _json(host.invoke(function)) == {"a": 1}

    def test_an_error_report_is_passed_on_as_received(self, host: FunctionHost) -> None:
        script = """
r = next_event()
body = '{"errorType": "Mine", "errorMessage": "m", "more": [1]}'
call("POST", "invocation/" + r + "/error", body, {"Lambda-Runtime-Function-Error-Type": "Function.Mine"})
next_event()
"""
        function = host.function(self.CLIENT + script)

        result = host.invoke(function)

        assert result.outcome.payload == b'{"errorType": "Mine", "errorMessage": "m", "more": [1]}'
        assert result.outcome.fault is not None
        assert result.outcome.fault.error_type == "Mine"

    def test_a_runtime_that_never_comes_back_for_the_next_event_times_it_out(self, host: FunctionHost) -> None:
        script = """
import threading
answer(next_event(), "first")
threading.Event().wait()
"""
        function = host.function(self.CLIENT + script, timeout_seconds=1)

        first, second, third = (host.invoke(function) for _ in range(3))

        assert _json(first) == "first"
        assert second.outcome.status == "timeout"
        assert _json(third) == "first"

    def test_a_runtime_that_exits_after_its_answer_costs_no_event(self, host: FunctionHost) -> None:
        function = host.function(self.CLIENT + "answer(next_event(), 'once'); os._exit(0)")

        results = [_json(host.invoke(function)) for _ in range(3)]

        assert results == ["once"] * 3

    def test_a_runtime_that_does_not_read_its_event_is_timed_out(self, host: FunctionHost) -> None:
        script = """
import threading
host, _, port = address.partition(":")
deaf = socket.create_connection((host, int(port)))
deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
deaf.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
threading.Event().wait()
"""
        function = host.function(self.CLIENT + script, timeout_seconds=1)

        result = host.invoke(function, "x" * (6 * MIB))

        assert result.outcome.status == "timeout"
        assert result.outcome.duration_ms < 5000


def test_a_new_environment_is_created_and_a_closed_one_stopped(host: FunctionHost) -> None:
    function: FunctionConfiguration = host.function("")
    environment = ExecutionEnvironment(
        function, launcher=host.launcher, variables=lambda _, place: {}, log=lambda *_: None
    )
    created = environment.state

    environment.close()
    environment.close()

    assert (created, environment.state) == (State.CREATED, State.STOPPED)
    assert environment.peak_memory_mib() == 0
    assert not environment.reusable
