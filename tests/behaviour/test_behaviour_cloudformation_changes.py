"""What a change set says of each change: of what, because of what, and what becomes of what is there.

Source: AWS CloudFormation API Reference, "ResourceChange", "ResourceChangeDetail" and "ResourceTargetDefinition".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation, parameters, queue, queues
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-changes")

DELAY = {"Delay": {"Type": "Number", "Default": 1}}


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "changes")
    yield cloudformation
    cloudformation.clean()


def changes(cloudformation: CloudFormation, template: Mapping[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    """What a change set lists, by logical id."""
    made = cloudformation.client.create_change_set(
        StackName="changes", ChangeSetName="looked-at", TemplateBody=json.dumps(template), **more
    )
    listed = cloudformation.client.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    return {item["ResourceChange"]["LogicalResourceId"]: item["ResourceChange"] for item in listed}


def causes(change: Mapping[str, Any]) -> list[tuple[str, str, str, str | None]]:
    """Property, evaluation, source and entity of each detail."""
    return [
        (
            detail["Target"].get("Name", detail["Target"]["Attribute"]),
            detail["Evaluation"],
            detail["ChangeSource"],
            detail.get("CausingEntity"),
        )
        for detail in change["Details"]
    ]


def test_what_causes_each_change(cloudformation: CloudFormation) -> None:
    def template(**of_source: Any) -> dict[str, Any]:
        value = {"Fn::Join": ["-", [{"Ref": "Source"}, {"Fn::GetAtt": ["Source", "Arn"]}]]}
        return {
            "Parameters": DELAY,
            "Resources": {
                "Direct": queue(VisibilityTimeout=len(of_source) + 1, DelaySeconds={"Ref": "Delay"}),
                "Substituted": queue(DelaySeconds={"Fn::Sub": "${Delay}"}),
                "Source": queue(**of_source),
                "Uses": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}},
                "Same": queue(),
            },
        }

    cloudformation.create(template())

    found = changes(cloudformation, template(FifoQueue=True), Parameters=parameters(Delay="7"))

    assert "Same" not in found
    assert causes(found["Direct"]) == [
        ("DelaySeconds", "Static", "ParameterReference", "Delay"),
        ("VisibilityTimeout", "Static", "DirectModification", None),
    ]
    assert causes(found["Substituted"]) == [("DelaySeconds", "Static", "ParameterReference", "Delay")]
    assert causes(found["Uses"]) == [
        ("Value", "Dynamic", "ResourceReference", "Source"),
        ("Value", "Dynamic", "ResourceAttribute", "Source.Arn"),
    ]


def test_of_which_attributes_it_is(cloudformation: CloudFormation) -> None:
    cloudformation.create(queues("A", "B"))
    both = {**queue(DelaySeconds=1, Tags=[{"Key": "a", "Value": "b"}]), "Metadata": {"m": 1}}

    found = changes(cloudformation, {"Resources": {"A": both, "B": {**queue(), "Metadata": {"m": 1}}}})

    assert found["A"]["Scope"] == ["Metadata", "Properties", "Tags"]
    assert (found["B"]["Scope"], found["B"]["Replacement"]) == (["Metadata"], "False")
    assert causes(found["B"]) == [("Metadata", "Static", "DirectModification", None)]


QUEUE = queue()
DATABASE = {
    "Type": "AWS::RDS::DBInstance",
    "Properties": {
        **{"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"},
        **{"MasterUsername": "first", "MasterUserPassword": "not-a-secret"},
    },
}


@pytest.mark.parametrize(
    ("kind", "other", "removed", "replaced"),
    [
        (QUEUE, {"FifoQueue": True}, "Delete", "ReplaceAndDelete"),
        (
            {**QUEUE, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"},
            {"FifoQueue": True},
            "Retain",
            "ReplaceAndRetain",
        ),
        ({**QUEUE, "DeletionPolicy": "Retain"}, {"FifoQueue": True}, "Retain", "ReplaceAndDelete"),
        (
            {**DATABASE, "UpdateReplacePolicy": "Snapshot"},
            {"MasterUsername": "second"},
            "Snapshot",
            "ReplaceAndSnapshot",
        ),
    ],
    ids=["none", "kept", "kept when deleted", "snapshot"],
)
def test_what_becomes_of_what_is_there(
    cloudformation: CloudFormation, kind: dict[str, Any], other: dict[str, Any], removed: str, replaced: str
) -> None:
    cloudformation.create({"Resources": {"Gone": kind, "Other": kind, "Stays": queue()}})
    replacing = {**kind, "Properties": {**kind["Properties"], **other}}

    found = changes(cloudformation, {"Resources": {"Other": replacing, "Stays": queue(DelaySeconds=1)}})

    assert found["Gone"]["PolicyAction"] == removed
    assert (found["Other"]["Replacement"], found["Other"]["PolicyAction"]) == ("True", replaced)
    assert "PolicyAction" not in found["Stays"]


def test_a_nested_stack_may_differ_within(cloudformation: CloudFormation) -> None:
    s3 = cloudformation.harness.aws("s3")
    s3.create_bucket(Bucket="changes-templates")
    s3.put_object(Bucket="changes-templates", Key="inner.json", Body=json.dumps(queues("Q")))
    url = "https://changes-templates.s3.us-east-1.amazonaws.com/inner.json"
    template = {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}
    cloudformation.create(template)

    found = changes(cloudformation, template)

    assert causes(found["Nested"]) == [("Properties", "Dynamic", "Automatic", None)]
