"""What is going on behind the callers' backs: the work that `drain` waits for.

Who hands work to another thread opens an activity before, and it is closed when the work is done; who sets off more
work opens that before its own is closed. So whenever nothing is open, nothing can happen until the clock moves or
somebody asks for something. Work that waits for the clock is a timer, and no activity.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping


class Activity:
    """The open pieces of work, by what they are."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._begun = 0
        self._count = 0
        self._parked = 0
        self._changed = threading.Condition()

    def begin(self, what: str) -> None:
        """Opens a piece of work. what: for people, such as `asynchronous event of orders`."""
        with self._changed:
            self._open[what] += 1
            self._begun += 1
            self._count += 1

    def end(self, what: str) -> None:
        """Closes one that `begin` opened with the same text. ValueError when none is open."""
        with self._changed:
            if what not in self._open:
                raise ValueError(f"{what!r} is not open")
            self._open[what] -= 1
            if not self._open[what]:
                del self._open[what]
            self._count -= 1
            if self._count <= self._parked:
                self._changed.notify_all()

    @contextlib.contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Open for the length of the block."""
        self.begin(what)
        try:
            yield
        finally:
            self.end(what)

    def park(self) -> Callable[[], None]:
        """One of the open pieces counts as closed until what is returned is called: it waits for what is open itself.

        So whoever waits inside a piece of work for something that is a timer meanwhile, or that somebody else has to
        do, keeps nobody waiting. What is returned may be called more than once.
        """
        given_back = False
        with self._changed:
            self._parked += 1
            if self._count <= self._parked:
                self._changed.notify_all()

        def unpark() -> None:
            nonlocal given_back
            with self._changed:
                if not given_back:
                    given_back = True
                    self._parked -= 1

        return unpark

    @property
    def begun(self) -> int:
        """How many have been opened so far: while it stays the same, what was idle is idle."""
        return self._begun

    def still_open(self) -> Mapping[str, int]:
        """How often each piece of work is open."""
        with self._changed:
            return dict(self._open)

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Waits until nothing is open; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count <= self._parked, max(0.0, timeout_seconds))
