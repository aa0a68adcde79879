"""What stands around functions, and the keys of what they use, as templates have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Tags
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template
from aws_cdk.aws_dynamodb import TableEncryptionV2

from lambdakit.compiler.bindings.application import bind_application
from lambdakit.compiler.source_map import SourceMap
from lambdakit.constructs.table import TableProperties, make_table
from lambdakit.spec.document import load
from lambdakit.spec.function_extensions import INSIGHTS_VERSIONS
from lambdakit.spec.runtimes import SUPPORTED
from tests.fakes.documents_to_eject import write_project
from tests.fakes.surrounded_functions import SURROUNDED

pytestmark = pytest.mark.xdist_group("cdk")

_KEY = {"Fn::GetAtt": ["resourcemaster1DFFFF05", "Arn"]}


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The template's resources."""
    return _resources(write_project(tmp_path_factory.mktemp("surrounded"), SURROUNDED))


def _resources(path: Path) -> dict[str, Any]:
    document = load(path)
    app = App(analytics_reporting=False)
    (stack,) = bind_application(app, document, SourceMap(document, []), acknowledges=False)
    found: dict[str, Any] = Template.from_stack(stack).to_json()["Resources"]
    return found


def _of(resources: dict[str, Any], kind: str, start: str = "") -> Iterator[dict[str, Any]]:
    for name, resource in resources.items():
        if resource["Type"] == kind and name.startswith(start):
            yield resource["Properties"]


def _statements(resources: dict[str, Any], start: str) -> list[dict[str, Any]]:
    return [
        statement
        for policy in _of(resources, "AWS::IAM::Policy", start)
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_a_function_runs_as_the_role_that_is_there(resources: dict[str, Any]) -> None:
    (function,) = _of(resources, "AWS::Lambda::Function", "writer")
    policies = [each for each in _of(resources, "AWS::IAM::Policy") if each.get("Roles") in (["writer"], ["known"])]

    assert function["Role"] == "arn:aws:iam::111122223333:role/team/writer"
    assert len(policies) == 3
    assert len({each["PolicyName"] for each in policies}) == 3


def test_a_function_has_its_own_groups_in_the_network(resources: dict[str, Any]) -> None:
    (function,) = _of(resources, "AWS::Lambda::Function", "writer")
    (outside,) = _of(resources, "AWS::Lambda::Function", "check")

    assert function["VpcConfig"]["SecurityGroupIds"] == ["sg-0123456789abcdef0"]
    assert "VpcConfig" not in outside


def test_a_file_system_is_mounted_through_its_access_point_alone(resources: dict[str, Any]) -> None:
    point = "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-0123456789abcdef0"
    (function,) = _of(resources, "AWS::Lambda::Function", "writer")
    (rule,) = [each for each in _of(resources, "AWS::EC2::SecurityGroupIngress") if each["ToPort"] == 2049]

    assert function["FileSystemConfigs"] == [{"Arn": point, "LocalMountPath": "/mnt/files"}]
    assert (rule["GroupId"], rule["SourceSecurityGroupId"]) == ("sg-0fedcba9876543210", "sg-0123456789abcdef0")
    assert {
        "Effect": "Allow",
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        "Resource": "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-0123456789abcdef0",
        "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": point}},
    } in _statements(resources, "writer")


def test_objects_are_mounted_by_the_file_system_that_their_access_point_names(resources: dict[str, Any]) -> None:
    file_system = "arn:aws:s3files:eu-west-1:111122223333:file-system/fs-0123456789abcdef0"

    statements = _statements(resources, "files")

    mounting = [each["Resource"] for each in statements if "s3files:ClientMount" in each["Action"]]
    assert mounting == [f"{file_system}/access-point/fsap-0123456789abcdef0", file_system]


