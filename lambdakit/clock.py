"""The time that the harness acts by.

Event timestamps and all that is scheduled read this clock; deadlines, signatures and the function's own clock use
real time. The only module that may sleep.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

logger = logging.getLogger(__name__)

# A machine that was asleep, or whose time was set, is noticed after this long.
_LOOK_SECONDS: Final = 30.0
# Steps of one `advance` without a move in between: timers that set themselves again at once, for ever.
_STEPS_WITHOUT_MOVE_MAX: Final = 100_000


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The harness's time, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow and that nobody can move: for durations and deadlines."""


@dataclass(eq=False, slots=True, kw_only=True)
class Timer:
    """Something that is to happen at a time of the harness's clock.

    label: what it is, for people. recurring: whether another one follows it for ever, as with a schedule; `drain` does
    not wait for those.
    """

    due: datetime
    label: str
    recurring: bool
    run: Callable[[], None]
    cancelled: bool = field(default=False)

    def cancel(self) -> None:
        """It will not run any more, unless it runs already; nothing happens when it has run."""
        self.cancelled = True


class Scheduler(Protocol):
    """A clock on which something can be scheduled."""

    def now(self) -> datetime:
        """The harness's time, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only grow and that nobody can move: for durations and deadlines."""

    def schedule(self, due: datetime, run: Callable[[], None], *, label: str, recurring: bool = False) -> Timer:
        """Calls `run` once the clock has reached `due`; see `HarnessClock.schedule`."""


