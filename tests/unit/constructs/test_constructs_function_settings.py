"""Every setting of `LambdaFunction` beyond the basic ones: what it becomes, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack, assertions
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_alarms import FunctionAlarms
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url import FunctionUrl
from lambdakit.constructs.gradual_deployment import GradualDeployment
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.provisioned_scaling import ProvisionedScaling, ScheduledCapacity
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def _definitions(stack: Stack, type_name: str) -> list[Mapping[str, Any]]:
    found = assertions.Template.from_stack(stack).find_resources(type_name)
    return [each["Properties"] for each in found.values()]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack whose one function has nearly every setting."""
    code = tmp_path_factory.mktemp("code")
    (code / "app.py").write_text("def handler(event, context): return event\n")
    stack = Stack(App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False), "shop")
    topic = sns.Topic(stack, "alerts")
    made = LambdaFunction(
        stack,
        "greet",
        code=code,
        handler="app.handler",
        secrets={"KEY_ARN": secretsmanager.Secret(stack, "key")},
        parameters={"LEVEL_NAME": ssm.StringParameter(stack, "level", string_value="high")},
        environment={"PLAIN": "text"},
        environment_encryption=kms.Key(stack, "variables"),
        function_name="greeter",
        initial_policy=[iam.PolicyStatement(actions=["s3:ListAllMyBuckets"], resources=["*"])],
        recursive_loop=lambda_.RecursiveLoop.ALLOW,
        application_log_level=lambda_.ApplicationLogLevel.DEBUG,
        system_log_level=lambda_.SystemLogLevel.WARN,
        vpc=ec2.Vpc(stack, "vpc", max_azs=2, nat_gateways=0, restrict_default_security_group=False),
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
        allow_all_outbound=False,
        retry_attempts=1,
        max_event_age=Duration.hours(1),
        on_success=destinations.SnsDestination(topic),
        on_failure=destinations.SqsDestination(sqs.Queue(stack, "failed")),
        dead_letter_queue=sqs.Queue(stack, "dead"),
        runtime_management_mode=lambda_.RuntimeManagementMode.FUNCTION_UPDATE,
        provisioned_scaling=ProvisionedScaling(
            max_capacity=10, min_capacity=2, schedules=[ScheduledCapacity(schedule="cron(0 8 * * ? *)", min_capacity=5)]
        ),
        deployment=GradualDeployment(config=codedeploy.LambdaDeploymentConfig.LINEAR_10_PERCENT_EVERY_1_MINUTE),
        function_url=FunctionUrl(cors=Cors(allow_origins=["https://example.com"])),
        alarms=FunctionAlarms(async_event_age_seconds=60, iterator_age_seconds=3600, topics=[topic]),
        tags={"team": "greetings"},
    )
    assert made.url is not None and made.deployment is not None and len(made.alarms) == 5
    return stack


def test_the_keywords_are_the_fields_of_the_properties() -> None:
    keywords = {name: each.default for name, each in signature(LambdaFunction.__init__).parameters.items()}
    for name in ("self", "scope", "id"):
        del keywords[name]

    assert list(keywords) == [each.name for each in fields(FunctionProperties)]
    made = FunctionProperties(code="x", handler="app.handler").keywords()
    assert {name: made[name] for name in keywords if name not in ("code", "handler")} == {
        name: default for name, default in keywords.items() if name not in ("code", "handler")
    }


def test_the_function_has_what_was_set(settled: Stack) -> None:
    (function,) = _definitions(settled, "AWS::Lambda::Function")

    variables = function["Environment"]["Variables"]
    assert variables["PLAIN"] == "text"
    assert set(variables["KEY_ARN"]) == set(variables["LEVEL_NAME"]) == {"Ref"}
    assert "KmsKeyArn" in function
    assert function["FunctionName"] == "greeter"
    assert function["RecursiveLoop"] == "Allow"
    assert function["LoggingConfig"]["ApplicationLogLevel"] == "DEBUG"
    assert function["LoggingConfig"]["SystemLogLevel"] == "WARN"
    assert function["RuntimeManagementConfig"] == {"UpdateRuntimeOn": "FunctionUpdate"}
    assert len(function["VpcConfig"]["SubnetIds"]) == 2
    assert function["Tags"] == [{"Key": "team", "Value": "greetings"}]
    assert "DeadLetterConfig" in function


