"""Queues as event sources, from the message that is put to what becomes of it.

Source, unless a test says another: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and its subpages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction, Queue, advance, do
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-sqs")

REPORTS = ["ReportBatchItemFailures"]
SENDER = """
import boto3

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=event, MessageBody="m")
"""


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def queue(harness: WiredHarness) -> Iterator[Queue]:
    made = Queue(harness, "jobs", give_up_after=2)
    yield made
    made.remove()


@pytest.fixture
def fifo(harness: WiredHarness) -> Iterator[Queue]:
    made = Queue(harness, "orders.fifo", give_up_after=2)
    yield made
    made.remove()


def test_a_message_is_handled_and_deleted(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)
    attributes = {
        "kind": {"DataType": "String", "StringValue": "a"},
        "raw": {"DataType": "Binary", "BinaryValue": b"x"},
    }

    queue.send("hello", MessageAttributes=attributes)

    [[record]] = fed.batches()
    assert (record["body"], record["eventSource"], record["eventSourceARN"]) == ("hello", "aws:sqs", queue.arn)
    assert record["awsRegion"] == REGION
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["messageAttributes"]["kind"] == {
        "stringValue": "a",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert record["messageAttributes"]["raw"]["binaryValue"] == "eA=="
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert queue.left() == (0, 0)
    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["success"]


def test_messages_from_before_the_mapping_are_handled(fed: FedFunction, queue: Queue) -> None:
    queue.send("early")

    fed.map(queue.arn)
    fed.harness.drain()

    assert [[record["body"] for record in batch] for batch in fed.batches()] == [["early"]]


def test_what_fails_comes_back_until_it_is_given_up(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)

    queue.send(do("raise"))
    assert (len(fed.batches()), queue.left()) == (1, (0, 1))
    advance(fed.harness, 31)
    assert (len(fed.batches()), queue.left()) == (2, (0, 1))
    advance(fed.harness, 31)

    assert (len(fed.batches()), queue.left(), queue.dead()) == (2, (0, 0), [do("raise")])


def test_a_crash_loses_no_message(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)

    queue.send(do("exit"))
    advance(fed.harness, 31)
    advance(fed.harness, 31)

    assert (len(fed.batches()), queue.dead()) == (2, [do("exit")])


def test_only_reported_messages_come_back(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn, FunctionResponseTypes=REPORTS, BatchSize=10, MaximumBatchingWindowInSeconds=5)

    queue.send("good", do("fail"), "better")
    advance(fed.harness, 6)

    assert [len(batch) for batch in fed.batches()] == [3]
    assert queue.left() == (0, 1)
    assert [(event["outcome"], event["failed"]) for event in fed.told("RecordBatchSettled")] == [("partial", 1)]


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"batchItemFailures": []}, 0),
        ({"batchItemFailures": None}, 0),
        ({}, 0),
        (None, 0),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 1),
        ({"batchItemFailures": [{"identifier": "x"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, 1),
        ({"batchItemFailures": "all"}, 1),
    ],
)
def test_an_answer_says_what_failed(fed: FedFunction, queue: Queue, answer: Any, kept: int) -> None:
    """Source: AWS Lambda Developer Guide, "Success and failure conditions"."""
    fed.map(queue.arn, FunctionResponseTypes=REPORTS)

    queue.send(do(f"answer {json.dumps(answer)}"))

    assert queue.left() == (0, kept)


def test_without_the_setting_the_answer_means_nothing(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)

    queue.send(do("fail"))

    assert queue.left() == (0, 0)


def test_a_window_is_waited_for_and_a_full_batch_is_not(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn, BatchSize=12, MaximumBatchingWindowInSeconds=20)

    queue.send("one")
    assert fed.batches() == []
    queue.send(*[str(number) for number in range(11)])
    assert [len(batch) for batch in fed.batches()] == [12]
    queue.send("late")
    assert [len(batch) for batch in fed.batches()] == [12]
    advance(fed.harness, 21)

    assert [len(batch) for batch in fed.batches()] == [12, 1]


def test_a_batch_is_no_longer_than_an_event_may_be(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn, BatchSize=100, MaximumBatchingWindowInSeconds=5)

    queue.send(*["x" * 250_000 for _ in range(4)], settle=False)
    for _ in range(7):
        queue.send(*["x" * 250_000 for _ in range(4)], settle=False)
    advance(fed.harness, 6)

    sizes = [len(batch) for batch in fed.batches()]
    assert sum(sizes) == 32
    assert max(sizes) == 25  # 6 MiB hold no more of them


@pytest.mark.parametrize(
    ("pattern", "body", "passes"),
    [
        ({"body": {"kind": ["a"]}}, '{"kind": "a"}', True),
        ({"body": {"kind": ["a"]}}, '{"kind": "b"}', False),
        ({"body": {"kind": ["a"]}}, "plain", False),
        ({"body": ["plain"]}, "plain", True),
        ({"body": ["plain"]}, '{"kind": "a"}', False),
        ({"body": {"price": [{"numeric": [">", 10]}]}}, '{"price": 11}', True),
        ({"eventSource": ["aws:sqs"]}, "plain", True),
        ({"messageAttributes": {"kind": {"stringValue": ["a"]}}}, "plain", False),
    ],
)
def test_filtered_messages_are_deleted(
    fed: FedFunction, queue: Queue, pattern: dict[str, Any], body: str, passes: bool
) -> None:
    """Source: AWS Lambda Developer Guide, "Using event filtering with an Amazon SQS event source"."""
    fed.map(queue.arn, FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})

    queue.send(body)

    assert len(fed.batches()) == passes
    assert queue.left() == (0, 0)
    assert len(fed.told("RecordsFiltered")) == (not passes)


def test_groups_of_a_fifo_queue_keep_their_order(fed: FedFunction, fifo: Queue) -> None:
    fed.map(fifo.arn, BatchSize=2)

    for number in range(6):
        fifo.send(f"{number}", settle=False, MessageGroupId="ab"[number % 2])
    fed.harness.drain()

    seen: dict[str, list[str]] = {}
    numbers: dict[str, list[int]] = {}
    for batch in fed.batches():
        assert len({record["attributes"]["MessageGroupId"] for record in batch}) == 1
        for record in batch:
            group = record["attributes"]["MessageGroupId"]
            seen.setdefault(group, []).append(record["body"])
            numbers.setdefault(group, []).append(int(record["attributes"]["SequenceNumber"]))
    assert seen == {"a": ["0", "2", "4"], "b": ["1", "3", "5"]}
    assert all(counted == sorted(counted) for counted in numbers.values())


def test_a_failure_holds_up_its_own_group_only(fed: FedFunction, fifo: Queue) -> None:
    fed.map(fifo.arn, BatchSize=1)

    fifo.send(do("raise"), MessageGroupId="a")
    fifo.send("a2", MessageGroupId="a")
    fifo.send("b1", MessageGroupId="b")

    bodies = [batch[0]["body"] for batch in fed.batches()]
    assert bodies == [do("raise"), "b1"]
    advance(fed.harness, 31)
    advance(fed.harness, 31)
    bodies = [batch[0]["body"] for batch in fed.batches()]
    assert bodies[-1] == "a2"
    assert fifo.dead() == [do("raise")]


def test_what_follows_a_failure_in_a_group_comes_back_too(fed: FedFunction, fifo: Queue) -> None:
    fed.map(fifo.arn, BatchSize=10, FunctionResponseTypes=REPORTS, Enabled=False)
    fifo.send("1", do("fail"), "3", MessageGroupId="a")

    [mapping] = fed.lambda_.list_event_source_mappings(FunctionName="fed")["EventSourceMappings"]
    fed.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    fed.harness.drain()

    assert fifo.left() == (0, 2)


def test_no_more_batches_run_at_once_than_the_mapping_allows(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})

    queue.send(*[do("sleep 0.2") for _ in range(6)])

    started = fed.harness.events("EnvironmentStarted", after=fed.before)
    assert len([event for event in started if event["function"] == "fed"]) <= 2
    assert len(fed.batches()) == 6


def test_a_throttled_batch_is_tried_while_it_is_hidden(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)
    fed.lambda_.put_function_concurrency(FunctionName="fed", ReservedConcurrentExecutions=0)

    queue.send("patient")
    assert (fed.batches(), queue.left()) == ([], (0, 1))
    fed.lambda_.delete_function_concurrency(FunctionName="fed")
    advance(fed.harness, 2)

    assert [batch[0]["body"] for batch in fed.batches()] == ["patient"]
    assert queue.left() == (0, 0)


def test_a_delayed_message_waits(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)

    queue.send("later", DelaySeconds=60)
    assert fed.batches() == []
    advance(fed.harness, 61)

    assert [batch[0]["body"] for batch in fed.batches()] == ["later"]


def test_a_disabled_mapping_leaves_messages_where_they_are(fed: FedFunction, queue: Queue) -> None:
    mapping = fed.map(queue.arn)
    fed.lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)

    queue.send("waits")
    assert (fed.batches(), queue.left()) == ([], (1, 0))
    fed.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    fed.harness.drain()

    assert [batch[0]["body"] for batch in fed.batches()] == ["waits"]


def test_a_queue_of_a_queue_says_where_its_messages_came_from(fed: FedFunction, queue: Queue) -> None:
    dead = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead-jobs"
    fed.map(dead)
    for _ in range(3):
        received = queue.sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=1)
        assert "Messages" not in received
    queue.send("given up")
    for _ in range(3):
        queue.sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=1)
        advance(fed.harness, 2)

    [[record]] = fed.batches()
    assert record["attributes"]["DeadLetterQueueSourceArn"] == queue.arn


def test_the_trace_header_of_a_message_reaches_the_function(fed: FedFunction, queue: Queue) -> None:
    fed.map(queue.arn)
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"

    attribute = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
    queue.sqs.send_message(QueueUrl=queue.url, MessageBody="x", MessageSystemAttributes=attribute)
    fed.harness.drain()

    [[record]] = fed.batches()
    assert record["attributes"]["AWSTraceHeader"] == header


@pytest.mark.parametrize("own", ["", "Root=1-5759e988-bd862e3fe1be46a994272794;Sampled=0"], ids=["none", "own"])
@pytest.mark.parametrize("batch", [False, True], ids=["one", "batch"])
def test_the_trace_header_of_a_request_is_that_of_its_messages(
    fed: FedFunction, queue: Queue, batch: bool, own: str
) -> None:
    """As SDKs send it from functions. A message's own goes first.

    Source: AWS X-Ray Developer Guide, "Amazon SQS and AWS X-Ray".
    """
    fed.map(queue.arn)
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    attribute = {"AWSTraceHeader": {"DataType": "String", "StringValue": own}}
    entry: dict[str, Any] = {"MessageBody": "x", **({"MessageSystemAttributes": attribute} if own else {})}

    def traced(request: Any, **_: object) -> None:
        request.headers["X-Amzn-Trace-Id"] = header

    events = queue.sqs.meta.events
    events.register("before-sign.sqs", traced)
    try:
        if batch:
            queue.sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": "a", **entry}])
        else:
            queue.sqs.send_message(QueueUrl=queue.url, **entry)
    finally:
        events.unregister("before-sign.sqs", traced)
    fed.harness.drain()

    [[record]] = fed.batches()
    assert record["attributes"]["AWSTraceHeader"] == (own or header)


def test_mappings_that_lambda_refuses_are_refused(fed: FedFunction, queue: Queue, fifo: Queue) -> None:
    def refused(source: str, **settings: Any) -> str:
        arguments = {"FunctionName": "fed", "EventSourceArn": source, **settings}
        return refusal(fed.lambda_.create_event_source_mapping, **arguments)[2]

    assert "Maximum batch window in seconds must be greater than 0" in refused(queue.arn, BatchSize=11)
    assert "above 10" in refused(fifo.arn, BatchSize=11)
    assert "not supported for FIFO" in refused(fifo.arn, MaximumBatchingWindowInSeconds=1)
    assert "Invalid filter pattern" in refused(queue.arn, FilterCriteria={"Filters": [{"Pattern": "["}]})
    wildcard = {"Filters": [{"Pattern": '{"body": [{"wildcard": "a*"}]}'}]}
    assert "Invalid filter pattern" in refused(queue.arn, FilterCriteria=wildcard)
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "5"})
    assert "less than Function timeout" in refused(queue.arn)


def test_the_sender_of_a_message_is_who_signed_for_it(fed: FedFunction, queue: Queue) -> None:
    """Source: Amazon SQS API Reference, "ReceiveMessage" (`SenderId`)."""
    iam = fed.harness.aws("iam")
    user = iam.create_user(UserName="sender")["User"]
    key = iam.create_access_key(UserName="sender")["AccessKey"]
    signed = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    sqs = signed.client("sqs", endpoint_url=f"http://127.0.0.1:{fed.harness.port}")
    fed.map(queue.arn)

    sqs.send_message(QueueUrl=queue.url, MessageBody="one")
    sqs.send_message_batch(QueueUrl=queue.url, Entries=[{"Id": "1", "MessageBody": "two"}])
    fed.harness.drain()

    records = [record for batch in fed.batches() for record in batch]
    assert [record["attributes"]["SenderId"] for record in records] == [user["UserId"]] * 2
    sqs.close()
    iam.delete_access_key(UserName="sender", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="sender")


def test_the_sender_of_a_function_s_message_is_the_session_of_its_role(fed: FedFunction, queue: Queue) -> None:
    iam, source = fed.harness.aws("iam"), FedFunction(fed.harness, "caller", source=SENDER)
    role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument="{}")["Role"]
    fed.map(queue.arn)

    fed.harness.invoke("caller", json.dumps(queue.url).encode())
    fed.harness.drain()

    ((record,),) = fed.batches()
    assert record["attributes"]["SenderId"] == f"{role['RoleId']}:caller"
    iam.delete_role(RoleName="fn")
    source.remove()
