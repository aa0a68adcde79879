"""Timers by name: one for each thing that comes due again and again, replaced when its times change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable
from datetime import datetime

from lambdakit.clock import Scheduler, Timer
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What stands in a timetable. plan: what its times follow from; another plan is another entry."""

    plan: Hashable
    timer: Timer | None


class Timetable:
    """The timers of one kind."""

    def __init__(self, clock: Scheduler) -> None:
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._lock = threading.RLock()

    def plan(self, name: str) -> Hashable | None:
        """The plan of what is called `name`; None when it is not there."""
        with self._lock:
            entry = self._entries.get(name)
            return None if entry is None else entry.plan

    def put(
        self, name: str, plan: Hashable, due: datetime | None, run: Callable[[], None], *, label: str, recurring: bool
    ) -> None:
        """Calls `run` at a time, instead of what was to be called before. due: None keeps the plan alone.

        `run` is not called any more once the entry was replaced or taken away.
        """
        with self._lock:
            self.remove(name)
            entry: Entry | None = None

            def fire() -> None:
                with self._lock:
                    if self._entries.get(name) is not entry:
                        return
                run()

            timer = None if due is None else self._clock.schedule(due, fire, label=label, recurring=recurring)
            entry = self._entries[name] = Entry(plan=plan, timer=timer)

    def remove(self, name: str) -> None:
        """Takes one away; nothing happens when it is not there."""
        with self._lock:
            entry = self._entries.pop(name, None)
        if entry is not None and entry.timer is not None:
            entry.timer.cancel()

    def keep(self, names: Collection[str], *, among: str) -> None:
        """Takes away all whose name begins with `among` and is not one of `names`."""
        with self._lock:
            gone = [name for name in self._entries if name.startswith(among) and name not in names]
        for name in gone:
            self.remove(name)

    def clear(self) -> None:
        """Takes everything away."""
        self.keep((), among="")
