"""What buckets hold: it keeps them from going, and a reset brings it back."""

from __future__ import annotations

import time

import pytest

from lambdakit.harness.deployment.provisioner import Created, ResourceRefused
from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")


@pytest.mark.parametrize("versioned", [False, True])
def test_bucket_that_is_not_empty_refuses_to_go(provisioning: Provisioning, versioned: bool) -> None:
    properties = {"VersioningConfiguration": {"Status": "Enabled"}} if versioned else {}
    bucket = provisioning.create("AWS::S3::Bucket", properties)
    s3, name = provisioning.client("s3"), bucket.provisioned.physical_id
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    if versioned:
        s3.delete_object(Bucket=name, Key="a")

    with pytest.raises(ResourceRefused, match="The bucket you tried to delete is not empty"):
        provisioning.delete(bucket)

    provisioning.reset(bucket)
    provisioning.delete(bucket)


def test_reset_brings_back_objects_with_content_versions_and_metadata(provisioning: Provisioning) -> None:
    bucket = provisioning.create("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}})
    s3, name = provisioning.client("s3"), bucket.provisioned.physical_id
    for body in (b"one", b"two"):
        s3.put_object(Bucket=name, Key="seed", Body=body, Metadata={"kind": "seed"})
    s3.put_object(Bucket=name, Key="kept", Body=b"kept")
    seeds = s3.list_object_versions(Bucket=name)["Versions"]
    captured = provisioning.captured(bucket)

    for _ in range(2):
        s3.put_object(Bucket=name, Key="later", Body=b"later")
        s3.delete_object(Bucket=name, Key="kept")
        for version in s3.list_object_versions(Bucket=name, Prefix="seed")["Versions"]:
            s3.delete_object(Bucket=name, Key="seed", VersionId=version["VersionId"])
        s3.create_multipart_upload(Bucket=name, Key="half")

        provisioning.reset(captured)

        assert s3.list_object_versions(Bucket=name)["Versions"] == seeds
        seed = s3.get_object(Bucket=name, Key="seed")
        assert (seed["Body"].read(), seed["Metadata"]) == (b"two", {"kind": "seed"})
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)

    provisioning.reset(bucket)


def test_reset_of_what_nobody_touched_costs_next_to_nothing(provisioning: Provisioning) -> None:
    bucket = provisioning.create("AWS::S3::Bucket", {})
    s3 = provisioning.client("s3")
    for index in range(20):
        s3.put_object(Bucket=bucket.provisioned.physical_id, Key=str(index), Body=b"x")
    captured = [provisioning.captured(bucket), *(provisioning.create("AWS::SQS::Queue", {}) for _ in range(3))]

    def best(created: Created) -> float:
        taken = []
        for _ in range(5):
            started = time.perf_counter()
            provisioning.reset(created)
            taken.append(time.perf_counter() - started)
        return min(taken)

    assert max(best(created) for created in captured) < 0.001
    provisioning.reset(bucket)
