"""When everything in flight has come to rest, and how the clock moves from there.

In flight is what runs in an execution environment, what an activity is open for, and a timer that is due. Each of them
may begin another, so rest is one moment at which there is none of them.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from lambdakit.clock import HarnessClock, Timer
from lambdakit.errors import Diagnostic, DrainTimeout, HarnessError
from lambdakit.harness.activity import Activity

# One due time after the other, each set by the one before: the longest of them that ends is a stream's retries.
_ROUNDS_MAX: Final = 10_000
_NAMES_MAX: Final = 10


class Environments(Protocol):
    """The execution environments of all functions."""

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Whether none is in use, once that is so or the time is over."""

    def busy_functions(self) -> Mapping[str, int]:
        """How many environments of each function are in use."""


class Drain:
    """Waits until all that can happen has happened.

    flush: writes what is kept for later, such as log lines. moved: called after each move of the clock.
    """

    def __init__(
        self,
        *,
        clock: HarnessClock,
        activity: Activity,
        environments: Environments,
        flush: Callable[[], None],
        moved: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._activity = activity
        self._environments = environments
        self._flush = flush
        self._moved = moved

    def wait(self, timeout_seconds: float, *, advance: bool) -> Sequence[Timer]:
        """What is scheduled for later, once everything is at rest.

        advance: moves the clock from due time to due time until only recurring timers are left; those among them that
        come due on the way run.
        DrainTimeout, with what is still open, when that takes longer than `timeout_seconds`.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            self._rest(deadline, timeout_seconds)
            if advance:
                self._pass_time(deadline, timeout_seconds)
            begun = self._activity.begun
            self._flush()
            # Lines that are only written now may be what somebody waits for.
            if self._activity.begun == begun:
                break
            if time.monotonic() > deadline:
                raise self._unrest(f"what functions log sets off more work after {timeout_seconds:g} s")
        self._clock.check()
        return self._clock.scheduled()

    def advance(self, step: timedelta, *, timeout_seconds: float, settle: bool = True) -> datetime:
        """Moves the clock by `step`, each due time waiting until what the one before began is at rest.

        timeout_seconds: for each such wait. DrainTimeout when one takes longer; the clock stays where it is then.
        settle: False waits for nothing, as a function must that moves the clock while it is itself in flight.
        HarnessError for a step that leads beyond the year 9999.
        """

        def rest() -> None:
            self._moved()
            if settle:
                self._work_rests(time.monotonic() + timeout_seconds, timeout_seconds)

        try:
            now = self._clock.advance(step, settle=rest, timeout_seconds=timeout_seconds)
        except OverflowError:
            raise HarnessError(
                Diagnostic(
                    pointer="clock.advance",
                    problem=f"{step} leads beyond the year 9999",
                    code="LK542",
                    hint="pass a smaller step",
                )
            ) from None
        except TimeoutError:
            raise self._unrest(f"another call has been moving the clock for {timeout_seconds:g} s") from None
        self._moved()
        return now

    def _rest(self, deadline: float, timeout_seconds: float) -> None:
        while True:
            fired = self._clock.fired
            if not self._clock.wait_until_idle(_left(deadline)):
                raise self._unrest(f"the clock's timers did not come to rest within {timeout_seconds:g} s")
            self._work_rests(deadline, timeout_seconds)
            if self._clock.fired == fired and self._clock.wait_until_idle(0):
                return

    def _work_rests(self, deadline: float, timeout_seconds: float) -> None:
        """Waits until nothing runs and nothing is open, both at one moment.

        That is the moment at which no environment was in use, if nothing was open before it and none opened since.
        """
        while True:
            begun = self._activity.begun
            idle = self._activity.wait_until_idle(_left(deadline))
            if not idle or not self._environments.wait_until_idle(_left(deadline)):
                raise self._unrest(f"events in flight did not come to rest within {timeout_seconds:g} s")
            if self._activity.begun == begun:
                return

    def _pass_time(self, deadline: float, timeout_seconds: float) -> None:
        seen: Counter[str] = Counter()

        def rest() -> None:
            self._moved()
            self._work_rests(deadline, timeout_seconds)
            if time.monotonic() > deadline:
                raise self._never_ends(seen, f"within {timeout_seconds:g} s")

        for _ in range(_ROUNDS_MAX):
            pending = [timer for timer in self._clock.scheduled() if not timer.recurring]
            if not pending:
                return
            seen.update({timer.label for timer in pending})
            step = max(timedelta(), pending[-1].due - self._clock.now())
            try:
                self._clock.advance(step, settle=rest, timeout_seconds=_left(deadline))
            except TimeoutError:
                raise self._unrest(f"another call has been moving the clock for {timeout_seconds:g} s") from None
            self._moved()
            self._rest(deadline, timeout_seconds)
        raise self._never_ends(seen, f"after {_ROUNDS_MAX} rounds")

    def _unrest(self, problem: str) -> DrainTimeout:
        open_work = [
            *(f"{what} ({count})" for what, count in self._activity.still_open().items()),
            *(f"{name} runs in {_environments(count)}" for name, count in self._environments.busy_functions().items()),
        ]
        shown = ", ".join(open_work[:_NAMES_MAX])
        more = f" and {len(open_work) - _NAMES_MAX} more" if len(open_work) > _NAMES_MAX else ""
        still = f": {shown}{more}" if open_work else ""
        return DrainTimeout(
            Diagnostic(
                problem=problem + still,
                code="LK520",
                hint="give it more time, or look for a function that feeds its own source; one that moves the clock is "
                'itself in flight, and does so with "settle": false',
            )
        )

    def _never_ends(self, seen: Counter[str], when: str) -> DrainTimeout:
        pending = {timer.label for timer in self._clock.scheduled() if not timer.recurring}
        label, rounds = next((item for item in seen.most_common() if item[0] in pending), seen.most_common(1)[0])
        return DrainTimeout(
            Diagnostic(
                problem=f"the clock was moved to {self._clock.now():%Y-%m-%d %H:%M:%S} UTC and there is no end {when}: "
                f"{label!r} was due again in {rounds} rounds",
                code="LK521",
                hint="move the clock by as much as you need with clock.advance, or give drain() more time",
            )
        )


def _left(deadline: float) -> float:
    return max(0.0, min(deadline - time.monotonic(), threading.TIMEOUT_MAX))


def _environments(count: int) -> str:
    return "1 environment" if count == 1 else f"{count} environments"
