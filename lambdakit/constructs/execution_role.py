"""A function's execution role: what every function needs, and not more.

What AWS allows on no single resource stands in policies inside the role. They are apart from the role's own policy, to
which grants go, so that a `*` there is never taken for one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_iam as iam

from lambdakit.constructs.acknowledgements import acknowledge, acknowledge_wildcard, is_checked

if TYPE_CHECKING:
    from constructs import Construct

# Source: Service Authorization Reference, "AWS X-Ray": neither knows a resource.
_TRACING_ACTIONS: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
# Source: Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC", required IAM
# permissions. These actions know no resource that exists beforehand.
_NETWORK_ACTIONS: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


_WILDCARD: Final = "X-Ray and the network interfaces of Lambda know no resource that a policy could name beforehand."


def make_execution_role(scope: Construct, *, traced: bool, in_network: bool) -> iam.Role:
    """A role that Lambda may assume, and that may send traces, and make the network interfaces in a VPC, if need be."""
    policies = {
        name: iam.PolicyDocument.from_json(_anywhere(actions))
        for name, actions, needed in (
            ("Tracing", _TRACING_ACTIONS, traced),
            ("Network", _NETWORK_ACTIONS, in_network),
        )
        if needed
    }
    role = iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        inline_policies=policies or None,
    )
    if policies and is_checked():
        # Of the role itself, and not of its own policy below it.
        template = role.node.find_child("Resource")
        acknowledge_wildcard(template, "*", _WILDCARD)
        acknowledge(template, {"Serverless-LambdaStarPermissions": _WILDCARD})
    return role


def allow_elsewhere(role: iam.IRole, *, traced: bool, in_network: bool) -> None:
    """Lets an existing role do the same."""
    for actions, needed in ((_TRACING_ACTIONS, traced), (_NETWORK_ACTIONS, in_network)):
        if needed:
            role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=["*"]))


def _anywhere(actions: Sequence[str]) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }
