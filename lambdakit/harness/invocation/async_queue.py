"""The queue of asynchronous events: taken at once, run by workers, tried again, given up.

    put -> a worker's attempt -> settled: a success, or given up
              |        ^
              v        |  after 1 and 2 minutes (function error) or a back-off of 1 s to 5 min (throttle, service error)
            a timer of the harness's clock

Every event is in one place at a time: with the workers, with a timer, or settled. An activity is open for it while it
is with the workers, so whoever waits for those to end sees it settled or scheduled. Events start in the order they
came in; nothing more is promised of their order.

Source: AWS Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation".
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.asynchronous_event import Answer, QueuedEvent, Treatment, Verdict
from lambdakit.harness.invocation.concurrency import Throttled
from lambdakit.harness.invocation.function_metrics import FunctionMetrics, Unit
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.invocation.recursion import RecursionDetected
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.invocation.x_ray import chain_header
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.limits import (
    ASYNC_BACK_OFF_SECONDS_MAX,
    ASYNC_BACK_OFF_SECONDS_MIN,
    ASYNC_EVENT_AGE_SECONDS_DEFAULT,
    ASYNC_RETRIES_DEFAULT,
    ASYNC_RETRY_SECONDS,
)
from lambdakit.trace import EventQueued, EventSettled, InvocationRetryScheduled, TraceLog

logger = logging.getLogger(__name__)

_WORKERS_MAX = 128


class FunctionSettings(Protocol):
    """What the Lambda service knows of functions, by unqualified ARN."""

    def find(self, arn: str, qualifier: str) -> FunctionConfiguration | None:
        """The version to run now; None when the function or its qualifier is gone."""

    def latest(self, arn: str) -> FunctionConfiguration | None:
        """`$LATEST`; None when the function is gone."""

    def treatment(self, arn: str, qualifier: str) -> Treatment | None:
        """The event invoke configuration of the qualifier that was invoked."""

    def reserved(self, arn: str) -> int | None:
        """The reserved concurrency; None without one."""


class Run(Protocol):
    """Who runs functions: `Dispatcher.invoke`."""

    def __call__(self, configuration: FunctionConfiguration, event: Event) -> InvocationResult:
        """The function's answer; Throttled, RecursionDetected or RuntimeUnavailable when it did not run."""


Conclude = Callable[[QueuedEvent, Verdict, FunctionConfiguration, Treatment | None], None]


