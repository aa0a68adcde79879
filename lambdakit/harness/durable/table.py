"""The executions that there are: by ARN, by name, by what callbacks are answered with.

Those whose retention is over are gone, from the moment somebody looks.
Source: AWS Lambda Developer Guide, "Idempotency" of durable functions; API Reference, "DurableConfig" and
"ListDurableExecutionsByFunction".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.operation import Operation


class ExecutionTable:
    """Every execution. Whoever uses it holds the lock of the executions."""

    def __init__(self) -> None:
        self._executions: dict[str, DurableExecution] = {}

    def add(self, execution: DurableExecution) -> None:
        """Takes an execution in."""
        self._executions[execution.arn] = execution

    def remove(self, execution: DurableExecution) -> None:
        """Lets go of an execution and all it kept."""
        execution.drop_timers()
        self._executions.pop(execution.arn, None)

    def get(self, arn: str, now: datetime) -> DurableExecution | None:
        """The execution with this ARN; None without one."""
        execution = self._executions.get(arn)
        return execution if execution is not None and self._is_kept(execution, now) else None

    def named(self, function_arn: str, name: str, now: datetime) -> DurableExecution | None:
        """A function's execution of this name; None without one.

        Names are a function's own, its versions together (API "DurableExecutionAlreadyStartedException": "unique within
        the function"; the guide's "Idempotency" says "within your account and region").
        """
        return next((one for one in self.of_function(function_arn, now) if one.name == name), None)

    def of_function(self, function_arn: str, now: datetime) -> Sequence[DurableExecution]:
        """A function's executions in the order they began. function_arn: unqualified."""
        return [one for one in self._kept(now) if one.function_arn == function_arn]

    def with_callback(self, callback_id: str, now: datetime) -> tuple[DurableExecution, Operation] | None:
        """The callback that is answered with this id; None without one."""
        for execution in self._kept(now):
            for operation in execution.operations.values():
                if operation.callback_id == callback_id:
                    return execution, operation
        return None

    def all(self) -> Sequence[DurableExecution]:
        """Every execution."""
        return list(self._executions.values())

    def _kept(self, now: datetime) -> Iterator[DurableExecution]:
        for execution in list(self._executions.values()):
            if self._is_kept(execution, now):
                yield execution

    def _is_kept(self, execution: DurableExecution, now: datetime) -> bool:
        if execution.ended_at is None:
            return True
        if now < execution.ended_at + timedelta(days=execution.config.retention_days):
            return True
        del self._executions[execution.arn]
        return False
