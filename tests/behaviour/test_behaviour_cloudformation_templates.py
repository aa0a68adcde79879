"""The CloudFormation API: change sets, and templates in the forms that people write them in.

Source: AWS CloudFormation API Reference; CloudFormation User Guide, "Update stacks using change sets" and "Template
format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation, parameters, queue, queues
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-templates")

SHORT_FORMS = """\
AWSTemplateFormatVersion: 2010-09-09
Description: every short form
Parameters:
  Stage: {Type: String, Default: test}
Mappings:
  Accounts:
    123456789012: {delay: 7}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsNot: !Not [!Condition IsTest]
  Either: !Or [!Condition IsTest, !Condition IsNot]
  Both: !And [!Condition IsTest, !Condition IsNot]
Resources:
  A:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${AWS::StackName}-${Stage}-a"
      DelaySeconds: !FindInMap [Accounts, !Ref "AWS::AccountId", delay]
      VisibilityTimeout: !If [Either, 11, 12]
      Tags: !If [Both, [{Key: k, Value: v}], !Ref "AWS::NoValue"]
  B:
    Type: AWS::SQS::Queue
    Condition: IsTest
    Properties:
      QueueName: !Join ["-", [!GetAtt A.QueueName, !Select [1, !Split [",", "x,b"]]]]
  C:
    Type: AWS::SQS::Queue
    Condition: IsNot
Outputs:
  Arn: {Value: !GetAtt [A, Arn]}
  Text: {Value: !Base64 {"Fn::Sub": ["${x}!", {x: !Ref Stage}]}}
  Block: {Value: !Select [0, !Cidr [10.0.0.0/16, 2, 8]]}
  Zone: {Value: !Select [0, !GetAZs ""]}
