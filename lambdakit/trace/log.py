"""The events of one harness, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from lambdakit.clock import Clock
from lambdakit.trace.event import TraceEvent

EventT = TypeVar("EventT", bound=TraceEvent)


class TraceLog:
    """The events of one harness, appended by any thread.

    Absence of `after`: from the first event on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: list[TraceEvent] = []
        self._changed = threading.Condition()
        self._closed = False
        self._waiting = 0

    def append(self, event: EventT) -> EventT:
        """Gives the event, which must be new, its number and time, and returns it."""
        with self._changed:
            # Seven of these go with each invocation, and a copy of a frozen object costs ten times as much.
            object.__setattr__(event, "sequence", len(self._events) + 1)
            object.__setattr__(event, "at", self._clock.now())
            self._events.append(event)
            if self._waiting:
                self._changed.notify_all()
        return event

    def events(self, *, after: int = 0) -> Sequence[TraceEvent]:
        """The events with a higher sequence than `after`."""
        with self._changed:
            return self._events[after:]

    def wait(self, *, after: int, timeout_seconds: float) -> Sequence[TraceEvent]:
        """As `events`, once there is one; nothing when there is none in time, or the log is closed."""
        with self._changed:
            self._wait_locked(lambda: self._closed or len(self._events) > after, timeout_seconds)
            return self._events[after:]

    def close(self) -> None:
        """Lets go of everybody who waits for events; the events stay, and more may come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait_for(
        self, predicate: Callable[[Sequence[TraceEvent]], bool], *, timeout_seconds: float
    ) -> Sequence[TraceEvent]:
        """All events once `predicate` holds of them, or when the time is over."""
        with self._changed:
            self._wait_locked(lambda: predicate(self._events), timeout_seconds)
            return list(self._events)

    def _wait_locked(self, is_so: Callable[[], bool], timeout_seconds: float) -> None:
        self._waiting += 1
        try:
            self._changed.wait_for(is_so, timeout_seconds)
        finally:
            self._waiting -= 1
