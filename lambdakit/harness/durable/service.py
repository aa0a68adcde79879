"""What the Lambda API offers of durable executions, in values of its own: members in, members out.

Source: AWS Lambda API Reference, the operations of the same names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.harness.durable.checkpoint import QuotaExceeded, Update, apply_updates, check_updates
from lambdakit.harness.durable.engine import Engine
from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.operation import Error, Operation
from lambdakit.harness.durable.output import error_object
from lambdakit.harness.durable.pausing import become_paused, pause, resume
from lambdakit.harness.durable.refusal import DurableRefused, invalid, invalid_token
from lambdakit.harness.durable.replay import page, replayed
from lambdakit.harness.durable.states import ExecutionStatus, Happening, OperationStatus
from lambdakit.harness.durable.timers import Timers
from lambdakit.records import dataclass

Members = Mapping[str, Any]

_CLIENT_TOKEN_KEPT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which executions of a function are asked for; what is empty or None asks for all."""

    qualifier: str = ""
    name: str = ""
    statuses: Sequence[str] = field(default_factory=tuple)
    after: datetime | None = None
    before: datetime | None = None


class DurableService:
    """Answers for every execution. DurableRefused says why it does not."""

    def __init__(self, engine: Engine, timers: Timers) -> None:
        self._engine = engine
        self._timers = timers

    def checkpoint(self, arn: str, token: str, updates: Sequence[Update], client_token: str) -> Members:
        """Applies updates; what changed since the last one, and the token of the next.

        There is none after the update that ends the execution, when the execution has grown too large and fails, and
        when it is to pause. Source for the last two: aws-durable-execution-sdk-python 3.0.0, state.py.
        """
        with self._engine.lock:
            execution = self._engine.table.get(arn, self._engine.clock.now())
            if execution is None:
                raise invalid(f"There is no durable execution {arn}")
            if execution.repeated is not None and client_token and execution.repeated[0] == client_token:
                return execution.repeated[1]
            if not execution.token or token != execution.token:
                raise invalid_token()
            check_updates(execution, updates)
            try:
                operations = apply_updates(execution, updates, self._engine.clock.now())
            except QuotaExceeded as exceeded:
                error = error_object(str(exceeded), "QuotaExceeded")
                self._engine.finish(execution, ExecutionStatus.FAILED, error=error)
                return {"NewExecutionState": {"Operations": []}}
            for operation in operations:
                execution.mark(operation)
                self._engine.telling.changed(execution, operation)
                self._timers.arm(execution, operation)
            changed = [operation.members() for operation in execution.take_changed()]
            token_of_next = self._token_after(execution, updates)
            answer = {"CheckpointToken": token_of_next or None, "NewExecutionState": {"Operations": changed}}
            execution.repeated = (client_token, answer)
            return answer

    def state(self, arn: str, token: str, *, marker: str, most: int) -> Members:
        """The operations that a replay needs, a page of them."""
        with self._engine.lock:
            execution = self._engine.table.get(arn, self._engine.clock.now())
            if execution is None:
                raise invalid(f"There is no durable execution {arn}")
            if not execution.token or token != execution.token:
                raise invalid_token()
            shown, following = page(replayed(execution), marker, most)
            return {"Operations": [operation.members() for operation in shown], "NextMarker": following}

    def get(self, arn: str) -> DurableExecution:
        """An execution. ResourceNotFoundException without one."""
        execution = self._engine.table.get(arn, self._engine.clock.now())
        if execution is None:
            raise DurableRefused("ResourceNotFoundException", f"Durable execution not found: {arn}")
        return execution

    def listed(self, function_arn: str, wanted: Wanted) -> Sequence[DurableExecution]:
        """A function's executions, the newest first."""
        with self._engine.lock:
            found = self._engine.table.of_function(function_arn, self._engine.clock.now())
        return [one for one in reversed(found) if _fits(one, wanted)]

    def stop(self, arn: str, error: Error | None) -> datetime:
        """Ends an execution, and returns when it ended. The invocation that runs goes on to its next checkpoint.

        One that has ended stays as it is, and is refused; stopping it twice is no harm.
        """
        with self._engine.lock:
            execution = self.get(arn)
            if execution.is_open:
                given = error or error_object("The execution was stopped", "ExecutionStopped")
                self._engine.finish(execution, ExecutionStatus.STOPPED, error=given)
            elif execution.status is not ExecutionStatus.STOPPED:
                raise invalid(f"The durable execution has ended: {execution.status}")
            assert execution.ended_at is not None
            return execution.ended_at

    def pause(self, arn: str, client_token: str, *, reason: str, stops_timeout: bool) -> None:
        """Has an execution stand still. ResourceConflictException for one that does not run."""
        with self._engine.lock:
            execution = self.get(arn)
            if not self._came_before(execution, ("pause", client_token, reason, str(stops_timeout))):
                pause(self._engine, execution, reason=reason, stops_timeout=stops_timeout)

    def resume(self, arn: str, client_token: str, *, reason: str) -> None:
        """Has an execution go on. ResourceConflictException for one that does not stand still."""
        with self._engine.lock:
            execution = self.get(arn)
            if not self._came_before(execution, ("resume", client_token, reason)):
                resume(self._engine, execution, reason=reason)

    def delete(self, arn: str) -> None:
        """Lets go of an execution that has ended. ResourceConflictException for another."""
        with self._engine.lock:
            execution = self.get(arn)
            if execution.is_open:
                raise DurableRefused(
                    "ResourceConflictException", f"The durable execution has not ended: {execution.status}"
                )
            self._engine.table.remove(execution)

    def answer(self, callback_id: str, *, result: str | None = None, error: Error | None = None) -> None:
        """Answers a callback, with an error when one is given. CallbackTimeoutException when that is too late."""
        happening = Happening.SUCCEEDED if error is None else Happening.FAILED
        with self._engine.lock:
            execution, operation = self._waiting(callback_id)
            self._engine.happened(execution, operation, happening, result=result, error=error)

    def heartbeat(self, callback_id: str) -> None:
        """Somebody is still at work on a callback. CallbackTimeoutException when that is too late."""
        with self._engine.lock:
            execution, operation = self._waiting(callback_id)
            self._timers.arm_callback(execution, operation)

    def _waiting(self, callback_id: str) -> tuple[DurableExecution, Operation]:
        found = self._engine.table.with_callback(callback_id, self._engine.clock.now())
        if found is None:
            raise DurableRefused("ResourceNotFoundException", "There is no callback with this id")
        execution, operation = found
        if operation.status is not OperationStatus.STARTED or not execution.is_open:
            # API "CallbackTimeoutException": expired, or already closed
            raise DurableRefused("CallbackTimeoutException", "The callback has expired or is closed")
        return found

    def _token_after(self, execution: DurableExecution, updates: Sequence[Update]) -> str:
        """The token of the next checkpoint; empty when there is to be none."""
        ending = next((update for update in updates if update["Type"] == "EXECUTION"), None)
        if ending is not None and ending["Action"] == "SUCCEED":
            self._engine.finish(execution, ExecutionStatus.SUCCEEDED, result=ending.get("Payload"))
        elif ending is not None:
            self._engine.finish(execution, ExecutionStatus.FAILED, error=ending.get("Error") or {})
        elif execution.status is ExecutionStatus.PAUSING:
            execution.was_interrupted = True
            execution.token = ""
            become_paused(self._engine, execution)
        else:
            execution.renew_token()
        return execution.token

    def _came_before(self, execution: DurableExecution, asked: tuple[str, ...]) -> bool:
        """Whether the same was asked for with the same client token a short time ago; it counts as asked for now."""
        now = self._engine.clock.now()
        before = execution.asked.get(asked)
        execution.asked[asked] = now
        return bool(asked[1]) and before is not None and now - before < _CLIENT_TOKEN_KEPT


def _fits(execution: DurableExecution, wanted: Wanted) -> bool:
    return (
        (not wanted.qualifier or wanted.qualifier in (execution.version, execution.qualifier))
        and (not wanted.name or wanted.name == execution.name)
        and (not wanted.statuses or execution.status.value in wanted.statuses)
        and (wanted.after is None or execution.started_at > wanted.after)
        and (wanted.before is None or execution.started_at < wanted.before)
    )
