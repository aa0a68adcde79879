"""What happened, in order: the single observable of the harness.

A `TraceEvent` is plain data. The harness appends to its `TraceLog`; a caller in another process reads the events
back with `event_from_wire`. Every test, report and cost figure reads these and nothing else.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from lambdakit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent:
    """One thing that happened.

    sequence: counts from 1 within one harness, without gaps.
    at: the harness's time.
    """

    sequence: int = 0
    at: datetime = datetime.min


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStarted(TraceEvent):
    """A deployment began. stacks: the names, in the order in which they are deployed."""

    deployment: str
    stacks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentEnded(TraceEvent):
    """A deployment ended. status: `CREATED`, `UPDATED`, `DESTROYED`, `RESET` or `FAILED`."""

    deployment: str
    status: str
    duration_ms: float
    resources: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChanged(TraceEvent):
    """A resource of a stack. status: `CREATED`, `UPDATED`, `DELETED`, `RETAINED` or `FAILED`."""

    stack: str
    logical_id: str
    type: str
    physical_id: str
    status: str
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedIgnored(TraceEvent):
    """Something the harness does not know was left out, as `unsupported="warn"` asks."""

    stack: str
    logical_id: str
    type: str
    pointer: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyRecorded(TraceEvent):
    """A property that the account shows and that nothing acts on here. pointer: within the template."""

    stack: str
    logical_id: str
    type: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReceived(TraceEvent):
    """A front door got a request. door: `http_api`, `rest_api` …; resource: the API's name."""

    request_id: str
    door: str
    resource: str
    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswered(TraceEvent):
    """A front door gave its answer. problem: why the door answered for itself; empty when the function's went out."""

    request_id: str
    door: str
    resource: str
    method: str
    path: str
    status: int
    duration_ms: float
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStarted(TraceEvent):
    """An execution environment was initialized (a cold start). status: `success`, `error`, `timeout` or `crash`."""

    function: str
    version: str
    environment: str
    init_duration_ms: float
    status: str
    interpreter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentReset(TraceEvent):
    """The processes of an execution environment ended, and the next invocation starts them again; its /tmp stays.

    reason: `timeout`, `crash`, `out of memory` or `init failed`.
    """

    function: str
    version: str
    environment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStopped(TraceEvent):
    """An execution environment is gone. reason: `crash`, `updated` or `shutdown`."""

    function: str
    version: str
    environment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNote(TraceEvent):
    """Something about how a function runs here that differs from AWS."""

    function: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationStarted(TraceEvent):
    """A function was called. qualifier: as the caller named it; empty for an unqualified call."""

    request_id: str
    function: str
    version: str
    qualifier: str
    environment: str
    cold_start: bool
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationEnded(TraceEvent):
    """A function's answer.

    status: `success`, `error` (the function's own), `timeout` or `crash`.
    payload: the result or the error object, as the function sent it.
    error_type: None on success.
    """

    request_id: str
    function: str
    version: str
    environment: str
    status: str
    payload: str
    error_type: str | None
    duration_ms: float
    billed_duration_ms: int
    init_duration_ms: float | None
    max_memory_used_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLogged(TraceEvent):
    """A line that a function, its runtime or the platform wrote. request_id: empty outside an invocation."""

    function: str
    environment: str
    request_id: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCalled(TraceEvent):
    """A function called an AWS service. resource: the name the request carries; empty when it carries none."""

    function: str
    environment: str
    service: str
    operation: str
    resource: str
    status: int
    duration_ms: float


_EVENTS: Mapping[str, type[TraceEvent]] = {
    event.__name__: event
    for event in (
        DeploymentStarted,
        DeploymentEnded,
        ResourceChanged,
        UnsupportedIgnored,
        PropertyRecorded,
        RequestReceived,
        RequestAnswered,
        EnvironmentStarted,
        EnvironmentReset,
        EnvironmentStopped,
        RuntimeNote,
        InvocationStarted,
        InvocationEnded,
        FunctionLogged,
        ServiceCalled,
    )
}


def event_to_wire(event: TraceEvent) -> dict[str, object]:
    """The event as JSON: its fields, and `kind`, the name of its class."""
    wire: dict[str, object] = {"kind": type(event).__name__}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        wire[field.name] = value.isoformat() if isinstance(value, datetime) else value
    return wire


def event_from_wire(wire: Mapping[str, object]) -> TraceEvent:
    """The event that `event_to_wire` wrote. KeyError for an unknown kind."""
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in wire.items() if key != "kind"
    }
    fields["at"] = datetime.fromisoformat(str(wire["at"]))
    return _EVENTS[str(wire["kind"])](**fields)


EventT = TypeVar("EventT", bound=TraceEvent)


class TraceLog:
    """The events of one harness, appended by any thread.

    Absence of `after`: from the first event on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: list[TraceEvent] = []
        self._changed = threading.Condition()
        self._closed = False

    def append(self, event: EventT) -> EventT:
        """Gives the event, which must be new, its number and time, and returns it."""
        with self._changed:
            # Seven of these go with each invocation, and a copy of a frozen object costs ten times as much.
            object.__setattr__(event, "sequence", len(self._events) + 1)
            object.__setattr__(event, "at", self._clock.now())
            self._events.append(event)
            self._changed.notify_all()
        return event

    def events(self, *, after: int = 0) -> Sequence[TraceEvent]:
        """The events with a higher sequence than `after`."""
        with self._changed:
            return self._events[after:]

    def wait(self, *, after: int, timeout_seconds: float) -> Sequence[TraceEvent]:
        """As `events`, once there is one; nothing when there is none in time, or the log is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._events) > after, timeout_seconds)
            return self._events[after:]

    def close(self) -> None:
        """Lets go of everybody who waits for events; the events stay, and more may come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_for(
        self, predicate: Callable[[Sequence[TraceEvent]], bool], *, timeout_seconds: float
    ) -> Sequence[TraceEvent]:
        """All events once `predicate` holds of them, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: predicate(self._events), timeout_seconds)
            return list(self._events)
