"""What a document says of functions' grants, in the template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.constructs import grant_actions
from lambdakit.errors import DocumentError
from lambdakit.spec.grants import ACCESSES, SUFFIXES, Access
from tests.fakes.every_grant import EVERY_GRANT

pytestmark = pytest.mark.xdist_group("cdk")

Resources = Mapping[str, Mapping[str, Any]]

# The patterns use each other against the order in which they are written.
DOCUMENT = """\
application: shop
network: {vpc: {max_azs: 1, endpoints: [s3], flow_log_retention: none}}
defaults: {environment_encryption: master}
resources:
  master: {kind: key}
  jobs: {kind: queue}
  signing: {kind: secret}
  flags: {kind: parameter, string_value: "on"}
functions:
  reserve: {code: code, handler: app.handler, grants: {jobs: publish, work: invoke}}
  charge:
    code: code
    handler: app.handler
    vpc: none
    runtime_management_mode: auto
    initial_policy:
      - {actions: ["sqs:GetQueueAttributes"], resources: [jobs, "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:jobs-*"]}
      - actions: ["ssm:GetParameterHistory"]
        resources: [flags/history]
        conditions:
          StringEquals: {"aws:ResourceAccount": ["${AWS::AccountId}"], "aws:PrincipalTag/a": "${aws:username}"}
patterns:
  orders:
    kind: api_backend
    api: {type: rest, authorizer: {kind: lambda, function: {code: code, handler: app.handler, grants: {jobs: consume}}}}
    routes:
      GET /: {name: home, code: code, handler: app.handler, grants: {reserve: invoke, work: invoke}}
  work:
    kind: event_processing
    source: {kind: schedule, schedule: rate(1 hour)}
    function: {code: code, handler: app.handler, secrets: {SIGNING: signing}, grants: {charge: invoke}}
  clicks:
    kind: stream_processing
    source: {kind: kinesis}
    function: {code: code, handler: app.handler, ssm_parameters: {FLAGS: flags}, on_success: jobs}
