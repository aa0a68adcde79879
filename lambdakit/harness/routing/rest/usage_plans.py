"""API keys and usage plans: whose key a request comes with, and what that key may still use.

One of these serves all REST APIs, because a plan may span several: what a key uses is added up over the plan's stages.
Source: API Gateway Developer Guide, "Usage plans and API keys for REST APIs in API Gateway", "Choose an API key source
in API Gateway", "Throttle requests to your REST APIs for better throughput in API Gateway"; API Gateway API Reference,
"QuotaSettings".
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Final

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.http_apis import Throttle
from lambdakit.harness.moto_state.rest_definition import Method
from lambdakit.harness.moto_state.usage_plans import ApiKey, Quota, ReadUsagePlans, UsagePlan
from lambdakit.harness.routing.rest.exchange import RestExchange, UsedKey
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.throttle import Bucket, seconds_of

_Period = tuple[int, int]


class UsagePlans:
    """What keys have used so far. clock: by which quotas begin anew and rates give back."""

    def __init__(self, read: ReadUsagePlans, clock: Clock) -> None:
        self._read = read
        self._seconds = seconds_of(clock)
        self._clock = clock
        self._buckets: dict[tuple[str, ...], Bucket] = {}
        # Plan and key -> the period, and how many requests were let in during it.
        self._used: dict[tuple[str, str], tuple[_Period, int]] = {}
        self._lock = threading.Lock()

    def admit(self, exchange: RestExchange) -> UsedKey | None:
        """The key of a request that may go on; None where the method asks for none. It then counts. Refused."""
        method = exchange.method
        if method is None or not method.api_key_required:
            return None
        is_named = exchange.api.api_key_source == "AUTHORIZER"
        value = exchange.authorized.usage_key if is_named else exchange.request.headers.get("x-api-key")
        book = self._read(exchange.account_id, exchange.region)
        key = book.keys.get(value) if value else None
        if key is None:
            whence = "the authorizer" if is_named else "x-api-key"
            raise _invalid(f"{whence} gives a key that there is not" if value else f"{whence} gives no key")
        if not key.is_enabled:
            raise _invalid(f"the key {key.key_id} is disabled")
        plan = book.plan_of(key, exchange.api.api_id, exchange.stage)
        if plan is None:
            raise _invalid(f"the key {key.key_id} is in no usage plan of the stage {exchange.stage}")
        with self._lock:
            self._throttle_locked(exchange, method, key, plan)
            self._count_locked(key, plan)
        return UsedKey(key_id=key.key_id, value=key.value)

    def reset(self) -> None:
        """Begins anew, with nothing used."""
        with self._lock:
            self._buckets.clear()
            self._used.clear()

    def _throttle_locked(self, exchange: RestExchange, method: Method, key: ApiKey, plan: UsagePlan) -> None:
        """A method's own limit goes before the plan's, which counts for everything that the key asks for."""
        stage = (exchange.api.api_id, exchange.stage)
        place = (exchange.resource_path, _limited_method(exchange, method, plan))
        throttle = plan.stages[stage].get(place)
        name: tuple[str, ...] = (plan.plan_id, key.key_id, *stage, *place)
        if throttle is None:
            throttle, name = plan.throttle, (plan.plan_id, key.key_id)
        if throttle is not None and not self._take_locked(name, throttle):
            raise Refused("THROTTLED", f"the usage plan {plan.name} throttles the key {key.key_id}")

    def _take_locked(self, name: tuple[str, ...], throttle: Throttle) -> bool:
        now = self._seconds()
        bucket = self._buckets.get(name)
        if bucket is None or bucket.throttle != throttle:
            bucket = self._buckets[name] = Bucket(throttle, now)
        return bucket.take(now)

    def _count_locked(self, key: ApiKey, plan: UsagePlan) -> None:
        quota = plan.quota
        if quota is None:
            return
        period = _period(quota, self._clock.now())
        counted, used = self._used.get((plan.plan_id, key.key_id), (period, 0))
        if counted != period:
            used = 0
        allowed = quota.limit - (quota.offset if period == _period(quota, key.created) else 0)
        if used >= allowed:
            raise Refused("QUOTA_EXCEEDED", f"the key {key.key_id} has used up {allowed} of the plan {plan.name}")
        self._used[plan.plan_id, key.key_id] = (period, used + 1)


_ORDER: Final = {"DAY": 0, "WEEK": 1, "MONTH": 2}


def _period(quota: Quota, at: datetime) -> _Period:
    """Which period of a quota a moment is in: periods begin at midnight UTC, weeks on Sunday (no page says the day).

    Which periods they are is part of it, so that a plan whose period is changed begins anew.
    """
    day = at.astimezone(UTC).date()
    number = {"DAY": day.toordinal(), "WEEK": day.toordinal() // 7, "MONTH": day.year * 12 + day.month}[quota.period]
    return _ORDER[quota.period], number


def _limited_method(exchange: RestExchange, method: Method, plan: UsagePlan) -> str:
    """The method that the plan may have limited: the request's own, else the one that answers it, such as `ANY`."""
    limits = plan.stages[exchange.api.api_id, exchange.stage]
    asked = exchange.request.method
    return asked if (exchange.resource_path, asked) in limits else method.http_method


def _invalid(problem: str) -> Refused:
    return Refused("INVALID_API_KEY", problem)
