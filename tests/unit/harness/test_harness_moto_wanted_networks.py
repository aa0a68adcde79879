"""moto's EC2 still takes what `lambdakit.harness.moto_state.wanted_networks` puts into it."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.network import network_of
from lambdakit.harness.moto_state.wanted_networks import (
    forget_acls,
    make_group,
    make_route_table,
    make_subnet,
    make_vpc,
)

pytestmark = pytest.mark.xdist_group("moto")

PLACE = {"account_id": "444455556666", "region": "eu-west-1"}


@pytest.fixture
def ec2() -> Any:
    client = Account(**PLACE).client("ec2")
    make_vpc("vpc-0a", cidr="10.3.0.0/16", name="main", **PLACE)
    yield client
    client.delete_vpc(VpcId="vpc-0a")
    forget_acls("vpc-0a", **PLACE)


def test_a_vpc_comes_with_what_ec2_makes_with_one(ec2: Any) -> None:
    of_vpc = [{"Name": "vpc-id", "Values": ["vpc-0a"]}]

    [vpc] = ec2.describe_vpcs(VpcIds=["vpc-0a"])["Vpcs"]

    assert (vpc["CidrBlock"], vpc["IsDefault"]) == ("10.3.0.0/16", False)
    assert vpc["Tags"] == [{"Key": "Name", "Value": "main"}]
    [table] = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    assert [association["Main"] for association in table["Associations"]] == [True]
    assert [acl["IsDefault"] for acl in ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]] == [True]
    [group] = ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
    assert group["GroupName"] == "default"


def test_its_parts_are_read_as_any_others(ec2: Any) -> None:
    make_subnet("s-12345", vpc_id="vpc-0a", cidr="10.3.1.0/24", zone="dummy1a", is_public=True, name="Public1", **PLACE)
    make_route_table("rtb-12345s", vpc_id="vpc-0a", **PLACE)
    make_group("sg-1234", vpc_id="vpc-0a", name="app", description="app", **PLACE)
    ec2.associate_route_table(RouteTableId="rtb-12345s", SubnetId="s-12345")

    network = network_of(**PLACE)

    [subnet] = [each for each in network.subnets if each.id == "s-12345"]
    assert (subnet.vpc_id, subnet.cidr_block, subnet.zone, subnet.name) == (
        *("vpc-0a", "10.3.1.0/24", "dummy1a"),
        "Public1",
    )
    [table] = [each for each in network.route_tables if each.id == "rtb-12345s"]
    assert (table.subnet_ids, [route.target for route in table.routes]) == (("s-12345",), ["local"])
    [group] = [each for each in network.security_groups if each.id == "sg-1234"]
    assert ([rule.cidr for rule in group.egress], group.ingress) == (["0.0.0.0/0"], ())
    assert any("s-12345" in acl.subnet_ids for acl in network.network_acls)
    [association] = ec2.describe_route_tables(RouteTableIds=["rtb-12345s"])["RouteTables"][0]["Associations"]
    ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    ec2.delete_route_table(RouteTableId="rtb-12345s")
    ec2.delete_security_group(GroupId="sg-1234")
    ec2.delete_subnet(SubnetId="s-12345")


def test_a_vpc_leaves_nothing(ec2: Any) -> None:
    ec2.delete_vpc(VpcId="vpc-0a")
    forget_acls("vpc-0a", **PLACE)

    network = network_of(**PLACE)

    left = {table.vpc_id for table in network.route_tables} | {acl.vpc_id for acl in network.network_acls}
    left |= {group.vpc_id for group in network.security_groups} | {vpc.id for vpc in network.vpcs}
    assert "vpc-0a" not in left
    make_vpc("vpc-0a", cidr="10.3.0.0/16", name="", **PLACE)  # for the fixture
