"""Wait conditions whose handle no resource was given: they do not wait for hours where nobody could send a signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest

from lambdakit.clock import Clock, HarnessClock
from lambdakit.harness.deployment.custom_resource_responses import CustomResourceCalls
from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.deployment.provisioners.wait_condition import OUTSIDER_SECONDS
from lambdakit.harness.wire import Headers, Request
from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")

CONDITION = "AWS::CloudFormation::WaitCondition"


class Leaping:
    """A clock on which ten seconds, or another `pace`, pass whenever somebody looks at it."""

    def __init__(self) -> None:
        self._real = HarnessClock()
        self.seconds = 0.0
        self.pace = 10.0
        self.after: tuple[float, Callable[[], object]] | None = None

    def now(self) -> datetime:
        return self._real.now()

    def monotonic(self) -> float:
        self.seconds += self.pace
        if self.after is not None and self.seconds > self.after[0]:
            self.after[1]()
        return self.seconds


@pytest.fixture
def clock(provisioning: Provisioning) -> Leaping:
    leaping = Leaping()
    provisioning.context = replace(provisioning.context, clock=cast("Clock", leaping))
    return leaping


def calls(quiet: Any) -> CustomResourceCalls:
    return CustomResourceCalls(base_url=lambda function: "", invoke=lambda function, payload: "", quiet=quiet)


def put(provisioning: Provisioning, url: str, unique_id: str) -> None:
    body = f'{{"Status": "SUCCESS", "UniqueId": "{unique_id}"}}'.encode()
    signals = provisioning.context.custom_resources.signals
    signals.serve(Request(method="PUT", target=url, headers=Headers([]), body=body, peer=("127.0.0.1", 1)))


def waiting(provisioning: Provisioning, **properties: Any) -> None:
    provisioning.create(CONDITION, {"Handle": "@Handle", "Timeout": "43200", **properties})


def test_nobody_is_waited_for_longer_than_a_minute(provisioning: Provisioning, clock: Leaping) -> None:
    provisioning.create("AWS::CloudFormation::WaitConditionHandle", {}, logical_id="Handle")

    with pytest.raises(ResourceRefused, match="Received 0 conditions when expecting 1") as refused:
        waiting(provisioning)

    assert "no resource was given the handle's URL" in refused.value.hint
    assert OUTSIDER_SECONDS <= clock.seconds <= 3 * OUTSIDER_SECONDS
    assert "which no resource was given" in provisioning.notes[-1][1]


def test_who_was_given_the_url_has_its_time(provisioning: Provisioning, clock: Leaping) -> None:
    handle = provisioning.create("AWS::CloudFormation::WaitConditionHandle", {}, logical_id="Handle")
    signals = provisioning.context.custom_resources.signals
    url = handle.provisioned.physical_id
    signals.given("AWS::Lambda::Function", {"Environment": {"Variables": {"URL": url}}})
    clock.after = (5 * OUTSIDER_SECONDS, lambda: put(provisioning, url, "late"))

    waiting(provisioning)

    assert "which AWS::Lambda::Function were given" in provisioning.notes[-1][1]


@pytest.mark.parametrize(("pace", "is_told"), [(0, False), (10, True)], ids=["at once", "later"])
def test_who_waits_for_a_custom_resource_is_told_what_for(
    provisioning: Provisioning, clock: Leaping, pace: float, is_told: bool
) -> None:
    clock.pace = pace
    busy = calls(lambda: pace == 0 or clock.seconds > OUTSIDER_SECONDS)
    provisioning.context = replace(provisioning.context, custom_resources=busy)
    token = "arn:aws:lambda:eu-west-1:111122223333:function:never-answers"

    with pytest.raises(ResourceRefused, match="did not receive a response"):
        provisioning.create("AWS::CloudFormation::CustomResource", {"ServiceToken": token, "ServiceTimeout": 600})

    told = [note for about, note in provisioning.notes if f"the answer of {token}, for 600 s at most" in note]
    assert bool(told) is is_told


def test_what_is_under_way_may_still_bring_somebody(provisioning: Provisioning, clock: Leaping) -> None:
    busy = calls(lambda: clock.seconds > 5 * OUTSIDER_SECONDS)
    provisioning.context = replace(provisioning.context, custom_resources=busy)
    provisioning.create("AWS::CloudFormation::WaitConditionHandle", {}, logical_id="Handle")

    with pytest.raises(ResourceRefused, match="timed out"):
        waiting(provisioning)

    assert clock.seconds >= 6 * OUTSIDER_SECONDS
