"""Load balancers in front of functions, as aws_cdk.aws_elasticloadbalancingv2 with LambdaTarget synthesizes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.plain_assembly import Resources


def balancer(name: str = "Shop", **properties: Any) -> Resources:
    """An internet-facing balancer with its VPC, two subnets and its security group."""
    subnets = {
        f"{name}Subnet{number}": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": f"{name}Vpc"},
                "CidrBlock": f"10.0.{number}.0/24",
                "AvailabilityZone": {"Fn::Select": [number, {"Fn::GetAZs": ""}]},
                "MapPublicIpOnLaunch": True,
            },
        }
        for number in (0, 1)
    }
    return {
        f"{name}Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        **subnets,
        f"{name}Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "Automatically created Security Group for ELB",
                "SecurityGroupIngress": [
                    {"CidrIp": "0.0.0.0/0", "FromPort": 80, "IpProtocol": "tcp", "ToPort": 80, "Description": "all"}
                ],
                "VpcId": {"Ref": f"{name}Vpc"},
            },
        },
        name: {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {
                "LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "false"}],
                "Scheme": "internet-facing",
                "SecurityGroups": [{"Fn::GetAtt": [f"{name}Group", "GroupId"]}],
                "Subnets": [{"Ref": f"{name}Subnet0"}, {"Ref": f"{name}Subnet1"}],
                "Type": "application",
                **properties,
            },
        },
    }


def listener(name: str, port: int, *actions: Mapping[str, Any], of: str = "Shop", **properties: Any) -> Resources:
    """A listener. actions: of its default rule."""
    return {
        name: {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "DefaultActions": list(actions),
                "LoadBalancerArn": {"Ref": of},
                "Port": port,
                "Protocol": "HTTP",
                **properties,
            },
        }
    }


def rule(
    name: str, priority: int, action: Mapping[str, Any], *conditions: Mapping[str, Any], of: str = "Web"
) -> Resources:
    """A rule with one action."""
    return {
        name: {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Properties": {
                "Actions": [action],
                "Conditions": list(conditions),
                "ListenerArn": {"Ref": of},
                "Priority": priority,
            },
        }
    }


def lambda_group(name: str, function: str, **properties: Any) -> Resources:
    """A target group of a function, which Elastic Load Balancing may call."""
    arn = {"Fn::GetAtt": [function, "Arn"]}
    return {
        f"{name}Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": arn,
                "Principal": "elasticloadbalancing.amazonaws.com",
            },
        },
        name: {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"TargetType": "lambda", "Targets": [{"Id": arn}], **properties},
            "DependsOn": [f"{name}Permission"],
        },
    }


def forward(group: str) -> dict[str, Any]:
    """An action that leads to a target group."""
    return {"TargetGroupArn": {"Ref": group}, "Type": "forward"}


def paths(*values: str) -> dict[str, Any]:
    """A condition on the path."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def dns_url(scheme: str, path: str = "", *, port: str = "", of: str = "Shop") -> dict[str, Sequence[Any]]:
    """A URL made of the balancer's DNS name."""
    return {"Fn::Join": ["", [f"{scheme}://", {"Fn::GetAtt": [of, "DNSName"]}, f"{port}{path}"]]}
