"""What checks find in every function, and why it is no fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdakit.constructs.acknowledgements import acknowledge, is_checked

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import IConstruct

    from lambdakit.constructs.function_properties import FunctionProperties

# Source: Lambda Developer Guide, "Lambda runtimes", deprecation dates
_SUPPORTED_FOR_LONG: Final = {
    "python3.13": "Lambda supports Python 3.13, which a project may rely on, until June 30, 2029."
}
_DESTINATION: Final = (
    "Its on-failure destination takes the place of a dead-letter queue, and tells the error and the attempts as well."
)


_INSIGHTS_POLICY: Final = "arn:<AWS::Partition>:iam::aws:policy/CloudWatchLambdaInsightsExecutionRolePolicy"
_INSIGHTS: Final = "The CDK adds it with Lambda Insights: the extension writes to its own log group, and nowhere else."
_SENT_TO: Final = ("on_failure", "on_success", "dead_letter_queue", "dead_letter_topic")
_KEY_ACTIONS: Final = ("kms:GenerateDataKey", "kms:ReEncrypt")
_KEY: Final = "The CDK's grant of the one key that the queue or topic is encrypted with, which Lambda sends to."


def acknowledge_function(function: lambda_.Function, properties: FunctionProperties) -> None:
    """What follows from the function's own settings."""
    if not is_checked():
        return
    if (reason := _SUPPORTED_FOR_LONG.get(function.runtime.name)) is not None:
        acknowledge(function, {"AwsSolutions-L1": reason, "Serverless-LambdaLatestVersion": reason})
    if properties.on_failure is not None:
        acknowledge_no_dead_letters(function, _DESTINATION)
    role = function.role
    if properties.role is None and role is not None:
        if properties.insights_version is not None:
            acknowledge(role, {f"AwsSolutions-IAM4[Policy::{_INSIGHTS_POLICY}]": _INSIGHTS})
        if any(getattr(properties, name) is not None for name in _SENT_TO):
            acknowledge(role, {f"AwsSolutions-IAM5[Action::{action}*]": _KEY for action in _KEY_ACTIONS})


def acknowledge_no_dead_letters(scope: IConstruct, reason: str) -> None:
    """Functions below `scope` have no dead-letter queue, as their callers or destinations keep what fails."""
    acknowledge(scope, {"Serverless-LambdaDLQ": reason})
