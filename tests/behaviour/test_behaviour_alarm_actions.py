"""What alarms do when their state changes.

Source, unless a test says another: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.fakes.alarms import NAMESPACE, Watch
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
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


def test_a_function_is_called(watch: Watch, fed: FedFunction) -> None:
    arn = watch.alarm(AlarmActions=[fed.arn], AlarmDescription="too many")

    watch.put(11)
    watch.put(1)

    [event] = fed.events()
    assert (event["source"], event["alarmArn"], event["accountId"]) == ("aws.cloudwatch", arn, ACCOUNT)
    assert event["region"] == REGION
    told = event["alarmData"]
    assert told["alarmName"] == "late"
    assert (told["state"]["value"], told["previousState"]["value"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert json.loads(told["state"]["reasonData"])["recentDatapoints"] == [11.0]
    assert told["configuration"]["description"] == "too many"
    [metric_told] = told["configuration"]["metrics"]
    assert metric_told["metricStat"] == {
        "metric": {"namespace": NAMESPACE, "name": "Late", "dimensions": {}},
        "period": 60,
        "stat": "Sum",
    }


def test_a_topic_is_told(watch: Watch, harness: WiredHarness, queue: str) -> None:
    sns = harness.aws("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms")
    watch.alarm(OKActions=[topic], AlarmActions=[topic])

    watch.put(1)

    [message] = harness.aws("sqs").receive_message(QueueUrl=queue)["Messages"]
    envelope = json.loads(message["Body"])
    assert envelope["Subject"] == 'OK: "late" in US East (N. Virginia)'
    told = json.loads(envelope["Message"])
    assert (told["AlarmName"], told["NewStateValue"], told["OldStateValue"]) == ("late", "OK", "INSUFFICIENT_DATA")
    trigger = told["Trigger"]
    assert (trigger["MetricName"], trigger["Statistic"], trigger["Period"]) == ("Late", "SUM", 60)
    assert (trigger["Threshold"], trigger["TreatMissingData"]) == (10.0, "missing")
    sns.delete_topic(TopicArn=topic)


def test_other_actions_are_told_in_the_trace(watch: Watch) -> None:
    action = f"arn:aws:automate:{REGION}:ec2:stop"
    watch.alarm(AlarmActions=[action])

    watch.put(11)

    undone = watch.harness.events("EventNotDelivered", after=watch.before)
    assert [(event["target"], event["settled"]) for event in undone] == [(action, "dropped")]


def test_actions_can_be_disabled(watch: Watch, fed: FedFunction) -> None:
    watch.alarm(AlarmActions=[fed.arn], OKActions=[fed.arn], ActionsEnabled=False)

    watch.put(11)
    watch.cloudwatch.enable_alarm_actions(AlarmNames=["late"])
    watch.put(1)

    assert [event["alarmData"]["state"]["value"] for event in fed.events()] == ["OK"]


def test_a_state_set_by_hand_acts_and_does_not_last(watch: Watch, fed: FedFunction) -> None:
    watch.alarm(AlarmActions=[fed.arn])

    watch.cloudwatch.set_alarm_state(AlarmName="late", StateValue="ALARM", StateReason="a drill")
    watch.harness.drain()
    during = watch.state()
    watch.pass_minutes()

    assert [event["alarmData"]["state"]["reason"] for event in fed.events()] == ["a drill"]
    assert (during, watch.state()) == ("ALARM", "INSUFFICIENT_DATA")


def test_the_function_has_to_let_the_alarm_in() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        watch, fed = Watch(harness), FedFunction(harness, "alarmed")
        arn = watch.alarm(AlarmActions=[fed.arn], OKActions=[fed.arn])
        watch.put(11)
        refused = fed.events(), harness.events("EventNotDelivered", after=watch.before)
        fed.lambda_.add_permission(
            FunctionName="alarmed",
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="lambda.alarms.cloudwatch.amazonaws.com",
            SourceArn=arn,
            SourceAccount=ACCOUNT,
        )
        watch.put(1)
        allowed = fed.events()

    assert refused[0] == []
    assert refused[1][0]["reason"].startswith("NO_PERMISSIONS")
    assert [event["alarmData"]["state"]["value"] for event in allowed] == ["OK"]
