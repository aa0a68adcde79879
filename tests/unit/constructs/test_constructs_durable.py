"""Durable functions and functions that isolate their tenants, as constructs: settings, permissions, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack, assertions
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_url import FunctionUrl
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


def made(tmp_path: Path, **settings: Any) -> assertions.Template:
    (tmp_path / "app.py").write_text("def handler(event, context): return event\n")
    stack = Stack(App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False), "shop")
    LambdaFunction(stack, "orders", code=tmp_path, handler="app.handler", **settings)
    return assertions.Template.from_stack(stack)


def only(template: assertions.Template, kind: str, part: str = "") -> tuple[str, Mapping[str, Any]]:
    found = {name: each for name, each in template.find_resources(kind).items() if part in name}
    ((name, each),) = found.items()
    return name, each


def test_a_durable_function_may_keep_its_own_executions_and_no_others(tmp_path: Path) -> None:
    config = lambda_.DurableConfig(execution_timeout=Duration.days(7), retention_period=Duration.days(30))

    template = made(tmp_path, durable_config=config)

    function, described = only(template, "AWS::Lambda::Function")
    policy_name, policy = only(template, "AWS::IAM::Policy", "DurableExecutions")
    assert described["Properties"]["DurableConfig"] == {"ExecutionTimeout": 604_800, "RetentionPeriodInDays": 30}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"]
    assert statement["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": [function, "Arn"]}, ":*"]]}
    # Whoever may invoke it finds it able to checkpoint, and the function does not wait for a policy that names it.
    assert policy_name in only(template, "AWS::Lambda::Alias")[1]["DependsOn"]
    assert policy_name not in described["DependsOn"]


def test_other_functions_get_nothing_of_it(tmp_path: Path) -> None:
    template = made(tmp_path)

    assert "DurableConfig" not in only(template, "AWS::Lambda::Function")[1]["Properties"]
    assert not [name for name in template.find_resources("AWS::IAM::Policy") if "Durable" in name]


@pytest.mark.parametrize(
    ("timeout", "days", "pointer"),
    [
        (0, 1, "execution_timeout"),
        (31_622_401, 1, "execution_timeout"),
        (1, 0, "retention_period"),
        (1, 91, "retention_period"),
    ],
)
def test_what_lambda_refuses_of_it_is_refused(tmp_path: Path, timeout: int, days: int, pointer: str) -> None:
    config = lambda_.DurableConfig(execution_timeout=Duration.seconds(timeout), retention_period=Duration.days(days))

    with pytest.raises(SynthesisError) as refused:
        made(tmp_path, durable_config=config)

    (told,) = refused.value.diagnostics
    assert (told.pointer, told.code) == (f"shop/orders.durable_config.{pointer}", "LK401")


def test_what_does_not_go_with_tenants_of_their_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError) as refused:
        made(
            tmp_path,
            tenancy_config=lambda_.TenancyConfig.PER_TENANT,
            function_url=FunctionUrl(),
            provisioned_concurrent_executions=1,
            snap_start=True,
        )

    pointers = {told.pointer for told in refused.value.diagnostics if "tenancy_config" in told.problem}
    assert pointers == {
        f"shop/orders.{name}" for name in ("function_url", "provisioned_concurrent_executions", "snap_start")
    }


def test_tenants_get_environments_of_their_own(tmp_path: Path) -> None:
    _, function = only(made(tmp_path, tenancy_config=lambda_.TenancyConfig.PER_TENANT), "AWS::Lambda::Function")

    assert function["Properties"]["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}
