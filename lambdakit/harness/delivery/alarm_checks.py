"""What CloudWatch refuses of an alarm on metrics, and moto does not.

Source: Amazon CloudWatch API Reference, "PutMetricAlarm" (its members' valid values and ranges).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.moto_state.alarm_records import AlarmMetric

_DAY: Final = 86_400
_WEEK: Final = 604_800
_HOUR: Final = 3_600
_SHORT_PERIODS: Final = (10, 20, 30)
_COMPARISONS: Final = (
    *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"),
    *("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"),
)
_STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_TREATMENTS: Final = ("breaching", "notBreaching", "ignore", "missing")
_LOW_SAMPLES: Final = ("evaluate", "ignore")


def problem_of(given: Mapping[str, Any], metrics: Sequence[AlarmMetric]) -> str | None:
    """Why an alarm is not taken; None when it is. given: the arguments of moto's method, by their names."""
    return (
        _unknown("comparisonOperator", given.get("comparison_operator"), _COMPARISONS)
        or _unknown("statistic", given.get("statistic"), _STATISTICS)
        or _unsupported("TreatMissingData", given.get("treat_missing_data"), _TREATMENTS)
        or _unsupported(
            "EvaluateLowSampleCountPercentile", given.get("evaluate_low_sample_count_percentile"), _LOW_SAMPLES
        )
        or _both_statistics(given)
        or _span(int(given.get("evaluation_periods") or 1), given.get("datapoints_to_alarm"), metrics)
    )


def _unknown(member: str, value: object, known: Sequence[str]) -> str | None:
    if value is None or value in known:
        return None
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy "
        f"enum value set: [{', '.join(known)}]"
    )


def _unsupported(member: str, value: object, known: Sequence[str]) -> str | None:
    if value is None or value in known:
        return None
    return f"Option {value} is not supported. Supported options for parameter {member} are {', '.join(known)}."


def _both_statistics(given: Mapping[str, Any]) -> str | None:
    if given.get("statistic") and given.get("extended_statistic"):
        return "Statistic and ExtendedStatistic must not both be given"
    return None


def _span(periods: int, needed: object, metrics: Sequence[AlarmMetric]) -> str | None:
    if isinstance(needed, int) and needed > periods:
        return f"DatapointsToAlarm ({needed}) must be less than or equal to EvaluationPeriods ({periods})"
    for metric in metrics:
        seconds = metric.period_seconds
        if seconds % 60 and seconds not in _SHORT_PERIODS:
            return f"Period {seconds} must be 10, 20, 30 or a multiple of 60"
        if seconds < _HOUR and seconds * periods > _DAY:
            return f"Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= {_DAY})."
        if seconds * periods > _WEEK:
            return f"Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= {_WEEK})."
    return None
