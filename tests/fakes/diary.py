"""What timers did, for the tests of the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lambdakit.clock import HarnessClock


class Diary:
    """What ran, and at which time of the clock."""

    def __init__(self, clock: HarnessClock) -> None:
        self._clock = clock
        self.entries: list[tuple[str, datetime]] = []

    def write(self, name: str) -> Callable[[], None]:
        """A timer's work: it notes `name`."""
        return lambda: self.entries.append((name, self._clock.now()))

    @property
    def names(self) -> list[str]:
        """What ran, in order."""
        return [name for name, _ in self.entries]
