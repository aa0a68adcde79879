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
from lambdakit.spec.failure import S3Failure, SqsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.bucket import BucketResource
from lambdakit.spec.resources.event_bus import EventBusResource
from lambdakit.spec.resources.key import KeyResource
from lambdakit.spec.resources.parameter import ParameterResource
from lambdakit.spec.resources.queue import NO_QUEUE, QueueResource
from lambdakit.spec.resources.secret import SecretResource
from lambdakit.spec.resources.state_machine import StateMachineResource
from lambdakit.spec.resources.stream import StreamResource
from lambdakit.spec.resources.topic import TopicResource
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.targets import S3Target, SqsTarget

if TYPE_CHECKING:
    from pydantic import BaseModel

_OF_STREAM: Final = ("shard_count", "retention_period", "removal_policy")
_OF_QUEUE: Final = (
    *("fifo", "content_based_deduplication", "visibility_timeout", "retention_period", "max_receive_count"),
    "removal_policy",
)
# The keys that name an existing one, and those that only a new one has.
_NEW: Final[Mapping[type[BaseModel], tuple[tuple[str, ...], tuple[str, ...]]]] = {
    S3Source: (("bucket_name", "bucket"), ("removal_policy",)),
    SqsSource: (("queue_arn", "queue"), _OF_QUEUE),
    LogSource: (("log_group_name",), ("log_retention",)),
    S3Target: (("bucket_name", "bucket"), ("removal_policy",)),
    SqsTarget: (("queue_arn", "queue"), ("fifo", "retention_period", "max_receive_count")),
    SqsFailure: (("queue_arn", "queue"), ("retention_period", "removal_policy")),
    S3Failure: (("bucket_name", "bucket"), ("removal_policy",)),
    KinesisSource: (("stream_arn", "stream"), (*_OF_STREAM, "encryption_key")),
    DynamoStreamSource: (("table_stream_arn", "table"), ("stream",)),
    StreamDelivery: (("stream_arn", "stream"), (*_OF_STREAM, "encryption_key")),
    FirehoseDelivery: (
        ("delivery_stream_name",),
        (
            *("bucket_name", "bucket", "prefix", "error_prefix", "buffering_interval", "buffering_size"),
            *("compression", "removal_policy"),
        ),
    ),
    QueueResource: (("queue_arn",), (*_OF_QUEUE, "dead_letter_queue", "stack")),
    TopicResource: (("topic_arn",), ("fifo", "content_based_deduplication", "display_name", "stack")),
    BucketResource: (("bucket_name",), ("versioned", "lifecycle_rules", "removal_policy", "stack")),
    StreamResource: (("stream_arn",), (*_OF_STREAM, "stack")),
    EventBusResource: (("event_bus_name",), ("description", "stack")),
    KeyResource: (("key_arn",), ("alias", "description", "enable_key_rotation", "removal_policy", "stack")),
    SecretResource: (("secret_arn",), ("description", "generate_secret_string", "removal_policy", "stack")),
    StateMachineResource: (("state_machine_arn",), ("state_machine_type", "substitutions", "grants", "stack")),
}
_OF_BUCKET: Final = (("bucket_name", "bucket"), ("removal_policy",))
_WHERE: Final[Mapping[str, str]] = dict.fromkeys(("queue", "bucket", "stream", "table"), "is set up in `resources`")
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
    yield from _of_resources(context)


def _of_resources(context: RuleContext) -> Iterator[Finding]:
    for name, resource in context.application.resources.items():
        yield from _unread(resource, ("resources", name))
        if isinstance(resource, ParameterResource) and resource.string_value is None:
            for setting in ("description", "stack"):
                if getattr(resource, setting) is not None:
                    problem = f"{setting} is a setting of a new one, and parameter_name names one that exists"
                    place = ("resources", name, setting)
                    hint = f"leave out {setting}"
                    yield Finding(code="LK175", pointer=place, at_key=True, problem=problem, hint=hint)
        if isinstance(resource, QueueResource) and resource.dead_letter_queue == NO_QUEUE:
            if "max_receive_count" in resource.model_fields_set:
                problem = "max_receive_count says when a message moves on, and dead_letter_queue that it does not"
                place = ("resources", name, "max_receive_count")
                yield Finding(code="LK175", pointer=place, at_key=True, problem=problem, hint="leave one of them out")


def _unread(settings: BaseModel, pointer: Pointer) -> Iterator[Finding]:
    yield from _beside(settings, pointer, *_NEW.get(type(settings), ((), ())))
    if isinstance(settings, FirehoseDelivery) and settings.delivery_stream_name is None:
        yield from _beside(settings, pointer, *_OF_BUCKET)


def _beside(settings: BaseModel, pointer: Pointer, names: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Finding]:
    # A table's own settings can stand where its name can.
    name = next((each for each in names if isinstance(getattr(settings, each), str)), None)
    if name is None:
        return
    for setting in new:
        if setting in settings.model_fields_set:
            problem = f"{setting} is a setting of a new one, and {name} names one that {_WHERE.get(name, 'exists')}"
            yield Finding(
                code="LK175",
                pointer=(*pointer, setting),
                at_key=True,
                problem=problem,
                hint=f"leave out {setting}, or leave out {name}",
            )
