from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Size, Stack, assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

Resources = Mapping[str, Mapping[str, Any]]


def resources(stack: Stack, type_name: str) -> Resources:
    found: Resources = assertions.Template.from_stack(stack).find_resources(type_name)
    return found


def only(stack: Stack, type_name: str) -> tuple[str, Mapping[str, Any]]:
    (item,) = resources(stack, type_name).items()
    return item[0], item[1]["Properties"]


def problems(make: Callable[[], object]) -> list[tuple[str, str, str]]:
    with pytest.raises(SynthesisError) as caught:
        make()
    return [(each.code, each.pointer, each.problem) for each in caught.value.diagnostics]


def test_function_has_the_stated_defaults(stack: Stack, code: Path) -> None:
    LambdaFunction(stack, "greet", code=code, handler="app.handler")

    _, function = only(stack, "AWS::Lambda::Function")
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["MemorySize"] == 512
    assert function["Timeout"] == 10
    assert function["EphemeralStorage"] == {"Size": 512}
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert "ReservedConcurrentExecutions" not in function
    assert "Environment" not in function


def test_log_group_is_its_own_finite_and_leaves_with_the_stack(stack: Stack, code: Path) -> None:
    LambdaFunction(stack, "greet", code=code, handler="app.handler")

    ((log_group, definition),) = resources(stack, "AWS::Logs::LogGroup").items()
    _, function = only(stack, "AWS::Lambda::Function")
    assert definition["Properties"] == {"RetentionInDays": 30}
    assert definition["DeletionPolicy"] == "Delete"
    assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": log_group}}


