"""The access control lists of buckets and objects, written as the policy that they amount to.

A list counts only where the bucket's object ownership lets it: S3 switches lists off for every bucket that says nothing
else, and a public access block can make public ones count for nothing.
Source: Amazon S3 User Guide, "Access control list (ACL) overview" ("Mapping of ACL permissions and access policy
permissions"); "Controlling ownership of objects and disabling ACLs for your bucket"; "Blocking public access to your
Amazon S3 storage" (IgnorePublicAcls).

Private surface used: of moto's buckets and objects `acl.grants` with `grantees` (`id`, `uri`) and `permissions`; of
buckets `ownership_rule`, `public_access_block` and `keys`.
Canary: tests/unit/harness/iam/test_iam_moto_resource_policies.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_EVERYBODY: Final = "/global/AllUsers"
_SIGNED_IN: Final = "/global/AuthenticatedUsers"
_ON_BUCKET: Final[Mapping[str, tuple[str, ...]]] = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": ("s3:PutObject",),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
_ON_OBJECT: Final[Mapping[str, tuple[str, ...]]] = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}


def lists_count(bucket: Any) -> bool:
    """Whether the bucket's access control lists are on."""
    rule = bucket.ownership_rule
    while isinstance(rule, Mapping | list):  # as a header says it, or as the XML of a request does
        rule = next(iter(rule.values() if isinstance(rule, Mapping) else rule), None)
    return rule in ("ObjectWriter", "BucketOwnerPreferred")


def statements_of_lists(bucket: Any, arn: str) -> list[Mapping[str, Any]]:
    """What the lists of a bucket, and of one object in it, allow to the public. arn: of the bucket or the object."""
    if not lists_count(bucket) or getattr(bucket.public_access_block, "ignore_public_acls", None) in (True, "true"):
        return []
    bucket_arn, _, key = arn.partition("/")
    found = list(_statements(bucket.acl, _ON_BUCKET, bucket_arn))
    held = bucket.keys.get(key) if key else None
    if held is not None:
        found += _statements(held.acl, _ON_OBJECT, arn)
    return found


def _statements(acl: Any, actions: Mapping[str, tuple[str, ...]], arn: str) -> Iterator[Mapping[str, Any]]:
    for grant in getattr(acl, "grants", ()):
        for permission in [grant.permissions] if isinstance(grant.permissions, str) else grant.permissions:
            wanted = (
                sorted({one for given in actions.values() for one in given}) if permission == "FULL_CONTROL" else []
            )
            wanted = wanted or list(actions.get(permission, ()))
            resources = [arn, f"{arn}/*"] if "s3:PutObject" in wanted else arn
            for grantee in grant.grantees:
                if wanted and grantee.uri.endswith(_EVERYBODY):
                    yield {"Effect": "Allow", "Principal": "*", "Action": wanted, "Resource": resources}
                elif wanted and grantee.uri.endswith(_SIGNED_IN):
                    signed = {"StringNotEquals": {"aws:PrincipalType": "Anonymous"}}
                    yield {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": wanted,
                        "Resource": resources,
                        "Condition": signed,
                    }
