"""One durable execution: what it was started with, its operations, its history.

Plain state. Who changes it holds the lock of the executions; what follows from a change is decided elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lambdakit.clock import Timer
from lambdakit.harness.durable.operation import Error, Operation
from lambdakit.harness.durable.states import OPEN, ExecutionStatus, OperationType
from lambdakit.harness.runtime.function_configuration import DurableConfig
from lambdakit.harness.runtime.random_ids import random_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that was asked for. stops_timeout: whether the time of the pause counts for the execution's time-out."""

    asked_at: datetime
    reason: str
    stops_timeout: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The chained invoke that an execution is the answer to."""

    execution: DurableExecution
    operation: str


@dataclass(eq=False, slots=True, kw_only=True)
class DurableExecution:
    """An execution.

    id: the last part of its ARN, and the id of its EXECUTION operation. function_arn: unqualified. qualifier: as the
    caller named it. version: that every invocation runs. synchronous: somebody waits, no longer than 15 minutes.
    changed: operations that changed and that the function has not been told of, in order; a set that keeps the order.
    token: the one checkpoint token that is good now; empty while no invocation runs.
    repeated: the last checkpoint's client token and its answer, for a request that comes twice.
    own_time_limit_at: when it times out, and time_limit_at: after what it rested in pauses that stop that.
    was_interrupted: an invocation is owed to it. performed: operations, and further attempts at them.
    refused: why it could not begin. asked: what was asked for with a client token, and when.
    failures: invocations in a row that failed, or could not be made. log: lines of its invocations.
    """

    arn: str
    id: str
    name: str
    function: str
    function_arn: str
    version: str
    qualifier: str
    role: str
    request_id: str
    payload: str
    config: DurableConfig
    started_at: datetime
    synchronous: bool
    own_time_limit_at: datetime
    time_limit_at: datetime
    trace_id: str = ""
    tenant_id: str = ""
    parent: Parent | None = None
    status: ExecutionStatus = ExecutionStatus.RUNNING
    ended_at: datetime | None = None
    result: str | None = None
    error: Error | None = None
    operations: dict[str, Operation] = field(default_factory=dict)
    changed: dict[str, None] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    token: str = ""
    repeated: tuple[str, Mapping[str, Any]] | None = None
    performed: int = 0
    written_bytes: int = 0
    is_invoking: bool = False
    was_interrupted: bool = False
    failures: int = 0
    invocations: int = 0
    retry: Timer | None = None
    time_limit: Timer | None = None
    pause: Pause | None = None
    paused_at: datetime | None = None
    rested: timedelta = timedelta()
    refused: Exception | None = None
    asked: dict[tuple[str, ...], datetime] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether something may still become of it."""
        return self.status in OPEN

    @property
    def own(self) -> Operation:
        """The operation that stands for the execution itself."""
        return self.operations[self.id]

    @property
    def awaited(self) -> list[Operation]:
        """What it rests for."""
        return [operation for operation in self.operations.values() if operation.is_awaited]

    def renew_token(self) -> str:
        """A new checkpoint token; the one before is no good any more. The API's pattern is that of base64."""
        self.token = base64.b64encode(f"{self.id}:{random_hex(32)}".encode()).decode()
        return self.token

    def mark(self, operation: Operation) -> None:
        """The function has to be told of an operation."""
        self.changed.pop(operation.id, None)
        self.changed[operation.id] = None

    def take_changed(self) -> list[Operation]:
        """What the function has to be told of; it counts as told."""
        operations = [self.operations[name] for name in self.changed]
        self.changed.clear()
        return operations

    def record(self, at: datetime, kind: str, operation: Operation | None = None, **details: Any) -> None:
        """Adds an event to the history. kind: the API's EventType; details: members of its `…Details`."""
        about = self.own if operation is None else operation
        event: dict[str, Any] = {"EventType": kind, "EventId": len(self.events) + 1, "EventTimestamp": at}
        if about.type is not OperationType.EXECUTION or kind.startswith("Execution"):
            event["Id"] = about.id
        event |= {
            name: value
            for name, value in (("Name", about.name), ("ParentId", about.parent_id), ("SubType", about.sub_type))
            if value and about.type is not OperationType.EXECUTION
        }
        event[f"{kind}Details"] = details
        self.events.append(event)

    def drop_timers(self) -> None:
        """Lets go of whatever was to happen to it."""
        for timer in (self.retry, self.time_limit):
            if timer is not None:
                timer.cancel()
        self.retry = self.time_limit = None
        for operation in self.operations.values():
            operation.drop_timers()


def of_payload(payload: str | None) -> dict[str, Any]:
    """A payload as events of a history carry it."""
    return {"Payload": payload, "Truncated": False}


def of_error(error: Error | None) -> dict[str, Any]:
    """An error as events of a history carry it."""
    return {"Payload": dict(error or {}), "Truncated": False}
