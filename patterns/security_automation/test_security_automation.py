"""The scenario: a bucket that is open is closed; one that cannot be closed is told in the failure queue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent / "lambdakit.yaml"
BUCKET = "a-bucket-of-somebody"


@pytest.fixture
def deployment(harness):
    # For one test alone: it would close the buckets of the next ones.
    return harness.deploy(DOCUMENT)


@pytest.fixture
def s3(harness):
    client = harness.client("s3")
    yield client
    client.delete_bucket_policy(Bucket=BUCKET)
    client.delete_bucket(Bucket=BUCKET)


def test_a_bucket_that_the_public_could_read_is_closed_and_then_complies(harness, deployment, s3):
    s3.create_bucket(Bucket=BUCKET)
    harness.drain()

    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert {"bucket": BUCKET, "closed": True} in [
        each.result for each in deployment.function("close_buckets").invocations
    ]
    assert deployment.function("open_buckets").invocations[-1].result == {"bucket": BUCKET, "compliance": "COMPLIANT"}


def test_a_bucket_that_cannot_be_closed_is_told_in_the_failure_queue(harness, deployment, s3):
    s3.create_bucket(Bucket=BUCKET)
    harness.drain()
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketPublicAccessBlock"}
    statement = {**denied, "Resource": f"arn:aws:s3:::{BUCKET}"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    s3.delete_public_access_block(Bucket=BUCKET)
    harness.drain(advance=True)

    received = harness.client("sqs").receive_message(QueueUrl=deployment.outputs["guardrails"]["FailedQueueUrl"])
    [failure] = [json.loads(message["Body"]) for message in received["Messages"]]
    assert failure["requestPayload"]["detail"]["resourceId"] == BUCKET
    assert "AccessDenied" in failure["responsePayload"]["errorMessage"]
