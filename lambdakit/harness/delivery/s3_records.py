"""What S3 tells of an object: the notification's record, EventBridge's event, and the test message.

Source: Amazon S3 User Guide, "Event message structure", "EventBridge event message structure" and "Using EventBridge".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.moto_state.bucket_notifications import BucketPlace
from lambdakit.harness.moto_state.buckets import ObjectChange, S3Request
from lambdakit.records import dataclass

# "Starting with version 2.4, Amazon S3 uses a single unified version for all event types."
_EVENT_VERSION: Final = "2.6"
_BASE_36: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CUSTOMER_ID_LENGTH: Final = 13
_ORDERED: Final = ("ObjectCreated", "ObjectRemoved")

_REASONS: Final[Mapping[str, str]] = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
_DELETION_TYPES: Final[Mapping[str, str]] = {
    "ObjectRemoved:Delete": "Permanently Deleted",
    "ObjectRemoved:DeleteMarkerCreated": "Delete Marker Created",
}
_DETAIL_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys((name for name in _REASONS if name.startswith("ObjectCreated")), "Object Created"),
    **dict.fromkeys(_DELETION_TYPES, "Object Deleted"),
    "ObjectAcl:Put": "Object ACL Updated",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A change, when it was, as which one, and who did it.

    sequencer: hexadecimal, greater for what came later. principal_id: as `userIdentity` has it.
    requester: an account's id.
    """

    change: ObjectChange
    at: datetime
    sequencer: str
    principal_id: str
    requester: str


def record(occurrence: Occurrence, configuration_id: str) -> dict[str, Any]:
    """The one record of a notification."""
    change = occurrence.change
    described: dict[str, Any] = {"key": encoded_key(change.key)}
    if change.size is not None:
        described["size"] = change.size
    if change.etag:
        described["eTag"] = change.etag
    if change.version_id:
        described["versionId"] = change.version_id
    # "Notifications from events that create objects and delete objects contain a sequencer."
    if change.event.partition(":")[0] in _ORDERED:
        described["sequencer"] = occurrence.sequencer
    result: dict[str, Any] = {
        "eventVersion": _EVENT_VERSION,
        "eventSource": "aws:s3",
        "awsRegion": change.bucket.region,
        "eventTime": iso_milliseconds(occurrence.at),
        "eventName": change.event,
        "userIdentity": {"principalId": occurrence.principal_id},
        "requestParameters": {"sourceIPAddress": change.request.source_ip},
        "responseElements": {
            "x-amz-request-id": change.request.request_id,
            "x-amz-id-2": change.request.host_id,
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": change.bucket.name,
                "ownerIdentity": {"principalId": customer_id(change.bucket.account_id)},
                "arn": change.bucket.arn,
            },
            "object": described,
        },
    }
    if change.event == "ObjectRestore:Completed" and change.restored_until is not None:
        result["glacierEventData"] = {
            "restoreEventData": {
                "lifecycleRestorationExpiryTime": iso_milliseconds(change.restored_until),
                "lifecycleRestoreStorageClass": change.storage_class,
            }
        }
    return result


def detail_type(event: str) -> str:
    """What EventBridge calls an event; empty for one that it is not told of."""
    return _DETAIL_TYPES.get(event, "")


def detail(occurrence: Occurrence) -> dict[str, Any]:
    """The detail of EventBridge's event."""
    change = occurrence.change
    described: dict[str, Any] = {"key": change.key}
    if change.size is not None:
        described["size"] = change.size
    if change.etag:
        described["etag"] = change.etag
    if change.version_id:
        described["version-id"] = change.version_id
    if change.event.partition(":")[0] in _ORDERED:
        described["sequencer"] = occurrence.sequencer
    result: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": change.bucket.name},
        "object": described,
        "request-id": change.request.request_id,
        "requester": occurrence.requester,
        "source-ip-address": change.request.source_ip,
    }
    if change.event in _REASONS:
        result["reason"] = _REASONS[change.event]
    if change.event in _DELETION_TYPES:
        result["deletion-type"] = _DELETION_TYPES[change.event]
    if change.event.startswith("ObjectRestore:"):
        result["source-storage-class"] = change.storage_class
    if change.event == "ObjectRestore:Completed" and change.restored_until is not None:
        result["restore-expiry-time"] = change.restored_until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return result


def probe(bucket: BucketPlace, request: S3Request, at: datetime) -> dict[str, str]:
    """What queues and topics get when a configuration is put."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": iso_milliseconds(at),
        "Bucket": bucket.name,
        "RequestId": request.request_id,
        "HostId": request.host_id,
    }


def encoded_key(key: str) -> str:
    """A key as records have it: "red flower.jpg" becomes "red+flower.jpg". Slashes stay."""
    return quote_plus(key, safe="/*")


def customer_id(account_id: str) -> str:
    """The id by which Amazon knows who owns an account: `A` and 13 letters or digits, the same each time."""
    number = int.from_bytes(hashlib.sha256(account_id.encode()).digest()[:16], "big")
    letters = []
    for _ in range(_CUSTOMER_ID_LENGTH):
        number, digit = divmod(number, len(_BASE_36))
        letters.append(_BASE_36[digit])
    return "A" + "".join(letters)
