"""AWS SAM's transform, by AWS's translator; without the translator a refusal that says so."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
import threading
from typing import Any

import pytest

from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.template import Template, parse_template
from lambdakit.errors import AssemblyError
from lambdakit.harness.deployment.serverless_transform import transformed

PSEUDO = PseudoParameters(account_id="123456789012", region="eu-west-1", stack_name="s", stack_id="i")
FUNCTION: dict[str, Any] = {
    "Type": "AWS::Serverless::Function",
    "Properties": {
        "CodeUri": "s3://bucket/key",
        "Handler": "app.handler",
        "Runtime": "python3.13",
        "Policies": ["AWSLambdaRole", {"SQSPollerPolicy": {"QueueName": {"Ref": "Name"}}}],
        "Events": {"Get": {"Type": "Api", "Properties": {"Path": "/a", "Method": "get"}}},
    },
}
translated_by_aws = pytest.mark.skipif(
    importlib.util.find_spec("samtranslator") is None, reason="aws-sam-translator is not installed"
)


def _template(**resources: object) -> Template:
    raw = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Name": {"Type": "String", "Default": "q"}},
        "Globals": {"Function": {"Timeout": 7}},
        "Resources": resources,
    }
    return parse_template(raw, path="t.yaml")


def _outcome(template: Template, pseudo: PseudoParameters = PSEUDO) -> Template:
    values = resolve_parameters(template, {}, ssm=lambda name: name)
    return parse_template(transformed(template, values, pseudo), path="t.yaml")


@translated_by_aws
def test_functions_become_resources_of_cloudformation() -> None:
    outcome = _outcome(_template(F=FUNCTION))

    types = {resource.type for resource in outcome.resources.values()}
    assert {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::ApiGateway::RestApi", "AWS::Lambda::Permission"} <= types
    assert outcome.resources["F"].properties["Timeout"] == 7
    assert outcome.resources["F"].properties["Code"] == {"S3Bucket": "bucket", "S3Key": "key"}
    assert outcome.transform == ()


@translated_by_aws
def test_translation_leaves_the_template_alone() -> None:
    template = _template(F=FUNCTION)

    _outcome(template)

    assert template.resources["F"].type == "AWS::Serverless::Function"
    assert template.raw["Resources"] == {"F": FUNCTION}


@translated_by_aws
def test_applications_of_the_repository_are_asked_of_nobody() -> None:
    application = {
        "Type": "AWS::Serverless::Application",
        "Properties": {
            "Location": {
                "ApplicationId": "arn:aws:serverlessrepo:us-east-1:1:applications/a",
                "SemanticVersion": "1.0.0",
            }
        },
    }

    outcome = _outcome(_template(F=FUNCTION, A=application))

    assert outcome.resources["A"].type == "AWS::Serverless::Application"


@translated_by_aws
def test_applications_at_a_url_become_nested_stacks() -> None:
    url = "https://s3.us-east-1.amazonaws.com/bucket/inner.yaml"
    application = {"Type": "AWS::Serverless::Application", "Properties": {"Location": url, "Parameters": {"P": "v"}}}

    outcome = _outcome(_template(A=application))

    assert outcome.resources["A"].type == "AWS::CloudFormation::Stack"
    assert outcome.resources["A"].properties["TemplateURL"] == url
    assert outcome.resources["A"].properties["Parameters"] == {"P": "v"}


@translated_by_aws
def test_mistakes_are_told_in_cloudformations_words() -> None:
    wrong = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "s3://b/k", "Nope": 1}}

    with pytest.raises(AssemblyError) as refused:
        _outcome(_template(F=wrong))

    diagnostic = refused.value.diagnostics[0]
    assert diagnostic.problem.startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: "
        "Invalid Serverless Application Specification document. Number of errors found: 1. "
        "Resource with id [F] is invalid."
    )
    assert (diagnostic.path, diagnostic.code) == ("t.yaml", "LK236")


@translated_by_aws
def test_each_mistake_is_told_at_its_resource() -> None:
    wrong = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "s3://b/k", "Nope": 1}}
    events = {"Type": "AWS::Serverless::Function", "Properties": {**FUNCTION["Properties"], "Events": "x"}}

    with pytest.raises(AssemblyError) as refused:
        _outcome(_template(F=wrong, G=events))

    found = {diagnostic.pointer: diagnostic.problem for diagnostic in refused.value.diagnostics}
    assert found.keys() == {"Resources.F", "Resources.G.Properties.Events"}
    assert "Resource with id [F] is invalid." in found["Resources.F"]
    assert all("Number of errors found: 2." in problem for problem in found.values())


@translated_by_aws
def test_transforms_of_two_partitions_do_not_mix() -> None:
    wrong: list[str] = []

    def transform(region: str, partition: str) -> None:
        for _ in range(12):
            outcome = _outcome(_template(F=FUNCTION), dataclasses.replace(PSEUDO, region=region))
            policies = outcome.resources["FRole"].properties["ManagedPolicyArns"]
            assert isinstance(policies, list)
            wrong.extend(arn for arn in policies if not arn.startswith(f"arn:{partition}:"))

    threads = [
        threading.Thread(target=transform, args=place)
        for place in (("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_missing_translator_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "samtranslator.translator.translator", None)

    with pytest.raises(AssemblyError) as refused:
        _outcome(_template(F=FUNCTION))

    assert "not installed" in refused.value.diagnostics[0].problem
    assert "aws-sam-translator" in refused.value.diagnostics[0].hint
