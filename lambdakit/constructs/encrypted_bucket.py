"""A bucket as every pattern makes it: private, encrypted, TLS only, versioned, and kept when the stack goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3

from lambdakit.constructs.acknowledgements import acknowledge

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from constructs import Construct

# Parts of uploads that nobody finished are paid for, and are seen by nobody.
# Source: S3 User Guide, "Configuring a bucket lifecycle configuration to delete incomplete multipart uploads"
_UNFINISHED_UPLOAD_DAYS: Final = 7
# Source: S3 User Guide, "Logging requests with server access logging"
_NO_ACCESS_LOG: Final = (
    "Access logs come late, on a best-effort basis, and need a bucket of their own: data events of CloudTrail tell who "
    "did what, for those who need to know."
)


def make_bucket(
    scope: Construct,
    id: str,
    *,
    versioned: bool = True,
    lifecycle_rules: Sequence[s3.LifecycleRule] = (),
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    encryption_key: kms.IKey | None = None,
) -> s3.Bucket:
    """The bucket.

    lifecycle_rules: beside the one that ends unfinished uploads; absent, none.
    encryption_key: absent, S3's own keys, which cost nothing and need no grants. The bucket then has a key of its own
        for a while, derived from this, so that not every object asks KMS.
    """
    bucket = s3.Bucket(
        scope,
        id,
        encryption=s3.BucketEncryption.S3_MANAGED if encryption_key is None else s3.BucketEncryption.KMS,
        encryption_key=encryption_key,
        bucket_key_enabled=None if encryption_key is None else True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=versioned,
        lifecycle_rules=[
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(_UNFINISHED_UPLOAD_DAYS)),
            *lifecycle_rules,
        ],
        removal_policy=removal_policy,
    )
    acknowledge(bucket, {"AwsSolutions-S1": _NO_ACCESS_LOG})
    return bucket