def test_asynchronous_events_are_told_on_the_alias(settled: Stack) -> None:
    (config,) = _definitions(settled, "AWS::Lambda::EventInvokeConfig")

    assert "greetFunctionAliaslive" in str(config["Qualifier"])
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 3600)
    assert set(config["DestinationConfig"]) == {"OnSuccess", "OnFailure"}


def test_no_managed_policy_is_attached_and_only_what_knows_no_resource_is_granted_on_all(settled: Stack) -> None:
    roles = _definitions(settled, "AWS::IAM::Role")
    policies = _definitions(settled, "AWS::IAM::Policy")

    assert not any("ManagedPolicyArns" in role for role in roles)
    on_all = {
        action
        for policy in [*policies, *(each for role in roles for each in role.get("Policies", []))]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert on_all == {
        "cloudwatch:DescribeAlarms",
        *(f"ec2:{name}PrivateIpAddresses" for name in ("Assign", "Unassign")),
        *(f"ec2:{name}" for name in ("CreateNetworkInterface", "DeleteNetworkInterface")),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        *("s3:ListAllMyBuckets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }


def test_the_alias_scales_moves_and_has_an_address(settled: Stack) -> None:
    (target,) = _definitions(settled, "AWS::ApplicationAutoScaling::ScalableTarget")
    (policy,) = _definitions(settled, "AWS::ApplicationAutoScaling::ScalingPolicy")
    (group,) = _definitions(settled, "AWS::CodeDeploy::DeploymentGroup")
    (url,) = _definitions(settled, "AWS::Lambda::Url")

    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10)
    assert target["ScheduledActions"][0]["ScalableTargetAction"] == {"MinCapacity": 5}
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 0.7
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
    assert len(group["AlarmConfiguration"]["Alarms"]) == 5
    assert (url["AuthType"], url["InvokeMode"]) == ("AWS_IAM", "BUFFERED")
    assert url["Cors"]["AllowOrigins"] == ["https://example.com"]


def test_the_alarms_watch_and_tell(settled: Stack) -> None:
    alarms = {each["MetricName"]: each for each in _definitions(settled, "AWS::CloudWatch::Alarm")}

    assert set(alarms) == {"Errors", "Throttles", "Duration", "AsyncEventAge", "IteratorAge"}
    assert alarms["Duration"]["Threshold"] == 9000
    assert alarms["IteratorAge"]["Threshold"] == 3_600_000
    assert all(len(each["AlarmActions"]) == len(each["OKActions"]) == 1 for each in alarms.values())


def test_an_existing_role_is_granted_to(stack: Stack, code: Path) -> None:
    role = iam.Role(stack, "own", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    made = LambdaFunction(stack, "greet", code=code, handler="app.handler", role=role)

    assert made.role is role
    assert len(_definitions(stack, "AWS::IAM::Role")) == 1


def _version(stack: Stack) -> lambda_.IVersion:
    return lambda_.Version.from_version_arn(stack, "old", "arn:aws:lambda:us-east-1:123456789012:function:f:1")


def _refused(stack: Stack, function: FunctionProperties, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(SynthesisError) as caught:
        LambdaFunction(stack, "greet", **replace(function, **changes).keywords())
    return [(each.pointer.removeprefix("shop/greet."), each.code) for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"retry_attempts": -1}, "retry_attempts", "LK401"),
        ({"retry_attempts": 3}, "retry_attempts", "LK401"),
        ({"max_event_age": 59}, "max_event_age", "LK401"),
        ({"max_event_age": 21_601}, "max_event_age", "LK401"),
        ({"ipv6_allowed_for_dual_stack": True}, "ipv6_allowed_for_dual_stack", "LK405"),
        ({"vpc_subnets": ec2.SubnetSelection()}, "vpc_subnets", "LK405"),
        ({"snap_start": True, "provisioned_concurrent_executions": 1}, "snap_start", "LK405"),
        ({"snap_start": True, "ephemeral_storage_size": 513}, "snap_start", "LK405"),
        ({"provisioned_scaling": ProvisionedScaling(max_capacity=0)}, "provisioned_scaling.max_capacity", "LK405"),
        (
            {"provisioned_scaling": ProvisionedScaling(max_capacity=2, min_capacity=0)},
            "provisioned_scaling.min_capacity",
            "LK401",
        ),
        (
            {"provisioned_scaling": ProvisionedScaling(max_capacity=2, utilization_target=0.91)},
            "provisioned_scaling.utilization_target",
            "LK401",
        ),
        (
            {"provisioned_scaling": ProvisionedScaling(max_capacity=2, schedules=[ScheduledCapacity(schedule="8")])},
            "provisioned_scaling.schedules[0]",
            "LK405",
        ),
        ({"alarms": FunctionAlarms(errors=0)}, "alarms.errors", "LK401"),
        ({"alarms": FunctionAlarms(duration_share=1.01)}, "alarms.duration_share", "LK401"),
        (
            {"function_url": FunctionUrl(cors=Cors(allow_origins=["example.com"]))},
            "function_url.cors.allow_origins",
            "LK413",
        ),
        ({"function_name": "f" * 65}, "function_name", "LK401"),
    ],
)
def test_what_lambda_would_refuse_is_refused_first(
    stack: Stack, function: FunctionProperties, changes: dict[str, Any], pointer: str, code: str
) -> None:
    assert (pointer, code) in _refused(stack, function, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"retry_attempts": 0, "max_event_age": 60},
        {"retry_attempts": 2, "max_event_age": 21_600},
        {"snap_start": True, "ephemeral_storage_size": 512},
        {"provisioned_scaling": ProvisionedScaling(max_capacity=1, utilization_target=0.1)},
        {"alarms": FunctionAlarms(errors=None, throttles=None, duration_share=1)},
        {"function_name": "f" * 64},
    ],
)
def test_what_stands_at_the_bound_is_taken(stack: Stack, function: FunctionProperties, changes: dict[str, Any]) -> None:
    LambdaFunction(stack, "greet", **replace(function, **changes).keywords())


