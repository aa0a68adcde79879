"""What the utilization of the last minutes says of a capacity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.harness.lambda_service.scaling.target_tracking import (
    Tracking,
    Utilization,
    read_tracking,
    wanted_capacity,
)

END = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
POLICY = Tracking(name="p", target=0.7)
PREDEFINED = {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}


def utilization(minutes: Sequence[float | None]) -> Utilization:
    """One measurement in each of the minutes before `END`, the last one first; None for a minute without."""
    measured = Utilization()
    for back, value in enumerate(minutes, start=1):
        if value is not None:
            measured.add(END - timedelta(minutes=back) + timedelta(seconds=30), value)
    return measured


@pytest.mark.parametrize(
    ("minutes", "capacity"),
    [
        ([0.8, 0.8, 0.8], 12),
        ([1.0, 0.71, 0.71], 15),
        ([1.0, 1.0, 0.7], 10),  # at the target is not above it
        ([1.0, 1.0], 10),
        ([1.0, None, 1.0, 1.0], 10),
        ([None, 1.0, 1.0, 1.0], 10),
        ([], 10),
    ],
)
def test_three_minutes_above_the_target_scale_out(minutes: Sequence[float | None], capacity: int) -> None:
    assert wanted_capacity(POLICY, utilization(minutes), END, 10) == capacity


@pytest.mark.parametrize(
    ("minutes", "capacity"),
    [
        ([0.35] * 15, 5),
        ([0.1] + [0.6] * 14, 2),
        ([0.62] * 15, 9),
        ([0.63] * 15, 10),  # 90 % of the target is not below it
        ([0.35] * 14, 10),
        ([0.35] * 14 + [0.65], 10),
        ([0.35] * 7 + [None] + [0.35] * 7, 10),
        ([0.0] * 15, 0),
    ],
)
def test_fifteen_minutes_far_below_it_scale_in(minutes: Sequence[float | None], capacity: int) -> None:
    assert wanted_capacity(POLICY, utilization(minutes), END, 10) == capacity


def test_scaling_in_can_be_forbidden() -> None:
    policy = Tracking(name="p", target=0.7, scales_in=False)

    assert wanted_capacity(policy, utilization([0.1] * 15), END, 10) == 10


def test_the_minute_that_has_not_ended_does_not_count() -> None:
    measured = utilization([1.0, 1.0])
    measured.add(END + timedelta(seconds=1), 1.0)

    assert wanted_capacity(POLICY, measured, END, 10) == 10


@pytest.mark.parametrize(("statistic", "capacity"), [("Average", 10), ("Maximum", 15), ("Minimum", 10)])
def test_a_minute_is_summed_up_by_the_statistic(statistic: Any, capacity: int) -> None:
    measured = utilization([0.0, 0.0, 0.0])
    for back in (1, 2, 3):
        measured.add(END - timedelta(minutes=back), 1.0)

    policy = Tracking(name="p", target=0.7, statistic=statistic)

    assert wanted_capacity(policy, measured, END, 10) == capacity


def test_what_no_alarm_looks_at_any_more_is_forgotten() -> None:
    measured = utilization([0.5] * 15)

    measured.forget_before(END + timedelta(minutes=14))
    assert not measured.empty
    measured.forget_before(END + timedelta(minutes=15))
    assert measured.empty


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"TargetValue": 0.5, "PredefinedMetricSpecification": PREDEFINED}, Tracking(name="p", target=0.5)),
        (
            {
                **{"TargetValue": 0.5, "PredefinedMetricSpecification": PREDEFINED, "DisableScaleIn": True},
                **{"ScaleInCooldown": 60, "ScaleOutCooldown": 30},
            },
            Tracking(name="p", target=0.5, in_cooldown_seconds=60, out_cooldown_seconds=30, scales_in=False),
        ),
        (
            {
                "TargetValue": 0.5,
                "CustomizedMetricSpecification": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "ProvisionedConcurrencyUtilization",
                    "Statistic": "Maximum",
                },
            },
            Tracking(name="p", target=0.5, statistic="Maximum"),
        ),
        (
            {
                "TargetValue": 5,
                "CustomizedMetricSpecification": {"Namespace": "Mine", "MetricName": "Depth", "Statistic": "Maximum"},
            },
            None,
        ),
        (
            {
                "TargetValue": 0.5,
                "CustomizedMetricSpecification": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": "ProvisionedConcurrencyUtilization",
                    "Statistic": "Sum",
                },
            },
            None,
        ),
        ({"TargetValue": 0, "PredefinedMetricSpecification": PREDEFINED}, None),
        ({"PredefinedMetricSpecification": PREDEFINED}, None),
        ({}, None),
    ],
)
def test_policies_that_track_the_utilization(configuration: Mapping[str, Any], expected: Tracking | None) -> None:
    assert read_tracking("p", configuration) == expected
