"""One operation of a durable execution, and how it is told: to the API as it is, to a runtime with times as numbers.

Source: AWS Lambda API Reference, "Operation" and its details; the event that a runtime gets as
`aws-durable-execution-sdk-python` 3.0.0 reads it (lambda_service.py, `Operation.from_json_dict`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdakit.clock import Timer, milliseconds
from lambdakit.harness.durable.states import TERMINAL, OperationStatus, OperationType

Error = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Operation:
    """An operation. Whoever changes it holds the lock of its execution.

    attempt: of a step, how many attempts have ended. due: when a wait ends, the next attempt of a step may begin, or a
    callback times out; None for one that does not. heartbeat_seconds: after which a callback times out unless somebody
    gives a sign of life; 0 for one that does not.
    payload: of the execution, and of a chained invoke, which calls `function` for `tenant_id`, if it names one.
    result: JSON text as it came; error: an ErrorObject.
    """

    id: str
    type: OperationType
    started_at: datetime
    status: OperationStatus = OperationStatus.STARTED
    parent_id: str = ""
    name: str = ""
    sub_type: str = ""
    ended_at: datetime | None = None
    attempt: int = 0
    due: datetime | None = None
    heartbeat_seconds: int = 0
    callback_id: str = ""
    replay_children: bool = False
    payload: str | None = None
    function: str = ""
    tenant_id: str = ""
    trace_id: str = ""
    result: str | None = None
    error: Error | None = None
    timers: tuple[Timer, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing becomes of it any more."""
        return self.status in TERMINAL

    @property
    def is_awaited(self) -> bool:
        """Whether the execution may rest until something becomes of it."""
        if self.type is OperationType.STEP:
            return self.status is OperationStatus.PENDING
        return self.type in _OUTSIDE and self.status is OperationStatus.STARTED

    def end(self, status: OperationStatus, at: datetime) -> None:
        """It has come to an end; its timers are let go."""
        self.status = status
        self.ended_at = at
        self.drop_timers()

    def drop_timers(self) -> None:
        """Lets go of whatever was to happen to it."""
        for timer in self.timers:
            timer.cancel()
        self.timers = ()

    def members(self) -> dict[str, Any]:
        """As the API's `Operation`, members that are None to be left out."""
        return {
            "Id": self.id,
            "ParentId": self.parent_id or None,
            "Name": self.name or None,
            "Type": self.type.value,
            "SubType": self.sub_type or None,
            "StartTimestamp": self.started_at,
            "EndTimestamp": self.ended_at,
            "Status": self.status.value,
            **self._details(),
        }

    def _details(self) -> dict[str, Any]:
        outcome = {"Result": self.result, "Error": self.error}
        match self.type:
            case OperationType.EXECUTION:
                return {"ExecutionDetails": {"InputPayload": self.payload}}
            case OperationType.CONTEXT:
                return {"ContextDetails": {"ReplayChildren": self.replay_children or None, **outcome}}
            case OperationType.STEP:
                next_attempt = self.due if self.status is OperationStatus.PENDING else None
                return {"StepDetails": {"Attempt": self.attempt, "NextAttemptTimestamp": next_attempt, **outcome}}
            case OperationType.WAIT:
                return {"WaitDetails": {"ScheduledEndTimestamp": self.due}}
            case OperationType.CALLBACK:
                return {"CallbackDetails": {"CallbackId": self.callback_id, **outcome}}
            case OperationType.CHAINED_INVOKE:
                return {"ChainedInvokeDetails": outcome}


_OUTSIDE = frozenset({OperationType.WAIT, OperationType.CALLBACK, OperationType.CHAINED_INVOKE})


def for_runtime(value: Any) -> Any:
    """Members as the event of an invocation carries them: times in milliseconds, nothing for None."""
    if isinstance(value, datetime):
        return milliseconds(value)
    if isinstance(value, Mapping):
        return {name: for_runtime(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [for_runtime(item) for item in value]
    return value
