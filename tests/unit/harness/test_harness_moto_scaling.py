"""What moto keeps of Application Auto Scaling, read in process after it was written by the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import scaling

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID = "301234567890"
REGION = "eu-west-1"
TARGET = {
    "ServiceNamespace": "lambda",
    "ResourceId": "function:fn:live",
    "ScalableDimension": "lambda:function:ProvisionedConcurrency",
}


@pytest.fixture
def service() -> Any:
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    applicationautoscaling_backends[ACCOUNT_ID][REGION].reset()
    client = Account(account_id=ACCOUNT_ID, region=REGION).client("application-autoscaling")
    client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=5)
    return client


def test_a_target_is_read_and_changed(service: Any) -> None:
    service.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": True})
    target = scaling.scalable_target(ACCOUNT_ID, REGION, "function:fn:live")

    assert target is not None
    assert (target.min_capacity, target.max_capacity) == (1, 5)
    assert target.suspended == {"ScheduledScalingSuspended"}
    assert list(scaling.scalable_targets(ACCOUNT_ID, REGION)) == [target]

    scaling.set_bounds(target, 0, 3)
    (shown,) = service.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]
    assert (shown["MinCapacity"], shown["MaxCapacity"]) == (0, 3)


def test_scheduled_actions_are_read(service: Any) -> None:
    start, end = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)
    service.put_scheduled_action(
        **TARGET,
        ScheduledActionName="up",
        Schedule="cron(0 8 * * ? *)",
        Timezone="Europe/Berlin",
        StartTime=start,
        EndTime=end,
        ScalableTargetAction={"MinCapacity": 4},
    )
    service.put_scheduled_action(**TARGET, ScheduledActionName="plain", Schedule="rate(1 hour)")

    first, plain = scaling.scheduled_actions(ACCOUNT_ID, REGION)

    assert (first.name, first.schedule, first.zone) == ("up", "cron(0 8 * * ? *)", "Europe/Berlin")
    assert (first.start, first.end, first.min_capacity, first.max_capacity) == (start, end, 4, None)
    assert (plain.zone, plain.start, plain.end, plain.min_capacity) == ("UTC", None, None, None)


def test_policies_are_read(service: Any) -> None:
    configuration = {"TargetValue": 0.7}
    service.put_scaling_policy(
        **TARGET,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=configuration,
    )

    (policy,) = scaling.tracking_policies(ACCOUNT_ID, REGION)

    assert (policy.name, policy.resource_id, policy.configuration) == ("p", "function:fn:live", configuration)


def test_what_has_no_target_any_more_goes(service: Any) -> None:
    test_policies_are_read(service)
    service.put_scheduled_action(**TARGET, ScheduledActionName="up", Schedule="rate(1 hour)")

    scaling.forget_what_has_no_target(ACCOUNT_ID, REGION)
    assert len(scaling.scheduled_actions(ACCOUNT_ID, REGION)) == len(scaling.tracking_policies(ACCOUNT_ID, REGION)) == 1

    service.deregister_scalable_target(**TARGET)
    scaling.forget_what_has_no_target(ACCOUNT_ID, REGION)

    assert not scaling.scheduled_actions(ACCOUNT_ID, REGION)
    assert not service.describe_scaling_policies(ServiceNamespace="lambda")["ScalingPolicies"]


def test_another_region_has_nothing(service: Any) -> None:
    del service

    assert scaling.scalable_target(ACCOUNT_ID, "us-east-1", "function:fn:live") is None
    assert not scaling.scalable_targets(ACCOUNT_ID, "us-east-1")
