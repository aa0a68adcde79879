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
def outputs(deployment):
    return deployment.outputs["archive"]


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
    go_to(harness, 2)
    harness.client("dynamodb").put_item(TableName=outputs["RecordsTableName"], Item={"id": {"S": "a"}})

    night = go_to(harness, 3)
    go_to(harness, 5)

    listed = harness.client("s3").list_objects_v2(Bucket=outputs["BackupsBucketName"], Prefix=f"{night}/")
    assert any(each["Key"].endswith(".gz") for each in listed["Contents"])
    assert deployment.function("backup_check").invocations[-1].status == "success"
    assert failures(harness, outputs) == []


def test_a_night_without_an_export_is_told(harness, outputs):
    go_to(harness, 2)
    harness.client("dynamodb").update_continuous_backups(
        TableName=outputs["RecordsTableName"],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )

    night = go_to(harness, 3)
    go_to(harness, 5)

    told = {failure["errorType"]: failure["errorMessage"] for failure in failures(harness, outputs)}
    assert told["BackupMissing"] == f"no export was started on {night}"
