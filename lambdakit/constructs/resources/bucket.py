"""A bucket that patterns and functions share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3

from lambdakit.constructs.encrypted_bucket import make_bucket
from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack
    from aws_cdk import aws_kms as kms


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiration:
    """What becomes of a bucket's objects in time.

    prefix: how the keys begin; absent, every object. days: after which an object expires; absent, never.
    noncurrent_days: after which a version is deleted that is no longer the current one; absent, never.
    """

    prefix: str | None = None
    days: int | None = None
    noncurrent_days: int | None = None


def shared_bucket(
    stack: Stack,
    name: str,
    *,
    versioned: bool = True,
    expirations: Sequence[Expiration] = (),
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    encryption_key: kms.IKey | None = None,
) -> s3.Bucket:
    """The bucket, private, encrypted and TLS only, and the output `<Name>BucketName`.

    encryption_key: absent, S3's own.
    """
    bucket = make_bucket(
        stack,
        shared_id(name),
        versioned=versioned,
        lifecycle_rules=[
            s3.LifecycleRule(
                prefix=each.prefix,
                expiration=None if each.days is None else Duration.days(each.days),
                noncurrent_version_expiration=None
                if each.noncurrent_days is None
                else Duration.days(each.noncurrent_days),
            )
            for each in expirations
        ],
        removal_policy=removal_policy,
        encryption_key=encryption_key,
    )
    shared_output(stack, name, "BucketName", bucket.bucket_name)
    return bucket
