"""Metric filters, searches and tests of patterns: lines of a log group, looked through.

Source: Amazon CloudWatch Logs User Guide, "Creating metrics from log events using filters".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.lambda_api import refusal
from tests.fakes.log_group import LogGroup
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-logs")


@pytest.fixture
def group(harness: WiredHarness) -> Iterator[LogGroup]:
    made = LogGroup(harness, "/app/group")
    yield made
    made.logs.delete_log_group(logGroupName="/app/group")


def statistics(harness: WiredHarness, name: str, **dimensions: str) -> list[tuple[float, float]]:
    """Sample count and sum of each minute that has any."""
    now = datetime.now(UTC)
    found = harness.aws("cloudwatch").get_metric_statistics(
        Namespace="app",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["SampleCount", "Sum"],
    )["Datapoints"]
    return [(point["SampleCount"], point["Sum"]) for point in found]


def transformation(name: str, **more: Any) -> dict[str, Any]:
    return {"metricName": name, "metricNamespace": "app", "metricValue": "1", **more}


def test_metric_filters_make_values(group: LogGroup) -> None:
    """Source: Amazon CloudWatch Logs User Guide, "Creating metrics from log events using filters"."""

    def filtered(name: str, pattern: str, **more: Any) -> None:
        group.logs.put_metric_filter(
            logGroupName=group.name,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[transformation(name, **more)],
        )

    filtered("errors", "ERROR")
    filtered("latency", "{ $.latency = * }", metricValue="$.latency", unit="Milliseconds")
    filtered("bytes", "[level, bytes > 10]", metricValue="$bytes")
    filtered("kinds", "{ $.kind = * }", dimensions={"Kind": "$.kind"})
    filtered("quiet", "NEVER", defaultValue=0)

    group.put("ERROR 1", "ERROR 20", '{"latency": 12.5, "kind": "a"}', '{"latency": 2.5}', '{"kind": "b"}')

    assert sum(total for _, total in statistics(group.harness, "errors")) == 2
    assert sum(total for _, total in statistics(group.harness, "latency")) == 15
    assert sum(total for _, total in statistics(group.harness, "bytes")) == 20
    assert sum(total for _, total in statistics(group.harness, "kinds", Kind="a")) == 1
    assert sum(total for _, total in statistics(group.harness, "kinds", Kind="b")) == 1
    assert [total for _, total in statistics(group.harness, "quiet")] == [0]


def test_metric_filters_are_checked(group: LogGroup) -> None:
    def refused(pattern: str, **more: Any) -> str:
        return refusal(
            group.logs.put_metric_filter,
            logGroupName=group.name,
            filterName="m",
            filterPattern=pattern,
            metricTransformations=[transformation("m", **more)],
        )[2]

    assert refused("{ $.a }") == "Invalid metric filter pattern"
    assert "does not support dimensions" in refused("ERROR", dimensions={"a": "$.a"})
    assert "mutually exclusive" in refused("{ $.a = 1 }", dimensions={"a": "$.a"}, defaultValue=1)


def test_patterns_can_be_tested(group: LogGroup) -> None:
    """Source: Amazon CloudWatch Logs API Reference, "TestMetricFilter"."""
    line = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534'

    found = group.logs.test_metric_filter(
        filterPattern="[ip, identity, user_id, timestamp, request, status_code, bytes]", logEventMessages=["x", line]
    )["matches"]

    assert found == [
        {
            "eventNumber": 2,
            "eventMessage": line,
            "extractedValues": {
                "$ip": "127.0.0.1",
                "$identity": "-",
                "$user_id": "frank",
                "$timestamp": "10/Oct/2000:13:25:15 -0700",
                "$request": "GET /apache_pb.gif HTTP/1.0",
                "$status_code": "200",
                "$bytes": "1534",
            },
        }
    ]


def test_searches_know_the_whole_language(group: LogGroup) -> None:
    group.put('{"a": 1}', "ERROR x", "fine")

    def found(pattern: str) -> list[str]:
        answer = group.logs.filter_log_events(logGroupName=group.name, filterPattern=pattern)
        return [event["message"] for event in answer["events"]]

    assert found("{ $.a = 1 }") == ['{"a": 1}']
    assert found("-ERROR") == ['{"a": 1}', "fine"]
    assert found("") == ['{"a": 1}', "ERROR x", "fine"]
    assert refusal(group.logs.filter_log_events, logGroupName=group.name, filterPattern="a:b")[1:] == (
        "InvalidParameterException",
        "Invalid character(s) in term ':'",
    )
