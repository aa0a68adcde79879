"""Metric filters: lines that a filter's pattern means become values of a CloudWatch metric.

Source: Amazon CloudWatch Logs User Guide, "Creating metrics from log events using filters"; Amazon CloudWatch Logs API
Reference, "MetricTransformation".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import DROPPED
from lambdakit.harness.delivery.log_pattern import LogPattern, compile_log_pattern
from lambdakit.harness.delivery.targets import Clients
from lambdakit.harness.moto_state.log_groups import LoggedBatch, LoggedEvent
from lambdakit.trace import EventNotDelivered, TraceLog

_MINUTE_MS: Final = 60_000
_AT_ONCE: Final = 500  # Amazon CloudWatch API Reference, "PutMetricData": 1,000 values at most

_Value = dict[str, Any]


class LogMetrics:
    """Puts values into CloudWatch."""

    def __init__(
        self, clients: Clients, *, submit: Callable[[Callable[[], None]], None], activity: Activity, trace: TraceLog
    ) -> None:
        self._clients = clients
        self._submit = submit
        self._activity = activity
        self._trace = trace

    def logged(self, batch: LoggedBatch) -> None:
        """Takes lines of a group that has metric filters."""
        values: dict[str, list[_Value]] = {}
        for kept in batch.metric_filters:
            pattern = compile_log_pattern(kept["filterPattern"] or "")
            for transformation in kept["metricTransformations"]:
                found = metric_values(pattern, transformation, batch.events)
                values.setdefault(transformation["metricNamespace"], []).extend(found)
        if not any(values.values()):
            return
        what = f"metrics of {batch.group}"

        def put() -> None:
            try:
                self._put(batch, values)
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(put)

    def _put(self, batch: LoggedBatch, values: Mapping[str, Sequence[_Value]]) -> None:
        client = self._clients("cloudwatch", batch.region, batch.account_id)
        for namespace, data in values.items():
            for start in range(0, len(data), _AT_ONCE):
                try:
                    client.put_metric_data(Namespace=namespace, MetricData=data[start : start + _AT_ONCE])
                except (ClientError, ParamValidationError) as error:
                    self._trace.append(
                        EventNotDelivered(
                            source=batch.group_arn,
                            target=namespace,
                            what="metric values",
                            reason=str(error),
                            attempts=1,
                            settled=DROPPED,
                        )
                    )


def metric_values(
    pattern: LogPattern, transformation: Mapping[str, Any], events: Sequence[LoggedEvent]
) -> list[_Value]:
    """What a metric filter makes of lines, as PutMetricData takes it.

    "If logs are ingested during a one-minute time period but no matches are found, the value specified for Default
    Value (if any) is reported": for each minute of the lines that were put at once.
    """
    values: list[_Value] = []
    for event in events:
        if pattern.matches(event.message):
            value = _value(pattern, transformation, event)
            if value is not None:
                values.append(value)
    default = transformation.get("defaultValue")
    if default is not None:
        matched = {event.timestamp // _MINUTE_MS for event in events if pattern.matches(event.message)}
        minutes = {event.timestamp // _MINUTE_MS: event.timestamp for event in events}
        values += [
            _point(transformation, float(default), timestamp, {})
            for minute, timestamp in minutes.items()
            if minute not in matched
        ]
    return values


def _value(pattern: LogPattern, transformation: Mapping[str, Any], event: LoggedEvent) -> _Value | None:
    """One value; None where the line has no number, or no dimension, where it is said to stand."""
    said = str(transformation["metricValue"])
    written = pattern.value(said, event.message) if said.startswith("$") else said
    dimensions = {
        name: pattern.value(str(reference), event.message)
        for name, reference in (transformation.get("dimensions") or {}).items()
    }
    try:
        number = float(written or "")
    except ValueError:
        return None
    known = {name: value for name, value in dimensions.items() if value}
    return _point(transformation, number, event.timestamp, known) if len(known) == len(dimensions) else None


def _point(transformation: Mapping[str, Any], number: float, timestamp: int, dimensions: Mapping[str, str]) -> _Value:
    return {
        "MetricName": transformation["metricName"],
        "Value": number,
        "Unit": transformation.get("unit") or "None",
        "Timestamp": datetime.fromtimestamp(timestamp / 1000, UTC),
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
