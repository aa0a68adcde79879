"""How many requests a REST API's methods and an account take, whoever asks.

One of these serves all REST APIs, because they share the account's limit.
Source: API Gateway Developer Guide, "Throttle requests to your REST APIs for better throughput in API Gateway".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from lambdakit.harness.moto_state.http_apis import Throttle
from lambdakit.harness.moto_state.rest_definition import RestStage
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.method_settings import method_settings
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.throttle import Bucket

_ACCOUNT: Final = Throttle()


class RestThrottles:
    """The buckets of all REST APIs. seconds: the harness's time."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._buckets: dict[tuple[str, ...], Bucket] = {}
        self._lock = threading.Lock()

    def admit(self, exchange: RestExchange, stage: RestStage) -> None:
        """Counts a request. Refused when its method or the account takes no more now."""
        method = exchange.method
        if method is None:
            return
        settings = method_settings(stage, exchange)
        throttle = Throttle(rate=settings.rate, burst=settings.burst)
        # The stage's own limit counts for each of its methods by itself.
        name = (exchange.api.api_id, stage.name, exchange.resource_path, method.http_method)
        with self._lock:
            if throttle != _ACCOUNT and not self._take_locked(name, throttle):
                raise Refused("THROTTLED", f"{method.http_method} {exchange.resource_path} takes no more requests now")
            if not self._take_locked((exchange.account_id, exchange.region), _ACCOUNT):
                raise Refused("THROTTLED", "the account takes no more requests now")

    def reset(self) -> None:
        """Begins anew, with full buckets."""
        with self._lock:
            self._buckets.clear()

    def _take_locked(self, name: tuple[str, ...], throttle: Throttle) -> bool:
        now = self._seconds()
        bucket = self._buckets.get(name)
        if bucket is None or bucket.throttle != throttle:
            bucket = self._buckets[name] = Bucket(throttle, now)
        return bucket.take(now)