class HarnessClock:
    """Real time, moved forward by what `advance` was given in sum, and what is to happen when it has come.

    Timers run one at a time, in the order of their due times; those of one time in the order they were made. They run
    on the clock's own thread, or on that of who advances: one of them steers at any moment.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._timers: list[tuple[datetime, int, Timer]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._steered_by: int | None = None
        self._fired = 0
        self._failure: Exception | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def now(self) -> datetime:
        """Real time and what it was advanced by, in UTC."""
        return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        """Real monotonic seconds; `advance` leaves them alone."""
        return time.monotonic()

    @property
    def ahead(self) -> timedelta:
        """What it was advanced by, in sum."""
        return self._ahead

    def schedule(self, due: datetime, run: Callable[[], None], *, label: str, recurring: bool = False) -> Timer:
        """Calls `run` once the clock has reached `due`; at once, on the clock's thread, when that is past.

        run: must come back soon; it hands work that takes time to another thread, and opens an activity for it first.
        It must not move the clock. What it raises, `check` and the next `advance` raise.
        ValueError for a `due` without a time zone. A closed clock takes the timer and never runs it.
        """
        if due.tzinfo is None:
            raise ValueError(f"{label}: {due} has no time zone")
        timer = Timer(due=due, label=label, recurring=recurring, run=run)
        with self._changed:
            if self._closed:
                timer.cancel()
                return timer
            heapq.heappush(self._timers, (due, next(self._numbers), timer))
            if self._thread is None:
                self._thread = threading.Thread(target=self._fire_in_time, name="clock", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return timer

    def scheduled(self) -> Sequence[Timer]:
        """What has not run yet, the next one first."""
        with self._changed:
            return [timer for _, _, timer in sorted(self._timers) if not timer.cancelled]

    def advance(
        self, step: timedelta, *, settle: Callable[[], None] = lambda: None, timeout_seconds: float | None = None
    ) -> datetime:
        """Moves the clock forward and returns the new time; what comes due meanwhile runs at its own time, in order.

        The real time that this takes counts for nothing: the clock is ahead by exactly `step` more afterwards, and
        a timer is reached whatever the work before it took. Who advances at the same time waits; both steps count.
        settle: waits until what a timer began has come to rest, so that what follows from it is scheduled before the
        clock moves on; called first of all, and after each due time. What it raises ends the advance where it is.
        Absence: nothing is waited for.
        timeout_seconds: how long to wait for another one that advances, then TimeoutError; absence waits for ever.
        ValueError for a negative step: time never runs back. OverflowError beyond the year 9999.
        """
        if step < timedelta():
            raise ValueError(f"the clock cannot be moved back: {step}")
        with self._steering(timeout_seconds):
            limit = self._ahead + step
            _refuse_endless(limit)
            settle()
            self._run_to(limit, settle)
        self.check()
        return self.now()

    def reach(self, moment: datetime, *, timeout_seconds: float | None = None) -> datetime:
        """Moves the clock forward to a moment, unless it is there already, and returns the new time.

        So several who want the same moment do not move it further than one. What comes due meanwhile runs as in
        `advance`, and nothing is waited for; what a timer raises, `check` tells.
        timeout_seconds: how long to wait for another one that moves the clock, then TimeoutError.
        """
        with self._steering(timeout_seconds):
            limit = max(self._ahead, moment - datetime.now(UTC))
            _refuse_endless(limit)
            self._run_to(limit, lambda: None)
        return self.now()

    @property
    def fired(self) -> int:
        """How many timers have begun to run so far."""
        return self._fired

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Waits until no timer runs or is due and nobody advances; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(self._idle_locked, timeout_seconds)

    def check(self) -> None:
        """Raises what a timer raised since the last call, if any did."""
        with self._changed:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def close(self) -> None:
        """No timer begins any more, and none runs on the clock's own thread. Idempotent."""
        with self._changed:
            self._closed = True
            self._timers.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @contextlib.contextmanager
    def _steering(self, timeout_seconds: float | None) -> Iterator[None]:
        me = threading.get_ident()
        with self._changed:
            if self._steered_by == me:
                raise RuntimeError("what runs at a due time cannot move the clock")
            if not self._changed.wait_for(lambda: self._steered_by is None, timeout_seconds):
                raise TimeoutError(f"the clock has been moving for more than {timeout_seconds} s")
            self._steered_by = me
        try:
            yield
        finally:
            with self._changed:
                self._steered_by = None
                self._changed.notify_all()

    def _run_to(self, limit: timedelta, settle: Callable[[], None]) -> None:
        without_move = 0
        while (timer := self._next_timer()) is not None and timer.due <= datetime.now(UTC) + limit:
            without_move = 0 if self._move_to(timer.due) else without_move + 1
            if without_move > _STEPS_WITHOUT_MOVE_MAX:
                raise RuntimeError(f"{timer.label}: comes due again and again without any time between")
            self._fire(timer.due)
            settle()
        with self._changed:
            self._ahead = limit

    def _move_to(self, moment: datetime) -> bool:
        """Whether the clock had to be moved for it."""
        needed = moment - datetime.now(UTC)
        with self._changed:
            if needed <= self._ahead:
                return False
            self._ahead = needed
        return True

    def _next_timer(self) -> Timer | None:
        with self._changed:
            while self._timers and self._timers[0][2].cancelled:
                heapq.heappop(self._timers)
            return self._timers[0][2] if self._timers else None

    def _fire(self, due: datetime) -> None:
        """Runs what is due until then, but nothing that is scheduled meanwhile."""
        with self._changed:
            group = []
            while self._timers and self._timers[0][0] <= due:
                group.append(heapq.heappop(self._timers)[2])
            self._fired += len(group)
        for timer in group:
            if timer.cancelled or self._closed:
                continue
            try:
                timer.run()
            except Exception as failure:  # one timer's fault must not keep the others from running
                logger.exception("%s", timer.label)
                with self._changed:
                    self._failure = self._failure or failure

    def _fire_in_time(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                wait = self._seconds_to_wait_locked()
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                self._steered_by = threading.get_ident()
            try:
                while not self._closed and (timer := self._next_timer()) is not None and timer.due <= self.now():
                    self._fire(timer.due)
            finally:
                with self._changed:
                    self._steered_by = None
                    self._changed.notify_all()

    def _idle_locked(self) -> bool:
        return self._steered_by is None and not (self._timers and self._timers[0][0] <= self.now())

    def _seconds_to_wait_locked(self) -> float | None:
        """Until the next look at the timers: 0 when one is due, None until something changes."""
        if self._steered_by is not None or not self._timers:
            return None
        return min((self._timers[0][0] - self.now()).total_seconds(), _LOOK_SECONDS)


def _refuse_endless(ahead: timedelta) -> None:
    if datetime.max.replace(tzinfo=UTC) - datetime.now(UTC) < ahead:
        raise OverflowError(f"no time is {ahead} ahead")


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, as AWS's events carry them."""
    return int(moment.timestamp() * 1000)


def iso_milliseconds(moment: datetime) -> str:
    """`2026-01-02T03:04:05.678Z`, as AWS writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
