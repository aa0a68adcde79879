"""What is said of an alarm: the reason of its state, and the messages that its actions get.

Source: the sample events of AWS's own libraries (aws-powertools/powertools-lambda-python `cloudWatchAlarmEvent*.json`,
aws/aws-lambda-go `cloudwatch-alarm-sns-payload-*.json`); Amazon CloudWatch User Guide, "Alarm events and EventBridge",
"Invoke a Lambda function from an alarm".
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.delivery.alarm_evaluation import COMPARISONS, Point, Terms, Verdict
from lambdakit.harness.moto_state.alarm_records import Alarm, AlarmMetric, AlarmState
from lambdakit.records import dataclass

_TREATED: Final[Mapping[str, str]] = {"breaching": "Breaching", "notBreaching": "NonBreaching"}
# AWS General Reference, "Regional endpoints"; others go by their code.
_REGION_NAMES: Final[Mapping[str, str]] = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "sa-east-1": "South America (Sao Paulo)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-north-1": "EU (Stockholm)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An alarm with the state that it has now, and the one from before. children: that a composite one is about."""

    alarm: Alarm
    previous: AlarmState
    children: Sequence[Alarm] = ()


def reason(terms: Terms, verdict: Verdict) -> str:
    """Why an alarm has its state."""
    if verdict.state == "INSUFFICIENT_DATA":
        unknown = terms.periods
        return f"Insufficient Data: {unknown} {_datapoints(unknown)} {'was' if unknown == 1 else 'were'} unknown."
    comparison = f"{COMPARISONS[terms.comparison].text} the threshold ({terms.threshold})"
    treated = f"{verdict.filled} missing {_datapoints(verdict.filled)} "
    treated += f"{'was' if verdict.filled == 1 else 'were'} treated as [{_TREATED.get(terms.missing, 'Missing')}]"
    if not verdict.points:
        periods = f"{verdict.filled} {'period' if verdict.filled == 1 else 'periods'}"
        return f"Threshold Crossed: no datapoints were received for {periods} and {treated}."
    is_alarm = verdict.state == "ALARM"
    breaching = [one for one in verdict.points if _breaches(terms, one)]
    shown = breaching if is_alarm and breaching else [one for one in verdict.points if one not in breaching]
    shown = shown or list(verdict.points)
    listed = ", ".join(f"{one.value} ({one.at:%d/%m/%y %H:%M:%S})" for one in shown)
    verb = ("was" if len(shown) == 1 else "were") + ("" if shown[0] in breaching else " not")
    needed = terms.needed if is_alarm else terms.periods - terms.needed + 1
    change = "OK -> ALARM" if is_alarm else "ALARM -> OK"
    missing = f" and {treated}" if verdict.filled and terms.missing in _TREATED else ""
    return (
        f"Threshold Crossed: {len(shown)} out of the last {terms.periods} {_datapoints(terms.periods)} [{listed}] "
        f"{verb} {comparison}{missing} (minimum {needed} {_datapoints(needed)} for {change} transition)."
    )


def reason_data(alarm: Alarm, terms: Terms, verdict: Verdict, at: datetime) -> str:
    """The same for machines, as JSON."""
    oldest_first = list(reversed(verdict.points))
    [metric] = alarm.metrics if len(alarm.metrics) == 1 else [None]
    data: dict[str, Any] = {"version": "1.0", "queryDate": moment(at)}
    if oldest_first:
        data["startDate"] = moment(oldest_first[0].at)
    if metric is not None and metric.unit:
        data["unit"] = metric.unit
    if metric is not None:
        data["statistic"] = metric.statistic
    data["period"] = period_seconds(alarm)
    data["recentDatapoints"] = [one.value for one in oldest_first]
    data["threshold"] = terms.threshold
    data["evaluatedDatapoints"] = [_evaluated(one) for one in verdict.points]
    return json.dumps(data, separators=(",", ":"))


def composite_reason(child: Alarm) -> str:
    """Why a composite alarm has its state. child: the alarm whose change led to it."""
    at = child.state.at
    return f"{child.arn} transitioned to {child.state.value} at {at:%A} {at.day:02d} {at:%B, %Y %H:%M:%S} UTC"


def composite_reason_data(children: Sequence[Alarm]) -> str:
    """The same for machines, as JSON."""
    triggering = [
        {"arn": child.arn, "state": {"value": child.state.value, "timestamp": moment(child.state.at)}}
        for child in children
    ]
    return json.dumps({"triggeringAlarms": triggering}, separators=(",", ":"))


def function_event(change: Transition) -> dict[str, Any]:
    """What a function gets."""
    alarm = change.alarm
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": alarm.account_id,
        "time": moment(alarm.state.at),
        "region": alarm.region,
        "alarmData": _detail(change),
    }


def event_detail(change: Transition) -> dict[str, Any]:
    """The detail of the event on the default bus."""
    return _detail(change)


def topic_subject(change: Transition) -> str:
    """The subject of a message; SNS takes 100 characters."""
    alarm = change.alarm
    return f'{alarm.state.value}: "{alarm.name}" in {_region(alarm.region)}'[:100]


