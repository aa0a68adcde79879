"""The CloudFormation API: a rollback that failed in part, and is continued.

Source: CloudFormation User Guide, "Continue rolling back an update"; AWS CloudFormation API Reference,
"ContinueUpdateRollback".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import BROKEN, CloudFormation, queue
from tests.fakes.plain_assembly import function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-continued")

# Refuses to go back to its first value until a parameter says that it may.
STUBBORN = """
import json
import urllib.request

import boto3

def handler(event, context):
    wanted = event["ResourceProperties"]["Value"]
    stays = event["RequestType"] == "Update" and wanted == "first"
    stays = stays and boto3.client("ssm").get_parameter(Name="may-go-back")["Parameter"]["Value"] == "no"
    told = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    told |= {"Status": "FAILED" if stays else "SUCCESS", "Reason": "it stays", "PhysicalResourceId": "stubborn"}
    body = json.dumps(told).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, {"content-type": ""}, method="PUT"))
    return wanted
"""


def template(value: str, **more: dict[str, Any]) -> dict[str, Any]:
    token = {"Fn::GetAtt": ["Fn", "Arn"]}
    custom = {"Type": "Custom::Stubborn", "Properties": {"ServiceToken": token, "Value": value}}
    return {"Resources": {**function("Fn", STUBBORN), "It": custom, **more}}


@pytest.fixture
def stuck(harness: WiredHarness) -> Iterator[CloudFormation]:
    """A stack whose update failed, and one of whose resources did not go back."""
    cloudformation = CloudFormation(harness, "stuck")
    harness.aws("ssm").put_parameter(Name="may-go-back", Type="String", Value="no", Overwrite=True)
    cloudformation.create(template("first", Q=queue(DelaySeconds=1)), Capabilities=["CAPABILITY_IAM"])
    broken = {**BROKEN, "DependsOn": ["It", "Q"]}
    cloudformation.update(template("second", Q=queue(DelaySeconds=2), Broken=broken), Capabilities=["CAPABILITY_IAM"])
    assert cloudformation.status() == "UPDATE_ROLLBACK_FAILED"
    yield cloudformation
    cloudformation.clean()


def test_it_is_tried_again_until_it_goes(stuck: CloudFormation) -> None:
    stuck.client.continue_update_rollback(StackName="stuck")
    stuck.harness.drain()
    assert stuck.status() == "UPDATE_ROLLBACK_FAILED"
    assert "it stays" in stuck.stack()["StackStatusReason"]

    stuck.harness.aws("ssm").put_parameter(Name="may-go-back", Type="String", Value="yes", Overwrite=True)
    stuck.client.continue_update_rollback(StackName="stuck")
    stuck.harness.drain()

    assert stuck.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stuck.events()[-4:] == [
        ("stuck", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("It", "UPDATE_IN_PROGRESS"),
        ("It", "UPDATE_COMPLETE"),
        ("stuck", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    stuck.update(template("third", Q=queue(DelaySeconds=1)), Capabilities=["CAPABILITY_IAM"])
    assert stuck.status() == "UPDATE_COMPLETE"


def test_or_it_is_skipped(stuck: CloudFormation) -> None:
    sqs = stuck.harness.aws("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=stuck.physical_id("Q"), AttributeNames=["DelaySeconds"])
    assert attributes["Attributes"] == {"DelaySeconds": "1"}
    code, message = stuck.refusal("continue_update_rollback", StackName="stuck", ResourcesToSkip=["Q"])
    assert (code, "[Q]" in message) == ("ValidationError", True)

    stuck.client.continue_update_rollback(StackName="stuck", ResourcesToSkip=["It"])
    stuck.harness.drain()

    assert stuck.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert stuck.refusal("continue_update_rollback", StackName="stuck")[0] == "ValidationError"
