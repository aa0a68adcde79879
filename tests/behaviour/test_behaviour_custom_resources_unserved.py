"""Custom resources whose functions call operations of services that nothing here serves: recorded, and told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.plain_assembly import Resources, function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-custom-resources-unserved")

# Calls EC2's CreateInstanceConnectEndpoint, which moto does not have, where a request of this type is to fail.
_HANDLER = """
import boto3
import cfnresponse
def handler(event, context):
    properties = event["ResourceProperties"]
    status = cfnresponse.SUCCESS
    if event["RequestType"] in properties.get("Fails", []):
        status = cfnresponse.FAILED
        if properties.get("Calls") == "yes":
            try:
                boto3.client("ec2").create_instance_connect_endpoint(SubnetId="subnet-1")
            except Exception as error:
                print(error)
    cfnresponse.send(event, context, status, {"Size": "1"}, "made-1", reason="no such luck")
"""


def _custom(**properties: Any) -> Resources:
    return {
        **function("Handler", _HANDLER),
        "Mine": {
            "Type": "Custom::Mine",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Handler", "Arn"]}, **properties},
        },
    }


def _notes(harness: WiredHarness, after: int) -> list[str]:
    return [event["note"] for event in harness.events("RuntimeNote")[after:] if event["function"] == "Mine"]


def _requests(harness: WiredHarness, after: int) -> list[str]:
    started = harness.events("InvocationStarted")[after:]
    return [json.loads(event["payload"])["RequestType"] for event in started]


def test_a_resource_that_needs_what_is_not_served_is_recorded(harness: WiredHarness, stacks: Stacks) -> None:
    noted, asked = len(harness.events("RuntimeNote")), len(harness.events("InvocationStarted"))

    deployment = stacks.deploy(_custom(Fails=["Create"], Calls="yes"))

    assert physical_id(deployment, "Mine") == "made-1"
    (note,) = _notes(harness, noted)
    assert "Custom::Mine is only recorded: its function called ec2:CreateInstanceConnectEndpoint, which noth" in note
    assert "Message returned: no such luck" in note

    stacks.destroy()

    # What was half made was cleaned up at once; a record asks nobody when it goes.
    assert _requests(harness, asked) == ["Create", "Delete"]


def test_its_attributes_are_not_there(stacks: Stacks) -> None:
    with pytest.raises(DeploymentError, match="Size"):
        stacks.deploy(_custom(Fails=["Create"], Calls="yes"), Size={"Fn::GetAtt": ["Mine", "Size"]})


def test_a_failure_of_the_function_s_own_is_a_failure(stacks: Stacks) -> None:
    with pytest.raises(DeploymentError, match="no such luck"):
        stacks.deploy(_custom(Fails=["Create"], Calls="no"))


def test_what_cannot_be_deleted_for_want_of_an_operation_stays_and_is_told(
    harness: WiredHarness, stacks: Stacks
) -> None:
    noted = len(harness.events("RuntimeNote"))
    stacks.deploy(_custom(Fails=["Delete"], Calls="yes"))

    stacks.destroy()

    (note,) = _notes(harness, noted)
    assert "Custom::Mine leaves what it made: its function called ec2:CreateInstanceConnectEndpoint" in note
