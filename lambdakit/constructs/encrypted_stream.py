"""A Kinesis stream as every pattern makes it: encrypted, on demand unless told, and kept when the stack goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kinesis as kinesis

from lambdakit import limits
from lambdakit.constructs.function_properties import as_duration, seconds_of
from lambdakit.constructs.ranges import range_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from constructs import Construct

_HOUR: Final = 60 * 60


def make_stream(
    scope: Construct,
    id: str,
    *,
    shard_count: int | None = None,
    retention_period: Duration | int = limits.STREAM_RETENTION_SECONDS_MIN,
    encryption_key: kms.IKey | None = None,
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
) -> kinesis.Stream:
    """The stream.

    shard_count: absent, on demand: Kinesis adds and removes shards itself.
    retention_period: a `Duration` or seconds; absent, a day.
    encryption_key: absent, the key that AWS manages for Kinesis, which costs nothing and needs no grants.
    """
    on_demand = shard_count is None
    return kinesis.Stream(
        scope,
        id,
        stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
        shard_count=shard_count,
        retention_period=as_duration(retention_period),
        encryption=kinesis.StreamEncryption.MANAGED if encryption_key is None else kinesis.StreamEncryption.KMS,
        encryption_key=encryption_key,
        removal_policy=removal_policy,
    )


def stream_problems(pointer: str, shard_count: int | None, retention_period: Duration | int) -> Iterator[Diagnostic]:
    """What Kinesis would refuse of a new stream."""
    yield from range_problems(f"{pointer}.shard_count", shard_count, 1, limits.STREAM_SHARDS_MAX)
    seconds = seconds_of(retention_period)
    least, most = limits.STREAM_RETENTION_SECONDS_MIN, limits.STREAM_RETENTION_SECONDS_MAX
    yield from range_problems(f"{pointer}.retention_period", seconds, least, most)
    if seconds is not None and least <= seconds <= most and seconds % _HOUR:
        yield Diagnostic(
            pointer=f"{pointer}.retention_period",
            problem=f"{seconds:g} seconds are no whole number of hours, which Kinesis counts in",
            code="LK401",
            hint=f"retention_period: {round(seconds / _HOUR) * _HOUR}",
        )
