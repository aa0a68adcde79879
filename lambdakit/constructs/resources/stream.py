"""A Kinesis stream that patterns and functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy

from lambdakit.constructs.encrypted_stream import make_stream
from lambdakit.constructs.resources.shared import shared_id, shared_output
from lambdakit.limits import STREAM_RETENTION_SECONDS_MIN

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_kinesis as kinesis
    from aws_cdk import aws_kms as kms


def shared_stream(
    stack: Stack,
    name: str,
    *,
    shard_count: int | None = None,
    retention_period: Duration | int = STREAM_RETENTION_SECONDS_MIN,
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    encryption_key: kms.IKey | None = None,
) -> kinesis.Stream:
    """The stream, encrypted, and the output `<Name>StreamName`.

    shard_count: absent, on demand. retention_period: a `Duration` or seconds; absent, a day.
    encryption_key: absent, the key that AWS manages for Kinesis.
    """
    stream = make_stream(
        stack,
        shared_id(name),
        shard_count=shard_count,
        retention_period=retention_period,
        removal_policy=removal_policy,
        encryption_key=encryption_key,
    )
    shared_output(stack, name, "StreamName", stream.stream_name)
    return stream
