"""DynamoDB streams as event sources, from the write to what the function is told of it.

Source, unless a test says another: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" and the pages
below it.
"""

from __future__ import annotations

import concurrent.futures
import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction, StreamedTable, advance
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-dynamodb")


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def table(harness: WiredHarness) -> Iterator[StreamedTable]:
    made = StreamedTable(harness, "orders")
    yield made
    made.remove()


def changes(fed: FedFunction) -> list[tuple[str, str]]:
    """What happened to which item, in order."""
    records = [record for batch in fed.batches() for record in batch]
    return [(record["eventName"], record["dynamodb"]["Keys"]["k"]["S"]) for record in records]


def test_a_change_is_told_as_aws_writes_it(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(table.arn, StartingPosition="LATEST")

    table.put("a", n={"N": "101"}, b={"B": b"\x00\x01*A"}, m={"M": {"l": {"L": [{"BOOL": True}, {"B": b"x"}]}}})

    [[record]] = fed.batches()
    created = record["dynamodb"].pop("ApproximateCreationDateTime")
    number = record["dynamodb"].pop("SequenceNumber")
    assert isinstance(created, int)
    assert re.fullmatch(r"\d{21,40}", number)
    assert re.fullmatch(r"[0-9a-f]{32}", record.pop("eventID"))
    assert record == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "Keys": {"k": {"S": "a"}},
            "NewImage": {
                "k": {"S": "a"},
                "n": {"N": "101"},
                "b": {"B": "AAEqQQ=="},
                "m": {"M": {"l": {"L": [{"BOOL": True}, {"B": "eA=="}]}}},
            },
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": table.arn,
    }
    assert re.fullmatch(
        rf"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders/stream/\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}", table.arn
    )


def test_the_size_of_a_record_is_that_of_its_keys_and_images(fed: FedFunction, harness: WiredHarness) -> None:
    """The numbers are those of the AWS SAM CLI's sample event for DynamoDB."""
    dynamodb = harness.aws("dynamodb")
    made = dynamodb.create_table(
        TableName="sample",
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    fed.map(made["TableDescription"]["LatestStreamArn"], StartingPosition="LATEST")

    for message in ("New item!", "This item has changed"):
        dynamodb.put_item(TableName="sample", Item={"Id": {"N": "101"}, "Message": {"S": message}})
    dynamodb.delete_item(TableName="sample", Key={"Id": {"N": "101"}})
    harness.drain()

    records = [record for batch in fed.batches() for record in batch]
    assert [(record["eventName"], record["dynamodb"]["SizeBytes"]) for record in records] == [
        ("INSERT", 26),
        ("MODIFY", 59),
        ("REMOVE", 38),
    ]
    dynamodb.delete_table(TableName="sample")


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", [set(), set(), set()]),
        ("NEW_IMAGE", [{"NewImage"}, {"NewImage"}, set()]),
        ("OLD_IMAGE", [set(), {"OldImage"}, {"OldImage"}]),
        ("NEW_AND_OLD_IMAGES", [{"NewImage"}, {"NewImage", "OldImage"}, {"OldImage"}]),
    ],
)
def test_a_stream_views_what_it_was_made_for(
    fed: FedFunction, harness: WiredHarness, view: str, images: list[set[str]]
) -> None:
    table = StreamedTable(harness, "viewed", view=view)
    fed.map(table.arn, StartingPosition="LATEST")

    table.put("a", n={"N": "1"})
    table.put("a", n={"N": "2"})
    table.dynamodb.delete_item(TableName="viewed", Key={"k": {"S": "a"}})
    harness.drain()

    records = [record for batch in fed.batches() for record in batch]
    assert [set(record["dynamodb"]) & {"NewImage", "OldImage"} for record in records] == images
    assert {record["dynamodb"]["StreamViewType"] for record in records} == {view}
    table.remove()


def test_a_write_that_changes_nothing_is_not_told(fed: FedFunction, table: StreamedTable) -> None:
    """Source: Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"."""
    fed.map(table.arn, StartingPosition="LATEST")

    table.put("a", n={"N": "1"})
    table.put("a", n={"N": "1"})
    table.dynamodb.delete_item(TableName=table.name, Key={"k": {"S": "none"}})
    fed.harness.drain()

    assert changes(fed) == [("INSERT", "a")]


