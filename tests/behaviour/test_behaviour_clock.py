"""The harness's clock and `drain` over the wire, with real functions in flight."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.errors import DrainTimeout, error_from_wire
from tests.fakes.plain_assembly import function, published, write_stack
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.waiting import WAIT_SECONDS, wait_until
from tests.fakes.wired_harness import Answer, WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-clock")

SOURCE = """
import json, os, time, urllib.error, urllib.request

def handler(event, context):
    if "hold" in event:
        waited = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/_lambdakit/health")
        deadline = time.monotonic() + event["hold"]
        while time.monotonic() < deadline:
            urllib.request.urlopen(waited).read()
        return "held"
    call = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"] + "/_lambdakit/clock", data=json.dumps(event).encode(), method="POST"
    )
    before = time.time()
    try:
        with urllib.request.urlopen(call) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:
        told = json.load(error)
    return {"told": told, "moved": time.time() - before}
"""


@pytest.fixture(scope="module", autouse=True)
def deployment(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    resources = function("Fn", SOURCE, FunctionName="mover", Timeout=10) | published("Fn")
    deployed = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "clock", resources))
    yield deployed
    harness.destroy(deployed)


def _now(harness: WiredHarness) -> datetime:
    return datetime.fromisoformat(harness.call("GET", "clock", token=None).json()["now"])


def _advance(harness: WiredHarness, body: object) -> Answer:
    return harness.call("POST", "clock", body, token=None)


def _in_flight(harness: WiredHarness, payload: dict[str, object]) -> tuple[threading.Thread, list[Answer]]:
    """An invocation that has begun to run."""
    answers: list[Answer] = []
    before = harness.position()
    body = json.dumps(payload).encode()
    thread = threading.Thread(target=lambda: answers.append(harness.invoke("mover", body)))
    thread.start()
    wait_until(lambda: bool(harness.events("InvocationStarted", after=before)), "the function did not begin")
    return thread, answers


class TestMoving:
    def test_any_process_moves_it_and_the_trace_goes_along(self, harness: WiredHarness) -> None:
        before = _now(harness)

        answer = _advance(harness, {"advance_seconds": 90})

        assert answer.status == 200
        moved = datetime.fromisoformat(answer.json()["now"])
        assert timedelta(seconds=90) <= moved - before < timedelta(seconds=100)
        harness.invoke("mover", b'{"hold": 0}')
        assert datetime.fromisoformat(harness.events("InvocationEnded")[-1]["at"]) >= moved

    def test_reading_it_does_not_wait_for_who_is_in_flight(self, harness: WiredHarness) -> None:
        thread, answers = _in_flight(harness, {"hold": 0.5})

        _now(harness)

        assert answers == []
        thread.join(WAIT_SECONDS)

    @pytest.mark.parametrize(
        "body",
        [
            *({}, {"advance_seconds": None}, {"advance_seconds": "60"}, {"advance_seconds": True}),
            *({"advance_seconds": -1}, {"advance_seconds": -0.001}, {"advance_seconds": [1]}),
            *({"advance_seconds": float("nan")}, {"advance_seconds": float("inf")}),
            *({"advance_seconds": 1e12}, {"advance_seconds": 1e300}, {"advance_seconds": 10**400}),
        ],
    )
    def test_what_is_no_step_is_refused_and_nothing_moves(self, harness: WiredHarness, body: dict[str, object]) -> None:
        before = _now(harness)

        answer = _advance(harness, body)

        assert answer.status == 400
        assert answer.json()["diagnostics"][0]["code"] == "LK542"
        assert _now(harness) - before < timedelta(seconds=10)

    @pytest.mark.parametrize("timeout", [-1, "soon", None, [1]])
    def test_a_time_out_that_is_none_is_refused(self, harness: WiredHarness, timeout: object) -> None:
        answer = _advance(harness, {"advance_seconds": 1, "timeout_seconds": timeout})

        assert answer.status == 400
        assert "timeout_seconds" in answer.json()["diagnostics"][0]["problem"]

    def test_many_who_move_it_at_once_add_up(self, harness: WiredHarness) -> None:
        before = _now(harness)
        threads = [threading.Thread(target=_advance, args=(harness, {"advance_seconds": 60})) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert timedelta(seconds=480) <= _now(harness) - before < timedelta(seconds=500)


class TestInFlight:
    def test_it_waits_for_what_runs(self, harness: WiredHarness) -> None:
        thread, answers = _in_flight(harness, {"hold": 0.4})

        _advance(harness, {"advance_seconds": 1})

        ended = harness.events("InvocationEnded")[-1]
        assert ended["payload"] == '"held"'
        thread.join(WAIT_SECONDS)
        assert answers[0].status == 200

    def test_a_function_that_waits_for_itself_is_told_how_not_to(self, harness: WiredHarness) -> None:
        before = _now(harness)

        answer = harness.invoke("mover", b'{"advance_seconds": 3600, "timeout_seconds": 0.2}')

        (diagnostic,) = answer.json()["told"]["diagnostics"]
        assert diagnostic["problem"] == (
            "events in flight did not come to rest within 0.2 s: mover runs in 1 environment"
        )
        assert '"settle": false' in diagnostic["hint"]
        assert _now(harness) - before < timedelta(minutes=1)

    def test_a_function_moves_the_harness_s_clock_and_not_its_own(self, harness: WiredHarness) -> None:
        before = _now(harness)

        answer = harness.invoke("mover", b'{"advance_seconds": 3600, "settle": false}').json()

        assert datetime.fromisoformat(answer["told"]["now"]) - before >= timedelta(hours=1)
        assert answer["moved"] < 60

    def test_drain_tells_which_function_still_runs(self, harness: WiredHarness) -> None:
        thread, _ = _in_flight(harness, {"hold": 1})

        answer = harness.call("POST", "drain", {"timeout_seconds": 0.1})

        error = error_from_wire(answer.json()["error"], answer.json()["diagnostics"])
        assert isinstance(error, DrainTimeout)
        assert error.diagnostics[0].problem.endswith("mover runs in 1 environment")
        thread.join(WAIT_SECONDS)

    @pytest.mark.parametrize("advance", [True, False])
    def test_nothing_scheduled_is_an_empty_answer(self, harness: WiredHarness, advance: bool) -> None:
        before = _now(harness)

        answer = harness.call("POST", "drain", {"timeout_seconds": 10, "advance": advance})

        assert answer.json() == {"scheduled": []}
        assert _now(harness) - before < timedelta(minutes=1)


def test_logs_bear_its_time_and_deadlines_and_the_function_s_clock_do_not(
    harness: WiredHarness, stacks: Stacks
) -> None:
    _advance(harness, {"advance_seconds": 86_400})
    source = "import time\ndef handler(event, context): return [context.get_remaining_time_in_millis(), time.time()]"
    deployed = stacks.deploy(function("Late", source, FunctionName="late", Timeout=5))

    remaining, own = harness.invoke("late").json()
    harness.drain()

    assert 0 < remaining <= 5000
    assert abs(own - datetime.now(UTC).timestamp()) < 60
    events = harness.aws("logs").filter_log_events(logGroupName=physical_id(deployed, "LateLogs"))["events"]
    assert events
    assert all(event["timestamp"] / 1000 - datetime.now(UTC).timestamp() > 86_000 for event in events)
