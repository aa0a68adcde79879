"""What CloudFormation refuses of a template before it creates anything, and which references to secrets it looks up.

Source: AWS CloudFormation API Reference, "ValidateTemplate"; CloudFormation User Guide, "Get a secure string value from
Systems Manager Parameter Store" and "Get a secret or secret value from Secrets Manager".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import AssemblyError
from tests.fakes.cloudformation import CloudFormation, queue, queues
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-checks")

QUEUE = {"A": queue()}
SECURE = "{{resolve:ssm-secure:/checks/password:1}}"
SECRET = "{{resolve:secretsmanager:checks-secret:SecretString:password}}"


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "checks")
    yield cloudformation
    cloudformation.clean()


@pytest.fixture
def secrets(harness: WiredHarness) -> Iterator[None]:
    ssm, manager = harness.aws("ssm"), harness.aws("secretsmanager")
    ssm.put_parameter(Name="/checks/password", Type="SecureString", Value="swordfish")
    manager.create_secret(Name="checks-secret", SecretString=json.dumps({"password": "open sesame"}))
    yield
    ssm.delete_parameter(Name="/checks/password")
    manager.delete_secret(SecretId="checks-secret", ForceDeleteWithoutRecovery=True)


GET_ATT = "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"
WRONG = {
    "attribute": (
        {"Fn::GetAtt": ["A", "QueueArn"]},
        "Template error: Outputs.X.Value.Fn::GetAtt: resource A does not support attribute type QueueArn in Fn::GetAtt",
    ),
    "attribute in text": (
        {"Fn::Sub": "<${A.QueueArn}>"},
        "Template error: Outputs.X.Value.Fn::Sub: resource A does not support attribute type QueueArn in Fn::Sub",
    ),
    "attribute deep within": (
        {"Fn::Join": ["", [{"Fn::GetAtt": "A.Size.Max"}]]},
        "Template error: Outputs.X.Value.Fn::Join[1][0].Fn::GetAtt: resource A does not support attribute type "
        "Size.Max in Fn::GetAtt",
    ),
    "no attribute": ({"Fn::GetAtt": "A"}, f"Template format error: Outputs.X.Value.Fn::GetAtt: {GET_ATT}"),
    "three arguments": (
        {"Fn::GetAtt": ["A", "Arn", "x"]},
        f"Template format error: Outputs.X.Value.Fn::GetAtt: {GET_ATT}",
    ),
    "join of one": (
        {"Fn::Join": ["-"]},
        "Template format error: Outputs.X.Value.Fn::Join: a list of 1 is not a list of 2 arguments",
    ),
    "text of three": (
        {"Fn::Sub": ["a", {}, "b"]},
        "Template format error: Outputs.X.Value.Fn::Sub: a list of 3 is neither a string nor a list of a string and "
        "an object",
    ),
}


class TestWhatIsWrongInAnOutput:
    @pytest.mark.parametrize(("value", "message"), WRONG.values(), ids=WRONG)
    def test_is_refused_by_every_operation(self, cloudformation: CloudFormation, value: object, message: str) -> None:
        text = json.dumps({"Resources": QUEUE, "Outputs": {"X": {"Value": value}}})
        stack = {"StackName": "checks", "TemplateBody": text}

        refusals = [
            cloudformation.refusal("validate_template", TemplateBody=text),
            cloudformation.refusal("create_stack", **stack),
            cloudformation.refusal("create_change_set", ChangeSetName="first", ChangeSetType="CREATE", **stack),
        ]

        assert refusals == [("ValidationError", message)] * 3
        assert cloudformation.queue_names() == set()

    def test_leaves_a_stack_as_it_is(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A"))
        text = json.dumps({"Resources": QUEUE, "Outputs": {"X": {"Value": {"Fn::GetAtt": ["A", "QueueArn"]}}}})

        cloudformation.refusal("update_stack", StackName="checks", TemplateBody=text)

        assert cloudformation.status() == "CREATE_COMPLETE"

    def test_is_refused_before_a_deployment_creates_anything(self, harness: WiredHarness, tmp_path: Path) -> None:
        assembly = write_stack(tmp_path, "checks", QUEUE, X={"Fn::GetAtt": ["A", "QueueUrI"]})
        before = harness.position()

        with pytest.raises(AssemblyError, match=r"(?s)QueueUrI in Fn::GetAtt \[LK244\].*did you mean 'QueueUrl'"):
            harness.deploy(assembly)

        assert harness.position() == before


OPEN: dict[str, tuple[dict[str, Any], object]] = {
    "a type without a schema": ({"Type": "Acme::Own::Thing"}, {"Fn::GetAtt": ["Other", "Anything"]}),
    "a custom resource": ({"Type": "Custom::Thing"}, {"Fn::Sub": "${Other.Anything.At.All}"}),
    "the same by its other name": (
        {"Type": "AWS::CloudFormation::CustomResource", "Properties": {"ServiceToken": "x"}},
        {"Fn::GetAtt": ["Other", "Anything"]},
    ),
    "a nested stack": ({"Type": "AWS::CloudFormation::Stack"}, {"Fn::GetAtt": ["Other", "Outputs.Anything"]}),
    "a module": ({"Type": "Acme::Own::Thing::MODULE"}, {"Fn::GetAtt": ["Other.Inner", "Anything"]}),
    "a part of an attribute": (
        {"Type": "AWS::RDS::DBInstance"},
        {"Fn::Sub": "${Other.Endpoint.Address}:${Other.Endpoint.Port}"},
    ),
    "a property": ({"Type": "AWS::SSM::Parameter"}, {"Fn::GetAtt": ["Other", "Value"]}),
    "an attribute that no schema has": (
        {"Type": "AWS::CloudWatch::AnomalyDetector"},
        {"Fn::GetAtt": ["Other", "AnomalyDetectorId"]},
    ),
    "a literal": ({"Type": "AWS::SQS::Queue"}, {"Fn::Sub": "${!Other.Nothing}"}),
    "a variable of its own": (
        {"Type": "AWS::SQS::Queue"},
        {"Fn::Sub": ["${Other.Nothing}", {"Other.Nothing": "something"}]},
    ),
}


@pytest.mark.parametrize(("other", "value"), OPEN.values(), ids=OPEN)
def test_what_nobody_knows_to_be_wrong_is_not_refused(
    cloudformation: CloudFormation, other: dict[str, Any], value: object
) -> None:
    template = {"Resources": {"Other": other}, "Outputs": {"X": {"Value": value}}}

    answer = cloudformation.client.validate_template(TemplateBody=json.dumps(template))

    assert answer["Parameters"] == []


class TestSecureStrings:
    @pytest.mark.usefixtures("secrets")
    def test_are_looked_up_where_the_guide_says_so(self, cloudformation: CloudFormation) -> None:
        user = {"Type": "AWS::IAM::User", "Properties": {"UserName": "secured", "LoginProfile": {"Password": SECURE}}}

        cloudformation.create({"Resources": {"User": user}}, Capabilities=["CAPABILITY_NAMED_IAM"])

        assert cloudformation.status() == "CREATE_COMPLETE"

    @pytest.mark.usefixtures("secrets")
    @pytest.mark.parametrize(
        "value",
        [SECURE, f"<{SECURE}>", {"Fn::Sub": SECURE}, {"Fn::Join": ["", ["{{resolve:ssm-secure:", "/checks/x}}"]]}],
        ids=["text", "part of a text", "Fn::Sub", "joined"],
    )
    def test_are_refused_elsewhere(self, cloudformation: CloudFormation, value: object) -> None:
        tags = [{"Key": "k", "Value": value}]
        stack = {"StackName": "checks", "TemplateBody": json.dumps({"Resources": {"A": queue(Tags=tags)}})}

        created = cloudformation.refusal("create_stack", **stack)
        planned = cloudformation.refusal("create_change_set", ChangeSetName="first", ChangeSetType="CREATE", **stack)

        message = "SSM Secure reference is not supported in: [AWS::SQS::Queue/Properties/Tags/Value]"
        assert created == planned == ("ValidationError", message)

    @pytest.mark.usefixtures("secrets")
    def test_are_refused_in_custom_resources_and_outputs(self, cloudformation: CloudFormation) -> None:
        custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": "arn", "Password": SECURE}}
        in_custom = cloudformation.refusal(
            "create_stack", StackName="checks", TemplateBody=json.dumps({"Resources": {"C": custom}})
        )
        output = {"Resources": QUEUE, "Outputs": {"X": {"Value": SECURE}}}
        in_output = cloudformation.refusal("create_stack", StackName="checks", TemplateBody=json.dumps(output))

        assert in_custom[1] == "SSM Secure reference is not supported in: [Custom::Thing/Properties/Password]"
        assert in_output[1] == "SSM Secure reference is not supported in: [Outputs/X]"

    @pytest.mark.usefixtures("secrets")
    def test_of_what_does_not_exist_is_not_refused(self, cloudformation: CloudFormation) -> None:
        tag = {"Key": "k", "Value": {"Fn::If": ["Never", SECURE, "v"]}}
        resources = {"A": queue(Tags=[tag]), "B": {**queue(QueueName=SECURE), "Condition": "Never"}}

        cloudformation.create({"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": resources})

        assert cloudformation.status() == "CREATE_COMPLETE"

    @pytest.mark.usefixtures("secrets")
    def test_are_refused_before_a_deployment_creates_anything(self, harness: WiredHarness, tmp_path: Path) -> None:
        environment = {"Variables": {"KEY": SECURE}}
        resources = {**QUEUE, **function("Fn", Environment=environment)}
        before = harness.position()

        with pytest.raises(AssemblyError, match=r"AWS::Lambda::Function/Properties/Environment/Variables/KEY.*LK248"):
            harness.deploy(write_stack(tmp_path, "checks", resources))

        assert harness.position() == before


@pytest.mark.usefixtures("secrets")
class TestSecrets:
    def test_are_looked_up_in_any_property(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": parameter(SECRET)}}})

        found = cloudformation.harness.aws("ssm").get_parameter(Name="/checks/made")
        assert found["Parameter"]["Value"] == "open sesame"

    def test_stay_references_in_outputs(self, cloudformation: CloudFormation) -> None:
        cloudformation.create({"Resources": QUEUE, "Outputs": {"X": {"Value": f"<{SECRET}>"}}})

        assert cloudformation.outputs() == {"X": f"<{SECRET}>"}

    def test_stay_references_in_custom_resources(self, cloudformation: CloudFormation) -> None:
        source = """
        import json, urllib.request
        def handler(event, context):
            answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
            answer |= {"Status": "SUCCESS", "PhysicalResourceId": "made"}
            answer["Data"] = {"Length": str(len(event["ResourceProperties"]["Secret"]))}
            body = json.dumps(answer).encode()
            urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))
        """
        custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": "Fn.Arn"}, "Secret": SECRET}}
        template = {
            "Resources": {**function("Fn", source), "C": custom},
            "Outputs": {"Length": {"Value": {"Fn::GetAtt": ["C", "Length"]}}},
        }

        cloudformation.create(template, Capabilities=["CAPABILITY_IAM"])

        assert cloudformation.outputs() == {"Length": str(len(SECRET))}


def parameter(value: str) -> dict[str, str]:
    """The properties of a parameter."""
    return {"Name": "/checks/made", "Type": "String", "Value": value}


@pytest.mark.parametrize(
    "text",
    [
        '{"Resources": {"A": {"Type": "AWS::SQS::Queue"}, "A": {"Type": "AWS::SNS::Topic"}}}',
        "Resources:\n  A: {Type: AWS::SQS::Queue}\n  A: {Type: AWS::SNS::Topic}\n",
    ],
    ids=["JSON", "YAML"],
)
def test_the_last_of_two_keys_counts(cloudformation: CloudFormation, text: str) -> None:
    """No page says so; users of CloudFormation found that it takes such templates, and the last of each key."""
    cloudformation.create(text)

    assert cloudformation.resources() == {"A": ("AWS::SNS::Topic", "CREATE_COMPLETE")}
