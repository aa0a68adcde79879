"""Verdicts are kept while nothing changes, never fail, and make a table."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.moto_state.network_objects import (
    AclRule,
    Endpoint,
    Gateway,
    Interface,
    NatGateway,
    NetworkAcl,
    NetworkObjects,
    Peering,
    PrefixList,
    RecordedEndpoint,
    Route,
    RouteTable,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)
from lambdakit.harness.network.reachability import NetworkRules
from lambdakit.harness.network.report import reachability_table, render
from lambdakit.harness.network.verdict import Destination, Placement
from tests.fakes.networks import ACCOUNT_ID, BASE, REGION, changed, endpoint, gateway, judged, placed, rules_over, to


def test_verdict_is_kept_until_the_version_differs() -> None:
    version, read = [0], itertools.count()

    def networks(account_id: str, region: str) -> NetworkObjects:
        next(read)
        return BASE if version[0] == 0 else changed(endpoints=(endpoint("vpce-1", "sqs"),))

    rules = NetworkRules(networks=networks, hosts=lambda *_: (), version=lambda: version[0])
    first, again = (rules.judge(placed("isolated"), to("sqs")) for _ in range(2))
    version[0] = 1
    then = rules.judge(placed("isolated"), to("sqs"))

    assert first is again
    assert not first.reachable
    assert then.reachable
    assert next(read) == 2


def test_what_is_recorded_later_is_found() -> None:
    recorded: list[tuple[RecordedEndpoint, ...]] = [()]
    rules = NetworkRules(lambda: recorded[0], networks=lambda *_: BASE, hosts=lambda *_: (), version=lambda: 0)
    cache = RecordedEndpoint(host="Cache.Example.com", subnet_ids=("subnet-isolated",), security_group_ids=("sg-in",))

    before = rules.judge(placed("isolated"), to("cache.example.com"))
    recorded[0] = (cache,)
    after = rules.judge(placed("isolated"), to("cache.example.com"))

    assert not before.reachable
    assert after.reachable


def test_equal_records_change_nothing() -> None:
    cache = RecordedEndpoint(host="cache.example.com", subnet_ids=("subnet-isolated",))
    rules = NetworkRules(
        lambda: (dataclasses.replace(cache),), networks=lambda *_: BASE, hosts=lambda *_: (), version=lambda: 0
    )

    assert rules.judge(placed("isolated"), to("sqs")) is rules.judge(placed("isolated"), to("sqs"))


def test_table_has_a_row_for_each_function_and_destination() -> None:
    network = changed(endpoints=(gateway("vpce-s3", "s3", "rtb-main"),))
    functions = {"orders": placed("isolated"), "outside": placed(), "lookup": placed("9")}

    rows = reachability_table(rules_over(network).judge, functions, ["s3", "sqs"], [("10.0.2.9", 5432)])

    assert [(row.function, row.destination, row.reachable, row.judged) for row in rows] == [
        ("orders", "s3", True, True),
        ("orders", "sqs", False, True),
        ("orders", "10.0.2.9:5432", True, False),
        ("outside", "s3", True, True),
        ("outside", "sqs", True, True),
        ("outside", "10.0.2.9:5432", False, True),
        ("lookup", "s3", True, False),
        ("lookup", "sqs", True, False),
        ("lookup", "10.0.2.9:5432", True, False),
    ]
    assert rows[0].endpoint_id == "vpce-s3"
    assert "no interface endpoint" in rows[1].reason


def test_table_as_text() -> None:
    network = changed(endpoints=(gateway("vpce-s3", "s3", "rtb-main"),))

    text = render(reachability_table(rules_over(network).judge, {"orders": placed("isolated")}, ["s3", "sqs"]))

    assert text.splitlines()[:2] == ["function  s3             sqs", "orders    yes (vpce-s3)  no"]
    assert "orders -> sqs: subnet subnet-isolated (10.0.2.0/24) has no way to sqs.eu-west-1" in text
    assert "  fix: add an interface endpoint for sqs" in text


def test_table_of_nothing() -> None:
    assert render([]) == "function"


def test_reason_and_fix_of_the_commonest_surprise() -> None:
    verdict = judged(BASE, placed("isolated"), to("dynamodb"))

    assert verdict.reason == (
        "subnet subnet-isolated (10.0.2.0/24) has no way to dynamodb.eu-west-1: no gateway endpoint in its route table"
        " rtb-main, and its route table rtb-main has no route to the internet"
    )
    assert verdict.fix == (
        "add a gateway endpoint for dynamodb to the VPC's route tables (CDK: vpc.add_gateway_endpoint("
        '"Dynamodb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)), or give its subnet a route to a NAT gateway'
        " (CDK: vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS))"
    )


_ids = st.sampled_from(
    ["vpc-1", "vpc-2", "subnet-1", "subnet-2", "rtb-1", "igw-1", "nat-1", "sg-1", "pl-1", "pcx-1", "", "?"]
)
_ids = _ids | st.sampled_from(["local", "eigw-1", "tgw-1", "eni-1", "i-1", "vpce-1", "-", "nat-"])
_blocks = st.sampled_from(
    ["10.0.0.0/16", "10.0.1.0/24", "0.0.0.0/0", "::/0", "", "10.0.0.0/99", "x", "2400::/56", "10.0.1.7"]
)
_many = st.lists(_ids, max_size=2).map(tuple)
_ports = st.sampled_from([None, -1, 0, 443, 65535])
_vpcs = st.builds(
    Vpc,
    id=_ids,
    name=_ids,
    cidr_blocks=st.lists(_blocks, max_size=2).map(tuple),
    dns_support=st.booleans(),
    dns_hostnames=st.booleans(),
)
_subnets = st.builds(
    Subnet, id=_ids, vpc_id=_ids, cidr_block=_blocks, ipv6_cidr_blocks=st.lists(_blocks, max_size=1).map(tuple)
)
_routes = st.lists(st.builds(Route, destination=_blocks | _ids, target=_ids), max_size=3).map(tuple)
_tables = st.builds(RouteTable, id=_ids, vpc_id=_ids, main=st.booleans(), subnet_ids=_many, routes=_routes)
_gateways = st.builds(Gateway, id=_ids, vpc_id=_ids)
_nats = st.builds(NatGateway, id=_ids, subnet_id=_ids, public=st.booleans(), address=_blocks)
_rules = st.lists(
    st.builds(
        Rule,
        protocol=st.sampled_from(["tcp", "-1", ""]),
        from_port=_ports,
        to_port=_ports,
        cidr=_blocks,
        group_id=_ids,
        prefix_list_id=_ids,
    ),
    max_size=2,
).map(tuple)
_groups = st.builds(SecurityGroup, id=_ids, vpc_id=_ids, default=st.booleans(), ingress=_rules, egress=_rules)
_acl_rules = st.lists(
    st.builds(
        AclRule,
        number=st.integers(1, 9),
        egress=st.booleans(),
        allow=st.booleans(),
        protocol=st.sampled_from(["6", "-1"]),
        cidr=_blocks,
        from_port=_ports,
        to_port=_ports,
    ),
    max_size=2,
).map(tuple)
_acls = st.builds(NetworkAcl, id=_ids, vpc_id=_ids, default=st.booleans(), subnet_ids=_many, rules=_acl_rules)
_endpoints = st.builds(
    Endpoint,
    id=_ids,
    vpc_id=_ids,
    service_name=st.sampled_from(["com.amazonaws.eu-west-1.s3", "com.amazonaws.eu-west-1.sqs", ""]),
    kind=st.sampled_from(["Gateway", "Interface", ""]),
    private_dns=st.booleans(),
    route_table_ids=_many,
    subnet_ids=_many,
    security_group_ids=_many,
)
_sides = st.tuples(st.just(ACCOUNT_ID), st.just(REGION), _ids)
_peerings = st.builds(Peering, id=_ids, requester=_sides, accepter=_sides)
_interfaces = st.builds(
    Interface,
    id=_ids,
    subnet_id=_ids,
    addresses=st.lists(_blocks, max_size=1).map(tuple),
    security_group_ids=_many,
    instance_id=_ids,
    public_address=_blocks,
)
_networks = st.builds(
    NetworkObjects,
    **{
        name: st.lists(things, max_size=2).map(tuple)
        for name, things in {
            **{"vpcs": _vpcs, "subnets": _subnets, "route_tables": _tables, "internet_gateways": _gateways},
            **{
                "egress_only_gateways": _gateways,
                "nat_gateways": _nats,
                "peerings": _peerings,
                "endpoints": _endpoints,
            },
            **{"security_groups": _groups, "network_acls": _acls, "interfaces": _interfaces},
            "prefix_lists": st.builds(
                PrefixList, id=_ids, name=_ids, cidr_blocks=st.lists(_blocks, max_size=2).map(tuple)
            ),
        }.items()
    },
)
_hosts = st.sampled_from(
    [
        "",
        "10.0.1.7",
        "8.8.8.8",
        "2600::1",
        "a.b",
        "vpce-1.sqs.eu-west-1.vpce.amazonaws.com",
        "::1",
        "..",
        "s3.amazonaws.com",
        "amazonaws.com",
        ".amazonaws.com",
        "[::1]",
        "10.0.0.0/16",
    ]
) | st.text(max_size=12)
_recorded = st.builds(
    RecordedEndpoint,
    host=_hosts,
    subnet_ids=_many,
    security_group_ids=st.none() | _many,
    publicly_accessible=st.booleans(),
    public_name=st.booleans(),
)


@given(
    network=_networks,
    recorded=st.lists(_recorded, max_size=2),
    subnets=_many,
    groups=_many,
    ipv6=st.booleans(),
    service=st.sampled_from(["", "s3", "sqs", "dynamodb", "?"]),
    host=_hosts,
    port=st.sampled_from([0, 443, 65536]),
)
def test_no_network_whatever_its_shape_makes_a_verdict_fail(
    network: NetworkObjects,
    recorded: list[Any],
    subnets: Any,
    groups: Any,
    ipv6: bool,
    service: str,
    host: str,
    port: int,
) -> None:
    placement = Placement(
        account_id=ACCOUNT_ID, region=REGION, subnet_ids=subnets, security_group_ids=groups, ipv6=ipv6
    )

    verdict = judged(network, placement, Destination(service=service, host=host, port=port), *recorded)

    assert bool(verdict.reason) is not verdict.reachable
    assert bool(verdict.fix) is not verdict.reachable
    assert bool(verdict.path) is verdict.reachable


@pytest.mark.parametrize("count", [1, 20_000])
def test_kept_verdicts_are_bounded(count: int) -> None:
    rules = rules_over(BASE)

    verdicts = [rules.judge(placed("private"), to(f"host{number}.example.com")) for number in range(count)]

    assert all(verdict.reachable for verdict in verdicts)
