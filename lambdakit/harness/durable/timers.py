"""What becomes of operations by themselves: waits end, attempts come due, callbacks time out, functions are called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from lambdakit.harness.durable.engine import Engine
from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.operation import Error, Operation
from lambdakit.harness.durable.output import error_object
from lambdakit.harness.durable.states import Happening, OperationStatus, OperationType

BeginChained = Callable[[DurableExecution, Operation], None]


class Timers:
    """Sets up what becomes of operations. begin_chained: calls the function of a chained invoke, on a worker."""

    def __init__(self, engine: Engine, begin_chained: BeginChained) -> None:
        self._engine = engine
        self._begin_chained = begin_chained

    def arm(self, execution: DurableExecution, operation: Operation) -> None:
        """Sets up what will become of an operation that was begun, or is to be tried again."""
        operation.drop_timers()
        if operation.is_over or not execution.is_open:
            return
        if operation.type is OperationType.CHAINED_INVOKE:
            self._engine.submit(execution, lambda: self._begin_chained(execution, operation))
        elif operation.type is OperationType.CALLBACK:
            self.arm_callback(execution, operation)
        elif operation.due is not None and (
            operation.type is OperationType.WAIT or operation.status is OperationStatus.PENDING
        ):
            what = f"{operation.type.lower()} {operation.name or operation.id} of {execution.function}"
            come = self._happening(execution, operation, Happening.DUE)
            operation.timers = (self._engine.clock.schedule(operation.due, come, label=what),)

    def arm_callback(self, execution: DurableExecution, operation: Operation) -> None:
        """Sets up when a callback times out; anew when somebody gave a sign of life.

        Source of the types of the errors: aws-durable-execution-sdk-python 3.0.0, lambda_service.py,
        `CallbackTimeoutType`; the texts are ours.
        """
        operation.drop_timers()
        moments = []
        if operation.due is not None:
            moments.append((operation.due, "Callback.Timeout", "Callback timed out"))
        if operation.heartbeat_seconds:
            beat = self._engine.clock.now() + timedelta(seconds=operation.heartbeat_seconds)
            moments.append((beat, "Callback.Heartbeat", "Callback timed out on heartbeat"))
        what = f"callback {operation.name or operation.id} of {execution.function}"
        operation.timers = tuple(
            self._engine.clock.schedule(
                moment,
                self._happening(execution, operation, Happening.TIMED_OUT, error_object(message, kind)),
                label=f"{message}: {what}",
            )
            for moment, kind, message in moments
        )

    def _happening(
        self, execution: DurableExecution, operation: Operation, happening: Happening, error: Error | None = None
    ) -> Callable[[], None]:
        def come() -> None:
            with self._engine.lock:
                self._engine.happened(execution, operation, happening, error=error)

        return come
