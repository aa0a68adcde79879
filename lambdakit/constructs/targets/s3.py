"""A bucket that the function writes objects to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from lambdakit.constructs.encrypted_bucket import make_bucket
from lambdakit.constructs.object_arns import acknowledge_objects, object_arns
from lambdakit.constructs.targets.made_target import MadeTarget

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

# Parts of large uploads go by PutObject, too; giving up on one is an action of its own.
# Source: S3 User Guide, "Multipart upload API and permissions"
_WRITE: Final = ("s3:AbortMultipartUpload", "s3:PutObject")
_READ: Final = ("s3:GetObject",)
# Decrypting is for uploads in parts. Source: S3 User Guide, "Using server-side encryption with AWS KMS keys"
_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Target:
    """Objects of a bucket.

    bucket: an existing one; absent, a new one: private, encrypted, TLS only, versioned.
    prefix: how the keys begin that the function may write; absent, anyhow.
    access: absent, it may write, and not read or delete.
    removal_policy: what happens to a new bucket when it leaves the stack; absent, it is retained.
    """

    bucket: s3.IBucket | None = None
    prefix: str | None = None
    access: Literal["write", "read_write"] = "write"
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN


def make_s3_target(scope: Construct, id: str, target: S3Target) -> MadeTarget:
    """The bucket, known to the function by `<NAME>_BUCKET_NAME`."""
    bucket = make_bucket(scope, id, removal_policy=target.removal_policy) if target.bucket is None else target.bucket
    return MadeTarget(suffix="BUCKET_NAME", value=bucket.bucket_name, is_new=target.bucket is None, bucket=bucket)


def grant_s3_target(target: S3Target, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function to put objects."""
    bucket = made.bucket
    assert bucket is not None
    actions = [*_WRITE, *(_READ if target.access == "read_write" else ())]
    resource = object_arns(bucket, prefix=target.prefix)
    handler.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[resource]))
    acknowledge_objects(handler, resource)
    if (key := bucket.encryption_key) is not None:
        key.grant(handler, *_KEY_ACTIONS)