"""


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "text")
    yield cloudformation
    cloudformation.clean()


class TestText:
    def test_every_short_form_of_yaml(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(SHORT_FORMS)

        assert cloudformation.status() == "CREATE_COMPLETE", cloudformation.reasons()
        assert cloudformation.queue_names() == {"text-test-a", "text-test-a-b"}
        sqs, url = cloudformation.harness.aws("sqs"), cloudformation.physical_id("A")
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert (attributes["DelaySeconds"], attributes["VisibilityTimeout"]) == ("7", "11")
        assert cloudformation.outputs() == {
            "Arn": "arn:aws:sqs:us-east-1:123456789012:text-test-a",
            "Text": "dGVzdCE=",
            "Block": "10.0.0.0/24",
            "Zone": "us-east-1a",
        }
        assert cloudformation.client.get_template(StackName="text")["TemplateBody"] == SHORT_FORMS

    @pytest.mark.parametrize("stage", ["Original", "Processed"])
    def test_a_template_without_transforms_is_what_was_given(self, cloudformation: CloudFormation, stage: str) -> None:
        cloudformation.create(queues("A"))

        found = cloudformation.client.get_template(StackName="text", TemplateStage=stage)

        assert (found["TemplateBody"], found["StagesAvailable"]) == (queues("A"), ["Original", "Processed"])

    def test_transforms_are_shown_carried_out(self, cloudformation: CloudFormation) -> None:
        loop = {"Fn::ForEach::Each": ["Name", ["One", "Two"], {"Queue${Name}": queue()}]}
        template = {"Transform": "AWS::LanguageExtensions", "Resources": loop}
        body = json.dumps(template)
        refused = cloudformation.refusal("create_stack", StackName="text", TemplateBody=body)
        assert refused == ("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")

        cloudformation.create(template, Capabilities=["CAPABILITY_AUTO_EXPAND"])

        assert set(cloudformation.resources()) == {"QueueOne", "QueueTwo"}
        processed = cloudformation.client.get_template(StackName="text", TemplateStage="Processed")["TemplateBody"]
        assert list(processed["Resources"]) == ["QueueOne", "QueueTwo"]
        assert cloudformation.client.get_template(StackName="text")["TemplateBody"] == processed
        original = cloudformation.client.get_template(StackName="text", TemplateStage="Original")["TemplateBody"]
        assert original == template
        loop["Fn::ForEach::Each"][1] = ["Three"]
        cloudformation.client.create_change_set(
            StackName="text", ChangeSetName="next", TemplateBody=json.dumps(template)
        )
        found = cloudformation.client.get_template(StackName="text", ChangeSetName="next")["TemplateBody"]
        assert list(found["Resources"]) == ["QueueThree"]

    def test_a_template_at_a_url(self, cloudformation: CloudFormation) -> None:
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="text-templates")
        s3.put_object(Bucket="text-templates", Key="a b/t.yaml", Body=b"\xef\xbb\xbf" + SHORT_FORMS.encode())
        endpoint = f"http://127.0.0.1:{cloudformation.harness.port}"

        for place in ("https://text-templates.s3.us-east-1.amazonaws.com", f"{endpoint}/text-templates"):
            summary = cloudformation.client.get_template_summary(TemplateURL=f"{place}/a%20b/t.yaml")
            assert summary["Description"] == "every short form"

    def test_what_a_template_asks_for(self, cloudformation: CloudFormation) -> None:
        template = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "d",
            "Parameters": {
                "P": {"Type": "Number", "Default": 5, "Description": "how many", "AllowedValues": [5, 6]},
                "S": {"Type": "String", "NoEcho": "true"},
            },
            "Resources": {"A": queue(), "R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}},
        }
        body = json.dumps(template)

        summary = cloudformation.client.get_template_summary(TemplateBody=body)
        valid = cloudformation.client.validate_template(TemplateBody=body)

        assert summary["Parameters"] == [
            {
                "ParameterKey": "P",
                "DefaultValue": "5",
                "ParameterType": "Number",
                "NoEcho": False,
                "Description": "how many",
                "ParameterConstraints": {"AllowedValues": ["5", "6"]},
            },
            {"ParameterKey": "S", "ParameterType": "String", "NoEcho": True, "ParameterConstraints": {}},
        ]
        assert summary["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
        assert "AWS::IAM::Role" in summary["CapabilitiesReason"]
        assert summary["ResourceTypes"] == ["AWS::IAM::Role", "AWS::SQS::Queue"]
        assert summary["Version"] == "2010-09-09"
        assert [parameter["ParameterKey"] for parameter in valid["Parameters"]] == ["P", "S"]
        assert valid["Description"] == "d"


class TestChangeSets:
    def _make(self, cloudformation: CloudFormation, template: Any, kind: str, **more: Any) -> dict[str, Any]:
        made = cloudformation.client.create_change_set(
            StackName="text",
            ChangeSetName=more.pop("name", "first"),
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            **more,
        )
        found: dict[str, Any] = cloudformation.client.describe_change_set(ChangeSetName=made["Id"])
        return found

    def _execute(self, cloudformation: CloudFormation, name: str = "first", **more: Any) -> None:
        cloudformation.client.execute_change_set(ChangeSetName=name, StackName="text", **more)
        cloudformation.harness.drain()

    def test_a_stack_is_created(self, cloudformation: CloudFormation) -> None:
        template = queues("A", Parameters={"Secret": {"Type": "String", "NoEcho": True}})

        made = self._make(cloudformation, template, "CREATE", Parameters=parameters(Secret="s"), Description="why")

        assert (made["Status"], made["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
        assert made["Parameters"] == [{"ParameterKey": "Secret", "ParameterValue": "****"}]
        assert made["Description"] == "why"
        (change,) = made["Changes"]
        assert change["Type"] == "Resource"
        assert change["ResourceChange"]["Action"] == "Add"
        assert cloudformation.status() == "REVIEW_IN_PROGRESS"
        assert cloudformation.queue_names() == set()
        body = cloudformation.client.get_template(StackName="text", ChangeSetName="first")["TemplateBody"]
        assert body == template

        self._execute(cloudformation)

        assert cloudformation.status() == "CREATE_COMPLETE"
        assert cloudformation.events()[0] == ("text", "REVIEW_IN_PROGRESS")
        assert cloudformation.client.list_change_sets(StackName="text")["Summaries"] == []

    def test_each_change_is_listed_and_then_carried_out(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(
            {"Resources": {"A": queue(DelaySeconds=1), "B": queue(FifoQueue=True), "C": queue(), "Same": queue()}}
        )
        before = cloudformation.physical_id("A")
        uses = {"Fn::GetAtt": ["B", "QueueName"]}
        template = {
            "Resources": {
                "A": queue(DelaySeconds=2),
                "B": queue(),
                "D": queue(),
                "Same": {**queue(Tags=[{"Key": "b", "Value": uses}])},
            }
        }

        made = self._make(cloudformation, template, "UPDATE")

        changes = {item["ResourceChange"]["LogicalResourceId"]: item["ResourceChange"] for item in made["Changes"]}
        told = {name: (change["Action"], change.get("Replacement")) for name, change in changes.items()}
        assert told == {
            "A": ("Modify", "False"),
            "B": ("Modify", "True"),
            "C": ("Remove", None),
            "D": ("Add", None),
            "Same": ("Modify", "False"),
        }
        assert changes["A"]["PhysicalResourceId"] == before
        assert [detail["Target"] for detail in changes["A"]["Details"]] == [
            {"Attribute": "Properties", "Name": "DelaySeconds", "RequiresRecreation": "Never"}
        ]
        assert [detail["Target"]["RequiresRecreation"] for detail in changes["B"]["Details"]] == ["Always"]
        assert [detail["Evaluation"] for detail in changes["Same"]["Details"]] == ["Dynamic"]
        assert cloudformation.status() == "CREATE_COMPLETE"  # nothing has happened yet

        self._execute(cloudformation)

        assert cloudformation.status() == "UPDATE_COMPLETE"
        assert set(cloudformation.resources()) == {"A", "B", "D", "Same"}

    def test_no_changes(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))

        made = self._make(cloudformation, queues("A"), "UPDATE")

        assert (made["Status"], made["ExecutionStatus"], made["Changes"]) == ("FAILED", "UNAVAILABLE", [])
        assert made["StatusReason"] == (
            "The submitted information didn't contain changes. Submit different information to create a change set."
        )
        assert cloudformation.refusal("execute_change_set", ChangeSetName="first", StackName="text")[0] == (
            "InvalidChangeSetStatus"
        )
        cloudformation.client.delete_change_set(ChangeSetName="first", StackName="text")
        assert cloudformation.client.list_change_sets(StackName="text")["Summaries"] == []

    def test_outputs_and_tags_alone_are_changes(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))

        outputs = self._make(cloudformation, queues("A", Outputs={"O": {"Value": "x"}}), "UPDATE")
        tags = self._make(cloudformation, queues("A"), "UPDATE", name="tags", Tags=[{"Key": "k", "Value": "v"}])

        assert [made["Status"] for made in (outputs, tags)] == ["CREATE_COMPLETE"] * 2
        self._execute(cloudformation, "tags")
        assert cloudformation.stack()["Tags"] == [{"Key": "k", "Value": "v"}]

    def test_of_two_one_is_carried_out(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))
        self._make(cloudformation, queues("A", "B"), "UPDATE")
        other = self._make(cloudformation, queues("A", "C"), "UPDATE", name="second")
        listed = cloudformation.client.list_change_sets(StackName="text")["Summaries"]
        assert [item["ChangeSetName"] for item in listed] == ["first", "second"]

        self._execute(cloudformation)

        assert set(cloudformation.resources()) == {"A", "B"}
        assert cloudformation.refusal("execute_change_set", ChangeSetName=other["ChangeSetId"]) == (
            "ChangeSetNotFound",
            f"ChangeSet [{other['ChangeSetId']}] does not exist",
        )

    def test_one_of_a_stack_that_was_changed_since_is_obsolete(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))
        self._make(cloudformation, queues("A", "B"), "UPDATE")
        cloudformation.update(queues("A", "C"))

        found = cloudformation.client.describe_change_set(ChangeSetName="first", StackName="text")

        assert found["ExecutionStatus"] == "OBSOLETE"
        code, _ = cloudformation.refusal("execute_change_set", ChangeSetName="first", StackName="text")
        assert code == "InvalidChangeSetStatus"

    def test_a_name_is_used_once(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))
        self._make(cloudformation, queues("A", "B"), "UPDATE")

        refused = cloudformation.refusal(
            "create_change_set",
            StackName="text",
            ChangeSetName="first",
            ChangeSetType="UPDATE",
            TemplateBody=json.dumps(queues("C")),
        )

        assert refused[0] == "AlreadyExistsException"

    def test_wrong_calls(self, cloudformation: CloudFormation) -> None:
        body = json.dumps(queues("A"))

        def refused(**given: str) -> tuple[str, str]:
            more = {"ChangeSetName": "first", "TemplateBody": body, "StackName": "text", **given}
            return cloudformation.refusal("create_change_set", **more)

        assert refused(ChangeSetType="UPDATE") == ("ValidationError", "Stack with id text does not exist")
        assert refused(ChangeSetType="CREATE", ChangeSetName="1st")[0] == "ValidationError"
        assert refused(ChangeSetType="CREATE", TemplateBody="{")[0] == "ValidationError"
        assert cloudformation.client.describe_stacks()["Stacks"] == []
        cloudformation.create(queues("A"))
        code, message = refused(ChangeSetType="CREATE")
        assert (code, "already exists" in message) == ("ValidationError", True)
        cloudformation.client.delete_change_set(ChangeSetName="nobody", StackName="text")  # as on AWS, no error
        assert cloudformation.refusal("describe_change_set", ChangeSetName="nobody", StackName="text") == (
            "ChangeSetNotFound",
            "ChangeSet [nobody] does not exist",
        )
