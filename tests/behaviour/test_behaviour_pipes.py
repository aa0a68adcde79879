"""Pipes, from the record in the source to what the target gets.

Source, unless a test says another: Amazon EventBridge User Guide, "Amazon EventBridge Pipes" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-pipes")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipe"
WORKER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:worker"
ENRICHER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:enricher"
SOURCE = """
import json

def handler(event, context):
    wish = json.loads(event[0]["body"]) if isinstance(event[0], dict) and "body" in event[0] else {}
    if wish.get("do") == "raise":
        raise ValueError("asked for")
    failed = [one["messageId"] for one in event if isinstance(one, dict) and '"fail"' in one.get("body", "")]
    if wish.get("do") == "echo":
        return event
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
"""
ENRICHING = """
import json

def handler(event, context):
    bodies = [one["body"] if isinstance(one, dict) else one for one in event]
    return [{"name": json.loads(body).get("name", "?"), "rich": True} for body in bodies if "drop" not in body]
"""


class Line:
    """A queue that feeds pipes, and another at the end of them."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness = harness
        self.sqs, self.pipes, self.lambda_ = harness.aws("sqs"), harness.aws("pipes"), harness.aws("lambda")
        self.source = self.sqs.create_queue(QueueName="pipe-in")["QueueUrl"]
        self.target = self.sqs.create_queue(QueueName="pipe-out")["QueueUrl"]
        create_function(self.lambda_, "worker", SOURCE)
        create_function(self.lambda_, "enricher", ENRICHING)
        self.before = harness.position()

    def make(self, target: str = f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-out", **settings: Any) -> None:
        self.pipes.create_pipe(
            **{
                "Name": "line",
                "RoleArn": ROLE,
                "Source": f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-in",
                "Target": target,
                **settings,
            }
        )

    def send(self, *bodies: object) -> None:
        entries = [
            {"Id": str(number), "MessageBody": one if isinstance(one, str) else json.dumps(one)}
            for number, one in enumerate(bodies)
        ]
        self.sqs.send_message_batch(QueueUrl=self.source, Entries=entries)
        self.harness.drain()

    def arrived(self) -> list[str]:
        received = self.sqs.receive_message(QueueUrl=self.target, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in received]

    def left(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.source, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def events(self, function: str = "worker") -> list[Any]:
        started = self.harness.events("InvocationStarted", after=self.before)
        return [json.loads(event["payload"]) for event in started if event["function"] == function]

    def remove(self) -> None:
        for pipe in self.pipes.list_pipes()["Pipes"]:
            self.pipes.delete_pipe(Name=pipe["Name"])
        for url in (self.source, self.target):
            self.sqs.delete_queue(QueueUrl=url)
        for function in ("worker", "enricher"):
            self.lambda_.delete_function(FunctionName=function)
        self.harness.drain()


@pytest.fixture
def line(harness: WiredHarness) -> Iterator[Line]:
    made = Line(harness)
    yield made
    made.remove()


def test_a_function_gets_the_batch_as_an_array(line: Line) -> None:
    line.make(WORKER)

    line.send({"name": "a"}, {"name": "b"})

    records = [record for event in line.events() for record in event]
    assert [json.loads(record["body"])["name"] for record in records] == ["a", "b"]
    assert records[0]["eventSource"] == "aws:sqs"
    assert line.left() == 0


def test_messages_that_the_function_reports_come_again(line: Line) -> None:
    line.make(WORKER)

    line.send({"name": "a"}, {"do": "fail"})

    assert line.left() == 1


def test_an_answer_that_is_no_report_is_no_failure(line: Line) -> None:
    line.make(WORKER)

    line.send({"do": "echo"})

    assert (len(line.events()), line.left()) == (1, 0)


def test_a_batch_that_the_function_fails_on_stays(line: Line) -> None:
    line.make(WORKER)

    line.send({"do": "raise"})

    assert line.left() == 1
    [settled] = line.harness.events("RecordBatchSettled", after=line.before)
    assert (settled["outcome"], settled["reason"]) == ("failed", "ValueError: asked for")


def test_a_filter_drops_what_it_does_not_mean(line: Line) -> None:
    pattern = json.dumps({"body": {"kind": ["order"]}})
    line.make(SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})

    line.send({"kind": "order", "n": 1}, {"kind": "other"})

    assert [json.loads(body)["body"] for body in line.arrived()] == ['{"kind": "order", "n": 1}']
    assert line.left() == 0


def test_a_template_makes_the_targets_input(line: Line) -> None:
    template = '{"who": <$.body.name>, "text": "of <aws.pipes.pipe-name>: <$.body.name>", "none": <$.body.gone>}'
    line.make(TargetParameters={"InputTemplate": template})

    line.send({"name": "ann"})

    assert [json.loads(body) for body in line.arrived()] == [{"who": "ann", "text": "of line: ann"}]


def test_an_enrichment_comes_between(line: Line) -> None:
    line.make(
        Enrichment=ENRICHER,
        EnrichmentParameters={"InputTemplate": "<$.body>"},
        TargetParameters={"InputTemplate": '{"named": <$.name>}'},
    )
    line.lambda_.update_function_code(FunctionName="enricher", ZipFile=_zip(PLAIN_ENRICHING))

    line.send({"name": "a"})

    assert line.events("enricher") == [[{"name": "a"}]]
    assert [json.loads(body) for body in line.arrived()] == [{"named": "a"}]


PLAIN_ENRICHING = "def handler(event, context):\n    return [{**one, 'rich': True} for one in event]\n"


def _zip(source: str) -> bytes:
    from tests.fakes.lambda_api import zip_of

    return zip_of(source)


def test_an_enrichment_that_gives_nothing_ends_it(line: Line) -> None:
    line.make(Enrichment=ENRICHER)

    line.send({"name": "drop"})

    assert len(line.events("enricher")) == 1
    assert line.arrived() == []
    assert line.left() == 0


def test_a_topic_a_stream_and_a_log_group_get_each_record(line: Line) -> None:
    sns, logs = line.harness.aws("sns"), line.harness.aws("logs")
    topic = sns.create_topic(Name="piped")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-out",
        Attributes={"RawMessageDelivery": "true"},
    )
    logs.create_log_group(logGroupName="piped")
    line.make(topic, TargetParameters={"InputTemplate": "<$.body.name>"})

    line.send({"name": "a"})
    by_topic = line.arrived()
    line.pipes.delete_pipe(Name="line")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:piped"
    parameters = {"CloudWatchLogsParameters": {"LogStreamName": "s"}, "InputTemplate": "<$.body>"}
    line.make(group, TargetParameters=parameters)
    line.send({"name": "b"})

    assert by_topic == ['"a"']
    events = logs.get_log_events(logGroupName="piped", logStreamName="s")["events"]
    assert [event["message"] for event in events] == ['{"name":"b"}']
    sns.delete_topic(TopicArn=topic)
    logs.delete_log_group(logGroupName="piped")


