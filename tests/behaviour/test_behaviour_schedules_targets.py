"""What EventBridge Scheduler calls: templated targets, any operation of an API, and what becomes of those that fail.

Source: EventBridge Scheduler User Guide, "Managing targets in EventBridge Scheduler", "Adding context attributes" and
"Configuring a schedule's dead-letter queue".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.fakes.event_bus import ROLE, EventBus, attributes
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.planner import Planner, at
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-schedules")


@pytest.fixture
def planner(harness: WiredHarness) -> Iterator[Planner]:
    made = Planner(harness)
    yield made
    made.remove()


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness)
    yield made
    made.remove()


def test_context_attributes_are_filled_in(planner: Planner, bus: EventBus) -> None:
    moment = planner.now.replace(microsecond=0) + timedelta(hours=1)
    names = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    text = json.dumps({name: f"<aws.scheduler.{name}>" for name in names})
    arn = planner.schedule("s", at(moment), {"Arn": bus.queue("q"), "Input": text})

    planner.advance(timedelta(hours=2))

    (body,) = bus.bodies("q")
    assert len(body.pop("execution-id")) == 16
    assert body == {
        "schedule-arn": arn,
        "scheduled-time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "attempt-number": "1",
    }


def test_bus_gets_an_event(planner: Planner, bus: EventBus) -> None:
    bus.rule("r", {"Arn": bus.queue("q")}, pattern={"source": ["plan"]})
    default = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    parameters = {"EventBridgeParameters": {"DetailType": "Due", "Source": "plan"}}
    planner.schedule("s", "rate(1 day)", {"Arn": default, "Input": '{"n": 1}', **parameters})
    planner.harness.drain()

    (event,) = bus.bodies("q")
    assert (event["detail-type"], event["source"], event["detail"]) == ("Due", "plan", {"n": 1})


def test_other_templated_targets(planner: Planner, bus: EventBus, harness: WiredHarness) -> None:
    sns, kinesis, states = harness.aws("sns"), harness.aws("kinesis"), harness.aws("stepfunctions")
    topic = sns.create_topic(Name="planned")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=bus.queue("heard"))
    kinesis.create_stream(StreamName="planned", ShardCount=1)
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = states.create_state_machine(name="planned", definition=json.dumps(definition), roleArn=ROLE)
    fifo = bus.queue("planned.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    stream = {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/planned"}

    planner.schedule("topic", "rate(1 day)", {"Arn": topic, "Input": "hello"})
    planner.schedule("stream", "rate(1 day)", {**stream, "Input": "data", "KinesisParameters": {"PartitionKey": "k"}})
    planner.schedule("flow", "rate(1 day)", {"Arn": machine["stateMachineArn"], "Input": '{"n": 1}'})
    planner.schedule("fifo", "rate(1 day)", {"Arn": fifo, "Input": "x", "SqsParameters": {"MessageGroupId": "g"}})
    harness.drain()

    (heard,) = bus.bodies("heard")
    assert heard["Message"] == "hello"
    shard = kinesis.list_shards(StreamName="planned")["Shards"][0]["ShardId"]
    position = kinesis.get_shard_iterator(StreamName="planned", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    (record,) = kinesis.get_records(ShardIterator=position["ShardIterator"])["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b"data", "k")
    (execution,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    assert states.describe_execution(executionArn=execution["executionArn"])["input"] == '{"n": 1}'
    (message,) = bus.messages("planned.fifo")
    assert message["Attributes"]["MessageGroupId"] == "g"
    sns.delete_topic(TopicArn=topic)
    kinesis.delete_stream(StreamName="planned")
    states.delete_state_machine(stateMachineArn=machine["stateMachineArn"])


def test_failing_target_is_put_away_with_all_that_is_known(planner: Planner, bus: EventBus) -> None:
    moment = planner.now.replace(microsecond=0) + timedelta(hours=1)
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    arn = planner.schedule(
        "s",
        at(moment),
        {
            "Arn": gone,
            "Input": "at <aws.scheduler.scheduled-time>",
            "DeadLetterConfig": {"Arn": bus.queue("dead")},
        },
    )

    planner.advance(timedelta(hours=2))

    (letter,) = bus.messages("dead")
    told = attributes(letter)
    assert letter["Body"] == f"at {moment:%Y-%m-%dT%H:%M:%SZ}"
    assert "NonExistentQueue" in told.pop("ERROR_CODE")
    assert told.pop("ERROR_MESSAGE")
    assert len(told.pop("EXECUTION_ID")) == 16
    assert told == {
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "SCHEDULE_ARN": arn,
        "TARGET_ARN": gone,
    }


def test_target_that_does_not_run_here_is_told(planner: Planner, bus: EventBus) -> None:
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"
    task = {"TaskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/t"}
    planner.schedule("s", "rate(1 day)", {"Arn": cluster, "EcsParameters": task})
    planner.harness.drain()

    (told,) = bus.not_delivered()
    assert (told["target"], told["reason"]) == (cluster, "targets of this kind do not run here")


UNIVERSAL = "arn:aws:scheduler:::aws-sdk"


def test_universal_target_calls_any_operation(planner: Planner, bus: EventBus, harness: WiredHarness) -> None:
    url = harness.aws("sqs").create_queue(QueueName="any")["QueueUrl"]
    dynamodb = harness.aws("dynamodb")
    dynamodb.create_table(
        TableName="any",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"TableName": "any", "Item": {"k": {"S": "<aws.scheduler.schedule-arn>"}}}
    message = {"QueueUrl": url, "MessageBody": "hello"}

    arn = planner.schedule("put", "rate(1 day)", {"Arn": f"{UNIVERSAL}:dynamodb:putItem", "Input": json.dumps(item)})
    planner.schedule("send", "rate(1 day)", {"Arn": f"{UNIVERSAL}:sqs:sendMessage", "Input": json.dumps(message)})
    harness.drain()

    assert dynamodb.scan(TableName="any")["Items"] == [{"k": {"S": arn}}]
    assert harness.aws("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    dynamodb.delete_table(TableName="any")
    harness.aws("sqs").delete_queue(QueueUrl=url)
    assert bus.not_delivered() == []


def test_universal_target_runs_a_function(planner: Planner, harness: WiredHarness) -> None:
    fed = FedFunction(harness, "universal")
    request = {"FunctionName": "universal", "InvocationType": "Event", "Payload": '{"n": 1}'}

    planner.schedule("s", "rate(1 day)", {"Arn": f"{UNIVERSAL}:lambda:invoke", "Input": json.dumps(request)})
    harness.drain()

    assert fed.events() == [{"n": 1}]
    fed.remove()


@pytest.mark.parametrize(
    ("operation", "text", "reason"),
    [
        ("sqs:sendNonsense", {}, "sqs has no operation sendNonsense"),
        ("nonsense:doThis", {}, "no service is called nonsense"),
        ("sqs:sendMessage", {"MessageBody": "x"}, "QueueUrl"),
        ("sqs:deleteQueue", {"QueueUrl": "http://localhost/123456789012/gone"}, "NonExistentQueue"),
        ("lambda:deleteFunction", {"FunctionName": "f"}, "lambda:deleteFunction is not called by schedules here"),
    ],
)
def test_universal_target_that_fails_says_why(
    planner: Planner, bus: EventBus, operation: str, text: dict[str, str], reason: str
) -> None:
    planner.schedule("s", "rate(1 day)", {"Arn": f"{UNIVERSAL}:{operation}", "Input": json.dumps(text)})
    planner.harness.drain()

    (told,) = bus.not_delivered()
    assert reason in told["reason"]


def test_role_has_to_be_allowed_what_the_schedule_does() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        planner, bus, iam = Planner(harness), EventBus(harness), harness.aws("iam")
        queue = bus.queue("q")
        trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        roles = {name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"] for name in "ab"}
        allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName="a", PolicyName="p", PolicyDocument=document)
        url = harness.aws("sqs").get_queue_url(QueueName="q")["QueueUrl"]
        request = {"Arn": f"{UNIVERSAL}:sqs:sendMessage", "Input": json.dumps({"QueueUrl": url, "MessageBody": "any"})}
        for name, role in roles.items():
            planner.schedule(f"plain-{name}", "rate(1 day)", {"Arn": queue, "Input": name, "RoleArn": role})
            planner.schedule(f"any-{name}", "rate(1 day)", {**request, "RoleArn": role})
        harness.drain()

        assert sorted(message["Body"] for message in bus.messages("q")) == ["a", "any"]
        refused = {told["source"].rpartition("/")[2]: told["reason"] for told in bus.not_delivered()}
        assert set(refused) == {"plain-b", "any-b"}
        assert refused["plain-b"].startswith("NO_PERMISSIONS")
        assert refused["any-b"].startswith("AccessDenied")