class AsyncQueue:
    """Takes events and sees them to their end.

    conclude: sends what is to be sent once an event has ended.
    """

    def __init__(
        self,
        *,
        run: Run,
        functions: FunctionSettings,
        conclude: Conclude,
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
        metrics: FunctionMetrics,
    ) -> None:
        self._run = run
        self._functions = functions
        self._conclude = conclude
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._metrics = metrics
        self._events: set[QueuedEvent] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._workers = Workers("asynchronous", most=_WORKERS_MAX)

    def put(self, arn: str, event: Event) -> None:
        """Takes an event for the function with this unqualified ARN. Returns at once."""
        now = self._clock.now()
        event = dataclasses.replace(event, trace_id=chain_header(event.trace_id, at=now))
        queued = QueuedEvent(arn=arn, event=event, accepted_at=now)
        with self._lock:
            if self._closed:
                return
            self._events.add(queued)
        self._trace.append(
            EventQueued(
                request_id=event.request_id,
                function=queued.function,
                qualifier=event.qualifier,
                payload=event.payload.decode("utf-8", "replace"),
            )
        )
        self._measure(queued, "AsyncEventsReceived")
        self._start(queued)

    def forget(self, arn: str) -> None:
        """Drops the events of a function: what waits, and what would follow from those that run."""
        with self._lock:
            dropped = [queued for queued in self._events if queued.arn == arn]
            self._events.difference_update(dropped)
            for queued in dropped:
                queued.done = True
        for queued in dropped:
            if queued.timer is not None:
                queued.timer.cancel()
            self._tell_settled(queued, "Forgotten")

    def waiting(self) -> int:
        """How many events are not settled."""
        with self._lock:
            return len(self._events)

    def stop(self) -> None:
        """Drops everything: nothing is begun any more. Idempotent."""
        with self._lock:
            self._closed = True
            dropped, self._events = self._events, set()
            for queued in dropped:
                queued.done = True
        for queued in dropped:
            if queued.timer is not None:
                queued.timer.cancel()
        self._workers.stop()

    def join(self) -> None:
        """Waits for the attempts under way, which ended environments cut short; not for ever."""
        self._workers.join()

    def _start(self, queued: QueuedEvent) -> None:
        self._activity.begin(_activity(queued))
        self._workers.submit(lambda: self._work(queued))

    def _work(self, queued: QueuedEvent) -> None:
        try:
            if not queued.done:
                self._attempt(queued)
        except Exception as error:  # a fault of ours is a service error: the event must not be lost for it
            logger.exception("asynchronous event %s of %s", queued.event.request_id, queued.function)
            self._hindered(queued, type(error).__name__, 500, str(error))
        finally:
            self._activity.end(_activity(queued))

    def _attempt(self, queued: QueuedEvent) -> None:
        qualifier = queued.event.qualifier
        configuration = self._functions.find(queued.arn, qualifier)
        if configuration is None:
            self._give_up(queued, Verdict(condition="FunctionNotFound", error_code=404, error_message=_GONE))
        elif self._age(queued) >= self._age_max(queued):
            code, message = queued.hindrance or (200, _message(queued.answer))
            self._give_up(queued, Verdict(condition="EventAgeExceeded", error_code=code, error_message=message))
        elif self._functions.reserved(queued.arn) == 0:
            self._give_up(queued, Verdict(condition="ZeroReservedConcurrency", error_code=429, error_message=_RATE))
        else:
            self._run_once(queued, configuration)

    def _run_once(self, queued: QueuedEvent, configuration: FunctionConfiguration) -> None:
        age = self._age(queued)
        try:
            result = self._run(configuration, queued.event)
        except Throttled as throttled:
            self._hindered(queued, throttled.reason, 429, str(throttled))
            return
        except RuntimeUnavailable as unavailable:
            self._hindered(queued, unavailable.code, unavailable.status, str(unavailable))
            return
        except RecursionDetected as detected:
            verdict = Verdict(condition="RecursionDetected", error_code=400, error_message=str(detected))
            self._give_up(queued, verdict)
            return
        self._measure(queued, "AsyncEventAge", age * 1000, milliseconds=True)
        queued.runs += 1
        queued.hindrances = 0
        queued.hindrance = None
        queued.answer = _answer(result)
        if queued.answer.error_type is None:
            self._settle(queued, Verdict(condition="Success"))
        elif queued.runs > self._retries_max(queued):
            self._give_up(
                queued, Verdict(condition="RetriesExhausted", error_code=200, error_message=_message(queued.answer))
            )
        else:
            self._later(queued, queued.answer.error_type, ASYNC_RETRY_SECONDS * queued.runs)

    def _hindered(self, queued: QueuedEvent, reason: str, code: int, message: str) -> None:
        """The function did not run, through no fault of its own: that uses up time and no attempt."""
        back_off = min(ASYNC_BACK_OFF_SECONDS_MAX, ASYNC_BACK_OFF_SECONDS_MIN * 2 ** min(queued.hindrances, 16))
        queued.hindrances += 1
        queued.hindrance = (code, message)
        self._later(queued, reason, back_off)

    def _later(self, queued: QueuedEvent, reason: str, delay_seconds: float) -> None:
        """Tries again then, or gives up at the end of the event's age when that comes first."""
        left = max(0.0, self._age_max(queued) - self._age(queued))
        delay = min(delay_seconds, left)

        def due() -> None:
            self._start(queued)

        with self._lock:
            if queued.done:
                return
            self._trace.append(
                InvocationRetryScheduled(
                    request_id=queued.event.request_id,
                    function=queued.function,
                    qualifier=queued.event.qualifier,
                    reason=reason,
                    attempts=queued.runs,
                    delay_seconds=delay,
                )
            )
            queued.timer = self._clock.schedule(
                self._clock.now() + timedelta(seconds=delay), due, label=f"retry of an event of {queued.function}"
            )

    def _give_up(self, queued: QueuedEvent, verdict: Verdict) -> None:
        self._measure(queued, "AsyncEventsDropped")
        self._settle(queued, verdict)

    def _settle(self, queued: QueuedEvent, verdict: Verdict) -> None:
        with self._lock:
            if queued.done:
                return
            queued.done = True
            self._events.discard(queued)
        self._tell_settled(queued, verdict.condition)
        configuration = self._functions.latest(queued.arn)
        if configuration is not None:
            treatment = self._functions.treatment(queued.arn, queued.event.qualifier)
            self._conclude(queued, verdict, configuration, treatment)

    def _tell_settled(self, queued: QueuedEvent, condition: str) -> None:
        self._trace.append(
            EventSettled(
                request_id=queued.event.request_id,
                function=queued.function,
                qualifier=queued.event.qualifier,
                condition=condition,
                attempts=queued.runs,
            )
        )

    def _age(self, queued: QueuedEvent) -> float:
        return (self._clock.now() - queued.accepted_at).total_seconds()

    def _age_max(self, queued: QueuedEvent) -> float:
        treatment = self._functions.treatment(queued.arn, queued.event.qualifier)
        configured = None if treatment is None else treatment.maximum_event_age_seconds
        return ASYNC_EVENT_AGE_SECONDS_DEFAULT if configured is None else configured

    def _retries_max(self, queued: QueuedEvent) -> int:
        treatment = self._functions.treatment(queued.arn, queued.event.qualifier)
        configured = None if treatment is None else treatment.maximum_retry_attempts
        return ASYNC_RETRIES_DEFAULT if configured is None else configured

    def _measure(self, queued: QueuedEvent, name: str, value: float = 1, *, milliseconds: bool = False) -> None:
        unit: Unit = "Milliseconds" if milliseconds else "Count"
        self._metrics.add(queued.arn, queued.event.qualifier, name, value, unit)


_GONE = "The function, version or alias does not exist any more."
_RATE = "Rate Exceeded."


def _answer(result: InvocationResult) -> Answer:
    fault = result.outcome.fault
    return Answer(
        payload=result.outcome.payload,
        executed_version=result.executed_version,
        error_type=None if fault is None else fault.error_type or "Unhandled",
    )


def _message(answer: Answer | None) -> str:
    """What a dead-letter queue is told of a function's error: the error's message, else its type."""
    if answer is None or answer.error_type is None:
        return ""
    try:
        error = json.loads(answer.payload)
    except (ValueError, RecursionError):
        error = None
    message = error.get("errorMessage") if isinstance(error, dict) else None
    return str(message or answer.error_type)


def _activity(queued: QueuedEvent) -> str:
    return f"asynchronous event of {queued.function}"
