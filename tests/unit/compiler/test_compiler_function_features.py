"""What a document says of functions and their network, in the template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.constructs.network import GATEWAY_ENDPOINTS, INTERFACE_ENDPOINTS
from lambdakit.spec.network import Endpoint

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """\
application: shop
defaults: {tags: {team: orders}, retry_attempts: 1}
network: {vpc: {max_azs: 2, nat_gateways: 0, endpoints: [dynamodb, sqs]}}
patterns:
  orders:
    kind: api_backend
    table: {partition_key: order_id}
    routes:
      GET /orders:
        name: list_orders
        code: code
        handler: app.handler
        table_access: read
        function_name: list-orders
        application_log_level: warn
        system_log_level: debug
        max_event_age: 1h
        recursive_loop: allow
        deployment: {config: linear_10_percent_every_1_minute}
        function_url: {auth_type: none, invoke_mode: response_stream, cors: {allow_origins: ["*"]}}
        alarms: {throttles: none, iterator_age: 1h}
        tags: {cost: "1"}
        alias:
          provisioned_scaling: {max_capacity: 4, schedules: [{schedule: cron(0 8 ? * MON-FRI *), min_capacity: 2}]}
      POST /orders: {name: create_order, code: code, handler: app.handler, snap_start: true}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, validating_compiler: Compiler) -> Mapping[str, Any]:
    directory = tmp_path_factory.mktemp("project")
    (directory / "code").mkdir()
    (directory / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (directory / "lambdakit.yaml").write_text(DOCUMENT)
    assembly = validating_compiler.synthesize(directory / "lambdakit.yaml")
    found: Mapping[str, Any] = json.loads((assembly / "shop.template.json").read_text())
    return found


def _of(template: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == kind]


def test_a_document_names_the_endpoints_that_the_construct_makes() -> None:
    assert sorted(get_args(Endpoint)) == sorted([*GATEWAY_ENDPOINTS, *INTERFACE_ENDPOINTS])


def test_functions_have_what_is_said_of_them(template: Mapping[str, Any]) -> None:
    functions = {each.get("FunctionName"): each for each in _of(template, "AWS::Lambda::Function")}

    named = functions["list-orders"]
    assert named["LoggingConfig"]["ApplicationLogLevel"] == "WARN"
    assert named["LoggingConfig"]["SystemLogLevel"] == "DEBUG"
    assert named["RecursiveLoop"] == "Allow"
    assert named["Tags"] == [{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "orders"}]
    assert functions[None]["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_they_run_in_the_network_of_the_document(template: Mapping[str, Any]) -> None:
    functions = _of(template, "AWS::Lambda::Function")

    assert all(len(each["VpcConfig"]["SubnetIds"]) == 2 for each in functions)
    kinds = sorted(each["VpcEndpointType"] for each in _of(template, "AWS::EC2::VPCEndpoint"))
    assert kinds == ["Gateway", "Interface"]
    assert _of(template, "AWS::EC2::NatGateway") == []


def test_aliases_have_theirs(template: Mapping[str, Any]) -> None:
    (target,) = _of(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    (group,) = _of(template, "AWS::CodeDeploy::DeploymentGroup")
    (url,) = _of(template, "AWS::Lambda::Url")
    events = {each.get("MaximumEventAgeInSeconds"): each for each in _of(template, "AWS::Lambda::EventInvokeConfig")}

    assert target["MaxCapacity"] == 4
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
    assert (url["AuthType"], url["InvokeMode"]) == ("NONE", "RESPONSE_STREAM")
    assert set(events) == {3600, None}
    assert all(each["MaximumRetryAttempts"] == 1 for each in events.values())


def test_alarms_are_those_that_are_left_in(template: Mapping[str, Any]) -> None:
    assert sorted(each["MetricName"] for each in _of(template, "AWS::CloudWatch::Alarm")) == [
        "Duration",
        "Errors",
        "IteratorAge",
    ]
