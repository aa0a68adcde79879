"""Where an application names one of its `resources`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.records import dataclass
from lambdakit.spec.api_backend import RequestBackend, WebSocketBackend
from lambdakit.spec.delivery import FirehoseDelivery, SharedTableDelivery, StreamDelivery
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.event_rule import EventRuleSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.event_sources.sns import SnsSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import EventBridgeFailure, S3Failure, SnsFailure, SqsFailure
from lambdakit.spec.placed_functions import written_functions
from lambdakit.spec.resources.queue import NO_QUEUE, QueueResource
from lambdakit.spec.stores import ExistingCache, ExistingDatabase
from lambdakit.spec.stream_processing import StreamProcessing
from lambdakit.spec.table import ExistingTable, Table
from lambdakit.spec.targets import (
    EventBridgeTarget,
    S3Target,
    SharedTableTarget,
    SnsTarget,
    SqsTarget,
    StepFunctionsTarget,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lambdakit.spec.application import Application
    from lambdakit.spec.function import FunctionSettings
    from lambdakit.spec.function_features import Alarms
    from lambdakit.spec.monitoring import PatternAlarms
    from lambdakit.spec.patterns import Pattern
    from lambdakit.spec.pointer import Pointer

# By model: the key that names a resource, the resource's kind, and the key beside it that names what is elsewhere.
_KEYS: Final[Mapping[type[BaseModel], tuple[str, str, str]]] = {
    SqsSource: ("queue", "queue", "queue_arn"),
    SnsSource: ("topic", "topic", "topic_arn"),
    S3Source: ("bucket", "bucket", "bucket_name"),
    EventRuleSource: ("event_bus", "event_bus", "event_bus_name"),
    KinesisSource: ("stream", "stream", "stream_arn"),
    DynamoStreamSource: ("table", "table", ""),
    S3Target: ("bucket", "bucket", "bucket_name"),
    SharedTableTarget: ("table", "table", ""),
    SqsTarget: ("queue", "queue", "queue_arn"),
    SnsTarget: ("topic", "topic", "topic_arn"),
    EventBridgeTarget: ("event_bus", "event_bus", "event_bus_name"),
    StepFunctionsTarget: ("state_machine", "state_machine", ""),
    SqsFailure: ("queue", "queue", "queue_arn"),
    SnsFailure: ("topic", "topic", "topic_arn"),
    S3Failure: ("bucket", "bucket", "bucket_name"),
    EventBridgeFailure: ("event_bus", "event_bus", "event_bus_name"),
    FirehoseDelivery: ("bucket", "bucket", "bucket_name"),
    StreamDelivery: ("stream", "stream", "stream_arn"),
    SharedTableDelivery: ("table", "table", ""),
}
# By which a model names the key that encrypts.
_ENCRYPTING: Final = ("encryption_key", "encryption_master_key", "master_key")
# Of a function: the key, and the kind of what it names, or what its variables do.
_OF_FUNCTION: Final[Mapping[str, str]] = {
    "secrets": "secret",
    "ssm_parameters": "parameter",
    "environment_encryption": "key",
    "dead_letter_queue": "queue",
    "dead_letter_topic": "topic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A place that names a resource.

    pointer: of the name. kind: which it has to be of. rival: the key beside it that names what is elsewhere, too;
    empty when none is written.
    """

    pointer: Pointer
    name: str
    kind: str
    rival: str = ""


