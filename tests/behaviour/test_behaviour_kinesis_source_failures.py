"""Batches of a stream that fail: retried, cut, given up, and told to a destination.

Source: AWS Lambda Developer Guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda"
and "Configuring partial batch response with Kinesis Data Streams and Lambda".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION, FedFunction, Stream, advance, do, texts_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-kinesis")

REPORTS = ["ReportBatchItemFailures"]


@pytest.fixture
def fed(harness: WiredHarness) -> Iterator[FedFunction]:
    function = FedFunction(harness, "fed", Timeout=10)
    yield function
    function.remove()


@pytest.fixture
def stream(harness: WiredHarness) -> Iterator[Stream]:
    made = Stream(harness, "orders")
    yield made
    made.remove()


@pytest.fixture
def dead(harness: WiredHarness) -> Iterator[tuple[str, str]]:
    """The ARN and the URL of a queue."""
    sqs = harness.aws("sqs")
    url = sqs.create_queue(QueueName="given-up")["QueueUrl"]
    yield f"arn:aws:sqs:{REGION}:{ACCOUNT}:given-up", url
    sqs.delete_queue(QueueUrl=url)


def to(arn: str) -> dict[str, Any]:
    return {"OnFailure": {"Destination": arn}}


def received(harness: WiredHarness, url: str) -> list[dict[str, Any]]:
    answer = harness.aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_failed_batch_blocks_its_shard_until_it_succeeds(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1)

    stream.put(do("raise"), "behind")
    for seconds in (2, 3, 5):
        advance(fed.harness, seconds)

    assert texts_of(fed.batches()) == [[do("raise")]] * 4
    assert {event["outcome"] for event in fed.told("RecordBatchSettled")} == {"failed"}


def test_the_pause_between_attempts_grows(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=3)

    stream.put(do("raise"))
    counts = []
    for seconds in (0.5, 0.6, 1.5, 0.6, 3, 1.1):
        advance(fed.harness, seconds)
        counts.append(len(fed.batches()))

    assert counts == [1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_batch_is_given_up_after_its_retries_and_the_next_goes_on(
    fed: FedFunction, stream: Stream, retries: int
) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1, MaximumRetryAttempts=retries)

    stream.put(do("raise"), "behind")
    advance(fed.harness, 60)

    assert texts_of(fed.batches()) == [[do("raise")]] * (1 + retries) + [["behind"]]
    [discarded] = fed.told("RecordsDiscarded")
    assert (discarded["condition"], discarded["records"]) == ("RetryAttemptsExhausted", 1)


def test_a_crash_is_a_failure_like_any_other(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1, MaximumRetryAttempts=1)

    stream.put(do("exit"), "behind")
    advance(fed.harness, 60)

    assert texts_of(fed.batches()) == [[do("exit")], [do("exit")], ["behind"]]


def test_throttles_do_not_count_as_retries(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=0)
    fed.lambda_.put_function_concurrency(FunctionName="fed", ReservedConcurrentExecutions=0)

    stream.put("patient")
    advance(fed.harness, 100)
    assert fed.batches() == []
    fed.lambda_.delete_function_concurrency(FunctionName="fed")
    advance(fed.harness, 100)

    assert texts_of(fed.batches()) == [["patient"]]
    assert fed.told("RecordsDiscarded") == []
    assert {event["outcome"] for event in fed.told("RecordBatchSettled")} == {"throttled", "success"}


def test_records_that_grow_too_old_are_given_up(fed: FedFunction, stream: Stream, dead: tuple[str, str]) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", MaximumRecordAgeInSeconds=60, DestinationConfig=to(dead[0]))

    stream.put(do("raise"))
    advance(fed.harness, 40)
    assert fed.told("RecordsDiscarded") == []
    advance(fed.harness, 25)
    stream.put("young")

    [discarded] = fed.told("RecordsDiscarded")
    assert (discarded["condition"], discarded["destination"]) == ("RecordAgeExceeded", dead[0])
    assert texts_of(fed.batches())[-1] == ["young"]
    [told] = received(fed.harness, dead[1])
    assert told["requestContext"]["condition"] == "RecordAgeExceeded"


def test_records_too_old_from_the_beginning_never_reach_the_function(
    fed: FedFunction, stream: Stream, dead: tuple[str, str]
) -> None:
    stream.put("old", "older")
    advance(fed.harness, 61)
    stream.put("young")

    fed.map(stream.arn, StartingPosition="TRIM_HORIZON", MaximumRecordAgeInSeconds=60, DestinationConfig=to(dead[0]))
    fed.harness.drain()

    assert texts_of(fed.batches()) == [["young"]]
    [told] = received(fed.harness, dead[1])
    assert "responseContext" not in told
    assert told["requestContext"]["approximateInvokeCount"] == 0
    assert told["KinesisBatchInfo"]["batchSize"] == 2


def test_what_is_never_given_up_goes_when_the_stream_no_longer_has_it(
    fed: FedFunction, stream: Stream, dead: tuple[str, str]
) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1, DestinationConfig=to(dead[0]))

    stream.put(do("raise"), "behind")
    advance(fed.harness, 24 * 3600)
    stream.put("young")

    assert texts_of(fed.batches())[-2:] == [["behind"], ["young"]]
    assert [event["condition"] for event in fed.told("RecordsDiscarded")] == ["RecordsExpired"]
    assert received(fed.harness, dead[1]) == []


def test_bisecting_isolates_a_bad_record_and_costs_no_retries(
    fed: FedFunction, stream: Stream, dead: tuple[str, str]
) -> None:
    fed.map(
        stream.arn,
        StartingPosition="LATEST",
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig=to(dead[0]),
    )

    stream.put("1", "2", "3", "4", do("raise"), "6", "7", "8")
    advance(fed.harness, 60)

    bad = do("raise")
    assert texts_of(fed.batches()) == [
        ["1", "2", "3", "4", bad, "6", "7", "8"],
        ["1", "2", "3", "4"],
        [bad, "6", "7", "8"],
        [bad, "6"],
        [bad],
        [bad],
        ["6"],
        ["7", "8"],
    ]
    [told] = received(fed.harness, dead[1])
    assert told["KinesisBatchInfo"]["batchSize"] == 1
    assert told["requestContext"]["approximateInvokeCount"] == 5


def test_the_lowest_reported_record_is_the_checkpoint(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", FunctionResponseTypes=REPORTS, MaximumRetryAttempts=1)

    stream.put("1", "2", do("fail"), "4", do("fail"))
    advance(fed.harness, 60)

    rest = [do("fail"), "4", do("fail")]
    assert texts_of(fed.batches()) == [["1", "2", *rest], rest]
    assert [(event["outcome"], event["failed"]) for event in fed.told("RecordBatchSettled")] == [
        ("partial", 3),
        ("failed", 3),
    ]
    assert [event["records"] for event in fed.told("RecordsDiscarded")] == [3]


def test_with_bisecting_a_batch_is_cut_where_the_function_says(fed: FedFunction, stream: Stream) -> None:
    fed.map(
        stream.arn,
        StartingPosition="LATEST",
        FunctionResponseTypes=REPORTS,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
    )

    stream.put("1", "2", do("fail"), "4", "5")
    advance(fed.harness, 60)

    bad = do("fail")
    assert texts_of(fed.batches()) == [["1", "2", bad, "4", "5"], [bad, "4", "5"], [bad], ["4", "5"]]
    assert [event["records"] for event in fed.told("RecordsDiscarded")] == [1]


@pytest.mark.parametrize(
    ("answer", "fails"),
    [
        ({"batchItemFailures": []}, False),
        ({"batchItemFailures": None}, False),
        ({}, False),
        (None, False),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, True),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, True),
        ({"batchItemFailures": [{"identifier": "x"}]}, True),
        ({"batchItemFailures": [{"itemIdentifier": "49"}]}, True),
        ("text", True),
    ],
)
def test_an_answer_says_whether_the_batch_failed(fed: FedFunction, stream: Stream, answer: Any, fails: bool) -> None:
    """Source: the same page, "Success and failure conditions"."""
    fed.map(stream.arn, StartingPosition="LATEST", FunctionResponseTypes=REPORTS, MaximumRetryAttempts=0)

    stream.put(do(f"answer {json.dumps(answer)}"))

    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["failed" if fails else "success"]


def test_without_the_setting_the_answer_means_nothing(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST")

    stream.put(do("fail"))

    assert [event["outcome"] for event in fed.told("RecordBatchSettled")] == ["success"]


def test_a_queue_is_told_what_was_given_up(fed: FedFunction, stream: Stream, dead: tuple[str, str]) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=0, DestinationConfig=to(dead[0]))

    numbers = stream.put("1", do("raise"), "3")

    [told] = received(fed.harness, dead[1])
    request_id = told["requestContext"].pop("requestId")
    arrivals = [told["KinesisBatchInfo"].pop(f"approximateArrivalOf{which}Record") for which in ("First", "Last")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at) for at in (*arrivals, told.pop("timestamp")))
    assert request_id == fed.told("InvocationEnded")[-1]["request_id"]
    assert told == {
        "requestContext": {
            "functionArn": fed.arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[2],
            "batchSize": 3,
            "streamArn": stream.arn,
        },
    }
    assert [event["destination"] for event in fed.told("RecordsDiscarded")] == [dead[0]]


def test_a_bucket_gets_the_event_as_well(fed: FedFunction, stream: Stream) -> None:
    s3 = fed.harness.aws("s3")
    s3.create_bucket(Bucket="given-up-batches")
    destination = to("arn:aws:s3:::given-up-batches")
    mapping = fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=0, DestinationConfig=destination)

    stream.put(do("raise"))

    [entry] = s3.list_objects_v2(Bucket="given-up-batches")["Contents"]
    form = r"aws/lambda/{}/shardId-0{{12}}/\d{{4}}/\d\d/\d\d/\d{{4}}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{{36}}"
    assert re.fullmatch(form.format(mapping), entry["Key"])
    told = json.loads(s3.get_object(Bucket="given-up-batches", Key=entry["Key"])["Body"].read())
    assert json.loads(told["payload"]) == fed.events()[0]
    assert told["KinesisBatchInfo"]["batchSize"] == 1
    s3.delete_object(Bucket="given-up-batches", Key=entry["Key"])
    s3.delete_bucket(Bucket="given-up-batches")


def test_a_topic_tells_its_subscribers(fed: FedFunction, stream: Stream, dead: tuple[str, str]) -> None:
    sns = fed.harness.aws("sns")
    topic = sns.create_topic(Name="given-up")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=dead[0], Attributes={"RawMessageDelivery": "true"})
    fed.map(stream.arn, StartingPosition="LATEST", MaximumRetryAttempts=0, DestinationConfig=to(topic))

    stream.put(do("raise"))

    [told] = received(fed.harness, dead[1])
    assert told["KinesisBatchInfo"]["streamArn"] == stream.arn
    sns.delete_topic(TopicArn=topic)


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("arn:aws:sqs:us-east-1:123456789012:nowhere", "NonExistentQueue"),
        ("arn:aws:kafka:us-east-1:123456789012:topic/a/b/c", "is no queue, topic or bucket"),
    ],
)
def test_a_destination_that_cannot_be_told_does_not_stop_the_shard(
    fed: FedFunction, stream: Stream, arn: str, reason: str
) -> None:
    fed.map(stream.arn, StartingPosition="LATEST", BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=to(arn))

    stream.put(do("raise"), "behind")

    assert texts_of(fed.batches())[-1] == ["behind"]
    [discarded] = fed.told("RecordsDiscarded")
    assert discarded["destination"] == ""
    assert reason in discarded["reason"]


def test_permissions_of_the_role_are_asked_for_the_stream_and_the_destination() -> None:
    """Source: AWS Lambda Developer Guide, "Process Amazon Kinesis Data Streams records with Lambda"."""
    with WiredHarness(enforce_iam="on") as harness:
        stream = Stream(harness, "guarded")
        url = harness.aws("sqs").create_queue(QueueName="guarded")["QueueUrl"]
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:guarded"
        iam = harness.aws("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam.create_role(
            RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )

        def allow(*actions: str) -> None:
            statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName="reader", PolicyName="reads", PolicyDocument=policy)

        allow("kinesis:*")
        fed = FedFunction(harness, "fed", Timeout=10, Role=f"arn:aws:iam::{ACCOUNT}:role/reader")
        mapping = fed.map(
            stream.arn,
            StartingPosition="TRIM_HORIZON",
            BatchSize=1,
            MaximumRetryAttempts=0,
            DestinationConfig=to(queue),
        )

        allow("logs:*")
        stream.put(do("raise"))
        assert fed.batches() == []
        result = fed.lambda_.get_event_source_mapping(UUID=mapping)["LastProcessingResult"]
        assert result.startswith("PROBLEM: ")
        assert "kinesis:DescribeStream" in result

        allow("kinesis:*")
        advance(harness, 61)
        assert texts_of(fed.batches()) == [[do("raise")]]
        assert "sqs:" in fed.told("RecordsDiscarded")[0]["reason"]
        allow("kinesis:*", "sqs:*")
        stream.put(do("raise"))

        assert len(received(harness, url)) == 1


def test_a_deployment_s_own_data_survive_in_base64(fed: FedFunction, stream: Stream) -> None:
    fed.map(stream.arn, StartingPosition="LATEST")

    stream.kinesis.put_record(StreamName=stream.name, Data=bytes(range(256)), PartitionKey="k")
    fed.harness.drain()

    assert base64.b64decode(fed.batches()[0][0]["kinesis"]["data"]) == bytes(range(256))
