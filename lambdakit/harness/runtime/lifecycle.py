"""The life of an execution environment as one table of states and events; what is not in it cannot happen.

Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"; for the Runtime API's
share of it, "Using the Lambda runtime API".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where an execution environment is in its life."""

    CREATED = "created"
    INITIALIZING = "initializing"
    READY = "ready"  # the runtime waits in `next`
    INVOKING = "invoking"
    STREAMING = "streaming"  # a streamed result has begun and is not complete
    ANSWERED = "answered"  # the result is out; the runtime has not come back to `next`
    FAILED = "failed"  # init reported an error, or the process went away
    STOPPED = "stopped"


class Event(StrEnum):
    """What happens to an execution environment."""

    START = "start"
    NEXT = "next"
    INIT_ERROR = "init error"
    INVOKE = "invoke"
    RESPONSE = "response"
    STREAM = "stream"  # a streamed result begins
    STREAM_END = "stream end"  # it is complete, or broke off
    ERROR = "error"
    EXIT = "exit"
    DEADLINE = "deadline"
    RESET = "reset"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[State, Event], State] = {
    (State.CREATED, Event.START): State.INITIALIZING,
    (State.CREATED, Event.CLOSE): State.STOPPED,
    (State.INITIALIZING, Event.NEXT): State.READY,
    (State.INITIALIZING, Event.INIT_ERROR): State.FAILED,
    (State.INITIALIZING, Event.EXIT): State.FAILED,
    (State.INITIALIZING, Event.DEADLINE): State.FAILED,
    (State.INITIALIZING, Event.CLOSE): State.STOPPED,
    (State.READY, Event.INVOKE): State.INVOKING,
    (State.READY, Event.EXIT): State.FAILED,
    (State.READY, Event.CLOSE): State.STOPPED,
    (State.INVOKING, Event.RESPONSE): State.ANSWERED,
    (State.INVOKING, Event.ERROR): State.ANSWERED,
    (State.INVOKING, Event.STREAM): State.STREAMING,
    (State.INVOKING, Event.EXIT): State.FAILED,
    (State.INVOKING, Event.DEADLINE): State.FAILED,
    (State.INVOKING, Event.CLOSE): State.STOPPED,
    (State.STREAMING, Event.STREAM_END): State.ANSWERED,
    (State.STREAMING, Event.EXIT): State.FAILED,
    (State.STREAMING, Event.DEADLINE): State.FAILED,
    (State.STREAMING, Event.CLOSE): State.STOPPED,
    (State.ANSWERED, Event.NEXT): State.READY,
    (State.ANSWERED, Event.EXIT): State.FAILED,
    (State.ANSWERED, Event.DEADLINE): State.FAILED,
    (State.ANSWERED, Event.CLOSE): State.STOPPED,
    (State.FAILED, Event.EXIT): State.FAILED,
    (State.FAILED, Event.RESET): State.CREATED,
    (State.FAILED, Event.CLOSE): State.STOPPED,
    (State.STOPPED, Event.CLOSE): State.STOPPED,
}


class InvalidTransition(Exception):
    """An event that cannot happen in a state; the state is as it was."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event} cannot happen while {state}")
        self.state = state
        self.event = event


def next_state(state: State, event: Event) -> State:
    """The state after `event`. InvalidTransition when the table has no such pair."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise InvalidTransition(state, event) from None
