"""Every state with every event: what is not in the table cannot happen."""

from __future__ import annotations

import itertools

import pytest

from lambdakit.harness.runtime.lifecycle import Event, InvalidTransition, State, next_state

# Written down a second time, by what each event means rather than by state.
EXPECTED: dict[Event, dict[State, State]] = {
    # A process starts once; after a reset, once more.
    Event.START: {State.CREATED: State.INITIALIZING},
    # `next` ends the init phase, or the invocation before.
    Event.NEXT: {State.INITIALIZING: State.READY, State.ANSWERED: State.READY},
    Event.INIT_ERROR: {State.INITIALIZING: State.FAILED},
    Event.INVOKE: {State.READY: State.INVOKING},
    # An answer belongs to an event, and there is one for each.
    Event.RESPONSE: {State.INVOKING: State.ANSWERED},
    Event.ERROR: {State.INVOKING: State.ANSWERED},
    # A streamed answer takes its time; nothing else answers beside it.
    Event.STREAM: {State.INVOKING: State.STREAMING},
    Event.STREAM_END: {State.STREAMING: State.ANSWERED},
    # A process may go away whenever there is one.
    Event.EXIT: {
        State.INITIALIZING: State.FAILED,
        State.READY: State.FAILED,
        State.INVOKING: State.FAILED,
        State.STREAMING: State.FAILED,
        State.ANSWERED: State.FAILED,
        State.FAILED: State.FAILED,
    },
    # Only what executes has a deadline.
    Event.DEADLINE: {
        State.INITIALIZING: State.FAILED,
        State.INVOKING: State.FAILED,
        State.STREAMING: State.FAILED,
        State.ANSWERED: State.FAILED,
    },
    Event.RESET: {State.FAILED: State.CREATED},
    Event.CLOSE: dict.fromkeys(State, State.STOPPED),
}

PAIRS = list(itertools.product(State, Event))


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=[f"{state}-{event}" for state, event in PAIRS])
def test_every_pair(state: State, event: Event) -> None:
    expected = EXPECTED[event].get(state)

    if expected is None:
        with pytest.raises(InvalidTransition) as refused:
            next_state(state, event)
        assert (refused.value.state, refused.value.event) == (state, event)
        assert str(refused.value) == f"{event} cannot happen while {state}"
    else:
        assert next_state(state, event) is expected


def test_nothing_leads_out_of_the_end() -> None:
    reached = {target for event, targets in EXPECTED.items() for state, target in targets.items() if state == "stopped"}

    assert reached == {State.STOPPED}


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = {State.CREATED}
    for _ in State:
        reached |= {targets[state] for targets in EXPECTED.values() for state in reached if state in targets}

    assert reached == set(State)
