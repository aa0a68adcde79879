"""API keys and usage plans: which keys let a request in, how often, and when that begins anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.harness.moto_state.http_apis import Throttle
from lambdakit.harness.moto_state.rest_definition import Method
from lambdakit.harness.moto_state.usage_plans import ApiKey, Quota, UsagePlan, UsagePlanBook
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange, UsedKey
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.usage_plans import UsagePlans
from tests.fakes.rest_exchanges import AT, StillClock, rest_exchange

STAGE = ("abc", "prod")


def _key(name: str = "k1", *, enabled: bool = True, created: datetime = AT - timedelta(days=400)) -> ApiKey:
    return ApiKey(key_id=name, value=f"value-{name}", is_enabled=enabled, created=created)


def _plan(**more: Any) -> UsagePlan:
    whole: dict[str, Any] = {"stages": {STAGE: {}}, "key_ids": frozenset({"k1"}), **more}
    return UsagePlan(plan_id=whole.pop("plan_id", "p1"), name="gold", **whole)


def _plans(*plans: UsagePlan, keys: tuple[ApiKey, ...] = (), clock: StillClock | None = None) -> UsagePlans:
    book = UsagePlanBook(keys={key.value: key for key in keys or (_key(), _key("k2"))}, plans=plans)
    return UsagePlans(lambda account_id, region: book, clock or StillClock())


def _asked(key: str | None = "value-k1", *, required: bool = True, **more: Any) -> RestExchange:
    headers = [] if key is None else [("X-Api-Key", key)]
    verb = more.get("verb", "GET")
    method = Method(http_method=more.pop("http_method", verb), api_key_required=required)
    return rest_exchange(method, headers=headers, **more)


def _refusal(plans: UsagePlans, exchange: RestExchange) -> str:
    """The kind of the refusal; empty for a request that is let in."""
    try:
        plans.admit(exchange)
    except Refused as refused:
        return refused.kind
    return ""


def test_a_method_that_asks_for_no_key_has_none() -> None:
    assert _plans(_plan()).admit(_asked(required=False)) is None


def test_a_key_of_a_plan_of_the_stage_lets_in() -> None:
    assert _plans(_plan()).admit(_asked()) == UsedKey(key_id="k1", value="value-k1")


@pytest.mark.parametrize(
    ("plan", "key", "more"),
    [
        (_plan(), None, {}),
        (_plan(), "", {}),
        (_plan(), "value-k3", {}),
        (_plan(), "k1", {}),
        (_plan(), "value-k2", {}),
        (_plan(stages={("abc", "test"): {}}), "value-k1", {}),
        (_plan(stages={("other", "prod"): {}}), "value-k1", {}),
        (_plan(), "value-k1", {"stage": "test"}),
        (_plan(), "value-k1", {"api": {"api_key_source": "AUTHORIZER"}}),
    ],
)
def test_every_other_key_is_forbidden(plan: UsagePlan, key: str | None, more: dict[str, Any]) -> None:
    assert _refusal(_plans(plan), _asked(key, **more)) == "INVALID_API_KEY"


def test_a_disabled_key_is_forbidden() -> None:
    assert _refusal(_plans(_plan(), keys=(_key(enabled=False),)), _asked()) == "INVALID_API_KEY"


def test_an_authorizer_may_name_the_key() -> None:
    exchange = _asked("nonsense", api={"api_key_source": "AUTHORIZER"}, authorized=RestAuthorized(usage_key="value-k1"))

    used = _plans(_plan()).admit(exchange)

    assert used is not None
    assert used.key_id == "k1"


def test_what_the_authorizer_names_counts_only_where_the_api_says_so() -> None:
    exchange = _asked(None, authorized=RestAuthorized(usage_key="value-k1"))

    assert _refusal(_plans(_plan()), exchange) == "INVALID_API_KEY"


def test_a_key_may_have_a_plan_for_each_stage() -> None:
    other = _plan(plan_id="p2", stages={("abc", "test"): {}}, quota=Quota(limit=0, period="DAY"))
    plans = _plans(_plan(), other)

    assert [_refusal(plans, _asked(stage=stage)) for stage in ("prod", "test")] == ["", "QUOTA_EXCEEDED"]


def test_a_rate_gives_its_burst_and_then_what_comes_back() -> None:
    clock = StillClock()
    plans = _plans(_plan(throttle=Throttle(rate=2, burst=3)), clock=clock)

    at_once = [_refusal(plans, _asked()) for _ in range(4)]
    clock.time += timedelta(seconds=0.5)
    later = [_refusal(plans, _asked()) for _ in range(2)]

    assert at_once == ["", "", "", "THROTTLED"]
    assert later == ["", "THROTTLED"]


def test_a_plan_s_rate_is_each_key_s_own_over_all_stages() -> None:
    stages: dict[tuple[str, str], Any] = {STAGE: {}, ("abc", "test"): {}}
    plan = _plan(stages=stages, throttle=Throttle(rate=1, burst=1), key_ids=frozenset({"k1", "k2"}))
    plans = _plans(plan)

    assert _refusal(plans, _asked()) == ""
    assert _refusal(plans, _asked(stage="test")) == "THROTTLED"
    assert _refusal(plans, _asked("value-k2")) == ""


@pytest.mark.parametrize(
    ("limited", "more", "kinds"),
    [
        (("/orders/{id}", "GET"), {}, ["", "THROTTLED"]),
        (("/orders/{id}", "POST"), {}, ["", ""]),
        (("/orders", "GET"), {}, ["", ""]),
        (("/orders/{id}", "ANY"), {"http_method": "ANY"}, ["", "THROTTLED"]),
        (("/orders/{id}", "GET"), {"http_method": "ANY"}, ["", "THROTTLED"]),
        (("/", "GET"), {"resource_path": "/", "target": "/"}, ["", "THROTTLED"]),
    ],
)
def test_a_method_s_own_rate_goes_before_the_plan_s(
    limited: tuple[str, str], more: dict[str, Any], kinds: list[str]
) -> None:
    limits = {STAGE: {limited: Throttle(rate=1, burst=1)}}
    plans = _plans(_plan(stages=limits, throttle=Throttle(rate=100, burst=100)))

    assert [_refusal(plans, _asked(**more)) for _ in range(2)] == kinds


def test_what_is_throttled_does_not_count_against_the_quota() -> None:
    clock = StillClock()
    plans = _plans(_plan(throttle=Throttle(rate=1, burst=1), quota=Quota(limit=2, period="DAY")), clock=clock)

    kinds = []
    for _ in range(3):
        kinds += [_refusal(plans, _asked()), _refusal(plans, _asked())]
        clock.time += timedelta(seconds=1)

    assert kinds == ["", "THROTTLED", "", "THROTTLED", "QUOTA_EXCEEDED", "THROTTLED"]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "first", "second", "begins_anew"),
    [
        ("DAY", "2026-03-04T00:00:00", "2026-03-04T23:59:59", False),
        ("DAY", "2026-03-04T23:59:59", "2026-03-05T00:00:00", True),
        ("WEEK", "2026-03-01T00:00:00", "2026-03-07T23:59:59", False),  # Sunday to Saturday
        ("WEEK", "2026-03-07T23:59:59", "2026-03-08T00:00:00", True),
        ("MONTH", "2026-03-01T00:00:00", "2026-03-31T23:59:59", False),
        ("MONTH", "2026-03-31T23:59:59", "2026-04-01T00:00:00", True),
        ("MONTH", "2026-03-15T00:00:00", "2027-03-15T00:00:00", True),
    ],
)
def test_a_quota_begins_anew_with_its_period(period: str, first: str, second: str, begins_anew: bool) -> None:
    clock = StillClock(_at(first))
    plans = _plans(_plan(quota=Quota(limit=1, period=period)), clock=clock)
    assert [_refusal(plans, _asked()) for _ in range(2)] == ["", "QUOTA_EXCEEDED"]

    clock.time = _at(second)

    assert _refusal(plans, _asked()) == ("" if begins_anew else "QUOTA_EXCEEDED")


def test_an_offset_is_taken_off_in_the_period_in_which_the_key_was_made() -> None:
    clock = StillClock(_at("2026-03-04T12:00:00"))
    plan = _plan(quota=Quota(limit=3, period="DAY", offset=2))
    plans = _plans(plan, keys=(_key(created=_at("2026-03-04T08:00:00")),), clock=clock)

    first = [_refusal(plans, _asked()) for _ in range(2)]
    clock.time += timedelta(days=1)
    second = [_refusal(plans, _asked()) for _ in range(4)]

    assert first == ["", "QUOTA_EXCEEDED"]
    assert second == ["", "", "", "QUOTA_EXCEEDED"]


def test_a_quota_is_each_key_s_own() -> None:
    plans = _plans(_plan(quota=Quota(limit=1, period="DAY"), key_ids=frozenset({"k1", "k2"})))

    assert [_refusal(plans, _asked(key)) for key in ("value-k1", "value-k2", "value-k1")] == ["", "", "QUOTA_EXCEEDED"]


def test_reset_begins_anew() -> None:
    plans = _plans(_plan(quota=Quota(limit=1, period="DAY"), throttle=Throttle(rate=1, burst=1)))
    _refusal(plans, _asked())

    plans.reset()

    assert _refusal(plans, _asked()) == ""