def references(application: Application) -> Iterator[Reference]:
    """Every place that names a resource of a certain kind, in no certain order."""
    yield from _of_keys(application)
    for pointer, part in parts(application):
        key, kind, rival = _KEYS.get(type(part), ("", "", ""))
        name = getattr(part, key) if key else None
        if isinstance(name, str):
            both = rival and getattr(part, rival) is not None
            yield Reference(pointer=(*pointer, key), name=name, kind=kind, rival=rival if both else "")
    if application.defaults.environment_encryption is not None:
        name = application.defaults.environment_encryption
        yield Reference(pointer=("defaults", "environment_encryption"), name=name, kind="key")
    yield from _of_alarms(application.defaults.alarms, ("defaults",))
    for key, pattern in application.patterns.items():
        if isinstance(pattern, RequestBackend | WebSocketBackend) and isinstance(pattern.table, str):
            yield Reference(pointer=("patterns", key, "table"), name=pattern.table, kind="table")
        yield from _of_pattern(("patterns", key), pattern)
    for _, written, pointer in written_functions(application):
        yield from _of_function(written, pointer)
    for name, queue in queues(application):
        if queue.dead_letter_queue not in (None, NO_QUEUE):
            pointer = ("resources", name, "dead_letter_queue")
            yield Reference(pointer=pointer, name=str(queue.dead_letter_queue), kind="queue")


def _of_pattern(pointer: Pointer, pattern: Pattern) -> Iterator[Reference]:
    yield from _of_alarms(pattern.alarms, pointer)
    if isinstance(pattern, RequestBackend | WebSocketBackend):
        for key, store in (("database", pattern.database), ("cache", pattern.cache)):
            if isinstance(store, ExistingDatabase | ExistingCache) and store.secret is not None:
                yield Reference(pointer=(*pointer, key, "secret"), name=store.secret, kind="secret")


def _of_keys(application: Application) -> Iterator[Reference]:
    for pointer, part in (*parts(application), *_encrypted(application)):
        for key, name in named_keys(part):
            yield Reference(pointer=(*pointer, key), name=name, kind="key")


def _of_alarms(alarms: PatternAlarms | Alarms | None, pointer: Pointer) -> Iterator[Reference]:
    for index, name in enumerate(() if alarms is None else alarms.topics):
        yield Reference(pointer=(*pointer, "alarms", "topics", index), name=name, kind="topic")


def _of_function(function: FunctionSettings, pointer: Pointer) -> Iterator[Reference]:
    yield from _of_alarms(function.alarms, pointer)
    for key, kind in _OF_FUNCTION.items():
        written = getattr(function, key)
        if isinstance(written, str):
            yield Reference(pointer=(*pointer, key), name=written, kind=kind)
        for variable, name in written.items() if isinstance(written, dict) else ():
            yield Reference(pointer=(*pointer, key, variable), name=name, kind=kind)


def parts(application: Application) -> Iterator[tuple[Pointer, BaseModel]]:
    """Every source, target, delivery and failure path of the application's patterns, with its place."""
    for key, pattern in application.patterns.items():
        pointer: Pointer = ("patterns", key)
        if not isinstance(pattern, EventProcessing | StreamProcessing):
            continue
        yield (*pointer, "source"), pattern.source
        yield (*pointer, "on_failure"), pattern.on_failure
        if isinstance(pattern, EventProcessing):
            for name, target in pattern.targets.items():
                yield (*pointer, "targets", name), target
        elif pattern.delivery is not None:
            yield (*pointer, "delivery"), pattern.delivery


def named_keys(part: BaseModel) -> Iterator[tuple[str, str]]:
    """The name of the key that encrypts a resource, or what a pattern makes, behind the setting; none for AWS's own."""
    for key in _ENCRYPTING:
        name = getattr(part, key, None)
        if isinstance(name, str):
            yield key, name


def _encrypted(application: Application) -> Iterator[tuple[Pointer, BaseModel]]:
    """What can be encrypted besides the `parts`: resources, and tables that stand below a key of their own."""
    for name, resource in application.resources.items():
        yield ("resources", name), resource
    for key, pattern in application.patterns.items():
        table = getattr(pattern, "table", None)
        if isinstance(table, Table | ExistingTable):
            yield ("patterns", key, "table"), table
        source = getattr(pattern, "source", None)
        if isinstance(source, DynamoStreamSource) and isinstance(source.table, Table):
            yield ("patterns", key, "source", "table"), source.table


def queues(application: Application) -> Iterator[tuple[str, QueueResource]]:
    """Every queue of the application's resources, with its name."""
    for name, resource in application.resources.items():
        if isinstance(resource, QueueResource):
            yield name, resource
