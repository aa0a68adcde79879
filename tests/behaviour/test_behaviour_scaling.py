"""Application Auto Scaling of provisioned concurrency, through boto3 and CloudFormation, against a running harness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.plain_assembly import Resources, function, published, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-scaling")

RESOURCE_ID = "function:scaled:live"
TARGET = {
    "ServiceNamespace": "lambda",
    "ResourceId": RESOURCE_ID,
    "ScalableDimension": "lambda:function:ProvisionedConcurrency",
}
TRACKING = {
    "TargetValue": 0.7,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
}


@pytest.fixture(scope="module", autouse=True)
def deployment(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    resources = function("Fn", FunctionName="scaled") | published("Fn")
    deployed = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "scaled", resources))
    yield deployed
    harness.destroy(deployed)


@pytest.fixture
def scaling(harness: WiredHarness) -> Iterator[Any]:
    """The service, with the alias registered between 1 and 5."""
    client = harness.aws("application-autoscaling")
    client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=5)
    harness.drain()
    yield client
    if client.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]:
        client.deregister_scalable_target(**TARGET)
    harness.aws("lambda").delete_provisioned_concurrency_config(FunctionName="scaled", Qualifier="live")
    harness.drain()


def _now(harness: WiredHarness) -> datetime:
    return datetime.fromisoformat(harness.call("GET", "clock", token=None).json()["now"])


def _pass(harness: WiredHarness, **step: float) -> None:
    seconds = timedelta(**step).total_seconds()
    assert harness.call("POST", "clock", {"advance_seconds": seconds}, token=None).status == 200
    harness.drain()


def _capacity(harness: WiredHarness) -> tuple[int, int, str]:
    """Requested, available and status."""
    config = harness.aws("lambda").get_provisioned_concurrency_config(FunctionName="scaled", Qualifier="live")
    return (
        config["RequestedProvisionedConcurrentExecutions"],
        config["AvailableProvisionedConcurrentExecutions"],
        config["Status"],
    )


def _bounds(client: Any) -> tuple[int, int]:
    (target,) = client.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]
    return target["MinCapacity"], target["MaxCapacity"]


def _scheduled(harness: WiredHarness) -> Sequence[tuple[str, bool]]:
    answer = harness.call("POST", "drain", {"timeout_seconds": 30}).json()
    return [(timer["what"], timer["recurring"]) for timer in answer["scheduled"]]


def _refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


class TestBounds:
    def test_a_registered_target_has_at_least_its_minimum(self, harness: WiredHarness, scaling: Any) -> None:
        assert _capacity(harness) == (1, 1, "READY")

        scaling.register_scalable_target(**TARGET, MinCapacity=2)
        harness.drain()

        assert _capacity(harness) == (2, 2, "READY")
        newest = scaling.describe_scaling_activities(ServiceNamespace="lambda")["ScalingActivities"][0]
        assert newest["Cause"] == "minimum capacity was set to 2"
        assert (newest["StatusCode"], newest["ResourceId"]) == ("Successful", RESOURCE_ID)

    def test_what_lambda_refuses_is_a_failed_activity(self, harness: WiredHarness, scaling: Any) -> None:
        before = harness.position()

        scaling.register_scalable_target(
            **{**TARGET, "ResourceId": "function:nobody:live"}, MinCapacity=1, MaxCapacity=1
        )

        (activity,) = scaling.describe_scaling_activities(ServiceNamespace="lambda", ResourceId="function:nobody:live")[
            "ScalingActivities"
        ]
        assert activity["StatusCode"] == "Failed"
        assert "Function not found" in activity["StatusMessage"]
        (event,) = harness.events("CapacityScaled", after=before)
        assert (event["function"], event["capacity"]) == ("nobody", 1)
        assert event["problem"].startswith("ResourceNotFoundException")
        scaling.deregister_scalable_target(**{**TARGET, "ResourceId": "function:nobody:live"})

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"MinCapacity": 3, "MaxCapacity": 2}, "Maximum capacity cannot be less than minimum capacity"),
            ({"MinCapacity": 6}, "Maximum capacity cannot be less than minimum capacity"),
            ({"MinCapacity": -1}, "Minimum and maximum capacity cannot be negative"),
            (
                {"ResourceId": "function:scaled", "MinCapacity": 1, "MaxCapacity": 1},
                "Unsupported service namespace, resource type or scalable dimension",
            ),
            (
                {"ResourceId": "function:other:live", "MinCapacity": 1},
                "Both MinCapacity and MaxCapacity are required for a new scalable target",
            ),
        ],
    )
    def test_bounds_that_cannot_be(self, scaling: Any, change: dict[str, Any], message: str) -> None:
        assert _refused(scaling.register_scalable_target, **{**TARGET, **change}) == ("ValidationException", message)
        assert _bounds(scaling) == (1, 5)

    def test_a_policy_needs_a_target(self, scaling: Any) -> None:
        parameters = {**TARGET, "ResourceId": "function:other:live"}

        refusals = [
            _refused(scaling.put_scaling_policy, **parameters, PolicyName="p", PolicyType="TargetTrackingScaling"),
            _refused(scaling.put_scheduled_action, **parameters, ScheduledActionName="a", Schedule="rate(1 hour)"),
        ]

        expected = (
            "ObjectNotFoundException",
            "No scalable target registered for service namespace: lambda, resource ID: function:other:live, "
            "scalable dimension: lambda:function:ProvisionedConcurrency",
        )
        assert refusals == [expected, expected]


class TestSchedules:
    def test_a_single_moment(self, harness: WiredHarness, scaling: Any) -> None:
        due = _now(harness) + timedelta(minutes=10)
        scaling.put_scheduled_action(
            **TARGET,
            ScheduledActionName="launch",
            Schedule=f"at({due:%Y-%m-%dT%H:%M:%S})",
            ScalableTargetAction={"MinCapacity": 3},
        )

        assert (f"scheduled action launch of {RESOURCE_ID}", False) in _scheduled(harness)
        _pass(harness, minutes=9)
        assert _capacity(harness) == (1, 1, "READY")
        _pass(harness, minutes=1)
        assert _capacity(harness) == (3, 3, "READY")
        assert _bounds(scaling) == (3, 5)

    def test_days_and_nights_in_another_time_zone(self, harness: WiredHarness, scaling: Any) -> None:
        for name, hour, bounds in (("day", 8, {"MinCapacity": 3, "MaxCapacity": 5}), ("night", 20, {"MinCapacity": 0})):
            scaling.put_scheduled_action(
                **TARGET,
                ScheduledActionName=name,
                Schedule=f"cron(0 {hour} * * ? *)",
                Timezone="Asia/Tokyo",
                ScalableTargetAction={**bounds, **({"MaxCapacity": 1} if name == "night" else {})},
            )
        before = harness.position()

        _pass(harness, days=3)

        events = harness.events("CapacityScaled", after=before)
        steps = [(event["before"], event["capacity"]) for event in events]
        assert {(1, 3), (3, 1)} >= set(steps)
        assert len(steps) in (5, 6)  # the first night may find one environment
        hours = {(event["capacity"], datetime.fromisoformat(event["at"]).hour) for event in events}
        assert hours == {(3, 23), (1, 11)}
        assert all(recurring for _, recurring in _scheduled(harness))

    def test_one_that_was_deleted_or_suspended_does_nothing(self, harness: WiredHarness, scaling: Any) -> None:
        for name in ("one", "two"):
            scaling.put_scheduled_action(
                **TARGET, ScheduledActionName=name, Schedule="rate(1 hour)", ScalableTargetAction={"MinCapacity": 4}
            )
        scaling.delete_scheduled_action(**TARGET, ScheduledActionName="two")
        scaling.register_scalable_target(**TARGET, SuspendedState={"ScheduledScalingSuspended": True})

        _pass(harness, hours=3)

        assert _bounds(scaling) == (1, 5)
        assert _scheduled(harness) == [(f"scheduled action one of {RESOURCE_ID}", True)]

    def test_it_ends_with_its_target(self, harness: WiredHarness, scaling: Any) -> None:
        scaling.put_scheduled_action(**TARGET, ScheduledActionName="a", Schedule="rate(1 hour)")

        scaling.deregister_scalable_target(**TARGET)

        assert _scheduled(harness) == []
        assert scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"] == []

    def test_nothing_comes_before_its_start_or_after_its_end(self, harness: WiredHarness, scaling: Any) -> None:
        now = _now(harness)
        scaling.put_scheduled_action(
            **TARGET,
            ScheduledActionName="a",
            Schedule="rate(1 hour)",
            StartTime=now + timedelta(hours=5),
            EndTime=now + timedelta(hours=6, minutes=30),
            ScalableTargetAction={"MinCapacity": 2},
        )

        _pass(harness, hours=4)
        assert _bounds(scaling) == (1, 5)
        _pass(harness, hours=1, seconds=1)
        assert _bounds(scaling) == (2, 5)
        _pass(harness, hours=9)
        assert _scheduled(harness) == []

    @pytest.mark.parametrize(
        ("parameters", "part"),
        [
            ({"Schedule": "cron(0 10 * * *)"}, "Invalid schedule expression cron(0 10 * * *)"),
            ({"Schedule": "rate(0 minutes)"}, "Invalid schedule expression rate(0 minutes)"),
            ({"Schedule": "rate(1 hour)", "Timezone": "Mars/Olympus"}, "Invalid time zone"),
            (
                {"Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}},
                "Maximum capacity cannot be less than minimum capacity",
            ),
        ],
    )
    def test_one_that_cannot_be(
        self, harness: WiredHarness, scaling: Any, parameters: dict[str, Any], part: str
    ) -> None:
        code, message = _refused(scaling.put_scheduled_action, **TARGET, ScheduledActionName="a", **parameters)

        assert code == "ValidationException"
        assert part in message
        assert _scheduled(harness) == []


class TestTracking:
    def test_three_busy_minutes_scale_out_and_idle_ones_are_not_looked_at(
        self, harness: WiredHarness, scaling: Any
    ) -> None:
        scaling.put_scaling_policy(
            **TARGET,
            PolicyName="busy",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )
        assert _scheduled(harness) == []  # nothing to look at yet
        capacities = []

        for _ in range(4):
            assert harness.invoke("scaled:live").status == 200
            _pass(harness, minutes=1)
            capacities.append(_capacity(harness)[0])

        assert capacities[:2] == [1, 1]
        assert capacities[-1] == 2
        newest = scaling.describe_scaling_activities(ServiceNamespace="lambda")["ScalingActivities"][0]
        assert "triggered policy busy" in newest["Cause"]
        _pass(harness, minutes=30)
        assert _scheduled(harness) == []
        assert _capacity(harness)[0] == 2  # without measurements nothing is scaled in

    def test_a_steady_trickle_scales_in_to_the_minimum(self, harness: WiredHarness, scaling: Any) -> None:
        harness.aws("lambda").put_provisioned_concurrency_config(
            FunctionName="scaled", Qualifier="live", ProvisionedConcurrentExecutions=5
        )
        scaling.put_scaling_policy(
            **TARGET,
            PolicyName="idle",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=TRACKING,
        )
        harness.drain()

        for minute in range(17):
            assert harness.invoke("scaled:live").status == 200
            _pass(harness, minutes=1)
            if minute < 14:
                assert _capacity(harness)[0] == 5

        assert _capacity(harness)[0] == 2  # one of five in use is 20 %, which two would be to 70 %

    def test_a_policy_on_another_metric_is_told_of_and_does_nothing(self, harness: WiredHarness, scaling: Any) -> None:
        before = harness.position()

        scaling.put_scaling_policy(
            **TARGET,
            PolicyName="depth",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 5,
                "CustomizedMetricSpecification": {"Namespace": "Mine", "MetricName": "Depth", "Statistic": "Average"},
            },
        )

        (note,) = harness.events("RuntimeNote", after=before)
        assert note["note"] == "nothing scales by policy depth: its metric is not watched"


def test_a_stack_scales_and_a_reset_takes_it_back(
    harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def resources(*actions: dict[str, Any], most: int = 4) -> Resources:
        target = {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "DependsOn": ["FnAlias"],
            "Properties": {
                **TARGET,
                "ResourceId": "function:stacked:live",
                "RoleARN": "arn:aws:iam::123456789012:role/scaling",
                "MinCapacity": 1,
                "MaxCapacity": most,
                "ScheduledActions": list(actions),
            },
        }
        return function("Fn", FunctionName="stacked") | published("Fn") | {"Target": target}

    def action(name: str, least: int) -> dict[str, Any]:
        return {
            "ScheduledActionName": name,
            "Schedule": "rate(1 hour)",
            "ScalableTargetAction": {"MinCapacity": least},
        }

    def requested() -> int:
        harness.drain()
        found = harness.aws("lambda").get_provisioned_concurrency_config(FunctionName="stacked", Qualifier="live")
        count: int = found["RequestedProvisionedConcurrentExecutions"]
        return count

    directory = tmp_path_factory.mktemp("assembly")
    deployed = harness.deploy(write_stack(directory / "one", "stacked", resources(action("up", 3))))
    assert requested() == 1
    assert _scheduled(harness) == [("scheduled action up of function:stacked:live", True)]

    _pass(harness, hours=1, seconds=1)
    assert requested() == 3

    harness.reset(deployed)
    assert _bounds(harness.aws("application-autoscaling")) == (1, 4)
    assert requested() == 1

    changed = write_stack(directory / "two", "stacked", resources(action("more", 2), most=6))
    answer = harness.call("PUT", f"deployments/{deployed['id']}", {"assembly": str(changed)})
    assert answer.status == 200, answer.json()
    assert _bounds(harness.aws("application-autoscaling")) == (1, 6)
    assert _scheduled(harness) == [("scheduled action more of function:stacked:live", True)]

    harness.destroy(deployed)
    assert _scheduled(harness) == []
