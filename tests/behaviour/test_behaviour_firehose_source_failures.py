"""Delivery streams whose function or bucket fails.

Source: Amazon Data Firehose Developer Guide, "Handle failure in data transformation" and "Handle data delivery
failures".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from tests.fakes.lake import ROLE, TRANSFORMER, Lake, processing
from tests.fakes.lambda_api import create_function, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-firehose")


@pytest.fixture
def lake(harness: WiredHarness) -> Iterator[Lake]:
    function = create_function(harness.aws("lambda"), "transformer", TRANSFORMER, Timeout=10)["FunctionArn"]
    made = Lake(harness, function)
    yield made
    made.remove()
    harness.aws("lambda").delete_function(FunctionName="transformer")


@pytest.mark.parametrize(
    ("record", "code", "attempts"),
    [
        ("lose", "Lambda.MissingRecordId", 1),
        ("twice", "Lambda.DuplicatedRecordId", 1),
        ("nonsense", "Lambda.JsonProcessingException", 1),
        ("raise", "Lambda.FunctionError", 4),
        ("exit", "Lambda.FunctionError", 4),
    ],
)
def test_what_a_function_does_wrong_is_written_down(lake: Lake, record: str, code: str, attempts: int) -> None:
    """ "The invocation is retried three times by default", each call with an id of its own."""
    lake.create("s", **lake.transforming())

    lake.put("s", record)
    lake.drain()

    [failed] = lake.failures()
    assert (failed["errorCode"], failed["attemptsMade"]) == (code, attempts)
    assert base64.b64decode(failed["rawData"]) == record.encode()
    assert len({event["invocationId"] for event in lake.events()}) == attempts
    assert [key.split("/")[0] for key in lake.objects()] == ["processing-failed"]


def test_the_number_of_retries_can_be_set(lake: Lake) -> None:
    lake.create("s", **lake.transforming(retries=1))

    lake.put("s", "raise")
    lake.drain()

    assert [failed["attemptsMade"] for failed in lake.failures()] == [2]


def test_a_function_that_is_gone_or_throttled(lake: Lake) -> None:
    lambda_ = lake.harness.aws("lambda")
    lake.create("s", **lake.transforming(retries=0))
    lambda_.put_function_concurrency(FunctionName="transformer", ReservedConcurrentExecutions=0)
    lake.put("s", "one")
    assert [failed["errorCode"] for failed in lake.failures()] == ["Lambda.InvokeLimitExceeded"]
    lambda_.delete_function_concurrency(FunctionName="transformer")
    create_function(lambda_, "soon-gone", TRANSFORMER)
    arn = lake.function.replace("transformer", "soon-gone")
    lake.create("t", **processing("Lambda", LambdaArn=arn, NumberOfRetries="0", BufferIntervalInSeconds="0"))
    lambda_.delete_function(FunctionName="soon-gone")

    lake.put("t", "two")

    codes = sorted(failed["errorCode"] for failed in lake.failures())
    assert codes == ["Lambda.InvokeLimitExceeded", "Lambda.ResourceNotFound"]


def test_an_object_that_cannot_be_written_is_written_later(lake: Lake) -> None:
    """ "Keeps retrying for up to 24 hours until the delivery succeeds"."""
    lake.create_any(
        "s",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::later",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        },
    )
    lake.put("s", "patient")
    assert "NoSuchBucket" in lake.told("EventNotDelivered")[0]["reason"]

    lake.s3.create_bucket(Bucket="later")
    lake.advance(6)

    [found] = lake.s3.list_objects_v2(Bucket="later")["Contents"]
    assert lake.s3.get_object(Bucket="later", Key=found["Key"])["Body"].read() == b"patient"
    lake.s3.delete_object(Bucket="later", Key=found["Key"])
    lake.s3.delete_bucket(Bucket="later")


@pytest.mark.parametrize("enabled", [True, False])
def test_an_object_that_cannot_be_written_is_told_to_the_log(lake: Lake, enabled: bool) -> None:
    """ "If logging is enabled, Firehose sends data delivery errors to your CloudWatch log group and streams"."""
    logs = lake.harness.aws("logs")
    logs.create_log_group(logGroupName="deliveries")
    logs.create_log_stream(logGroupName="deliveries", logStreamName="S3Delivery")
    arn = lake.create_any(
        "s",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::nowhere",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
            "CloudWatchLoggingOptions": {
                "Enabled": enabled,
                "LogGroupName": "deliveries",
                "LogStreamName": "S3Delivery",
            },
        },
    )

    lake.put("s", "lost")

    events = logs.get_log_events(logGroupName="deliveries", logStreamName="S3Delivery")["events"]
    told = [json.loads(event["message"]) for event in events]
    assert [(one["errorCode"], one["deliveryStreamARN"]) for one in told] == [("S3.NoSuchBucket", arn)] * enabled
    logs.delete_log_group(logGroupName="deliveries")


def test_an_object_that_cannot_be_written_for_a_day_is_lost(lake: Lake) -> None:
    lake.create_any(
        "s",
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::never",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        },
    )

    lake.put("s", "lost")
    lake.drain()

    assert [event["settled"] for event in lake.told("EventNotDelivered")][-1] == "dropped"


def test_records_and_batches_have_their_limits(lake: Lake) -> None:
    lake.create("s")

    def refused(*data: bytes) -> str:
        records = [{"Data": one} for one in data]
        return refusal(lake.firehose.put_record_batch, DeliveryStreamName="s", Records=records)[1]

    assert refused(b"x" * 1_024_001) == "InvalidArgumentException"
    assert refused(*[b"x"] * 501) == "InvalidArgumentException"
    assert refused(*[b"x" * 1_000_000] * 5) == "InvalidArgumentException"
    missing = refusal(lake.firehose.put_record, DeliveryStreamName="none", Record={"Data": b"x"})
    assert missing[1] == "ResourceNotFoundException"