def test_an_update_that_makes_an_item_is_one_insertion(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(table.arn, StartingPosition="LATEST")

    for amount in ("1", "2"):
        table.dynamodb.update_item(
            TableName=table.name,
            Key={"k": {"S": "counter"}},
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": {"N": amount}},
        )
    fed.harness.drain()

    records = [record["dynamodb"] for batch in fed.batches() for record in batch]
    assert changes(fed) == [("INSERT", "counter"), ("MODIFY", "counter")]
    assert [record["NewImage"]["n"]["N"] for record in records] == ["1", "3"]
    assert records[1]["OldImage"]["n"] == {"N": "1"}


def test_a_transaction_is_told_when_it_is_done_and_not_when_it_is_refused(
    fed: FedFunction, table: StreamedTable
) -> None:
    fed.map(table.arn, StartingPosition="LATEST")
    put = {"Put": {"TableName": table.name, "Item": {"k": {"S": "a"}}}}
    check = {
        "ConditionCheck": {
            "TableName": table.name,
            "Key": {"k": {"S": "b"}},
            "ConditionExpression": "attribute_exists(k)",
        }
    }

    with pytest.raises(ClientError, match="TransactionCanceled"):
        table.dynamodb.transact_write_items(TransactItems=[put, check])
    fed.harness.drain()
    assert changes(fed) == []
    table.dynamodb.transact_write_items(TransactItems=[put])
    fed.harness.drain()

    assert changes(fed) == [("INSERT", "a")]


def test_a_batch_of_writes_arrives_together_and_in_order(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(table.arn, StartingPosition="LATEST")

    puts = [{"PutRequest": {"Item": {"k": {"S": str(number)}}}} for number in range(25)]
    table.dynamodb.batch_write_item(RequestItems={table.name: puts})
    fed.harness.drain()

    assert [len(batch) for batch in fed.batches()] == [25]
    assert changes(fed) == [("INSERT", str(number)) for number in range(25)]


def test_writes_at_once_have_a_number_each(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(table.arn, StartingPosition="LATEST", BatchSize=10)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: table.put(str(number), settle=False), range(200)))
    fed.harness.drain()

    records = [record["dynamodb"] for batch in fed.batches() for record in batch]
    numbers = [int(record["SequenceNumber"]) for record in records]
    assert len(set(numbers)) == 200
    assert numbers == sorted(numbers)
    assert {record["Keys"]["k"]["S"] for record in records} == {str(number) for number in range(200)}


def test_trim_horizon_begins_with_what_is_there_and_latest_does_not(fed: FedFunction, table: StreamedTable) -> None:
    other = FedFunction(fed.harness, "other", Timeout=10)
    table.put("early")

    fed.map(table.arn, StartingPosition="TRIM_HORIZON")
    other.map(table.arn, StartingPosition="LATEST")
    table.put("late")

    assert changes(fed) == [("INSERT", "early"), ("INSERT", "late")]
    assert changes(other) == [("INSERT", "late")]
    other.remove()


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"NewImage": {"price": {"N": ["4567"]}}}}, True),
        ({"dynamodb": {"NewImage": {"price": {"N": [{"numeric": [">", 1]}]}}}}, False),
        ({"dynamodb": {"Keys": {"k": {"S": [{"prefix": "a"}]}}}}, True),
        ({"dynamodb": {"NewImage": {"none": {"S": [{"exists": False}]}}}}, True),
        ({"dynamodb": {"OldImage": {"k": {"S": [{"exists": True}]}}}}, False),
    ],
)
def test_filters_look_at_typed_values(
    fed: FedFunction, table: StreamedTable, pattern: dict[str, Any], passes: bool
) -> None:
    """Source: AWS Lambda Developer Guide, "Using event filtering with a DynamoDB event source": numbers are texts."""
    fed.map(table.arn, StartingPosition="LATEST", FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})

    table.put("a", price={"N": "4567"})

    assert len(fed.batches()) == passes
    assert len(fed.told("RecordsFiltered")) == (not passes)


