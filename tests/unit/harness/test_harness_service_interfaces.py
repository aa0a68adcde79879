"""The network interfaces of load balancers and interface endpoints, as EC2 tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.network import network_of
from lambdakit.harness.moto_state.service_interfaces import make_service_interfaces

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT = "210987650001"
REGION = "eu-west-1"


class Place:
    """A VPC with three small subnets and two groups, taken away at the end."""

    def __init__(self) -> None:
        account = Account(account_id=ACCOUNT, region=REGION)
        self.ec2 = account.client("ec2")
        self.elb = account.client("elbv2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.9.0.{16 * number}/28", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("abc")
        ]
        self.groups = [
            self.ec2.create_security_group(VpcId=self.vpc, GroupName=name, Description="of a test")["GroupId"]
            for name in ("one", "two")
        ]

    def balancer(self, name: str = "web", **settings: Any) -> dict[str, Any]:
        """A load balancer, in the first two subnets unless told otherwise."""
        if "SubnetMappings" not in settings:
            settings = {"Subnets": self.subnets[:2], **settings}
        made: dict[str, Any] = self.elb.create_load_balancer(Name=name, **settings)["LoadBalancers"][0]
        return made

    def interfaces(self, **filters: str) -> list[dict[str, Any]]:
        """Those in the VPC that a look-up finds, by subnet."""
        wanted = {"vpc-id": self.vpc} | {name.replace("_", "-"): value for name, value in filters.items()}
        found: list[dict[str, Any]] = self.ec2.describe_network_interfaces(
            Filters=[{"Name": name, "Values": [value]} for name, value in wanted.items()]
        )["NetworkInterfaces"]
        return sorted(found, key=lambda interface: self.subnets.index(interface["SubnetId"]))

    def remove(self) -> None:
        """Takes everything away."""
        for balancer in self.elb.describe_load_balancers()["LoadBalancers"]:
            self.elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        endpoints = [each["VpcEndpointId"] for each in self.ec2.describe_vpc_endpoints()["VpcEndpoints"]]
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=endpoints)
        assert self.interfaces() == []
        for subnet in self.subnets:
            self.ec2.delete_subnet(SubnetId=subnet)
        for group in self.groups:
            self.ec2.delete_security_group(GroupId=group)
        self.ec2.delete_vpc(VpcId=self.vpc)


@pytest.fixture
def place() -> Iterator[Place]:
    make_service_interfaces()
    place = Place()
    yield place
    place.remove()


def test_a_load_balancer_has_one_in_each_of_its_subnets(place: Place) -> None:
    arn = place.balancer(SecurityGroups=place.groups[:1])["LoadBalancerArn"]

    found = place.interfaces(description="ELB " + arn.partition("loadbalancer/")[2])

    assert [interface["SubnetId"] for interface in found] == place.subnets[:2]
    assert [interface["PrivateIpAddress"] for interface in found] == ["10.9.0.4", "10.9.0.20"]
    for interface in found:
        assert [group["GroupId"] for group in interface["Groups"]] == place.groups[:1]
        assert (interface["Status"], interface["InterfaceType"]) == ("in-use", "interface")
        assert (interface["RequesterManaged"], interface["RequesterId"]) == (True, "amazon-elb")
        assert interface["Association"]["PublicIp"]


@pytest.mark.parametrize(
    ("kind", "expected"), [("network", "network_load_balancer"), ("gateway", "gateway_load_balancer")]
)
def test_the_kind_of_the_balancer_is_its_type(place: Place, kind: str, expected: str) -> None:
    place.balancer(Type=kind, Scheme="internal")

    found = place.interfaces(interface_type=expected, status="in-use", requester_id="amazon-elb")

    assert len(found) == 2
    assert all("Association" not in interface for interface in found)
    assert place.interfaces(interface_type="interface") == []


def test_addresses_that_were_chosen_are_kept(place: Place) -> None:
    elastic = place.ec2.allocate_address(Domain="vpc")
    mappings = [
        {"SubnetId": place.subnets[0], "PrivateIPv4Address": "10.9.0.9"},
        {"SubnetId": place.subnets[1], "AllocationId": elastic["AllocationId"]},
    ]

    place.balancer(Type="network", SubnetMappings=mappings)

    first, second = place.interfaces()
    assert first["PrivateIpAddress"] == "10.9.0.9"
    assert second["Association"]["PublicIp"] == elastic["PublicIp"]
    assert place.interfaces(**{"association.public-ip": elastic["PublicIp"]}) == [second]


def test_they_follow_the_balancers_subnets_and_groups(place: Place) -> None:
    arn = place.balancer(SecurityGroups=place.groups[:1])["LoadBalancerArn"]
    before = place.interfaces()

    place.elb.set_subnets(LoadBalancerArn=arn, Subnets=place.subnets[1:])
    place.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=place.groups)

    after = place.interfaces()
    assert [interface["SubnetId"] for interface in after] == place.subnets[1:]
    assert after[0]["NetworkInterfaceId"] == before[1]["NetworkInterfaceId"]
    assert all({group["GroupId"] for group in interface["Groups"]} == set(place.groups) for interface in after)


def test_an_address_is_given_once(place: Place) -> None:
    for name in ("one", "two", "three"):
        place.balancer(name)

    addresses = [interface["PrivateIpAddress"] for interface in place.interfaces()]

    assert len(set(addresses)) == 6
    assert sorted(addresses)[-3:] == ["10.9.0.4", "10.9.0.5", "10.9.0.6"]


def test_they_go_with_their_balancer_alone(place: Place) -> None:
    first, second = place.balancer("one"), place.balancer("two")

    place.elb.delete_load_balancer(LoadBalancerArn=first["LoadBalancerArn"])

    (described,) = {interface["Description"] for interface in place.interfaces()}
    assert described.endswith(second["LoadBalancerArn"].rpartition("/")[2])


def test_those_of_an_endpoint_have_addresses_of_their_subnets_and_its_groups(place: Place) -> None:
    endpoint = place.ec2.create_vpc_endpoint(
        VpcId=place.vpc,
        ServiceName=f"com.amazonaws.{REGION}.sqs",
        VpcEndpointType="Interface",
        SubnetIds=place.subnets[:2],
        SecurityGroupIds=place.groups[:1],
    )["VpcEndpoint"]

    found = place.interfaces(interface_type="vpc_endpoint")

    assert [interface["NetworkInterfaceId"] for interface in found] == endpoint["NetworkInterfaceIds"]
    assert [interface["PrivateIpAddress"] for interface in found] == ["10.9.0.4", "10.9.0.20"]
    assert {group["GroupId"] for interface in found for group in interface["Groups"]} == set(place.groups[:1])
    assert {interface["Description"] for interface in found} == {f"VPC Endpoint Interface {endpoint['VpcEndpointId']}"}


def test_those_of_an_endpoint_follow_its_subnets_and_groups(place: Place) -> None:
    made = place.ec2.create_vpc_endpoint(
        VpcId=place.vpc,
        ServiceName=f"com.amazonaws.{REGION}.sqs",
        VpcEndpointType="Interface",
        SubnetIds=place.subnets[:1],
        SecurityGroupIds=place.groups[:1],
    )["VpcEndpoint"]

    place.ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        AddSubnetIds=place.subnets[1:],
        RemoveSubnetIds=place.subnets[:1],
        AddSecurityGroupIds=place.groups[1:],
    )

    (endpoint,) = place.ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"]
    found = place.interfaces()
    assert [interface["SubnetId"] for interface in found] == place.subnets[1:]
    assert [interface["NetworkInterfaceId"] for interface in found] == endpoint["NetworkInterfaceIds"]
    assert all({group["GroupId"] for group in interface["Groups"]} == set(place.groups) for interface in found)


def test_a_gateway_endpoint_has_none(place: Place) -> None:
    place.ec2.create_vpc_endpoint(VpcId=place.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway")

    assert place.interfaces() == []


def test_the_network_knows_them(place: Place) -> None:
    place.balancer(SecurityGroups=place.groups[:1])

    interfaces = [each for each in network_of(ACCOUNT, REGION).interfaces if each.subnet_id in place.subnets]

    assert sorted(each.addresses for each in interfaces) == [("10.9.0.20",), ("10.9.0.4",)]
    assert {each.security_group_ids for each in interfaces} == {(place.groups[0],)}