"""


@pytest.fixture(scope="module")
def compiler(validating_compiler: Compiler) -> Compiler:
    return validating_compiler


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, compiler: Compiler) -> Mapping[str, Any]:
    return _synthesized(compiler, tmp_path_factory.mktemp("project"), DOCUMENT, "shop")


def _synthesized(compiler: Compiler, directory: Path, text: str, stack: str) -> Mapping[str, Any]:
    for name in ("code", "other"):
        (directory / name).mkdir()
        (directory / name / "app.py").write_text("def handler(event, context): ...\n")
    (directory / "flow.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    (directory / "lambdakit.yaml").write_text(text)
    assembly = compiler.synthesize(directory / "lambdakit.yaml")
    found: Mapping[str, Any] = json.loads((assembly / f"{stack}.template.json").read_text())
    return found


def _one(template: Mapping[str, Any], kind: str, path: str) -> tuple[str, Mapping[str, Any]]:
    """Logical id and properties of the one resource of the kind whose construct path begins so."""
    ((logical_id, resource),) = (
        (logical_id, resource)
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == kind and resource["Metadata"]["aws:cdk:path"].startswith(path)
    )
    return logical_id, resource["Properties"]


def _variables(template: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    properties = _one(template, "AWS::Lambda::Function", path)[1]
    found: Mapping[str, Any] = properties.get("Environment", {}).get("Variables", {})
    return found


def _alias(template: Mapping[str, Any], path: str) -> dict[str, str]:
    return {"Ref": _one(template, "AWS::Lambda::Alias", path)[0]}


def test_document_and_constructs_have_the_same_words() -> None:
    assert ACCESSES == grant_actions.ACCESSES
    assert set(get_args(Access)) == set(get_args(grant_actions.Access))


def test_variables_are_called_in_the_document_s_rules_as_the_constructs_call_them(
    tmp_path: Path, compiler: Compiler
) -> None:
    template = _synthesized(compiler, tmp_path, EVERY_GRANT, "granted")

    granted = {"orders": "table", "jobs": "queue", "notices": "topic", "archive": "bucket", "clicks": "stream"}
    granted |= {"events": "event_bus", "master": "key", "signing": "secret", "flags": "parameter"}
    granted |= {"fulfil": "state_machine", "home": "function"}
    names = {name for each in ("reader", "writer", "both") for name in _variables(template, f"granted/{each}/")}
    assert set(granted.values()) == set(SUFFIXES)
    assert {f"{name.upper()}_{SUFFIXES[kind]}" for name, kind in granted.items()} <= names


def test_functions_of_no_pattern_have_their_names_and_tell_their_aliases(template: Mapping[str, Any]) -> None:
    assert template["Outputs"]["ReserveFunctionArn"]["Value"] == _alias(template, "shop/reserve/")
    assert template["Outputs"]["ChargeFunctionArn"]["Value"] == _alias(template, "shop/charge/")


def test_parts_are_made_behind_those_they_name_wherever_they_are_written(template: Mapping[str, Any]) -> None:
    assert _variables(template, "shop/orders/home/") == {
        "RESERVE_FUNCTION_ARN": _alias(template, "shop/reserve/"),
        "WORK_FUNCTION_ARN": _alias(template, "shop/work/"),
    }
    assert _variables(template, "shop/work/")["CHARGE_FUNCTION_ARN"] == _alias(template, "shop/charge/")
    assert "JOBS_QUEUE_URL" in _variables(template, "shop/orders/orders_authorizer/")


def test_secrets_and_parameters_are_read_by_the_variables_that_are_written(template: Mapping[str, Any]) -> None:
    secret, _ = _one(template, "AWS::SecretsManager::Secret", "shop/")
    parameter, _ = _one(template, "AWS::SSM::Parameter", "shop/")

    assert _variables(template, "shop/work/")["SIGNING"] == {"Ref": secret}
    assert _variables(template, "shop/clicks/")["FLAGS"] == {"Ref": parameter}


def test_own_statements_name_resources_of_the_document_and_where_the_stack_is(template: Mapping[str, Any]) -> None:
    queue, _ = _one(template, "AWS::SQS::Queue", "shop/resource:jobs/")
    parameter, _ = _one(template, "AWS::SSM::Parameter", "shop/")
    _, policy = _one(template, "AWS::IAM::Policy", "shop/charge/")

    partition, account, region = ({"Ref": f"AWS::{name}"} for name in ("Partition", "AccountId", "Region"))
    own = policy["PolicyDocument"]["Statement"][-2:]
    assert own[0]["Resource"] == [
        {"Fn::GetAtt": [queue, "Arn"]},
        {"Fn::Join": ["", ["arn:", partition, ":sqs:*:", account, ":jobs-*"]]},
    ]
    assert own[1]["Resource"] == {
        "Fn::Join": [
            "",
            ["arn:", partition, ":ssm:", region, ":", account, ":parameter/", {"Ref": parameter}, "/history"],
        ]
    }
    assert own[1]["Condition"] == {
        "StringEquals": {"aws:ResourceAccount": [account], "aws:PrincipalTag/a": "${aws:username}"}
    }


def test_the_default_key_encrypts_the_variables_of_every_function(template: Mapping[str, Any]) -> None:
    key, _ = _one(template, "AWS::KMS::Key", "shop/")
    functions = [
        each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Function"
    ]

    ours = [each for each in functions if each["Handler"] == "app.handler"]
    assert [each["KmsKeyArn"] for each in ours] == [{"Fn::GetAtt": [key, "Arn"]}] * 6


def test_the_network_has_an_endpoint_for_what_functions_in_it_are_granted(template: Mapping[str, Any]) -> None:
    """Not for the state machine's or Lambda's own sending: destinations are reached from outside."""
    endpoints = {
        json.dumps(each["Properties"]["ServiceName"]).rpartition(".")[2].strip('"]} ')
        for each in template["Resources"].values()
        if each["Type"] == "AWS::EC2::VPCEndpoint"
    }

    assert endpoints == {"s3", "sqs", "lambda", "secretsmanager", "ssm"}


def test_a_function_outside_the_network_has_no_part_in_it(template: Mapping[str, Any]) -> None:
    assert "VpcConfig" not in _one(template, "AWS::Lambda::Function", "shop/charge/")[1]
    assert "VpcConfig" in _one(template, "AWS::Lambda::Function", "shop/reserve/")[1]
    assert _one(template, "AWS::Lambda::Function", "shop/charge/")[1]["RuntimeManagementConfig"] == {
        "UpdateRuntimeOn": "Auto"
    }


def test_results_go_where_the_document_says(template: Mapping[str, Any]) -> None:
    _, config = _one(template, "AWS::Lambda::EventInvokeConfig", "shop/clicks/")
    queue, _ = _one(template, "AWS::SQS::Queue", "shop/resource:jobs/")

    assert config["DestinationConfig"] == {"OnSuccess": {"Destination": {"Fn::GetAtt": [queue, "Arn"]}}}


def test_a_changed_code_of_a_function_of_no_pattern_is_compiled_anew(tmp_path: Path, compiler: Compiler) -> None:
    first = _synthesized(compiler, tmp_path, DOCUMENT.replace("reserve: {code: code", "reserve: {code: other"), "shop")
    (tmp_path / "other" / "app.py").write_text("def handler(event, context): return 1\n")

    assembly = compiler.synthesize(tmp_path / "lambdakit.yaml")

    second = json.loads((assembly / "shop.template.json").read_text())
    codes = [_one(each, "AWS::Lambda::Function", "shop/reserve/")[1]["Code"] for each in (first, second)]
    assert codes[0] != codes[1]


def test_a_circle_is_refused_before_anything_is_made(tmp_path: Path, compiler: Compiler) -> None:
    text = DOCUMENT.replace("runtime_management_mode: auto", "grants: {home: invoke}")

    with pytest.raises(DocumentError) as caught:
        _synthesized(compiler, tmp_path, text, "shop")

    assert [each.code for each in caught.value.diagnostics] == ["LK147"]
    assert "home" not in caught.value.diagnostics[0].problem
    assert "→" in caught.value.diagnostics[0].problem
