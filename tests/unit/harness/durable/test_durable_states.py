"""Every operation type x status x move: what is not in the table is refused."""

from __future__ import annotations

import itertools

import pytest

from lambdakit.harness.durable.states import (
    TERMINAL,
    TRANSITIONS,
    Action,
    Happening,
    Move,
    OperationStatus,
    OperationType,
    next_status,
)

MOVES: tuple[Move, ...] = (*Action, *Happening)
STATUSES: tuple[OperationStatus | None, ...] = (None, *OperationStatus)
PRODUCT = list(itertools.product(OperationType, STATUSES, MOVES))

# What the API's kinds of events say of the ends of each type: `StepSucceeded`, `WaitCancelled`, `CallbackTimedOut` …
ENDS = {
    OperationType.EXECUTION: {"SUCCEEDED", "FAILED"},
    OperationType.CONTEXT: {"SUCCEEDED", "FAILED"},
    OperationType.STEP: {"SUCCEEDED", "FAILED"},
    OperationType.WAIT: {"SUCCEEDED", "CANCELLED"},
    OperationType.CALLBACK: {"SUCCEEDED", "FAILED", "TIMED_OUT"},
    OperationType.CHAINED_INVOKE: {"SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"},
}


@pytest.mark.parametrize(("kind", "status", "move"), PRODUCT)
def test_only_what_the_table_has_leads_anywhere(
    kind: OperationType, status: OperationStatus | None, move: Move
) -> None:
    following = next_status(kind, status, move)

    assert following == TRANSITIONS.get((kind, status, move))
    if status in TERMINAL:
        assert following is None
    if status is None and following is not None:
        assert move is Action.START
    if following in TERMINAL:
        assert following.value in ENDS[kind]
    if following in (OperationStatus.PENDING, OperationStatus.READY):
        assert kind is OperationType.STEP


@pytest.mark.parametrize("kind", OperationType)
def test_every_end_of_a_type_can_be_reached(kind: OperationType) -> None:
    reached = {OperationStatus.STARTED}
    while (
        more := {after for (one, before, _), after in TRANSITIONS.items() if one is kind and before in reached}
        - reached
    ):
        reached |= more

    assert {status.value for status in reached & TERMINAL} == ENDS[kind]


@pytest.mark.parametrize("kind", [OperationType.WAIT, OperationType.CALLBACK, OperationType.CHAINED_INVOKE])
def test_what_others_see_to_is_not_ended_by_the_function(kind: OperationType) -> None:
    by_function = {move for (one, before, move) in TRANSITIONS if one is kind and before is not None} & set(Action)

    assert by_function <= {Action.CANCEL}
