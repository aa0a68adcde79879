"""Limits of a stage's methods and of the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lambdakit.harness.moto_state.rest_definition import Method, MethodSettings, RestStage
from lambdakit.harness.routing.rest.method_settings import method_settings
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.throttles import RestThrottles
from tests.fakes.rest_exchanges import StillClock, rest_exchange

LIMITED = MethodSettings(rate=1, burst=1)


def _stage(**settings: MethodSettings) -> RestStage:
    return RestStage(name="prod", deployment_id="d1", settings=settings)


def _admitted(throttles: RestThrottles, stage: RestStage, **more: Any) -> bool:
    try:
        throttles.admit(rest_exchange(**more), stage)
    except Refused as refused:
        assert refused.kind == "THROTTLED"
        return False
    return True


def test_a_method_takes_its_burst_and_what_comes_back() -> None:
    clock = StillClock()
    throttles, stage = RestThrottles(clock.monotonic), _stage(**{"*/*": MethodSettings(rate=10, burst=2)})

    at_once = [_admitted(throttles, stage) for _ in range(3)]
    clock.seconds += 0.1
    later = [_admitted(throttles, stage) for _ in range(2)]

    assert at_once == [True, True, False]
    assert later == [True, False]


def test_each_method_has_the_stage_s_limit_by_itself() -> None:
    throttles, stage = RestThrottles(StillClock().monotonic), _stage(**{"*/*": LIMITED})

    verbs = ["GET", "POST", "GET"]

    assert [_admitted(throttles, stage, verb=verb) for verb in verbs] == [True, True, False]


def test_every_verb_of_one_method_counts_together() -> None:
    throttles, stage = RestThrottles(StillClock().monotonic), _stage(**{"*/*": LIMITED})
    method = Method(http_method="ANY")

    assert [_admitted(throttles, stage, method=method, verb=verb) for verb in ("GET", "POST")] == [True, False]


def test_without_limits_of_its_own_the_account_s_hold_for_everything_together() -> None:
    clock = StillClock()
    throttles, stage = RestThrottles(clock.monotonic), _stage()

    admitted = [_admitted(throttles, stage, verb=verb) for verb in ("GET", "POST") for _ in range(2501)]

    assert sum(admitted) == 5000
    clock.seconds += 1
    assert _admitted(throttles, stage)


def test_reset_fills_the_buckets() -> None:
    throttles, stage = RestThrottles(StillClock().monotonic), _stage(**{"*/*": LIMITED})
    _admitted(throttles, stage)

    throttles.reset()

    assert _admitted(throttles, stage)


OWN = MethodSettings(rate=5, burst=6, metrics=True)


@pytest.mark.parametrize(
    ("settings", "path", "verb", "expected"),
    [
        ({}, "/orders/{id}", "GET", MethodSettings()),
        ({"*/*": OWN}, "/orders/{id}", "GET", OWN),
        ({"orders/{id}/GET": OWN, "*/*": LIMITED}, "/orders/{id}", "GET", OWN),
        ({"~1orders~1{id}/GET": OWN, "*/*": LIMITED}, "/orders/{id}", "GET", OWN),
        ({"/~1orders~1{id}/GET": OWN}, "/orders/{id}", "GET", OWN),
        ({"/orders/{id}/get": OWN}, "/orders/{id}", "GET", OWN),
        ({"orders/{id}/*": OWN}, "/orders/{id}", "GET", OWN),
        ({"/*/*": OWN}, "/orders/{id}", "GET", OWN),
        ({"/*/GET": OWN, "/*/*": LIMITED}, "/orders/{id}", "GET", OWN),
        ({"orders/GET": OWN}, "/orders/{id}", "GET", MethodSettings()),
        ({"orders/{id}/POST": OWN}, "/orders/{id}", "GET", MethodSettings()),
        ({"/GET": OWN}, "/", "GET", OWN),
        ({"//GET": OWN}, "/", "GET", OWN),
        ({"*/*": MethodSettings(rate=-1, burst=-1)}, "/", "GET", MethodSettings()),
        (
            {"orders/{id}/GET": MethodSettings(metrics=True, rate=-1), "*/*": LIMITED},
            "/orders/{id}",
            "GET",
            MethodSettings(metrics=True, rate=1, burst=1),
        ),
    ],
)
def test_a_method_s_own_settings_go_before_the_stage_s(
    settings: Mapping[str, MethodSettings], path: str, verb: str, expected: MethodSettings
) -> None:
    assert method_settings(_stage(**settings), rest_exchange(verb=verb, resource_path=path)) == expected
