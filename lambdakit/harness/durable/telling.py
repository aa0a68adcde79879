"""What is told of durable executions: their history, the trace, and the metrics of their functions.

Source: AWS Lambda API Reference, "Event" and its details; Developer Guide, "Monitoring durable functions".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lambdakit.harness.durable.execution import DurableExecution, of_error, of_payload
from lambdakit.harness.durable.operation import Error, Operation
from lambdakit.harness.durable.states import ExecutionStatus, OperationStatus, OperationType
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.trace import (
    DurableExecutionEnded,
    DurableExecutionStarted,
    DurableExecutionSuspended,
    DurableOperationChanged,
    InvocationRetryScheduled,
    TraceLog,
)

_OPERATION_EVENTS = {
    OperationType.WAIT: "Wait",
    OperationType.CALLBACK: "Callback",
    OperationType.CHAINED_INVOKE: "ChainedInvoke",
}
_ENDINGS = {
    OperationStatus.SUCCEEDED: "Succeeded",
    OperationStatus.FAILED: "Failed",
    OperationStatus.TIMED_OUT: "TimedOut",
    OperationStatus.STOPPED: "Stopped",
}
_METRICS = {
    ExecutionStatus.SUCCEEDED: "DurableExecutionSucceeded",
    ExecutionStatus.FAILED: "DurableExecutionFailed",
    ExecutionStatus.TIMED_OUT: "DurableExecutionTimedOut",
    ExecutionStatus.STOPPED: "DurableExecutionStopped",
}


class Telling:
    """Tells of executions."""

    def __init__(self, metrics: FunctionMetrics, trace: TraceLog) -> None:
        self._metrics = metrics
        self._trace = trace

    def started(self, execution: DurableExecution) -> None:
        """One began."""
        self._metrics.add(execution.function_arn, execution.qualifier, "DurableExecutionStarted")
        self._trace.append(
            DurableExecutionStarted(
                execution=execution.arn,
                name=execution.name,
                function=execution.function,
                arn=execution.function_arn,
                qualifier=execution.qualifier,
                version=execution.version,
                payload=execution.payload,
            )
        )

    def changed(self, execution: DurableExecution, operation: Operation) -> None:
        """An operation came to a status."""
        self._trace.append(
            DurableOperationChanged(
                execution=execution.arn,
                function=execution.function,
                operation=operation.id,
                name=operation.name,
                type=operation.type.value,
                status=operation.status.value,
                attempt=operation.attempt,
            )
        )

    def came_to(self, execution: DurableExecution, operation: Operation, at: datetime) -> None:
        """An operation that the service sees to has ended: for the history."""
        details: dict[str, Any] = {}
        if operation.type is OperationType.WAIT:
            details = {"Duration": int((at - operation.started_at).total_seconds())}
        elif operation.status is OperationStatus.SUCCEEDED:
            details = {"Result": of_payload(operation.result)}
        else:
            details = {"Error": of_error(operation.error)}
        kind = f"{_OPERATION_EVENTS[operation.type]}{_ENDINGS[operation.status]}"
        execution.record(at, kind, operation, **details)

    def rests(self, execution: DurableExecution, awaited: Sequence[Operation]) -> None:
        """No code of one runs for now."""
        names = tuple(f"{one.type} {one.name or one.id}" for one in awaited)
        self._trace.append(
            DurableExecutionSuspended(execution=execution.arn, function=execution.function, waits_for=names)
        )

    def retries(self, execution: DurableExecution, reason: str, delay_seconds: float) -> None:
        """An invocation of one will be made again."""
        self._trace.append(
            InvocationRetryScheduled(
                request_id=execution.request_id,
                function=execution.function,
                qualifier=execution.qualifier,
                reason=reason,
                attempts=execution.failures,
                delay_seconds=delay_seconds,
            )
        )

    def gone(self, execution: DurableExecution, status: str, at: datetime, reason: str = "") -> None:
        """One is no more, and never came to an end of its own. status: `REFUSED` or `FORGOTTEN`."""
        self._told(execution, status, at, {"ErrorType": reason})

    def ended(self, execution: DurableExecution) -> None:
        """One ended."""
        arn, qualifier = execution.function_arn, execution.qualifier
        assert execution.ended_at is not None
        duration_ms = (execution.ended_at - execution.started_at).total_seconds() * 1000
        self._metrics.add(arn, qualifier, _METRICS[execution.status])
        self._metrics.add(arn, qualifier, "DurableExecutionDuration", duration_ms, "Milliseconds")
        self._metrics.add(arn, qualifier, "DurableExecutionOperations", execution.performed)
        self._metrics.add(arn, qualifier, "DurableExecutionStorageWrittenBytes", execution.written_bytes)
        self._told(execution, execution.status.value, execution.ended_at, execution.error or {})

    def _told(self, execution: DurableExecution, status: str, at: datetime, error: Error) -> None:
        self._trace.append(
            DurableExecutionEnded(
                execution=execution.arn,
                name=execution.name,
                function=execution.function,
                status=status,
                result=execution.result or "",
                error_type=str(error.get("ErrorType") or ""),
                error_message=str(error.get("ErrorMessage") or ""),
                duration_ms=(at - execution.started_at).total_seconds() * 1000,
                invocations=execution.invocations,
                operations=execution.performed,
                written_bytes=execution.written_bytes,
            )
        )
