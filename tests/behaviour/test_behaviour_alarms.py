"""Alarms, from the measurement to what follows from the change of a state.

Source, unless a test says another: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.fakes.alarms import NAMESPACE, Watch
from tests.fakes.event_source import FedFunction
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-alarms")


@pytest.fixture
def watch(harness: WiredHarness) -> Iterator[Watch]:
    # What was measured in one test is out of every alarm's sight in the next.
    assert harness.call("POST", "clock", {"advance_seconds": 3600}).status == 200
    made = Watch(harness)
    yield made
    made.remove()


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "alarmed")
    yield function
    function.remove()


@pytest.fixture
def queue(harness: WiredHarness) -> Iterator[str]:
    url = harness.aws("sqs").create_queue(QueueName="alarms")["QueueUrl"]
    yield url
    harness.aws("sqs").delete_queue(QueueUrl=url)


def test_an_alarm_begins_without_data(watch: Watch) -> None:
    watch.alarm()

    alarm = watch.described()

    assert (alarm["StateValue"], alarm["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")


def test_a_state_follows_the_measurements(watch: Watch) -> None:
    watch.alarm()

    watch.put(6, 5)
    alarm = watch.described()
    watch.put(1)

    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoint [11.0 (")
    assert alarm["StateReason"].endswith(
        "was greater than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(alarm["StateReasonData"])
    assert (data["version"], data["statistic"], data["period"], data["threshold"]) == ("1.0", "Sum", 60, 10.0)
    assert data["recentDatapoints"] == [11.0]
    assert data["evaluatedDatapoints"][0]["sampleCount"] == 2.0
    assert "was not greater than the threshold" in watch.described()["StateReason"]
    assert watch.changes() == [("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "OK")]


def test_an_alarm_that_is_put_again_keeps_its_state(watch: Watch) -> None:
    watch.alarm()
    watch.put(11)

    watch.alarm(Threshold=20.0)

    assert watch.state() == "ALARM"
    watch.pass_minutes()
    assert watch.state() == "OK"


@pytest.mark.parametrize(
    ("missing", "state"),
    [("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("breaching", "ALARM"), ("ignore", "INSUFFICIENT_DATA")],
)
def test_what_was_never_measured_is_treated_as_the_alarm_says(watch: Watch, missing: str, state: str) -> None:
    watch.alarm(TreatMissingData=missing)

    watch.pass_minutes()

    assert watch.state() == state


@pytest.mark.parametrize(
    ("missing", "state"), [("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("ignore", "ALARM")]
)
def test_an_alarm_whose_data_end(watch: Watch, missing: str, state: str) -> None:
    watch.alarm(TreatMissingData=missing)
    watch.put(11)
    assert watch.state() == "ALARM"

    watch.pass_minutes(5)

    assert watch.state() == state


def test_nothing_is_left_to_do_once_the_data_are_judged(watch: Watch) -> None:
    watch.alarm(TreatMissingData="notBreaching")
    watch.put(11)

    watch.pass_minutes(10)

    left = watch.harness.call("POST", "drain", {"timeout_seconds": 120}).json()
    assert "evaluation of alarm" not in json.dumps(left)


def test_some_of_several_periods_are_enough(watch: Watch) -> None:
    watch.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)

    states = []
    for value in (1, 11, 1, 11, 11):
        watch.put(value)
        states.append(watch.state())

    assert states == ["OK", "OK", "OK", "ALARM", "ALARM"]
    assert watch.described()["StateReason"].startswith("Threshold Crossed: 2 out of the last 3 datapoints [")


@pytest.mark.parametrize(
    ("statistic", "values", "state"),
    [
        ("SampleCount", [1.0] * 11, "ALARM"),
        ("Average", [5, 16], "ALARM"),
        ("Average", [5, 15], "OK"),
        ("Minimum", [11, 50], "ALARM"),
        ("Minimum", [10, 50], "OK"),
        ("Maximum", [1, 11], "ALARM"),
        ("p50", [1, 11, 12], "ALARM"),
        ("p10", [1, 11, 12], "OK"),
    ],
)
def test_each_statistic(watch: Watch, statistic: str, values: Sequence[float], state: str) -> None:
    watch.alarm(**({"ExtendedStatistic": statistic} if statistic.startswith("p") else {"Statistic": statistic}))

    watch.put(*values)

    assert watch.state() == state


def test_dimensions_and_units_tell_metrics_apart(watch: Watch) -> None:
    watch.alarm(Dimensions=[{"Name": "Shop", "Value": "a"}], Unit="Count")

    watch.put(99)
    watch.put(99, Dimensions=[{"Name": "Shop", "Value": "b"}], Unit="Count")
    watch.put(99, Dimensions=[{"Name": "Shop", "Value": "a"}, {"Name": "Till", "Value": "1"}], Unit="Count")
    watch.put(99, Dimensions=[{"Name": "Shop", "Value": "a"}], Unit="Seconds")
    before = watch.state()
    watch.put(99, Dimensions=[{"Name": "Shop", "Value": "a"}], Unit="Count")

    assert (before, watch.state()) == ("INSUFFICIENT_DATA", "ALARM")


def metric(name: str, identifier: str) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": NAMESPACE, "MetricName": name}, "Period": 60, "Stat": "Sum"}
    return {"Id": identifier, "MetricStat": stat, "ReturnData": False}


def test_an_expression_over_metrics(watch: Watch) -> None:
    ratio = {"Id": "e1", "Expression": "100 * errors / FILL(calls, 1)", "Label": "rate", "ReturnData": True}
    watch.alarm(Metrics=[ratio, metric("Errors", "errors"), metric("Calls", "calls")], Threshold=50.0)

    watch.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Calls", "Value": 10}])
    watch.put(6, name="Errors")
    first = watch.described()
    watch.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Calls", "Value": 100}])
    watch.put(6, name="Errors")

    assert first["StateValue"] == "ALARM"
    assert "[60.0 (" in first["StateReason"]
    assert watch.state() == "OK"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"Metrics": [{"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(m1)"}, metric("Late", "m1")]}, "ANOMALY"),
        ({"Metrics": [{"Id": "e", "Expression": "m1 +"}, metric("Late", "m1")]}, "too early"),
        ({"ComparisonOperator": "LessThanLowerThreshold", "ThresholdMetricId": "e"}, "anomaly detection"),
    ],
    ids=["function", "syntax", "band"],
)
def test_what_is_not_evaluated_is_told(watch: Watch, settings: dict[str, Any], problem: str) -> None:
    watch.alarm(**settings)

    watch.put(11)

    notes = [event["note"] for event in watch.harness.events("RuntimeNote", after=watch.before)]
    assert [note for note in notes if "alarm late is not evaluated" in note and problem in note]
    assert watch.state() == "INSUFFICIENT_DATA"


def test_the_history_is_kept(watch: Watch) -> None:
    watch.alarm()
    watch.put(11)
    watch.put(1)

    items = watch.cloudwatch.describe_alarm_history(AlarmName="late", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    last = watch.cloudwatch.describe_alarm_history(AlarmName="late", MaxRecords=1, HistoryItemType="StateUpdate")

    assert [item["HistorySummary"] for item in items] == [
        'Alarm "late" created',
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
        "Alarm updated from ALARM to OK",
    ]
    [newest] = last["AlarmHistoryItems"]
    data = json.loads(newest["HistoryData"])
    assert (data["oldState"]["stateValue"], data["newState"]["stateValue"]) == ("ALARM", "OK")
    assert last["NextToken"]


def test_an_alarm_on_alarms(watch: Watch, fed: FedFunction) -> None:
    late = watch.alarm()
    watch.alarm("quiet", MetricName="Quiet")
    watch.composite("both", 'ALARM("late") AND NOT ALARM("quiet")', AlarmActions=[fed.arn], OKActions=[fed.arn])
    first = watch.state("both")

    watch.put(11)
    second = watch.described("both")
    watch.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Quiet", "Value": 99}])
    watch.put(11)

    assert first == "OK"
    assert second["StateValue"] == "ALARM"
    assert second["StateReason"].startswith(f"{late} transitioned to ALARM at ")
    assert json.loads(second["StateReasonData"])["triggeringAlarms"][0]["arn"] == late
    assert watch.state("both") == "OK"
    alarmed, cleared = [event for event in fed.events() if event["alarmData"]["state"]["value"] == "ALARM"][-1], None
    assert alarmed["alarmData"]["configuration"] == {"alarmRule": 'ALARM("late") AND NOT ALARM("quiet")'}
    assert cleared is None


def test_errors_of_a_function_raise_an_alarm(watch: Watch, fed: FedFunction) -> None:
    watch.alarm(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "alarmed"}],
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )

    watch.harness.invoke("alarmed", json.dumps({"Records": [{"body": '{"do": "raise"}'}]}).encode())
    watch.harness.drain()
    watch.pass_minutes()
    during = watch.state()
    watch.pass_minutes(5)

    assert (during, watch.state()) == ("ALARM", "OK")


def test_a_deleted_alarm_is_evaluated_no_more(watch: Watch) -> None:
    watch.alarm()
    watch.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[{"MetricName": "Late", "Value": 11}])

    watch.cloudwatch.delete_alarms(AlarmNames=["late"])
    watch.pass_minutes()

    assert watch.changes() == []


def test_a_state_that_is_none_is_refused(watch: Watch) -> None:
    watch.alarm()

    set_state = watch.cloudwatch.set_alarm_state

    assert refusal(set_state, AlarmName="late", StateValue="BAD", StateReason="x")[1] == "ValidationError"
    assert refusal(set_state, AlarmName="none", StateValue="OK", StateReason="x")[0] == 404
    assert watch.changes() == []


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, "DatapointsToAlarm (3) must be less than or equal to"),
        ({"Period": 45}, "must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 60, "EvaluationPeriods": 1441}, "Metrics cannot be checked across more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "Metrics cannot be checked across more than a week"),
        ({"TreatMissingData": "good"}, "Option good is not supported"),
        ({"ComparisonOperator": "Above"}, "at 'comparisonOperator' failed to satisfy constraint"),
        ({"Statistic": "Median"}, "at 'statistic' failed to satisfy constraint"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_an_alarm_that_aws_refuses_is_refused(watch: Watch, settings: dict[str, Any], problem: str) -> None:
    """Source: CloudWatch API Reference, "PutMetricAlarm"."""
    plain = {"AlarmName": "bad", "Namespace": NAMESPACE, "MetricName": "Late", "Statistic": "Sum", "Period": 60}
    rest = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}

    status, code, text = refusal(watch.cloudwatch.put_metric_alarm, **{**plain, **rest, **settings})

    assert (status, code) == (400, "ValidationError")
    assert problem in text
    assert watch.cloudwatch.describe_alarms(AlarmNames=["bad"])["MetricAlarms"] == []


def test_a_percentile_of_few_samples_may_be_left_alone(watch: Watch) -> None:
    """Source: User Guide, "Percentile-based alarms and low data samples"."""
    watch.alarm("wary", ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    watch.alarm("bold", ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="evaluate")

    watch.put(*([50.0] * 99))
    few = watch.state("wary"), watch.state("bold")
    watch.put(*([50.0] * 100))

    assert few == ("INSUFFICIENT_DATA", "ALARM")
    assert watch.state("wary") == "ALARM"
