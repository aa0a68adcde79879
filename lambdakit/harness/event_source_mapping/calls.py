"""How a mapping calls its function, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.shipment import Clients
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.records import dataclass
from lambdakit.trace import TraceLog


class Outcome(StrEnum):
    """answered: the function returned; failed: it ran and failed; throttled: it did not run, and may later."""

    ANSWERED = "answered"
    FAILED = "failed"
    THROTTLED = "throttled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call. payload: the function's; empty unless it answered. reason: why it did not."""

    outcome: Outcome
    request_id: str = ""
    payload: bytes = b""
    reason: str = ""
    executed_version: str = ""


class MappingCalls:
    """Calls the functions of mappings."""

    def __init__(self, stores: FunctionStores, invocations: Invocations) -> None:
        self._stores = stores
        self._invocations = invocations

    def timeout_seconds(self, mapping: EventSourceMapping) -> int:
        """The function's time-out; 0 without the function."""
        try:
            return self._stores.resolve(mapping.function_arn).configuration.timeout_seconds
        except ServiceFault:
            return 0

    def execution_role(self, mapping: EventSourceMapping) -> str:
        """The ARN of the role that the mapping acts as; empty without the function."""
        try:
            return self._stores.resolve(mapping.function_arn).configuration.role
        except ServiceFault:
            return ""

    def report(self, mapping: EventSourceMapping, result: str) -> None:
        """Keeps what came of the last polling, as `LastProcessingResult` tells it."""
        store = self._stores.find(mapping.function_arn)
        if store is not None:
            store.event_source_mappings.report(mapping.uuid, result)

    def call(self, mapping: EventSourceMapping, payload: bytes, *, trace_id: str = "") -> Answer:
        """Runs the function with `payload` to its end."""
        try:
            target = self._stores.resolve(mapping.function_arn)
            event = Event(payload=payload, qualifier=target.qualifier, trace_id=trace_id)
            result = self._invocations.invoke(target.configuration, event, inside_activity=True)
        except ServiceFault as refused:
            throttled = refused.code == "TooManyRequestsException"
            return Answer(outcome=Outcome.THROTTLED if throttled else Outcome.REFUSED, reason=str(refused))
        fault = result.outcome.fault
        if fault is not None:
            reason = f"{fault.error_type}: {fault.message}"
            return Answer(
                outcome=Outcome.FAILED,
                request_id=result.request_id,
                reason=reason,
                executed_version=result.executed_version,
            )
        return Answer(
            outcome=Outcome.ANSWERED,
            request_id=result.request_id,
            payload=result.outcome.payload,
            executed_version=result.executed_version,
        )


class Calls(Protocol):
    """What a poller does with a batch: a mapping's function is called, a pipe's records go on."""

    def timeout_seconds(self, mapping: EventSourceMapping) -> int:
        """How long a call may take; 0 where nobody is there to call."""

    def execution_role(self, mapping: EventSourceMapping) -> str:
        """The ARN of the role that is acted as; empty without one."""

    def report(self, mapping: EventSourceMapping, result: str) -> None:
        """Keeps what came of the last polling."""

    def call(self, mapping: EventSourceMapping, payload: bytes, *, trace_id: str = "") -> Answer:
        """What came of a batch. payload: JSON, with `Records`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every poller works with.

    submit: runs a job soon, on another thread. clients: for what is sent as the mapping's execution role.
    refusal: why the mapping's execution role may not do an action on a resource; None when it may.
    """

    calls: Calls
    clock: Scheduler
    activity: Activity
    trace: TraceLog
    submit: Callable[[Callable[[], None]], None]
    clients: Clients
    refusal: Callable[[str, str, str], str | None] = lambda role_arn, action, resource: None


class Poller(Protocol):
    """Pulls from one source for one mapping."""

    def start(self) -> None:
        """Begins to pull."""

    def stop(self) -> None:
        """Pulls nothing any more; a batch that is with the function is settled. Idempotent."""
