"""Measurements in moto's CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.harness.moto_state.metrics import MetricWriter
from tests.fakes.asynchronous_world import RecordedMetrics

ACCOUNT_ID = "301234567890"
OTHER_ACCOUNT_ID = "309876543210"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT_ID}:function:fn"
AT = datetime(2026, 1, 1, 12, 30, 15, tzinfo=UTC)


@pytest.fixture
def writer() -> Iterator[MetricWriter]:
    writer = MetricWriter("AWS/Lambda")
    yield writer
    writer.close()


@pytest.fixture
def cloudwatch() -> Any:
    from moto.cloudwatch.models import cloudwatch_backends

    cloudwatch_backends[ACCOUNT_ID]["us-east-1"].reset()
    return Account(account_id=ACCOUNT_ID, region="us-east-1").client("cloudwatch")


def statistics(cloudwatch: Any, name: str, **dimensions: str) -> dict[str, float]:
    """Of the one hour; empty when there is nothing."""
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=AT - timedelta(minutes=30),
        EndTime=AT + timedelta(minutes=30),
        Period=3600,
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
    )
    points = answer["Datapoints"]
    assert len(points) <= 1
    return {key: value for key, value in points[0].items() if key not in ("Timestamp", "Unit")} if points else {}


def test_what_was_measured_is_found(writer: MetricWriter, cloudwatch: Any) -> None:
    for value in (1.0, 2.0, 6.0):
        writer.add(ACCOUNT_ID, "us-east-1", (("FunctionName", "fn"),), (("Duration", "Milliseconds", value),), AT)

    writer.flush()

    found = statistics(cloudwatch, "Duration", FunctionName="fn")
    assert found == {"Sum": 9.0, "Average": 3.0, "Minimum": 1.0, "Maximum": 6.0, "SampleCount": 3.0}


def test_flushing_twice_writes_nothing_twice(writer: MetricWriter, cloudwatch: Any) -> None:
    writer.add(ACCOUNT_ID, "us-east-1", (), (("Invocations", "Count", 1),), AT)

    writer.flush()
    writer.flush()

    assert statistics(cloudwatch, "Invocations")["Sum"] == 1


def test_regions_are_apart(writer: MetricWriter, cloudwatch: Any) -> None:
    writer.add(ACCOUNT_ID, "eu-west-1", (), (("Invocations", "Count", 1),), AT)

    writer.flush()

    assert statistics(cloudwatch, "Invocations") == {}


def test_accounts_are_apart(writer: MetricWriter, cloudwatch: Any) -> None:
    other = Account(account_id=OTHER_ACCOUNT_ID, region="us-east-1").client("cloudwatch")
    metrics = FunctionMetrics(writer, lambda: AT)

    metrics.add(ARN, "", "Throttles")
    metrics.add(ARN.replace(ACCOUNT_ID, OTHER_ACCOUNT_ID), "", "Throttles", 2)
    writer.flush()

    assert statistics(cloudwatch, "Throttles", FunctionName="fn")["Sum"] == 1
    assert statistics(other, "Throttles", FunctionName="fn")["Sum"] == 2


def test_a_closed_writer_has_written_everything(cloudwatch: Any) -> None:
    writer = MetricWriter("AWS/Lambda")
    for _ in range(2_000):
        writer.add(ACCOUNT_ID, "us-east-1", (), (("Invocations", "Count", 1),), AT)

    writer.close()
    writer.close()

    assert statistics(cloudwatch, "Invocations")["Sum"] == 2_000


@pytest.mark.parametrize(
    ("qualifier", "version", "dimensions"),
    [
        ("", "$LATEST", {"FunctionName": "fn", "Resource": "fn"}),
        ("$LATEST", "$LATEST", {"FunctionName": "fn", "Resource": "fn:$LATEST"}),
        ("3", "3", {"FunctionName": "fn", "Resource": "fn:3"}),
        ("live", "3", {"FunctionName": "fn", "Resource": "fn:live", "ExecutedVersion": "3"}),
    ],
)
def test_only_an_alias_has_an_executed_version(qualifier: str, version: str, dimensions: dict[str, str]) -> None:
    store = RecordedMetrics()

    FunctionMetrics(store, lambda: AT).invocation(
        ARN, qualifier, version, duration_ms=1, failed=False, concurrent=1, unreserved=1, allocated=5
    )

    assert {name: dict(known) for name, _, known in store.values} == {
        **dict.fromkeys(("Invocations", "Errors", "Duration", "ConcurrentExecutions"), dimensions),
        "UnreservedConcurrentExecutions": {},
        "ClaimedAccountConcurrency": {},
    }
    # DG "Monitoring concurrency": what runs unreserved, and all that is reserved or provisioned.
    assert store.total("ClaimedAccountConcurrency") == 6


def test_every_set_of_dimensions_adds_up(writer: MetricWriter, cloudwatch: Any) -> None:
    """moto counts what has the dimensions asked for among its own; were it exact, each had to be written for itself."""
    metrics = FunctionMetrics(writer, lambda: AT)
    for qualifier, version in (("", "$LATEST"), ("live", "1"), ("live", "2"), ("1", "1")):
        failed = version == "2"
        metrics.invocation(
            ARN, qualifier, version, duration_ms=1, failed=failed, concurrent=1, unreserved=1, allocated=0
        )
    metrics.add(ARN, "live", "Throttles")

    writer.flush()

    def total(name: str, **dimensions: str) -> float:
        return statistics(cloudwatch, name, **dimensions).get("Sum", 0)

    assert total("Invocations") == 4
    assert total("Invocations", FunctionName="fn") == 4
    assert total("Invocations", FunctionName="fn", Resource="fn") == 1
    assert total("Invocations", FunctionName="fn", Resource="fn:live") == 2
    assert total("Invocations", FunctionName="fn", Resource="fn:live", ExecutedVersion="2") == 1
    assert total("Invocations", FunctionName="fn", Resource="fn:1") == 1
    assert total("Errors", FunctionName="fn", Resource="fn:live", ExecutedVersion="2") == 1
    assert total("Errors", FunctionName="fn", Resource="fn:live", ExecutedVersion="1") == 0
    assert total("Throttles", FunctionName="fn", Resource="fn:live") == 1
    assert total("Invocations", FunctionName="other") == 0
