"""Tumbling windows: records counted by the function from batch to batch, and closed at the window's end.

Source: AWS Lambda Developer Guide, "Implementing stateful Kinesis Data Streams processing in Lambda".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.event_source import FedFunction, Stream, advance, do
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-kinesis")

LENGTH = 60


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def stream(harness: WiredHarness) -> Iterator[Stream]:
    made = Stream(harness, "meters")
    to_the_next_window(harness)
    yield made
    made.remove()


def to_the_next_window(harness: WiredHarness) -> None:
    """A second after a window begins."""
    now = datetime.fromisoformat(harness.call("GET", "clock").json()["now"]).timestamp()
    advance(harness, LENGTH - now % LENGTH + 1)


def told(fed: FedFunction) -> list[tuple[int, Any, bool, bool]]:
    """Of each event: how many records, the count so far, whether it is the final one, and whether it came early."""
    return [
        (
            len(event["Records"]),
            event["state"].get("count"),
            event["isFinalInvokeForWindow"],
            event["isWindowTerminatedEarly"],
        )
        for event in fed.events()
    ]


def test_the_state_goes_from_batch_to_batch_until_the_window_ends(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH)

    stream.put("1", "2")
    stream.put("3")
    assert told(fed) == [(2, None, False, False), (1, 2, False, False)]
    advance(fed.harness, LENGTH)
    stream.put("4")

    assert told(fed)[2:] == [(0, 3, True, False), (1, None, False, False)]
    first, last = fed.events()[0], fed.events()[-1]
    begin, end = (datetime.fromisoformat(first["window"][name]) for name in ("start", "end"))
    assert end - begin == timedelta(seconds=LENGTH)
    assert begin.timestamp() % LENGTH == 0
    assert first["window"]["end"] == last["window"]["start"]
    assert first["window"]["start"].endswith(":00Z")
    assert (first["shardId"], first["eventSourceARN"]) == ("shardId-000000000000", stream.arn)


def test_a_record_of_a_later_window_closes_the_one_before(fed: FedFunction, stream: Stream) -> None:
    stream.put("1")
    advance(fed.harness, LENGTH)
    stream.put("2", "3")

    fed.map(stream.arn, StartingPosition="TRIM_HORIZON", TumblingWindowInSeconds=LENGTH)
    fed.harness.drain()

    assert told(fed) == [(1, None, False, False), (0, 1, True, False), (2, None, False, False)]


def test_a_batching_window_ends_with_its_tumbling_window(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH, MaximumBatchingWindowInSeconds=300)

    stream.put("1")
    assert fed.events() == []
    advance(fed.harness, LENGTH)

    assert told(fed) == [(1, None, False, False), (0, 1, True, False)]


def test_an_answer_without_state_is_a_failure(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH, MaximumRetryAttempts=1)

    stream.put(do("lose state"))
    advance(fed.harness, 2)
    stream.put("2")

    assert told(fed) == [(1, None, False, False), (1, None, False, False), (1, None, False, False)]
    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["failed", "failed", "success"]
    assert [event["records"] for event in fed.told("RecordsDiscarded")] == [1]


def test_a_state_that_is_too_large_ends_the_window_early(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH)

    stream.put(do("grow"))
    stream.put("2")
    advance(fed.harness, LENGTH)

    assert told(fed) == [(1, None, False, False), (0, 1, False, True), (1, None, False, False), (0, 1, True, False)]
    assert len({event["window"]["start"] for event in fed.events()}) == 1


def test_a_final_call_that_fails_holds_up_the_shard_as_any_batch_does(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH, MaximumRetryAttempts=1)

    stream.put(do("poison"))
    advance(fed.harness, LENGTH - 0.5)
    stream.put("next")
    assert told(fed)[:2] == [(1, None, False, False), (0, 1, True, False)]
    advance(fed.harness, 2)

    assert told(fed)[2:] == [(0, 1, True, False), (1, None, False, False)]
    assert [(event["records"], event["condition"]) for event in fed.told("RecordsDiscarded")] == [
        (0, "RetryAttemptsExhausted")
    ]


def test_the_end_of_a_shard_is_the_end_of_its_window(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH)
    stream.put("1")

    [shard] = stream.shard_ids()
    stream.kinesis.split_shard(StreamName=stream.name, ShardToSplit=shard, NewStartingHashKey=str(2**127))
    stream.put("2")

    assert told(fed) == [(1, None, False, False), (0, 1, True, False), (1, None, False, False)]
    assert len({event["shardId"] for event in fed.events()}) == 2


def test_a_window_survives_a_change_of_its_mapping(fed: FedFunction, stream: Stream) -> None:
    mapping = fed.map(stream.arn, StartingPosition="LATEST", TumblingWindowInSeconds=LENGTH)
    stream.put("1")

    fed.lambda_.update_event_source_mapping(UUID=mapping, BatchSize=7)
    stream.put("2")
    advance(fed.harness, LENGTH)

    assert told(fed) == [(1, None, False, False), (1, 1, False, False), (0, 2, True, False)]
