"""Durable executions: begun, run, rested, woken, ended.

    start -> invoke -> PENDING: rests until an operation it waits for comes to something -> invoke …
                |-> SUCCEEDED or FAILED: ends
                `-> the invocation itself failed: again after a back-off, until the execution times out

At most one invocation of an execution runs at a time, on a worker. An activity is open from the moment one is decided
on until what follows from it is decided; an execution that rests has timers, or somebody outside to wait for, and no
activity. One lock guards all executions; functions are called, and events sent on, without it.

Source: AWS Lambda Developer Guide, "Durable functions basic concepts", "Invoking Lambda durable functions" and "Retries
for Lambda durable functions" (invocations that fail are made again: the guide gives no times, so they are those of
asynchronous events after service errors).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.durable.execution import DurableExecution, Parent, of_error, of_payload
from lambdakit.harness.durable.operation import Error, Operation
from lambdakit.harness.durable.output import error_object
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.durable.states import ExecutionStatus, Happening, OperationStatus, OperationType, next_status
from lambdakit.harness.durable.table import ExecutionTable
from lambdakit.harness.durable.telling import Telling
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.limits import DURABLE_SYNC_SECONDS_MAX

logger = logging.getLogger(__name__)

_WORKERS_MAX: Final = 128


class Engine:
    """Every durable execution of the harness.

    conclude: told of each execution that nobody waited for and that failed or timed out. invoke: runs the function of
    an execution once, and decides what follows; whoever makes the engine sets it.
    """

    def __init__(
        self,
        *,
        conclude: Callable[[DurableExecution], None],
        telling: Telling,
        clock: Scheduler,
        activity: Activity,
    ) -> None:
        self._conclude = conclude
        self.telling = telling
        self.clock = clock
        self._activity = activity
        self._workers = Workers("durable", most=_WORKERS_MAX)
        self.table = ExecutionTable()
        self.lock = threading.RLock()
        self._ended = threading.Condition(self.lock)
        self._parked: dict[DurableExecution, list[Callable[[], None]]] = {}
        self._closed = False
        self.invoke: Callable[[DurableExecution], None] = lambda execution: None

    def start(
        self, configuration: FunctionConfiguration, event: Event, *, synchronous: bool, parent: Parent | None = None
    ) -> DurableExecution:
        """The execution that an invocation begins, or that it began when it came before, by its name.

        DurableExecutionAlreadyStartedException for a name that another payload was given under.
        """
        assert configuration.durable is not None
        payload = (event.payload or b"{}").decode("utf-8", "replace")
        now = self.clock.now()
        with self.lock:
            name = event.durable_execution_name
            existing = self.table.named(configuration.arn, name, now) if name else None
            if existing is not None:
                # Guide "Idempotency": whether it runs, is paused or has ended, only the payload counts.
                if existing.payload != payload:
                    raise DurableRefused(
                        "DurableExecutionAlreadyStartedException",
                        f"The durable execution {name} has already been started with another payload",
                    )
                return existing
            identity, name = random_uuid(), name or random_uuid()
            seconds = configuration.durable.execution_timeout_seconds
            limit = min(seconds, DURABLE_SYNC_SECONDS_MAX) if synchronous else seconds
            execution = DurableExecution(
                arn=f"{configuration.arn}:{configuration.version}/durable-execution/{name}/{identity}",
                id=identity,
                name=name,
                function=configuration.name,
                function_arn=configuration.arn,
                version=configuration.version,
                qualifier=event.qualifier,
                role=configuration.role,
                request_id=event.request_id,
                payload=payload,
                config=configuration.durable,
                started_at=now,
                synchronous=synchronous,
                own_time_limit_at=now + timedelta(seconds=limit),
                time_limit_at=now + timedelta(seconds=limit),
                trace_id=event.trace_id,
                tenant_id=event.tenant_id,
                parent=parent,
            )
            own = Operation(id=identity, type=OperationType.EXECUTION, started_at=now, name=name, payload=payload)
            execution.operations[identity] = own
            self.table.add(execution)
            execution.record(now, "ExecutionStarted", Input=of_payload(payload), ExecutionTimeout=limit)
            self.telling.started(execution)
            self.limit_time(execution)
            self.wake(execution)
        return execution

    def wait(self, execution: DurableExecution, *, inside_activity: bool = False) -> None:
        """Returns once an execution has ended. What kept it from beginning is raised.

        inside_activity: the caller has one piece of work open, which must not count as work while the execution rests.
        """
        with self._ended:
            if inside_activity and execution.is_open:
                self._parked.setdefault(execution, []).append(self._activity.park())
            self._ended.wait_for(lambda: not execution.is_open or execution.refused is not None or self._closed)
            if execution.refused is not None:
                raise execution.refused
            if execution.is_open:
                raise DurableRefused("ServiceException", "the harness has ended")

    def submit(self, execution: DurableExecution, job: Callable[[], None]) -> None:
        """Runs a job for an execution soon, on a worker; it counts as work from now on."""
        what = f"durable execution of {execution.function}"
        self._activity.begin(what)

        def work() -> None:
            try:
                job()
            except Exception as error:  # the boundary of a thread: an execution must not hang for a fault of ours
                logger.exception("%s", execution.arn)
                with self.lock:
                    execution.is_invoking = False
                    self.finish(execution, ExecutionStatus.FAILED, error=error_object(str(error), "ServiceException"))
            finally:
                self._activity.end(what)

        self._workers.submit(work)

    def wake(self, execution: DurableExecution) -> None:
        """Has an execution invoked, unless it is already, may not be now, or will be after a back-off."""
        if (
            execution.status is ExecutionStatus.RUNNING
            and not execution.is_invoking
            and execution.retry is None
            and not self._closed
        ):
            execution.is_invoking = True
            self.submit(execution, lambda: self.invoke(execution))

    def happened(
        self,
        execution: DurableExecution,
        operation: Operation,
        happening: Happening,
        *,
        result: str | None = None,
        error: Error | None = None,
    ) -> bool:
        """Something became of an operation; whether it could."""
        status = next_status(operation.type, operation.status, happening)
        if status is None or not execution.is_open:
            return False
        now = self.clock.now()
        if status is OperationStatus.READY:
            operation.status = status
            operation.drop_timers()
        else:
            operation.end(status, now)
            operation.result, operation.error = result, error
            execution.written_bytes += len((result or "").encode())
            self.telling.came_to(execution, operation, now)
        execution.mark(operation)
        self.telling.changed(execution, operation)
        self.wake(execution)
        return True

    def finish(
        self,
        execution: DurableExecution,
        status: ExecutionStatus,
        *,
        result: str | None = None,
        error: Error | None = None,
    ) -> None:
        """Ends an execution; nothing happens to one that has ended."""
        if not execution.is_open:
            return
        now = self.clock.now()
        execution.status, execution.ended_at = status, now
        execution.result, execution.error, execution.token = result, error, ""
        execution.drop_timers()
        execution.own.end(OperationStatus(status.value), now)
        details: dict[str, Any] = (
            {"Result": of_payload(result)} if status is ExecutionStatus.SUCCEEDED else {"Error": of_error(error)}
        )
        execution.record(now, f"Execution{_ENDINGS[status]}", **details)
        self.telling.ended(execution)
        failed = status in (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT)
        if execution.parent is not None:
            above = execution.parent
            self.happened(
                above.execution,
                above.execution.operations[above.operation],
                _FOR_PARENT[status],
                result=result,
                error=error,
            )
        elif failed and not execution.synchronous:
            self.submit(execution, lambda: self._conclude(execution))
        self.let_go(execution)

    def limit_time(self, execution: DurableExecution) -> None:
        """Has an execution end when its time is over."""
        execution.time_limit = self.clock.schedule(
            execution.time_limit_at,
            lambda: self._time_is_over(execution),
            label=f"time-out of durable execution {execution.name} of {execution.function}",
        )

    def forget(self, function_arn: str) -> None:
        """Lets go of a function's executions, as if they had never been."""
        with self.lock:
            for execution in self.table.all():
                if execution.function_arn == function_arn:
                    was_open, above = execution.is_open, execution.parent
                    self.table.remove(execution)
                    execution.status, execution.token = ExecutionStatus.STOPPED, ""
                    self.let_go(execution)
                    if was_open:
                        self.telling.gone(execution, "FORGOTTEN", self.clock.now())
                    if was_open and above is not None:
                        called = above.execution.operations[above.operation]
                        gone = error_object(f"Function not found: {function_arn}", "ResourceNotFoundException")
                        self.happened(above.execution, called, Happening.STOPPED, error=gone)

    def stop(self) -> None:
        """Begins nothing any more, and lets go of whoever waits. Idempotent."""
        with self.lock:
            self._closed = True
            for execution in self.table.all():
                self.let_go(execution)
        self._workers.stop()

    def join(self) -> None:
        """Waits for the invocations under way; not for ever."""
        self._workers.join()

    def let_go(self, execution: DurableExecution) -> None:
        """Has whoever waits for an execution look at it."""
        for unpark in self._parked.pop(execution, ()):
            unpark()
        self._ended.notify_all()

    def _time_is_over(self, execution: DurableExecution) -> None:
        with self.lock:
            seconds = (execution.time_limit_at - execution.started_at).total_seconds()
            error = error_object(f"The execution timed out after {seconds:g} seconds", "ExecutionTimeout")
            self.finish(execution, ExecutionStatus.TIMED_OUT, error=error)


_ENDINGS: Final = {
    ExecutionStatus.SUCCEEDED: "Succeeded",
    ExecutionStatus.FAILED: "Failed",
    ExecutionStatus.TIMED_OUT: "TimedOut",
    ExecutionStatus.STOPPED: "Stopped",
}
_FOR_PARENT: Final = {
    ExecutionStatus.SUCCEEDED: Happening.SUCCEEDED,
    ExecutionStatus.FAILED: Happening.FAILED,
    ExecutionStatus.TIMED_OUT: Happening.TIMED_OUT,
    ExecutionStatus.STOPPED: Happening.STOPPED,
}
