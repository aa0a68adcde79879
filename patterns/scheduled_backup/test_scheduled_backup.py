"""The scenario: a night with its export, and one without; the harness's clock goes from one to the next."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent / "lambdakit.yaml"


@pytest.fixture
def deployment(harness):
    # For one test alone: its schedules would go on whenever the next one moves the clock.
    return harness.deploy(DOCUMENT)


@pytest.fixture
def outputs(harness, deployment):
    outputs = deployment.outputs["archive"]
    # Half past two, before a night that has everything; what was told of the last one is not asked.
    go_to(harness, 2)
    harness.client("sqs").purge_queue(QueueUrl=outputs["FailedQueueUrl"])
    return outputs


def go_to(harness, hour):
    """Lets the clock go on to half past that hour, and returns the day."""
    now = harness.clock.now()
    harness.clock.advance(
        (timedelta(hours=hour, minutes=30) - timedelta(hours=now.hour, minutes=now.minute)) % timedelta(days=1)
    )
    harness.drain()
    return harness.clock.now().date()


def failures(harness, outputs):
    received = harness.client("sqs").receive_message(QueueUrl=outputs["FailedQueueUrl"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"])["responsePayload"] for message in received.get("Messages", [])]


def test_every_night_the_table_is_exported_and_the_export_is_looked_for(harness, deployment, outputs):
    harness.client("dynamodb").put_item(TableName=outputs["RecordsTableName"], Item={"id": {"S": "a"}})

    night = go_to(harness, 3)
    go_to(harness, 5)

    listed = harness.client("s3").list_objects_v2(Bucket=outputs["BackupsBucketName"], Prefix=f"{night}/")
    assert any(each["Key"].endswith(".gz") for each in listed["Contents"])
    assert deployment.function("backup_check").invocations[-1].status == "success"
    assert failures(harness, outputs) == []


def test_a_night_without_an_export_is_told(harness, outputs):
    harness.client("dynamodb").update_continuous_backups(
        TableName=outputs["RecordsTableName"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )

    night = go_to(harness, 3)
    go_to(harness, 5)

    told = {failure["errorType"]: failure["errorMessage"] for failure in failures(harness, outputs)}
    assert told["BackupMissing"] == f"no export was started on {night}"
