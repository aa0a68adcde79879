"""A resource of the template as one of a document's `resources`, and what has no word there as an override.

Source: CloudFormation Template Reference, the page of each type
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.policies import referred
from lambdakit.sam.properties import Properties
from lambdakit.sam.tables import SIMPLE_TABLE, TABLE, table_settings

# What a resource is called whose name a function has already.
KIND_WORDS: Final[Mapping[str, str]] = {
    "AWS::SQS::Queue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::S3::Bucket": "bucket",
    "AWS::Kinesis::Stream": "stream",
    SIMPLE_TABLE: "table",
    TABLE: "table",
}


def resource_settings(
    type_name: str, properties: Properties, name_of: Callable[[str], str | None]
) -> tuple[Settings, Settings] | None:
    """The resource, and the properties that are laid over it; None with a gap when its keys are not known.

    name_of: of the logical id of another one of the resources.
    """
    kind = KIND_WORDS[type_name]
    if kind == "table":
        table = table_settings(type_name, properties)
        if table is None:
            return None
        if (view := properties.below("StreamSpecification").text("StreamViewType")) is not None:
            table["stream"] = view.lower()
        return {"kind": kind, **table}, table_overrides(properties)
    found: Settings = {"kind": kind}
    if kind == "queue":
        found |= queue_settings(properties, name_of)
    elif kind == "stream":
        found |= stream_settings(properties)
    laid = properties.rest()
    if kind == "queue" and "KmsMasterKeyId" in laid:
        # The one excludes the other. Source: CloudFormation Template Reference, "AWS::SQS::Queue", SqsManagedSseEnabled
        laid["SqsManagedSseEnabled"] = {"Ref": "AWS::NoValue"}
    return found, laid


def queue_settings(queue: Properties, name_of: Callable[[str], str | None] | None = None) -> Settings:
    """A queue. name_of: as above; None where a pattern's own failure queue stands for the dead-letter queue."""
    settings: Settings = {}
    if queue.truth("FifoQueue"):
        settings["fifo"] = True
    if queue.truth("ContentBasedDeduplication"):
        settings["content_based_deduplication"] = True
    if (visibility := queue.number("VisibilityTimeout")) is not None:
        settings["visibility_timeout"] = f"{visibility}s"
    if (retention := queue.number("MessageRetentionPeriod")) is not None:
        settings["retention_period"] = f"{retention}s"
    redrive = queue.below("RedrivePolicy")
    if (receives := redrive.number("maxReceiveCount")) is not None:
        settings["max_receive_count"] = receives
    letters = redrive.raw("deadLetterTargetArn")
    if letters is not None and referred(letters) is None:
        redrive.gap("deadLetterTargetArn", "a new dead-letter queue stands for it")
    if name_of is not None:
        name = name_of(referred(letters) or "")
        if letters is None:
            # Without a redrive policy, a message is tried until it is too old.
            settings["dead_letter_queue"] = "none"
        elif name is not None:
            settings["dead_letter_queue"] = name
    # New queues are encrypted.
    queue.leave("SqsManagedSseEnabled")
    return settings


def stream_settings(stream: Properties) -> Settings:
    """A stream."""
    settings: Settings = {}
    if (shards := stream.number("ShardCount")) is not None:
        settings["shard_count"] = shards
    if (hours := stream.number("RetentionPeriodHours")) is not None:
        settings["retention_period"] = f"{hours}h"
    # A new stream is encrypted.
    stream.leave("StreamModeDetails")
    if stream.below("StreamEncryption").text("KeyId") in (None, "alias/aws/kinesis"):
        stream.leave("StreamEncryption")
    return settings


def table_overrides(table: Properties) -> Settings:
    """What is laid over a document's table, whose type has other properties than the template's; the rest are gaps."""
    laid: Settings = {"TableName": table.raw("TableName")} if "TableName" in table else {}
    for name in table.rest():
        table.gap(name, "not carried over", "see the overrides of a table, of the type AWS::DynamoDB::GlobalTable")
    return laid