def test_what_fails_is_retried_and_told_to_the_destination(fed: FedFunction, table: StreamedTable) -> None:
    sqs = fed.harness.aws("sqs")
    url = sqs.create_queue(QueueName="lost")["QueueUrl"]
    destination = {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost"}}
    fed.map(table.arn, StartingPosition="LATEST", MaximumRetryAttempts=1, DestinationConfig=destination, BatchSize=1)

    table.put("bad", do={"S": "raise"})
    table.put("good")
    assert changes(fed) == [("INSERT", "bad")]
    advance(fed.harness, 2)

    assert changes(fed) == [("INSERT", "bad"), ("INSERT", "bad"), ("INSERT", "good")]
    told = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    info = told["DDBStreamBatchInfo"]
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (info["batchSize"], info["streamArn"]) == (1, table.arn)
    assert info["startSequenceNumber"] == info["endSequenceNumber"] == fed.batches()[0][0]["dynamodb"]["SequenceNumber"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info["approximateArrivalOfFirstRecord"])
    sqs.delete_queue(QueueUrl=url)


def test_reported_records_are_the_checkpoint(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(
        table.arn,
        StartingPosition="LATEST",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
    )

    items = [{"k": {"S": key}, **more} for key, more in (("1", {}), ("2", {"do": {"S": "fail"}}), ("3", {}))]
    puts = [{"PutRequest": {"Item": item}} for item in items]
    table.dynamodb.batch_write_item(RequestItems={table.name: puts})
    advance(fed.harness, 5)

    assert [len(batch) for batch in fed.batches()] == [3, 2]


def test_parallel_batches_keep_the_order_of_each_item(fed: FedFunction, table: StreamedTable) -> None:
    mapping = fed.map(table.arn, StartingPosition="TRIM_HORIZON", BatchSize=1, ParallelizationFactor=4, Enabled=False)
    for number in range(40):
        table.put(f"item-{number % 5}", settle=False, n={"N": str(number)})

    fed.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    fed.harness.drain()

    seen: dict[str, list[int]] = {}
    for batch in fed.batches():
        for record in batch:
            image = record["dynamodb"]["NewImage"]
            seen.setdefault(image["k"]["S"], []).append(int(image["n"]["N"]))
    assert seen == {f"item-{item}": list(range(item, 40, 5)) for item in range(5)}


def test_an_item_whose_time_has_come_is_removed_by_the_service(fed: FedFunction, table: StreamedTable) -> None:
    """Source: Amazon DynamoDB Developer Guide, "DynamoDB Streams and Time to Live"."""
    table.dynamodb.update_time_to_live(
        TableName=table.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    fed.map(table.arn, StartingPosition="LATEST")

    def in_seconds(seconds: int) -> dict[str, str]:
        now = fed.harness.call("GET", "clock").json()["now"]
        return {"N": str(int(datetime.fromisoformat(now).timestamp()) + seconds)}

    table.put("dies", until=in_seconds(100))
    table.put("is kept", until=in_seconds(100))
    table.put("no number", until={"S": "100"})
    table.put("long past", until={"N": "1000"})
    table.put("is kept", until=in_seconds(100_000))
    advance(fed.harness, 60)
    assert "REMOVE" not in [name for name, _ in changes(fed)]
    advance(fed.harness, 41)

    [removed] = [record for batch in fed.batches() for record in batch if record["eventName"] == "REMOVE"]
    assert removed["dynamodb"]["Keys"] == {"k": {"S": "dies"}}
    assert removed["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    left = table.dynamodb.scan(TableName=table.name)["Items"]
    assert {item["k"]["S"] for item in left} == {"is kept", "no number", "long past"}
    table.dynamodb.delete_item(TableName=table.name, Key={"k": {"S": "is kept"}})
    fed.harness.drain()
    assert "userIdentity" not in fed.batches()[-1][0]


def test_items_expire_without_a_stream_and_from_before_the_setting(harness: WiredHarness) -> None:
    dynamodb = harness.aws("dynamodb")
    dynamodb.create_table(
        TableName="sessions",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="sessions", Item={"k": {"S": "a"}, "until": {"N": str(int(time.time()))}})

    dynamodb.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    advance(harness, 1)

    assert dynamodb.scan(TableName="sessions")["Count"] == 0
    dynamodb.delete_table(TableName="sessions")


def test_records_stay_readable_through_the_api(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(table.arn, StartingPosition="LATEST")
    streams = fed.harness.aws("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=table.arn)["StreamDescription"]["Shards"]

    def read(kind: str, **more: str) -> list[dict[str, Any]]:
        iterator = streams.get_shard_iterator(
            StreamArn=table.arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **more
        )["ShardIterator"]
        records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
        return records

    table.put("a", b={"B": b"\x00"})
    table.put("b")

    first, second = read("TRIM_HORIZON")
    assert first["dynamodb"]["NewImage"]["b"] == {"B": b"\x00"}
    assert (first["awsRegion"], first["eventVersion"]) == (REGION, "1.1")
    assert [first["eventID"], second["eventID"]] == [record["eventID"] for batch in fed.batches() for record in batch]
    number = first["dynamodb"]["SequenceNumber"]
    assert read("AFTER_SEQUENCE_NUMBER", SequenceNumber=number) == [second]
    assert read("LATEST") == []


def test_a_stream_that_was_switched_off_tells_nothing(fed: FedFunction, table: StreamedTable) -> None:
    fed.map(table.arn, StartingPosition="LATEST")

    table.dynamodb.update_table(TableName=table.name, StreamSpecification={"StreamEnabled": False})
    table.put("silent")

    assert changes(fed) == []
