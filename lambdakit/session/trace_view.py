"""The trace of a harness in another process, pulled when it is read, so that it is complete at that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from lambdakit.errors import HarnessError
from lambdakit.session.control_api import ControlApi
from lambdakit.trace import TraceEvent, event_from_wire

_FOLLOW_SECONDS: Final = 1.0

EventT = TypeVar("EventT", bound=TraceEvent)


class TraceView:
    """What happened in a harness, in order."""

    def __init__(self, control: ControlApi) -> None:
        self._control = control
        self._events: list[TraceEvent] = []
        self._last = 0
        self._lock = threading.Lock()

    @property
    def events(self) -> tuple[TraceEvent, ...]:
        """All that happened until now. After the harness is closed: all that had been read until then."""
        if not self._control.closed:
            self._pull(wait_seconds=0)
        return self.read

    @property
    def read(self) -> tuple[TraceEvent, ...]:
        """What has been read until now, without asking for more."""
        with self._lock:
            return tuple(self._events)

    def of(self, kind: type[EventT], **fields: object) -> tuple[EventT, ...]:
        """The events of one class whose fields have these values. AttributeError for a field it does not have."""
        return tuple(event for event in self.events if isinstance(event, kind) and _matches(event, fields))

    def count(self, kind: type[TraceEvent], **fields: object) -> int:
        """How many events `of` returns."""
        return len(self.of(kind, **fields))

    def follow(self) -> Iterator[TraceEvent]:
        """The events that have happened and those to come, as they come; ends when the harness is closed."""
        position = 0
        while not self._control.closed:
            try:
                events = self._fetch(after=position, wait_seconds=_FOLLOW_SECONDS)
            except HarnessError:
                if self._control.closed:
                    return
                raise
            yield from events
            position += len(events)

    def clear(self) -> None:
        """Leaves out all that happened until now: `events` then begins with what comes."""
        self._pull(wait_seconds=0)
        with self._lock:
            self._events.clear()

    def wait_for(self, predicate: Callable[[TraceEvent], bool], *, seconds: int) -> TraceEvent | None:
        """The last event of which `predicate` holds; None when there is none after some `seconds`."""
        for wait_seconds in (0, *([1] * seconds)):
            self._pull(wait_seconds=wait_seconds)
            with self._lock:
                found = next((event for event in reversed(self._events) if predicate(event)), None)
            if found is not None:
                return found
        return None

    def _pull(self, *, wait_seconds: float) -> None:
        with self._lock:
            position = self._last
        fetched = self._fetch(after=position, wait_seconds=wait_seconds)
        with self._lock:
            # Another thread may have fetched the same ones meanwhile.
            fresh = [event for event in fetched if event.sequence > self._last]
            self._events.extend(fresh)
            if fresh:
                self._last = fresh[-1].sequence

    def _fetch(self, *, after: int, wait_seconds: float) -> list[TraceEvent]:
        answer = self._control.get(f"/_lambdakit/trace?after={after}&wait_seconds={wait_seconds}")
        return [event_from_wire(wire) for wire in answer["events"]]


def _matches(event: TraceEvent, fields: dict[str, object]) -> bool:
    return all(getattr(event, name) == value for name, value in fields.items())
