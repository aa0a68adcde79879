"""What exists already has its settings where it was made: those of a new one beside it would silently do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.spec.delivery import FirehoseDelivery, StreamDelivery
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.logs import LogSource
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import SqsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.targets import S3Target, SqsTarget

if TYPE_CHECKING:
    from pydantic import BaseModel

_OF_STREAM: Final = ("shard_count", "retention_period", "removal_policy")
# The key that names the existing one, and those that only a new one has.
_NEW: Final[Mapping[type[BaseModel], tuple[str, tuple[str, ...]]]] = {
    S3Source: ("bucket_name", ("removal_policy",)),
    SqsSource: (
        "queue_arn",
        (
            *("fifo", "content_based_deduplication", "visibility_timeout", "retention_period", "max_receive_count"),
            "removal_policy",
        ),
    ),
    LogSource: ("log_group_name", ("log_retention",)),
    S3Target: ("bucket_name", ("removal_policy",)),
    SqsTarget: ("queue_arn", ("fifo", "retention_period")),
    SqsFailure: ("queue_arn", ("retention_period",)),
    KinesisSource: ("stream_arn", _OF_STREAM),
    DynamoStreamSource: ("table_stream_arn", ("stream",)),
    StreamDelivery: ("stream_arn", _OF_STREAM),
    FirehoseDelivery: (
        "delivery_stream_name",
        (
            *("bucket_name", "prefix", "error_prefix", "buffering_interval", "buffering_size", "compression"),
            "removal_policy",
        ),
    ),
}
_NOT_NOTIFIED: Final = ("retry_attempts", "max_event_age")


def existing_resources(context: RuleContext) -> Iterator[Finding]:
    """A finding for each setting that nothing would read."""
    for key, pattern in context.event_processings():
        pointer: Pointer = ("patterns", key)
        yield from _unread(pattern.source, (*pointer, "source"))
        yield from _unread(pattern.on_failure, (*pointer, "on_failure"))
        for name, target in pattern.targets.items():
            yield from _unread(target, (*pointer, "targets", name))
        if isinstance(pattern.source, S3Source) and pattern.source.via == "notification":
            for setting in _NOT_NOTIFIED:
                if setting in pattern.source.model_fields_set:
                    problem = f"{setting} is a setting of EventBridge's rule, and notifications have none"
                    place = (*pointer, "source", setting)
                    yield Finding(code="LK175", pointer=place, at_key=True, problem=problem, hint="leave it out")
    for key, stream_pattern in context.stream_processings():
        pointer = ("patterns", key)
        yield from _unread(stream_pattern.source, (*pointer, "source"))
        yield from _unread(stream_pattern.on_failure, (*pointer, "on_failure"))
        if stream_pattern.delivery is not None:
            yield from _unread(stream_pattern.delivery, (*pointer, "delivery"))


def _unread(settings: BaseModel, pointer: Pointer) -> Iterator[Finding]:
    name, new = _NEW.get(type(settings), ("", ()))
    if not name or getattr(settings, name) is None:
        return
    for setting in new:
        if setting in settings.model_fields_set:
            problem = f"{setting} is a setting of a new one, and {name} names one that exists"
            yield Finding(
                code="LK175",
                pointer=(*pointer, setting),
                at_key=True,
                problem=problem,
                hint=f"leave out {setting}, or leave out {name}",
            )
