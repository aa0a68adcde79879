"""One invocation of a durable execution, and what follows from it.

Source: AWS Lambda Developer Guide, "Retries for Lambda durable functions": invocations that fail are made again. The
guide gives no times; they are those of asynchronous events after service errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from lambdakit.harness.durable.engine import Engine
from lambdakit.harness.durable.execution import DurableExecution, of_error
from lambdakit.harness.durable.operation import Error
from lambdakit.harness.durable.output import MalformedOutput, Output, error_object, error_of_function, read_output
from lambdakit.harness.durable.pausing import become_paused
from lambdakit.harness.durable.replay import invocation_event
from lambdakit.harness.durable.states import ExecutionStatus
from lambdakit.harness.invocation.concurrency import Throttled
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.invocation.recursion import RecursionDetected
from lambdakit.harness.runtime.faults import Fault
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.limits import ASYNC_BACK_OFF_SECONDS_MAX, ASYNC_BACK_OFF_SECONDS_MIN

# A package that cannot be loaded is none the better for being loaded again: these end an execution at once. That is
# ours: the guide does not say which errors are tried again.
_HOPELESS: Final = frozenset(
    {
        "Runtime.ImportModuleError",
        "Runtime.HandlerNotFound",
        "Runtime.MalformedHandlerName",
        "Runtime.UserCodeSyntaxError",
        "Runtime.InvalidEntrypoint",
        "Runtime.InvalidWorkingDir",
    }
)


class Run(Protocol):
    """Who runs functions."""

    def __call__(self, configuration: FunctionConfiguration, event: Event, *, queued: bool) -> InvocationResult:
        """The function's answer; Throttled, RecursionDetected or RuntimeUnavailable when it did not run.

        queued: nobody waits for it, so that it may come at any rate.
        """


Find = Callable[[str, str], FunctionConfiguration | None]


class Invoking:
    """Invokes the functions of executions.

    find: the version of a function, by unqualified ARN, to run now; None when it is gone.
    """

    def __init__(self, engine: Engine, *, run: Run, find: Find) -> None:
        self._engine = engine
        self._run = run
        self._find = find

    def invoke(self, execution: DurableExecution) -> None:
        """Runs the function once, with what it has to know of the execution, and decides what follows."""
        with self._engine.lock:
            if execution.status is not ExecutionStatus.RUNNING:
                execution.is_invoking = False
                execution.was_interrupted = execution.is_open
                return
            execution.renew_token()
            execution.was_interrupted = False
            execution.invocations += 1
            is_first = execution.invocations == 1
            payload = json.dumps(invocation_event(execution), ensure_ascii=False, separators=(",", ":")).encode()
        configuration = self._find(execution.function_arn, execution.version)
        if configuration is None:
            gone = error_object(f"Function not found: {execution.function_arn}", "ResourceNotFoundException")
            self._fail(execution, gone)
            return
        event = Event(
            payload=payload,
            qualifier=execution.qualifier,
            trace_id=execution.trace_id,
            request_id=execution.request_id if is_first else random_uuid(),
            tenant_id=execution.tenant_id,
        )
        began = self._engine.clock.now()
        waited_for = is_first and execution.synchronous
        try:
            result = self._run(configuration, event, queued=not waited_for)
        except (Throttled, RecursionDetected, RuntimeUnavailable) as hindrance:
            self._hindered(execution, hindrance, refuse=waited_for)
            return
        with self._engine.lock:
            self._after(execution, result, began)

    def _hindered(self, execution: DurableExecution, hindrance: Exception, *, refuse: bool) -> None:
        """The function did not run. refuse: whoever waits is told, and there never was an execution."""
        with self._engine.lock:
            execution.is_invoking = False
            if refuse:
                execution.refused = hindrance
                self._engine.table.remove(execution)
                self._engine.telling.gone(execution, "REFUSED", self._engine.clock.now(), type(hindrance).__name__)
                self._engine.let_go(execution)
            elif isinstance(hindrance, Throttled):
                self._again(execution, hindrance.reason)
            else:
                self._fail(execution, error_object(str(hindrance), type(hindrance).__name__))

    def _after(self, execution: DurableExecution, result: InvocationResult, began: datetime) -> None:
        """Decides what follows from an invocation."""
        fault = result.outcome.fault
        execution.is_invoking = False
        execution.token = ""
        execution.log += result.log
        ended = self._engine.clock.now()
        details: dict[str, Any] = {
            "StartTimestamp": began,
            "EndTimestamp": ended,
            "RequestId": result.request_id,
        }
        if fault is not None:
            details["Error"] = of_error(error_of_function(result.outcome.payload, fault))
        execution.record(ended, "InvocationCompleted", **details)
        if not execution.is_open:
            return
        if fault is not None:
            self._invocation_failed(execution, result, fault)
            return
        execution.failures = 0
        try:
            output = read_output(result.outcome.payload)
        except MalformedOutput as malformed:
            self._fail(execution, error_object(str(malformed), "InvalidDurableExecutionOutput"))
            return
        self._take(execution, output)

    def _take(self, execution: DurableExecution, output: Output) -> None:
        if output.status == "SUCCEEDED":
            self._engine.finish(execution, ExecutionStatus.SUCCEEDED, result=output.result)
        elif output.status == "FAILED":
            self._engine.finish(execution, ExecutionStatus.FAILED, error=output.error or {})
        elif execution.status is ExecutionStatus.PAUSING:
            become_paused(self._engine, execution)
        elif execution.status is ExecutionStatus.PAUSED:
            return
        elif execution.changed or execution.was_interrupted:
            self._engine.wake(execution)
        elif awaited := execution.awaited:
            self._engine.telling.rests(execution, awaited)
        else:
            nothing = "the handler's result has the Status PENDING, and there is nothing to wait for"
            self._fail(execution, error_object(nothing, "InvalidDurableExecutionOutput"))

    def _invocation_failed(self, execution: DurableExecution, result: InvocationResult, fault: Fault) -> None:
        if fault.error_type in _HOPELESS:
            self._fail(execution, error_of_function(result.outcome.payload, fault))
        elif execution.status is ExecutionStatus.PAUSING:
            execution.was_interrupted = True
            become_paused(self._engine, execution)
        else:
            self._again(execution, fault.error_type)

    def _again(self, execution: DurableExecution, reason: str) -> None:
        """Has an execution invoked once more, after a back-off."""
        delay = min(ASYNC_BACK_OFF_SECONDS_MAX, ASYNC_BACK_OFF_SECONDS_MIN * 2 ** min(execution.failures, 16))
        execution.failures += 1
        self._engine.telling.retries(execution, reason, delay)

        def due() -> None:
            with self._engine.lock:
                execution.retry = None
                execution.was_interrupted = True  # for a pause, which is over when it is made up for
                self._engine.wake(execution)

        execution.retry = self._engine.clock.schedule(
            self._engine.clock.now() + timedelta(seconds=delay),
            due,
            label=f"retry of durable execution of {execution.function}",
        )

    def _fail(self, execution: DurableExecution, error: Error) -> None:
        with self._engine.lock:
            execution.is_invoking = False
            self._engine.finish(execution, ExecutionStatus.FAILED, error=error)
