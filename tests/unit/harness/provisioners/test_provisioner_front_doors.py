"""Load balancers, read back through the Elastic Load Balancing APIs."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.deployment.provisioner import Created
from tests.fakes.provisioning import Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_TAGS = [{"Key": "Name", "Value": "x"}]
_NETWORK: Needs = {
    "Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "A": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}),
    "B": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1b"}),
    "C": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "eu-west-1c"}),
    "G": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "g"}),
}
_V2 = "AWS::ElasticLoadBalancingV2::"
_BALANCED: Needs = {
    **_NETWORK,
    "Lb": (f"{_V2}LoadBalancer", {"Subnets": ["@A", "@B"], "SecurityGroups": ["@G"]}),
    "T": (f"{_V2}TargetGroup", {"VpcId": "@Vpc", "Port": 80, "Protocol": "HTTP", "TargetType": "ip"}),
    "U": (f"{_V2}TargetGroup", {"TargetType": "lambda"}),
}
_TO_T = [{"Type": "forward", "TargetGroupArn": "@T"}]
_NOT_FOUND = [
    {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"},
    }
]
_LISTENING: Needs = {
    **_BALANCED,
    "L": (f"{_V2}Listener", {"LoadBalancerArn": "@Lb", "Port": "80", "Protocol": "HTTP", "DefaultActions": _TO_T}),
}
_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"


def _server_header(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("elbv2").describe_listener_attributes(ListenerArn=created.provisioned.physical_id)
    values = {item["Key"]: item["Value"] for item in found["Attributes"]}
    return {"shown": values.get("routing.http.response.server.enabled", "true")}


ROWS = [
    Row(
        type=f"{_V2}LoadBalancer",
        first={
            **{"Subnets": ["@A", "@B"], "SecurityGroups": ["@G"], "Scheme": "internal", "Tags": _TAGS},
            "LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}],
        },
        second={
            **{"Subnets": ["@B", "@C"], "SecurityGroups": ["@G"], "Scheme": "internal"},
            "LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "false"}],
        },
        read=shown(
            "elbv2",
            "describe_load_balancers",
            "LoadBalancers[0].[Scheme, sort(AvailabilityZones[].ZoneName)]",
            LoadBalancerArns="[ref]",
        ),
        shows=(["internal", ["eu-west-1a", "eu-west-1b"]], ["internal", ["eu-west-1b", "eu-west-1c"]]),
        needs=_NETWORK,
    ),
    Row(
        type=f"{_V2}TargetGroup",
        first={
            **{"VpcId": "@Vpc", "Port": "80", "Protocol": "HTTP", "TargetType": "ip", "HealthCheckPath": "/a"},
            **{"Matcher": {"HttpCode": "200"}, "HealthCheckIntervalSeconds": "10", "Targets": [{"Id": "10.0.0.1"}]},
        },
        second={
            **{"VpcId": "@Vpc", "Port": "80", "Protocol": "HTTP", "TargetType": "ip", "HealthCheckPath": "/b"},
            **{"Matcher": {"HttpCode": "204"}, "HealthCheckIntervalSeconds": 20, "Targets": [{"Id": "10.0.0.1"}]},
        },
        read=shown(
            "elbv2",
            "describe_target_groups",
            "TargetGroups[0].[HealthCheckPath, Matcher.HttpCode, HealthCheckIntervalSeconds]",
            TargetGroupArns="[ref]",
        ),
        shows=(["/a", "200", 10], ["/b", "204", 20]),
        needs=_NETWORK,
    ),
    Row(
        type=f"{_V2}TargetGroup",
        first={"TargetType": "lambda", "Targets": [{"Id": _FUNCTION}]},
        second={"TargetType": "lambda", "Targets": [{"Id": f"{_FUNCTION}2"}]},
        read=shown("elbv2", "describe_target_health", "TargetHealthDescriptions[].Target.Id", TargetGroupArn="ref"),
        shows=([_FUNCTION], [f"{_FUNCTION}2"]),
    ),
    Row(
        type=f"{_V2}Listener",
        first={"LoadBalancerArn": "@Lb", "Port": "80", "Protocol": "HTTP", "DefaultActions": _TO_T},
        second={"LoadBalancerArn": "@Lb", "Port": 81, "Protocol": "HTTP", "DefaultActions": _NOT_FOUND},
        read=shown("elbv2", "describe_listeners", "Listeners[0].[Port, DefaultActions[0].Type]", ListenerArns="[ref]"),
        shows=([80, "forward"], [81, "fixed-response"]),
        needs=_BALANCED,
    ),
    Row(
        type=f"{_V2}ListenerRule",
        first={
            **{"ListenerArn": "@L", "Priority": "1", "Actions": _TO_T},
            "Conditions": [{"Field": "path-pattern", "Values": ["/x"]}],
        },
        second={
            **{"ListenerArn": "@L", "Priority": 2, "Actions": [{"Type": "forward", "TargetGroupArn": "@U"}]},
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.com"]}}],
        },
        read=shown(
            "elbv2",
            "describe_rules",
            "Rules[0].[Priority, Conditions[0].Field, Actions[0].TargetGroupArn]",
            RuleArns="[ref]",
        ),
        shows=(["1", "path-pattern", "@T"], ["2", "host-header", "@U"]),
        needs=_LISTENING,
    ),
    Row(
        type="AWS::ElasticLoadBalancing::LoadBalancer",
        first={
            **{"Subnets": ["@A"], "SecurityGroups": ["@G"], "CrossZone": "true", "Tags": _TAGS},
            "Listeners": [{"LoadBalancerPort": "80", "InstancePort": "8080", "Protocol": "HTTP"}],
        },
        second={
            **{"Subnets": ["@A"], "SecurityGroups": ["@G"]},
            "Listeners": [{"LoadBalancerPort": "81", "InstancePort": "8080", "Protocol": "HTTP"}],
        },
        read=shown(
            "elb",
            "describe_load_balancers",
            "LoadBalancerDescriptions[0].ListenerDescriptions[].Listener.LoadBalancerPort",
            LoadBalancerNames="[ref]",
        ),
        shows=([80], [81]),
        needs=_NETWORK,
    ),
    Row(
        type=f"{_V2}Listener",
        first={
            **{"LoadBalancerArn": "@Lb", "Port": "80", "Protocol": "HTTP", "DefaultActions": _NOT_FOUND},
            "ListenerAttributes": [{"Key": "routing.http.response.server.enabled", "Value": "false"}],
        },
        second={"LoadBalancerArn": "@Lb", "Port": "80", "Protocol": "HTTP", "DefaultActions": _NOT_FOUND},
        read=_server_header,
        shows=({"shown": "false"}, {"shown": "true"}),
        needs=_BALANCED,
    ),
    Row(  # attributes that are said no more have their defaults again
        type=f"{_V2}LoadBalancer",
        first={
            **{"Subnets": ["@A", "@B"], "SecurityGroups": ["@G"]},
            "LoadBalancerAttributes": [
                {"Key": "deletion_protection.enabled", "Value": "true"},
                {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
            ],
        },
        second={
            **{"Subnets": ["@A", "@B"], "SecurityGroups": ["@G"]},
            "LoadBalancerAttributes": [
                {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
            ],
        },
        read=shown(
            "elbv2",
            "describe_load_balancer_attributes",
            "Attributes[?Key == 'deletion_protection.enabled'].Value",
            LoadBalancerArn="ref",
        ),
        shows=(["true"], ["false"]),
        needs=_NETWORK,
    ),
    Row(
        type=f"{_V2}TargetGroup",
        first={
            **{"VpcId": "@Vpc", "Port": 80, "Protocol": "HTTP", "TargetType": "ip"},
            **{"HealthCheckIntervalSeconds": 20, "HealthCheckPath": "/h", "HealthCheckTimeoutSeconds": 10},
            **{"HealthyThresholdCount": 3, "UnhealthyThresholdCount": 4, "Matcher": {"HttpCode": "201"}},
            "HealthCheckPort": "81",
        },
        second={"VpcId": "@Vpc", "Port": 80, "Protocol": "HTTP", "TargetType": "ip"},
        read=shown(
            "elbv2",
            "describe_target_groups",
            "TargetGroups[0].[HealthCheckIntervalSeconds, HealthCheckPath, HealthCheckTimeoutSeconds,"
            " HealthyThresholdCount, UnhealthyThresholdCount, Matcher.HttpCode, HealthCheckPort]",
            TargetGroupArns="[ref]",
        ),
        shows=([20, "/h", 10, 3, 4, "201", "81"], [30, "/", 5, 5, 2, "200", "traffic-port"]),
        needs=_NETWORK,
    ),
    Row(
        type=f"{_V2}TargetGroup",
        first={
            **{"TargetType": "lambda", "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 40},
            "TargetGroupAttributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
        },
        second={"TargetType": "lambda"},
        read=shown(
            "elbv2",
            "describe_target_group_attributes",
            "Attributes[?Key == 'lambda.multi_value_headers.enabled'].Value",
            TargetGroupArn="ref",
        ),
        shows=(["true"], ["false"]),
    ),
    Row(
        type=f"{_V2}TargetGroup",
        first={"TargetType": "lambda", "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 40},
        second={"TargetType": "lambda"},
        read=shown(
            "elbv2",
            "describe_target_groups",
            "TargetGroups[0].[HealthCheckEnabled, HealthCheckIntervalSeconds]",
            TargetGroupArns="[ref]",
        ),
        shows=([True, 40], [False, 35]),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_metrics_names_of_a_load_balancer(provisioning: Provisioning) -> None:
    for name, (type_name, properties) in _BALANCED.items():
        provisioning.create(type_name, properties, logical_id=name)

    balancer, group = provisioning.made["Lb"].provisioned, provisioning.made["T"].provisioned

    assert balancer.attributes["LoadBalancerFullName"].startswith("app/")
    assert balancer.attributes["SecurityGroups"] == [provisioning.made["G"].provisioned.physical_id]
    assert group.attributes["TargetGroupFullName"].startswith("targetgroup/")
    assert group.attributes["LoadBalancerArns"] == []


def test_target_group_tells_who_uses_it(provisioning: Provisioning) -> None:
    for name, (type_name, properties) in _LISTENING.items():
        provisioning.create(type_name, properties, logical_id=name)

    attributes = provisioning.made["T"].provisioned.attributes

    assert attributes["LoadBalancerArns"] == [provisioning.made["Lb"].provisioned.physical_id]
