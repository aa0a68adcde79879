"""What Lambda refuses of settings that do not go together, and what it tells of versions, as boto3 sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import create_function, delete_functions, refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-refusals")

INVALID = "InvalidParameterValueException"
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
IMAGE = {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:1"}
ACCESS_POINT = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-01234567890123456"


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    yield client
    delete_functions(client)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        pytest.param({"Code": {"ZipFile": EMPTY_ZIP}}, "Uploaded file must be a non-empty zip", id="empty-zip"),
        pytest.param(
            {"Layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:far:1"]},
            "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.",
            id="layer-of-another-region",
        ),
        *(
            pytest.param(
                {"VpcConfig": {name: [value]}},
                "SubnetIds and SecurityIds must coexist or be both empty list.",
                id=name,
            )
            for name, value in (("SubnetIds", "subnet-1"), ("SecurityGroupIds", "sg-1"))
        ),
        pytest.param(
            {"FileSystemConfigs": [{"Arn": ACCESS_POINT, "LocalMountPath": "/mnt/a"}]},
            f"Function must be configured to execute in a VPC to reference access point {ACCESS_POINT}",
            id="file-system-without-network",
        ),
        *(
            pytest.param({"DeadLetterConfig": {"TargetArn": target}}, f"The dead-letter target {target} is", id=target)
            for target in (
                "arn:aws:kinesis:us-east-1:123456789012:stream/dead",
                "arn:aws:sqs:us-east-1:123456789012:dead.fifo",
            )
        ),
        *(
            pytest.param(
                {"PackageType": "Image", "Code": IMAGE, "Runtime": runtime, "Handler": handler},
                "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.",
                id=f"image-with-{runtime}-{handler}",
            )
            for runtime, handler in (("python3.13", None), (None, "app.handler"))
        ),
        pytest.param(
            {"Code": IMAGE, "Runtime": None, "Handler": None},
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            id="image-that-is-not-said-to-be-one",
        ),
        pytest.param({"Code": IMAGE}, "Please don't provide ImageUri", id="image-in-a-zip"),
    ],
)
def test_settings_that_do_not_go_together_make_nothing(client: Any, settings: dict[str, Any], text: str) -> None:
    members = {
        "FunctionName": "orders",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::123456789012:role/fn",
        "Code": {"ZipFile": zip_of()},
        **settings,
    }
    given = {name: value for name, value in members.items() if value is not None}

    status, code, message = refusal(client.create_function, **given)

    assert (status, code) == (400, INVALID)
    assert text in message
    assert client.list_functions()["Functions"] == []


def test_an_image_is_recorded_when_it_is_said_to_be_one(client: Any) -> None:
    members = {"FunctionName": "orders", "Role": "arn:aws:iam::123456789012:role/fn", "PackageType": "Image"}

    created = client.create_function(**members, Code=IMAGE)

    assert created["PackageType"] == "Image"
    assert client.get_function(FunctionName="orders")["Code"]["ImageUri"] == IMAGE["ImageUri"]


@pytest.mark.parametrize("given", [{"SubnetIds": [], "SecurityGroupIds": []}, {"SubnetIds": ["subnet-1"]}])
def test_an_update_may_leave_a_network_wholly_or_not_at_all(client: Any, given: dict[str, Any]) -> None:
    network = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    create_function(client, "orders", VpcConfig=network)

    if given["SubnetIds"]:
        assert refusal(client.update_function_configuration, FunctionName="orders", VpcConfig=given)[1] == INVALID
        assert client.get_function_configuration(FunctionName="orders")["VpcConfig"]["SecurityGroupIds"] == ["sg-1"]
    else:
        client.update_function_configuration(FunctionName="orders", VpcConfig=given)
        assert "VpcConfig" not in client.get_function_configuration(FunctionName="orders")


def test_snap_start_is_on_for_the_versions_published_with_it(client: Any) -> None:
    create_function(client, "orders", Publish=True)
    client.update_function_configuration(FunctionName="orders", SnapStart={"ApplyOn": "PublishedVersions"})
    client.publish_version(FunctionName="orders")

    told = {
        qualifier: client.get_function_configuration(FunctionName="orders", Qualifier=qualifier)["SnapStart"]
        for qualifier in ("1", "2", "$LATEST")
    }

    assert told == {
        "1": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "2": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"},
        "$LATEST": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"},
    }


def test_a_dry_run_has_a_request_id_as_every_answer(client: Any) -> None:
    create_function(client, "orders")

    answer = client.invoke(FunctionName="orders", InvocationType="DryRun")

    assert answer["StatusCode"] == 204
    assert answer["ResponseMetadata"]["RequestId"]
