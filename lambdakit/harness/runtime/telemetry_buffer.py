"""The records of one subscriber that wait to be sent, in the portions it asked for.

A portion is complete when it has `max_items` records or `max_bytes` of them, or when its first one has waited for the
time-out. The last record may go over `max_bytes`, which is why a subscriber has to expect twice that. When a subscriber
does not keep up, records are dropped and counted rather than kept without end. Knows nothing of sockets.
Source: AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions using the Telemetry API",
section "Configuring memory usage and buffering".
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from lambdakit.records import dataclass

# How many complete portions wait for a subscriber before it counts as fallen behind: AWS names no number. A function
# can write this much at once while nobody looks at the sockets.
PORTIONS_MAX = 8


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a subscriber lost."""

    records: int
    size_bytes: int


class TelemetryBuffer:
    """Records in order. on_dropped: makes the record that tells of a loss, once there is room for it."""

    def __init__(
        self, *, max_items: int, max_bytes: int, timeout_seconds: float, on_dropped: Callable[[Dropped], bytes]
    ) -> None:
        self.change(max_items=max_items, max_bytes=max_bytes, timeout_seconds=timeout_seconds)
        self._on_dropped = on_dropped
        self._complete: deque[list[bytes]] = deque()
        self._filling: list[bytes] = []
        self._filling_bytes = 0
        self._since = math.inf  # when the first record of the portion came
        self._dropped = Dropped(0, 0)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._complete and not self._filling

    @property
    def due(self) -> float:
        """When the next portion can go, in the caller's seconds; infinite when nothing waits."""
        return -math.inf if self._complete else self._since + self._timeout_seconds

    def change(self, *, max_items: int, max_bytes: int, timeout_seconds: float) -> None:
        """Other limits for what comes; what has been collected stays."""
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._timeout_seconds = timeout_seconds

    def add(self, record: bytes, now: float) -> None:
        """Takes a record, or drops it when the subscriber has fallen too far behind."""
        if len(self._complete) >= PORTIONS_MAX:
            self._dropped = Dropped(self._dropped.records + 1, self._dropped.size_bytes + len(record))
            return
        self._tell_of_loss(now)
        self._append(record, now)

    def take(self, now: float) -> list[bytes]:
        """The next portion, complete or not; empty when nothing waits. The news of a loss is added to what follows."""
        if self._complete:
            portion = self._complete.popleft()
        else:
            portion = self._filling
            self._begin_portion()
        self._tell_of_loss(now)
        return portion

    def close_portion(self, now: float) -> None:
        """What has been collected can go at once, the news of a loss included."""
        self._tell_of_loss(now)
        if self._filling:
            self._complete.append(self._filling)
            self._begin_portion()

    def _tell_of_loss(self, now: float) -> None:
        if self._dropped.records and len(self._complete) < PORTIONS_MAX:
            dropped, self._dropped = self._dropped, Dropped(0, 0)
            self._append(self._on_dropped(dropped), now)

    def _append(self, record: bytes, now: float) -> None:
        if not self._filling:
            self._since = now
        self._filling.append(record)
        self._filling_bytes += len(record)
        if len(self._filling) >= self._max_items or self._filling_bytes >= self._max_bytes:
            self._complete.append(self._filling)
            self._begin_portion()

    def _begin_portion(self) -> None:
        self._filling, self._filling_bytes, self._since = [], 0, math.inf
