"""A table is exported to a bucket every night, and in the morning somebody looks whether the export is there.

Both events are `{"scheduled_at": "2026-03-01T03:00:00Z"}`, the time that the schedule meant: an attempt that comes
later is still about the same night. The table's ARN comes in TABLE_ARN, the bucket in BACKUPS_BUCKET_NAME.

DynamoDB writes the export itself, from its continuous backups, without using the table's capacity: the function is done
before the export is, however large the table.
"""

import json
import os

import boto3

TABLE_ARN = os.environ["TABLE_ARN"]
BACKUPS_BUCKET_NAME = os.environ["BACKUPS_BUCKET_NAME"]

# Made once per execution environment, so that warm invocations reuse their connections.
dynamodb = boto3.client("dynamodb")
s3 = boto3.client("s3")


class BackupMissing(Exception):
    """A night has no complete export; the text says how far it came."""


def start(event, context):
    """Starts the night's export, and notes which one it is."""
    night = event["scheduled_at"][:10]
    export = dynamodb.export_table_to_point_in_time(
        TableArn=TABLE_ARN,
        S3Bucket=BACKUPS_BUCKET_NAME,
        S3Prefix=night,
        ExportFormat="DYNAMODB_JSON",
        # An attempt that follows another gets the export that is under way already.
        ClientToken=f"{TABLE_ARN.rpartition('/')[2][:50]}-{night}",
    )["ExportDescription"]
    note = {"export": export["ExportArn"], "table": TABLE_ARN, "scheduled_at": event["scheduled_at"]}
    s3.put_object(
        Bucket=BACKUPS_BUCKET_NAME, Key=_note_key(night), Body=json.dumps(note), ContentType="application/json"
    )
    return note


def check(event, context):
    """Raises BackupMissing unless the night's export is complete."""
    night = event["scheduled_at"][:10]
    try:
        note = json.loads(s3.get_object(Bucket=BACKUPS_BUCKET_NAME, Key=_note_key(night))["Body"].read())
    except s3.exceptions.NoSuchKey:
        raise BackupMissing(f"no export was started on {night}") from None
    status = _status(note["export"])
    if status != "COMPLETED":
        raise BackupMissing(f"the export of {night} is {status}: {note['export']}")
    return note


def _status(export):
    # DescribeExport would raise for one that DynamoDB has forgotten; here it is just not among the others.
    page = {"TableArn": TABLE_ARN}
    while True:
        found = dynamodb.list_exports(**page)
        for summary in found["ExportSummaries"]:
            if summary["ExportArn"] == export:
                return summary["ExportStatus"]
        if "NextToken" not in found:
            return "UNKNOWN"
        page["NextToken"] = found["NextToken"]


def _note_key(night):
    return f"{night}/export.json"