def test_code_is_signed_by_a_configuration_that_is_made_or_there(resources: dict[str, Any]) -> None:
    (made,) = _of(resources, "AWS::Lambda::CodeSigningConfig")
    (writer,) = _of(resources, "AWS::Lambda::Function", "writer")
    (gradual,) = _of(resources, "AWS::Lambda::Function", "gradual")

    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    assert next(iter(writer["CodeSigningConfigArn"])) == "Fn::GetAtt"
    assert gradual["CodeSigningConfigArn"].endswith("csc-0123456789abcdef0")


def test_hooks_and_alarms_that_are_there_judge_a_deployment(resources: dict[str, Any]) -> None:
    (group,) = _of(resources, "AWS::CodeDeploy::DeploymentGroup")
    (alias,) = [
        each for name, each in resources.items() if each["Type"] == "AWS::Lambda::Alias" and name.startswith("gradual")
    ]

    assert group["AlarmConfiguration"]["Alarms"] == [{"Name": "orders-fail"}]
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"].keys() >= {
        "BeforeAllowTrafficHook",
        "AfterAllowTrafficHook",
    }


@pytest.mark.parametrize("service", ["cloudwatch", "events", "sns"])
def test_services_that_send_to_encrypted_things_may_use_the_key(resources: dict[str, Any], service: str) -> None:
    (key,) = _of(resources, "AWS::KMS::Key")

    allowed = [
        statement
        for statement in key["KeyPolicy"]["Statement"]
        if f"{service}.amazonaws.com" in statement["Principal"].get("Service", ())
    ]

    (statement,) = allowed
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("start", ["timedScheduleRole", "deviceIotRuleRole"])
def test_roles_that_send_to_an_encrypted_queue_may_use_its_key(resources: dict[str, Any], start: str) -> None:
    (role,) = _of(resources, "AWS::IAM::Role", start)

    statements = role["Policies"][0]["PolicyDocument"]["Statement"]

    assert {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": _KEY} in statements


def test_alarms_may_publish_to_topics_of_the_application(resources: dict[str, Any]) -> None:
    (policy,) = _of(resources, "AWS::SNS::TopicPolicy")

    principals = [each["Principal"] for each in policy["PolicyDocument"]["Statement"]]

    assert principals.count({"Service": "cloudwatch.amazonaws.com"}) == 1


def test_an_encrypted_table_needs_no_region_to_be_known_and_keeps_its_tags() -> None:
    stack = Stack(App(analytics_reporting=False), "anywhere")
    key = kms.Key(stack, "Key")
    properties = TableProperties(
        partition_key="id", encryption=TableEncryptionV2.customer_managed_key(key), point_in_time_recovery=False
    )

    make_table(stack, "Table", properties)
    Tags.of(stack).add("team", "orders")

    template = Template.from_stack(stack).to_json()["Resources"]
    (table,) = (each["Properties"] for each in template.values() if each["Type"] == "AWS::DynamoDB::GlobalTable")
    (replica,) = table["Replicas"]
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert next(iter(replica["SSESpecification"]["KMSMasterKeyId"])) == "Fn::GetAtt"
    assert replica["Region"] == {"Ref": "AWS::Region"}
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": False}
    assert replica["Tags"] == [{"Key": "team", "Value": "orders"}]


def test_the_second_stack_of_a_process_is_the_first(tmp_path: Path) -> None:
    """A layer that is known by its ARN is hashed with all runtimes that were ever made."""
    path = write_project(tmp_path, SURROUNDED)

    assert _resources(path) == _resources(path)


def test_every_runtime_of_the_document_is_one_of_the_cdk(tmp_path: Path) -> None:
    known = {each.name for each in lambda_.Runtime.ALL}

    assert set(SUPPORTED) <= known


def test_every_version_of_insights_is_one_of_the_cdk() -> None:
    known = {
        name.removeprefix("VERSION_").replace("_", ".")
        for name in dir(lambda_.LambdaInsightsVersion)
        if name.startswith("VERSION_")
    }

    assert set(INSIGHTS_VERSIONS) == known
