"""From a bucket and key in a resolved template back to the file in the assembly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdakit.assembly.assembly_directory import open_directory
from lambdakit.assembly.asset_manifest import read_asset_manifest
from lambdakit.assembly.assets import AssemblyAssets
from lambdakit.errors import AssemblyError

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
REPOSITORY = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"
HERE = "cdk-hnb659fds-assets-123456789012-us-east-1"


def read(directory: Path, manifest: object) -> AssemblyAssets:
    (directory / "manifest.json").write_text("{}")
    (directory / "Shop.assets.json").write_text(json.dumps(manifest))
    for name in ("code", "image"):
        (directory / name).mkdir(exist_ok=True)
    (directory / "template.json").touch()
    files = open_directory(directory)
    return AssemblyAssets(read_asset_manifest(files, files.root / "Shop.assets.json"))


def assets(directory: Path) -> AssemblyAssets:
    return read(
        directory,
        {
            "version": "55.0.0",
            "files": {
                "c0de": {
                    "displayName": "Fn/Code",
                    "source": {"path": "code", "packaging": "zip"},
                    "destinations": {
                        "here": {"bucketName": BUCKET, "objectKey": "c0de.zip"},
                        "there": {"bucketName": "own-bucket", "objectKey": "prefix/c0de.zip", "region": "eu-west-1"},
                    },
                },
                "7e3": {
                    "source": {"path": "template.json"},
                    "destinations": {"here": {"bucketName": BUCKET, "objectKey": "7e3.json"}},
                },
                "made": {
                    "source": {"executable": ["make", "it"], "packaging": "zip"},
                    "destinations": {"here": {"bucketName": BUCKET, "objectKey": "made.zip"}},
                },
                "named": {
                    "source": {"path": "code", "packaging": "zip"},
                    "destinations": {"here": {"bucketName": "b", "objectKey": "${AWS::Region}/named.zip"}},
                },
            },
            "dockerImages": {
                "1mage": {
                    "source": {"directory": "image", "dockerFile": "Dockerfile.prod", "platform": "linux/arm64"},
                    "destinations": {"here": {"repositoryName": REPOSITORY, "imageTag": "1mage"}},
                }
            },
        },
    )


@pytest.mark.parametrize(
    "bucket, key, expected",
    [
        (HERE, "c0de.zip", "c0de"),
        ("cdk-hnb659fds-assets-999999999999-ap-southeast-2", "c0de.zip", "c0de"),
        ("own-bucket", "prefix/c0de.zip", "c0de"),
        ("b", "eu-west-1/named.zip", "named"),
        (HERE, "7e3.json", "7e3"),
        (HERE, "other.zip", None),
        (HERE, "1mage", None),
        ("own-bucket", "c0de.zip", None),
        ("cdk-hnb659fds-assets-12345-us-east-1", "c0de.zip", None),
        ("cdk-hnb659fds-assets-123456789012-us-east-1-evil/..", "c0de.zip", None),
        (BUCKET, "c0de.zip", "c0de"),
        ("", "", None),
    ],
)
def test_file_is_found_where_it_would_be_published(tmp_path: Path, bucket: str, key: str, expected: str | None) -> None:
    found = assets(tmp_path).find(bucket, key)

    assert (None if found is None else found.id) == expected


@pytest.mark.parametrize(
    "url, expected",
    [
        (f"https://s3.us-east-1.amazonaws.com/{HERE}/7e3.json", "7e3"),
        (f"https://s3.amazonaws.com/{HERE}/7e3.json", "7e3"),
        (f"https://s3-us-west-2.amazonaws.com/{HERE}/7e3.json", "7e3"),
        (f"https://s3.cn-north-1.amazonaws.com.cn/{HERE}/7e3.json", "7e3"),
        (f"https://{HERE}.s3.us-east-1.amazonaws.com/7e3.json", "7e3"),
        (f"https://{HERE}.s3.amazonaws.com/7e3.json", "7e3"),
        (f"s3://{HERE}/7e3.json", "7e3"),
        ("s3://own-bucket/prefix/c0de.zip", "c0de"),
        (f"http://s3.amazonaws.com/{HERE}/7e3.json", None),
        (f"https://example.com/{HERE}/7e3.json", None),
        ("https://s3.amazonaws.com", None),
        ("", None),
    ],
)
def test_file_is_found_by_its_url(tmp_path: Path, url: str, expected: str | None) -> None:
    found = assets(tmp_path).find_url(url)

    assert (None if found is None else found.id) == expected


@pytest.mark.parametrize(
    "uri, expected",
    [
        (
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/cdk-hnb659fds-container-assets-123456789012-us-east-1:1mage",
            "1mage",
        ),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/other:1mage", None),
        ("public.ecr.aws/lambda/python:3.13", None),
        ("nginx", None),
    ],
)
def test_image_is_found_by_its_uri(tmp_path: Path, uri: str, expected: str | None) -> None:
    found = assets(tmp_path).find_image(uri)

    assert (None if found is None else found.id) == expected


def test_image_keeps_its_build_settings(tmp_path: Path) -> None:
    (image,) = [item for item in assets(tmp_path).all if item.kind == "docker_image"]

    assert (image.packaging, image.image["dockerFile"]) == ("image", "Dockerfile.prod")
    assert image.path == (tmp_path / "image").resolve()
    assert (image.bucket_template, image.key_template) == (REPOSITORY, "1mage")


def test_asset_that_a_command_would_make_is_refused_when_it_is_used(tmp_path: Path) -> None:
    made = assets(tmp_path).find(HERE, "made.zip")

    assert made is not None
    with pytest.raises(AssemblyError, match=r"files\.made: .*running a command.*\[LK246\]"):
        _ = made.path


@pytest.mark.parametrize(
    "target, accepted",
    [("code/app.py", True), ("../code/app.py", False), ("/etc/passwd", False), ("../../..", False), ("self", False)],
)
def test_links_within_an_asset_may_not_lead_out_of_the_assembly(tmp_path: Path, target: str, accepted: bool) -> None:
    directory = tmp_path / "cdk.out"
    directory.mkdir()
    code = assets(directory).find(HERE, "c0de.zip")
    assert code is not None
    (code.path / "deep").mkdir()
    (tmp_path / "code").mkdir()
    link = code.path / "deep" / "self"
    link.symlink_to(directory / target if accepted else target if target != "../code/app.py" else tmp_path / "code")

    if accepted:
        code.check_links()
        return
    with pytest.raises(AssemblyError, match="LK225"):
        code.check_links()


@pytest.mark.parametrize(
    "entry, pointer",
    [
        ([], "files.a"),
        ({}, "files.a.source"),
        ({"source": {}}, "files.a.source.path"),
        ({"source": {"path": 1}}, "files.a.source.path"),
        ({"source": {"path": "code", "packaging": "tar"}}, "files.a.source.packaging"),
        ({"source": {"executable": "rm"}}, "files.a.source.executable"),
        ({"source": {"path": "code"}, "destinations": []}, "files.a.destinations"),
        ({"source": {"path": "code"}, "destinations": {"d": {}}}, "files.a.destinations.d.bucketName"),
        ({"source": {"path": "code"}, "destinations": {"d": {"bucketName": "b"}}}, "files.a.destinations.d.objectKey"),
    ],
)
def test_malformed_asset_is_named(tmp_path: Path, entry: object, pointer: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        read(tmp_path, {"version": "55.0.0", "files": {"a": entry}})

    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.pointer, diagnostic.code) == (pointer, "LK223")


def test_every_missing_asset_is_reported_at_once(tmp_path: Path) -> None:
    files = {name: {"source": {"path": name}, "destinations": {}} for name in ("x", "y")}

    with pytest.raises(AssemblyError) as caught:
        read(tmp_path, {"version": "55.0.0", "files": files})

    assert [item.pointer for item in caught.value.diagnostics] == ["files.x.source.path", "files.y.source.path"]
