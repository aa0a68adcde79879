"""Target tracking: what a target's utilization of the last minutes says of its capacity.

In: the utilization of each minute that had any. Out: a capacity, or none to change to. Knows no clock.

Source: Application Auto Scaling User Guide, "Target tracking scaling policies for Application Auto Scaling": two
alarms, and nothing is scaled in on missing data. What the alarms look at is not in the guide: 3 data points of a minute
for scaling out and 15 for scaling in, as George Mao describes them in "Understanding Lambda Provisioned Concurrency
Autoscaling"; the threshold of the second is 90 % of the target, as the alarms that AWS makes show it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from lambdakit.records import dataclass

OUT_MINUTES: Final = 3
IN_MINUTES: Final = 15
_IN_SHARE: Final = 0.9
_PREDEFINED: Final = "LambdaProvisionedConcurrencyUtilization"
_METRIC: Final = ("AWS/Lambda", "ProvisionedConcurrencyUtilization")

Statistic = Literal["Average", "Maximum", "Minimum"]
_STATISTICS: Final[Mapping[str, Statistic]] = {"Average": "Average", "Maximum": "Maximum", "Minimum": "Minimum"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """A policy. target: utilization, 0 to 1. Cool-downs in seconds; AWS's default for Lambda is 0."""

    name: str
    target: float
    statistic: Statistic = "Average"
    in_cooldown_seconds: float = 0.0
    out_cooldown_seconds: float = 0.0
    scales_in: bool = True


def read_tracking(name: str, configuration: Mapping[str, Any]) -> Tracking | None:
    """The policy that a `TargetTrackingScalingPolicyConfiguration` stands for.

    None for one that tracks another metric than the utilization of provisioned concurrency.
    """
    predefined = configuration.get("PredefinedMetricSpecification") or {}
    customized = configuration.get("CustomizedMetricSpecification") or {}
    statistic: Statistic | None = "Average" if predefined.get("PredefinedMetricType") == _PREDEFINED else None
    if (customized.get("Namespace"), customized.get("MetricName")) == _METRIC:
        statistic = _STATISTICS.get(customized.get("Statistic", ""))
    target = configuration.get("TargetValue")
    if statistic is None or not isinstance(target, int | float) or target <= 0:
        return None
    return Tracking(
        name=name,
        target=float(target),
        statistic=statistic,
        in_cooldown_seconds=float(configuration.get("ScaleInCooldown") or 0),
        out_cooldown_seconds=float(configuration.get("ScaleOutCooldown") or 0),
        scales_in=configuration.get("DisableScaleIn") is not True,
    )


class Utilization:
    """What was measured of one target, by minute, as far back as an alarm looks."""

    def __init__(self) -> None:
        self._minutes: dict[datetime, _Minute] = {}

    def add(self, at: datetime, value: float) -> None:
        """Takes a measurement."""
        self._minutes.setdefault(_minute_of(at), _Minute()).add(value)

    def forget_before(self, at: datetime) -> None:
        """Lets go of what no alarm at that time looks at any more."""
        oldest = _minute_of(at) - timedelta(minutes=IN_MINUTES)
        self._minutes = {minute: values for minute, values in self._minutes.items() if minute >= oldest}

    def measured(self, minute: datetime) -> bool:
        """Whether there is a measurement in the minute that `minute` is in."""
        return _minute_of(minute) in self._minutes

    @property
    def empty(self) -> bool:
        """Whether there is nothing left to look at."""
        return not self._minutes

    def last(self, count: int, at: datetime, statistic: Statistic) -> Sequence[float]:
        """The values of the `count` minutes that had ended at `at`, oldest first; fewer when some had none."""
        end = _minute_of(at)
        minutes = (end - timedelta(minutes=back) for back in range(count, 0, -1))
        return [self._minutes[minute].statistic(statistic) for minute in minutes if minute in self._minutes]


def wanted_capacity(tracking: Tracking, utilization: Utilization, at: datetime, current: int) -> int:
    """The capacity that the policy's alarms lead to at that time, not yet within any bounds; `current` without one."""
    lately = utilization.last(OUT_MINUTES, at, tracking.statistic)
    if len(lately) == OUT_MINUTES and min(lately) > tracking.target:
        return max(current, _capacity(current, lately[-1], tracking.target))
    long = utilization.last(IN_MINUTES, at, tracking.statistic)
    if tracking.scales_in and len(long) == IN_MINUTES and max(long) < tracking.target * _IN_SHARE:
        return min(current, _capacity(current, long[-1], tracking.target))
    return current


def _capacity(current: int, utilization: float, target: float) -> int:
    """So many that the same load uses them to the target; rounded up, so that it does not exceed it."""
    return math.ceil(round(current * utilization / target, 6))


class _Minute:
    __slots__ = ("_count", "_least", "_most", "_total")

    def __init__(self) -> None:
        self._count = 0
        self._total = 0.0
        self._least = math.inf
        self._most = -math.inf

    def add(self, value: float) -> None:
        self._count += 1
        self._total += value
        self._least = min(self._least, value)
        self._most = max(self._most, value)

    def statistic(self, name: Statistic) -> float:
        return {"Average": self._total / self._count, "Maximum": self._most, "Minimum": self._least}[name]


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
