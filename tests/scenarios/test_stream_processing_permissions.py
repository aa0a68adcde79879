"""The stream pattern runs with its permissions enforced, and needs all that its function is granted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdakit import Harness

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = Path(__file__).parents[2] / "patterns" / "stream_processing" / "lambdakit.yaml"


def test_the_stream_processing_uses_every_grant_and_needs_no_other() -> None:
    with Harness() as harness:
        deployment = harness.deploy(DOCUMENT)
        click = json.dumps({"visitor": "v1", "url": "https://example.com/"}).encode()

        harness.client("kinesis").put_records(
            StreamName=deployment.outputs["site"]["ClicksStreamName"],
            Records=[{"Data": data, "PartitionKey": data.decode()} for data in (click, b"no click")],
        )
        harness.drain(advance=True)
        assert deployment.permissions.denied == set()
        # Firehose writes into its log when it cannot deliver.
        bucket = deployment.outputs["site"]["ClicksDeliveryBucketName"]
        denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
        harness.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
        harness.client("firehose").put_record(
            DeliveryStreamName=deployment.outputs["site"]["ClicksDeliveryStreamName"], Record={"Data": click}
        )
        harness.clock.advance(minutes=5)
        harness.drain()

        assert deployment.permissions.unused == set()
        assert {use.action for use in deployment.permissions.denied} == {"s3:PutObject"}