def test_a_weighted_alias_takes_no_provisioned_concurrency(stack: Stack, function: FunctionProperties) -> None:
    weight = lambda_.VersionWeight(version=_version(stack), weight=0.1)

    refused = _refused(stack, function, additional_versions=[weight], provisioned_concurrent_executions=1)

    assert ("additional_versions", "LK405") in refused


def test_two_settings_cannot_both_split_the_traffic(stack: Stack, function: FunctionProperties) -> None:
    weight = lambda_.VersionWeight(version=_version(stack), weight=0.1)

    refused = _refused(stack, function, additional_versions=[weight], deployment=GradualDeployment())

    assert ("deployment", "LK405") in refused


def test_one_variable_has_one_value(stack: Stack, function: FunctionProperties) -> None:
    secret = secretsmanager.Secret(stack, "key")

    refused = _refused(stack, function, environment={"KEY": "x"}, secrets={"KEY": secret})

    assert ("secrets.KEY", "LK405") in refused


def test_there_is_one_place_for_dead_letters(stack: Stack, function: FunctionProperties) -> None:
    queue, topic = sqs.Queue(stack, "dead"), sns.Topic(stack, "told")

    refused = _refused(stack, function, dead_letter_queue=queue, dead_letter_topic=topic)

    assert ("dead_letter_topic", "LK405") in refused
