"""How many requests a stage or a route takes: a token bucket each, by the harness's clock.

REST APIs have theirs of it as well.
Source: API Gateway Developer Guide, "Throttle requests to your HTTP APIs for better throughput in API Gateway": the
burst is how many requests there may be at once, the rate how many come back in a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.http_apis import Stage, Throttle

# Source: API Gateway Developer Guide, "API Gateway account-level quotas": of an account in a region.
ACCOUNT_RATE: Final = 10_000.0
ACCOUNT_BURST: Final = 5_000


def seconds_of(clock: Clock) -> Callable[[], float]:
    """The harness's time as buckets count it: what `advance` skips has been waited for."""
    return lambda: clock.now().timestamp()


class Throttles:
    """The buckets of one API. seconds: the harness's time."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._lock = threading.Lock()

    def admits(self, stage: Stage, route_key: str) -> bool:
        """Whether the stage takes one more request of the route now; it then counts."""
        if not stage.throttles:
            return True
        key = route_key if route_key in stage.throttles else ""
        throttle = stage.throttles.get(key)
        if throttle is None:
            return True
        with self._lock:
            # The stage's own limit counts for each of its routes by itself.
            bucket = self._buckets.get((stage.name, route_key))
            if bucket is None or bucket.throttle != throttle:
                bucket = self._buckets[stage.name, route_key] = Bucket(throttle, self._seconds())
            return bucket.take(self._seconds())

    def reset(self) -> None:
        """Begins anew, with full buckets."""
        with self._lock:
            self._buckets.clear()


class Bucket:
    """Holds as many tokens as the burst, and gets the rate back in a second. throttle: what it was made for.

    Whoever has it takes from it in one thread at a time. now: the harness's time in seconds.
    """

    def __init__(self, throttle: Throttle, now: float) -> None:
        self.throttle = throttle
        self._rate = ACCOUNT_RATE if throttle.rate is None else throttle.rate
        self._most = float(ACCOUNT_BURST if throttle.burst is None else throttle.burst)
        self._held = self._most
        self._at = now

    def take(self, now: float) -> bool:
        """Whether there was a token, which is gone then."""
        passed = max(0.0, now - self._at)  # a machine's own time may be set back
        self._held = min(self._most, self._held + passed * self._rate)
        self._at = now
        if self._held < 1:
            return False
        self._held -= 1
        return True
