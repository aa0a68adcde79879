"""The backups of `patterns/scheduled_backup` as CDK code: the same template as the document's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lambdakit import EventProcessing
from lambdakit.constructs.acknowledgements import acknowledge_grant
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.resources.bucket import Expiration, shared_bucket
from lambdakit.constructs.resources.queue import shared_queue
from lambdakit.constructs.resources.table import shared_table
from lambdakit.constructs.table import TableProperties

if TYPE_CHECKING:
    from constructs import Construct

FUNCTION: Final = Path(__file__).parents[1] / "patterns" / "scheduled_backup" / "functions" / "backup"
# What Scheduler puts in. Source: EventBridge Scheduler User Guide, "Adding context attributes"
EVENT: Final = {"scheduled_at": "<aws.scheduler.scheduled-time>"}
KEPT_DAYS: Final = 35
KEPT_SECONDS_OF_FAILURES: Final = 14 * 24 * 60 * 60


class ScheduledBackupStack(Stack):
    """EventBridge Scheduler -> Lambda -> DynamoDB -> S3."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        # DynamoDB exports what its continuous backups hold: the table has point-in-time recovery, as all of ours.
        self.table = shared_table(self, "records", TableProperties(partition_key="id"))
        self.bucket = shared_bucket(
            self, "backups", expirations=[Expiration(days=KEPT_DAYS, noncurrent_days=KEPT_DAYS)]
        )
        self.failed = shared_queue(self, "failed", retention_period=KEPT_SECONDS_OF_FAILURES, is_last=True)
        # DynamoDB writes the export with the rights of who asks for it.
        # Source: DynamoDB Developer Guide, "Requesting a table export in DynamoDB", setting up permissions
        self.backup = self._every_night(
            "backup",
            "cron(0 3 * * ? *)",
            FunctionProperties(
                code=FUNCTION,
                handler="app.start",
                environment={"TABLE_ARN": self.table.table_arn},
                grants={"backups": Grant(self.bucket, "write")},
                initial_policy=[
                    _statement("dynamodb:ExportTableToPointInTime", self.table.table_arn),
                    _statement("s3:PutObjectAcl", self.bucket.arn_for_objects("*")),
                ],
            ),
        )
        self.check = self._every_night(
            "backup_check",
            "cron(0 5 * * ? *)",
            FunctionProperties(
                code=FUNCTION,
                handler="app.check",
                environment={"BACKUPS_BUCKET_NAME": self.bucket.bucket_name, "TABLE_ARN": self.table.table_arn},
                initial_policy=[
                    _statement("s3:GetObject", self._notes),
                    # With it, an object that is not there is not found, instead of denied.
                    _statement("s3:ListBucket", self.bucket.bucket_arn),
                    # Knows no resources. Source: Service Authorization Reference, "Amazon DynamoDB"
                    _statement("dynamodb:ListExports", "*"),
                ],
            ),
        )
        acknowledge_grant(self.check.handler, self._notes, "Every night has a note of its own.")
        acknowledge_grant(self.check.handler, "*", "dynamodb:ListExports knows no resources.")

    @property
    def _notes(self) -> str:
        """Which of the exports is a night's."""
        return self.bucket.arn_for_objects("*/export.json")

    def _every_night(self, id: str, schedule: str, function: FunctionProperties) -> EventProcessing:
        return EventProcessing(
            self,
            id,
            source=ScheduleSource(schedule=schedule, input=EVENT),
            function=function,
            on_failure=self.failed,
        )


def _statement(action: str, resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=[action], resources=[resource])
