"""What policies of keys and buckets decide: a row per fact.

The rows follow the example policies of the services' guides. DG is the AWS Lambda Developer Guide, UG a service's user
guide or developer guide.
"""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.principal import ANONYMOUS
from tests.fakes.policies import ACCOUNT_ID, REGION, ROLE, ROOT, statement
from tests.fakes.resource_facts import OTHER, OURS, THEIRS, Row, check, equals, lets

pytestmark = pytest.mark.xdist_group("moto")

_KEY_POLICY = "AWS KMS UG, Default key policy"
_VIA = "AWS KMS UG, AWS KMS condition keys: kms:ViaService"
_CONTEXT = "AWS KMS UG, AWS KMS condition keys: kms:EncryptionContext:context-key"
_BUCKET = "Amazon S3 UG, Examples of Amazon S3 bucket policies"

ROWS = (
    # Keys
    Row(
        says="the default key policy lets the account's own policies decide",
        source=_KEY_POLICY,
        of="key",
        policy=lambda _: [statement({"AWS": ROOT}, "kms:*")],
        who=OURS,
        own=("kms:Decrypt",),
        does="kms:Decrypt",
        allowed=True,
    ),
    Row(
        says="and gives nobody anything by itself",
        source=_KEY_POLICY,
        of="key",
        policy=lambda _: [statement({"AWS": ROOT}, "kms:*")],
        who=OURS,
        does="kms:Decrypt",
        allowed=False,
    ),
    Row(
        says="without the account in it, other policies do not count",
        source=_KEY_POLICY,
        of="key",
        policy=lambda _: [statement({"AWS": f"arn:aws:iam::{ACCOUNT_ID}:role/admin"}, "kms:*")],
        who=OURS,
        own=("kms:*",),
        does="kms:Decrypt",
        allowed=False,
    ),
    Row(
        says="a role that the key policy names needs no other policy",
        source=_KEY_POLICY,
        of="key",
        policy=lambda _: [statement({"AWS": ROLE}, ["kms:Decrypt"])],
        who=OURS,
        does="kms:Decrypt",
        allowed=True,
    ),
    Row(
        says="a key may be limited to requests through a service",
        source=_VIA,
        of="key",
        policy=lambda _: [
            statement({"AWS": ROLE}, "kms:Decrypt", Condition=equals(kms__ViaService=f"sqs.{REGION}.amazonaws.com"))
        ],
        who=OURS,
        does="kms:Decrypt",
        keys={"kms:viaservice": (f"sqs.{REGION}.amazonaws.com",)},
        allowed=True,
    ),
    Row(
        says="and refuses direct ones then",
        source=_VIA,
        of="key",
        policy=lambda _: [
            statement({"AWS": ROLE}, "kms:Decrypt", Condition=equals(kms__ViaService=f"sqs.{REGION}.amazonaws.com"))
        ],
        who=OURS,
        own=("kms:*",),
        does="kms:Decrypt",
        allowed=False,
    ),
    Row(
        says="a key may be limited to an encryption context",
        source=_CONTEXT,
        of="key",
        policy=lambda _: [
            statement(
                {"AWS": ROLE},
                "kms:GenerateDataKey",
                Condition={"StringEquals": {"kms:EncryptionContext:AppName": "ExampleApp"}},
            )
        ],
        who=OURS,
        does="kms:GenerateDataKey",
        keys={"kms:encryptioncontext:appname": ("exampleapp",)},
        allowed=False,
    ),
    Row(
        says="another account uses a key when both sides allow it",
        source="AWS KMS UG, Allowing users in other accounts to use a KMS key",
        of="key",
        policy=lambda _: [statement({"AWS": f"arn:aws:iam::{OTHER}:root"}, ["kms:Decrypt"])],
        who=THEIRS,
        own=("kms:Decrypt",),
        does="kms:Decrypt",
        allowed=True,
    ),
    # Buckets
    Row(
        says="everybody may read objects",
        source=_BUCKET,
        of="bucket",
        policy=lets("*", ["s3:GetObject"]),
        who=ANONYMOUS,
        does="s3:GetObject",
        below="/key",
        allowed=True,
    ),
    Row(
        says="a permission on objects is none on the bucket",
        source=_BUCKET,
        of="bucket",
        policy=lambda bucket: [statement("*", "s3:*", f"{bucket}/*")],
        who=ANONYMOUS,
        does="s3:ListBucket",
        allowed=False,
    ),
    Row(
        says="requests without TLS may be refused",
        source=_BUCKET,
        of="bucket",
        policy=lets("*", "s3:*", Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        who=OURS,
        own=("s3:*",),
        does="s3:GetObject",
        below="/key",
        keys={"aws:securetransport": ("false",)},
        allowed=False,
    ),
    Row(
        says="and those with TLS then pass",
        source=_BUCKET,
        of="bucket",
        policy=lets("*", "s3:*", Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        who=OURS,
        own=("s3:*",),
        does="s3:GetObject",
        below="/key",
        keys={"aws:securetransport": ("true",)},
        allowed=True,
    ),
    Row(
        says="uploads of another account may have to leave the owner in control",
        source=_BUCKET,
        of="bucket",
        policy=lets({"AWS": OTHER}, "s3:PutObject", Condition=equals(**{"s3__x-amz-acl": "bucket-owner-full-control"})),
        who=THEIRS,
        own=("s3:PutObject",),
        does="s3:PutObject",
        below="/key",
        allowed=False,
    ),
    Row(
        says="only some addresses may be let in",
        source=_BUCKET,
        of="bucket",
        policy=lets("*", "s3:*", Effect="Deny", Condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        who=OURS,
        own=("s3:*",),
        does="s3:GetObject",
        below="/key",
        keys={"aws:sourceip": ("203.0.113.5",)},
        allowed=False,
    ),
    Row(
        says="CloudFront reads for one distribution",
        source="Amazon CloudFront UG, Restrict access to an Amazon S3 origin",
        of="bucket",
        policy=lets(
            "cloudfront.amazonaws.com",
            "s3:GetObject",
            Condition=equals(AWS__SourceArn=f"arn:aws:cloudfront::{ACCOUNT_ID}:distribution/E1"),
        ),
        who="cloudfront.amazonaws.com",
        does="s3:GetObject",
        below="/key",
        source_arn=f"arn:aws:cloudfront::{ACCOUNT_ID}:distribution/E1",
        allowed=True,
    ),
    Row(
        says="a role of the account needs no other policy when the bucket's names it",
        source="IAM UG, Policy evaluation for requests within a single account",
        of="bucket",
        policy=lets({"AWS": ROLE}, "s3:GetObject"),
        who=OURS,
        does="s3:GetObject",
        below="/key",
        allowed=True,
    ),
)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.of}: {row.says}") for row in ROWS])
def test_what_a_resources_policy_decides(row: Row) -> None:
    check(row)
