"""Which environment takes an event, and when environments end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lambdakit.harness.runtime.outcomes import EnvironmentGone
from lambdakit.harness.runtime.runtime_conversation import InvocationRequest
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.trace import InvocationEnded, InvocationStarted
from tests.fakes.function_host import HOLD, FunctionHost, error_of, json_of, own_lines
from tests.fakes.waiting import wait_for_exit

MIB = 1024 * 1024


def _held(gate: str) -> str:
    """A function that says its process's number, stands still at `gate`, and returns which environment it is."""
    return f"""{HOLD}
def handler(event, context):
    print(os.getpid(), flush=True)
    hold({gate!r})
    return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
"""


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

        results = [json_of(host.invoke(function)) for _ in range(3)]

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
        first = json_of(host.invoke(function))

        os.kill(first, signal.SIGKILL)
        wait_for_exit(first)
        second = json_of(host.invoke(function))

        assert second != first
        assert [event.reason for event in host.stopped()] == ["crash"]

    @pytest.mark.parametrize("size", [2, 100_000])
    def test_one_that_dies_before_it_reads_its_event_loses_none(self, host: FunctionHost, size: int) -> None:
        if not host.shares_pids:
            pytest.skip("the process cannot be named from out here")
        function = host.function("import os\ndef handler(event, context): return [os.getpid(), len(event)]")
        first = json_of(host.invoke(function, "x"))[0]

        with host.pool.lease(function) as environment, pytest.raises(EnvironmentGone):
            os.kill(first, signal.SIGKILL)
            environment.invoke(
                InvocationRequest(
                    request_id="r", invoked_arn=function.arn, payload=b'"' + b"x" * size + b'"', trace_id=""
                )
            )
        second, length = json_of(host.invoke(function, "x" * size))

        assert second != first
        assert length == size

    def test_one_that_dies_on_its_way_back_loses_no_event_and_tells_of_it_once(self, host: FunctionHost) -> None:
        source = """
        import os, sys, threading

        def leave(client):
            threading.Event().wait(0.3)
            os._exit(1)

        def handler(event, context):
            if event == "leave":
                runtime = sys.modules["awslambdaric.lambda_runtime_client"]
                runtime.LambdaRuntimeClient.wait_next_invocation = leave
            return event
        """
        function = host.function(source)
        first = host.invoke(function, "leave")

        second = host.invoke(function, 1)

        assert json_of(second) == 1
        assert [event.reason for event in host.resets()] == ["crash"]
        started = [event for event in host.trace.events() if isinstance(event, InvocationStarted)]
        assert [event.request_id for event in started] == [first.request_id, second.request_id]
        assert sum(line.startswith("START RequestId") for _, line in host.logs.written) == 2

    def test_two_events_at_once_get_two_environments(self, host: FunctionHost) -> None:
        function = host.function(_held("both"))

        calls = [host.start(function) for _ in range(2)]
        host.gates.wait_for("both", count=2)
        busy = host.pool.busy
        host.gates.open("both")
        streams = {json_of(call.result()) for call in calls}
        third = json_of(host.invoke(function))

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

        found = [json_of(host.invoke(function)) for function in (first, second)]

        assert [version for version, _ in found] == ["1", "2"]
        assert found[0][1] != found[1][1]

    def test_retired_while_busy_it_finishes_and_is_not_used_again(self, host: FunctionHost) -> None:
        function = host.function(_held("busy"))

        call = host.start(function)
        host.gates.wait_for("busy")
        host.pool.retire(function.arn, reason="updated")
        host.gates.open("busy")
        first = call.result()
        second = host.invoke(function)

        assert first.outcome.status == "success"
        assert json_of(second) != json_of(first)
        assert [event.reason for event in host.stopped()] == ["updated"]

    def test_retired_while_idle_it_is_gone_at_once(self, host: FunctionHost) -> None:
        function = host.function("import os\ndef handler(event, context): return os.getpid()")
        other = host.function("import os\ndef handler(event, context): return os.getpid()", name="other")
        pids = {name.name: json_of(host.invoke(name)) for name in (function, other)}

        host.pool.retire(function.arn, reason="updated")

        host.expect_gone(pids["fn"])
        assert [(event.function, event.reason) for event in host.stopped()] == [("fn", "updated")]
        assert json_of(host.invoke(other)) == pids["other"]

    def test_closed_while_busy_nothing_is_left(self, host: FunctionHost) -> None:
        function = host.function(_held("busy"))

        call = host.start(function)
        host.gates.wait_for("busy")
        host.pool.close()
        result = call.result()

        assert error_of(result)["errorType"] == "Runtime.ExitError"
        assert host.pool.busy == 0
        assert [event.reason for event in host.stopped()] == ["shutdown"]
        host.expect_gone(int(own_lines(result)[0]))

    def test_closed_twice_is_harmless_and_later_events_fail_at_once(self, host: FunctionHost) -> None:
        function = host.function("def handler(event, context): return 'never'")
        host.invoke(function)

        host.pool.close()
        host.pool.close()
        result = host.invoke(function)

        assert error_of(result)["errorType"] == "Runtime.ExitError"
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
