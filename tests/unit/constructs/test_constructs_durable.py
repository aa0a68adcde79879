"""Durable functions and functions that isolate their tenants, as constructs: settings, permissions, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack, assertions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.failure_destinations import FailureBucket, FailureBus, FailureTopic, OnFailure
from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_properties import FunctionProperties
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


@pytest.mark.parametrize("name", ["on_failure", "on_success"])
def test_a_durable_function_has_no_destinations(tmp_path: Path, name: str) -> None:
    config = lambda_.DurableConfig(execution_timeout=Duration.days(7))
    stack = Stack(App(context=dict(FEATURE_FLAGS)), "other")
    queue = sqs.Queue(stack, "Queue")

    with pytest.raises(SynthesisError, match="Lambda sends nothing of durable functions there") as refused:
        made(tmp_path, durable_config=config, **{name: destinations.SqsDestination(queue)})

    (problem,) = refused.value.diagnostics
    assert (problem.code, str(problem.pointer).endswith(name)) == ("LK405", True)


def events_of(tmp_path: Path, on_failure: OnFailure | None, **settings: Any) -> assertions.Template:
    (tmp_path / "app.py").write_text("def handler(event, context): return event\n")
    stack = Stack(App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False), "shop")
    config = lambda_.DurableConfig(execution_timeout=Duration.days(7))
    function = FunctionProperties(code=tmp_path, handler="app.handler", durable_config=config, **settings)
    source = EventRuleSource(event_pattern={"source": ["shop"]})
    EventProcessing(stack, "orders", source=source, function=function, on_failure=on_failure)
    return assertions.Template.from_stack(stack)


@pytest.mark.parametrize(
    ("on_failure", "kind"), [(None, "AWS::SQS::Queue"), (FailureTopic(), "AWS::SNS::Topic")], ids=["queue", "topic"]
)
def test_what_failed_of_a_durable_function_goes_to_its_dead_letters(
    tmp_path: Path, on_failure: OnFailure | None, kind: str
) -> None:
    template = events_of(tmp_path, on_failure)

    failure, _ = only(template, kind, "Failure")
    dead_letters = only(template, "AWS::Lambda::Function")[1]["Properties"]["DeadLetterConfig"]["TargetArn"]
    assert dead_letters in ({"Fn::GetAtt": [failure, "Arn"]}, {"Ref": failure})
    assert not [
        each
        for each in template.find_resources("AWS::Lambda::EventInvokeConfig").values()
        if "DestinationConfig" in each["Properties"]
    ]


@pytest.mark.parametrize("on_failure", [FailureBucket(), FailureBus()], ids=["bucket", "bus"])
def test_dead_letters_go_to_queues_and_topics_alone(tmp_path: Path, on_failure: OnFailure) -> None:
    with pytest.raises(SynthesisError, match="can go to a queue or a topic, not to"):
        events_of(tmp_path, on_failure)


def test_where_dead_letters_go_is_said_once(tmp_path: Path) -> None:
    queue = sqs.Queue(Stack(App(context=dict(FEATURE_FLAGS)), "other"), "Queue")

    with pytest.raises(SynthesisError, match="the pattern's on_failure is the function's, too"):
        events_of(tmp_path, None, dead_letter_queue=queue)
