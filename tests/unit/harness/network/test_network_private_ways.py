"""Databases, machines and addresses in the same VPC, in another one, and with a public address."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lambdakit.harness.moto_state.network_objects import (
    Gateway,
    Interface,
    NetworkObjects,
    Peering,
    RecordedEndpoint,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from tests.fakes.networks import (
    ACCOUNT_ID,
    ALL_OUT,
    BASE,
    REGION,
    VPC,
    acl,
    changed,
    judged,
    placed,
    rules_over,
    table,
    tcp,
    to,
)

_HERE, _THERE = (ACCOUNT_ID, REGION, "vpc-1"), (ACCOUNT_ID, REGION, "vpc-2")
_BACK = Route(destination="10.0.0.0/16", target="pcx-1")


def _stands(*subnets: str, **more: Any) -> RecordedEndpoint:
    kept: dict[str, Any] = {"label": "DB instance db", "port": 5432, "security_group_ids": ("sg-db",), **more}
    return RecordedEndpoint(host="db.example.com", subnet_ids=tuple(f"subnet-{each}" for each in subnets), **kept)


def _peered(
    *, peering: dict[str, Any] | None = None, back: tuple[Route, ...] = (_BACK,), out: str = "pcx-1"
) -> NetworkObjects:
    """The network with another VPC, 10.9.0.0/16, and a peering connection from the private subnet to it."""
    made = Peering(**{"id": "pcx-1", "requester": _HERE, "accepter": _THERE, **(peering or {})})
    return changed(
        vpcs=(Vpc(id="vpc-2", cidr_blocks=("10.9.0.0/16",)),),
        subnets=(Subnet(id="subnet-far", vpc_id="vpc-2", cidr_block="10.9.1.0/24"),),
        route_tables=(
            table("rtb-private", ("0.0.0.0/0", "nat-1"), ("10.9.0.0/16", out), subnets=("subnet-private",)),
            RouteTable(id="rtb-far", vpc_id="vpc-2", main=True, routes=back),
        ),
        peerings=(made,),
        security_groups=(
            SecurityGroup(id="sg-db", vpc_id="vpc-2", ingress=(tcp(5432, "sg-fn"),)),
            SecurityGroup(id="sg-block", vpc_id="vpc-2", ingress=(tcp(5432, "10.0.1.0/24"),)),
        ),
    )


_GROUPS = (
    SecurityGroup(id="sg-db", vpc_id="vpc-1", ingress=(tcp(5432, "sg-fn"),)),
    SecurityGroup(id="sg-open", vpc_id="vpc-1", ingress=(tcp(5432, "0.0.0.0/0"),)),
    SecurityGroup(id="sg-nat-address", vpc_id="vpc-1", ingress=(tcp(5432, "52.1.2.3/32"),)),
)
_NEAR = changed(security_groups=_GROUPS)
_PUBLIC = {"publicly_accessible": True, "security_group_ids": ("sg-open",)}
_FAR_AND_PUBLIC = changed(
    _peered(peering={"state": "deleted"}),
    internet_gateways=(Gateway(id="igw-2", vpc_id="vpc-2"),),
    route_tables=(
        table("rtb-private", ("0.0.0.0/0", "nat-1"), subnets=("subnet-private",)),
        RouteTable(id="rtb-far", vpc_id="vpc-2", main=True, routes=(Route(destination="0.0.0.0/0", target="igw-2"),)),
    ),
    security_groups=(
        SecurityGroup(id="sg-far-open", vpc_id="vpc-2", ingress=(tcp(5432, "0.0.0.0/0"),)),
        SecurityGroup(id="sg-far-nat", vpc_id="vpc-2", ingress=(tcp(5432, "52.1.2.3/32"),)),
        SecurityGroup(id="sg-far-other", vpc_id="vpc-2", ingress=(tcp(5432, "52.1.2.4/32"),)),
    ),
)

# RDS User Guide, "Working with a DB instance in a VPC", "Hiding a DB instance in a VPC from the internet"; VPC Peering
# Guide, "Update your route tables", "Update your security groups to reference peer security groups".
ROWS: list[tuple[str, NetworkObjects, tuple[str, ...], RecordedEndpoint, bool | None, str]] = [
    ("same-vpc", _NEAR, ("private",), _stands("isolated"), True, "local route -> DB instance db in VPC vpc-1"),
    ("same-subnet", _NEAR, ("isolated",), _stands("isolated"), True, "local route"),
    ("from-public-subnet", _NEAR, ("public",), _stands("isolated"), True, "local route"),
    ("two-subnets", _NEAR, ("private", "isolated"), _stands("isolated", "private"), True, "local route"),
    ("any-group-missing", _NEAR, ("private",), _stands("isolated", security_group_ids=("sg-shut",)), False,
     "sg-shut of DB instance db"),
    ("default-group", _NEAR, ("private",), _stands("isolated", security_group_ids=()), False,
     "sg-default of DB instance db"),
    ("no-group", _NEAR, ("private",), _stands("isolated", security_group_ids=None), True, "local route"),
    ("unknown-group", _NEAR, ("private",), _stands("isolated", security_group_ids=("sg-9",)), None, "not known here"),
    ("unknown-subnets", _NEAR, ("private",), _stands("9"), None, "not judged"),
    ("outside-every-vpc", _NEAR, ("private",), _stands(), True, "NAT gateway"),
    ("outside-every-vpc-isolated", _NEAR, ("isolated",), _stands(), False, "no route to the internet"),
    # A function without a VPC.
    ("from-outside", _NEAR, (), _stands("isolated"), False, "private addresses only, and the function is in no VPC"),
    ("from-outside-public", _NEAR, (), _stands("public", **_PUBLIC), True, "the internet -> DB instance db"),
    ("from-outside-public-closed", _NEAR, (), _stands("public", publicly_accessible=True), False, "sg-db"),
    ("from-outside-public-isolated", _NEAR, (), _stands("isolated", **_PUBLIC), False,
     "no route to an internet gateway"),
    ("from-outside-one-isolated", _NEAR, (), _stands("public", "isolated", **_PUBLIC), False, "subnet-isolated"),
    ("from-outside-nowhere", _NEAR, (), _stands(), True, "the internet"),
    # In its own VPC the name gives the private address.
    ("public-from-near", _NEAR, ("isolated",), _stands("public", publicly_accessible=True), True, "local route"),
    # An internet-facing load balancer's name gives the public ones everywhere.
    ("balancer", _NEAR, ("private",), _stands("public", public_name=True, **_PUBLIC), True, "NAT gateway"),
    ("balancer-isolated", _NEAR, ("isolated",), _stands("public", public_name=True, **_PUBLIC), False,
     "no route to the internet"),
    ("balancer-for-nat", _NEAR, ("private",), _stands("public", public_name=True, publicly_accessible=True,
        security_group_ids=("sg-nat-address",)), True, "NAT gateway"),
    ("balancer-for-vpc", _NEAR, ("private",), _stands("public", public_name=True, publicly_accessible=True), False,
     "lets no TCP 5432 in from the internet"),
    # Another VPC.
    ("peered", _peered(), ("private",), _stands("far"), True,
     "peering connection pcx-1 -> DB instance db in VPC vpc-2"),
    ("peered-by-block", _peered(), ("private",), _stands("far", security_group_ids=("sg-block",)), True, "pcx-1"),
    ("peered-no-route", _peered(), ("isolated",), _stands("far"), False, "rtb-main has no route to subnet subnet-far"),
    ("peered-nat-only", _peered(out="nat-1"), ("private",), _stands("far"), False, "no route to subnet subnet-far"),
    ("peered-no-way-back", _peered(back=()), ("private",), _stands("far"), False,
     "rtb-far of subnet subnet-far (10.9.1.0/24) has no route back"),
    ("peered-way-back-elsewhere", _peered(back=(Route(destination="10.0.0.0/16", target="pcx-2"),)), ("private",),
     _stands("far"), False, "no route back"),
    ("peered-way-back-partly", _peered(back=(Route(destination="10.0.2.0/24", target="pcx-1"),)), ("private",),
     _stands("far"), False, "no route back"),
    ("peered-pending", _peered(peering={"state": "pending-acceptance"}), ("private",), _stands("far"), False,
     "which is pending-acceptance"),
    ("peered-deleted", _peered(peering={"state": "deleted"}), ("private",), _stands("far"), False, "which is deleted"),
    ("peered-gone", _peered(out="pcx-9"), ("private",), _stands("far"), False, "pcx-9, which is gone"),
    ("peered-with-another", _peered(peering={"accepter": (ACCOUNT_ID, REGION, "vpc-3")}), ("private",),
     _stands("far"), False, "not with VPC vpc-2"),
    ("transit-gateway", _peered(out="tgw-1"), ("private",), _stands("far"), None, "tgw-1"),
    ("far-and-public", _FAR_AND_PUBLIC, ("private",), _stands("far", publicly_accessible=True,
     security_group_ids=("sg-far-open",)), True, "NAT gateway"),
    ("far-for-nat", _FAR_AND_PUBLIC, ("private",), _stands("far", publicly_accessible=True,
     security_group_ids=("sg-far-nat",)), True, "NAT gateway"),
    ("far-for-another", _FAR_AND_PUBLIC, ("private",), _stands("far", publicly_accessible=True,
     security_group_ids=("sg-far-other",)), False, "sg-far-other"),
    ("far-and-hidden", _FAR_AND_PUBLIC, ("private",), _stands("far"), False, "no route to subnet subnet-far"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "subnets", "endpoint", "reachable", "words"), [pytest.param(*row, id=name) for name, *row in ROWS]
)
def test_way_to_what_is_recorded(
    network: NetworkObjects, subnets: tuple[str, ...], endpoint: RecordedEndpoint, reachable: bool | None, words: str
) -> None:
    verdict = judged(network, placed(*subnets), to(endpoint.host, port=5432), endpoint)

    assert words in verdict.path + verdict.reason
    assert verdict.reachable is (reachable is not False)
    assert verdict.judged is (reachable is not None)


_MACHINE = Interface(
    id="eni-1", instance_id="i-1", subnet_id="subnet-isolated", addresses=("10.0.2.9",), security_group_ids=("sg-db",)
)
_WITH_MACHINE = changed(_NEAR, interfaces=(_MACHINE,))
_MISPLACED = changed(_NEAR, interfaces=(dataclasses.replace(_MACHINE, addresses=("10.77.2.9",)),))

# VPC User Guide, "Route table concepts": local routes, and what no route leads to.
ADDRESSES: list[tuple[str, NetworkObjects, str, int, bool | None, str]] = [
    ("machine", _WITH_MACHINE, "10.0.2.9", 5432, True, "local route -> 10.0.2.9"),
    ("machine-closed", _WITH_MACHINE, "10.0.2.9", 22, False, "sg-db of 10.0.2.9 lets no TCP 22 in"),
    ("machine-by-name", _WITH_MACHINE, "ip-10-0-2-9.eu-west-1.compute.internal", 5432, True, "local route"),
    ("machine-by-old-name", _WITH_MACHINE, "ip-10-0-2-9.ec2.internal", 5432, True, "local route"),
    ("nobody", _NEAR, "10.0.2.9", 22, None, "its security groups are not known here"),
    ("address-outside-its-subnet", _MISPLACED, "10.0.2.9", 22, None, "not known here"),
    ("no-subnet", _NEAR, "10.0.200.9", 22, False, "a private address of no network"),
    ("elsewhere", _NEAR, "192.168.1.1", 22, False, "a private address of no network"),
    ("peer", _peered(), "10.9.1.7", 5432, None, "peering connection pcx-1"),
    ("peer-without-subnet", _peered(), "10.9.77.7", 5432, False, "a private address of no network"),
    ("on-premises", changed(route_tables=(table("rtb-private", ("192.168.0.0/16", "vgw-1"),
     subnets=("subnet-private",)),)),
     "192.168.1.1", 22, None, "vgw-1"),
    ("on-premises-elsewhere", changed(route_tables=(table("rtb-private", ("192.168.0.0/16", "vgw-1"),
     subnets=("subnet-private",)),)),
     "192.169.1.1", 22, False, "no route"),
    ("nat-leads-to-no-private-address", _NEAR, "172.16.0.1", 22, False, "a private address of no network"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "host", "port", "reachable", "words"), [pytest.param(*row, id=name) for name, *row in ADDRESSES]
)
def test_way_to_an_address(network: NetworkObjects, host: str, port: int, reachable: bool | None, words: str) -> None:
    verdict = judged(network, placed("private"), to(host, port=port))

    assert words in verdict.path + verdict.reason
    assert verdict.reachable is (reachable is not False)
    assert verdict.judged is (reachable is not None)


def test_each_of_several_under_one_name_has_to_be_reachable() -> None:
    """EFS User Guide, "Managing mount targets": one name, an address in each zone, groups of their own."""
    first = RecordedEndpoint(
        host="fs-1.efs.eu-west-1.amazonaws.com", subnet_ids=("subnet-private",), security_group_ids=("sg-db",)
    )
    second = dataclasses.replace(first, subnet_ids=("subnet-isolated",), security_group_ids=("sg-shut",))

    alone = judged(_NEAR, placed("private"), to(first.host, port=5432), first)
    both = judged(_NEAR, placed("private"), to(first.host, port=5432), first, second)

    assert alone.reachable
    assert not both.reachable
    assert "sg-shut" in both.reason


@pytest.mark.parametrize("region", [REGION, "us-east-1"])
def test_peer_s_groups_are_referred_to_within_a_region_only(region: str) -> None:
    there = (ACCOUNT_ID, region, "vpc-2")
    network = _peered(peering={"accepter": there})
    far = NetworkObjects(
        vpcs=(Vpc(id="vpc-2", cidr_blocks=("10.9.0.0/16",)),),
        subnets=(Subnet(id="subnet-far", vpc_id="vpc-2", cidr_block="10.9.1.0/24"),),
        route_tables=(RouteTable(id="rtb-far", vpc_id="vpc-2", main=True, routes=(_BACK,)),),
        interfaces=(
            Interface(id="eni-9", subnet_id="subnet-far", addresses=("10.9.1.7",), security_group_ids=("sg-db",)),
        ),
        security_groups=(SecurityGroup(id="sg-db", vpc_id="vpc-2", ingress=(tcp(5432, "sg-fn"),)),),
    )
    here = dataclasses.replace(
        network,
        subnets=BASE.subnets if region != REGION else network.subnets,
        interfaces=far.interfaces if region == REGION else (),
    )
    rules = rules_over(here, others={} if region == REGION else {(ACCOUNT_ID, region): far})

    verdict = rules.judge(placed("private"), to("10.9.1.7", port=5432))

    assert verdict.reachable is (region == REGION)


def test_every_block_of_the_vpc_is_local_whatever_the_table_says() -> None:
    """ "Route table concepts": each table has a local route for each block, before a wider one to somewhere else."""
    vpc = dataclasses.replace(VPC, cidr_blocks=(*VPC.cidr_blocks, "10.77.0.0/16"))
    network = changed(
        _NEAR, vpcs=(vpc,), subnets=(Subnet(id="subnet-more", vpc_id="vpc-1", cidr_block="10.77.1.0/24"),)
    )

    verdict = judged(network, placed("private"), to("db.example.com", port=5432), _stands("more"))

    assert verdict.reachable
    assert "local route" in verdict.path


def test_acl_of_the_peer_counts() -> None:
    network = changed(_peered(), network_acls=(dataclasses.replace(acl("acl-far", "subnet-far"), vpc_id="vpc-2"),))

    verdict = judged(network, placed("private"), to("db.example.com", port=5432), _stands("far"))

    assert "acl-far of subnet subnet-far (10.9.1.0/24) denies inbound TCP 5432" in verdict.reason


def test_group_that_lets_nothing_out_closes_the_way_to_an_unknown_address() -> None:
    shut = judged(_NEAR, placed("private", groups=("sg-shut",)), to("10.0.2.9", port=22))
    out = judged(_NEAR, placed("private", groups=("sg-fn",)), to("10.0.2.9", port=22))

    assert ALL_OUT
    assert not shut.reachable
    assert out.reachable
