"""The CloudFormation API: stacks created, described, updated and deleted.

Source: AWS CloudFormation API Reference; CloudFormation User Guide, "Stack status codes".
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation, parameters, queue, queues
from tests.fakes.plain_assembly import function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-stacks")


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "api")
    yield cloudformation
    cloudformation.clean()


class TestCreate:
    def test_a_stack_with_all_that_is_said_of_it(self, cloudformation: CloudFormation) -> None:
        template = {
            "Description": "two queues",
            "Parameters": {"Delay": {"Type": "Number", "Default": 5}, "Secret": {"Type": "String", "NoEcho": True}},
            "Resources": {
                "A": queue(DelaySeconds={"Ref": "Delay"}),
                "B": queue(QueueName={"Fn::Sub": "${A.QueueName}-b"}),
            },
            "Outputs": {
                "Name": {
                    "Value": {"Fn::GetAtt": ["A", "QueueName"]},
                    "Description": "what",
                    "Export": {"Name": "api-a"},
                }
            },
        }

        identity = cloudformation.create(
            template,
            Parameters=parameters(Secret="s3cret"),
            Tags=[{"Key": "team", "Value": "a"}],
            EnableTerminationProtection=True,
        )

        stack = cloudformation.stack()
        assert stack["StackId"] == identity
        assert identity.startswith("arn:aws:cloudformation:us-east-1:123456789012:stack/api/")
        assert (stack["StackStatus"], stack["Description"]) == ("CREATE_COMPLETE", "two queues")
        assert stack["Parameters"] == [
            {"ParameterKey": "Delay", "ParameterValue": "5"},
            {"ParameterKey": "Secret", "ParameterValue": "****"},
        ]
        url = cloudformation.physical_id("A")
        name = cloudformation.queue_name("A")
        assert stack["Outputs"] == [
            {"OutputKey": "Name", "OutputValue": name, "Description": "what", "ExportName": "api-a"}
        ]
        assert (stack["Tags"], stack["EnableTerminationProtection"]) == ([{"Key": "team", "Value": "a"}], True)
        assert cloudformation.resources() == {
            "A": ("AWS::SQS::Queue", "CREATE_COMPLETE"),
            "B": ("AWS::SQS::Queue", "CREATE_COMPLETE"),
        }
        attributes = cloudformation.harness.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        assert attributes["Attributes"]["DelaySeconds"] == "5"

    def test_events_tell_what_happened_in_order(self, cloudformation: CloudFormation) -> None:
        identity = cloudformation.create(queues("A", "B"))

        assert cloudformation.events() == [
            ("api", "CREATE_IN_PROGRESS"),
            ("A", "CREATE_IN_PROGRESS"),
            ("A", "CREATE_COMPLETE"),
            ("B", "CREATE_IN_PROGRESS"),
            ("B", "CREATE_COMPLETE"),
            ("api", "CREATE_COMPLETE"),
        ]
        listed = cloudformation.client.describe_stack_events(StackName=identity)["StackEvents"]
        assert len({event["EventId"] for event in listed}) == 6
        assert {event["StackId"] for event in listed} == {identity}
        assert cloudformation.reasons() == {("api", "CREATE_IN_PROGRESS"): "User Initiated"}

    def test_a_name_is_used_once(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))

        refused = cloudformation.refusal("create_stack", StackName="api", TemplateBody=json.dumps(queues("A")))

        assert refused == ("AlreadyExistsException", "Stack [api] already exists")

    def test_iam_is_acknowledged(self, cloudformation: CloudFormation) -> None:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        properties = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
        role = {"Type": "AWS::IAM::Role", "Properties": properties}
        named = {"Type": "AWS::IAM::Role", "Properties": {**properties, "RoleName": "api-role"}}

        def refused(resource: Any, *capabilities: str) -> tuple[str, str]:
            body = json.dumps({"Resources": {"R": resource}})
            return cloudformation.refusal(
                "create_stack", StackName="api", TemplateBody=body, Capabilities=list(capabilities)
            )

        code = "InsufficientCapabilitiesException"
        assert refused(role) == (code, "Requires capabilities : [CAPABILITY_IAM]")
        assert refused(named) == (code, "Requires capabilities : [CAPABILITY_NAMED_IAM]")
        assert refused(named, "CAPABILITY_IAM") == (code, "Requires capabilities : [CAPABILITY_NAMED_IAM]")
        cloudformation.create({"Resources": {"R": named}}, Capabilities=["CAPABILITY_NAMED_IAM"])
        assert cloudformation.stack()["Capabilities"] == ["CAPABILITY_NAMED_IAM"]

    def test_a_function_whose_code_lies_in_a_bucket_runs(self, cloudformation: CloudFormation) -> None:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", "def handler(event, context): return {'got': event}")
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="api-code")
        s3.put_object(Bucket="api-code", Key="code.zip", Body=code.getvalue())
        resources = function("Fn", Code={"S3Bucket": "api-code", "S3Key": "code.zip"})

        cloudformation.create({"Resources": resources}, Capabilities=["CAPABILITY_IAM"])

        assert cloudformation.status() == "CREATE_COMPLETE"
        answer = cloudformation.harness.invoke(cloudformation.physical_id("Fn"), b'{"a": 1}')
        assert answer.json() == {"got": {"a": 1}}

    def test_a_custom_resource_is_made_by_its_function(self, cloudformation: CloudFormation) -> None:
        source = """
        import json, urllib.request
        def handler(event, context):
            answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
            answer |= {"Status": "SUCCESS", "PhysicalResourceId": "made"}
            answer["Data"] = {"Twice": event["ResourceProperties"]["N"] * 2}
            body = json.dumps(answer).encode()
            urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
        """
        custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Fn", "Arn"]}, "N": 4}}
        template = {
            "Resources": {**function("Fn", source), "C": custom},
            "Outputs": {"Twice": {"Value": {"Fn::GetAtt": ["C", "Twice"]}}},
        }

        cloudformation.create(template, Capabilities=["CAPABILITY_IAM"])

        assert cloudformation.outputs() == {"Twice": "44"}
        assert cloudformation.physical_id("C") == "made"

    def test_a_nested_stack_lies_in_a_bucket(self, cloudformation: CloudFormation) -> None:
        inner = {
            "Parameters": {"Delay": {"Type": "Number"}},
            "Resources": {"Q": queue(DelaySeconds={"Ref": "Delay"})},
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}},
        }
        s3 = cloudformation.harness.aws("s3")
        s3.create_bucket(Bucket="api-templates")
        s3.put_object(Bucket="api-templates", Key="a/inner.json", Body=json.dumps(inner))
        url = "https://api-templates.s3.us-east-1.amazonaws.com/a/inner.json"
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "Parameters": {"Delay": 3}}}
        template = {
            "Resources": {"Inner": nested},
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Inner", "Outputs.Arn"]}}},
        }

        identity = cloudformation.create(template)

        child = cloudformation.stack(cloudformation.physical_id("Inner"))
        assert (child["StackStatus"], child["ParentId"], child["RootId"]) == ("CREATE_COMPLETE", identity, identity)
        assert child["StackName"].startswith("api-Inner-")
        assert cloudformation.client.get_template(StackName=child["StackName"])["TemplateBody"] == inner
        assert cloudformation.outputs() == cloudformation.outputs(child["StackName"])
        assert cloudformation.outputs()["Arn"].startswith("arn:aws:sqs:us-east-1:123456789012:api-Inner-")

        s3.put_object(Bucket="api-templates", Key="a/inner.json", Body=json.dumps({**inner, "Outputs": {}}))
        changed = {"Resources": {"Inner": nested}}
        cloudformation.update(changed)
        assert cloudformation.outputs(child["StackName"]) == {}
        cloudformation.delete()
        assert cloudformation.refusal("describe_stacks", StackName=child["StackName"])[0] == "ValidationError"


class TestUpdate:
    def test_in_place_and_by_replacement(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": {"A": queue(DelaySeconds=1), "B": queue(FifoQueue=True), "Gone": queue()}})
        first = {name: cloudformation.physical_id(name) for name in ("A", "B", "Gone")}

        cloudformation.update({"Resources": {"A": queue(DelaySeconds=2), "B": queue(), "New": queue()}})

        assert cloudformation.status() == "UPDATE_COMPLETE"
        assert cloudformation.physical_id("A") == first["A"]
        assert cloudformation.physical_id("B") != first["B"]
        assert set(cloudformation.resources()) == {"A", "B", "New"}
        assert cloudformation.queue_names() == {cloudformation.queue_name(name) for name in ("A", "B", "New")}
        assert cloudformation.events()[-6:] == [
            ("api", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            ("Gone", "DELETE_IN_PROGRESS"),
            ("Gone", "DELETE_COMPLETE"),
            ("B", "DELETE_IN_PROGRESS"),
            ("B", "DELETE_COMPLETE"),
            ("api", "UPDATE_COMPLETE"),
        ]

    def test_nothing_to_do_is_refused(self, cloudformation: CloudFormation) -> None:
        template = queues("A", Parameters={"P": {"Type": "String", "Default": "x"}})
        cloudformation.create(template)

        for body in (template, {**template, "Description": "another"}):
            refused = cloudformation.refusal("update_stack", StackName="api", TemplateBody=json.dumps(body))
            assert refused == ("ValidationError", "No updates are to be performed.")

    def test_a_changed_mapping_parameter_or_condition_is_a_difference(self, cloudformation: CloudFormation) -> None:
        def template(delay: int = 1, equal: str = "x") -> dict[str, Any]:
            return {
                "Parameters": {"P": {"Type": "Number", "Default": 10}},
                "Mappings": {"M": {"a": {"delay": delay}}},
                "Conditions": {"C": {"Fn::Equals": ["x", equal]}},
                "Resources": {
                    "A": queue(DelaySeconds={"Fn::FindInMap": ["M", "a", "delay"]}, VisibilityTimeout={"Ref": "P"}),
                    "B": {**queue(), "Condition": "C"},
                },
            }

        def attributes() -> tuple[str, str]:
            sqs, url = cloudformation.harness.aws("sqs"), cloudformation.physical_id("A")
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            return found["DelaySeconds"], found["VisibilityTimeout"]

        cloudformation.create(template())
        assert (attributes(), set(cloudformation.resources())) == (("1", "10"), {"A", "B"})

        cloudformation.update(template(delay=2))
        assert attributes() == ("2", "10")
        cloudformation.update(template(delay=2), Parameters=parameters(P="20"))
        assert attributes() == ("2", "20")
        cloudformation.update(
            template(delay=2, equal="y"), Parameters=[{"ParameterKey": "P", "UsePreviousValue": True}]
        )
        assert (attributes(), set(cloudformation.resources())) == (("2", "20"), {"A"})

    def test_the_template_before_with_other_values(self, cloudformation: CloudFormation) -> None:
        template = {
            "Parameters": {"P": {"Type": "Number"}, "Q": {"Type": "Number", "Default": 3}},
            "Resources": {"A": queue(DelaySeconds={"Ref": "P"}, VisibilityTimeout={"Ref": "Q"})},
        }
        cloudformation.create(template, Parameters=parameters(P="1"))

        cloudformation.client.update_stack(
            StackName="api",
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": "P", "UsePreviousValue": True}, *parameters(Q="4")],
        )
        cloudformation.harness.drain()

        assert [p["ParameterValue"] for p in cloudformation.stack()["Parameters"]] == ["1", "4"]
        assert cloudformation.client.get_template(StackName="api")["TemplateBody"] == template

    def test_a_type_stays(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))

        body = json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}})
        code, message = cloudformation.refusal("update_stack", StackName="api", TemplateBody=body)

        assert code == "ValidationError"
        assert message.startswith("Update of resource type is not permitted.")
        assert message.endswith("resources: [A]")


class TestParameters:
    TEMPLATE = queues("A", Parameters={"Needed": {"Type": "String", "AllowedValues": ["a", "b"]}})

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ([], "Parameters: [Needed] must have values"),
            (parameters(Needed="a", Other="x"), "Parameters: [Other] do not exist in the template"),
            ([{"ParameterKey": "Needed", "UsePreviousValue": True}], "Invalid input for parameter key Needed."),
            ([*parameters(Needed="a"), *parameters(Needed="b")], "Parameter 'Needed' is specified more than once"),
            (parameters(Needed="c"), "Needed"),
        ],
        ids=["missing", "unknown", "no previous one", "twice", "not allowed"],
    )
    def test_wrong_values(self, cloudformation: CloudFormation, given: Any, message: str) -> None:
        code, told = cloudformation.refusal(
            "create_stack", StackName="api", TemplateBody=json.dumps(self.TEMPLATE), Parameters=given
        )

        assert code == "ValidationError"
        assert message in told
        assert cloudformation.client.describe_stacks()["Stacks"] == []


class TestDelete:
    def test_nothing_is_left_but_what_its_id_tells(self, cloudformation: CloudFormation) -> None:
        identity = cloudformation.create(queues("A", "B"))

        cloudformation.delete()

        assert cloudformation.queue_names() == set()
        assert cloudformation.refusal("describe_stacks", StackName="api") == (
            "ValidationError",
            "Stack with id api does not exist",
        )
        assert cloudformation.status(identity) == "DELETE_COMPLETE"
        assert cloudformation.events(identity)[-5:] == [
            ("B", "DELETE_IN_PROGRESS"),
            ("B", "DELETE_COMPLETE"),
            ("A", "DELETE_IN_PROGRESS"),
            ("A", "DELETE_COMPLETE"),
            ("api", "DELETE_COMPLETE"),
        ]
        assert {status for _, status in cloudformation.resources(identity).values()} == {"DELETE_COMPLETE"}

    def test_what_is_not_there_is_deleted_already(self, cloudformation: CloudFormation) -> None:
        cloudformation.delete("api-nobody")

    def test_another_stack_of_the_name_has_another_id(self, cloudformation: CloudFormation) -> None:
        first = cloudformation.create(queues("A"))
        cloudformation.delete()

        second = cloudformation.create(queues("A"))

        assert first != second
        assert (cloudformation.status(first), cloudformation.status(second)) == ("DELETE_COMPLETE", "CREATE_COMPLETE")
        assert cloudformation.stack()["StackId"] == second

    def test_what_is_retained_stays(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": {"A": {**queue(), "DeletionPolicy": "Retain"}, "B": queue()}})
        kept, name = cloudformation.physical_id("A"), cloudformation.queue_name("A")

        cloudformation.delete()

        assert cloudformation.queue_names() == {name}
        cloudformation.harness.aws("sqs").delete_queue(QueueUrl=kept)

    def test_termination_protection(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"), EnableTerminationProtection=True)

        code, message = cloudformation.refusal("delete_stack", StackName="api")
        assert (code, "while TerminationProtection is enabled" in message) == ("ValidationError", True)

        cloudformation.client.update_termination_protection(StackName="api", EnableTerminationProtection=False)
        cloudformation.delete()
        assert cloudformation.refusal("describe_stacks", StackName="api")[0] == "ValidationError"
