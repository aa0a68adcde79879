"""What a mapping of a Kinesis stream may be set to for records that are given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import FedFunction, Stream
from tests.fakes.lambda_api import refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-kinesis-settings")


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


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, True), (0, False), (59, False), (60, True)])
def test_a_record_age_is_infinite_or_a_minute_at_least(
    fed: FedFunction, stream: Stream, seconds: int, allowed: bool
) -> None:
    """Lambda API Reference, "EventSourceMappingConfiguration": less than 60 is within the range, and not allowed."""
    settings = {"FunctionName": "fed", "EventSourceArn": stream.arn, "StartingPosition": "LATEST"}

    if allowed:
        made = fed.map(stream.arn, StartingPosition="LATEST", MaximumRecordAgeInSeconds=seconds)
        changed = {"UUID": made, "MaximumRecordAgeInSeconds": 59}
        assert "at least 60" in refusal(fed.lambda_.update_event_source_mapping, **changed)[2]
    else:
        call = fed.lambda_.create_event_source_mapping
        assert "at least 60" in refusal(call, **settings, MaximumRecordAgeInSeconds=seconds)[2]


@pytest.mark.parametrize(
    "destination",
    [
        {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q"}},
        {"OnFailure": {"Destination": "arn:aws:lambda:us-east-1:123456789012:function:fed"}},
        {"OnFailure": {"Destination": "arn:aws:events:us-east-1:123456789012:event-bus/default"}},
        {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q.fifo"}},
    ],
    ids=["success", "function", "bus", "fifo"],
)
def test_a_mapping_tells_standard_queues_topics_and_buckets_of_failures(
    fed: FedFunction, stream: Stream, destination: dict[str, Any]
) -> None:
    """Lambda API Reference, "DestinationConfig" and "OnFailure"."""
    settings = {"FunctionName": "fed", "EventSourceArn": stream.arn, "StartingPosition": "LATEST"}

    code = refusal(fed.lambda_.create_event_source_mapping, **settings, DestinationConfig=destination)[1]

    assert code == "InvalidParameterValueException"


def test_an_empty_destination_of_success_is_none(fed: FedFunction, stream: Stream) -> None:
    """As the console sends it; not confirmed by a page."""
    destinations = {"OnSuccess": {}, "OnFailure": {"Destination": "arn:aws:s3:::dead"}}

    made = fed.map(stream.arn, StartingPosition="LATEST", DestinationConfig=destinations)

    found = fed.lambda_.get_event_source_mapping(UUID=made)["DestinationConfig"]
    assert found["OnFailure"] == destinations["OnFailure"]
