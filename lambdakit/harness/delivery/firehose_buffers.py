"""Buffers that are let go when they are full, or when their time is over.

Source: Amazon Data Firehose Developer Guide, "Configure buffering hints": "The condition satisfied first triggers data
delivery".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.delivery.firehose_settings import Hints

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class _Buffer(Generic[Item]):
    """What waits. timer: None for one that waits for no time."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.bytes = 0
        self.timer: Timer | None = None


class Buffers(Generic[Key, Item]):
    """Buffers by key. release: takes what one held, in the thread that fills it or in the clock's."""

    def __init__(self, clock: Scheduler, release: Callable[[Key, Sequence[Item]], None], *, label: str) -> None:
        self._clock = clock
        self._release = release
        self._label = label
        self._held: dict[Key, _Buffer[Item]] = {}
        self._lock = threading.Lock()

    def add(self, key: Key, items: Sequence[tuple[Item, int]], hints: Hints) -> None:
        """Adds items, each with its size in bytes; releases what is full then, and all of it if there is no wait."""
        full: list[list[Item]] = []
        with self._lock:
            for item, size in items:
                buffer = self._held.get(key)
                if buffer is not None and buffer.bytes + size > hints.bytes_max:
                    full.append(self._take_locked(key))
                buffer = self._held.setdefault(key, _Buffer())
                buffer.items.append(item)
                buffer.bytes += size
                if buffer.bytes >= hints.bytes_max:
                    full.append(self._take_locked(key))
            buffer = self._held.get(key)
            if buffer is not None and hints.seconds == 0:
                full.append(self._take_locked(key))
            elif buffer is not None and buffer.timer is None:
                buffer.timer = self._schedule_locked(key, buffer, hints.seconds)
        for taken in full:
            self._release(key, taken)

    def flush(self, chosen: Callable[[Key], bool]) -> None:
        """Releases at once what the chosen buffers hold."""
        with self._lock:
            taken = [(key, self._take_locked(key)) for key in list(self._held) if chosen(key)]
        for key, items in taken:
            self._release(key, items)

    def forget(self) -> None:
        """Lets go of everything that waits."""
        with self._lock:
            for key in list(self._held):
                self._take_locked(key)

    def _schedule_locked(self, key: Key, buffer: _Buffer[Item], seconds: int) -> Timer:
        def end() -> None:
            with self._lock:
                if self._held.get(key) is not buffer:
                    return
                taken = self._take_locked(key)
            self._release(key, taken)

        return self._clock.schedule(self._clock.now() + timedelta(seconds=seconds), end, label=self._label)

    def _take_locked(self, key: Key) -> list[Item]:
        buffer = self._held.pop(key)
        if buffer.timer is not None:
            buffer.timer.cancel()
        return buffer.items
