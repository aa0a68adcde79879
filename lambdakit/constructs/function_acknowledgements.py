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


def acknowledge_function(function: lambda_.Function, properties: FunctionProperties) -> None:
    """What follows from the function's own settings."""
    if not is_checked():
        return
    if (reason := _SUPPORTED_FOR_LONG.get(function.runtime.name)) is not None:
        acknowledge(function, {"AwsSolutions-L1": reason, "Serverless-LambdaLatestVersion": reason})
    if properties.on_failure is not None:
        acknowledge_no_dead_letters(function, _DESTINATION)


def acknowledge_no_dead_letters(scope: IConstruct, reason: str) -> None:
    """Functions below `scope` have no dead-letter queue, as their callers or destinations keep what fails."""
    acknowledge(scope, {"Serverless-LambdaDLQ": reason})
