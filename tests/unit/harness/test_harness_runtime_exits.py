"""Functions whose process ends, hangs or leaves something behind."""

from __future__ import annotations

import pytest

from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from tests.fakes.function_host import FunctionHost, error_of, json_of, own_lines

MIB = 1024 * 1024


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

        assert error_of(result) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
        }
        assert result.outcome.status == "crash"

    def test_an_exit_right_after_asking_for_the_event_that_the_init_belongs_to(self, host: FunctionHost) -> None:
        source = f"""
        import os, pathlib, socket

        starts = pathlib.Path({host.tmp!r}, "starts")
        starts.write_text((starts.read_text() if starts.exists() else "") + "x")
        if len(starts.read_text()) == 1:
            raise ValueError("so that the next init is part of the invocation")
        host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
        connection = socket.create_connection((host, int(port)))
        connection.send(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
        os._exit(4)
        """
        function = host.function(source)

        result = host.invoke(function)

        assert result.outcome.status == "crash"
        assert error_of(result)["errorMessage"].endswith("Runtime exited with error: exit status 4")

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

        assert error_of(result) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
        }
        assert result.outcome.status == "crash"
        assert "last words" in own_lines(result)
        assert "\tStatus: error\tError Type: Runtime.ExitError\t" in result.log[-1]
        assert [event.reason for event in host.resets()] == ["crash"]
        assert json_of(following) == "alive"

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

        assert error_of(result) == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {result.request_id} Error: Task timed out after 1.00 seconds",
        }
        assert result.outcome.status == "timeout"
        assert 1000 <= result.outcome.duration_ms < 3000
        assert result.log[-1].endswith("\tStatus: timeout\t")
        assert [event.reason for event in host.resets()] == ["timeout"]
        assert json_of(following) == "alive"
        host.expect_gone(int(own_lines(result)[0]))

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
        host.expect_gone(json_of(result))

    def test_a_child_that_lives_on_does_not_hide_the_exit(self, host: FunctionHost) -> None:
        source = """
        import os, subprocess

        def handler(event, context):
            print(subprocess.Popen(["sleep", "300"]).pid, flush=True)
            os._exit(4)
        """
        function = host.function(source)

        result = host.invoke(function)

        assert error_of(result)["errorMessage"].endswith("exit status 4")
        assert result.outcome.duration_ms < 5000
        host.expect_gone(int(own_lines(result)[0]))
