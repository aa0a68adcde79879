"""Container images in the account's registry: what would have been built, pushed or copied stands there as a record.

Source: cdk-ecr-deployment, `lambda-src/main.go`; Amazon ECR API Reference, "DescribeImages", "PutImage"; AWS CDK
Developer Guide, "Assets".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from lambdakit.trace import ImageRecorded, InvocationStarted
from tests.fakes.image_assembly import Images
from tests.fakes.plain_assembly import Resources, function, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-image-records")

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
ASSETS = "cdk-hnb659fds-container-assets-123456789012-us-east-1"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


def copy(source: str, destination: str, **more: str) -> dict[str, Any]:
    """What cdk-ecr-deployment makes."""
    properties = {
        "ServiceToken": {"Fn::GetAtt": ["Copier", "Arn"]},
        "SrcImage": f"docker://{source}",
        "DestImage": f"docker://{destination}",
        **more,
    }
    return {"Type": "Custom::CDKECRDeployment", "Properties": properties, "DependsOn": ["Shop"]}


def copying(tmp_path: Path, name: str, **copies: dict[str, Any]) -> Path:
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": name, "EmptyOnDelete": True}}
    resources: Resources = {
        "Shop": repository,
        **function("Copier", "def handler(event, context): raise RuntimeError('there is no registry')"),
        **copies,
    }
    return write_stack(tmp_path / name, name, resources)


def tags(harness: Harness, repository: str) -> set[str]:
    images = harness.client("ecr").describe_images(repositoryName=repository)["imageDetails"]
    return {tag for image in images for tag in image.get("imageTags", [])}


def test_a_copy_stands_under_its_tag_and_its_function_is_not_invoked(harness: Harness, tmp_path: Path) -> None:
    since = len(harness.trace.events)

    deployment = harness.deploy(copying(tmp_path, "copied", Copy=copy("nginx:1.27", f"{REGISTRY}/copied:latest")))

    told = [event for event in harness.trace.events[since:] if isinstance(event, ImageRecorded)]
    image = harness.client("ecr").describe_images(repositoryName="copied")["imageDetails"][0]
    assert image["imageTags"] == ["latest"]
    assert [(event.source, event.destination) for event in told] == [("nginx:1.27", f"{REGISTRY}/copied:latest")]
    assert told[0].digest == image["imageDigest"]
    assert not any(isinstance(event, InvocationStarted) for event in harness.trace.events[since:])
    deployment.destroy()


def test_a_copy_of_a_recorded_image_has_its_digest(harness: Harness, tmp_path: Path) -> None:
    first = copy("nginx", f"{REGISTRY}/chained:one")
    second = {**copy(f"{REGISTRY}/chained:one", f"{REGISTRY}/chained:two"), "DependsOn": ["Shop", "First"]}

    deployment = harness.deploy(copying(tmp_path, "chained", First=first, Second=second))

    images = harness.client("ecr").describe_images(repositoryName="chained")["imageDetails"]
    assert [sorted(image["imageTags"]) for image in images] == [["one", "two"]]
    deployment.destroy()


def test_an_update_records_the_new_place_and_leaves_the_old_one(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(copying(tmp_path / "a", "moved", Copy=copy("nginx", f"{REGISTRY}/moved:one")))

    deployment.update(
        copying(
            tmp_path / "b", "moved", Copy=copy("httpd", f"{REGISTRY}/moved:two", ArchImageTags='{"arm64": "two-arm64"}')
        )
    )

    assert tags(harness, "moved") == {"one", "two", "two-arm64"}
    deployment.destroy()


def test_a_copy_into_a_registry_elsewhere_is_told_and_recorded_nowhere(harness: Harness, tmp_path: Path) -> None:
    since = len(harness.trace.events)

    deployment = harness.deploy(copying(tmp_path, "elsewhere", Copy=copy("nginx", "docker.io/mine/web:1")))

    told = [event for event in harness.trace.events[since:] if isinstance(event, ImageRecorded)]
    assert [(event.destination, event.digest) for event in told] == [("docker.io/mine/web:1", "")]
    assert tags(harness, "elsewhere") == set()
    deployment.destroy()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DestImage": f"docker://{REGISTRY}/nowhere:latest"}, "repository with name 'nowhere' does not exist"),
        ({"SrcImage": ["nginx"]}, "can't get SrcImage"),
    ],
    ids=["no repository", "no source"],
)
def test_what_the_function_would_fail_at_fails(
    harness: Harness, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    wrong = copy("nginx", f"{REGISTRY}/refused:latest")
    wrong["Properties"] |= change

    with pytest.raises(DeploymentError, match=words):
        harness.deploy(copying(tmp_path, "refused", Copy=wrong))


def test_an_image_asset_stands_in_the_repository_of_the_bootstrap(harness: Harness, tmp_path: Path) -> None:
    images = Images(tmp_path)
    images.add("Web", {"Dockerfile": "FROM scratch"})
    since = len(harness.trace.events)

    deployment = harness.deploy(images.write())

    told = [event for event in harness.trace.events[since:] if isinstance(event, ImageRecorded)]
    assert tags(harness, ASSETS) == {"Web"}
    assert [(event.stack, event.logical_id) for event in told] == [("images", "Web")]
    deployment.destroy()