def test_a_bus_gets_an_event_with_a_name(line: Line) -> None:
    events = line.harness.aws("events")
    events.put_rule(Name="piped", EventPattern=json.dumps({"source": ["shop"], "detail-type": ["ordered"]}))
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-out"
    events.put_targets(Rule="piped", Targets=[{"Id": "q", "Arn": queue}])
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    named = {"Source": "shop", "DetailType": "$.body.type"}
    line.make(bus, TargetParameters={"EventBridgeEventBusParameters": named, "InputTemplate": "<$.body>"})

    line.send({"type": "ordered", "n": 1})

    [body] = line.arrived()
    assert json.loads(body)["detail"] == {"type": "ordered", "n": 1}
    events.remove_targets(Rule="piped", Ids=["q"])
    events.delete_rule(Name="piped")


def test_a_state_machine_is_started_or_waited_for(line: Line) -> None:
    states = line.harness.aws("stepfunctions")
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    machine = states.create_state_machine(name="piped", definition=definition, roleArn=ROLE)["stateMachineArn"]
    express = states.create_state_machine(name="fast", definition=definition, roleArn=ROLE, type="EXPRESS")
    line.make(
        machine,
        Enrichment=express["stateMachineArn"],
        TargetParameters={"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}},
    )

    line.send({"name": "a"})

    [execution] = states.list_executions(stateMachineArn=machine)["executions"]
    given = json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"])
    assert [json.loads(one["body"]) for one in given] == [{"name": "a"}]
    for arn in (machine, express["stateMachineArn"]):
        states.delete_state_machine(stateMachineArn=arn)


@pytest.mark.parametrize(
    ("kind", "ends", "left", "outcome"),
    [("EXPRESS", "Succeed", 0, "success"), ("EXPRESS", "Fail", 1, "failed"), ("STANDARD", "Succeed", 1, "failed")],
)
def test_a_state_machine_is_waited_for_unless_a_pipe_says_otherwise(
    line: Line, kind: Any, ends: str, left: int, outcome: str
) -> None:
    """Source: EventBridge Pipes API Reference, "PipeTargetStateMachineParameters" (REQUEST_RESPONSE is the default)."""
    states = line.harness.aws("stepfunctions")
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": ends}}})
    machine = states.create_state_machine(name=f"piped-{kind}-{ends}", definition=definition, roleArn=ROLE, type=kind)
    line.make(machine["stateMachineArn"])

    line.send({"name": "a"})

    assert line.left() == left
    assert line.harness.events("RecordBatchSettled", after=line.before)[-1]["outcome"] == outcome
    states.delete_state_machine(stateMachineArn=machine["stateMachineArn"])


def test_a_stream_is_a_source(line: Line) -> None:
    kinesis = line.harness.aws("kinesis")
    kinesis.create_stream(StreamName="pipe-stream", ShardCount=1)
    line.make(
        Source=f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/pipe-stream",
        SourceParameters={"KinesisStreamParameters": {"StartingPosition": "TRIM_HORIZON"}},
        TargetParameters={"InputTemplate": '{"name": <$.data.name>, "key": <$.partitionKey>}'},
    )

    kinesis.put_record(StreamName="pipe-stream", Data=b'{"name": "a"}', PartitionKey="p")
    line.harness.drain()

    assert [json.loads(body) for body in line.arrived()] == [{"name": "a", "key": "p"}]
    kinesis.delete_stream(StreamName="pipe-stream")


def test_a_stopped_pipe_takes_nothing(line: Line) -> None:
    line.make(DesiredState="STOPPED")
    line.send({"name": "a"})
    before = line.arrived()

    line.pipes.start_pipe(Name="line")
    line.harness.drain()

    assert before == []
    assert len(line.arrived()) == 1
    assert line.pipes.describe_pipe(Name="line")["CurrentState"] == "RUNNING"


def test_a_target_that_is_gone_keeps_the_message_in_the_source(line: Line) -> None:
    line.make(f"arn:aws:sqs:{REGION}:{ACCOUNT}:nowhere")

    line.send({"name": "a"})

    assert line.left() == 1


def test_a_source_that_is_not_served_is_told(line: Line) -> None:
    line.make(Source=f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-1")

    notes = [event["note"] for event in line.harness.events("RuntimeNote", after=line.before)]
    assert [note for note in notes if note.startswith("pipe line: nothing is pulled from")]


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "pipes.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


def test_the_pipes_role_is_asked() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        iam = harness.aws("iam")
        for role in ("fn", "pipe"):
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
        receive = {
            "Effect": "Allow",
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-in",
        }
        _allow(iam, receive)
        line = Line(harness)
        line.make()

        line.send({"name": "a"})
        refused = line.arrived(), harness.events("RecordBatchSettled")[-1]["reason"]
        send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:pipe-out"}
        _allow(iam, receive, send)
        assert harness.call("POST", "clock", {"advance_seconds": 60}).status == 200
        harness.drain()

        assert refused[0] == []
        assert refused[1].startswith("NO_PERMISSIONS")
        assert len(line.arrived()) == 1


def _allow(iam: Any, *statements: dict[str, Any]) -> None:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName="pipe", PolicyName="p", PolicyDocument=json.dumps(policy))
