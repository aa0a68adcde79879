"""Log groups: lines that a subscription's pattern means go to its function, stream, delivery stream or destination.

A function that is subscribed to the group it writes to itself is called by its own lines for ever, here as on AWS
("Log recursion prevention"): Lambda does not take notice of such loops. Nothing waits for them but `drain`, which gives
up in time and says so.

Source: Amazon CloudWatch Logs User Guide, "Log group-level subscription filters", "Account-level subscription filters",
"Log recursion prevention"; AWS Lambda Developer Guide, "Process CloudWatch logs with Lambda".
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.arn import Arn
from lambdakit.harness.delivery.deliveries import DROPPED, Deliveries, Treatment
from lambdakit.harness.delivery.delivery import Delivery
from lambdakit.harness.delivery.log_metrics import LogMetrics
from lambdakit.harness.delivery.log_pattern import compile_log_pattern
from lambdakit.harness.delivery.targets import Clients, Permissions
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.moto_state.log_groups import (
    LogDestination,
    LoggedBatch,
    LoggedEvent,
    LogGroups,
    LogPatterns,
    Subscription,
)
from lambdakit.limits import ASYNC_REQUEST_BYTES_MAX
from lambdakit.trace import EventNotDelivered, TraceLog

SERVICE: Final = "logs.amazonaws.com"
_FUNCTION_FRAME_BYTES: Final = len(b'{"awslogs": {"data": ""}}')
# Amazon Kinesis Data Streams and Amazon Data Firehose: 1 MB, 1,000 KiB for a record.
_RECORD_BYTES_MAX: Final = 1_000 * 1024
_AGAIN: Final = Treatment(retries=8)
_NO_FUNCTION: Final = (
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
    "function."
)
_NO_STREAM: Final = (
    "Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state. "
)
_NO_DELIVERY_STREAM: Final = (
    "Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE "
    "state. "
)
_NO_DESTINATION: Final = "The specified destination does not exist."


class LogSubscriptions:
    """Sends lines on, and makes metrics of them."""

    def __init__(
        self,
        deliveries: Deliveries,
        metrics: LogMetrics,
        *,
        stores: FunctionStores,
        clients: Clients,
        permissions: Permissions,
        trace: TraceLog,
    ) -> None:
        self._deliveries = deliveries
        self._metrics = metrics
        self._stores = stores
        self._clients = clients
        self._permissions = permissions
        self._trace = trace
        self._groups = LogGroups(self.logged, log_patterns(), self._refusal)

    def logged(self, batch: LoggedBatch) -> None:
        """Takes lines that were put into a group."""
        if batch.metric_filters:
            self._metrics.logged(batch)
        for subscription in batch.subscriptions:
            self._send(batch, subscription)

    def _send(self, batch: LoggedBatch, subscription: Subscription) -> None:
        pattern = compile_log_pattern(subscription.pattern)
        meant = [event for event in batch.events if pattern.matches(event.message)]
        if not meant:
            return
        found = self._target(subscription)
        if found is None:
            self._trace.append(
                EventNotDelivered(
                    source=batch.group_arn,
                    target=subscription.destination_arn,
                    what="log events",
                    reason=_NO_DESTINATION,
                    attempts=0,
                    settled=DROPPED,
                )
            )
            return
        is_function = found.target_arn.split(":")[2:3] == ["lambda"]
        most = (ASYNC_REQUEST_BYTES_MAX - _FUNCTION_FRAME_BYTES) * 3 // 4 if is_function else _RECORD_BYTES_MAX
        lines = [(event, pattern.fields(event.message)) for event in meant]
        for content in _split(batch, subscription, lines, most):
            payload = content
            if is_function:
                payload = json.dumps({"awslogs": {"data": base64.b64encode(content).decode()}}).encode()
            by_role = bool(found.role_arn) and not is_function
            self._deliveries.send(
                Delivery(
                    source=batch.group_arn.removesuffix(":*") if by_role else batch.group_arn,
                    account_id=batch.account_id,
                    service=SERVICE,
                    role_arn=found.role_arn if by_role else "",
                    target=found.target_arn,
                    payload=payload,
                    what="log events",
                    # "By default, the distribution method is by log stream."
                    parameters={"PartitionKey": batch.stream} if ":kinesis:" in found.target_arn else {},
                ),
                _AGAIN,
            )

    def _target(self, subscription: Subscription) -> LogDestination | None:
        """What is sent to; None for a logical destination that is gone."""
        if ":destination:" in subscription.destination_arn:
            return self._groups.destination(subscription.destination_arn)
        return LogDestination(target_arn=subscription.destination_arn, role_arn=subscription.role_arn)

    def _refusal(self, group_arn: str, destination_arn: str, role_arn: str) -> str | None:
        try:
            target = Arn.parse(destination_arn)
        except ValueError:
            return f"Invalid destination ARN: {destination_arn}"
        checks: Mapping[str, Callable[[str, Arn, str], str | None]] = {
            "lambda": self._function_refusal,
            "kinesis": self._stream_refusal,
            "firehose": self._delivery_stream_refusal,
            "logs": self._destination_refusal,
        }
        check = checks.get(target.service)
        if check is None:
            return f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {target.service}"
        return check(group_arn, target, role_arn)

    def _function_refusal(self, group_arn: str, target: Arn, role_arn: str) -> str | None:
        del role_arn
        try:
            self._stores.resolve(str(target))
        except ServiceFault:
            return _NO_FUNCTION
        account = group_arn.split(":")[4]
        refused = self._permissions.service_refusal(
            SERVICE, "lambda:InvokeFunction", str(target), source_arn=group_arn, source_account=account
        )
        return None if refused is None else _NO_FUNCTION

    def _stream_refusal(self, group_arn: str, target: Arn, role_arn: str) -> str | None:
        del group_arn
        client = self._clients("kinesis", target.region, target.account)
        if not _answers(lambda: client.describe_stream_summary(StreamARN=str(target))):
            return _NO_STREAM
        return self._role_refusal(role_arn, "kinesis:PutRecord", target, _NO_STREAM)

    def _delivery_stream_refusal(self, group_arn: str, target: Arn, role_arn: str) -> str | None:
        del group_arn
        client = self._clients("firehose", target.region, target.account)
        name = target.resource.partition("/")[2]
        if not _answers(lambda: client.describe_delivery_stream(DeliveryStreamName=name)):
            return _NO_DELIVERY_STREAM
        return self._role_refusal(role_arn, "firehose:PutRecord", target, _NO_DELIVERY_STREAM)

    def _role_refusal(self, role_arn: str, action: str, target: Arn, message: str) -> str | None:
        if not role_arn:
            return message
        refused = self._permissions.role_refusal(role_arn, "CloudWatchLogs", action, str(target))
        return None if refused is None else message

    def _destination_refusal(self, group_arn: str, target: Arn, role_arn: str) -> str | None:
        del group_arn, role_arn
        return None if self._groups.destination(str(target)) is not None else _NO_DESTINATION


def log_patterns() -> LogPatterns:
    """The pattern language, as moto's side of it asks for it."""
    return LogPatterns(
        matches=lambda pattern, message: compile_log_pattern(pattern).matches(message),
        values=lambda pattern, message: compile_log_pattern(pattern).values(message),
        takes_dimensions=lambda pattern: pattern.strip()[:1] in ("{", "["),
    )


