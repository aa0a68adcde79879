"""A bucket whose objects are events, through EventBridge or a notification of the bucket's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications

from lambdakit.constructs.acknowledgements import acknowledge, acknowledge_wildcard, is_checked
from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.encrypted_bucket import make_bucket
from lambdakit.constructs.event_sources.matching_rule import attempts_problems, make_rule
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.object_arns import acknowledge_objects, object_arns
from lambdakit.errors import Diagnostic
from lambdakit.limits import EVENT_AGE_SECONDS_MAX, EVENT_RETRIES_MAX

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

BUCKET_ID: Final = "Bucket"
# In the stack, one for all of its buckets. Source: aws-cdk-lib, aws-s3/lib/notifications-resource
NOTIFICATIONS_HANDLER_ID: Final = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834"

_BASIC_EXECUTION: Final = (
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]"
)
_NOTIFICATIONS_HANDLER: Final = (
    "The CDK's own function, which configures notifications of buckets while a stack is deployed; `via: event_bridge`, "
    "the default, does without it."
)

ObjectAccess: TypeAlias = Literal["read"]

# What EventBridge calls what S3's notifications call so: the detail-type, and what else of the detail tells.
# Source: S3 User Guide, "Using EventBridge", event types, and "EventBridge event message structure"
_EVENTS: Final[Mapping[str, tuple[tuple[str, Mapping[str, Sequence[str]]], ...]]] = {
    "object_created": (("Object Created", {}),),
    "object_created_put": (("Object Created", {"reason": ["PutObject"]}),),
    "object_created_post": (("Object Created", {"reason": ["POST Object"]}),),
    "object_created_copy": (("Object Created", {"reason": ["CopyObject"]}),),
    "object_created_complete_multipart_upload": (("Object Created", {"reason": ["CompleteMultipartUpload"]}),),
    "object_removed": (("Object Deleted", {}),),
    "object_removed_delete": (("Object Deleted", {"deletion-type": ["Permanently Deleted"]}),),
    "object_removed_delete_marker_created": (("Object Deleted", {"deletion-type": ["Delete Marker Created"]}),),
    "object_restore_post": (("Object Restore Initiated", {}),),
    "object_restore_completed": (("Object Restore Completed", {}),),
    "object_restore_delete": (("Object Restore Expired", {}),),
    "object_tagging": (("Object Tags Added", {}), ("Object Tags Deleted", {})),
    "object_tagging_put": (("Object Tags Added", {}),),
    "object_tagging_delete": (("Object Tags Deleted", {}),),
    "object_acl_put": (("Object ACL Updated", {}),),
    "lifecycle_transition": (("Object Storage Class Changed", {}),),
    "intelligent_tiering": (("Object Access Tier Changed", {}),),
}
OBJECT_EVENTS: Final = tuple(_EVENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Source:
    """Objects of a bucket that are created, removed, restored, tagged or moved between storage classes.

    bucket: an existing one; when it is imported, its EventBridge notifications have to be on already. Absent, a new
        one: private, encrypted, TLS only, versioned.
    events: of `OBJECT_EVENTS`, or the CDK's `EventType`; absent, every creation.
    prefix, suffix: how the keys begin and end; absent, anyhow.
    via: `event_bridge` gives EventBridge's event, retries for a day and a dead-letter queue; `notification` gives the
        event as `Records`, and lets the CDK add the function that configures the bucket.
    object_access: what the function may do with the objects that match; None, nothing.
    removal_policy: what happens to a new bucket when it leaves the stack; absent, it is retained.
    retry_attempts: 0 to 185, how often the rule tries again. max_event_age: a `Duration` or seconds, 60 to 86400, how
        long. Both go with `event_bridge` only.
    """

    bucket: s3.IBucket | None = None
    events: Sequence[str | s3.EventType] = ("object_created",)
    prefix: str | None = None
    suffix: str | None = None
    via: Literal["event_bridge", "notification"] = "event_bridge"
    object_access: ObjectAccess | None = "read"
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
    retry_attempts: int = EVENT_RETRIES_MAX
    max_event_age: Duration | int = EVENT_AGE_SECONDS_MAX


def s3_problems(pointer: str, source: S3Source) -> Iterator[Diagnostic]:
    """What S3 or EventBridge would refuse of `source`."""
    if not source.events:
        yield Diagnostic(
            pointer=f"{pointer}.events",
            problem="there is no event, so nothing would start the function",
            code="LK441",
            hint="events: object_created",
        )
    for event in map(word, source.events):
        if event not in _EVENTS:
            yield Diagnostic(
                pointer=f"{pointer}.events",
                problem=f"{event!r} is no event of an object: {', '.join(OBJECT_EVENTS)}",
                code="LK441",
                hint="events: object_created",
            )
    yield from attempts_problems(pointer, source.retry_attempts, source.max_event_age)


def wire_s3(wiring: Wiring, source: S3Source) -> EventSource:
    """The bucket and its rule, or its notification."""
    bucket = source.bucket
    if bucket is None:
        bucket = make_bucket(wiring.scope, BUCKET_ID, removal_policy=source.removal_policy)
    if source.via == "notification":
        _notify(bucket, source, wiring.handler)
        return EventSource(bucket=bucket)
    _send_to_event_bridge(bucket)
    rule = make_rule(
        wiring,
        object_pattern(bucket.bucket_name, source),
        retry_attempts=source.retry_attempts,
        max_event_age=source.max_event_age,
    )
    return EventSource(bucket=bucket, rule=rule)


def grant_s3_source(source: S3Source, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Allows the function to read the objects that its events are about."""
    bucket = wired.bucket
    if source.object_access is None or bucket is None:
        return
    resource = object_arns(bucket, prefix=source.prefix, suffix=source.suffix)
    handler.add_to_role_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[resource]))
    acknowledge_objects(handler, resource)
    if (key := bucket.encryption_key) is not None:
        key.grant_decrypt(handler)


