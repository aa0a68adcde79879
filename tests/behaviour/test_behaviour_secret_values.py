"""Secrets that templates refer to, and that have another value by the time of an update.

Source: CloudFormation User Guide, "Get a secret or secret value from Secrets Manager", "Considerations"; AWS knowledge
center, "Why doesn't updating a secret in Secrets Manager automatically update the secret in CloudFormation?"
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-secret-values")

SECRET = "{{resolve:secretsmanager:shop-key:SecretString:key}}"
JOINED = {"Fn::Join": ["", ["{{resolve:secretsmanager:", "shop-key", ":SecretString:key}}"]]}
PARAMETER = "{{resolve:ssm:shop-size}}"


def template(value: object = SECRET, **more: Any) -> dict[str, Any]:
    properties = {"Name": "copy", "Type": "String", "Value": value, **more}
    return {"Resources": {"Copy": {"Type": "AWS::SSM::Parameter", "Properties": properties}}}


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    secrets, parameters = harness.aws("secretsmanager"), harness.aws("ssm")
    secrets.create_secret(Name="shop-key", SecretString=json.dumps({"key": "first", "other": "x"}))
    parameters.put_parameter(Name="shop-size", Type="String", Value="first")
    cloudformation = CloudFormation(harness, "secrets")
    yield cloudformation
    cloudformation.delete()
    secrets.delete_secret(SecretId="shop-key", ForceDeleteWithoutRecovery=True)
    parameters.delete_parameter(Name="shop-size")


def has(cloudformation: CloudFormation) -> str:
    """What the resource was given."""
    return str(cloudformation.harness.aws("ssm").get_parameter(Name="copy")["Parameter"]["Value"])


def change_secret(cloudformation: CloudFormation) -> None:
    secrets = cloudformation.harness.aws("secretsmanager")
    secrets.put_secret_value(SecretId="shop-key", SecretString=json.dumps({"key": "second", "other": "x"}))


@pytest.mark.parametrize("value", [SECRET, JOINED], ids=["whole", "joined"])
def test_another_value_alone_is_no_update(cloudformation: CloudFormation, value: object) -> None:
    cloudformation.create(template(value))
    change_secret(cloudformation)

    given = {"StackName": "secrets", "TemplateBody": json.dumps(template(value))}
    refused = cloudformation.refusal("update_stack", **given)
    cloudformation.client.create_change_set(ChangeSetName="one", **given)
    told = cloudformation.client.describe_change_set(StackName="secrets", ChangeSetName="one")

    assert refused == ("ValidationError", "No updates are to be performed.")
    assert (told["Status"], told["Changes"]) == ("FAILED", [])
    assert has(cloudformation) == "first"


def test_it_comes_with_another_change_of_the_resource(cloudformation: CloudFormation) -> None:
    cloudformation.create(template())
    change_secret(cloudformation)

    cloudformation.update(template(Description="changed"))

    assert has(cloudformation) == "second"


def test_it_does_not_come_with_a_change_of_another_resource(cloudformation: CloudFormation) -> None:
    both = template()
    both["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue"}
    cloudformation.create(template())
    change_secret(cloudformation)

    cloudformation.update(both)
    assert has(cloudformation) == "first"
    cloudformation.update({"Resources": {**both["Resources"], **template(Description="changed")["Resources"]}})

    assert has(cloudformation) == "second"


def test_another_reference_is_a_change(cloudformation: CloudFormation) -> None:
    cloudformation.create(template())

    cloudformation.update(template(SECRET.replace(":key}}", ":other}}")))

    assert has(cloudformation) == "x"


def test_the_tags_of_the_stack_are_a_change_as_ever(cloudformation: CloudFormation) -> None:
    cloudformation.create(template())
    change_secret(cloudformation)

    cloudformation.update(template(), Tags=[{"Key": "team", "Value": "shop"}])

    tags = cloudformation.harness.aws("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="copy")
    assert tags["TagList"] == [{"Key": "team", "Value": "shop"}]


def test_a_parameter_of_the_store_is_followed(cloudformation: CloudFormation) -> None:
    """Source: "Get a plaintext value from Systems Manager Parameter Store": the latest, at each update of the stack."""
    cloudformation.create(template(PARAMETER))
    cloudformation.harness.aws("ssm").put_parameter(Name="shop-size", Type="String", Value="second", Overwrite=True)

    cloudformation.update(template(PARAMETER))

    assert has(cloudformation) == "second"
