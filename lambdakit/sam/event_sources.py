"""An event of a SAM function as the source of a pattern.

Source: AWS SAM Developer Guide, "EventSource" (SQS, SNS, S3, Schedule, ScheduleV2, EventBridgeRule,
CloudWatchLogs, IoTRule).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.records import dataclass
from lambdakit.sam.function_settings import Settings
from lambdakit.sam.properties import Properties
from lambdakit.sam.shared_resources import queue_settings

# Source: Amazon S3 User Guide, "Supported event types for SQS, SNS, and Lambda".
_OBJECT_EVENTS: Final = {
    "s3:ObjectCreated:*": "object_created",
    "s3:ObjectCreated:Put": "object_created_put",
    "s3:ObjectCreated:Post": "object_created_post",
    "s3:ObjectCreated:Copy": "object_created_copy",
    "s3:ObjectCreated:CompleteMultipartUpload": "object_created_complete_multipart_upload",
    "s3:ObjectRemoved:*": "object_removed",
    "s3:ObjectRemoved:Delete": "object_removed_delete",
    "s3:ObjectRemoved:DeleteMarkerCreated": "object_removed_delete_marker_created",
    "s3:ObjectRestore:Post": "object_restore_post",
    "s3:ObjectRestore:Completed": "object_restore_completed",
    "s3:ObjectTagging:*": "object_tagging",
    "s3:ObjectTagging:Put": "object_tagging_put",
    "s3:ObjectTagging:Delete": "object_tagging_delete",
    "s3:ObjectAcl:Put": "object_acl_put",
}
_PATTERN_KEYS: Final = {
    "source": "source",
    "detail-type": "detail_type",
    "detail": "detail",
    "account": "account",
    "region": "region",
    "resources": "resources",
}
_BATCH_SIZE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A resource of the template that an event names.

    name: of one of the document's `resources`; empty for what is the pattern's own. properties: of the resource.
    """

    logical_id: str
    properties: Properties
    name: str = ""


Owner = Callable[[object, str], Owned | None]
"""The resource of a type that a value names; None when it names none."""


def event_source(kind: str, event: Properties, owner: Owner) -> Settings | None:
    """The source; None with a gap when a document has none like it."""
    reader = _READERS.get(kind)
    if reader is None:
        event.gaps.add(event.pointer, f"an event of the type {kind} is not carried over")
        return None
    source = reader(event, owner)
    event.finish()
    return source


def _sqs(event: Properties, owner: Owner) -> Settings | None:
    source: Settings = {"kind": "sqs"}
    queue = owner(event.raw("Queue"), "AWS::SQS::Queue")
    if queue is not None:
        source |= {"queue": queue.name} if queue.name else queue_settings(queue.properties)
    elif not existing(event, "Queue", "queue_arn", source):
        return None
    source["batch_size"] = event.number("BatchSize") or _BATCH_SIZE
    if window := event.number("MaximumBatchingWindowInSeconds"):
        source["max_batching_window"] = f"{window}s"
    concurrency = event.below("ScalingConfig").number("MaximumConcurrency")
    if concurrency is not None:
        source["max_concurrency"] = concurrency
    # A document's default is to ask which messages failed; SAM's is not to.
    source["report_batch_item_failures"] = "ReportBatchItemFailures" in (event.texts("FunctionResponseTypes") or ())
    if found := filters(event):
        source["filters"] = found
    if event.truth("Enabled") is False:
        source["enabled"] = False
    return source


def filters(event: Properties) -> list[object]:
    """The patterns of an event, one of which what it brings has to match."""
    found: list[object] = []
    criteria = event.below("FilterCriteria").value("Filters")
    for item in criteria if isinstance(criteria, list) else ():
        pattern = item.get("Pattern") if isinstance(item, Mapping) else None
        parsed = _json(pattern)
        if isinstance(parsed, dict):
            found.append(parsed)
        else:
            event.gap("FilterCriteria", "a pattern of it is no JSON object")
    return found


def _sns(event: Properties, owner: Owner) -> Settings | None:
    source: Settings = {"kind": "sns"}
    topic = owner(event.raw("Topic"), "AWS::SNS::Topic")
    if topic is not None:
        source |= {"topic": topic.name} if topic.name else {}
    elif not existing(event, "Topic", "topic_arn", source):
        return None
    if (policy := event.value("FilterPolicy")) is not None:
        source["filter_policy"] = policy
    if event.text("FilterPolicyScope") == "MessageBody":
        source["filter_policy_scope"] = "message_body"
    return source


