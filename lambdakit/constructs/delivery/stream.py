"""Another Kinesis stream, to which the function puts records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis

from lambdakit import limits
from lambdakit.constructs.delivery.made_delivery import MadeDelivery
from lambdakit.constructs.encrypted_stream import make_stream

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

TARGET_STREAM_ID: Final = "TargetStream"
_PUT: Final = ("kinesis:PutRecord", "kinesis:PutRecords")
# Source: Kinesis Data Streams Developer Guide, "Permissions to use user-generated KMS keys", of a producer
_KEY_ACTIONS: Final = ("kms:GenerateDataKey",)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDelivery:
    """Records of another Kinesis stream.

    stream: an existing one; absent, a new one, encrypted.
    shard_count, retention_period, encryption_key, removal_policy: of a new stream, as of a `KinesisSource`.
    """

    stream: kinesis.IStream | None = None
    shard_count: int | None = None
    retention_period: Duration | int = limits.STREAM_RETENTION_SECONDS_MIN
    encryption_key: kms.IKey | None = None
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN


def make_stream_delivery(scope: Construct, delivery: StreamDelivery) -> MadeDelivery:
    """The stream, known to the function by `TARGET_STREAM_NAME`."""
    if delivery.stream is not None:
        return MadeDelivery(variables={"TARGET_STREAM_NAME": delivery.stream.stream_name}, stream=delivery.stream)
    stream = make_stream(
        scope,
        TARGET_STREAM_ID,
        shard_count=delivery.shard_count,
        retention_period=delivery.retention_period,
        encryption_key=delivery.encryption_key,
        removal_policy=delivery.removal_policy,
    )
    name = stream.stream_name
    return MadeDelivery(variables={"TARGET_STREAM_NAME": name}, outputs={"TargetStreamName": name}, stream=stream)


def grant_stream_delivery(delivery: StreamDelivery, made: MadeDelivery, handler: lambda_.IFunction) -> None:
    """Allows the function to put records."""
    stream = made.stream
    assert stream is not None
    handler.add_to_role_policy(iam.PolicyStatement(actions=list(_PUT), resources=[stream.stream_arn]))
    if (key := stream.encryption_key) is not None:
        key.grant(handler, *_KEY_ACTIONS)
