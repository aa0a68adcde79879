"""Templates of AWS SAM through the CloudFormation API: what `sam deploy` and `sam sync` send.

Source: AWS SAM Developer Guide, "AWS SAM template anatomy"; CloudFormation Template Reference, "AWS::Serverless
transform".
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.wired_harness import WiredHarness

pytestmark = [
    pytest.mark.xdist_group("behaviour-serverless-templates"),
    pytest.mark.skipif(importlib.util.find_spec("samtranslator") is None, reason="aws-sam-translator is not installed"),
]

EXPANDS = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
TEMPLATE: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Globals": {"Function": {"Runtime": "python3.13", "Handler": "index.handler"}},
    "Resources": {
        "F": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "InlineCode": "def handler(event, context): return context.function_version",
                "AutoPublishAlias": "live",
                "Policies": [{"SQSSendMessagePolicy": {"QueueName": "q"}}],
            },
        }
    },
    "Outputs": {"Name": {"Value": {"Ref": "F"}}},
}


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "sam")
    yield cloudformation
    cloudformation.clean()


def _said(cloudformation: CloudFormation, name: str) -> Any:
    client = cloudformation.harness.aws("lambda")
    return json.load(client.invoke(FunctionName=name, Qualifier="live")["Payload"])


def test_functions_are_deployed_changed_and_taken_away(cloudformation: CloudFormation) -> None:
    cloudformation.create(TEMPLATE, Capabilities=EXPANDS)
    name = cloudformation.outputs()["Name"]

    assert {"F", "FAliaslive", "FRole"} < set(cloudformation.resources())
    assert _said(cloudformation, name) == "1"
    client = cloudformation.client
    original, processed = (
        client.get_template(StackName="sam", TemplateStage=stage)["TemplateBody"] for stage in ("Original", "Processed")
    )
    assert original == TEMPLATE
    assert processed["Resources"]["F"]["Type"] == "AWS::Lambda::Function"

    changed = json.loads(json.dumps(TEMPLATE).replace("function_version", "function_version + '!'"))
    cloudformation.update(changed, Capabilities=EXPANDS)
    assert _said(cloudformation, name) == "2!"


def test_a_nested_stack_is_transformed_as_well(cloudformation: CloudFormation) -> None:
    s3 = cloudformation.harness.aws("s3")
    s3.create_bucket(Bucket="sam-templates")
    s3.put_object(Bucket="sam-templates", Key="inner.json", Body=json.dumps(TEMPLATE))
    url = "https://sam-templates.s3.us-east-1.amazonaws.com/inner.json"
    inner = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    name = {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Name"]}}

    cloudformation.create({"Resources": {"Inner": inner}, "Outputs": {"Name": name}}, Capabilities=EXPANDS)

    assert cloudformation.status() == "CREATE_COMPLETE"
    assert _said(cloudformation, cloudformation.outputs()["Name"]) == "1"


def test_a_template_that_the_transform_refuses_makes_nothing(cloudformation: CloudFormation) -> None:
    wrong = {**TEMPLATE, "Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Nope": 1}}}}

    code, message = cloudformation.refusal(
        "create_stack", StackName="sam", TemplateBody=json.dumps(wrong), Capabilities=EXPANDS
    )

    assert code == "ValidationError"
    assert "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application" in message


def test_transforms_have_to_be_acknowledged(cloudformation: CloudFormation) -> None:
    code, message = cloudformation.refusal("create_stack", StackName="sam", TemplateBody=json.dumps(TEMPLATE))

    assert (code, message) == ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
