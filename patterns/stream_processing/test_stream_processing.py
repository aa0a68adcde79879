"""The scenario: clicks come in batches and go into the delivery bucket; what is none ends in the failure queue."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DOCUMENT = HERE / "lambdakit.yaml"


@pytest.fixture
def deployment(deploy):
    return deploy(DOCUMENT)


@pytest.fixture
def outputs(deployment):
    return deployment.outputs["site"]


def click(number):
    return json.dumps({"visitor": f"v{number}", "url": f"https://example.com/{number}?secret=1"}).encode()


def put(harness, outputs, *contents):
    """Puts records, each under a key of its own, and returns their sequence numbers."""
    answer = harness.client("kinesis").put_records(
        StreamName=outputs["ClicksStreamName"],
        Records=[{"Data": content, "PartitionKey": f"key-{number}"} for number, content in enumerate(contents)],
    )
    return [record["SequenceNumber"] for record in answer["Records"]]


def delivered(harness, outputs):
    """Every line of every object in the delivery bucket."""
    s3, bucket = harness.client("s3"), outputs["ClicksDeliveryBucketName"]
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    contents = [gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return [json.loads(line) for content in contents for line in content.splitlines()]


def failures(harness, outputs):
    received = harness.client("sqs").receive_message(QueueUrl=outputs["ClicksFailureQueueUrl"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_clicks_appear_in_the_delivery_bucket_after_the_buffering_interval(harness, deployment, outputs):
    put(harness, outputs, *(click(number) for number in range(40)))
    harness.drain()
    before = delivered(harness, outputs)

    harness.clock.advance(minutes=5)
    harness.drain()

    found = delivered(harness, outputs)
    assert before == []
    assert sorted(each["path"] for each in found) == sorted(f"/{number}" for number in range(40))
    assert {each["host"] for each in found} == {"example.com"}
    assert len({each["id"] for each in found}) == 40
    assert len(deployment.function("clicks").invocations) < 40
    assert failures(harness, outputs) == []


def test_batches_reach_the_published_version_through_the_alias(harness, deployment, outputs):
    put(harness, outputs, click(1))
    harness.drain()

    [invocation] = deployment.function("clicks").invocations
    assert (invocation.qualifier, invocation.version) == ("live", "1")
    assert invocation.event["Records"][0]["eventSource"] == "aws:kinesis"


def test_what_firehose_cannot_deliver_is_told_to_its_log_and_delivered_later(harness, outputs):
    s3, logs, bucket = harness.client("s3"), harness.client("logs"), outputs["ClicksDeliveryBucketName"]
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))

    put(harness, outputs, click(1))
    harness.drain()
    harness.clock.advance(minutes=5)
    harness.drain()
    before = delivered(harness, outputs)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    harness.clock.advance(minutes=5)
    harness.drain()

    groups = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    [group] = [name for name in groups if "DeliveryLog" in name]
    events = logs.get_log_events(logGroupName=group, logStreamName="S3Delivery")["events"]
    assert json.loads(events[0]["message"])["errorCode"] == "S3.AccessDenied"
    assert before == []
    assert [each["path"] for each in delivered(harness, outputs)] == ["/1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\xff", "is not JSON", id="not UTF-8"),
        pytest.param(b"{", "is not JSON", id="cut off"),
        pytest.param(b"[]", "has no visitor or no url", id="a list"),
        pytest.param(b'{"visitor": "v1"}', "has no visitor or no url", id="no url"),
        pytest.param(b'{"visitor": 1, "url": "/"}', "has no visitor or no url", id="a number as visitor"),
        pytest.param(b'{"visitor": "v1", "url": "https://[::1/"}', "has a url that is none", id="a broken url"),
    ],
)
def test_a_poison_record_ends_in_the_failure_queue_and_the_others_are_delivered(
    harness, deployment, outputs, content, reason
):
    numbers = put(harness, outputs, *(click(number) for number in range(7)), content, click(8))

    harness.drain(advance=True)

    [failure] = failures(harness, outputs)
    batch = failure["KinesisBatchInfo"]
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["requestContext"]["functionArn"].endswith(":live")
    assert batch["batchSize"] == 1
    assert batch["startSequenceNumber"] == batch["endSequenceNumber"] == numbers[7]
    assert sorted(each["path"] for each in delivered(harness, outputs)) == [f"/{n}" for n in (*range(7), 8)]
    failed = [each for each in deployment.function("clicks").invocations if each.status == "error"]
    assert {each.result["errorMessage"] for each in failed} == {f"record {numbers[7]} {reason}"}


def test_the_sample_events_are_answered(deployment):
    answers = {
        name: deployment.function("clicks").invoke(json.loads((HERE / "events" / f"{name}.json").read_text()))
        for name in ("clicks", "no_click")
    }

    assert answers["clicks"].payload == {"batchItemFailures": []}
    assert answers["no_click"].function_error == "Unhandled"
    assert answers["no_click"].payload["errorType"] == "NotAClick"
