"""Backups, from the schedule to the exported items, and to the queue on a night that has none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lambdakit import Harness
    from lambdakit.session.deployment import Deployment

pytestmark = pytest.mark.xdist_group("cdk")

RECIPE = Path(__file__).parents[3] / "patterns" / "scheduled_backup"
ITEMS: list[dict[str, Any]] = [
    {"id": {"S": "a"}, "count": {"N": "1"}, "tags": {"SS": ["x", "y"]}},
    {"id": {"S": "b"}, "picture": {"B": b"\x00\xff"}, "nested": {"M": {"list": {"L": [{"NULL": True}]}}}},
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The stack, and what is in its bucket and queue."""

    harness: Harness
    deployment: Deployment

    def output(self, name: str) -> str:
        return self.deployment.outputs["archive"][name]

    def go_to(self, hour: int) -> datetime:
        """Lets the clock go on to that hour, and returns the time."""
        now = self.harness.clock.now()
        step = (timedelta(hours=hour, minutes=30) - timedelta(hours=now.hour, minutes=now.minute)) % timedelta(days=1)
        reached = self.harness.clock.advance(step)
        self.harness.drain()
        return reached

    def fill(self) -> None:
        for item in ITEMS:
            self.harness.client("dynamodb").put_item(TableName=self.output("RecordsTableName"), Item=item)

    def keys(self) -> list[str]:
        listed = self.harness.client("s3").list_objects_v2(Bucket=self.output("BackupsBucketName"))
        return [each["Key"] for each in listed.get("Contents", [])]

    def content(self, key: str) -> bytes:
        body: bytes = (
            self.harness.client("s3").get_object(Bucket=self.output("BackupsBucketName"), Key=key)["Body"].read()
        )
        return body

    def failures(self) -> list[dict[str, Any]]:
        received = self.harness.client("sqs").receive_message(
            QueueUrl=self.output("FailedQueueUrl"), MaxNumberOfMessages=10
        )
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.fixture
def archive(harness: Harness, deploy_anew: Callable[[str], Deployment]) -> Archive:
    # For this test alone: its schedules would go on whenever the next ones move the clock.
    made = Archive(harness=harness, deployment=deploy_anew("scheduled_backup"))
    # The next hours are those of one night.
    made.go_to(2)
    # What the clock passed on the way there is not asked.
    harness.client("sqs").purge_queue(QueueUrl=made.output("FailedQueueUrl"))
    harness.trace.clear()
    return made


def test_every_night_the_table_is_exported_and_the_export_is_looked_for(archive: Archive) -> None:
    archive.fill()

    night = archive.go_to(3).date()
    archive.go_to(5)

    [data] = [key for key in archive.keys() if key.endswith(".gz")]
    assert data.startswith(f"{night}/AWSDynamoDB/")
    items = [json.loads(line)["Item"] for line in gzip.decompress(archive.content(data)).splitlines()]
    assert sorted(item["id"]["S"] for item in items) == ["a", "b"]
    assert items[0]["count"] == {"N": "1"}
    note = json.loads(archive.content(f"{night}/export.json"))
    assert note["scheduled_at"] == f"{night}T03:00:00Z"
    [check] = archive.deployment.function("backup_check").invocations
    assert (check.result, check.status) == (note, "success")
    assert archive.failures() == []
    assert archive.deployment.permissions.denied == set()


def test_each_night_has_an_export_of_its_own(archive: Archive) -> None:
    archive.fill()

    for _ in range(2):
        archive.go_to(3)
        archive.go_to(5)

    nights = {key.partition("/")[0] for key in archive.keys() if key.endswith("export.json")}
    assert len(nights) == 2
    assert len(archive.deployment.function("backup").invocations) == 2
    assert archive.failures() == []


def test_an_export_that_cannot_start_is_told_by_the_backup_and_by_the_check(archive: Archive) -> None:
    archive.harness.client("dynamodb").update_continuous_backups(
        TableName=archive.output("RecordsTableName"),
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )

    night = archive.go_to(3).date()
    archive.go_to(5)

    told = {failure["responsePayload"]["errorType"]: failure["responsePayload"] for failure in archive.failures()}
    assert set(told) == {"PointInTimeRecoveryUnavailableException", "BackupMissing"}
    assert told["BackupMissing"]["errorMessage"] == f"no export was started on {night}"
    # Each was tried three times.
    assert [len(archive.deployment.function(name).invocations) for name in ("backup", "backup_check")] == [3, 3]


def test_an_export_that_is_not_complete_is_told(archive: Archive) -> None:
    night = archive.go_to(3).date()
    bucket = archive.output("BackupsBucketName")
    note = json.dumps({"export": "arn:aws:dynamodb:us-east-1:123456789012:table/t/export/0-0"})
    archive.harness.client("s3").put_object(Bucket=bucket, Key=f"{night}/export.json", Body=note.encode())

    archive.go_to(5)

    [failure] = archive.failures()
    assert failure["requestPayload"] == {"scheduled_at": f"{night}T05:00:00Z"}
    assert failure["responsePayload"]["errorMessage"].startswith(f"the export of {night} is UNKNOWN")


@pytest.mark.parametrize(("function", "key"), [("backup", "export"), ("backup_check", "errorMessage")])
def test_the_sample_event_is_handled(archive: Archive, function: str, key: str) -> None:
    event = json.loads((RECIPE / "events" / "scheduled.json").read_text())

    payload = archive.deployment.function(function).invoke(event, qualifier="live").payload

    assert key in payload
