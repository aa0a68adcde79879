"""What a template says no more is as if it had never said it: an update gives what a creation would have given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdakit.harness.deployment.provisioner import Created
from tests.fakes.provisioning import Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_VPC: Needs = {
    "Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "A": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}),
    "T": ("AWS::EC2::RouteTable", {"VpcId": "@Vpc"}),
    "L": ("AWS::AutoScaling::LaunchConfiguration", {"ImageId": "ami-1", "InstanceType": "t3.micro"}),
}
_OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
_TASK = {"Family": "f", "ContainerDefinitions": [{"Name": "w", "Image": "i", "Memory": 10}]}
_INSTANCE = {
    **{"DBInstanceIdentifier": "d", "Engine": "postgres", "DBInstanceClass": "db.t3.micro"},
    **{"AllocatedStorage": "20", "MasterUsername": "u", "MasterUserPassword": "password1"},
}
_CLUSTER = {
    **{"DBClusterIdentifier": "d", "Engine": "aurora-postgresql"},
    **{"MasterUsername": "u", "MasterUserPassword": "password1"},
}
_PROTECTED = {
    **{"BackupRetentionPeriod": 5, "CopyTagsToSnapshot": True, "DeletionProtection": True},
    "EnableIAMDatabaseAuthentication": True,
}
_GROUP = {"MinSize": "0", "MaxSize": "1", "LaunchConfigurationName": "@L", "VPCZoneIdentifier": ["@A"]}


def _principals(provisioning: Provisioning, created: Created) -> Any:
    kms, key_id = provisioning.client("kms"), created.provisioned.physical_id
    if kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingDeletion":
        return None
    policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
    return [statement["Principal"] for statement in policy["Statement"]]


def _endpoint_actions(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[created.provisioned.physical_id])
    (endpoint,) = found["VpcEndpoints"]
    if endpoint["State"] != "available":
        return None
    return {"allowed": [one["Effect"] for one in json.loads(endpoint["PolicyDocument"])["Statement"]]}


ROWS = [
    Row(
        type="AWS::KMS::Key",
        first={"KeyPolicy": _OPEN},
        second={},
        read=_principals,
        shows=(["*"], [{"AWS": "arn:aws:iam::111122223333:root"}]),
    ),
    Row(
        type="AWS::EC2::VPCEndpoint",
        first={
            **{"VpcId": "@Vpc", "ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": ["@T"]},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
        },
        second={"VpcId": "@Vpc", "ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": ["@T"]},
        read=_endpoint_actions,
        shows=({"allowed": []}, {"allowed": ["Allow"]}),
        needs=_VPC,
    ),
    Row(
        type="AWS::RDS::DBInstance",
        first={**_INSTANCE, **_PROTECTED},
        second=_INSTANCE,
        read=shown(
            "rds",
            "describe_db_instances",
            "DBInstances[0].[BackupRetentionPeriod, CopyTagsToSnapshot, DeletionProtection,"
            " IAMDatabaseAuthenticationEnabled]",
            DBInstanceIdentifier="ref",
        ),
        shows=([5, True, True, True], [1, False, False, False]),
    ),
    Row(
        type="AWS::RDS::DBCluster",
        first={**_CLUSTER, **_PROTECTED},
        second=_CLUSTER,
        read=shown(
            "rds",
            "describe_db_clusters",
            "DBClusters[0].[BackupRetentionPeriod, CopyTagsToSnapshot, DeletionProtection]",
            DBClusterIdentifier="ref",
        ),
        shows=([5, True, True], [1, False, False]),
    ),
    Row(
        type="AWS::AutoScaling::AutoScalingGroup",
        first={
            **{**_GROUP, "HealthCheckType": "ELB", "NewInstancesProtectedFromScaleIn": True},
        },
        second=_GROUP,
        read=shown(
            "autoscaling",
            "describe_auto_scaling_groups",
            "AutoScalingGroups[0].[HealthCheckType, NewInstancesProtectedFromScaleIn]",
            "AutoScalingGroups",
            AutoScalingGroupNames="[ref]",
        ),
        shows=(["ELB", True], ["EC2", False]),
        needs=_VPC,
    ),
    Row(
        type="AWS::IoT::Thing",
        first={"ThingName": "t", "AttributePayload": {"Attributes": {"a": "b"}}},
        second={"ThingName": "t"},
        read=shown("iot", "describe_thing", "[attributes]", thingName="ref"),
        shows=([{"a": "b"}], [{}]),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_property_that_is_gone_has_its_default(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_service_whose_template_says_no_count_keeps_the_one_it_has(provisioning: Provisioning) -> None:
    """Source: CloudFormation Template Reference, "AWS::ECS::Service" (`DesiredCount`)."""
    provisioning.create("AWS::ECS::Cluster", {"ClusterName": "mine"}, logical_id="C")
    provisioning.create("AWS::ECS::TaskDefinition", _TASK, logical_id="T")
    said = {"ServiceName": "s", "Cluster": "@C", "TaskDefinition": "@T"}
    ecs = provisioning.client("ecs")

    def count() -> int:
        (service,) = ecs.describe_services(cluster="mine", services=["s"])["services"]
        return int(service["desiredCount"])

    created = provisioning.create("AWS::ECS::Service", said)
    assert count() == 1
    three = provisioning.update(created, {**said, "DesiredCount": 3})
    provisioning.update(three, said)

    assert count() == 3
