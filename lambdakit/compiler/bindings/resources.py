"""The document's `resources` as the CDK's own objects, made or imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.scope import bound_stack
from lambdakit.compiler.bindings.table import STREAM_VIEWS, table_properties
from lambdakit.constructs.output_names import pascal_case
from lambdakit.constructs.resources.bucket import Expiration, shared_bucket
from lambdakit.constructs.resources.event_bus import shared_event_bus
from lambdakit.constructs.resources.key import shared_key
from lambdakit.constructs.resources.parameter import shared_parameter
from lambdakit.constructs.resources.queue import shared_queue
from lambdakit.constructs.resources.secret import GeneratedString, shared_secret
from lambdakit.constructs.resources.shared import shared_id
from lambdakit.constructs.resources.stream import shared_stream
from lambdakit.constructs.resources.table import shared_table
from lambdakit.constructs.resources.topic import shared_topic
from lambdakit.spec.resources import kinds as spec
from lambdakit.spec.resources.queue import NO_QUEUE
from lambdakit.spec.resources.queue_uses import is_last, visibility_seconds
from lambdakit.spec.resources.references import named_keys
from lambdakit.spec.resources.secret import GeneratedString as GeneratedSettings
from lambdakit.spec.stacks import stack_at

if TYPE_CHECKING:
    from aws_cdk import Stack

    from lambdakit.compiler.bindings.scope import BindingScope, BoundStack
    from lambdakit.compiler.source_map import SourceMap
    from lambdakit.constructs.resources.kinds import Resource
    from lambdakit.spec.application import Application

# By kind, how the outputs of a new one end.
_OUTPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "table": ("TableName",),
    "queue": ("QueueUrl", "DeadLetterQueueUrl"),
    "topic": ("TopicArn",),
    "bucket": ("BucketName",),
    "stream": ("StreamName",),
    "event_bus": ("EventBusName",),
    "key": ("KeyArn",),
    "secret": ("SecretArn",),
    "parameter": ("ParameterName",),
    "state_machine": ("StateMachineArn",),
}


def shared(scope: BindingScope, name: str | None) -> Any:
    """The resource called so, which rules of the document have it is there and of the right kind; None for None."""
    return None if name is None else scope.resources[name]


def bind_resources(
    stacks: Mapping[str, BoundStack], application: Application, source_map: SourceMap
) -> dict[str, Resource]:
    """Adds the application's resources to their stacks, but for state machines, which name functions.

    A queue stands behind its dead-letter queue. stacks: by their names in the document.
    """
    made: dict[str, Resource] = {}
    for name in _in_order(application):
        bound = bound_stack(stacks, stack_at(application, ("resources", name)))
        stack, settings = bound.stack, bound.application.resources.get(name, application.resources[name])
        if not isinstance(settings, spec.StateMachineResource):
            record_places(stack, name, settings.kind, source_map)
            made[name] = _resource(stack, name, settings, application, made)
    return made


def record_places(stack: Stack, name: str, kind: str, source_map: SourceMap) -> None:
    """Notes in the source map what a resource of the kind consists of."""
    path, pointer = stack.node.path, ("resources", name)
    for end in ("", ":dead-letters", "-log"):
        source_map.record(f"{path}/{shared_id(name)}{end}", pointer)
    for suffix in _OUTPUTS[kind]:
        source_map.record(f"{path}/{pascal_case(name)}{suffix}", pointer)


def _in_order(application: Application) -> list[str]:
    """The names, each behind its key's, a queue's behind its dead-letter queue's, else in the document's order."""
    ordered: dict[str, None] = {}
    for name in application.resources:
        way = [name]
        while isinstance(queue := application.resources[way[-1]], spec.QueueResource):
            if queue.dead_letter_queue in (None, NO_QUEUE) or queue.dead_letter_queue in way:
                break
            way.append(str(queue.dead_letter_queue))
        for each in reversed(way):
            ordered |= dict.fromkeys(key for _, key in named_keys(application.resources[each]))
            ordered[each] = None
    return list(ordered)


def _resource(
    stack: Stack, name: str, settings: spec.Resource, application: Application, made: Mapping[str, Any]
) -> Resource:
    if isinstance(settings, spec.QueueResource):
        return _queue(stack, name, settings, application, made)
    return _KINDS[type(settings)](stack, name, settings, _key_of(settings, made))


def _key_of(settings: spec.Resource, made: Mapping[str, Any]) -> kms.IKey | None:
    """The key that the resource names; None when it names none."""
    return next((made[name] for _, name in named_keys(settings)), None)


def _queue(
    stack: Stack, name: str, settings: spec.QueueResource, application: Application, made: Mapping[str, Any]
) -> sqs.IQueue:
    key = _key_of(settings, made)
    if settings.queue_arn is not None:
        return sqs.Queue.from_queue_attributes(
            stack, shared_id(name), queue_arn=settings.queue_arn, key_arn=None if key is None else key.key_arn
        )
    other = settings.dead_letter_queue
    return shared_queue(
        stack,
        name,
        fifo=settings.fifo,
        content_based_deduplication=settings.content_based_deduplication,
        visibility_timeout=visibility_seconds(application, name),
        retention_period=settings.retention_period,
        max_receive_count=settings.max_receive_count,
        dead_letter_queue=None if other in (None, NO_QUEUE) else made[str(other)],
        is_last=is_last(application, name),
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        encryption_master_key=key,
    )


def _new_table(stack: Stack, name: str, settings: spec.TableResource, key: kms.IKey | None) -> dynamodb.ITable:
    stream = None if settings.stream is None else STREAM_VIEWS[settings.stream]
    keys = {} if key is None else {str(settings.encryption_key): key}
    return shared_table(stack, name, table_properties(settings, keys), stream=stream)


def _existing_table(
    stack: Stack, name: str, settings: spec.ExistingTableResource, key: kms.IKey | None
) -> dynamodb.ITable:
    return dynamodb.Table.from_table_attributes(
        stack,
        shared_id(name),
        table_name=settings.table_name,
        table_stream_arn=settings.table_stream_arn,
        grant_index_permissions=settings.grant_index_permissions or None,
        encryption_key=key,
    )


def _topic(stack: Stack, name: str, settings: spec.TopicResource, key: kms.IKey | None) -> sns.ITopic:
    if settings.topic_arn is not None:
        return sns.Topic.from_topic_attributes(
            stack, shared_id(name), topic_arn=settings.topic_arn, key_arn=None if key is None else key.key_arn
        )
    return shared_topic(
        stack,
        name,
        display_name=settings.display_name,
        fifo=settings.fifo,
        content_based_deduplication=settings.content_based_deduplication,
        master_key=key,
    )


def _bucket(stack: Stack, name: str, settings: spec.BucketResource, key: kms.IKey | None) -> s3.IBucket:
    if settings.bucket_name is not None:
        return s3.Bucket.from_bucket_attributes(
            stack, shared_id(name), bucket_name=settings.bucket_name, encryption_key=key
        )
    return shared_bucket(
        stack,
        name,
        versioned=settings.versioned,
        expirations=[
            Expiration(prefix=each.prefix, days=each.expiration, noncurrent_days=each.noncurrent_version_expiration)
            for each in settings.lifecycle_rules
        ],
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        encryption_key=key,
    )


def _stream(stack: Stack, name: str, settings: spec.StreamResource, key: kms.IKey | None) -> kinesis.IStream:
    if settings.stream_arn is not None:
        return kinesis.Stream.from_stream_attributes(
            stack, shared_id(name), stream_arn=settings.stream_arn, encryption_key=key
        )
    return shared_stream(
        stack,
        name,
        shard_count=settings.shard_count,
        retention_period=settings.retention_period,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        encryption_key=key,
    )


def _event_bus(stack: Stack, name: str, settings: spec.EventBusResource, _key: kms.IKey | None) -> events.IEventBus:
    if settings.event_bus_name is not None:
        return events.EventBus.from_event_bus_name(stack, shared_id(name), settings.event_bus_name)
    return shared_event_bus(stack, name, description=settings.description)


def _key(stack: Stack, name: str, settings: spec.KeyResource, _key: kms.IKey | None) -> kms.IKey:
    if settings.key_arn is not None:
        return kms.Key.from_key_arn(stack, shared_id(name), settings.key_arn)
    return shared_key(
        stack,
        name,
        alias=settings.alias,
        description=settings.description,
        enable_key_rotation=settings.enable_key_rotation,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
    )


def _secret(stack: Stack, name: str, settings: spec.SecretResource, key: kms.IKey | None) -> secretsmanager.ISecret:
    if settings.secret_arn is not None:
        return secretsmanager.Secret.from_secret_attributes(
            stack, shared_id(name), secret_complete_arn=settings.secret_arn, encryption_key=key
        )
    return shared_secret(
        stack,
        name,
        generated=_generated(settings.generate_secret_string or GeneratedSettings()),
        description=settings.description,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        encryption_key=key,
    )


def _generated(settings: GeneratedSettings) -> GeneratedString:
    return GeneratedString(
        password_length=settings.password_length,
        exclude_characters=settings.exclude_characters,
        exclude_punctuation=settings.exclude_punctuation,
        template=settings.secret_string_template,
        key=settings.generate_string_key,
    )


def _parameter(
    stack: Stack, name: str, settings: spec.ParameterResource, _key: kms.IKey | None
) -> ssm.IStringParameter:
    if settings.string_value is None:
        # A rule of the document has it that one of the two is written.
        assert settings.parameter_name is not None
        return ssm.StringParameter.from_string_parameter_name(stack, shared_id(name), settings.parameter_name)
    return shared_parameter(
        stack,
        name,
        string_value=settings.string_value,
        parameter_name=settings.parameter_name,
        description=settings.description,
    )


_KINDS: Final[Mapping[type[object], Callable[[Stack, str, Any, kms.IKey | None], Resource]]] = {
    spec.TableResource: _new_table,
    spec.ExistingTableResource: _existing_table,
    spec.TopicResource: _topic,
    spec.BucketResource: _bucket,
    spec.StreamResource: _stream,
    spec.EventBusResource: _event_bus,
    spec.KeyResource: _key,
    spec.SecretResource: _secret,
    spec.ParameterResource: _parameter,
}
