"""Assets put into their buckets: only those that a resource names, once each, where the manifest says.

Source: AWS CDK Developer Guide, "Assets".
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambdakit.assembly.cloud_assembly import read_assembly
from lambdakit.errors import AssemblyError
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.asset_publishing import AssetPublisher, zipped
from tests.fakes.plain_assembly import write_stacks

pytestmark = pytest.mark.xdist_group("moto")

_ACCOUNT = "222233334444"
_BUCKET = f"cdk-hnb659fds-assets-{_ACCOUNT}-eu-west-1"


class Publishing:
    """One assembly's assets on their way into an account. here: where they lie."""

    def __init__(self, directory: Path) -> None:
        self.here = directory
        self.account = Account(account_id=_ACCOUNT, region="eu-west-1")
        self.s3: Any = self.account.client("s3")

    def publisher(self, **assets: Path) -> AssetPublisher:
        by_key = {name.replace("_", "."): path for name, path in assets.items()}
        assembly = read_assembly(write_stacks(self.here, {"s": {"Resources": {}}}, assets=by_key))
        return AssetPublisher(self.account, assembly.assets, lambda event: None)

    def keys(self) -> list[str]:
        buckets = [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]
        listed = [self.s3.list_objects_v2(Bucket=bucket).get("Contents", []) for bucket in buckets]
        return [item["Key"] for contents in listed for item in contents]

    def body(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=_BUCKET, Key=key)["Body"].read()
        return content

    def clean(self) -> None:
        for bucket in self.s3.list_buckets()["Buckets"]:
            for item in self.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                self.s3.delete_object(Bucket=bucket["Name"], Key=item["Key"])
            self.s3.delete_bucket(Bucket=bucket["Name"])


@pytest.fixture
def publishing(tmp_path: Path) -> Any:
    publishing = Publishing(tmp_path)
    yield publishing
    publishing.clean()


def _file(publishing: Publishing, name: str, text: str) -> Path:
    path = publishing.here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "properties",
    [
        {"S3Key": "one.json"},
        {"Deep": [{"er": {"S3ObjectKey": "one.json"}}]},
        {"TemplateURL": f"https://s3.eu-west-1.amazonaws.com/{_BUCKET}/one.json"},
        {"Location": f"s3://{_BUCKET}/one.json"},
    ],
)
def test_what_is_named_is_published(publishing: Publishing, properties: Any) -> None:
    publisher = publishing.publisher(
        one_json=_file(publishing, "one.json", "1"), two_json=_file(publishing, "two.json", "2")
    )

    publisher.publish_named(properties, _ACCOUNT, "eu-west-1")

    assert publishing.keys() == ["one.json"]
    assert publishing.body("one.json") == b"1"


@pytest.mark.parametrize("properties", [{}, None, [], {"S3Key": "three.json"}, {"x": 1, "y": True}, {"one.json": "x"}])
def test_what_nobody_names_is_not(publishing: Publishing, properties: Any) -> None:
    publisher = publishing.publisher(one_json=_file(publishing, "one.json", "1"))

    publisher.publish_named(properties, _ACCOUNT, "eu-west-1")

    assert publishing.keys() == []


def test_once_is_enough_and_a_bucket_that_is_there_is_used(publishing: Publishing) -> None:
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    publishing.s3.create_bucket(Bucket=_BUCKET, **place)
    path = _file(publishing, "one.json", "1")
    publisher = publishing.publisher(one_json=path)

    publisher.publish_named({"Key": "one.json"}, _ACCOUNT, "eu-west-1")
    path.write_text("changed")
    publisher.publish_named({"Key": "one.json"}, _ACCOUNT, "eu-west-1")

    assert publishing.body("one.json") == b"1"


def test_a_directory_becomes_a_zip(publishing: Publishing) -> None:
    _file(publishing, "code/a/b.py", "b")
    script = _file(publishing, "code/run.sh", "#!/bin/sh")
    script.chmod(0o755)
    publisher = publishing.publisher(code_zip=publishing.here / "code")

    publisher.publish_named({"Key": "code.zip"}, _ACCOUNT, "eu-west-1")

    with zipfile.ZipFile(io.BytesIO(publishing.body("code.zip"))) as archive:
        assert archive.namelist() == ["run.sh", "a/b.py"]
        assert archive.read("a/b.py") == b"b"
        assert archive.getinfo("run.sh").external_attr >> 16 & 0o777 == 0o755


def test_the_same_directory_gives_the_same_zip(publishing: Publishing) -> None:
    path = _file(publishing, "code/a.py", "a")
    first = zipped(publishing.here / "code")

    os.utime(path, (1, 1))

    assert zipped(publishing.here / "code") == first


def test_links_within_are_followed_and_circles_are_not(publishing: Publishing) -> None:
    code = _file(publishing, "code/a/b.py", "b").parents[1]
    (code / "same").symlink_to("a")
    (code / "a" / "round").symlink_to("..")

    with zipfile.ZipFile(io.BytesIO(zipped(code))) as archive:
        assert archive.namelist() == ["a/b.py", "same/b.py"]


def test_a_link_out_of_the_assembly_is_refused(
    publishing: Publishing, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("secret")
    code = _file(publishing, "code/a.py", "a").parent
    (code / "out").symlink_to(secret)
    publisher = publishing.publisher(code_zip=code)

    with pytest.raises(AssemblyError):
        publisher.publish_named({"Key": "code.zip"}, _ACCOUNT, "eu-west-1")

    assert publishing.keys() == []


@pytest.mark.parametrize(
    ("named", "region", "expected"),
    [
        pytest.param(["own-222233334444-eu-west-1"], "eu-west-1", {"own-222233334444-eu-west-1"}, id="first"),
        pytest.param(["own-222233334444-us-east-2"], "us-east-2", {"own-222233334444-us-east-2"}, id="last"),
        pytest.param(["s3://own-222233334444-us-east-2/a.zip"], "eu-west-1", {"own-222233334444-us-east-2"}, id="URL"),
        pytest.param([], "us-east-2", {"own-222233334444-us-east-2"}, id="by region"),
        pytest.param([], "ap-south-1", {"own-222233334444-eu-west-1", "own-222233334444-us-east-2"}, id="neither"),
    ],
)
def test_an_asset_of_stacks_in_two_regions_goes_to_the_bucket_that_is_named(
    publishing: Publishing, named: list[str], region: str, expected: set[str]
) -> None:
    _file(publishing, "a.zip", "content")
    directory = write_stacks(publishing.here, {"s": {"Resources": {}}})
    destinations = {
        place: {"bucketName": f"own-{_ACCOUNT}-{place}", "objectKey": "a.zip", "region": place}
        for place in ("eu-west-1", "us-east-2")
    }
    file = {"source": {"path": "a.zip", "packaging": "file"}, "destinations": destinations}
    (directory / "plain.assets.json").write_text(json.dumps({"version": "55.0.0", "files": {"a": file}}))
    publisher = AssetPublisher(publishing.account, read_assembly(directory).assets, lambda event: None)

    publisher.publish_named({"SourceBucketNames": named, "SourceObjectKeys": ["a.zip"]}, _ACCOUNT, region)

    assert {bucket["Name"] for bucket in publishing.s3.list_buckets()["Buckets"]} == expected
