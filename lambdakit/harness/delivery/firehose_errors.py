"""What a delivery stream writes into its log stream when an object cannot be delivered.

Source: Amazon Data Firehose Developer Guide, "Monitor Amazon Data Firehose Using CloudWatch Logs" (Amazon S3 data
delivery errors) and "Grant Firehose access to an Amazon S3 destination": with the delivery stream's own role.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from botocore.exceptions import ClientError

from lambdakit.clock import milliseconds
from lambdakit.harness.delivery.firehose_settings import BucketSettings
from lambdakit.harness.delivery.targets import Clients, Permissions
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState

ACCESS_DENIED: Final = "S3.AccessDenied"
_CODES: Final[Mapping[str, str]] = {
    "NoSuchBucket": "S3.NoSuchBucket",
    "AccessDenied": ACCESS_DENIED,
    "KMS.NotFoundException": "S3.KMS.NotFoundException",
    "KMS.AccessDeniedException": "S3.KMS.AccessDenied",
}


class DeliveryErrors:
    """Writes errors down. now: the time of what is written."""

    def __init__(self, *, clients: Clients, permissions: Permissions, now: Callable[[], datetime]) -> None:
        self._clients = clients
        self._permissions = permissions
        self._now = now

    def write(self, stream: DeliveryStreamState, bucket: BucketSettings, *, code: str, message: str) -> None:
        """Writes that an object is not in its bucket; nothing where logging is off or refused, or the log is gone."""
        if not bucket.log_group or not bucket.log_stream:
            return
        group = f"arn:aws:logs:{stream.region}:{stream.account_id}:log-group:{bucket.log_group}"
        target = f"{group}:log-stream:{bucket.log_stream}"
        role = bucket.role_arn
        if role and self._permissions.role_refusal(role, stream.name, "logs:PutLogEvents", target) is not None:
            return
        event = {
            "deliveryStreamARN": stream.arn,
            "destination": bucket.bucket_arn,
            "deliveryStreamVersionId": int(stream.version),
            "message": message,
            "errorCode": code,
        }
        logs = self._clients("logs", stream.region, stream.account_id)
        try:
            logs.put_log_events(
                logGroupName=bucket.log_group,
                logStreamName=bucket.log_stream,
                logEvents=[{"timestamp": milliseconds(self._now()), "message": json.dumps(event)}],
            )
        except ClientError as error:
            # Whoever took the log away hears of the delivery by its metrics only.
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise


def error_code(error: Exception) -> str:
    """How Firehose calls what S3 said."""
    said = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return _CODES.get(said, "S3.InternalError")
