"""What moto keeps of databases and the like still has the shape that `moto_state.network_hosts` reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.network_hosts import hosts_of
from lambdakit.harness.moto_state.network_objects import RecordedEndpoint
from lambdakit.harness.moto_state.triggers import disarm
from lambdakit.harness.network.reachability import NetworkRules
from lambdakit.harness.network.verdict import Destination, Placement, Verdict
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Provisioning

pytestmark = pytest.mark.xdist_group("moto")

_PASSWORD = {"MasterUsername": "admin", "MasterUserPassword": "not-a-secret"}


@pytest.fixture(scope="module")
def account() -> Account:
    disarm()
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture
def made(account: Account, tmp_path: Path) -> Iterator[Provisioning]:
    """Two subnets of a VPC, the function's group, and the group of what it connects to."""
    provisioning = Provisioning(account, tmp_path, "hosts")
    switches = {"EnableDnsHostnames": True, "EnableDnsSupport": True}
    provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16", **switches}, logical_id="Vpc")
    for number, zone in enumerate("ab"):
        place = {"CidrBlock": f"10.0.{number}.0/24", "VpcId": "@Vpc", "AvailabilityZone": f"eu-west-1{zone}"}
        provisioning.create("AWS::EC2::Subnet", place, logical_id=f"Subnet{number}")
    group = {"VpcId": "@Vpc", "GroupDescription": "g"}
    provisioning.create("AWS::EC2::SecurityGroup", group, logical_id="Function")
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": "@Function"}
    provisioning.create("AWS::EC2::SecurityGroup", {**group, "SecurityGroupIngress": [rule]}, logical_id="Store")
    subnets = {"DBSubnetGroupDescription": "s", "SubnetIds": ["@Subnet0", "@Subnet1"]}
    provisioning.create("AWS::RDS::DBSubnetGroup", subnets, logical_id="Group")
    yield provisioning
    provisioning.close()


def _judge(made: Provisioning, host: str, port: int, *, inside: bool = True) -> Verdict:
    placement = Placement(
        account_id=ACCOUNT_ID,
        region=REGION,
        subnet_ids=(made.resolved("@Subnet0"),) if inside else (),
        security_group_ids=(made.resolved("@Function"),) if inside else (),
    )
    return NetworkRules().judge(placement, Destination(host=host, port=port))


def _at(host: str) -> RecordedEndpoint:
    return next(each for each in hosts_of(ACCOUNT_ID, REGION) if each.host == host.lower())


def _instance(made: Provisioning, **more: Any) -> str:
    kept = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20", **_PASSWORD}
    place = {"DBSubnetGroupName": "@Group", "VPCSecurityGroups": ["@Store"]}
    database = made.create("AWS::RDS::DBInstance", {**kept, **place, **more}, logical_id="Database")
    return str(database.provisioned.attributes["Endpoint.Address"])


def test_database_instance(made: Provisioning) -> None:
    host = _instance(made)

    endpoint = _at(host)
    within, other_port, outside = (
        _judge(made, host, 5432),
        _judge(made, host, 22),
        _judge(made, host, 5432, inside=False),
    )

    assert set(endpoint.subnet_ids) == {made.resolved("@Subnet0"), made.resolved("@Subnet1")}
    assert endpoint.security_group_ids == (made.resolved("@Store"),)
    assert not endpoint.publicly_accessible
    assert "local route -> DB instance" in within.path
    assert made.resolved("@Store") in other_port.reason
    assert "the function is in no VPC" in outside.reason


def test_public_database_instance(made: Provisioning) -> None:
    host = _instance(made, PubliclyAccessible=True)

    assert _at(host).publicly_accessible
    assert "no route to an internet gateway" in _judge(made, host, 5432, inside=False).reason


def test_database_cluster(made: Provisioning) -> None:
    place = {"DBSubnetGroupName": "@Group", "VpcSecurityGroupIds": ["@Store"]}
    properties = {"Engine": "aurora-postgresql", **place, **_PASSWORD}
    cluster = made.create("AWS::RDS::DBCluster", properties, logical_id="Cluster").provisioned

    for attribute in ("Endpoint.Address", "ReadEndpoint.Address"):
        host = cluster.attributes[attribute]
        assert "local route -> DB cluster" in _judge(made, host, 5432).path
        assert not _judge(made, host, 3306).reachable


def test_database_proxy(made: Provisioning) -> None:
    properties = {
        **{"DBProxyName": "proxy", "EngineFamily": "POSTGRESQL", "RoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/r"},
        **{"Auth": [{"AuthScheme": "SECRETS"}], "VpcSubnetIds": ["@Subnet0"], "VpcSecurityGroupIds": ["@Store"]},
    }
    proxy = made.create("AWS::RDS::DBProxy", properties, logical_id="Proxy").provisioned

    assert "local route -> DB proxy proxy" in _judge(made, proxy.attributes["Endpoint"], 5432).path


def test_search_domain(made: Provisioning) -> None:
    options = {"SubnetIds": ["@Subnet1"], "SecurityGroupIds": ["@Store"]}
    properties = {"DomainName": "search", "VPCOptions": options}
    domain = made.create("AWS::OpenSearchService::Domain", properties, logical_id="Domain").provisioned

    closed, opened = (_judge(made, domain.attributes["DomainEndpoint"], port) for port in (443, 5432))

    assert made.resolved("@Store") in closed.reason
    assert "of domain search in VPC" in closed.reason
    assert opened.reachable


def test_search_domain_without_a_vpc(made: Provisioning) -> None:
    domain = made.create("AWS::OpenSearchService::Domain", {"DomainName": "open"}, logical_id="Domain").provisioned

    host = domain.attributes["DomainEndpoint"]

    assert _judge(made, host, 443, inside=False).reachable
    assert "no route to the internet" in _judge(made, host, 443).reason


def test_file_system(made: Provisioning) -> None:
    system = made.create("AWS::EFS::FileSystem", {}, logical_id="Files").provisioned.physical_id
    place = {"FileSystemId": "@Files", "SubnetId": "@Subnet0", "SecurityGroups": ["@Store"]}
    target = made.create("AWS::EFS::MountTarget", place, logical_id="Target").provisioned

    by_name = _judge(made, f"{system}.efs.{REGION}.amazonaws.com", 2049)
    by_address = _judge(made, target.attributes["IpAddress"], 5432)

    assert made.resolved("@Store") in by_name.reason
    assert f"of file system {system} in VPC" in by_name.reason
    assert by_address.reachable


@pytest.mark.parametrize(
    ("scheme", "words"), [("internal", "local route"), ("internet-facing", "no route to the internet")]
)
def test_load_balancer(made: Provisioning, scheme: str, words: str) -> None:
    place = {"Subnets": ["@Subnet0", "@Subnet1"], "SecurityGroups": ["@Store"], "Scheme": scheme}
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    balancer = made.create(kind, place, logical_id="Balancer").provisioned

    verdict = _judge(made, balancer.attributes["DNSName"], 5432)

    assert words in verdict.path + verdict.reason


def test_machine_by_its_private_address(made: Provisioning) -> None:
    properties = {
        "ImageId": "ami-12c6146b",
        "InstanceType": "t3.micro",
        "SubnetId": "@Subnet1",
        "SecurityGroupIds": ["@Store"],
    }
    machine = made.create("AWS::EC2::Instance", properties, logical_id="Machine").provisioned

    for host in (machine.attributes["PrivateIp"], machine.attributes["PrivateDnsName"]):
        assert _judge(made, host, 5432).reachable
        assert made.resolved("@Store") in _judge(made, host, 22).reason
