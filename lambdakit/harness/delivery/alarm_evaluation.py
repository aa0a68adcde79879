"""What the data of a metric alarm say of its state.

In: the value of each period of the evaluation range, or none. Out: a verdict. Knows no clock and no service.

Source: Amazon CloudWatch User Guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data"; AWS
re:Post Knowledge Center, "Why did my CloudWatch alarm send me a notification after a single breached data point?" (when
few breaching points are enough). How far back AWS looks is not documented but for its examples, which have two periods
more than the evaluation periods; so many are looked at here.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from lambdakit.records import dataclass

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Missing = Literal["missing", "notBreaching", "breaching", "ignore"]
EXTRA_PERIODS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The value of a period that begins at `at`. samples: how many measurements it is of; None for an expression."""

    at: datetime
    value: float
    samples: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When an alarm is in alarm. needed: data points to alarm, out of `periods`.

    samples: how many measurements each point has to be of for the state to change.
    """

    comparison: str
    threshold: float
    periods: int
    needed: int
    missing: Missing = "missing"
    samples: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A state, and the points that it follows from, newest first. filled: how many missing ones were counted in."""

    state: State
    points: Sequence[Point] = ()
    breaching: int = 0
    filled: int = 0


def judge(terms: Terms, points: Sequence[Point | None], current: State) -> Verdict:
    """The state that an alarm has from now on.

    points: of each period of the evaluation range, oldest first, None where nothing was measured; that is
    `periods + EXTRA_PERIODS` of them. current: the state so far, which is kept where the data do not decide.
    """
    real = [point for point in reversed(points) if point is not None][: terms.periods]
    filled = terms.periods - len(real)
    breaching = sum(_breaches(terms, point.value) for point in real)
    counted = breaching + filled if terms.missing == "breaching" else breaching

    def verdict(state: State) -> Verdict:
        return Verdict(state=state, points=real, breaching=breaching, filled=filled)

    if any(point.samples is not None and point.samples < terms.samples for point in real):
        return verdict(current)
    if counted >= terms.needed:
        return verdict("ALARM")
    if terms.missing in ("breaching", "notBreaching") or not filled:
        return verdict("OK")
    if not real:
        return verdict("INSUFFICIENT_DATA" if terms.missing == "missing" else current)
    if breaching < len(real):
        return verdict("OK")
    # Only breaching points, and too few of them: an old one is believed, a new one waits for its neighbours.
    if terms.missing == "missing" and _age(points) >= terms.needed:
        return verdict("ALARM")
    return verdict(current)


def _age(points: Sequence[Point | None]) -> int:
    """How many periods back the oldest point lies; 1 is the newest period."""
    return max(back for back, point in enumerate(reversed(points), 1) if point is not None)


def _breaches(terms: Terms, value: float) -> bool:
    return COMPARISONS[terms.comparison].holds(value, terms.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A comparison operator. text: as the reason of a state says it."""

    holds: Callable[[float, float], bool]
    text: str


# Those with a band need anomaly detection, which nothing here has.
COMPARISONS: Final[Mapping[str, Comparison]] = {
    "GreaterThanThreshold": Comparison(holds=operator.gt, text="greater than"),
    "GreaterThanOrEqualToThreshold": Comparison(holds=operator.ge, text="greater than or equal to"),
    "LessThanThreshold": Comparison(holds=operator.lt, text="less than"),
    "LessThanOrEqualToThreshold": Comparison(holds=operator.le, text="less than or equal to"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Something that was measured: one value, or the sums of many. value: None for many that differ."""

    at: datetime
    count: float
    total: float
    least: float
    most: float

    @property
    def value(self) -> float | None:
        """What each of them measured; None where that is not known."""
        return self.least if self.least == self.most else None


class UnservedStatistic(Exception):
    """A statistic that is not computed here."""


def statistic_of(name: str, samples: Sequence[Sample]) -> float | None:
    """A statistic of the samples of one period; None where they do not tell. UnservedStatistic for others.

    name: `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99.9`.
    Source: CloudWatch User Guide, "CloudWatch statistics definitions": a percentile needs values, not their sums.
    """
    count = math.fsum(sample.count for sample in samples)
    match name:
        case "SampleCount":
            return count
        case "Sum":
            return math.fsum(sample.total for sample in samples)
        case "Average":
            return math.fsum(sample.total for sample in samples) / count if count else None
        case "Minimum":
            return min(sample.least for sample in samples)
        case "Maximum":
            return max(sample.most for sample in samples)
    return _percentile(percent_of(name), samples, count)


def percent_of(name: str) -> float:
    """The number of a percentile. UnservedStatistic for what is none."""
    try:
        percent = float(name[1:]) if name.startswith("p") else -1.0
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise UnservedStatistic(f"the statistic {name} is not computed")
    return percent


def samples_needed(name: str) -> float:
    """How many measurements make a percentile significant; 0 for other statistics and for the least and the greatest.

    Source: CloudWatch User Guide, "Percentile-based alarms and low data samples".
    """
    try:
        percent = percent_of(name)
    except UnservedStatistic:
        return 0
    if percent in (0, 100):
        return 0
    return 1000 / min(percent, 100 - percent)


def _percentile(percent: float, samples: Sequence[Sample], count: float) -> float | None:
    """The value that so many percent of the measurements do not exceed, between two of them by their distance."""
    values = sorted((sample.value, sample.count) for sample in samples if sample.value is not None)
    if len(values) < len(samples) or not values:
        return None
    rank = percent / 100 * (count - 1)
    return _at(values, math.floor(rank)) + (rank - math.floor(rank)) * (
        _at(values, math.ceil(rank)) - _at(values, math.floor(rank))
    )


def _at(values: Sequence[tuple[float, float]], rank: int) -> float:
    passed = 0.0
    for value, count in values:
        passed += count
        if passed > rank:
            return value
    return values[-1][0]
