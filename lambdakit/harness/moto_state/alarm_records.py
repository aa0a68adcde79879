"""moto's alarms as they are: read into values of our own.

Private surface used: the attributes of `moto.cloudwatch.models.Alarm`, `MetricDataQuery`, `MetricStat`, `MetricDatum`
and `MetricAggregatedDatum`. Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from lambdakit.records import dataclass

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMetric:
    """One of the metrics of an alarm: a statistic of a metric, or an expression over others; the other one is empty."""

    id: str
    label: str = ""
    returned: bool = True
    expression: str = ""
    namespace: str = ""
    name: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: str = ""
    unit: str = ""
    period_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """A state, and since when. reason_data: JSON."""

    value: str
    reason: str
    reason_data: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm. rule: of a composite one; empty for one on metrics. actions: by the state that they are for.

    is_math: whether it was put with `Metrics`.
    """

    account_id: str
    region: str
    name: str
    arn: str
    description: str
    state: AlarmState
    updated: datetime
    rule: str = ""
    metrics: Sequence[AlarmMetric] = ()
    is_math: bool = False
    comparison: str = ""
    threshold: float | None = None
    threshold_metric: str = ""
    periods: int = 1
    needed: int = 1
    missing: str = "missing"
    low_samples: str = ""
    actions_enabled: bool = True
    actions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Its account and region."""
        return self.account_id, self.region


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """What was put: the sums of `count` measurements."""

    at: datetime
    count: float
    total: float
    least: float
    most: float


def read_datum(datum: Any) -> Datum:
    """What was put."""
    at = utc(datum.timestamp)
    if hasattr(datum, "value"):
        return Datum(at=at, count=1, total=datum.value, least=datum.value, most=datum.value)
    return Datum(at=at, count=datum.sample_count, total=datum.sum, least=datum.min, most=datum.max)


def read_alarm(alarm: Any, place: Place) -> Alarm:
    """An alarm of an account and region."""
    account_id, region = place
    periods = int(alarm.evaluation_periods or 1)
    return Alarm(
        account_id=account_id,
        region=region,
        name=alarm.name,
        arn=alarm.alarm_arn,
        description=alarm.description or "",
        state=read_state(alarm),
        updated=utc(alarm.configuration_updated_timestamp),
        rule=alarm.rule or "",
        metrics=_metrics(alarm),
        is_math=bool(alarm.metric_data_queries),
        comparison=alarm.comparison_operator or "",
        threshold=None if alarm.threshold is None else float(alarm.threshold),
        threshold_metric=alarm.threshold_metric_id or "",
        periods=periods,
        needed=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
        low_samples=alarm.evaluate_low_sample_count_percentile or "",
        actions_enabled=bool(alarm.actions_enabled),
        actions={
            "ALARM": list(alarm.alarm_actions or ()),
            "OK": list(alarm.ok_actions or ()),
            "INSUFFICIENT_DATA": list(alarm.insufficient_data_actions or ()),
        },
    )


def _metrics(alarm: Any) -> Sequence[AlarmMetric]:
    if alarm.rule:
        return ()
    if not alarm.metric_data_queries:
        return [
            AlarmMetric(
                id="m1",
                namespace=alarm.namespace or "",
                name=alarm.metric_name or "",
                dimensions={one.name: one.value for one in alarm.dimensions},
                statistic=alarm.extended_statistic or alarm.statistic or "",
                unit=alarm.unit or "",
                period_seconds=int(alarm.period or 60),
            )
        ]
    return [_query(query) for query in alarm.metric_data_queries]


def _query(query: Any) -> AlarmMetric:
    stat = query.metric_stat
    returned = query.return_data is None or str(query.return_data).lower() == "true"
    if stat is None:
        return AlarmMetric(
            id=query.id,
            label=query.label or "",
            returned=returned,
            expression=query.expression or "",
            period_seconds=int(query.period or 0),
        )
    return AlarmMetric(
        id=query.id,
        label=query.label or "",
        returned=returned,
        namespace=stat.metric.namespace,
        name=stat.metric.metric_name,
        dimensions={one.name: one.value for one in stat.metric.dimensions},
        statistic=stat.stat,
        unit=stat.unit or "",
        period_seconds=int(stat.period or 60),
    )


def read_state(alarm: Any) -> AlarmState:
    """An alarm's state."""
    return AlarmState(
        value=alarm.state_value,
        reason=alarm.state_reason or "",
        reason_data=alarm.state_reason_data or "",
        at=utc(alarm.state_updated_timestamp),
    )


def utc(moment: datetime) -> datetime:
    """A moment with its zone: moto keeps UTC without one."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
