"""Chained invokes: functions that an execution has the service call, and rests for.

Source: AWS Durable Execution SDK Developer Guide, "Invoke operations": durable functions and others; the caller's
execution role needs `lambda:InvokeFunction`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from lambdakit.harness.durable.engine import Engine
from lambdakit.harness.durable.execution import DurableExecution, Parent, of_payload
from lambdakit.harness.durable.invoking import Run
from lambdakit.harness.durable.operation import Error, Operation
from lambdakit.harness.durable.output import error_object, error_of_function
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.durable.states import Happening
from lambdakit.harness.invocation.concurrency import Throttled
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.recursion import RecursionDetected
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.limits import ASYNC_BACK_OFF_SECONDS_MAX, ASYNC_BACK_OFF_SECONDS_MIN


class Called(Protocol):
    """The function that a name stands for."""

    @property
    def configuration(self) -> FunctionConfiguration:
        """The version that runs."""

    @property
    def qualifier(self) -> str:
        """As the caller named it."""


# The function that a role calls by a name, for a tenant if one is named: ARN of the calling function, its role, the
# name, the tenant. DurableRefused when it may not, or cannot.
Resolve = Callable[[str, str, str, str], Called]


class ChainedInvokes:
    """Calls functions for executions."""

    def __init__(self, engine: Engine, *, resolve: Resolve, run: Run) -> None:
        self._engine = engine
        self._resolve = resolve
        self._run = run

    def begin(self, execution: DurableExecution, operation: Operation) -> None:
        """Calls the function of a chained invoke; what it comes to is the operation's."""
        try:
            called = self._resolve(execution.function_arn, execution.role, operation.function, operation.tenant_id)
        except DurableRefused as refused:
            self._started(execution, operation, {})
            self._ended(execution, operation, Happening.FAILED, error=error_object(refused.message, refused.code))
            return
        configuration = called.configuration
        event = Event(
            payload=(operation.payload or "").encode(),
            qualifier=called.qualifier,
            trace_id=operation.trace_id or execution.trace_id,
            tenant_id=operation.tenant_id,
        )
        if configuration.durable is not None:
            parent = Parent(execution=execution, operation=operation.id)
            with self._engine.lock:
                child = self._engine.start(configuration, event, synchronous=False, parent=parent)
                told = {"ExecutedVersion": configuration.version, "DurableExecutionArn": child.arn}
                self._started(execution, operation, told)
            return
        self._started(execution, operation, {"ExecutedVersion": configuration.version})
        self._call(execution, operation, configuration, event)

    def _call(
        self, execution: DurableExecution, operation: Operation, configuration: FunctionConfiguration, event: Event
    ) -> None:
        try:
            result = self._run(configuration, event, queued=True)
        except Throttled:
            self._call_later(execution, operation, configuration, event)
            return
        except (RecursionDetected, RuntimeUnavailable) as hindrance:
            error = error_object(str(hindrance), type(hindrance).__name__)
            self._ended(execution, operation, Happening.FAILED, error=error)
            return
        fault = result.outcome.fault
        if fault is None:
            text = result.outcome.payload.decode("utf-8", "replace")
            self._ended(execution, operation, Happening.SUCCEEDED, result=text)
            return
        happening = Happening.TIMED_OUT if fault.status == "timeout" else Happening.FAILED
        self._ended(execution, operation, happening, error=error_of_function(result.outcome.payload, fault))

    def _call_later(
        self, execution: DurableExecution, operation: Operation, configuration: FunctionConfiguration, event: Event
    ) -> None:
        delay = min(ASYNC_BACK_OFF_SECONDS_MAX, ASYNC_BACK_OFF_SECONDS_MIN * 2 ** min(operation.attempt, 16))

        def again() -> None:
            self._engine.submit(execution, lambda: self._call(execution, operation, configuration, event))

        with self._engine.lock:
            if operation.is_over or not execution.is_open:
                return
            operation.attempt += 1
            due = self._engine.clock.now() + timedelta(seconds=delay)
            label = f"retry of {configuration.name}, which {execution.function} invokes"
            operation.timers = (self._engine.clock.schedule(due, again, label=label),)

    def _started(self, execution: DurableExecution, operation: Operation, more: dict[str, Any]) -> None:
        details = {
            "FunctionName": operation.function,
            "TenantId": operation.tenant_id or None,
            "Input": of_payload(operation.payload),
            **more,
        }
        with self._engine.lock:
            execution.record(operation.started_at, "ChainedInvokeStarted", operation, **details)

    def _ended(
        self,
        execution: DurableExecution,
        operation: Operation,
        happening: Happening,
        *,
        result: str | None = None,
        error: Error | None = None,
    ) -> None:
        with self._engine.lock:
            self._engine.happened(execution, operation, happening, result=result, error=error)
