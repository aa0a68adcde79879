"""EventBridge, from the event that is put to what becomes of it at each kind of target.

Source, unless a test says another: Amazon EventBridge User Guide, "Event bus targets in Amazon EventBridge"; Amazon
EventBridge API Reference, "PutEvents" and "Target".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.event_bus import ROLE, EventBus
from tests.fakes.event_source import ACCOUNT, REGION, FedFunction
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-event-rules")


@pytest.fixture
def bus(harness: WiredHarness) -> Iterator[EventBus]:
    made = EventBus(harness, "orders")
    yield made
    made.remove()


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


def test_function_gets_the_event_as_it_stands(bus: EventBus, fed: FedFunction) -> None:
    bus.rule("all", {"Arn": fed.arn})
    happened = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)

    event_id = bus.put({"sku": "a", "price": 1.5}, Time=happened, Resources=["arn:aws:s3:::b"])

    (event,) = fed.events()
    assert list(event) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    assert event == {
        "version": "0",
        "id": event_id,
        "detail-type": "Order",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2026-01-02T03:04:05Z",
        "region": REGION,
        "resources": ["arn:aws:s3:::b"],
        "detail": {"sku": "a", "price": 1.5},
    }


def test_alias_is_called_and_nothing_else(bus: EventBus, fed: FedFunction) -> None:
    version = fed.lambda_.publish_version(FunctionName="fed")["Version"]
    fed.lambda_.create_alias(FunctionName="fed", Name="live", FunctionVersion=version)
    bus.rule("live", {"Arn": f"{fed.arn}:live"})

    bus.put()

    started = bus.harness.events("InvocationStarted", after=fed.before)
    assert [(event["version"], event["qualifier"]) for event in started] == [(version, "live")]


@pytest.mark.parametrize(
    ("pattern", "detail", "is_meant"),
    [
        ({"source": ["shop"], "detail": {"sku": [{"prefix": "a-"}]}}, {"sku": "a-1"}, True),
        ({"source": ["shop"], "detail": {"sku": [{"prefix": "a-"}]}}, {"sku": "b-1"}, False),
        ({"detail": {"price": [{"numeric": [">", 1, "<=", 5]}]}}, {"price": 5}, True),
        ({"detail": {"price": [{"numeric": [">", 1, "<=", 5]}]}}, {"price": 6}, False),
        ({"detail": {"a": {"$or": [{"b": [1]}, {"c": [2]}]}}}, {"a": {"c": 2}}, True),
        ({"detail": {"file": [{"wildcard": "in/*.png"}]}}, {"file": "in/x/y.png"}, True),
        ({"detail": {"gone": [{"exists": False}]}}, {}, True),
        ({"detail": {"state": [{"anything-but": {"prefix": "in"}}]}}, {"state": "initial"}, False),
        ({"source": ["other"]}, {}, False),
        ({"account": [ACCOUNT], "region": [REGION], "detail-type": ["Order"]}, {}, True),
    ],
)
def test_rule_means_what_its_pattern_says(bus: EventBus, pattern: Any, detail: Any, is_meant: bool) -> None:
    bus.rule("some", {"Arn": bus.queue("some")}, pattern=pattern)

    bus.put(detail)

    assert len(bus.messages("some")) == is_meant


def test_number_is_compared_as_it_was_written(bus: EventBus) -> None:
    bus.rule("exact", {"Arn": bus.queue("exact")}, pattern={"detail": {"count": [300]}})

    bus.put('{"count": 300.0}')
    bus.put('{"count": 300}')

    assert [message["detail"]["count"] for message in bus.bodies("exact")] == [300]


def test_only_enabled_rules_of_the_bus_are_asked(bus: EventBus, harness: WiredHarness) -> None:
    default = EventBus(harness)
    default.rule("elsewhere", {"Arn": bus.queue("elsewhere")})
    bus.rule("off", {"Arn": bus.queue("off")}, State="DISABLED")
    bus.rule("on", {"Arn": bus.queue("on")})

    bus.put({"n": 1})
    bus.events.enable_rule(Name="off", EventBusName="orders")
    bus.events.disable_rule(Name="on", EventBusName="orders")
    bus.put({"n": 2})
    default.remove()

    assert [message["detail"]["n"] for message in bus.bodies("on")] == [1]
    assert [message["detail"]["n"] for message in bus.bodies("off")] == [2]
    assert bus.messages("elsewhere") == []


def test_every_rule_and_target_gets_its_own_copy(bus: EventBus) -> None:
    one, two = {"Arn": bus.queue("one")}, {"Arn": bus.queue("two"), "Input": '{"constant": true}'}
    bus.rule("first", one, two)
    bus.rule("second", one)

    event_id = bus.put()

    assert [message["id"] for message in bus.bodies("one")] == [event_id, event_id]
    assert bus.bodies("two") == [{"constant": True}]


def test_input_of_a_target_is_made_of_the_event(bus: EventBus) -> None:
    transformer = {
        "InputPathsMap": {"sku": "$.detail.sku", "gone": "$.detail.gone"},
        "InputTemplate": '{"text": "sku <sku> by <aws.events.rule-name>", "sku": <sku>, "gone": <gone>}',
    }
    arn = bus.queue("made")
    bus.rule("path", {"Arn": arn, "InputPath": "$.detail"}, {"Arn": arn, "InputTransformer": transformer})

    bus.put({"sku": "a"})

    made = sorted(bus.bodies("made"), key=len)
    assert made == [{"sku": "a"}, {"text": "sku a by path", "sku": "a"}]


def test_fifo_queue_gets_its_group(bus: EventBus) -> None:
    arn = bus.queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    bus.rule("fifo", {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}})

    bus.put()

    (message,) = bus.messages("jobs.fifo")
    assert message["Attributes"]["MessageGroupId"] == "g"


def test_topic_passes_the_event_on(bus: EventBus, harness: WiredHarness) -> None:
    sns = harness.aws("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=bus.queue("heard"))
    bus.rule("topic", {"Arn": topic})

    event_id = bus.put()

    (envelope,) = bus.bodies("heard")
    assert json.loads(envelope["Message"])["id"] == event_id
    sns.delete_topic(TopicArn=topic)


@pytest.mark.parametrize("path", ["$.detail.customer", None])
def test_stream_gets_the_event_under_its_partition_key(bus: EventBus, harness: WiredHarness, path: str | None) -> None:
    kinesis = harness.aws("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    more = {"KinesisParameters": {"PartitionKeyPath": path}} if path else {}
    bus.rule("stream", {"Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks", "RoleArn": ROLE, **more})

    event_id = bus.put({"customer": "c1"})

    shard = kinesis.list_shards(StreamName="clicks")["Shards"][0]["ShardId"]
    position = kinesis.get_shard_iterator(StreamName="clicks", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    (record,) = kinesis.get_records(ShardIterator=position["ShardIterator"])["Records"]
    assert json.loads(record["Data"])["id"] == event_id
    assert record["PartitionKey"] == ("c1" if path else event_id)
    kinesis.delete_stream(StreamName="clicks")


def test_state_machine_starts_with_the_event(bus: EventBus, harness: WiredHarness) -> None:
    states = harness.aws("stepfunctions")
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = states.create_state_machine(name="flow", definition=json.dumps(definition), roleArn=ROLE)
    bus.rule("flow", {"Arn": machine["stateMachineArn"], "RoleArn": ROLE})

    event_id = bus.put()

    (execution,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"])["id"] == event_id
    states.delete_state_machine(stateMachineArn=machine["stateMachineArn"])


def test_log_group_gets_a_line(bus: EventBus, harness: WiredHarness) -> None:
    logs = harness.aws("logs")
    logs.create_log_group(logGroupName="/aws/events/orders")
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/orders:*"
    at = {"InputPathsMap": {"sku": "$.detail.sku"}}
    template = '{"timestamp": <aws.events.event.ingestion-time>, "message": "sku <sku>"}'
    bus.rule("log", {"Arn": arn}, {"Arn": arn, "InputTransformer": {**at, "InputTemplate": template}})

    event_id = bus.put({"sku": "a"})

    lines = logs.filter_log_events(logGroupName="/aws/events/orders")["events"]
    messages = sorted((line["message"] for line in lines), key=len)
    assert messages[0] == "sku a"
    assert json.loads(messages[1])["id"] == event_id
    logs.delete_log_group(logGroupName="/aws/events/orders")


def test_another_bus_gets_the_event_unchanged_but_no_third(bus: EventBus, harness: WiredHarness) -> None:
    second, third = EventBus(harness, "second"), EventBus(harness, "third")
    bus.rule("on", {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/second", "RoleArn": ROLE})
    second.rule("on", {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/third", "RoleArn": ROLE})
    second.rule("here", {"Arn": bus.queue("second")})
    third.rule("here", {"Arn": bus.queue("third")})

    event_id = bus.put(Time=datetime(2026, 1, 2, tzinfo=UTC))

    (event,) = bus.bodies("second")
    assert (event["id"], event["time"], event["source"]) == (event_id, "2026-01-02T00:00:00Z", "shop")
    assert bus.messages("third") == []
    assert "third bus" in bus.not_delivered()[0]["reason"]
    second.remove()
    third.remove()


def test_bus_of_another_account_gets_the_event_with_its_origin(bus: EventBus, harness: WiredHarness) -> None:
    import boto3

    other = boto3.session.Session(aws_access_key_id="444455556666", aws_secret_access_key="-", region_name="eu-west-1")
    endpoint = f"http://127.0.0.1:{harness.port}"
    events, sqs = (other.client(service, endpoint_url=endpoint) for service in ("events", "sqs"))
    account = other.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    url = sqs.create_queue(QueueName="far")["QueueUrl"]
    events.put_rule(Name="far", EventPattern='{"source": ["shop"]}')
    events.put_targets(
        Rule="far",
        Targets=[
            {
                "Id": "1",
                "Arn": sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"],
            }
        ],
    )
    bus.rule("far", {"Arn": f"arn:aws:events:eu-west-1:{account}:event-bus/default", "RoleArn": ROLE})

    event_id = bus.put()

    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    assert (event["id"], event["account"], event["region"]) == (event_id, ACCOUNT, REGION)
    events.remove_targets(Rule="far", Ids=["1"])
    events.delete_rule(Name="far")
    sqs.delete_queue(QueueUrl=url)


def test_event_for_a_bus_that_is_not_there_is_taken_and_dropped(bus: EventBus) -> None:
    assert bus.put(EventBusName="nowhere")

    (told,) = bus.not_delivered()
    assert (told["source"], told["reason"]) == ("shop", "there is no such event bus")


def test_entries_are_answered_one_by_one(bus: EventBus) -> None:
    bus.rule("all", {"Arn": bus.queue("all")}, pattern={"source": [{"exists": True}]})
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}", "EventBusName": "orders"}

    answer = bus.events.put_events(
        Entries=[entry, {**entry, "Source": "aws.s3"}, {**entry, "Detail": "no"}, {**entry, "Source": ""}]
    )
    bus.harness.drain()

    assert answer["FailedEntryCount"] == 3
    assert [told.get("ErrorCode") for told in answer["Entries"]] == [
        None,
        "NotAuthorizedForSourceException",
        "MalformedDetail",
        "InvalidArgument",
    ]
    assert len(bus.messages("all")) == 1
    assert refusal(bus.events.put_events, Entries=[entry] * 11)[1] == "ValidationException"


def test_service_events_come_to_the_default_bus(harness: WiredHarness) -> None:
    default = EventBus(harness)
    default.rule("s3", {"Arn": default.queue("s3")}, pattern={"source": ["aws.s3"]})
    s3 = harness.aws("s3")
    s3.create_bucket(Bucket="told-by-events")
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket="told-by-events", NotificationConfiguration=configuration)

    s3.put_object(Bucket="told-by-events", Key="k", Body=b"x")
    harness.drain()

    (event,) = default.bodies("s3")
    assert (event["detail-type"], event["detail"]["object"]["key"]) == ("Object Created", "k")
    s3.delete_object(Bucket="told-by-events", Key="k")
    s3.delete_bucket(Bucket="told-by-events")
    harness.drain()
    default.remove()