def object_pattern(bucket_name: str, source: S3Source) -> dict[str, Any]:
    """The event pattern of the source's objects.

    Each detail-type that some more of the detail tells apart becomes an alternative.
    Source: EventBridge User Guide, "Comparison operators for use in event patterns".
    """
    chosen = [alternative for event in source.events for alternative in _EVENTS[word(event)]]
    detail: dict[str, Any] = {"bucket": {"name": [bucket_name]}}
    if (matcher := _key_matcher(source.prefix, source.suffix)) is not None:
        detail["object"] = {"key": [matcher]}
    if not any(more for _, more in chosen):
        return {"source": ["aws.s3"], "detail-type": list(dict.fromkeys(name for name, _ in chosen)), "detail": detail}
    alternatives = [{"detail-type": [name], "detail": {**detail, **more}} for name, more in chosen]
    if len(alternatives) == 1:
        return {"source": ["aws.s3"], **alternatives[0]}
    return {"source": ["aws.s3"], "$or": alternatives}


def _key_matcher(prefix: str | None, suffix: str | None) -> dict[str, str] | None:
    if prefix and suffix:
        return {"wildcard": f"{_literally(prefix)}*{_literally(suffix)}"}
    if prefix:
        return {"prefix": prefix}
    return {"suffix": suffix} if suffix else None


def _literally(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")


def _send_to_event_bridge(bucket: s3.IBucket) -> None:
    template = bucket.node.default_child
    # An imported bucket has none, and is not ours to change.
    if isinstance(template, s3.CfnBucket):
        # Not the CDK's `event_bridge_enabled`: it configures the bucket by a function that it adds.
        template.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)


def _notify(bucket: s3.IBucket, source: S3Source, handler: lambda_.IFunction) -> None:
    filters = [s3.NotificationKeyFilter(prefix=source.prefix, suffix=source.suffix)]
    destination = notifications.LambdaDestination(handler)
    for event in source.events:
        # Filters are only said where there are any: the CDK takes an empty one for a mistake.
        bucket.add_event_notification(
            s3.EventType[word(event).upper()], destination, *(filters if source.prefix or source.suffix else ())
        )
    if is_checked() and (made := Stack.of(bucket).node.try_find_child(NOTIFICATIONS_HANDLER_ID)) is not None:
        acknowledge(made, {_BASIC_EXECUTION: _NOTIFICATIONS_HANDLER})
        acknowledge_wildcard(made, "*", _NOTIFICATIONS_HANDLER)