def topic_message(change: Transition) -> dict[str, Any]:
    """What a topic gets."""
    alarm = change.alarm
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": alarm.account_id,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.updated),
        "NewStateValue": alarm.state.value,
        "NewStateReason": alarm.state.reason,
        "StateChangeTime": moment(alarm.state.at),
        "Region": _region(alarm.region),
        "AlarmArn": alarm.arn,
        "OldStateValue": change.previous.value,
        "OKActions": list(alarm.actions.get("OK", ())),
        "AlarmActions": list(alarm.actions.get("ALARM", ())),
        "InsufficientDataActions": list(alarm.actions.get("INSUFFICIENT_DATA", ())),
    }
    if alarm.rule:
        children = [
            {"Arn": child.arn, "State": {"Value": child.state.value, "Timestamp": moment(child.state.at)}}
            for child in change.children
        ]
        return {**message, "AlarmRule": alarm.rule, "TriggeringChildren": children}
    return {**message, "Trigger": _trigger(alarm)}


def period_seconds(alarm: Alarm) -> int:
    """The period of an alarm's metrics, which all have the same."""
    return max((metric.period_seconds for metric in alarm.metrics), default=60) or 60


def moment(at: datetime) -> str:
    """`2024-02-17T11:53:08.431+0000`, as CloudWatch writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def _detail(change: Transition) -> dict[str, Any]:
    alarm = change.alarm
    configuration: dict[str, Any] = {"description": alarm.description} if alarm.description else {}
    if alarm.rule:
        configuration["alarmRule"] = alarm.rule
    else:
        configuration["metrics"] = [_metric(alarm, metric) for metric in alarm.metrics]
    return {
        "alarmName": alarm.name,
        "state": _state(alarm.state),
        "previousState": _state(change.previous),
        "configuration": configuration,
    }


def _state(state: AlarmState) -> dict[str, Any]:
    told = {"value": state.value, "reason": state.reason, "timestamp": moment(state.at)}
    return {**told, "reasonData": state.reason_data} if state.reason_data else told


def _metric(alarm: Alarm, metric: AlarmMetric) -> dict[str, Any]:
    told: dict[str, Any] = {"id": metric.id if alarm.is_math else _metric_id(alarm)}
    if metric.expression:
        told["expression"] = metric.expression
    else:
        stat: dict[str, Any] = {
            "metric": {
                "namespace": metric.namespace,
                "name": metric.name,
                "dimensions": dict(metric.dimensions),
            },
            "period": metric.period_seconds,
            "stat": metric.statistic,
        }
        told["metricStat"] = {**stat, "unit": metric.unit} if metric.unit else stat
    if metric.label:
        told["label"] = metric.label
    told["returnData"] = metric.returned
    return told


def _metric_id(alarm: Alarm) -> str:
    """CloudWatch makes one up for an alarm on one metric; here it stays the same."""
    return str(uuid.UUID(bytes=hashlib.sha256(alarm.arn.encode()).digest()[:16], version=4))


def _trigger(alarm: Alarm) -> dict[str, Any]:
    common = {
        "Period": period_seconds(alarm),
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.needed,
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing,
        "EvaluateLowSampleCountPercentile": alarm.low_samples,
    }
    if alarm.is_math:
        return {**common, "Metrics": [_trigger_metric(metric) for metric in alarm.metrics]}
    [metric] = alarm.metrics
    is_plain = metric.statistic in _PLAIN
    return {
        "MetricName": metric.name,
        "Namespace": metric.namespace,
        "StatisticType": "Statistic" if is_plain else "ExtendedStatistic",
        **({"Statistic": _PLAIN[metric.statistic]} if is_plain else {"ExtendedStatistic": metric.statistic}),
        "Unit": metric.unit or None,
        "Dimensions": _dimensions(metric),
        **common,
    }


_PLAIN: Final[Mapping[str, str]] = {
    "Average": "AVERAGE",
    "Maximum": "MAXIMUM",
    "Minimum": "MINIMUM",
    "SampleCount": "SAMPLE_COUNT",
    "Sum": "SUM",
}


def _trigger_metric(metric: AlarmMetric) -> dict[str, Any]:
    told: dict[str, Any] = {"Id": metric.id, "ReturnData": metric.returned}
    if metric.label:
        told["Label"] = metric.label
    if metric.expression:
        return {"Expression": metric.expression, **told}
    named = {"Dimensions": _dimensions(metric), "MetricName": metric.name, "Namespace": metric.namespace}
    return {**told, "MetricStat": {"Metric": named, "Period": metric.period_seconds, "Stat": metric.statistic}}


def _dimensions(metric: AlarmMetric) -> list[dict[str, str]]:
    return [{"value": value, "name": name} for name, value in metric.dimensions.items()]


def _evaluated(point: Point) -> dict[str, Any]:
    told: dict[str, Any] = {"timestamp": moment(point.at)}
    if point.samples is not None:
        told["sampleCount"] = point.samples
    return {**told, "value": point.value}


def _breaches(terms: Terms, point: Point) -> bool:
    return COMPARISONS[terms.comparison].holds(point.value, terms.threshold)


def _datapoints(count: int) -> str:
    return "datapoint" if count == 1 else "datapoints"


def _region(region: str) -> str:
    return _REGION_NAMES.get(region, region)
