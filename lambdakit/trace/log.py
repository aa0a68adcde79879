"""The events of one harness, in order."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from lambdakit.clock import Clock
from lambdakit.trace.event import TraceEvent

_SETTLE_SECONDS = 5.0  # far above what any of it takes

# An event is frozen; its slots are not.
_set_sequence = vars(TraceEvent)["sequence"].__set__
_set_at = vars(TraceEvent)["at"].__set__

EventT = TypeVar("EventT", bound=TraceEvent)


class TraceLog:
    """The events of one harness, appended by any thread.

    Whoever reads them gets all that belongs to answers which are out already, though some of it is written down after
    the answer; see `owe`. Absence of `after`: from the first event on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: list[TraceEvent] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._closed = False
        self._waiting = 0
        self._numbers = itertools.count()
        self._owed: set[int] = set()
        self._catch_up: Callable[[], None] = lambda: None

    def ask_first(self, catch_up: Callable[[], None]) -> None:
        """Whoever reads events waits for `catch_up`, which sees to it that what has been noticed is written down."""
        self._catch_up = catch_up

    def owe(self) -> int:
        """Announces events of something that counts as done from now on; to be ended with `settle`, by the number."""
        number = next(self._numbers)
        with self._lock:
            self._owed.add(number)
        return number

    def settle(self, number: int) -> None:
        """The events that were announced are all here."""
        with self._lock:
            self._owed.discard(number)
            if self._waiting:
                self._changed.notify_all()

    def wait_until_settled(self) -> None:
        """Waits until the events are here that had been announced."""
        if self._owed:
            with self._changed:
                owed = set(self._owed)
                self._wait_locked(lambda: not owed & self._owed, _SETTLE_SECONDS)

    def append(self, event: EventT) -> EventT:
        """Gives the event, which must be new, its number and time, and returns it."""
        with self._lock:
            # Seven of these go with each invocation, and a copy of a frozen object costs ten times as much.
            self._events.append(event)
            _set_sequence(event, len(self._events))
            _set_at(event, self._clock.now())
            if self._waiting:
                self._changed.notify_all()
        return event

    def events(self, *, after: int = 0) -> Sequence[TraceEvent]:
        """The events with a higher sequence than `after`."""
        self._catch_up()
        self.wait_until_settled()
        with self._changed:
            return self._events[after:]

    def wait(self, *, after: int, timeout_seconds: float) -> Sequence[TraceEvent]:
        """As `events`, once there is one; nothing when there is none in time, or the log is closed."""
        self._catch_up()
        self.wait_until_settled()
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
