"""What a delivery stream writes into its log stream when something cannot be delivered.

Source: Amazon Data Firehose Developer Guide, "Monitor Amazon Data Firehose Using CloudWatch Logs" (data delivery
errors) and "Grant Firehose access to an Amazon S3 destination": with the delivery stream's own role.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.clock import milliseconds
from lambdakit.harness.delivery.firehose_settings import ErrorLog
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

    def write(self, stream: DeliveryStreamState, log: ErrorLog, *, code: str, message: str) -> None:
        """Writes that something is not delivered; nothing where logging is off or refused, or the log is gone."""
        if not log.group or not log.stream:
            return
        group = f"arn:{partition_of(stream.region)}:logs:{stream.region}:{stream.account_id}:log-group:{log.group}"
        target = f"{group}:log-stream:{log.stream}"
        role = log.role_arn
        if role and self._permissions.role_refusal(role, stream.name, "logs:PutLogEvents", target) is not None:
            return
        event = {
            "deliveryStreamARN": stream.arn,
            "destination": log.destination,
            "deliveryStreamVersionId": int(stream.version),
            "message": message,
            "errorCode": code,
        }
        logs = self._clients("logs", stream.region, stream.account_id)
        try:
            logs.put_log_events(
                logGroupName=log.group,
                logStreamName=log.stream,
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
