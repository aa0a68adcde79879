from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DrainTimeout, HarnessError
from lambdakit.session.deployment import Deployment
from lambdakit.session.harness import Harness
from lambdakit.session.results import FunctionFailed, LambdaApiError
from lambdakit.trace import FunctionLogged, InvocationEnded, InvocationStarted
from tests.fakes.fake_assembly import fake_harness, write_assembly


@pytest.fixture
def harness() -> Iterator[Harness]:
    with fake_harness() as started:
        yield started


@pytest.fixture
def deployment(harness: Harness, tmp_path: Path) -> Deployment:
    functions = {f"shop-{name}": f"shop/{name}/Resource" for name in ("echo", "fail", "late")}
    return harness.deploy(write_assembly(tmp_path / "assembly", functions=functions))


def test_result_joins_the_answer_with_the_trace(deployment: Deployment) -> None:
    result = deployment.function("echo").invoke({"sku": "ä"}, qualifier="live")

    assert result.payload == {"sku": "ä"}
    assert (result.function_error, result.status_code, result.executed_version) == (None, 200, "7")
    assert (result.duration_ms, result.billed_duration_ms, result.init_duration_ms) == (12.3, 13, 8.5)
    assert result.max_memory_used_mb == 31
    assert result.log.splitlines()[:2] == [f"START RequestId: {result.request_id}", "hello"]
    assert result.raise_for_error() is result


@pytest.mark.parametrize(
    ("payload", "sent"),
    [(None, {}), ({}, {}), ([], []), ("text", "text"), (0, 0), (b'{"raw": 1}', {"raw": 1})],
    ids=repr,
)
def test_payload_is_sent_as_json(deployment: Deployment, payload: object, sent: object) -> None:
    assert deployment.function("echo").invoke(payload).payload == sent


def test_function_error_is_a_result_and_raises_when_asked(deployment: Deployment) -> None:
    result = deployment.function("fail").invoke({})

    assert result.function_error == "Unhandled"
    assert result.payload == {"errorType": "ValueError", "errorMessage": "no such sku"}
    with pytest.raises(FunctionFailed, match="shop-fail: the function failed: ValueError: no such sku") as failure:
        result.raise_for_error()
    assert failure.value.result is result
    assert "    hello" in str(failure.value)


def test_end_that_reaches_the_trace_late_is_waited_for(deployment: Deployment) -> None:
    assert deployment.function("late").invoke({}).duration_ms == 12.3


@pytest.mark.parametrize(("invocation_type", "status"), [("Event", 202), ("DryRun", 204)])
def test_call_that_does_not_wait_has_no_account_of_a_run(
    deployment: Deployment, invocation_type: str, status: int
) -> None:
    result = deployment.function("echo").invoke({}, invocation_type=invocation_type)  # type: ignore[arg-type]

    assert (result.status_code, result.payload, result.raw_payload) == (status, None, b"")
    assert (result.duration_ms, result.executed_version, result.log) == (None, None, "")
    assert result.request_id


def test_refusal_of_the_api_carries_code_and_message(deployment: Deployment) -> None:
    with pytest.raises(LambdaApiError) as refusal:
        deployment.function("echo").invoke({}, qualifier="gone")

    assert refusal.value.error_code == "ResourceNotFoundException"
    assert refusal.value.message == "Function not found: shop-echo:gone"
    assert refusal.value.status_code == 404
    assert "ResourceNotFoundException: Function not found: shop-echo:gone [LK530]" in str(refusal.value)


def test_client_context_reaches_the_function(deployment: Deployment) -> None:
    result = deployment.function("echo").invoke({}, client_context={"custom": {"a": "b"}})

    assert "context eyJjdXN0b20iOiB7ImEiOiAiYiJ9fQ==" in result.log


def test_invocations_are_a_view_of_the_trace(deployment: Deployment) -> None:
    function = deployment.function("echo")
    assert not function.invocations

    function.invoke({"n": 1}, qualifier="live")
    deployment.function("fail").invoke({"n": 2})
    function.invoke({"n": 3})

    first, second = function.invocations
    assert (first.event, first.result, first.qualifier, first.status) == ({"n": 1}, {"n": 1}, "live", "success")
    assert second.event == {"n": 3}
    assert "hello" in second.log


def test_trace_is_complete_when_read_and_can_be_counted(harness: Harness, deployment: Deployment) -> None:
    deployment.function("echo").invoke({})
    deployment.function("fail").invoke({})

    assert harness.trace.count(InvocationEnded) == 2
    assert harness.trace.count(InvocationEnded, status="error", function="shop-fail") == 1
    assert [event.function for event in harness.trace.of(InvocationStarted)] == ["shop-echo", "shop-fail"]
    assert [event.sequence for event in harness.trace.events] == list(range(1, 11))
    with pytest.raises(AttributeError):
        harness.trace.count(InvocationEnded, colour="red")


