"""moto's private classes still have the shape that `lambdakit.harness.moto_state.streams` relies on and mends.

A test that passes without the mending says that moto has caught up, and that the mending can go.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import contents
from lambdakit.harness.moto_state.streams import KinesisStreams, stream_arn_of

pytestmark = pytest.mark.xdist_group("moto")

_PLACE = ("555566667777", "eu-west-1")
_ARN = "arn:aws:kinesis:eu-west-1:555566667777:stream/s"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=_PLACE[0], region=_PLACE[1])


@pytest.fixture
def streams(account: Account) -> Iterator[KinesisStreams]:
    made = KinesisStreams()
    kinesis = account.client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    yield made
    kinesis.delete_stream(StreamName="s")


def put(kinesis: Any, *keys: str) -> list[int]:
    entries = [{"Data": key.encode(), "PartitionKey": key} for key in keys]
    return [int(record["SequenceNumber"]) for record in kinesis.put_records(StreamName="s", Records=entries)["Records"]]


def test_records_at_once_have_a_number_each_and_stand_in_its_order(account: Account, streams: KinesisStreams) -> None:
    kinesis = account.client("kinesis")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        numbers = [number for own in pool.map(lambda at: put(kinesis, str(at), str(at)), range(50)) for number in own]

    [shard] = streams.shards(_ARN) or ()
    read = [entry.number for entry in streams.read(_ARN, shard.id, after=0, limit=1_000)]
    assert sorted(numbers) == read
    assert len(set(numbers)) == 100
    assert {len(str(number)) for number in numbers} == {56}


def test_who_watches_is_told_once_for_each_call_before_it_answers(account: Account, streams: KinesisStreams) -> None:
    kinesis = account.client("kinesis")
    told: list[int] = []

    def look() -> None:
        [shard] = streams.shards(_ARN) or ()
        told.append(len(streams.read(_ARN, shard.id, after=0, limit=1_000)))

    streams.watch(_ARN, look)
    put(kinesis, "a", "b", "c")
    kinesis.put_record(StreamName="s", Data=b"d", PartitionKey="d")
    streams.forget(_ARN, look)
    put(kinesis, "e")

    assert told == [3, 4]


def test_reading_goes_on_from_a_number(account: Account, streams: KinesisStreams) -> None:
    numbers = put(account.client("kinesis"), *"abcde")
    [shard] = streams.shards(_ARN) or ()

    read = streams.read(_ARN, shard.id, after=numbers[1], limit=2)

    assert [entry.number for entry in read] == numbers[2:4]
    assert [entry.partition_key for entry in read] == ["c", "d"]
    assert streams.now() > numbers[-1]
    assert streams.read(_ARN, "shardId-000000000009", after=0, limit=1) == ()
    assert streams.shards(f"{_ARN}-not") is None


def test_a_split_closes_the_parent_with_its_records(account: Account, streams: KinesisStreams) -> None:
    kinesis = account.client("kinesis")
    before = put(kinesis, *"abcdefgh")

    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    after = put(kinesis, *"abcdefgh")

    parent, first, second = streams.shards(_ARN) or ()
    assert (parent.is_closed, first.is_closed, second.is_closed) == (True, False, False)
    assert first.parents == second.parents == (parent.id,)
    held = [
        [entry.number for entry in streams.read(_ARN, shard.id, after=0, limit=99)] for shard in (parent, first, second)
    ]
    assert held[0] == before
    assert sorted(held[1] + held[2]) == after
    assert held[1]
    assert held[2]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_merge_takes_neighbours_in_either_order(
    account: Account, streams: KinesisStreams, order: tuple[int, int]
) -> None:
    kinesis = account.client("kinesis")
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    before = put(kinesis, *"abcdefgh")

    first, second = (f"shardId-{number:012}" for number in order)
    kinesis.merge_shards(StreamName="s", ShardToMerge=first, AdjacentShardToMerge=second)
    after = put(kinesis, *"abcdefgh")

    *_, low, high, child = streams.shards(_ARN) or ()
    assert set(child.parents) == {low.id, high.id}
    held = [[entry.number for entry in streams.read(_ARN, shard.id, after=0, limit=99)] for shard in (low, high, child)]
    assert (sorted(held[0] + held[1]), held[2]) == (before, after)


def test_a_consumer_has_an_arn_of_aws_s_form_and_goes_by_its_name(account: Account, streams: KinesisStreams) -> None:
    kinesis = account.client("kinesis")
    arn = kinesis.register_stream_consumer(StreamARN=_ARN, ConsumerName="fan")["Consumer"]["ConsumerARN"]
    kinesis.register_stream_consumer(StreamARN=_ARN, ConsumerName="other")

    assert arn.rpartition(":")[2].isdigit()
    assert stream_arn_of(arn) == stream_arn_of(_ARN) == _ARN
    assert streams.has_consumer(_ARN, arn)
    kinesis.deregister_stream_consumer(StreamARN=_ARN, ConsumerName="fan")

    assert not streams.has_consumer(_ARN, arn)
    [left] = kinesis.list_stream_consumers(StreamARN=_ARN)["Consumers"]
    assert left["ConsumerName"] == "other"


def test_what_was_taken_is_brought_back_and_no_number_comes_again(account: Account, streams: KinesisStreams) -> None:
    kinesis = account.client("kinesis")
    kept = put(kinesis, "kept")
    taken = contents.records(*_PLACE, "s")
    gone = put(kinesis, "gone")
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))

    contents.restore_records(*_PLACE, "s", taken)
    new = put(kinesis, "new")

    [shard] = streams.shards(_ARN) or ()
    assert not shard.is_closed
    assert [entry.number for entry in streams.read(_ARN, shard.id, after=0, limit=9)] == [*kept, *new]
    assert new[0] > gone[0]
