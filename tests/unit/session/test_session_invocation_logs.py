from __future__ import annotations

from lambdakit.session.invocation_logs import InvocationLogs, since_start
from lambdakit.trace import FunctionLogged, InvocationStarted


def _started(request_id: str, environment: str, *, cold: bool) -> InvocationStarted:
    return InvocationStarted(
        request_id=request_id,
        function="f",
        arn="arn:aws:lambda:us-east-1:123456789012:function:f",
        version="1",
        qualifier="",
        environment=environment,
        cold_start=cold,
        payload="{}",
    )


def _line(line: str, environment: str, request_id: str = "") -> FunctionLogged:
    return FunctionLogged(function="f", environment=environment, request_id=request_id, line=line)


def test_log_of_a_cold_start_begins_with_its_environments_own() -> None:
    events = [
        _started("a", "e1", cold=True),
        _line("importing\n", "e1"),
        _line("elsewhere", "e2"),
        _line("first", "e1", "a"),
        _line("between", "e1"),
        _started("b", "e1", cold=False),
        _line("second", "e1", "b"),
    ]

    logs = InvocationLogs(events)

    assert logs.log("a") == "importing\nfirst"
    assert logs.log("b") == "second"
    assert logs.log("c") == ""


def test_lines_of_invocations_side_by_side_stay_apart() -> None:
    events = [
        _started("a", "e1", cold=True),
        _started("b", "e2", cold=True),
        _line("a1", "e1", "a"),
        _line("b1", "e2", "b"),
        _line("a2", "e1", "a"),
    ]

    logs = InvocationLogs(events)

    assert (logs.log("a"), logs.log("b")) == ("a1\na2", "b1")


def test_events_since_a_start_are_found_from_the_end() -> None:
    events = [_started("a", "e1", cold=True), _line("a1", "e1", "a"), _started("b", "e1", cold=False)]

    assert since_start(events, "b") == events[2:]
    assert since_start(events, "a") == events
    assert since_start(events, "unknown") == events


def test_a_cold_start_s_events_begin_with_what_its_environment_wrote_before() -> None:
    before = [_line("elsewhere", "e2"), _line("importing", "e1")]
    events = [*before, _started("a", "e1", cold=True), _line("a1", "e1", "a")]

    assert since_start(events, "a") == events[1:]
    assert InvocationLogs(since_start(events, "a")).log("a") == "importing\na1"