def test_role_may_write_to_its_own_log_group_and_to_x_ray_and_nothing_else(stack: Stack, code: Path) -> None:
    LambdaFunction(stack, "greet", code=code, handler="app.handler")

    log_group, _ = only(stack, "AWS::Logs::LogGroup")
    _, role = only(stack, "AWS::IAM::Role")
    _, policy = only(stack, "AWS::IAM::Policy")
    assert "ManagedPolicyArns" not in role
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Effect": "Allow",
            "Resource": {"Fn::GetAtt": [log_group, "Arn"]},
        },
    ]
    (traces,) = role["Policies"]
    assert traces["PolicyDocument"]["Statement"] == [
        {"Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "Effect": "Allow", "Resource": "*"},
    ]


def test_without_tracing_there_is_no_permission_for_x_ray(stack: Stack, code: Path) -> None:
    LambdaFunction(stack, "greet", code=code, handler="app.handler", tracing=lambda_.Tracing.DISABLED)

    _, function = only(stack, "AWS::Lambda::Function")
    _, role = only(stack, "AWS::IAM::Role")
    assert "Policies" not in role
    assert "TracingConfig" not in function


def test_an_existing_role_is_allowed_the_same(stack: Stack, code: Path) -> None:
    role = iam.Role(stack, "role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    LambdaFunction(stack, "greet", code=code, handler="app.handler", role=role, tracing=lambda_.Tracing.PASS_THROUGH)

    _, function = only(stack, "AWS::Lambda::Function")
    _, policy = only(stack, "AWS::IAM::Policy")
    assert function["TracingConfig"] == {"Mode": "PassThrough"}
    assert {
        "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        "Effect": "Allow",
        "Resource": "*",
    } in policy["PolicyDocument"]["Statement"]


def test_alias_points_to_the_published_version(stack: Stack, code: Path) -> None:
    made = LambdaFunction(stack, "greet", code=code, handler="app.handler", alias_description="what callers use")

    version, _ = only(stack, "AWS::Lambda::Version")
    _, alias = only(stack, "AWS::Lambda::Alias")
    assert alias["Name"] == "live"
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}
    assert alias["Description"] == "what callers use"
    assert made.alias.alias_name == "live"


def test_provisioned_concurrency_belongs_to_the_alias(stack: Stack, code: Path) -> None:
    LambdaFunction(
        stack,
        "greet",
        code=code,
        handler="app.handler",
        alias_name="blue",
        provisioned_concurrent_executions=2,
        reserved_concurrent_executions=2,
    )

    _, alias = only(stack, "AWS::Lambda::Alias")
    _, function = only(stack, "AWS::Lambda::Function")
    assert alias["Name"] == "blue"
    assert alias["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 2}
    assert function["ReservedConcurrentExecutions"] == 2


def test_settings_reach_the_function(stack: Stack, code: Path) -> None:
    layer = lambda_.LayerVersion.from_layer_version_arn(stack, "layer", "arn:aws:lambda:us-east-1:1:layer:shared:1")

    LambdaFunction(
        stack,
        "greet",
        code=code,
        handler="app.handler",
        runtime=lambda_.Runtime.PYTHON_3_12,
        architecture=lambda_.Architecture.X86_64,
        memory_size=1024,
        timeout=Duration.minutes(2),
        environment={"GREETING": "hello"},
        description="greets",
        reserved_concurrent_executions=0,
        ephemeral_storage_size=Size.gibibytes(1),
        layers=[layer],
        log_retention=logs.RetentionDays.ONE_WEEK,
    )

    _, function = only(stack, "AWS::Lambda::Function")
    _, log_group = only(stack, "AWS::Logs::LogGroup")
    assert function["Runtime"] == "python3.12"
    assert function["Architectures"] == ["x86_64"]
    assert function["MemorySize"] == 1024
    assert function["Timeout"] == 120
    assert function["Environment"] == {"Variables": {"GREETING": "hello"}}
    assert function["Description"] == "greets"
    assert function["ReservedConcurrentExecutions"] == 0
    assert function["EphemeralStorage"] == {"Size": 1024}
    assert function["Layers"] == ["arn:aws:lambda:us-east-1:1:layer:shared:1"]
    assert log_group["RetentionInDays"] == 7


def test_grants_to_the_function_go_to_its_one_role(stack: Stack, code: Path) -> None:
    made = LambdaFunction(stack, "greet", code=code, handler="app.handler")
    other = logs.LogGroup(stack, "other")

    other.grant_read(made.alias)

    assert len(resources(stack, "AWS::IAM::Role")) == 1
    _, policy = only(stack, "AWS::IAM::Policy")
    assert len(policy["PolicyDocument"]["Statement"]) == 2


# Numbers from the Lambda Developer Guide, "Lambda quotas", and the API Reference of CreateFunction.
@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("memory_size", 127, False),
        ("memory_size", 128, True),
        ("memory_size", 10_240, True),
        ("memory_size", 10_241, False),
        ("timeout", 0, False),
        ("timeout", 1, True),
        ("timeout", 900, True),
        ("timeout", 901, False),
        ("ephemeral_storage_size", 511, False),
        ("ephemeral_storage_size", 512, True),
        ("ephemeral_storage_size", 10_240, True),
        ("ephemeral_storage_size", 10_241, False),
        ("reserved_concurrent_executions", -1, False),
        ("reserved_concurrent_executions", 0, True),
        ("provisioned_concurrent_executions", 0, False),
        ("provisioned_concurrent_executions", 1, True),
        ("log_retention", 0, False),
        ("log_retention", 1, True),
        ("log_retention", 31, False),
        ("log_retention", 3653, True),
        ("description", "x" * 256, True),
        ("description", "x" * 257, False),
        ("handler", "x" * 128, True),
        ("handler", "x" * 129, False),
        ("handler", "", False),
        ("handler", "app handler", False),
        ("alias_name", "x" * 128, True),
        ("alias_name", "x" * 129, False),
        ("alias_name", "1", False),
        ("alias_name", "v1", True),
        ("alias_name", "a b", False),
    ],
)
def test_settings_are_held_to_lambdas_bounds(stack: Stack, code: Path, setting: str, value: Any, allowed: bool) -> None:
    settings: dict[str, Any] = {"code": code, "handler": "app.handler", setting: value}

    if allowed:
        LambdaFunction(stack, "greet", **settings)
    else:
        ((error, pointer, problem),) = problems(lambda: LambdaFunction(stack, "greet", **settings))
        assert error == "LK401"
        assert pointer == f"shop/greet.{setting}"
        assert str(value) in problem or str(len(value)) in problem


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        ("timeout", Duration.minutes(16), "960 is above 900, the most Lambda allows (1 to 900 seconds)"),
        ("timeout", Duration.millis(1500), "1.5 is no whole number of seconds (1 to 900)"),
        (
            "ephemeral_storage_size",
            Size.gibibytes(11),
            "11264 is above 10240, the most Lambda allows (512 to 10240 MiB)",
        ),
    ],
    ids=["long", "fraction", "large"],
)
def test_durations_and_sizes_are_held_to_the_same_bounds(
    stack: Stack, code: Path, setting: str, value: Any, problem: str
) -> None:
    settings: dict[str, Any] = {"code": code, "handler": "app.handler", setting: value}

    assert problems(lambda: LambdaFunction(stack, "greet", **settings)) == [("LK401", f"shop/greet.{setting}", problem)]


