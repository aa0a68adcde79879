"""Durable executions of a function, as the trace tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from lambdakit.records import dataclass
from lambdakit.trace import (
    DurableExecutionEnded,
    DurableExecutionStarted,
    DurableExecutionSuspended,
    DurableOperationChanged,
    TraceEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableOperation:
    """One operation of an execution. name: empty without one. type: `STEP`, `WAIT` …; status: `SUCCEEDED` … ."""

    id: str
    name: str
    type: str
    status: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableExecution:
    """An execution. status: `RUNNING`, or how it ended; see `trace.DurableExecutionEnded`.

    waits_for: types and names of what it rests for; empty while its code runs, and at its end.
    operations: in the order they began. invocations: None until it has ended.
    """

    arn: str
    name: str
    version: str
    qualifier: str
    status: str = "RUNNING"
    waits_for: tuple[str, ...] = ()
    operations: tuple[DurableOperation, ...] = ()
    invocations: int | None = None
    result: str = field(default="", repr=False)
    error_type: str = ""
    error_message: str = ""


def executions_of(arn: str, events: Iterable[TraceEvent]) -> tuple[DurableExecution, ...]:
    """The executions of the function with this unqualified ARN, in the order they began."""
    started: dict[str, DurableExecutionStarted] = {}
    ended: dict[str, DurableExecutionEnded] = {}
    rests: dict[str, tuple[str, ...]] = {}
    operations: dict[str, dict[str, DurableOperation]] = {}
    for event in events:
        match event:
            case DurableExecutionStarted() if event.arn == arn:
                started[event.execution] = event
            case DurableOperationChanged():
                operation = DurableOperation(
                    id=event.operation, name=event.name, type=event.type, status=event.status, attempt=event.attempt
                )
                operations.setdefault(event.execution, {})[event.operation] = operation
                rests.pop(event.execution, None)
            case DurableExecutionSuspended():
                rests[event.execution] = event.waits_for
            case DurableExecutionEnded():
                ended[event.execution] = event
    return tuple(
        _execution(begun, ended.get(name), rests.get(name, ()), tuple(operations.get(name, {}).values()))
        for name, begun in started.items()
    )


def _execution(
    started: DurableExecutionStarted,
    ended: DurableExecutionEnded | None,
    waits_for: tuple[str, ...],
    operations: tuple[DurableOperation, ...],
) -> DurableExecution:
    begun = DurableExecution(
        arn=started.execution,
        name=started.name,
        version=started.version,
        qualifier=started.qualifier,
        waits_for=waits_for,
        operations=operations,
    )
    if ended is None:
        return begun
    return DurableExecution(
        arn=begun.arn,
        name=begun.name,
        version=begun.version,
        qualifier=begun.qualifier,
        status=ended.status,
        operations=operations,
        invocations=ended.invocations,
        result=ended.result,
        error_type=ended.error_type,
        error_message=ended.error_message,
    )
