"""A new version takes over step by step, and is taken back when an alarm goes off.

Source: Lambda Developer Guide, "Implementing gradual deployments"; AWS CodeDeploy User Guide, "Deployments on an AWS
Lambda compute platform" and "AppSpec 'hooks' section for an AWS Lambda deployment".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge_wildcard

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk.interfaces import aws_cloudwatch as cloudwatch
    from constructs import Construct


@dataclass(frozen=True, slots=True, kw_only=True)
class GradualDeployment:
    """How traffic moves to a new version.

    config: absent, a tenth for five minutes, then all.
    alarms: that take the version back when they go off, besides the function's own; absent, none.
    pre_hook, post_hook: functions that say whether to go on, before and after traffic moves; absent, none.
    """

    config: codedeploy.ILambdaDeploymentConfig | None = None
    alarms: Sequence[cloudwatch.IAlarmRef] = ()
    pre_hook: lambda_.IFunction | None = None
    post_hook: lambda_.IFunction | None = None


def make_deployment_group(
    scope: Construct, alias: lambda_.Alias, settings: GradualDeployment, alarms: Sequence[cloudwatch.IAlarmRef]
) -> codedeploy.LambdaDeploymentGroup:
    """The deployment group `Deployment` and its role, whose inline policy covers this alias alone.

    alarms: the function's own.
    """
    role = iam.Role(scope, "DeploymentRole", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
    # What AWSCodeDeployRoleForLambdaLimited allows on every function, for this one. Source: AWS Managed Policy
    # Reference, "AWSCodeDeployRoleForLambdaLimited"; DescribeAlarms knows no resources.
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"],
            resources=[alias.lambda_.function_arn, alias.function_arn],
        )
    )
    role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]))
    acknowledge_wildcard(role, "*", "DescribeAlarms knows no resource that a policy could name.")
    hooks = [hook.function_arn for hook in (settings.pre_hook, settings.post_hook) if hook is not None]
    if hooks:
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=hooks))
    return codedeploy.LambdaDeploymentGroup(
        scope,
        "Deployment",
        alias=alias,
        deployment_config=settings.config,
        alarms=[*alarms, *settings.alarms] or None,
        pre_hook=settings.pre_hook,
        post_hook=settings.post_hook,
        # The CDK would attach the managed policy.
        role=role.without_policy_updates(),
    )
