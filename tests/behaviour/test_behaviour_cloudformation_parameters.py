"""What holds for the parameters of a template, and for what it gives: rules, constraints, stored values, outputs.

Source: CloudFormation Template Reference, "Rules", "Parameters" and "Outputs"; AWS CloudFormation API Reference,
"Parameter".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import LambdakitError
from tests.fakes.cloudformation import CloudFormation, parameters, queue, queues
from tests.fakes.plain_assembly import write_stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-parameters")

RULES = {
    "Large": {
        "RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Assertions": [
            {"Assert": {"Fn::Contains": [["l", "xl"], {"Ref": "Size"}]}, "AssertDescription": "large in production"}
        ],
    }
}
RULED: dict[str, Any] = queues(
    "A",
    Parameters={"Stage": {"Type": "String"}, "Size": {"Type": "String", "Default": "s"}},
    Rules=RULES,
)
PROBLEM = "the assertion does not hold: large in production"


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "given")
    yield cloudformation
    cloudformation.clean()


class TestRules:
    def test_what_breaks_a_rule_is_refused(self, cloudformation: CloudFormation) -> None:
        given = {"StackName": "given", "TemplateBody": json.dumps(RULED)}

        refused = cloudformation.refusal("create_stack", Parameters=parameters(Stage="prod"), **given)

        assert refused == ("ValidationError", f"Rules.Large.Assertions[0]: {PROBLEM}")
        cloudformation.create(RULED, Parameters=parameters(Stage="test"))
        refused = cloudformation.refusal(
            "update_stack", StackName="given", UsePreviousTemplate=True, Parameters=parameters(Stage="prod")
        )
        assert refused[1] == f"Rules.Large.Assertions[0]: {PROBLEM}"
        cloudformation.update({**RULED, **queues("A", "B")}, Parameters=parameters(Stage="prod", Size="xl"))
        assert cloudformation.status() == "UPDATE_COMPLETE"

    def test_an_assembly_is_held_to_them_before_anything_is_made(self, harness: WiredHarness, tmp_path: Path) -> None:
        ruled = {**RULED, "Parameters": {**RULED["Parameters"], "Stage": {"Type": "String", "Default": "prod"}}}
        assembly = write_stacks(tmp_path, {"given-first": queues("A"), "given-ruled": ruled})

        with pytest.raises(LambdakitError) as refused:
            harness.deploy(assembly)

        (diagnostic,) = refused.value.diagnostics
        assert (diagnostic.pointer, diagnostic.problem) == ("Rules.Large.Assertions[0]", PROBLEM)
        assert harness.aws("sqs").list_queues().get("QueueUrls", []) == []

    def test_those_of_the_kit_look_at_the_bootstrap_version(self, cloudformation: CloudFormation) -> None:
        ssm = cloudformation.harness.aws("ssm")
        ssm.put_parameter(Name="/given/bootstrap", Type="String", Value="5")
        version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/given/bootstrap"}
        old = {"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "Version"}]}
        rules = {"Check": {"Assertions": [{"Assert": {"Fn::Not": [old]}, "AssertDescription": "bootstrap again"}]}}
        template = queues("A", Parameters={"Version": version}, Rules=rules)

        _, refused = cloudformation.refusal("create_stack", StackName="given", TemplateBody=json.dumps(template))

        assert "bootstrap again" in refused
        ssm.put_parameter(Name="/given/bootstrap", Type="String", Value="21", Overwrite=True)
        cloudformation.create(template)
        assert cloudformation.status() == "CREATE_COMPLETE"


class TestParameters:
    def test_what_is_read_from_the_parameter_store_is_shown(self, cloudformation: CloudFormation) -> None:
        ssm = cloudformation.harness.aws("ssm")
        ssm.put_parameter(Name="/given/sizes", Type="StringList", Value="a, b")
        stored = {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/given/sizes"}
        hidden = {**stored, "NoEcho": True}
        template = queues("A", Parameters={"Sizes": stored, "Hidden": hidden, "Plain": {"Type": "String"}})

        cloudformation.create(template, Parameters=parameters(Plain="p"))

        shown = [
            {"ParameterKey": "Sizes", "ParameterValue": "/given/sizes", "ResolvedValue": "a,b"},
            {"ParameterKey": "Hidden", "ParameterValue": "****", "ResolvedValue": "****"},
            {"ParameterKey": "Plain", "ParameterValue": "p"},
        ]
        assert cloudformation.stack()["Parameters"] == shown
        ssm.put_parameter(Name="/given/sizes", Type="StringList", Value="c", Overwrite=True)
        assert cloudformation.stack()["Parameters"] == shown
        made = cloudformation.client.create_change_set(
            StackName="given",
            ChangeSetName="later",
            UsePreviousTemplate=True,
            Parameters=parameters(Plain="q"),
        )
        planned = cloudformation.client.describe_change_set(ChangeSetName=made["Id"])["Parameters"]
        assert planned[0]["ResolvedValue"] == "c"

    def test_the_description_of_a_constraint_is_told(self, cloudformation: CloudFormation) -> None:
        name = {"Type": "String", "AllowedPattern": "[a-z]+", "ConstraintDescription": "letters only"}
        body = json.dumps(queues("A", Parameters={"Name": name}))

        refused = cloudformation.refusal(
            "create_stack", StackName="given", TemplateBody=body, Parameters=parameters(Name="B1")
        )

        assert refused == ("ValidationError", 'Parameters.Name: "B1" does not match "[a-z]+": letters only')


class TestTemplates:
    @pytest.mark.parametrize(
        ("value", "found"),
        [
            ({"Fn::Split": [",", "a,b"]}, "a list of 2"),
            ({"Ref": "AWS::NoValue"}, "AWS::NoValue"),
            ({"a": "b"}, 'an object with "a"'),
        ],
        ids=["list", "nothing", "object"],
    )
    def test_an_output_is_a_string(self, cloudformation: CloudFormation, value: object, found: str) -> None:
        cloudformation.create(queues("A", Outputs={"Out": {"Value": value}}))

        assert cloudformation.status() == "ROLLBACK_COMPLETE"
        problem = f"Outputs.Out.Value: the value of an output is {found}, not a string"
        assert problem in cloudformation.reasons()["given", "ROLLBACK_IN_PROGRESS"]

    def test_numbers_and_truth_values_are_strings(self, cloudformation: CloudFormation) -> None:
        cloudformation.create(queues("A", Outputs={"N": {"Value": 5}, "T": {"Value": True}}))

        assert cloudformation.outputs() == {"N": "5", "T": "true"}

    def test_there_is_one_version_of_the_format(self, cloudformation: CloudFormation) -> None:
        template = {"AWSTemplateFormatVersion": "2011-01-01", "Resources": {"A": queue()}}

        code, refused = cloudformation.refusal("create_stack", StackName="given", TemplateBody=json.dumps(template))

        assert code == "ValidationError"
        assert 'AWSTemplateFormatVersion: "2011-01-01" is no version of the format' in refused
        cloudformation.create("AWSTemplateFormatVersion: 2010-09-09\nResources: {A: {Type: AWS::SQS::Queue}}")
        assert cloudformation.status() == "CREATE_COMPLETE"
