"""Grants of every pattern's functions, and what is refused of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import pytest
from aws_cdk import Stack, assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.authorizers import LambdaAuthorizer
from lambdakit.constructs.delivery.stream import StreamDelivery
from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.kinesis import KinesisSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.grants import Grant
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.lone_function import lone_function
from lambdakit.constructs.routes import Route
from lambdakit.constructs.stream_processing import StreamProcessing
from lambdakit.constructs.targets.sqs import SqsTarget
from lambdakit.errors import SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")

KINDS: Final = "table, bucket, queue, topic, stream, event_bus, key, secret, parameter, state_machine, function"


def _problems(make: Callable[[], object]) -> list[tuple[str, str, str, str]]:
    with pytest.raises(SynthesisError) as caught:
        make()
    return [(each.code, each.pointer, each.problem, each.hint) for each in caught.value.diagnostics]


def test_everything_wrong_with_grants_is_told_at_once(stack: Stack, code: Path) -> None:
    queue, other = sqs.Queue(stack, "queue"), sqs.Queue(stack, "other")

    found = _problems(
        lambda: LambdaFunction(
            stack,
            "greet",
            code=code,
            handler="app.handler",
            grants={
                "jobs": Grant(queue, "publish"),
                "Jobs": Grant(other, "publish"),
                "1st": Grant(queue, "publish"),
                "role": Grant(cast("Any", iam.AccountRootPrincipal()), "read"),
                "text": Grant(cast("Any", "jobs"), "read"),
            },
        )
    )

    assert [each[:3] for each in found] == [
        ("LK405", "shop/greet.grants.Jobs", "Jobs and jobs both give the variable JOBS_QUEUE_URL"),
        (
            "LK444",
            "shop/greet.grants.1st",
            "'1st' is no name of a grant: a letter, then up to 63 letters, digits, - and _",
        ),
        (
            "LK444",
            "shop/greet.grants.role.resource",
            f"AccountRootPrincipal is nothing that can be granted: {KINDS}",
        ),
        ("LK444", "shop/greet.grants.text.resource", f"str is nothing that can be granted: {KINDS}"),
    ]


def test_functions_of_every_pattern_take_grants(stack: Stack, function: FunctionProperties) -> None:
    notices = sns.Topic(stack, "notices")
    granted = replace(function, grants={"notices": Grant(notices, "publish")})

    ApiBackend(
        stack,
        "api",
        routes={"GET /": Route(function=granted, name="home")},
        authorizer=LambdaAuthorizer(function=granted, name="guard"),
    )
    EventProcessing(stack, "work", source=SqsSource(), function=granted)
    StreamProcessing(stack, "clicks", source=KinesisSource(), function=granted)

    arn = stack.resolve(notices.topic_arn)
    template = assertions.Template.from_stack(stack)
    functions = template.find_resources("AWS::Lambda::Function").values()
    assert [each["Properties"]["Environment"]["Variables"] for each in functions] == [{"NOTICES_TOPIC_ARN": arn}] * 4
    policies = template.find_resources("AWS::IAM::Policy").values()
    statements = [each["Properties"]["PolicyDocument"]["Statement"] for each in policies]
    publishes = {"Action": "sns:Publish", "Effect": "Allow", "Resource": arn}
    assert sum(publishes in each for each in statements) == 4


def test_a_grant_and_a_target_of_one_name_are_refused(stack: Stack, function: FunctionProperties) -> None:
    granted = replace(function, grants={"jobs": Grant(sqs.Queue(stack, "queue"), "publish")})

    found = _problems(
        lambda: EventProcessing(stack, "work", source=SqsSource(), function=granted, targets={"Jobs": SqsTarget()})
    )

    assert found == [
        (
            "LK405",
            "shop/work.function.grants.jobs",
            "targets.Jobs is known to the function by the same name",
            "give one of the two another name",
        )
    ]


def test_a_grant_that_gives_the_delivery_s_variable_is_refused(stack: Stack, function: FunctionProperties) -> None:
    granted = replace(function, grants={"target": Grant(kinesis.Stream(stack, "other"), "read")})

    found = _problems(
        lambda: StreamProcessing(stack, "clicks", source=KinesisSource(), function=granted, delivery=StreamDelivery())
    )

    assert found == [
        (
            "LK405",
            "shop/clicks.function.grants.target",
            "TARGET_STREAM_NAME is the function's variable for delivery already",
            "give the grant another name",
        )
    ]


def test_a_function_of_no_pattern_tells_its_alias(stack: Stack, function: FunctionProperties) -> None:
    made = lone_function(stack, "send_mail", function)

    outputs = assertions.Template.from_stack(stack).find_outputs("*")
    assert outputs["SendMailFunctionArn"]["Value"] == stack.resolve(made.alias.function_arn)
