"""`AWS::ECS`, `AWS::AutoScaling`, `AWS::ApplicationAutoScaling` and EC2's machines, read back through their APIs."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.moto_state.task_definitions import mend_task_definitions
from tests.fakes.provisioning import Properties, Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_NETWORK: Needs = {
    "Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "A": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}),
    "G": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "g"}),
    "H": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "h"}),
}
_TEMPLATE: Needs = {
    "Lt": ("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"ImageId": "ami-0123", "InstanceType": "t3.micro"}})
}
_LAUNCH = {"LaunchTemplateId": "@Lt", "Version": "@Lt.LatestVersionNumber"}
_GROUP: Needs = {
    **_NETWORK,
    **_TEMPLATE,
    "Asg": (
        "AWS::AutoScaling::AutoScalingGroup",
        {"MinSize": "0", "MaxSize": "1", "LaunchTemplate": _LAUNCH, "VPCZoneIdentifier": ["@A"]},
    ),
}
_TASK: Properties = {
    **{"Family": "web", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"]},
    "ContainerDefinitions": [{"Name": "web", "Image": "web", "PortMappings": [{"ContainerPort": "80"}]}],
}
_SERVICE: Properties = {
    **{"Cluster": "@Cluster", "TaskDefinition": "@Task", "LaunchType": "FARGATE", "ServiceName": "web"},
    "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["@A"], "SecurityGroups": ["@G"]}},
}
_CLUSTER: Needs = {
    **_NETWORK,
    "Cluster": ("AWS::ECS::Cluster", {}),
    "Task": ("AWS::ECS::TaskDefinition", _TASK),
}
_SCALED: Needs = {
    **_CLUSTER,
    "Cluster": ("AWS::ECS::Cluster", {"ClusterName": "mine"}),
    "Service": ("AWS::ECS::Service", _SERVICE),
    "Target": (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            **{"ResourceId": "service/mine/web", "ScalableDimension": "ecs:service:DesiredCount"},
            **{"ServiceNamespace": "ecs", "MinCapacity": 1, "MaxCapacity": 2},
        },
    ),
}


def _tracking(value: int) -> dict[str, object]:
    return {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "TargetValue": str(value),
    }


ROWS = [
    Row(
        type="AWS::ECS::Cluster",
        first={"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]},
        second={"ClusterSettings": [{"Name": "containerInsights", "Value": "disabled"}]},
        read=shown(
            "ecs",
            "describe_clusters",
            "clusters[0].settings[0].value",
            "clusters[?status == 'ACTIVE']",
            clusters="[ref]",
            include="['SETTINGS']",
        ),
        shows=("enabled", "disabled"),
    ),
    Row(  # what the template says no more is as if it had never said it
        type="AWS::ECS::Cluster",
        first={"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]},
        second={},
        read=shown(
            "ecs",
            "describe_clusters",
            "clusters[0].settings[0].value",
            "clusters[?status == 'ACTIVE']",
            clusters="[ref]",
            include="['SETTINGS']",
        ),
        shows=("enabled", "disabled"),
    ),
    Row(
        type="AWS::ECS::Service",
        first={**_SERVICE, "DesiredCount": "1"},
        second={**_SERVICE, "DesiredCount": 0},
        read=shown(
            "ecs",
            "describe_services",
            "services[0].[desiredCount, networkConfiguration.awsvpcConfiguration.securityGroups]",
            "services[?status == 'ACTIVE']",
            cluster="p.Cluster",
            services="[ref]",
        ),
        shows=([1, ["@G"]], [0, ["@G"]]),
        needs=_CLUSTER,
    ),
    Row(
        type="AWS::AutoScaling::AutoScalingGroup",
        first={
            **{"MinSize": "0", "MaxSize": "2", "LaunchTemplate": _LAUNCH, "VPCZoneIdentifier": ["@A"]},
            "Tags": [{"Key": "a", "Value": "1", "PropagateAtLaunch": "true"}],
        },
        second={
            **{"MinSize": 0, "MaxSize": 3, "LaunchTemplate": _LAUNCH, "VPCZoneIdentifier": ["@A"]},
            "Tags": [{"Key": "b", "Value": "2", "PropagateAtLaunch": False}],
        },
        read=shown(
            "autoscaling",
            "describe_auto_scaling_groups",
            "AutoScalingGroups[0].[MaxSize, Tags[].[Key, PropagateAtLaunch]]",
            "AutoScalingGroups",
            AutoScalingGroupNames="[ref]",
        ),
        shows=([2, [["a", True]]], [3, [["b", False]]]),
        needs={**_NETWORK, **_TEMPLATE},
    ),
    Row(
        type="AWS::AutoScaling::ScalingPolicy",
        first={"AutoScalingGroupName": "@Asg", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": "1"},
        second={"AutoScalingGroupName": "@Asg", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": -1},
        read=shown(
            "autoscaling",
            "describe_policies",
            "ScalingPolicies[0].[ScalingAdjustment, PolicyARN]",
            "ScalingPolicies",
            PolicyNames="[att.PolicyName]",
        ),
        shows=([1, "@It"], [-1, "@It"]),
        needs=_GROUP,
    ),
    Row(
        type="AWS::AutoScaling::LifecycleHook",
        first={
            **{"AutoScalingGroupName": "@Asg", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"},
            "HeartbeatTimeout": "60",
        },
        second={
            **{"AutoScalingGroupName": "@Asg", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"},
            "HeartbeatTimeout": 90,
        },
        read=shown(
            "autoscaling",
            "describe_lifecycle_hooks",
            "LifecycleHooks[0].HeartbeatTimeout",
            AutoScalingGroupName="p.AutoScalingGroupName",
            LifecycleHookNames="[ref]",
        ),
        shows=(60, 90),
        needs=_GROUP,
    ),
    Row(
        type="AWS::ApplicationAutoScaling::ScalableTarget",
        first={**_SCALED["Target"][1], "MaxCapacity": "5"},
        second={**_SCALED["Target"][1], "MaxCapacity": 6},
        read=shown(
            "application-autoscaling",
            "describe_scalable_targets",
            "ScalableTargets[0].MaxCapacity",
            ServiceNamespace="p.ServiceNamespace",
            ResourceIds="[p.ResourceId]",
        ),
        shows=(5, 6),
        needs={name: row for name, row in _SCALED.items() if name != "Target"},
    ),
    Row(
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        first={
            **{"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": "@Target"},
            "TargetTrackingScalingPolicyConfiguration": _tracking(50),
        },
        second={
            **{"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": "@Target"},
            "TargetTrackingScalingPolicyConfiguration": _tracking(60),
        },
        read=shown(
            "application-autoscaling",
            "describe_scaling_policies",
            "ScalingPolicies[0].TargetTrackingScalingPolicyConfiguration.TargetValue",
            ServiceNamespace="'ecs'",
            PolicyNames="[p.PolicyName]",
        ),
        shows=(50.0, 60.0),
        needs=_SCALED,
    ),
    Row(
        type="AWS::EC2::Instance",
        first={"ImageId": "ami-unknown", "InstanceType": "t3.micro", "SubnetId": "@A", "SecurityGroupIds": ["@G"]},
        second={"ImageId": "ami-unknown", "InstanceType": "t3.small", "SubnetId": "@A", "SecurityGroupIds": ["@H"]},
        read=shown(
            "ec2",
            "describe_instances",
            "Reservations[0].Instances[0].[InstanceType, SecurityGroups[].GroupId]",
            "Reservations[].Instances[?State.Name == 'running'][]",
            InstanceIds="[ref]",
        ),
        shows=(["t3.micro", ["@G"]], ["t3.small", ["@H"]]),
        needs=_NETWORK,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_launch_template_gets_another_version(provisioning: Provisioning) -> None:
    created = provisioning.create(*_TEMPLATE["Lt"])

    changed = provisioning.update(created, {"LaunchTemplateData": {"ImageId": "ami-0456"}})

    assert created.provisioned.attributes["LatestVersionNumber"] == "1"
    assert changed.provisioned.attributes["LatestVersionNumber"] == "2"


def test_task_definition_is_never_changed(provisioning: Provisioning) -> None:
    created = provisioning.create("AWS::ECS::TaskDefinition", _TASK)

    with pytest.raises(ResourceRefused, match="Cpu"):
        provisioning.update(created, {**_TASK, "Cpu": "512"})


def _on_machines(**container: str) -> Properties:
    return {
        **{"Family": "machines", "NetworkMode": "bridge", "RequiresCompatibilities": ["EC2"]},
        "ContainerDefinitions": [{"Name": "web", "Image": "web", **container}],
    }


def test_a_reservation_of_memory_is_enough_on_machines(provisioning: Provisioning) -> None:
    mend_task_definitions()

    created = provisioning.create("AWS::ECS::TaskDefinition", _on_machines(MemoryReservation="256"))

    arn = created.provisioned.physical_id
    told = provisioning.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert told["containerDefinitions"][0]["memoryReservation"] == 256
    with pytest.raises(ClientError, match="At least one of 'memory' or 'memoryReservation' must be specified"):
        provisioning.create("AWS::ECS::TaskDefinition", _on_machines())


def test_task_with_a_size_runs_containers_that_say_no_memory(provisioning: Provisioning) -> None:
    """As the CDK writes a `FargateTaskDefinition` whose container has no `memoryLimitMiB`."""
    mend_task_definitions()
    sized = {"Family": "sized", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"]}
    containers = [{"Name": "web", "Image": "web"}, {"Name": "log", "Image": "log", "MemoryReservation": "64"}]
    task = {**sized, "Cpu": "256", "Memory": "512", "ContainerDefinitions": containers}
    created = provisioning.create("AWS::ECS::TaskDefinition", task)
    ecs, ec2 = provisioning.client("ecs"), provisioning.client("ec2")
    ecs.create_cluster(clusterName="sized")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]

    ran = ecs.run_task(
        cluster="sized",
        taskDefinition=created.provisioned.physical_id,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )

    assert ran["failures"] == []
    assert [each["taskDefinitionArn"] for each in ran["tasks"]] == [created.provisioned.physical_id]


def test_capacity_of_managed_instances_is_recorded(provisioning: Provisioning) -> None:
    mend_task_definitions()
    properties: Properties = {
        "Name": "managed",
        "ManagedInstancesProvider": {"InfrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure"},
    }

    created = provisioning.create("AWS::ECS::CapacityProvider", properties)

    assert created.provisioned.physical_id == "managed"
    provisioning.delete(created)


@pytest.mark.parametrize("imported", [False, True], ids=["generated", "imported"])
def test_private_key_of_a_generated_pair_is_kept(provisioning: Provisioning, imported: bool) -> None:
    material = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC1qXVwXVQ2v8yqVNUVN5kUZHJzbi8nW1wWvUqyCyhJcpgF9wNUJrZGmgZZ1nMbSAPfIhb5T5gPzMZ0QqWvG5e0bPCR0KhyXE2m9TIbMdFYqSGmFRZIx0Hn7nLhDC2EPmYpQ5IwxEDOxl8jVRoY4gvKbm3v2VdTQ6j7cVUPGSsrdQ=="  # noqa: E501  # a key is one line
    given = {"PublicKeyMaterial": material} if imported else {}

    created = provisioning.create("AWS::EC2::KeyPair", {"KeyName": "pair", **given})

    names = provisioning.client("ssm").describe_parameters()["Parameters"]
    expected = [] if imported else [f"/ec2/keypair/{created.provisioned.attributes['KeyPairId']}"]
    assert [each["Name"] for each in names if each["Name"].startswith("/ec2/keypair/")] == expected
