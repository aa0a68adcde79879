"""Kinesis streams as event sources, from the record that is put to what becomes of it.

Source, unless a test says another: AWS Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis
Data Streams" and its subpages.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import REGION, FedFunction, Stream, advance, do, texts_of
from tests.fakes.lambda_api import refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-kinesis")


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def stream(harness: WiredHarness) -> Iterator[Stream]:
    made = Stream(harness, "clicks")
    yield made
    made.remove()


def test_a_record_is_handled_as_aws_writes_it(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST")

    [number] = stream.put("hello", key="user-1")

    [[record]] = fed.batches()
    arrived = record["kinesis"].pop("approximateArrivalTimestamp")
    assert isinstance(arrived, float)
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "user-1",
            "sequenceNumber": number,
            "data": base64.b64encode(b"hello").decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/fn",
        "awsRegion": REGION,
        "eventSourceARN": stream.arn,
    }
    assert len(number) == 56
    [settled] = fed.told("RecordBatchSettled")
    assert (settled["outcome"], settled["records"], settled["source"]) == ("success", 1, stream.arn)


def test_what_the_last_polling_came_to_is_told(fed: FedFunction, stream: Stream) -> None:
    def result() -> str:
        told = fed.lambda_.get_event_source_mapping(UUID=mapping)["LastProcessingResult"]
        return str(told)

    mapping = fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=0)

    assert result() == "No records processed"
    stream.put(do("raise"))
    assert result() == "PROBLEM: Function call failed"
    stream.put("fine")
    assert result() == "OK"


def test_trim_horizon_begins_with_what_is_there_and_latest_does_not(fed: FedFunction, stream: Stream) -> None:
    other = FedFunction(fed.harness, "other", Timeout=10)
    stream.put("early")

    fed.map(stream.arn, StartingPosition="TRIM_HORIZON")
    other.map(stream.arn, StartingPosition="LATEST")
    stream.put("late")

    assert texts_of(fed.batches()) == [["early"], ["late"]]
    assert texts_of(other.batches()) == [["late"]]
    other.remove()


def test_a_position_in_time_skips_what_is_older(fed: FedFunction, stream: Stream) -> None:
    stream.put("old")
    advance(fed.harness, 60)
    moment = fed.harness.call("GET", "clock").json()["now"]
    stream.put("new")

    fed.map(stream.arn, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=moment)
    fed.harness.drain()

    assert texts_of(fed.batches()) == [["new"]]


@pytest.mark.parametrize(("size", "batches"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (6, [5])])
def test_a_batch_has_no_more_records_than_its_size(
    fed: FedFunction, stream: Stream, size: int, batches: list[int]
) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=size)

    stream.put(*"abcde")

    assert [len(batch) for batch in fed.batches()] == batches
    assert [text for batch in texts_of(fed.batches()) for text in batch] == list("abcde")


def test_a_batch_is_no_longer_than_an_event_may_be(fed: FedFunction, stream: Stream) -> None:
    for _ in range(3):
        stream.put(*["x" * 1_000_000] * 4, settle=False)

    fed.map(stream.arn, StartingPosition="TRIM_HORIZON")
    fed.harness.drain()

    assert [len(batch) for batch in fed.batches()] == [4, 4, 4]  # a million bytes are a third more in base64


def test_a_window_is_waited_for_and_a_full_batch_is_not(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=3, MaximumBatchingWindowInSeconds=300)

    stream.put("1")
    assert fed.batches() == []
    stream.put("2", "3", "4")
    assert texts_of(fed.batches()) == [["1", "2", "3"]]
    advance(fed.harness, 200)
    assert len(fed.batches()) == 1
    advance(fed.harness, 101)

    assert texts_of(fed.batches()) == [["1", "2", "3"], ["4"]]


def test_records_of_one_shard_are_handled_in_order_one_batch_at_a_time(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1)

    stream.put(do("sleep 0.1"), "2", "3")

    assert texts_of(fed.batches()) == [[do("sleep 0.1")], ["2"], ["3"]]
    started = [event for event in fed.harness.events("EnvironmentStarted", after=fed.before)]
    assert len([event for event in started if event["function"] == "fed"]) <= 1


def test_shards_are_handled_side_by_side(fed: FedFunction, harness: WiredHarness) -> None:
    stream = Stream(harness, "wide", shards=4)
    fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=-1)

    keys = [str(number) for number in range(40)]
    for key in keys:
        stream.put(key, key=key, settle=False)
    harness.drain()

    shards = {record["eventID"].partition(":")[0] for batch in fed.batches() for record in batch}
    assert shards == set(stream.shard_ids())
    assert all(len({record["eventID"].partition(":")[0] for record in batch}) == 1 for batch in fed.batches())
    assert sorted(text for batch in texts_of(fed.batches()) for text in batch) == sorted(keys)
    stream.remove()


def test_parallel_batches_of_a_shard_keep_the_order_of_each_key(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="TRIM_HORIZON", BatchSize=2, ParallelizationFactor=10, Enabled=False)
    for number in range(40):
        stream.put(str(number), key=f"key-{number % 8}", settle=False)

    [mapping] = fed.lambda_.list_event_source_mappings(FunctionName="fed")["EventSourceMappings"]
    fed.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    fed.harness.drain()

    seen: dict[str, list[int]] = {}
    for batch in fed.batches():
        for record in batch:
            text = base64.b64decode(record["kinesis"]["data"]).decode()
            seen.setdefault(record["kinesis"]["partitionKey"], []).append(int(text))
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert sum(map(len, seen.values())) == 40


def test_a_blocked_key_does_not_block_the_others_of_its_shard(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1, ParallelizationFactor=10)

    stream.put(do("raise"), key="bad")
    for number in range(8):
        stream.put(str(number), key=f"good-{number}")
    stream.put("behind", key="bad")

    handled = [text for batch in texts_of(fed.batches()) for text in batch]
    assert "behind" not in handled
    assert len({*handled} & {str(number) for number in range(8)}) >= 6  # two may share the blocked lane


def test_a_split_is_read_parent_first(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1)
    stream.put(do("raise"), "before the split")
    [parent] = stream.shard_ids()

    stream.kinesis.split_shard(StreamName=stream.name, ShardToSplit=parent, NewStartingHashKey=str(2**127))
    for number in range(6):
        stream.put(str(number), key=str(number))
    assert {record["eventID"].partition(":")[0] for batch in fed.batches() for record in batch} == {parent}
    fed.lambda_.update_function_code(FunctionName="fed", ZipFile=_succeeding())
    advance(fed.harness, 70)

    order = [record["eventID"].partition(":")[0] for batch in fed.batches() for record in batch]
    texts = [text for batch in texts_of(fed.batches()) for text in batch]
    assert order.index(next(shard for shard in order if shard != parent)) > texts.index("before the split")
    assert sorted(set(texts[texts.index("before the split") + 1 :])) == [str(number) for number in range(6)]
    assert len(stream.shard_ids()) == 3


def test_a_merge_is_read_parents_first(fed: FedFunction, harness: WiredHarness) -> None:
    stream = Stream(harness, "merged", shards=2)
    fed.map(stream.arn, StartingPosition="TRIM_HORIZON")
    for number in range(10):
        stream.put(f"before {number}", key=str(number))
    first, second = stream.shard_ids()

    stream.kinesis.merge_shards(StreamName=stream.name, ShardToMerge=second, AdjacentShardToMerge=first)
    for number in range(10):
        stream.put(f"after {number}", key=str(number))

    texts = [text for batch in texts_of(fed.batches()) for text in batch]
    assert sorted(texts) == sorted(f"{when} {number}" for when in ("before", "after") for number in range(10))
    assert all(text.startswith("before") for text in texts[:10])
    stream.remove()


def test_a_consumer_gets_the_records_and_nothing_once_it_is_gone(fed: FedFunction, stream: Stream) -> None:
    made = stream.kinesis.register_stream_consumer(StreamARN=stream.arn, ConsumerName="fan")["Consumer"]
    fed.map(made["ConsumerARN"], StartingPosition="LATEST")

    stream.put("through the consumer")
    stream.kinesis.deregister_stream_consumer(StreamARN=stream.arn, ConsumerName="fan")
    stream.put("not any more")

    assert texts_of(fed.batches()) == [["through the consumer"]]
    assert fed.batches()[0][0]["eventSourceARN"] == made["ConsumerARN"]


@pytest.mark.parametrize(
    ("pattern", "data", "passes"),
    [
        ({"data": {"kind": ["a"]}}, '{"kind": "a"}', True),
        ({"data": {"kind": ["a"]}}, '{"kind": "b"}', False),
        ({"data": {"kind": ["a"]}}, "plain", False),
        ({"data": {"price": [{"numeric": [">", 10]}]}}, '{"price": 11}', True),
        ({"partitionKey": ["k"]}, "plain", True),
        ({"partitionKey": ["other"]}, "plain", False),
        ({"eventSource": ["aws:kinesis"]}, "plain", True),
        ({"kinesis": {"data": {"kind": ["a"]}}}, '{"kind": "a"}', False),
    ],
)
def test_filters_look_into_the_data(
    fed: FedFunction, stream: Stream, pattern: dict[str, Any], data: str, passes: bool
) -> None:
    """Source: AWS Lambda Developer Guide, "Using event filtering with a Kinesis event source"."""
    filters = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    fed.map(stream.arn, StartingPosition="LATEST", FilterCriteria=filters)

    stream.put(data)

    assert len(fed.batches()) == passes
    assert [event["records"] for event in fed.told("RecordsFiltered")] == [1] * (not passes)


def test_filtered_records_are_passed_over(fed: FedFunction, stream: Stream) -> None:
    filters = {"Filters": [{"Pattern": '{"data": {"kind": ["a"]}}'}]}
    mapping = fed.map(stream.arn, StartingPosition="LATEST", FilterCriteria=filters)
    stream.put("1", "2")

    fed.lambda_.update_event_source_mapping(UUID=mapping, FilterCriteria={"Filters": []})
    stream.put("3")

    assert texts_of(fed.batches()) == [["3"]]


def test_a_mapping_that_was_disabled_goes_on_where_it_was(fed: FedFunction, stream: Stream) -> None:
    mapping = fed.map(stream.arn, StartingPosition="LATEST")
    stream.put("1")

    fed.lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    stream.put("2")
    assert texts_of(fed.batches()) == [["1"]]
    fed.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    fed.harness.drain()

    assert texts_of(fed.batches()) == [["1"], ["2"]]


def test_a_mapping_that_changes_while_a_batch_runs_gives_no_batch_twice(fed: FedFunction, stream: Stream) -> None:
    mapping = fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1)

    stream.put(do("sleep 0.5"), "2", settle=False)
    fed.lambda_.update_event_source_mapping(UUID=mapping, BatchSize=5)
    fed.harness.drain()

    assert [text for batch in texts_of(fed.batches()) for text in batch] == [do("sleep 0.5"), "2"]


def test_a_stream_that_is_deleted_ends_in_silence_and_may_come_back(fed: FedFunction, stream: Stream) -> None:
    mapping = fed.map(stream.arn, StartingPosition="LATEST")
    stream.put("1")
    [shard] = stream.shard_ids()
    stream.kinesis.split_shard(StreamName=stream.name, ShardToSplit=shard, NewStartingHashKey=str(2**127))
    fed.harness.drain()

    stream.remove()
    fed.harness.drain()
    stream.kinesis.create_stream(StreamName=stream.name, ShardCount=1)
    stream.put("2")

    assert texts_of(fed.batches()) == [["1"], ["2"]]
    assert fed.lambda_.get_event_source_mapping(UUID=mapping)["LastProcessingResult"] == "OK"


def test_a_function_that_is_gone_keeps_records_until_it_is_back(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST")
    fed.lambda_.delete_function(FunctionName="fed")

    stream.put("patient")
    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["throttled"]
    fed.create()
    advance(fed.harness, 2)

    assert texts_of(fed.batches()) == [["patient"]]


def test_records_stay_readable_through_the_api(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST")
    numbers = stream.put("a", "b", "c")
    [shard] = stream.shard_ids()

    def read(kind: str, **more: str) -> list[bytes]:
        iterator = stream.kinesis.get_shard_iterator(
            StreamName=stream.name, ShardId=shard, ShardIteratorType=kind, **more
        )["ShardIterator"]
        return [record["Data"] for record in stream.kinesis.get_records(ShardIterator=iterator)["Records"]]

    assert read("TRIM_HORIZON") == [b"a", b"b", b"c"]
    assert read("LATEST") == []
    assert read("AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1]) == [b"b", b"c"]
    assert read("AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1]) == [b"c"]


def test_mappings_that_lambda_refuses_are_refused(fed: FedFunction, stream: Stream) -> None:
    def refused(source: str, **settings: Any) -> str:
        arguments = {"FunctionName": "fed", "EventSourceArn": source, **settings}
        return refusal(fed.lambda_.create_event_source_mapping, **arguments)[2]

    assert "startingPosition" in refused(stream.arn)
    assert "startingPosition" in refused(stream.arn, StartingPosition="SOMEWHERE")
    assert "StartingPositionTimestamp is required" in refused(stream.arn, StartingPosition="AT_TIMESTAMP")
    assert "Stream not found" in refused(f"{stream.arn}-not", StartingPosition="LATEST")
    assert "Stream not found" in refused(f"{stream.arn}/consumer/none:1", StartingPosition="LATEST")
    windows = {"TumblingWindowInSeconds": 60, "ParallelizationFactor": 2}
    assert "ParallelizationFactor" in refused(stream.arn, StartingPosition="LATEST", **windows)


def _succeeding() -> bytes:
    return zip_of("def handler(event, context): return {}")
