"""The time that the harness acts by.

Event timestamps and all that is scheduled read this clock; deadlines, signatures and the function's own clock use
real time. The only module that may sleep.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The harness's time, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow and that nobody can move: for durations and deadlines."""


class HarnessClock:
    """Real time, moved forward by what `advance` was given in sum."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Real time and what it was advanced by, in UTC."""
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        """Real monotonic seconds; `advance` leaves them alone."""
        return time.monotonic()

    def advance(self, step: timedelta) -> datetime:
        """Moves the clock forward and returns the new time. ValueError for a negative step: time never runs back."""
        if step < timedelta():
            raise ValueError(f"the clock cannot be moved back: {step}")
        with self._lock:
            self._ahead += step
        return self.now()


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as AWS's events carry them."""
    return int(moment.timestamp() * 1000)


def iso_milliseconds(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`, as AWS writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