_Line = tuple[LoggedEvent, Mapping[str, str]]


def _split(batch: LoggedBatch, subscription: Subscription, lines: Sequence[_Line], bytes_max: int) -> Iterator[bytes]:
    """The lines as messages of at most `bytes_max` compressed bytes, as many in each as fit."""
    content = _message(batch, subscription, lines)
    if len(content) <= bytes_max or len(lines) == 1:
        yield content
        return
    middle = len(lines) // 2
    yield from _split(batch, subscription, lines[:middle], bytes_max)
    yield from _split(batch, subscription, lines[middle:], bytes_max)


def _message(batch: LoggedBatch, subscription: Subscription, lines: Sequence[_Line]) -> bytes:
    """What a subscriber gets: JSON, compressed.

    Source: Amazon CloudWatch Logs User Guide, "Log group-level subscription filters" (Example 2), "Account-level
    subscription filters" (policyLevel).
    """
    message: dict[str, Any] = {
        "messageType": "DATA_MESSAGE",
        "owner": batch.account_id,
        "logGroup": batch.group,
        "logStream": batch.stream,
        "subscriptionFilters": [subscription.name],
        "logEvents": [
            {
                "id": event.id,
                "timestamp": event.timestamp,
                "message": event.message,
                **({"extractedFields": dict(fields)} if fields else {}),
            }
            for event, fields in lines
        ],
    }
    if subscription.policy_level:
        message["policyLevel"] = subscription.policy_level
    return gzip.compress(json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode())


def _answers(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError:
        return False
    return True
