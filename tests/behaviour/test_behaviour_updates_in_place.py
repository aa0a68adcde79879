"""Properties that AWS changes in place under a condition that nearly always holds: the resource stays the same one.

Source: CloudFormation Template Reference, the types' pages ("Update requires: No interruption" or "Some
interruptions"), where their schemas list the properties as `conditionalCreateOnlyProperties`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.cloudformation import CloudFormation
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-updates-in-place")

IMAGE = "ami-12c6146b"


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


NETWORK = {
    "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    "First": resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24"),
    "Second": resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24"),
    "Group": resource("AWS::EC2::SecurityGroup", VpcId=ref("Vpc"), GroupDescription="g"),
    "Old": resource("AWS::AutoScaling::LaunchConfiguration", ImageId=IMAGE, InstanceType="t3.micro"),
    "New": resource("AWS::AutoScaling::LaunchConfiguration", ImageId=IMAGE, InstanceType="t3.small"),
}
DATABASE = {
    **{"Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": "20"},
    **{"MasterUsername": "first", "MasterUserPassword": "not-a-secret"},
}


def _pool(name: str) -> dict[str, Any]:
    pool = {"UserPoolId": f"us-east-1_{name}", "AwsRegion": "us-east-1", "DefaultAction": "ALLOW"}
    return {"Name": "a", "AuthenticationType": "AMAZON_COGNITO_USER_POOLS", "UserPoolConfig": pool}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A type, its properties before and after, and what its service then says of it."""

    kind: str
    before: dict[str, Any]
    after: dict[str, Any]
    read: Callable[[WiredHarness, str], object]
    said: tuple[object, object]


def _api(harness: WiredHarness, arn: str) -> object:
    api = harness.aws("appsync").get_graphql_api(apiId=arn.rpartition("/")[2])["graphqlApi"]
    return api["userPoolConfig"]["userPoolId"]


def _scaling(harness: WiredHarness, name: str) -> object:
    (group,) = harness.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    return len(group["VPCZoneIdentifier"].split(",")), group["LaunchConfigurationName"].split("-")[1]


def _instance(harness: WiredHarness, name: str) -> object:
    (found,) = harness.aws("ec2").describe_instances(InstanceIds=[name])["Reservations"]
    (instance,) = found["Instances"]
    return instance["InstanceType"], [group["GroupName"].startswith("places") for group in instance["SecurityGroups"]]


def _database(harness: WiredHarness, name: str) -> object:
    (found,) = harness.aws("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return found["BackupRetentionPeriod"], found["MultiAZ"], found["PreferredMaintenanceWindow"]


def _balancer(harness: WiredHarness, name: str) -> object:
    (found,) = harness.aws("elb").describe_load_balancers(LoadBalancerNames=[name])["LoadBalancerDescriptions"]
    return found["HealthCheck"]["Target"], len(found["Subnets"])


def _domain(harness: WiredHarness, name: str) -> object:
    found = harness.aws("opensearch").describe_domain(DomainName=name)["DomainStatus"]
    return found["EncryptionAtRestOptions"]["Enabled"]


_GROUP = {"MinSize": "0", "MaxSize": "1"}
_LISTENER = {"LoadBalancerPort": "80", "InstancePort": "80", "Protocol": "HTTP"}
_CHECK = {"HealthyThreshold": "3", "Interval": "30", "Timeout": "5", "UnhealthyThreshold": "5"}
_MACHINE = {"ImageId": IMAGE, "SubnetId": ref("First")}
_WINDOW = "sun:05:00-sun:06:00"

CASES = [
    Case(
        kind="AWS::AppSync::GraphQLApi",
        before=_pool("old"),
        after=_pool("new"),
        read=_api,
        said=("us-east-1_old", "us-east-1_new"),
    ),
    Case(
        kind="AWS::AutoScaling::AutoScalingGroup",
        before={**_GROUP, "LaunchConfigurationName": ref("Old"), "VPCZoneIdentifier": [ref("First")]},
        after={**_GROUP, "LaunchConfigurationName": ref("New"), "VPCZoneIdentifier": [ref("First"), ref("Second")]},
        read=_scaling,
        said=((1, "Old"), (2, "New")),
    ),
    Case(
        kind="AWS::EC2::Instance",
        before={**_MACHINE, "InstanceType": "t3.micro"},
        after={**_MACHINE, "InstanceType": "t3.small", "SecurityGroupIds": [ref("Group")]},
        read=_instance,
        said=(("t3.micro", []), ("t3.small", [True])),
    ),
    Case(
        kind="AWS::ElasticLoadBalancing::LoadBalancer",
        before={"Listeners": [_LISTENER], "Subnets": [ref("First")], "HealthCheck": {**_CHECK, "Target": "TCP:80"}},
        after={
            "Listeners": [_LISTENER],
            "Subnets": [ref("First"), ref("Second")],
            "HealthCheck": {**_CHECK, "Target": "HTTP:80/"},
        },
        read=_balancer,
        said=(("TCP:80", 1), ("HTTP:80/", 2)),
    ),
    Case(
        kind="AWS::OpenSearchService::Domain",
        before={"EncryptionAtRestOptions": {"Enabled": False}},
        after={"EncryptionAtRestOptions": {"Enabled": True}},
        read=_domain,
        said=(False, True),
    ),
    Case(
        kind="AWS::RDS::DBInstance",
        before={**DATABASE, "BackupRetentionPeriod": 1, "PreferredMaintenanceWindow": "mon:05:00-mon:06:00"},
        after={**DATABASE, "BackupRetentionPeriod": 3, "MultiAZ": True, "PreferredMaintenanceWindow": _WINDOW},
        read=_database,
        said=((1, False, "mon:05:00-mon:06:00"), (3, True, _WINDOW)),
    ),
]


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "places")
    yield cloudformation
    cloudformation.clean()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_it_stays_the_same_one(cloudformation: CloudFormation, case: Case) -> None:
    cloudformation.create({"Resources": {**NETWORK, "It": resource(case.kind, **case.before)}})
    assert cloudformation.status() == "CREATE_COMPLETE", cloudformation.reasons()
    identity = cloudformation.physical_id("It")
    assert case.read(cloudformation.harness, identity) == case.said[0]
    after = {"Resources": {**NETWORK, "It": resource(case.kind, **case.after)}}
    made = cloudformation.client.create_change_set(
        StackName="places", ChangeSetName="first", TemplateBody=json.dumps(after)
    )
    (change,) = cloudformation.client.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    assert change["ResourceChange"]["Replacement"] == "False"

    cloudformation.update(after)

    assert cloudformation.status() == "UPDATE_COMPLETE", cloudformation.reasons()
    assert cloudformation.physical_id("It") == identity
    assert case.read(cloudformation.harness, identity) == case.said[1]
