"""What the execution role of a durable function needs beside everything else: to keep its executions' checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge_wildcard

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct

# Source: AWS managed policy AWSLambdaBasicDurableExecutionRolePolicy, version 3
_ACTIONS: Final = ("lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState")
_EXECUTIONS: Final = "The ARN of a durable execution begins with the function's own, and goes on with version and name."


def allow_durable(scope: Construct, function: lambda_.Function, role: iam.IRole) -> iam.Policy:
    """Lets a role keep the executions of the function, and of no other.

    A policy of its own, as the function waits for those of its role and cannot wait for one that names it.
    Source: Lambda Developer Guide, "Security and permissions for Lambda durable functions".
    """
    executions = f"{function.function_arn}:*"
    policy = iam.Policy(
        scope,
        "DurableExecutions",
        statements=[iam.PolicyStatement(actions=list(_ACTIONS), resources=[executions])],
        roles=[role],
    )
    acknowledge_wildcard(policy, executions, _EXECUTIONS)
    return policy
