"""Overrides and raw resources, as constructs take them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.constructs.cloudformation.overrides import lay_over
from lambdakit.constructs.cloudformation.raw_resources import RawResource, add_raw_resources
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

_KEYS = st.sampled_from(
    [
        *(
            "MemorySize",
            "Environment",
            "Variables",
            "Tags",
            "Key",
            "Value",
            "VpcConfig",
            "SubnetIds",
            "Layers",
            "0",
            "9",
        ),
        *(
            "PolicyDocument",
            "Statement",
            "Policies",
            "Code",
            "TracingConfig",
            "Mode",
            "a.b",
            "a\\",
            "",
            "Ref",
            "Fn::Sub",
        ),
    ]
)
_TREES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        [1, 1.5, True, "text", "", {"Ref": "AWS::NoValue"}, {"Ref": "work"}, {"Fn::GetAtt": ["work", "Arn"]}]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def work(stack: Stack, function: FunctionProperties) -> LambdaFunction:
    return LambdaFunction(stack, "work", **function.keywords())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from([".", "Function", "Role", "Role/DefaultPolicy", "LogGroup", "nowhere", "Function/Resource"]),
    properties=st.dictionaries(_KEYS, _TREES, max_size=3),
)
def test_whatever_is_laid_over_is_in_the_template_or_refused(code: Path, path: str, properties: dict[str, Any]) -> None:
    stack = Stack(App(builtin_cloud_formation_validation=False), "shop")
    LambdaFunction(stack, "work", code=code, handler="app.handler")

    try:
        lay_over(stack, {"work": {path: properties}}, names={"work": "work"})
    except SynthesisError as error:
        assert all(each.pointer.startswith("shop/work.overrides") and each.problem for each in error.diagnostics)
        return

    # The CDK's validation tells of what refers to itself.
    assert Template.from_stack(stack, skip_cyclical_dependencies_check=True).to_json()["Resources"]


def test_a_property_is_removed_and_its_neighbours_stay(stack: Stack) -> None:
    sqs.CfnQueue(stack, "Jobs", delay_seconds=5, queue_name="jobs", redrive_policy={"maxReceiveCount": 3, "a.b": 1})

    removed = {"Ref": "AWS::NoValue"}
    lay_over(stack, {"Jobs": {".": {"DelaySeconds": removed, "RedrivePolicy": {"a.b": removed, "c": 2}}}}, names={})

    (queue,) = Template.from_stack(stack).find_resources("AWS::SQS::Queue").values()
    assert queue["Properties"] == {"QueueName": "jobs", "RedrivePolicy": {"maxReceiveCount": 3, "c": 2}}


def test_a_list_is_replaced_and_its_items_are_laid_over_by_their_places(stack: Stack) -> None:
    def queue(id: str) -> None:
        sqs.CfnQueue(
            stack, id, tags=None, redrive_allow_policy={"sourceQueueArns": ["a", "b"], "all": [{"c": 1, "d": 2}]}
        )

    queue("Whole")
    queue("Single")

    policy = {"sourceQueueArns": ["c"], "all": {"0": {"d": 3}}}
    lay_over(stack, {"Whole": {".": {"RedriveAllowPolicy": {"sourceQueueArns": []}}}}, names={})
    lay_over(stack, {"Single": {".": {"RedriveAllowPolicy": policy}}}, names={})

    queues = Template.from_stack(stack).find_resources("AWS::SQS::Queue")
    assert queues["Whole"]["Properties"]["RedriveAllowPolicy"]["sourceQueueArns"] == []
    assert queues["Single"]["Properties"]["RedriveAllowPolicy"] == {"sourceQueueArns": ["c"], "all": [{"c": 1, "d": 3}]}


def test_a_function_is_itself_and_its_parts(stack: Stack, work: LambdaFunction) -> None:
    lay_over(stack, {"work": {".": {"MemorySize": 300}, "Role": {"Path": "/shop/"}}}, names={})

    template = Template.from_stack(stack)
    template.has_resource_properties("AWS::Lambda::Function", {"MemorySize": 300})
    template.has_resource_properties("AWS::IAM::Role", {"Path": "/shop/"})


def test_raw_resources_name_each_other_in_any_order(stack: Stack) -> None:
    resources = {
        "First": RawResource(
            type="AWS::SQS::Queue",
            properties={"QueueName": {"Fn::Sub": "${Second.QueueName}-a"}},
            depends_on=["Second"],
        ),
        "Second": RawResource(type="AWS::SQS::Queue"),
    }

    add_raw_resources(stack, resources, names={})

    first = Template.from_stack(stack).to_json()["Resources"]["First"]
    assert first == {
        "Type": "AWS::SQS::Queue",
        "Properties": {"QueueName": {"Fn::Sub": "${Second.QueueName}-a"}},
        "DependsOn": ["Second"],
    }


@pytest.mark.parametrize(
    ("overrides", "code", "hint"),
    [
        ({"Queue": {"DelaySeconds": 1}}, "LK460", "write . for the resource itself, which is all that there is"),
        ({".": {"DelaySeconds": "none"}}, "LK462", "to remove the property, write !Ref AWS::NoValue"),
    ],
)
def test_what_cannot_be_laid_over_says_what_can(
    stack: Stack, overrides: dict[str, dict[str, Any]], code: str, hint: str
) -> None:
    sqs.CfnQueue(stack, "Jobs", delay_seconds=5)

    with pytest.raises(SynthesisError) as caught:
        lay_over(stack, {"Jobs": overrides}, names={})

    (found,) = caught.value.diagnostics
    assert (found.code, found.hint) == (code, hint)


@pytest.mark.parametrize(
    ("type_name", "hint"),
    [
        ("AWS::SQS::Que", "write AWS::SQS::Queue"),
        ("AWS::Sqs::queue", "write AWS::SQS::Queue"),
        ("AWS::Dynamo::Table", "write AWS::DynamoDB::Table"),
        ("AWS::Nothing::Whatever", "a newer aws-cdk-lib may know it"),
    ],
)
def test_an_unknown_type_has_its_nearest_one(stack: Stack, type_name: str, hint: str) -> None:
    with pytest.raises(SynthesisError) as caught:
        add_raw_resources(stack, {"Jobs": RawResource(type=type_name)}, names={})

    (found,) = caught.value.diagnostics
    assert (found.code, found.pointer, found.hint) == ("LK463", "shop/cloudformation:Jobs.Type", hint)


@pytest.mark.parametrize("type_name", ["Custom::Seed", "Acme::Shop::Till", "Acme::Shop::Till::MODULE"])
def test_what_the_cdk_cannot_know_is_taken_as_it_is(stack: Stack, type_name: str) -> None:
    add_raw_resources(stack, {"Jobs": RawResource(type=type_name, properties={"any": [{"thing": True}]})}, names={})

    assert Template.from_stack(stack).to_json()["Resources"]["Jobs"]["Properties"] == {"any": [{"thing": True}]}
