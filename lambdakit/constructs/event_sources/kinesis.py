"""A Kinesis stream whose records are handled in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Names, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis

from lambdakit import limits
from lambdakit.constructs.encrypted_stream import make_stream, stream_problems
from lambdakit.constructs.event_sources.stream_reading import (
    StreamReading,
    StreamSource,
    make_mapping,
    reading_keywords,
    reading_problems,
)
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

    from lambdakit.constructs.failure_destinations import FailurePath

STREAM_ID: Final = "Stream"
CONSUMER_ID: Final = "Consumer"
# Source: API kinesis RegisterStreamConsumer.ConsumerName
_CONSUMER_NAME_LENGTH_MAX: Final = 128
# Source: Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams", permissions
_READ: Final = (
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
)
_CONSUME: Final = ("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")


@dataclass(frozen=True, slots=True, kw_only=True)
class KinesisSource(StreamReading):
    """Records of a Kinesis stream, read as `StreamReading` says.

    stream: an existing one; absent, a new one, encrypted.
    shard_count: of a new stream; absent, on demand: Kinesis adds and removes shards itself.
    retention_period: of a new stream, a `Duration` or seconds, whole hours from a day to 365 days; absent, a day.
    encryption_key: of a new stream; absent, the key that AWS manages for Kinesis.
    removal_policy: what happens to a new stream when it leaves the stack; absent, it is retained.
    enhanced_fan_out: read through a consumer with a throughput of its own, a new or an existing one; absent, the
        shards' throughput is shared with whoever else reads the stream.
    """

    stream: kinesis.IStream | None = None
    shard_count: int | None = None
    retention_period: Duration | int = limits.STREAM_RETENTION_SECONDS_MIN
    encryption_key: kms.IKey | None = None
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
    enhanced_fan_out: bool | kinesis.IStreamConsumer = False


def kinesis_problems(pointer: str, source: KinesisSource) -> Iterator[Diagnostic]:
    """What Kinesis or Lambda would refuse of `source`."""
    yield from reading_problems(pointer, source)
    if source.stream is None:
        yield from stream_problems(pointer, source.shard_count, source.retention_period)
        if not isinstance(source.enhanced_fan_out, bool):
            yield Diagnostic(
                pointer=f"{pointer}.enhanced_fan_out",
                problem="an existing consumer reads an existing stream, and none is given",
                code="LK405",
                hint="give the consumer's stream as `stream`, or enhanced_fan_out=True",
            )
    elif source.shard_count is not None:
        yield Diagnostic(
            pointer=f"{pointer}.shard_count",
            problem="an existing stream has its own number of shards, which cannot be changed here",
            code="LK405",
            hint="leave shard_count out",
        )


def wire_kinesis(
    scope: Construct, source: KinesisSource, handler: lambda_.IFunction, failure: FailurePath
) -> StreamSource:
    """The stream, its consumer if there is one, and the mapping that reads it."""
    stream = _new_stream(scope, source) if source.stream is None else source.stream
    consumer = _consumer(scope, source, stream)
    handler.add_to_role_policy(iam.PolicyStatement(actions=list(_READ), resources=[stream.stream_arn]))
    if consumer is not None:
        arns = [consumer.stream_consumer_arn]
        handler.add_to_role_policy(iam.PolicyStatement(actions=list(_CONSUME), resources=arns))
    if (key := stream.encryption_key) is not None:
        key.grant_decrypt(handler)
    arn = stream.stream_arn if consumer is None else consumer.stream_consumer_arn
    mapping = make_mapping(scope, handler, arn, failure, reading_keywords(source))
    return StreamSource(mapping=mapping, stream=stream, consumer=consumer)


def _new_stream(scope: Construct, source: KinesisSource) -> kinesis.Stream:
    return make_stream(
        scope,
        STREAM_ID,
        shard_count=source.shard_count,
        retention_period=source.retention_period,
        encryption_key=source.encryption_key,
        removal_policy=source.removal_policy,
    )


def _consumer(scope: Construct, source: KinesisSource, stream: kinesis.IStream) -> kinesis.IStreamConsumer | None:
    if not isinstance(source.enhanced_fan_out, bool):
        return source.enhanced_fan_out
    if not source.enhanced_fan_out:
        return None
    name = Names.unique_resource_name(scope, max_length=_CONSUMER_NAME_LENGTH_MAX, separator="-")
    return kinesis.StreamConsumer(scope, CONSUMER_ID, stream=stream, stream_consumer_name=name)
