"""Backups: a schedule exports a table to a bucket every night, and another looks whether that was done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from lambdakit import EventProcessing
from lambdakit.constructs.acknowledgements import acknowledge_grant
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.failure_destinations import FailureQueue
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.output_names import stack_output
from lambdakit.constructs.table import TableProperties, make_table
from lambdakit.constructs.targets.s3 import S3Target

if TYPE_CHECKING:
    from constructs import Construct

FUNCTION: Final = Path(__file__).parent / "scheduled_backup" / "functions" / "backup"
# What Scheduler puts in. Source: EventBridge Scheduler User Guide, "Adding context attributes"
EVENT: Final = {"scheduled_at": "<aws.scheduler.scheduled-time>"}
KEPT_DAYS: Final = 35


class ScheduledBackupStack(Stack):
    """EventBridge Scheduler -> Lambda -> DynamoDB -> S3."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        # DynamoDB exports what its continuous backups hold: the table has point-in-time recovery, as all of ours.
        self.table = make_table(self, "Table", TableProperties(partition_key="id"))
        self.backup = EventProcessing(
            self,
            "backup",
            source=ScheduleSource(schedule="cron(0 3 * * ? *)", input=EVENT),
            function=self._function("app.start"),
            targets={"backups": S3Target()},
            on_failure=FailureQueue(),
        )
        bucket = self.backup.targets["backups"].bucket
        failures = self.backup.failure
        assert isinstance(bucket, s3.Bucket)
        assert failures is not None
        assert failures.queue is not None
        bucket.add_lifecycle_rule(
            expiration=Duration.days(KEPT_DAYS), noncurrent_version_expiration=Duration.days(KEPT_DAYS)
        )
        handler = self.backup.handler
        # Source: DynamoDB Developer Guide, "Requesting a table export in DynamoDB", setting up permissions. DynamoDB
        # writes with the rights of who asks; the target's own grant has the other actions.
        for actions, resource in (
            (["dynamodb:ExportTableToPointInTime"], self.table.table_arn),
            (["s3:PutObjectAcl"], bucket.arn_for_objects("*")),
        ):
            handler.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        self.check = EventProcessing(
            self,
            "backup_check",
            source=ScheduleSource(schedule="cron(0 5 * * ? *)", input=EVENT),
            function=self._function("app.check", BACKUPS_BUCKET_NAME=bucket.bucket_name),
            on_failure=failures.queue,
        )
        notes = bucket.arn_for_objects("*/export.json")
        for actions, resource in (
            (["s3:GetObject"], notes),
            # With it, an object that is not there is not found, instead of denied.
            (["s3:ListBucket"], bucket.bucket_arn),
            # Knows no resources. Source: Service Authorization Reference, "Amazon DynamoDB"
            (["dynamodb:ListExports"], "*"),
        ):
            self.check.handler.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
        acknowledge_grant(self.check.handler, notes, "Every night has a note of its own.")
        acknowledge_grant(self.check.handler, "*", "dynamodb:ListExports knows no resources.")
        stack_output(self.backup, "TableName", value=self.table.table_name, description="The table that is backed up")

    def _function(self, handler: str, **environment: Any) -> FunctionProperties:
        return FunctionProperties(
            code=FUNCTION, handler=handler, environment={"TABLE_ARN": self.table.table_arn, **environment}
        )