@pytest.mark.parametrize(
    ("environment", "pointer"),
    [
        ({"A": "1"}, "environment.A"),
        ({"1A": "1"}, "environment.1A"),
        ({"A-B": "1"}, "environment.A-B"),
        ({"AWS_REGION": "us-east-1"}, "environment.AWS_REGION"),
        ({"_HANDLER": "x"}, "environment._HANDLER"),
        ({"KEY": "x" * 4094}, "environment"),
        ({"KEY": "é" * 2047}, "environment"),
    ],
    ids=["one letter", "digit first", "dash", "reserved", "reserved underscore", "4097 bytes", "4097 bytes of UTF-8"],
)
def test_environment_that_lambda_refuses_is_refused(
    stack: Stack, code: Path, environment: dict[str, str], pointer: str
) -> None:
    found = problems(lambda: LambdaFunction(stack, "greet", code=code, handler="app.handler", environment=environment))

    assert [(error, where) for error, where, _ in found] == [("LK404", f"shop/greet.{pointer}")]


def test_environment_of_4096_bytes_is_allowed(stack: Stack, code: Path) -> None:
    made = LambdaFunction(stack, "greet", code=code, handler="app.handler", environment={"KEY": "x" * 4093})

    assert made.function is not None


def test_provisioned_above_reserved_concurrency_is_refused(stack: Stack, code: Path) -> None:
    found = problems(
        lambda: LambdaFunction(
            stack,
            "greet",
            code=code,
            handler="app.handler",
            reserved_concurrent_executions=1,
            provisioned_concurrent_executions=2,
        )
    )

    assert found == [
        ("LK405", "shop/greet.provisioned_concurrent_executions", "2 is above reserved_concurrent_executions, 1")
    ]


@pytest.mark.parametrize(("count", "allowed"), [(5, True), (6, False)])
def test_layers_are_counted(stack: Stack, code: Path, count: int, allowed: bool) -> None:
    layers = [
        lambda_.LayerVersion.from_layer_version_arn(stack, f"layer{n}", f"arn:aws:lambda:us-east-1:1:layer:a{n}:1")
        for n in range(count)
    ]

    if allowed:
        LambdaFunction(stack, "greet", code=code, handler="app.handler", layers=layers)
    else:
        found = problems(lambda: LambdaFunction(stack, "greet", code=code, handler="app.handler", layers=layers))
        assert found == [("LK401", "shop/greet.layers", "6 layers are above 5, the most a function may have")]


def test_all_problems_are_told_at_once_before_anything_is_made(stack: Stack, tmp_path: Path) -> None:
    found = problems(
        lambda: LambdaFunction(stack, "greet", code=tmp_path / "nowhere", handler="", memory_size=1, timeout=0)
    )

    assert [pointer for _, pointer, _ in found] == [
        "shop/greet.code",
        "shop/greet.memory_size",
        "shop/greet.timeout",
        "shop/greet.handler",
    ]
    assert resources(stack, "AWS::Logs::LogGroup") == {}


def test_properties_and_keyword_arguments_are_the_same() -> None:
    keywords = {
        name: parameter
        for name, parameter in inspect.signature(LambdaFunction.__init__).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    properties = {each.name: each for each in dataclasses.fields(FunctionProperties)}

    assert list(keywords) == list(properties)
    assert {name: each.annotation for name, each in keywords.items()} == {
        name: each.type for name, each in properties.items()
    }
    assert {name for name, each in keywords.items() if each.default is inspect.Parameter.empty} == {"code", "handler"}
    assert {
        name: each.default for name, each in properties.items() if each.default is not dataclasses.MISSING
    }.items() <= {name: each.default for name, each in keywords.items()}.items()
