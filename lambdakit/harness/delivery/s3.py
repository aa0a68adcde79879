"""Buckets: what happens to an object goes to functions, queues and topics, and to EventBridge where the bucket says so.

Source: Amazon S3 User Guide, "Amazon S3 Event Notifications" and its subpages; AWS Lambda Developer Guide, "Process
Amazon S3 event notifications with Lambda".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from lambdakit.harness.delivery.deliveries import Deliveries, Treatment
from lambdakit.harness.delivery.delivery import Delivery
from lambdakit.harness.delivery.s3_destinations import SERVICE, S3Destinations
from lambdakit.harness.delivery.s3_records import (
    Occurrence,
    customer_id,
    detail,
    detail_type,
    probe,
    record,
)
from lambdakit.harness.moto_state.bucket_notifications import (
    BucketNotifications,
    BucketPlace,
    ConfigurationRefused,
    NotificationRule,
)
from lambdakit.harness.moto_state.buckets import Buckets, ObjectChange

_SUBJECT: Final = "Amazon S3 Notification"
_RETRIES: Final = 3
_AGAIN: Final = Treatment(retries=_RETRIES)


class AwsEvents(Protocol):
    """Takes an event of an AWS service for an account's default bus."""

    def __call__(
        self,
        *,
        account_id: str,
        region: str,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any],
        resources: Sequence[str],
        time: datetime,
    ) -> None:
        """Puts the event on the bus."""


# Who signs with an access key: their unique id, such as `AROA…:session`; empty for nobody known.
UserIds = Callable[[str], str]


class S3Deliveries:
    """Sends what buckets tell. put_aws_event: absence drops what is meant for EventBridge."""

    def __init__(
        self,
        deliveries: Deliveries,
        destinations: S3Destinations,
        *,
        now: Callable[[], datetime],
        user_id: UserIds,
        put_aws_event: AwsEvents | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._destinations = destinations
        self._now = now
        self._user_id = user_id
        self._put_aws_event = put_aws_event
        self._lock = threading.Lock()
        self._last = 0
        self._watch: Callable[[ObjectChange], None] = lambda change: None
        self._buckets = Buckets(self.changed)
        BucketNotifications(self._check, self._configured)

    def watch(self, watch: Callable[[ObjectChange], None]) -> None:
        """From now on `watch` is told, too, of whatever is done to an object."""
        self._watch = watch

    def changed(self, change: ObjectChange) -> None:
        """Takes something that was done to an object."""
        self._watch(change)
        meant = [rule for rule in change.rules if rule.means(change.event, change.key)]
        if not meant and not change.tells_event_bridge:
            return
        occurrence = self._occurrence(change)
        for rule in meant:
            payload = json.dumps({"Records": [record(occurrence, rule.id)]}).encode()
            self._send(change.bucket, rule, payload, f"S3 {change.event}", trace_id=change.request.trace_id)
        kind = detail_type(change.event)
        if change.tells_event_bridge and kind and self._put_aws_event is not None:
            self._put_aws_event(
                account_id=change.bucket.account_id,
                region=change.bucket.region,
                source="aws.s3",
                detail_type=kind,
                detail=detail(occurrence),
                resources=[change.bucket.arn],
                time=occurrence.at,
            )

    def _occurrence(self, change: ObjectChange) -> Occurrence:
        at = self._now()
        with self._lock:
            self._last = max(self._last + 1, int(at.timestamp() * 1_000_000_000))
            sequencer = f"00{self._last:016X}"
        user_id = self._user_id(change.request.access_key_id)
        owner = change.bucket.account_id
        return Occurrence(
            change=change,
            at=at,
            sequencer=sequencer,
            principal_id=f"AWS:{user_id}" if user_id else customer_id(owner),
            requester=owner,
        )

    def _check(self, bucket: BucketPlace, rules: Sequence[NotificationRule]) -> ConfigurationRefused | None:
        return self._destinations.check(bucket, rules, skips_validation=self._buckets.request.skips_validation)

    def _configured(self, bucket: BucketPlace, rules: Sequence[NotificationRule]) -> None:
        """Sends the test message: once to each queue and topic, and to no function."""
        message = json.dumps(probe(bucket, self._buckets.request, self._now())).encode()
        for rule in {rule.target: rule for rule in rules if rule.kind != "CloudFunction"}.values():
            self._send(bucket, rule, message, "S3 test event")

    def _send(
        self, bucket: BucketPlace, rule: NotificationRule, payload: bytes, what: str, *, trace_id: str = ""
    ) -> None:
        self._deliveries.send(
            Delivery(
                source=bucket.arn,
                account_id=bucket.account_id,
                service=SERVICE,
                target=rule.target,
                payload=payload,
                what=what,
                parameters={"Subject": _SUBJECT} if rule.kind == "Topic" else {},
                trace_id=trace_id,
            ),
            _AGAIN,
        )
