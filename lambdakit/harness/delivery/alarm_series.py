"""The values that an alarm looks at: its metrics' statistics by period, and the expression over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from lambdakit.harness.delivery.alarm_evaluation import (
    COMPARISONS,
    EXTRA_PERIODS,
    Point,
    Sample,
    UnservedStatistic,
    percent_of,
    statistic_of,
)
from lambdakit.harness.delivery.alarm_messages import period_seconds
from lambdakit.harness.delivery.metric_math import Scope, Series, UnservedExpression, evaluate
from lambdakit.harness.moto_state.alarm_records import Alarm, AlarmMetric, Datum

# What was measured of a metric since a time.
Data = Callable[[AlarmMetric, datetime], Sequence[Datum]]

_PLAIN = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})


class Unserved(Exception):
    """An alarm that is not evaluated here, and why."""


def periods_until(alarm: Alarm, end: datetime) -> Sequence[datetime]:
    """The begins of the periods of the evaluation range that ends at `end`, oldest first."""
    period = timedelta(seconds=period_seconds(alarm))
    count = alarm.periods + EXTRA_PERIODS
    return [end - period * back for back in range(count, 0, -1)]


def points_until(alarm: Alarm, end: datetime, data: Data) -> Sequence[Point | None]:
    """The values of those periods, None where there is none. Unserved for an alarm that needs more than is here."""
    times = periods_until(alarm, end)
    check(alarm)
    samples = {metric.id: _samples(metric, times, data) for metric in alarm.metrics if not metric.expression}
    try:
        series = {
            metric.id: _statistics(metric, samples[metric.id]) for metric in alarm.metrics if metric.id in samples
        }
        return _points(alarm, times, series, samples)
    except (UnservedExpression, UnservedStatistic) as unserved:
        raise Unserved(str(unserved)) from None


def check(alarm: Alarm) -> None:
    """Unserved for what can be told without data."""
    if alarm.comparison not in COMPARISONS or alarm.threshold is None:
        raise Unserved("anomaly detection is not served: it needs ComparisonOperator with a fixed Threshold")
    for metric in alarm.metrics:
        if metric.expression.upper().lstrip().startswith("SELECT"):
            raise Unserved("Metrics Insights queries are not served")
        if not metric.expression and metric.statistic not in _PLAIN:
            try:
                percent_of(metric.statistic)
            except UnservedStatistic as unserved:
                raise Unserved(str(unserved)) from None


def _points(
    alarm: Alarm,
    times: Sequence[datetime],
    series: Mapping[str, Series],
    samples: Mapping[str, Mapping[datetime, Sequence[Sample]]],
) -> Sequence[Point | None]:
    known = dict(series)
    expressions = {metric.id: metric for metric in alarm.metrics if metric.expression}
    shown = _shown(alarm)
    metrics = [metric.id for metric in alarm.metrics if not metric.expression]
    # Each may name those before and after it; one that leads to itself is never ready.
    while expressions and shown.id not in known:
        ready = [one for one in expressions.values() if not any(_names(one, other) for other in expressions)]
        if not ready:
            raise UnservedExpression("the expressions of the alarm name each other in a circle")
        for one in ready:
            scope = Scope(series=known, metrics=metrics, times=times, period_seconds=period_seconds(alarm))
            known[one.id] = evaluate(one.expression, scope)
            del expressions[one.id]
    chosen = known[shown.id]
    counted = samples.get(shown.id)
    return [_point(time, chosen, counted) for time in times]


def _shown(alarm: Alarm) -> AlarmMetric:
    """CloudWatch API Reference, "PutMetricAlarm": exactly one of the metrics returns data."""
    returned = [metric for metric in alarm.metrics if metric.returned]
    if len(returned) != 1:
        raise UnservedExpression("exactly one metric of an alarm has to return data")
    return returned[0]


def _names(expression: AlarmMetric, other: str) -> bool:
    words = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in expression.expression).split()
    return other in words


def _samples(metric: AlarmMetric, times: Sequence[datetime], data: Data) -> Mapping[datetime, Sequence[Sample]]:
    period = timedelta(seconds=metric.period_seconds)
    found: dict[datetime, list[Sample]] = {}
    for datum in data(metric, times[0]):
        number = (datum.at - times[0]) // period
        if number < len(times):
            sample = Sample(at=datum.at, count=datum.count, total=datum.total, least=datum.least, most=datum.most)
            found.setdefault(times[number], []).append(sample)
    return found


def _statistics(metric: AlarmMetric, samples: Mapping[datetime, Sequence[Sample]]) -> Series:
    made = {time: statistic_of(metric.statistic, held) for time, held in samples.items()}
    return {time: value for time, value in made.items() if value is not None}


def _point(time: datetime, series: Series, samples: Mapping[datetime, Sequence[Sample]] | None) -> Point | None:
    value = series.get(time)
    if value is None:
        return None
    counted = None if samples is None else sum(sample.count for sample in samples[time])
    return Point(at=time, value=float(value), samples=None if counted is None else float(counted))
