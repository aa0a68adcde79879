"""Canary: moto's buckets have no encryption, and have SSE-S3 once that is mended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambdakit.harness.moto_state.bucket_encryption import encrypt_buckets
from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture(autouse=True)
def emptied(provisioning: Provisioning) -> Iterator[None]:
    """Other tests look at all the buckets there are."""
    yield
    s3 = provisioning.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            s3.delete_object(Bucket=bucket["Name"], Key=item["Key"])
        s3.delete_bucket(Bucket=bucket["Name"])


def test_a_bucket_and_its_objects_are_encrypted_unless_told(provisioning: Provisioning) -> None:
    encrypt_buckets()
    s3 = provisioning.client("s3")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def rule() -> dict[str, object]:
        return dict(
            s3.get_bucket_encryption(Bucket="plain")["ServerSideEncryptionConfiguration"]["Rules"][0],
        )

    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    assert rule() == default
    assert s3.put_object(Bucket="plain", Key="a", Body=b"a")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket="plain", Key="a")["ServerSideEncryption"] == "AES256"

    keyed = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/a"}}
    s3.put_bucket_encryption(Bucket="plain", ServerSideEncryptionConfiguration={"Rules": [keyed]})
    assert rule()["ApplyServerSideEncryptionByDefault"] == keyed["ApplyServerSideEncryptionByDefault"]

    s3.delete_bucket_encryption(Bucket="plain")
    assert rule() == default


def test_a_rule_that_only_blocks_leaves_the_default(provisioning: Provisioning) -> None:
    encrypt_buckets()
    rules = [{"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}]

    created = provisioning.create("AWS::S3::Bucket", {"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}})

    told = provisioning.client("s3").get_bucket_encryption(Bucket=created.provisioned.physical_id)
    (rule,) = told["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
