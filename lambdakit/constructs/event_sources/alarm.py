"""An alarm of CloudWatch that starts the function when its state changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam

from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.event_sources.matching_rule import age
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

ALARM_ID: Final = "Alarm"
ALARM_STATES: Final = ("alarm", "ok", "insufficient_data")
# Source: API cloudwatch PutMetricAlarm.ComparisonOperator
_OPERATORS: Final[Mapping[str, str]] = {
    "greater_than_threshold": "GreaterThanThreshold",
    "greater_than_or_equal_to_threshold": "GreaterThanOrEqualToThreshold",
    "less_than_threshold": "LessThanThreshold",
    "less_than_or_equal_to_threshold": "LessThanOrEqualToThreshold",
}
COMPARISON_OPERATORS: Final = tuple(_OPERATORS)
# Source: API cloudwatch PutMetricAlarm.TreatMissingData
_MISSING: Final[Mapping[str, str]] = {
    "missing": "missing",
    "ignore": "ignore",
    "breaching": "breaching",
    "not_breaching": "notBreaching",
}
TREAT_MISSING_DATA: Final = tuple(_MISSING)
# Source: API cloudwatch PutMetricAlarm.Period: 10, 20, 30 or a multiple of 60
_SHORT_PERIODS: Final = (10, 20, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSource:
    """A metric that crosses a threshold.

    namespace, metric_name, dimensions: which metric.
    statistic: `Average`, `Sum`, `Maximum`, `Minimum`, `SampleCount` or a percentile, `p99`; absent, the average.
    period: a `Duration` or seconds: 10, 20, 30 or whole minutes; absent, 300.
    threshold, comparison_operator: of `COMPARISON_OPERATORS` or the CDK's `ComparisonOperator`; absent, at or above the
        threshold.
    evaluation_periods: how many periods are looked at; absent, one. datapoints_to_alarm: how many of them have to be
        past the threshold; absent, all.
    treat_missing_data: of `TREAT_MISSING_DATA` or the CDK's `TreatMissingData`; absent, a missing value changes
        nothing.
    states: of `ALARM_STATES`, those that start the function when they begin; absent, `alarm`.
    """

    namespace: str
    metric_name: str
    threshold: float
    dimensions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    statistic: str = "Average"
    period: Duration | int = 300
    comparison_operator: str | cloudwatch.ComparisonOperator = "greater_than_or_equal_to_threshold"
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    treat_missing_data: str | cloudwatch.TreatMissingData = "missing"
    states: Sequence[str] = ("alarm",)


def alarm_problems(pointer: str, source: AlarmSource) -> Iterator[Diagnostic]:
    """What CloudWatch would refuse of `source`."""
    seconds = age(source.period).to_seconds()
    if seconds not in _SHORT_PERIODS and (seconds < 60 or seconds % 60):
        yield _refused(f"{pointer}.period", f"{seconds:g} seconds", "10, 20, 30 or whole minutes", "period: 300")
    if source.evaluation_periods < 1:
        yield _refused(f"{pointer}.evaluation_periods", source.evaluation_periods, "1 or more", "evaluation_periods: 1")
    datapoints = source.datapoints_to_alarm
    if datapoints is not None and not 1 <= datapoints <= source.evaluation_periods:
        allowed = f"1 to {source.evaluation_periods}, the evaluation_periods"
        yield _refused(f"{pointer}.datapoints_to_alarm", datapoints, allowed, "leave it out")
    for name, value, words in (
        ("comparison_operator", word(source.comparison_operator), COMPARISON_OPERATORS),
        ("treat_missing_data", word(source.treat_missing_data), TREAT_MISSING_DATA),
    ):
        if value not in words:
            yield _refused(f"{pointer}.{name}", repr(value), ", ".join(words), f"{name}: {words[0]}")
    for state in source.states:
        if state not in ALARM_STATES:
            yield _refused(f"{pointer}.states", repr(state), ", ".join(ALARM_STATES), "states: alarm")
    if not source.states:
        yield _refused(f"{pointer}.states", "no state", ", ".join(ALARM_STATES), "states: alarm")


def wire_alarm(wiring: Wiring, source: AlarmSource) -> EventSource:
    """The alarm, whose actions invoke the handler."""
    action = [wiring.handler.function_arn]
    alarm = cloudwatch.CfnAlarm(
        wiring.scope,
        ALARM_ID,
        namespace=source.namespace,
        metric_name=source.metric_name,
        dimensions=[
            cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in source.dimensions.items()
        ]
        or None,
        statistic=None if _is_extended(source.statistic) else source.statistic,
        extended_statistic=source.statistic if _is_extended(source.statistic) else None,
        period=age(source.period).to_seconds(),
        threshold=source.threshold,
        comparison_operator=_OPERATORS[word(source.comparison_operator)],
        evaluation_periods=source.evaluation_periods,
        datapoints_to_alarm=source.datapoints_to_alarm,
        treat_missing_data=_MISSING[word(source.treat_missing_data)],
        alarm_actions=action if "alarm" in source.states else None,
        ok_actions=action if "ok" in source.states else None,
        insufficient_data_actions=action if "insufficient_data" in source.states else None,
    )
    # Source: CloudWatch User Guide, "Lambda alarm actions"
    wiring.handler.add_permission(
        f"{ALARM_ID}Invoke",
        principal=iam.ServicePrincipal("lambda.alarms.cloudwatch.amazonaws.com"),
        source_arn=alarm.attr_arn,
        source_account=Stack.of(wiring.scope).account,
    )
    return EventSource(alarm=alarm)


def grant_alarm_source(source: AlarmSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the change of state is all there is."""


def _is_extended(statistic: str) -> bool:
    return statistic not in ("Average", "Sum", "Maximum", "Minimum", "SampleCount")


def _refused(pointer: str, value: object, allowed: str, hint: str) -> Diagnostic:
    return Diagnostic(pointer=pointer, problem=f"{value} is not allowed: {allowed}", code="LK441", hint=hint)