def _s3(event: Properties, owner: Owner) -> Settings | None:
    bucket = owner(event.raw("Bucket"), "AWS::S3::Bucket")
    if bucket is None:
        event.gap("Bucket", "it is no bucket of the template")
        return None
    # The shape of the event stays what the function knows: Records.
    source: Settings = {"kind": "s3", **({"bucket": bucket.name} if bucket.name else {}), "via": "notification"}
    names = event.texts("Events") or []
    known = [_OBJECT_EVENTS[name] for name in names if name in _OBJECT_EVENTS]
    for name in names:
        if name not in _OBJECT_EVENTS:
            event.gap("Events", f"{name} is not carried over")
    if not known:
        return None
    source["events"] = known
    rules = event.below("Filter").below("S3Key").value("Rules")
    for rule in rules if isinstance(rules, list) else ():
        name = str(rule.get("Name")).lower() if isinstance(rule, Mapping) else ""
        if name in ("prefix", "suffix"):
            source[name] = str(rule.get("Value"))
    return source


def _schedule(event: Properties, owner: Owner) -> Settings | None:
    del owner
    expression = event.text("Schedule") or event.text("ScheduleExpression")
    if expression is None:
        return None
    source: Settings = {"kind": "schedule", "schedule": expression}
    if (zone := event.text("ScheduleExpressionTimezone")) is not None:
        source["timezone"] = zone
    if (given := _json(event.value("Input"))) is not None:
        source["input"] = given
    window = event.below("FlexibleTimeWindow")
    if window.text("Mode") == "FLEXIBLE" and (minutes := window.number("MaximumWindowInMinutes")):
        source["flexible_time_window"] = f"{minutes}m"
    if event.truth("Enabled") is False or event.text("State") == "DISABLED":
        source["enabled"] = False
    return source | _attempts(event)


def _event_rule(event: Properties, owner: Owner) -> Settings | None:
    del owner
    pattern = event.value("Pattern")
    if not isinstance(pattern, Mapping):
        return None
    unknown = [name for name in pattern if name not in _PATTERN_KEYS]
    if unknown:
        # A pattern without a part of it would match more than it did.
        event.gap("Pattern", f"{', '.join(map(str, unknown))} cannot be said in a document's pattern")
        return None
    source: Settings = {
        "kind": "event_rule",
        "event_pattern": {_PATTERN_KEYS[name]: value for name, value in pattern.items()},
    }
    if "EventBusName" in event:
        bus = event.text("EventBusName")
        if bus is None:
            return None
        source["event_bus_name"] = bus
    if event.truth("Enabled") is False or event.text("State") == "DISABLED":
        source["enabled"] = False
    return source | _attempts(event)


def _attempts(event: Properties) -> Settings:
    settings: Settings = {}
    policy = event.below("RetryPolicy")
    if (retries := policy.number("MaximumRetryAttempts")) is not None:
        settings["retry_attempts"] = retries
    if (age := policy.number("MaximumEventAgeInSeconds")) is not None:
        settings["max_event_age"] = f"{age}s"
    return settings


def existing(event: Properties, name: str, key: str, source: Settings) -> bool:
    """Whether an event names something outside by its ARN, which then stands in the source."""
    arn = event.text(name)
    if arn is None or not arn.startswith("arn:"):
        event.gap(name, "it is neither a resource of the template nor an ARN")
        return False
    source[key] = arn
    return True


def _logs(event: Properties, owner: Owner) -> Settings | None:
    del owner
    name = event.text("LogGroupName")
    if name is None:
        return None
    source: Settings = {"kind": "logs", "log_group_name": name}
    if pattern := event.text("FilterPattern"):
        source["filter_pattern"] = pattern
    return source


def _iot_rule(event: Properties, owner: Owner) -> Settings | None:
    del owner
    statement = event.text("Sql")
    if statement is None:
        return None
    source: Settings = {"kind": "iot_rule", "sql": statement}
    if (version := event.text("AwsIotSqlVersion")) is not None:
        source["aws_iot_sql_version"] = version
    if event.truth("Enabled") is False:
        source["enabled"] = False
    return source


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


_READERS: Final[Mapping[str, Callable[[Properties, Owner], Settings | None]]] = {
    "SQS": _sqs,
    "SNS": _sns,
    "S3": _s3,
    "Schedule": _schedule,
    "ScheduleV2": _schedule,
    "EventBridgeRule": _event_rule,
    "CloudWatchEvent": _event_rule,
    "CloudWatchLogs": _logs,
    "IoTRule": _iot_rule,
}
