"""A function that keeps what it was given, and a source that feeds it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

ACCOUNT = "123456789012"
REGION = "us-east-1"

# Reports what the records ask for: their body or data is `{"do": …}`, or anything else, which succeeds. In a tumbling
# window it counts.
SOURCE = """
import base64, json, os, time

def what(record):
    text = record.get("body")
    if text is None and "kinesis" in record:
        text = base64.b64decode(record["kinesis"]["data"]).decode()
    if text is None and "dynamodb" in record:
        image = record["dynamodb"].get("NewImage", {})
        return image.get("do", {}).get("S", "")
    try:
        return json.loads(text).get("do", "")
    except (TypeError, ValueError, AttributeError):
        return ""

def identifier(record):
    stream = record.get("kinesis", record.get("dynamodb", {}))
    return record.get("messageId") or stream.get("sequenceNumber") or stream.get("SequenceNumber")

def handler(event, context):
    records = event.get("Records", [])
    wanted = [what(record) for record in records]
    if "raise" in wanted:
        raise ValueError("asked for")
    if "exit" in wanted:
        os._exit(3)
    for wish in wanted:
        if wish.startswith("sleep "):
            time.sleep(float(wish.split()[1]))
    for wish in wanted:
        if wish.startswith("answer "):
            return json.loads(wish.removeprefix("answer "))
    failed = [record for record, wish in zip(records, wanted) if wish == "fail"]
    if "window" in event:
        if "lose state" in wanted:
            return {}
        count = event["state"].get("count", 0) + len(records)
        if event["isFinalInvokeForWindow"] and event["state"].get("poison"):
            raise ValueError("final")
        poison = event["state"].get("poison", False) or "poison" in wanted
        state = {"count": count, "poison": poison, "fat": "x" * 1_100_000 if "grow" in wanted else ""}
        return {"state": state}
    return {"batchItemFailures": [{"itemIdentifier": identifier(record)} for record in failed]}
"""


class FedFunction:
    """The function and its mappings, taken away at the end."""

    def __init__(self, harness: WiredHarness, name: str, *, source: str = SOURCE, **settings: Any) -> None:
        self._source = source
        self.harness = harness
        self.name = name
        self.lambda_ = harness.aws("lambda")
        self.arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self._settings = settings
        self.create()
        self.before = harness.position()

    def create(self) -> None:
        """Makes the function; again, after somebody deleted it."""
        create_function(self.lambda_, self.name, self._source, **self._settings)

    def map(self, source: str, **settings: Any) -> str:
        """A mapping's UUID."""
        made = self.lambda_.create_event_source_mapping(FunctionName=self.name, EventSourceArn=source, **settings)
        return str(made["UUID"])

    def events(self) -> Sequence[dict[str, Any]]:
        """What it was given, in order."""
        started = self.harness.events("InvocationStarted", after=self.before)
        return [json.loads(event["payload"]) for event in started if event["function"] == self.name]

    def batches(self) -> list[list[dict[str, Any]]]:
        """The records of each event."""
        return [event["Records"] for event in self.events()]

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the trace says of it."""
        return [event for event in self.harness.events(kind, after=self.before) if event["function"] == self.name]

    def remove(self) -> None:
        """Takes the function and its mappings away."""
        for mapping in self.lambda_.list_event_source_mappings(FunctionName=self.name)["EventSourceMappings"]:
            self.lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
        self.lambda_.delete_function(FunctionName=self.name)
        self.harness.drain()


class Queue:
    """A queue, with another for what it gives up."""

    def __init__(self, harness: WiredHarness, name: str, *, give_up_after: int = 0, **attributes: str) -> None:
        self.harness, self.sqs, self.name = harness, harness.aws("sqs"), name
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        suffix = ".fifo" if name.endswith(".fifo") else ""
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if suffix else {}
        dead = f"dead-{name}"
        self.dead_url = self.sqs.create_queue(QueueName=dead, Attributes=fifo)["QueueUrl"]
        if give_up_after:
            policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead}", "maxReceiveCount": give_up_after}
            attributes = {**attributes, "RedrivePolicy": json.dumps(policy)}
        self.url = self.sqs.create_queue(QueueName=name, Attributes={**fifo, **attributes})["QueueUrl"]

    def send(self, *bodies: str, settle: bool = True, **more: Any) -> None:
        """Sends messages, ten at a time, and waits until nothing is in flight."""
        for begin in range(0, len(bodies), 10):
            entries = [
                {"Id": str(at), "MessageBody": body, **more} for at, body in enumerate(bodies[begin : begin + 10])
            ]
            assert not self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")
        if settle:
            self.harness.drain()

    def left(self, url: str = "") -> tuple[int, int]:
        """How many messages can be received, and how many are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def dead(self) -> list[str]:
        """The bodies of what was given up."""
        received = self.sqs.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in received.get("Messages", [])]

    def remove(self) -> None:
        """Takes both away."""
        for url in (self.url, self.dead_url):
            self.sqs.delete_queue(QueueUrl=url)


class Stream:
    """A Kinesis stream."""

    def __init__(self, harness: WiredHarness, name: str, *, shards: int = 1) -> None:
        self.harness, self.kinesis, self.name = harness, harness.aws("kinesis"), name
        self.arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)

    def put(self, *texts: str, key: str = "k", settle: bool = True) -> list[str]:
        """Puts records, all at once, and waits until nothing is in flight. Their sequence numbers."""
        entries = [{"Data": text.encode(), "PartitionKey": key} for text in texts]
        answer = self.kinesis.put_records(StreamName=self.name, Records=entries)
        if settle:
            self.harness.drain()
        return [str(record["SequenceNumber"]) for record in answer["Records"]]

    def shard_ids(self) -> list[str]:
        """Its shards, the oldest first."""
        return [str(shard["ShardId"]) for shard in self.kinesis.list_shards(StreamName=self.name)["Shards"]]

    def remove(self) -> None:
        """Takes it away."""
        if self.name in self.kinesis.list_streams()["StreamNames"]:
            self.kinesis.delete_stream(StreamName=self.name)


class StreamedTable:
    """A DynamoDB table with a stream; its key is `k`."""

    def __init__(self, harness: WiredHarness, name: str, *, view: str = "NEW_AND_OLD_IMAGES") -> None:
        self.harness, self.dynamodb, self.name = harness, harness.aws("dynamodb"), name
        made = self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        self.arn = str(made["TableDescription"]["LatestStreamArn"])

    def put(self, key: str, *, settle: bool = True, **attributes: Any) -> None:
        """Puts an item and waits until nothing is in flight. attributes: as the API has them."""
        self.dynamodb.put_item(TableName=self.name, Item={"k": {"S": key}, **attributes})
        if settle:
            self.harness.drain()

    def remove(self) -> None:
        """Takes it away."""
        self.dynamodb.delete_table(TableName=self.name)


def texts_of(batches: Sequence[Sequence[dict[str, Any]]]) -> list[list[str]]:
    """What the records of each batch from Kinesis carry."""
    return [[base64.b64decode(record["kinesis"]["data"]).decode() for record in batch] for batch in batches]


def advance(harness: WiredHarness, seconds: float) -> None:
    """Moves the clock, and waits until nothing is in flight."""
    assert harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200
    harness.drain()


def do(what: str) -> str:
    """What makes `FedFunction` do something with a record."""
    return json.dumps({"do": what})
