"""The connections of one execution environment that nothing answers, and what they cost.

On AWS such a connection hangs until the function gives up or its time is over. Here it costs a second of real time:
then whoever holds the environment ends the phase as if its time were over, and the harness's clock moves to where it
would have ended. A function that gives up before goes on, as it would on AWS.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lambdakit.harness.network.verdict import Placement

HANG_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 0.05  # for a function that gives up by itself after exactly one second

_NOWHERE: Final = Placement(account_id="", region="")


@dataclass(eq=False, slots=True, kw_only=True)
class Hang:
    """A connection that hangs. is_open: whether the function still waits for it; asked when its second is over."""

    destination: str
    began: float
    is_open: Callable[[], bool]


class EnvironmentNetwork:
    """What one execution environment waits for, and where it stands in its network.

    Whoever holds the environment calls `begin`, `deadline` and `lasted`; the others come from any thread.
    now: the harness's time. reach: moves it forward to a moment, unless it is there.
    monotonic: seconds of real time, by the counter of who holds it.
    """

    def __init__(
        self,
        *,
        function: str = "",
        arn: str = "",
        placement: Placement = _NOWHERE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Callable[[datetime], None] = lambda moment: None,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.function = function
        self.arn = arn
        self.placement = placement
        self._now = now
        self._reach = reach
        self._monotonic = monotonic
        self._open: list[Hang] = []
        self._told: set[str] = set()
        self._spent: set[str] = set()  # destinations whose second is over in this invocation
        self._request_id: str | None = None
        self._began = 0.0
        self._began_at = datetime.min.replace(tzinfo=UTC)
        self._limit_seconds = 0.0
        self._expired = False
        self._lock = threading.Lock()

    def begin(self, request_id: str, limit_seconds: float) -> None:
        """A phase begins: an init phase or an invocation. limit_seconds: when it times out.

        request_id: of the invocation that it belongs to; empty for an init phase that no invocation waits for.
        """
        if request_id != self._request_id:
            self._request_id = request_id
            self._told.clear()
            self._spent.clear()
        self._began, self._began_at = self._monotonic(), self._now()
        self._limit_seconds, self._expired = limit_seconds, False

    def deadline(self, configured: float) -> float:
        """Until when to wait for what executes, as `monotonic` counts; never later than `configured`.

        0 once a connection has hung for its second.
        """
        if not self._open:
            return configured
        with self._lock:
            waiting = list(self._open)
        now, earliest = self._monotonic(), configured
        for hang in waiting:
            due = self._due(hang)
            if due > now:
                earliest = min(earliest, due)
            elif hang.is_open():
                self._spent.add(hang.destination)
                self._expired = True
                return 0.0
            else:
                self.end(hang)
        return earliest

    def lasted(self, measured_ms: float) -> float:
        """The milliseconds that the phase took: all that it may, when a connection that hung ended it.

        The harness's clock is then where that time is over.
        """
        if not self._expired:
            return measured_ms
        self._reach(self._began_at + timedelta(seconds=self._limit_seconds))
        return max(measured_ms, self._limit_seconds * 1000.0)

    def hang(self, destination: str, is_open: Callable[[], bool] = lambda: True) -> Hang:
        """A connection begins to hang, until `end` or until it is found closed."""
        hang = Hang(destination=destination, began=self._monotonic(), is_open=is_open)
        with self._lock:
            self._open.append(hang)
        return hang

    def end(self, hang: Hang) -> None:
        """The function let go of a connection. Idempotent."""
        with self._lock:
            if hang in self._open:
                self._open.remove(hang)

    def first_time(self, destination: str) -> bool:
        """Whether this is the first that the invocation has to do with a destination."""
        with self._lock:
            known = destination in self._told
            self._told.add(destination)
        return not known

    def holds(self, hang: Hang) -> bool:
        """Whether a connection is not known to have ended."""
        with self._lock:
            return hang in self._open

    def forget(self) -> None:
        """The processes are gone, and their connections with them."""
        with self._lock:
            self._open.clear()

    def _due(self, hang: Hang) -> float:
        """A frozen environment does not wait; and what hung once while it started will hang again at once."""
        allowed = 0.0 if hang.destination in self._spent else HANG_SECONDS + _GRACE_SECONDS
        return max(hang.began, self._began) + allowed
