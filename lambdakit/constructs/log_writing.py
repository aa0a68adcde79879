"""The account's role by which API Gateway writes the access logs of REST and WebSocket APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge_wildcard

if TYPE_CHECKING:
    from constructs import Construct

# What API Gateway needs of that role, which no resource of its own bounds; without them it refuses the setting.
# Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs", permissions for CloudWatch logging
_ACTIONS: Final = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
)
_ROLE_ID: Final = "ApiGatewayLogs"


def make_log_account(scope: Construct) -> apigateway.CfnAccount:
    """The account's setting and its role, which stay when the stack goes: other APIs write by them.

    An account has one such setting in a region, so that a stage has to wait for it.
    """
    role = iam.Role(
        scope,
        f"{_ROLE_ID}Role",
        assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        inline_policies={
            "logs": iam.PolicyDocument(statements=[iam.PolicyStatement(actions=list(_ACTIONS), resources=["*"])])
        },
    )
    acknowledge_wildcard(role, "*", "API Gateway refuses a role for logs that is bound to some log groups.")
    role.apply_removal_policy(RemovalPolicy.RETAIN)
    account = apigateway.CfnAccount(scope, _ROLE_ID, cloud_watch_role_arn=role.role_arn)
    account.apply_removal_policy(RemovalPolicy.RETAIN)
    return account
