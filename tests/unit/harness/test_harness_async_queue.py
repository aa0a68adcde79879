"""Asynchronous events: when they are tried again, and how they end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from lambdakit.harness.invocation.concurrency import Throttled
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.recursion import RecursionDetected
from lambdakit.harness.lambda_service.event_invoke_configs import EventInvokeConfig
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.trace import DestinationFailed, DestinationSent, EventQueued
from tests.fakes.asynchronous_world import ARN, QUEUE, AsynchronousWorld, FunctionFailed, Outcome, plain_function

THROTTLED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")


@pytest.fixture
def world() -> Iterator[AsynchronousWorld]:
    world = AsynchronousWorld()
    yield world
    world.close()


class TestFunctionErrors:
    def test_a_success_runs_once(self, world: AsynchronousWorld) -> None:
        world.put(b'{"sku": 1}')

        world.pass_time(hours=7)

        assert [event.payload for _, event in world.runs] == [b'{"sku": 1}']
        assert world.conditions() == ["Success"]
        assert world.queue.waiting() == 0

    def test_an_error_is_tried_again_after_one_minute_and_two_more(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        event = world.put()
        first = world.runs[0][0]

        world.pass_time(seconds=59)
        before = len(world.runs)
        world.pass_time(hours=7)

        offsets = [round((at - first).total_seconds()) for at, _ in world.runs]
        assert before == 1
        assert offsets == [0, 60, 180]
        assert world.delays() == [60, 120]
        assert {ran.request_id for _, ran in world.runs} == {event.request_id}
        (trace_id,) = {ran.trace_id for _, ran in world.runs}
        assert trace_id.startswith("Root=1-")
        assert world.conditions() == ["RetriesExhausted"]
        assert world.metrics.total("AsyncEventsDropped") == 1

    @pytest.mark.parametrize("retries", [0, 1, 2])
    def test_as_often_as_configured(self, world: AsynchronousWorld, retries: int) -> None:
        world.script = lambda event: FunctionFailed()
        world.treatments[""] = EventInvokeConfig(maximum_retry_attempts=retries)

        world.put()
        world.pass_time(hours=1)

        assert len(world.runs) == retries + 1
        assert world.conditions() == ["RetriesExhausted"]

    def test_the_configuration_is_that_of_the_qualifier_invoked(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        world.versions["live"] = plain_function(version="3")
        world.treatments |= {
            "": EventInvokeConfig(maximum_retry_attempts=0),
            "3": EventInvokeConfig(maximum_retry_attempts=0),
            "live": EventInvokeConfig(maximum_retry_attempts=1),
        }

        world.put(qualifier="live")
        world.pass_time(hours=1)

        assert len(world.runs) == 2

    def test_a_success_after_an_error_ends_it(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed() if len(world.runs) == 1 else b"1"

        world.put()
        world.pass_time(hours=7)

        assert len(world.runs) == 2
        assert world.conditions() == ["Success"]

    def test_an_alias_that_moved_meanwhile_leads_to_its_new_version(self, world: AsynchronousWorld) -> None:
        world.treatments["live"] = EventInvokeConfig(on_success=QUEUE)
        world.script = lambda event: FunctionFailed() if len(world.runs) == 1 else b"1"
        world.versions["live"] = plain_function(version="1")
        world.put(qualifier="live")

        world.versions["live"] = plain_function(version="2")
        world.pass_time(minutes=1)

        assert world.records()[0]["responseContext"]["executedVersion"] == "2"


class TestThrottles:
    def test_they_back_off_from_one_second_to_five_minutes_and_use_no_attempt(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: THROTTLED if len(world.runs) <= 11 else FunctionFailed()

        world.put()
        world.pass_time(hours=1)

        assert world.delays()[:11] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        assert world.delays()[11:] == [60, 120]
        assert world.conditions() == ["RetriesExhausted"]

    @pytest.mark.parametrize("hindrance", [THROTTLED, RuntimeUnavailable("no such runtime"), KeyError("ours")])
    def test_up_to_the_age_of_six_hours(self, world: AsynchronousWorld, hindrance: Exception) -> None:
        world.script = lambda event: hindrance
        world.put()
        accepted = world.runs[0][0]

        world.pass_time(hours=5, minutes=59)
        before = world.conditions()
        world.pass_time(minutes=2)
        count = len(world.runs)
        world.pass_time(hours=6)

        assert before == []
        assert world.conditions() == ["EventAgeExceeded"]
        assert world.runs[-1][0] - accepted < timedelta(hours=6)
        assert len(world.runs) == count
        assert world.queue.waiting() == 0

    def test_a_back_off_starts_anew_after_a_run(self, world: AsynchronousWorld) -> None:
        outcomes: list[Outcome] = [THROTTLED, THROTTLED, FunctionFailed(), THROTTLED, b"1"]
        world.script = lambda event: outcomes.pop(0)

        world.put()
        world.pass_time(hours=1)

        assert world.delays() == [1, 2, 60, 1]
        assert world.conditions() == ["Success"]


class TestAge:
    def test_a_retry_that_is_due_too_late_is_not_made(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        world.treatments[""] = EventInvokeConfig(maximum_event_age_seconds=100, on_failure=QUEUE)

        world.put()
        world.pass_time(seconds=99)
        before = world.conditions()
        world.pass_time(seconds=2)

        assert len(world.runs) == 2
        assert before == []
        assert world.conditions() == ["EventAgeExceeded"]
        record = world.records()[0]
        assert record["requestContext"]["condition"] == "EventAgeExceeded"
        assert record["requestContext"]["approximateInvokeCount"] == 2
        assert record["responseContext"]["functionError"] == "Unhandled"

    def test_an_event_that_never_ran_has_no_response(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: THROTTLED
        world.treatments[""] = EventInvokeConfig(maximum_event_age_seconds=60, on_failure=QUEUE)

        world.put()
        world.pass_time(minutes=2)

        record = world.records()[0]
        assert record["requestContext"]["approximateInvokeCount"] == 0
        assert "responseContext" not in record
        assert "responsePayload" not in record

    def test_it_is_measured_in_milliseconds_at_each_run(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()

        world.put()
        world.pass_time(hours=1)

        ages = [value for name, value, _ in world.metrics.values if name == "AsyncEventAge"]
        assert [round(age / 60_000) for age in ages] == [0, 1, 3]


class TestNotRunning:
    def test_no_reserved_concurrency_ends_an_event_at_once(self, world: AsynchronousWorld) -> None:
        world.reserved_concurrency = 0
        world.treatments[""] = EventInvokeConfig(on_failure=QUEUE)

        world.put()

        assert world.runs == []
        assert world.conditions() == ["ZeroReservedConcurrency"]
        assert world.records()[0]["requestContext"]["condition"] == "ZeroReservedConcurrency"

    def test_recursion_ends_an_event_at_once(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: RecursionDetected(16)
        world.function = plain_function(dead_letter_target=QUEUE)

        world.put()

        assert world.conditions() == ["RecursionDetected"]
        assert world.calls.of("send_message")[0]["MessageAttributes"]["ErrorCode"]["StringValue"] == "400"

    def test_a_function_that_is_gone_ends_its_events(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        world.put()

        world.function = None
        world.pass_time(minutes=1)

        assert world.conditions() == ["FunctionNotFound"]
        assert world.clock.scheduled() == []

    def test_an_alias_that_is_gone_leaves_the_dead_letter_queue(self, world: AsynchronousWorld) -> None:
        world.function = plain_function(dead_letter_target=QUEUE)

        world.put(qualifier="gone")

        assert world.conditions() == ["FunctionNotFound"]
        assert len(world.calls.of("send_message")) == 1


class TestWhereItEnds:
    @pytest.mark.parametrize(
        ("outcome", "expected"),
        [(b"1", ["on success"]), (FunctionFailed(), ["on failure", "dead-letter queue"])],
        ids=["success", "failure"],
    )
    def test_what_applies_gets_it(
        self, world: AsynchronousWorld, outcome: bytes | Exception, expected: list[str]
    ) -> None:
        world.function = plain_function(dead_letter_target=QUEUE)
        world.treatments[""] = EventInvokeConfig(maximum_retry_attempts=0, on_success=QUEUE, on_failure=QUEUE)
        world.script = lambda event: outcome

        world.put()

        assert [event.purpose for event in world.told(DestinationSent)] == expected
        assert len(world.calls.of("send_message")) == len(expected)
        assert {role for _, _, role, _, _ in world.calls.made} == {plain_function().role}

    def test_what_cannot_be_delivered_is_told_and_the_event_is_over(self, world: AsynchronousWorld) -> None:
        world.function = plain_function(dead_letter_target=QUEUE)
        world.treatments[""] = EventInvokeConfig(maximum_retry_attempts=0, on_failure=QUEUE)
        world.script = lambda event: FunctionFailed()
        world.calls.refuse = PermissionError("not allowed")

        world.put()
        world.pass_time(hours=7)

        failed = world.told(DestinationFailed)
        assert [event.purpose for event in failed] == ["on failure", "dead-letter queue"]
        assert all("not allowed" in event.problem for event in failed)
        assert world.metrics.total("DestinationDeliveryFailures") == 1
        assert world.metrics.total("DeadLetterErrors") == 1
        assert len(world.runs) == 1
        assert world.queue.waiting() == 0


class TestTheQueue:
    def test_events_start_in_the_order_they_came(self, world: AsynchronousWorld) -> None:
        for number in range(50):
            world.queue.put(ARN, Event(payload=str(number).encode()))
        world.rest()

        assert [int(event.payload) for _, event in world.runs] == list(range(50))
        assert [json.loads(event.payload) for event in world.told(EventQueued)] == list(range(50))

    def test_those_that_take_long_run_side_by_side(self, world: AsynchronousWorld) -> None:
        together = threading.Barrier(8)

        def meet(event: Event) -> bytes:
            together.wait(10)
            return b"1"

        world.script = meet

        for _ in range(8):
            world.queue.put(ARN, Event(payload=b"{}"))
        world.rest()

        assert world.conditions() == ["Success"] * 8

    def test_it_takes_no_time_to_take_one(self, world: AsynchronousWorld) -> None:
        let_go = threading.Event()

        def hold(event: Event) -> bytes:
            let_go.wait(10)
            return b"1"

        world.script = hold

        for _ in range(300):
            world.queue.put(ARN, Event(payload=b"{}"))
        waiting = world.queue.waiting()
        let_go.set()
        world.rest()

        assert waiting == 300
        assert world.queue.waiting() == 0

    def test_what_is_forgotten_is_not_tried_again(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        world.put()

        world.queue.forget(ARN)
        world.pass_time(hours=7)

        assert len(world.runs) == 1
        assert world.conditions() == ["Forgotten"]
        assert world.clock.scheduled() == []

    def test_what_is_forgotten_while_it_runs_leaves_nothing(self, world: AsynchronousWorld) -> None:
        running, let_go = threading.Event(), threading.Event()

        def hold(event: Event) -> Exception:
            running.set()
            let_go.wait(10)
            return FunctionFailed()

        world.script = hold
        world.function = plain_function(dead_letter_target=QUEUE)
        world.treatments[""] = EventInvokeConfig(maximum_retry_attempts=0)
        world.queue.put(ARN, Event(payload=b"{}"))
        running.wait(10)

        world.queue.forget(ARN)
        let_go.set()
        world.rest()

        assert world.conditions() == ["Forgotten"]
        assert world.calls.made == []

    def test_those_of_another_function_stay(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        world.put()

        world.queue.forget(ARN + "-other")

        assert world.queue.waiting() == 1

    def test_a_stopped_queue_begins_nothing(self, world: AsynchronousWorld) -> None:
        world.script = lambda event: FunctionFailed()
        world.put()

        world.queue.stop()
        world.queue.stop()
        world.pass_time(hours=7)
        world.queue.put(ARN, Event(payload=b"{}"))

        assert len(world.runs) == 1
        assert world.queue.waiting() == 0
        assert world.clock.scheduled() == []
