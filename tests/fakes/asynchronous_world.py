"""An asynchronous queue with functions that do as a test says, on a clock that a test moves."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.async_queue import AsyncQueue
from lambdakit.harness.invocation.conclusion import Conclusion
from lambdakit.harness.invocation.dead_letters import DeadLetters
from lambdakit.harness.invocation.destinations import Destinations
from lambdakit.harness.invocation.function_metrics import Dimensions, FunctionMetrics, Value
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.lambda_service.event_invoke_configs import EventInvokeConfig
from lambdakit.harness.runtime.faults import reported
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.outcomes import InvocationOutcome
from lambdakit.trace import EventSettled, InvocationRetryScheduled, TraceEvent, TraceLog

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:records"
WAIT_SECONDS = 60.0

Outcome = bytes | Exception
Script = Callable[[Event], Outcome]


def plain_function(**settings: Any) -> FunctionConfiguration:
    """The function `orders`. settings: fields of its configuration."""
    plain = FunctionConfiguration(
        name="orders",
        account_id="123456789012",
        region="us-east-1",
        runtime="python3.13",
        handler="app.handler",
        code=Path("/nowhere"),
        role="arn:aws:iam::123456789012:role/orders",
        log_group="/aws/lambda/orders",
    )
    return dataclasses.replace(plain, **settings)


class FunctionFailed(Exception):
    """What a script raises or returns to make the function fail. payload: the error object."""

    def __init__(self, payload: bytes = b'{"errorType":"ValueError","errorMessage":"no"}') -> None:
        super().__init__("the function failed")
        self.payload = payload


class RecordedMetrics:
    """A metric store that keeps what it is given."""

    def __init__(self) -> None:
        self.values: list[tuple[str, float, Dimensions]] = []

    def add(
        self, account_id: str, region: str, dimensions: Dimensions, values: tuple[Value, ...], at: datetime
    ) -> None:
        """Takes each of `values`."""
        del account_id, region, at
        self.values += [(name, value, dimensions) for name, _, value in values]

    def total(self, name: str) -> float:
        """The sum of a metric."""
        return sum(value for known, value, _ in self.values if known == name)


class RecordedCalls:
    """Clients whose calls are kept: service, region, role, operation, parameters. refuse: what a call raises."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, str, str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {"get_queue_url": {"QueueUrl": "https://queue"}}
        self.refuse: Exception | None = None

    def __call__(self, service: str, region: str, *, role: str) -> Any:
        """A client."""
        return _RecordedClient(self, service, region, role)

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of each call of an operation."""
        return [parameters for _, _, _, name, parameters in self.made if name == operation]


class _RecordedClient:
    def __init__(self, calls: RecordedCalls, service: str, region: str, role: str) -> None:
        self._calls = calls
        self._named = (service, region, role)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            self._calls.made.append((*self._named, operation, parameters))
            if self._calls.refuse is not None:
                raise self._calls.refuse
            return self._calls.answers.get(operation, {})

        return call


class AsynchronousWorld:
    """A queue, its clock and all it writes to.

    script: what becomes of a run; replace it at any time. runs: the events that ran, with the clock's time.
    """

    def __init__(self) -> None:
        self.clock = HarnessClock()
        self.activity = Activity()
        self.trace = TraceLog(self.clock)
        self.metrics = RecordedMetrics()
        self.calls = RecordedCalls()
        self.function: FunctionConfiguration | None = plain_function()
        self.versions: dict[str, FunctionConfiguration] = {}
        self.treatments: dict[str, EventInvokeConfig] = {}
        self.reserved_concurrency: int | None = None
        self.script: Script = lambda event: b'"done"'
        self.runs: list[tuple[datetime, Event]] = []
        self.invoked_later: list[tuple[str, bytes, str]] = []
        self._lock = threading.Lock()
        measured = FunctionMetrics(self.metrics, self.clock.now)
        destinations = Destinations(self.calls, invoke_later=self._invoke_later)
        conclusion = Conclusion(
            destinations=destinations,
            dead_letters=DeadLetters(self.calls),
            now=self.clock.now,
            metrics=measured,
            trace=self.trace,
        )
        self.queue = AsyncQueue(
            run=self._run,
            functions=self,
            conclude=conclusion.conclude,
            clock=self.clock,
            activity=self.activity,
            trace=self.trace,
            metrics=measured,
        )

    def _invoke_later(self, arn: str, payload: bytes, trace_id: str, role_arn: str) -> None:
        del role_arn
        self.invoked_later.append((arn, payload, trace_id))

    def find(self, arn: str, qualifier: str) -> FunctionConfiguration | None:
        """See `async_queue.FunctionSettings`."""
        return self.latest(arn) if qualifier in ("", "$LATEST") else self.versions.get(qualifier)

    def latest(self, arn: str) -> FunctionConfiguration | None:
        """See `async_queue.FunctionSettings`."""
        del arn
        return self.function

    def treatment(self, arn: str, qualifier: str) -> EventInvokeConfig | None:
        """See `async_queue.FunctionSettings`."""
        del arn
        return self.treatments.get(qualifier)

    def reserved(self, arn: str) -> int | None:
        """See `async_queue.FunctionSettings`."""
        del arn
        return self.reserved_concurrency

    def put(self, payload: bytes = b"{}", **settings: Any) -> Event:
        """Puts an event and waits until its first attempt is over. settings: other fields of `Event`."""
        event = Event(payload=payload, **settings)
        self.queue.put(ARN, event)
        self.rest()
        return event

    def rest(self) -> None:
        """Waits until nothing is under way."""
        assert self.activity.wait_until_idle(WAIT_SECONDS), self.activity.still_open()

    def pass_time(self, **step: float) -> None:
        """Moves the clock; what comes due is over when it returns."""
        self.clock.advance(timedelta(**step), settle=self.rest)

    def told(self, kind: type[TraceEvent]) -> list[Any]:
        """The trace's events of one class."""
        return [event for event in self.trace.events() if isinstance(event, kind)]

    def conditions(self) -> list[str]:
        """How events ended so far."""
        return [event.condition for event in self.told(EventSettled)]

    def delays(self) -> list[float]:
        """For how long retries were put off so far."""
        return [event.delay_seconds for event in self.told(InvocationRetryScheduled)]

    def records(self) -> list[Mapping[str, Any]]:
        """What was sent to queues, parsed."""
        return [json.loads(sent["MessageBody"]) for sent in self.calls.of("send_message")]

    def close(self) -> None:
        """Ends the queue and the clock."""
        self.clock.close()
        self.queue.stop()
        self.queue.join()

    def _run(self, configuration: FunctionConfiguration, event: Event) -> InvocationResult:
        with self._lock:
            self.runs.append((self.clock.now(), event))
        outcome = self.script(event)
        failed = isinstance(outcome, FunctionFailed)
        if isinstance(outcome, Exception) and not failed:
            raise outcome
        payload = outcome.payload if isinstance(outcome, FunctionFailed) else outcome
        assert isinstance(payload, bytes)
        return InvocationResult(
            request_id=event.request_id,
            executed_version=configuration.version,
            outcome=InvocationOutcome(
                payload=payload,
                fault=reported(payload, "ValueError") if failed else None,
                duration_ms=1.0,
                max_memory_mib=1,
            ),
            log=(),
        )
