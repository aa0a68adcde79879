"""What durable executions do."""

from __future__ import annotations

from lambdakit.records import dataclass
from lambdakit.trace.event import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableExecutionStarted(TraceEvent):
    """An execution began. execution: its ARN. qualifier: as the caller named it; version: what it stays on."""

    execution: str
    name: str
    function: str
    arn: str
    qualifier: str
    version: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableOperationChanged(TraceEvent):
    """An operation of an execution came to a status, by a checkpoint or by itself.

    operation: its id; name: the function's for it, empty without one. status: `STARTED`, `SUCCEEDED` …
    attempt: of a step, how many have ended.
    """

    execution: str
    function: str
    operation: str
    name: str
    type: str
    status: str
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableExecutionSuspended(TraceEvent):
    """No code of an execution runs until one of `waits_for` comes: types and names of operations."""

    execution: str
    function: str
    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DurableExecutionEnded(TraceEvent):
    """An execution came to an end. status: `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `STOPPED`.

    `REFUSED` is one that never ran, as its caller was told, `FORGOTTEN` one that went with its function.
    result: JSON text; empty without one. error_type, error_message: empty on success. duration_ms: of the harness's
    clock, from its beginning.
    """

    execution: str
    name: str
    function: str
    status: str
    result: str
    error_type: str
    error_message: str
    duration_ms: float
    invocations: int
    operations: int
    written_bytes: int
