"""The keys of patterns and the names of resources give different output names.

Outputs are called by the key in PascalCase and a suffix: `orders` gives `OrdersUrl`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.spec.delivery import FirehoseDelivery, StreamDelivery, TableDelivery
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.event_sources.sns import SnsSource
from lambdakit.spec.event_sources.sqs import SqsSource
from lambdakit.spec.failure import EventBridgeFailure, S3Failure, SnsFailure, SqsFailure
from lambdakit.spec.finding import Finding
from lambdakit.spec.names import pascal_case
from lambdakit.spec.patterns import Pattern
from lambdakit.spec.resources.references import queues
from lambdakit.spec.rules.rule import RuleContext
from lambdakit.spec.stream_processing import StreamProcessing
from lambdakit.spec.table import ExistingTable, Table
from lambdakit.spec.targets import (
    DynamoDbTarget,
    EventBridgeTarget,
    S3Target,
    SnsTarget,
    SqsTarget,
    StepFunctionsTarget,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

# How the output of a resource ends, by its kind.
RESOURCE_OUTPUTS: Final[Mapping[str, str]] = {
    "table": "TableName",
    "queue": "QueueUrl",
    "topic": "TopicArn",
    "bucket": "BucketName",
    "stream": "StreamName",
    "event_bus": "EventBusName",
    "key": "KeyArn",
    "secret": "SecretArn",
    "parameter": "ParameterName",
    "state_machine": "StateMachineArn",
}
# The same of what a pattern makes, with the keys that name something made elsewhere.
_MADE: Final[Mapping[type[BaseModel], tuple[str, tuple[str, ...]]]] = {
    S3Target: ("BucketName", ("bucket", "bucket_name")),
    DynamoDbTarget: ("TableName", ()),
    SqsTarget: ("QueueUrl", ("queue", "queue_arn")),
    SnsTarget: ("TopicArn", ("topic", "topic_arn")),
    EventBridgeTarget: ("EventBusName", ("event_bus", "event_bus_name")),
    StepFunctionsTarget: ("StateMachineArn", ("state_machine", "state_machine_arn")),
    SqsFailure: ("QueueUrl", ("queue", "queue_arn")),
    SnsFailure: ("TopicArn", ("topic", "topic_arn")),
    S3Failure: ("BucketName", ("bucket", "bucket_name")),
    EventBridgeFailure: ("EventBusName", ("event_bus", "event_bus_name")),
    S3Source: ("BucketName", ("bucket", "bucket_name")),
    SqsSource: ("QueueUrl", ("queue", "queue_arn")),
    SnsSource: ("TopicArn", ("topic", "topic_arn")),
    KinesisSource: ("StreamName", ("stream", "stream_arn")),
    DynamoStreamSource: ("TableName", ("table_stream_arn",)),
    StreamDelivery: ("TargetStreamName", ("stream", "stream_arn")),
    TableDelivery: ("DeliveryTableName", ()),
    FirehoseDelivery: ("DeliveryStreamName", ("delivery_stream_name",)),
}


def output_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each pattern whose outputs an earlier one has, and each resource whose output there is."""
    seen: dict[str, str] = {}
    for key in context.application.patterns:
        name = pascal_case(key)
        first = seen.setdefault(name, key)
        if first != key:
            yield Finding(
                code="LK139",
                pointer=("patterns", key),
                at_key=True,
                problem=f"{key} and {first} both give outputs called {name}Url and the like",
                hint="give one of the two another key",
            )
    yield from _of_functions(context)
    yield from _of_resources(context)


def _of_functions(context: RuleContext) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name in context.application.functions:
        output = f"{pascal_case(name)}FunctionArn"
        first = seen.setdefault(output, name)
        if first != name:
            yield Finding(
                code="LK139",
                pointer=("functions", name),
                at_key=True,
                problem=f"{name} and {first} both give an output called {output}",
                hint="give one of the two another name",
            )


def _of_resources(context: RuleContext) -> Iterator[Finding]:
    outputs = {
        output: f"the pattern {key}"
        for key, pattern in context.application.patterns.items()
        for output in _outputs(key, pattern)
    }
    for name, queue in queues(context.application):
        if queue.queue_arn is None and queue.dead_letter_queue is None:
            outputs.setdefault(f"{pascal_case(name)}DeadLetterQueueUrl", f"the dead-letter queue of {name}")
    for name, resource in context.application.resources.items():
        output = f"{pascal_case(name)}{RESOURCE_OUTPUTS[resource.kind]}"
        first = outputs.setdefault(output, f"the resource {name}")
        if first != f"the resource {name}":
            yield Finding(
                code="LK139",
                pointer=("resources", name),
                at_key=True,
                problem=f"{name} and {first} both give an output called {output}",
                hint="give one of the two another name",
            )


def _outputs(key: str, pattern: Pattern) -> Iterator[str]:
    """The outputs of what the pattern makes, of the kinds that resources have as well."""
    name = pascal_case(key)
    if isinstance(pattern, EventProcessing | StreamProcessing):
        made: list[tuple[str, BaseModel | None]] = [("", pattern.source), ("Failure", pattern.on_failure)]
        if isinstance(pattern, StreamProcessing):
            made.append(("", pattern.delivery))
        else:
            made += [(pascal_case(target), each) for target, each in pattern.targets.items()]
        for prefix, part in made:
            suffix, elsewhere = ("", ()) if part is None else _MADE.get(type(part), ("", ()))
            shared = isinstance(part, DynamoStreamSource) and isinstance(part.table, str)
            if suffix and not shared and all(getattr(part, each) is None for each in elsewhere):
                yield f"{name}{prefix}{suffix}"
    elif isinstance(pattern.table, Table | ExistingTable):
        yield f"{name}TableName"
