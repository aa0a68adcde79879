"""What may become of an operation of a durable execution: one table, and whatever is not in it is refused.

A function acts by checkpoints; what happens meanwhile (time passes, somebody answers) is the service's own doing.
Source: AWS Lambda API Reference, "OperationUpdate", "Operation" and "Event" (which kinds of events there are tells
which ends an operation can have); the updates that `aws-durable-execution-sdk-python` 3.0.0 sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class OperationType(StrEnum):
    """As the API names it."""

    EXECUTION = "EXECUTION"
    CONTEXT = "CONTEXT"
    STEP = "STEP"
    WAIT = "WAIT"
    CALLBACK = "CALLBACK"
    CHAINED_INVOKE = "CHAINED_INVOKE"


class OperationStatus(StrEnum):
    """As the API names it. PENDING: waits for its next attempt; READY: the time for that has come."""

    STARTED = "STARTED"
    PENDING = "PENDING"
    READY = "READY"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


class Action(StrEnum):
    """What a function's checkpoint asks for."""

    START = "START"
    SUCCEED = "SUCCEED"
    FAIL = "FAIL"
    RETRY = "RETRY"
    CANCEL = "CANCEL"


class Happening(StrEnum):
    """What the service finds: a time has come, somebody answered, a called function ended."""

    DUE = "due"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    STOPPED = "stopped"


Move = Action | Happening

# Operation type, its status (None before it is there), what is done -> its next status.
TRANSITIONS: Final[Mapping[tuple[OperationType, OperationStatus | None, Move], OperationStatus]] = {
    (OperationType.EXECUTION, OperationStatus.STARTED, Action.SUCCEED): OperationStatus.SUCCEEDED,
    (OperationType.EXECUTION, OperationStatus.STARTED, Action.FAIL): OperationStatus.FAILED,
    (OperationType.CONTEXT, None, Action.START): OperationStatus.STARTED,
    (OperationType.CONTEXT, OperationStatus.STARTED, Action.SUCCEED): OperationStatus.SUCCEEDED,
    (OperationType.CONTEXT, OperationStatus.STARTED, Action.FAIL): OperationStatus.FAILED,
    (OperationType.STEP, None, Action.START): OperationStatus.STARTED,
    (OperationType.STEP, OperationStatus.READY, Action.START): OperationStatus.STARTED,
    (OperationType.STEP, OperationStatus.STARTED, Action.SUCCEED): OperationStatus.SUCCEEDED,
    (OperationType.STEP, OperationStatus.STARTED, Action.FAIL): OperationStatus.FAILED,
    (OperationType.STEP, OperationStatus.STARTED, Action.RETRY): OperationStatus.PENDING,
    (OperationType.STEP, OperationStatus.PENDING, Happening.DUE): OperationStatus.READY,
    (OperationType.WAIT, None, Action.START): OperationStatus.STARTED,
    (OperationType.WAIT, OperationStatus.STARTED, Action.CANCEL): OperationStatus.CANCELLED,
    (OperationType.WAIT, OperationStatus.STARTED, Happening.DUE): OperationStatus.SUCCEEDED,
    (OperationType.CALLBACK, None, Action.START): OperationStatus.STARTED,
    (OperationType.CALLBACK, OperationStatus.STARTED, Happening.SUCCEEDED): OperationStatus.SUCCEEDED,
    (OperationType.CALLBACK, OperationStatus.STARTED, Happening.FAILED): OperationStatus.FAILED,
    (OperationType.CALLBACK, OperationStatus.STARTED, Happening.TIMED_OUT): OperationStatus.TIMED_OUT,
    (OperationType.CHAINED_INVOKE, None, Action.START): OperationStatus.STARTED,
    (OperationType.CHAINED_INVOKE, OperationStatus.STARTED, Happening.SUCCEEDED): OperationStatus.SUCCEEDED,
    (OperationType.CHAINED_INVOKE, OperationStatus.STARTED, Happening.FAILED): OperationStatus.FAILED,
    (OperationType.CHAINED_INVOKE, OperationStatus.STARTED, Happening.TIMED_OUT): OperationStatus.TIMED_OUT,
    (OperationType.CHAINED_INVOKE, OperationStatus.STARTED, Happening.STOPPED): OperationStatus.STOPPED,
}

TERMINAL: Final = frozenset(OperationStatus) - {
    OperationStatus.STARTED,
    OperationStatus.PENDING,
    OperationStatus.READY,
}


def next_status(kind: OperationType, status: OperationStatus | None, move: Move) -> OperationStatus | None:
    """The status after a move; None for one that there is not."""
    return TRANSITIONS.get((kind, status, move))


class ExecutionStatus(StrEnum):
    """As the API names it."""

    RUNNING = "RUNNING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


OPEN: Final = frozenset({ExecutionStatus.RUNNING, ExecutionStatus.PAUSING, ExecutionStatus.PAUSED})
