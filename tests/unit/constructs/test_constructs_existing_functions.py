"""Functions that are there already: what a pattern knows of one behind its alias or version, and who grants to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aws_cdk import Duration, Stack, assertions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from lambdakit.constructs.event_processing import EventProcessing
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.lambda_function import LambdaFunction

pytestmark = pytest.mark.xdist_group("cdk")

# A function made with the CDK alone, as callers may invoke it.
FORMS: dict[str, Callable[[lambda_.Function], lambda_.IFunction]] = {
    "function": lambda function: function,
    "version": lambda function: function.current_version,
    "alias": lambda function: function.add_alias("live"),
}


def _function(stack: Stack, timeout: Duration | None) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Older",
        runtime=lambda_.Runtime.PYTHON_3_13,
        code=lambda_.Code.from_inline("def handler(event, context): ..."),
        handler="index.handler",
        timeout=timeout,
    )


def _visibility(stack: Stack) -> object:
    queues = assertions.Template.from_stack(stack).find_resources("AWS::SQS::Queue")
    (queue,) = (each for name, each in queues.items() if "FailureQueue" not in name)
    return queue["Properties"]["VisibilityTimeout"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("timeout", "visibility"), [(Duration.seconds(20), 120), (None, 18)], ids=["20 seconds", "Lambda's 3 seconds"]
)
def test_the_queue_hides_messages_for_six_time_outs_of_an_existing_function(
    stack: Stack, form: str, timeout: Duration | None, visibility: int
) -> None:
    EventProcessing(stack, "work", source=SqsSource(), function=FORMS[form](_function(stack, timeout)))

    assert _visibility(stack) == visibility


def test_one_function_serves_two_queues_by_its_alias(stack: Stack, function: FunctionProperties) -> None:
    shared = LambdaFunction(stack, "shared", **function.keywords())

    for name in ("first", "second"):
        EventProcessing(stack, name, source=SqsSource(), function=shared.alias)

    assertions.Template.from_stack(stack).resource_properties_count_is("AWS::SQS::Queue", {"VisibilityTimeout": 60}, 2)


def test_the_cdks_grants_take_the_construct_itself(stack: Stack, function: FunctionProperties) -> None:
    made = LambdaFunction(stack, "greet", **function.keywords())

    s3.Bucket(stack, "Pictures").grant_read(made, "thumbnails/*")

    policies = assertions.Template.from_stack(stack).find_resources("AWS::IAM::Policy")
    (policy,) = policies.values()
    actions = [each["Action"] for each in policy["Properties"]["PolicyDocument"]["Statement"]]
    assert ["s3:GetBucket*", "s3:GetObject*", "s3:List*"] in map(sorted, actions)
    assert policy["Properties"]["Roles"] == [stack.resolve(made.role.role_name)]


def test_the_construct_is_granted_as_a_subclass_says(stack: Stack, function: FunctionProperties) -> None:
    class Borrowed(LambdaFunction):
        """Runs with a role that others have as well."""

    role = iam.Role(stack, "Shared", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    made = Borrowed(stack, "greet", **{**function.keywords(), "role": role})

    s3.Bucket(stack, "Pictures").grant_read(made)

    policies = assertions.Template.from_stack(stack).find_resources("AWS::IAM::Policy")
    assert {str(each["Properties"]["Roles"]) for each in policies.values()} == {str([stack.resolve(role.role_name)])}