def test_cleared_trace_begins_with_what_comes(harness: Harness, deployment: Deployment) -> None:
    deployment.function("echo").invoke({})

    harness.trace.clear()

    assert harness.trace.events == ()
    deployment.function("echo").invoke({})
    assert harness.trace.count(InvocationEnded) == 1


def test_trace_is_still_readable_after_close(harness: Harness, deployment: Deployment) -> None:
    deployment.function("echo").invoke({})
    trace = harness.trace

    harness.close()

    assert trace.count(InvocationEnded) == 1


def test_followed_trace_yields_what_was_and_what_comes_until_close(harness: Harness, deployment: Deployment) -> None:
    deployment.function("echo").invoke({"n": 1})
    followed = harness.trace.follow()
    lines = (event for event in followed if isinstance(event, InvocationStarted))

    was = next(lines)
    later = threading.Timer(0.05, deployment.function("echo").invoke, [{"n": 2}])
    later.start()
    comes = next(lines)
    later.join()
    harness.close()

    assert (was.payload, comes.payload) == ('{"n": 1}', '{"n": 2}')
    assert all(isinstance(event, FunctionLogged | InvocationEnded) for event in followed)


def test_many_threads_share_one_harness(harness: Harness, deployment: Deployment) -> None:
    function = deployment.function("echo")
    answers: list[object] = []

    threads = [
        threading.Thread(target=lambda n=n: answers.append(function.invoke({"n": n}).payload)) for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(str(answer) for answer in answers) == sorted(str({"n": n}) for n in range(16))
    assert len(function.invocations) == 16


def test_drain_returns_what_is_scheduled(harness: Harness) -> None:
    (work,) = harness.drain()

    assert (work.what, work.recurring) == ("rule nightly", True)
    assert work.due.tzinfo is not None
    assert not harness.drain(advance=True)[0].recurring


def test_drain_that_does_not_come_to_rest_shows_the_end_of_the_trace(harness: Harness, deployment: Deployment) -> None:
    for _ in range(5):
        deployment.function("echo").invoke({})

    with pytest.raises(DrainTimeout) as unrest:
        harness.drain(timeout=0.1)

    first, hint, _, *tail = str(unrest.value).splitlines()
    assert (first, hint) == ("1 event is still in flight [LK520]", "  hint: wait longer")
    assert len(tail) == 20
    assert tail[-1].startswith("    #25 InvocationEnded request_id=")


def test_clock_moves_by_the_sum_and_never_back(harness: Harness) -> None:
    before = harness.clock.now()

    after = harness.clock.advance(days=1, hours=2, minutes=3, seconds=4)

    assert 93_784 <= (after - before).total_seconds() < 93_794
    with pytest.raises(HarnessError, match="cannot be moved back: -60 s"):
        harness.clock.advance(minutes=-1)


def test_reading_the_clock_does_not_move_it(harness: Harness) -> None:
    first = harness.clock.now()

    second = harness.clock.now()

    assert 0 <= (second - first).total_seconds() < 10


@pytest.mark.parametrize("step", [{"days": 1e12}, {"seconds": float("nan")}, {"step": timedelta.max, "seconds": 1}])
def test_a_step_that_no_clock_can_take_is_a_message(harness: Harness, step: dict[str, Any]) -> None:
    with pytest.raises(HarnessError, match=r"clock\.advance: .*\[LK542\]"):
        harness.clock.advance(**step)


def test_clock_that_waits_in_vain_shows_the_end_of_the_trace(harness: Harness, deployment: Deployment) -> None:
    deployment.function("echo").invoke({})

    with pytest.raises(DrainTimeout) as unrest:
        harness.clock.advance(minutes=1, timeout=0.1)

    assert "1 event is still in flight [LK520]" in str(unrest.value)
    assert str(unrest.value).splitlines()[-1].startswith("    #5 InvocationEnded request_id=")


def test_functions_of_one_name_in_two_places_have_invocations_of_their_own(harness: Harness, tmp_path: Path) -> None:
    here = "arn:aws:lambda:us-east-1:123456789012:function:echo"
    there = "arn:aws:lambda:eu-west-1:222222222222:function:echo"
    assembly = write_assembly(tmp_path / "assembly", functions={"echo": "shop/echo/Resource"})
    wire = json.loads((assembly / "fake.json").read_text())
    wire["functions"].append({**wire["functions"][0], "arn": there, "path": "other/echo/Resource"})
    (assembly / "fake.json").write_text(json.dumps(wire))
    deployment = harness.deploy(assembly)

    for arn in (here, there, there):
        deployment.function(arn).invoke(arn)

    assert [each.event for each in deployment.function(here).invocations] == [here]
    assert [each.event for each in deployment.function(there).invocations] == [there, there]
