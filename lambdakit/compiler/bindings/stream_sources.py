"""A document's streams as the constructs'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_secretsmanager as secretsmanager

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.resources import shared
from lambdakit.compiler.bindings.table import STREAM_VIEWS, table_properties
from lambdakit.constructs.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.msk import MskSource, ProvisionedPollers
from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource as DynamoStreamSettings
from lambdakit.spec.event_sources.kinesis import KinesisSource as KinesisSettings
from lambdakit.spec.event_sources.msk import MskSource as MskSettings

if TYPE_CHECKING:
    from constructs import Construct

    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.constructs.event_sources.stream_kinds import AnyStreamSource
    from lambdakit.constructs.table import TableProperties
    from lambdakit.spec.event_sources.stream_reading import StreamReading


def stream_source(
    scope: BindingScope, key: str, settings: KinesisSettings | DynamoStreamSettings | MskSettings
) -> AnyStreamSource:
    """What `source` of the pattern called `key` says. What it names, and others made, is imported into the stack."""
    # No pattern's key holds a colon.
    id = f"{key}:source"
    match settings:
        case KinesisSettings():
            return _kinesis(scope, id, settings)
        case DynamoStreamSettings():
            return DynamoStreamSource(
                table=_table(scope, id, settings),
                stream=STREAM_VIEWS[settings.stream],
                starting_position=settings.starting_position,
                **_reading(settings),
            )
        case MskSettings():
            return _msk(scope.stack, id, settings)


def _kinesis(scope: BindingScope, id: str, settings: KinesisSettings) -> KinesisSource:
    arn = settings.stream_arn
    return KinesisSource(
        stream=shared(scope, settings.stream) if arn is None else kinesis.Stream.from_stream_arn(scope.stack, id, arn),
        shard_count=settings.shard_count,
        retention_period=settings.retention_period,
        encryption_key=shared(scope, settings.encryption_key),
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        enhanced_fan_out=settings.enhanced_fan_out,
        starting_position=settings.starting_position,
        starting_position_timestamp=settings.starting_position_timestamp,
        **_reading(settings),
    )


def _table(scope: BindingScope, id: str, settings: DynamoStreamSettings) -> TableProperties | dynamodb.ITable:
    if isinstance(settings.table, str):
        table: dynamodb.ITable = shared(scope, settings.table)
        return table
    if settings.table is not None:
        return table_properties(settings.table, scope.resources)
    # A rule of the document has it that one of the two is written.
    arn = settings.table_stream_arn
    assert arn is not None
    table_arn = arn.partition("/stream/")[0]
    return dynamodb.Table.from_table_attributes(scope.stack, id, table_arn=table_arn, table_stream_arn=arn)


def _msk(scope: Construct, id: str, settings: MskSettings) -> MskSource:
    pollers, secret = settings.provisioned_pollers, settings.secret_arn
    return MskSource(
        cluster_arn=settings.cluster_arn,
        topic=settings.topic,
        consumer_group_id=settings.consumer_group_id,
        secret=None if secret is None else secretsmanager.Secret.from_secret_complete_arn(scope, id, secret),
        batch_size=settings.batch_size,
        max_batching_window=settings.max_batching_window,
        starting_position=settings.starting_position,
        starting_position_timestamp=settings.starting_position_timestamp,
        filters=settings.filters,
        enabled=settings.enabled,
        provisioned_pollers=None
        if pollers is None
        else ProvisionedPollers(minimum_pollers=pollers.minimum_pollers, maximum_pollers=pollers.maximum_pollers),
        bisect_batch_on_error=settings.bisect_batch_on_error,
        report_batch_item_failures=settings.report_batch_item_failures,
        retry_attempts=settings.retry_attempts,
        max_record_age=settings.max_record_age,
    )


def _reading(settings: StreamReading) -> dict[str, Any]:
    """The settings that every stream has alike, under the construct's names, which are the same."""
    return {
        "batch_size": settings.batch_size,
        "max_batching_window": settings.max_batching_window,
        "parallelization_factor": settings.parallelization_factor,
        "bisect_batch_on_error": settings.bisect_batch_on_error,
        "report_batch_item_failures": settings.report_batch_item_failures,
        "retry_attempts": settings.retry_attempts,
        "max_record_age": settings.max_record_age,
        "tumbling_window": settings.tumbling_window,
        "filters": settings.filters,
        "enabled": settings.enabled,
    }
