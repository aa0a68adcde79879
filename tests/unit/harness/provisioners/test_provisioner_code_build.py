"""Projects of CodeBuild, read back through its API, and builds of them."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.moto_state.build_projects import take_build_projects
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Provisioning, Row, follow
from tests.fakes.shown import shown

pytestmark = pytest.mark.xdist_group("moto")

_IMAGE = "aws/codebuild/standard:7.0"
_PROJECT: dict[str, Any] = {
    "ServiceRole": f"arn:aws:iam::{ACCOUNT_ID}:role/build",
    "Source": {"Type": "NO_SOURCE", "BuildSpec": "version: 0.2"},
    "Artifacts": {"Type": "NO_ARTIFACTS"},
    "Environment": {"Type": "LINUX_CONTAINER", "Image": _IMAGE, "ComputeType": "BUILD_GENERAL1_SMALL"},
}


@pytest.fixture(autouse=True)
def _mended() -> None:
    take_build_projects()


def test_project_is_created_changed_and_deleted(provisioning: Provisioning) -> None:
    row = Row(
        type="AWS::CodeBuild::Project",
        first={**_PROJECT, "Name": "site", "TimeoutInMinutes": "30"},
        second={**_PROJECT, "Name": "site", "TimeoutInMinutes": 40},
        read=shown("codebuild", "batch_get_projects", "projects[0].timeoutInMinutes", names="[ref]"),
        shows=(30, 40),
    )

    follow(provisioning, row)


@pytest.mark.parametrize(
    "differs",
    [
        {"Source": {"Type": "CODEPIPELINE"}, "Artifacts": {"Type": "CODEPIPELINE"}},
        {"Source": {"Type": "GITHUB", "Location": "https://github.com/o/r.git"}},
        {"Environment": {"Type": "ARM_LAMBDA_CONTAINER", "Image": _IMAGE, "ComputeType": "BUILD_LAMBDA_1GB"}},
        {"Environment": {**_PROJECT["Environment"], "ComputeType": "BUILD_GENERAL1_XLARGE"}},
    ],
    ids=["of a pipeline", "of a repository", "on Lambda", "on a large machine"],
)
def test_a_build_of_it_succeeds(provisioning: Provisioning, differs: dict[str, Any]) -> None:
    created = provisioning.create("AWS::CodeBuild::Project", {**_PROJECT, **differs}).provisioned
    codebuild = provisioning.client("codebuild")

    build = codebuild.start_build(projectName=created.physical_id)["build"]

    assert created.attributes["Arn"] == f"arn:aws:codebuild:{REGION}:{ACCOUNT_ID}:project/{created.physical_id}"
    assert build["buildStatus"] == "IN_PROGRESS"
    assert codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]["buildStatus"] == "SUCCEEDED"


def test_a_source_that_lies_somewhere_has_a_location(provisioning: Provisioning) -> None:
    with pytest.raises(provisioning.client("codebuild").exceptions.InvalidInputException, match="location"):
        provisioning.create("AWS::CodeBuild::Project", {**_PROJECT, "Source": {"Type": "S3"}})


def test_its_role_may_be_given_by_its_name(provisioning: Provisioning) -> None:
    created = provisioning.create("AWS::CodeBuild::Project", {**_PROJECT, "ServiceRole": "build"}).provisioned

    (told,) = provisioning.client("codebuild").batch_get_projects(names=[created.physical_id])["projects"]
    assert told["serviceRole"] == _PROJECT["ServiceRole"]
