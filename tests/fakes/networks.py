"""Networks as plain data, for the rules that decide over them: a VPC with subnets of every kind, and changes to it.

The VPC `vpc-1` is 10.0.0.0/16 and dual-stack, with DNS on:
    public    10.0.0.0/24   0.0.0.0/0 and ::/0 to igw-1            nat-1 stands here
    private   10.0.1.0/24   0.0.0.0/0 to nat-1
    isolated  10.0.2.0/24   the main route table: local only
    six       10.0.3.0/24   ::/0 to eigw-1
Groups: sg-fn lets everything out, sg-shut nothing, sg-in admits TCP 443 from the VPC.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from lambdakit.harness.moto_state.network_objects import (
    AclRule,
    Endpoint,
    Gateway,
    NatGateway,
    NetworkAcl,
    NetworkObjects,
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
from lambdakit.harness.network.verdict import Destination, Placement, Verdict

ACCOUNT_ID, REGION = "111122223333", "eu-west-1"
ALL_OUT = (Rule(protocol="-1", cidr="0.0.0.0/0"), Rule(protocol="-1", cidr="::/0"))
NOTHING_OUT = (Rule(protocol="icmp", from_port=252, to_port=86, cidr="255.255.255.255/32"),)
LOCAL = (Route(destination="10.0.0.0/16", target="local"), Route(destination="2400:6500:1::/56", target="local"))


def tcp(port: int, source: str = "", *, to: int | None = None, protocol: str = "tcp") -> Rule:
    """A rule for a port, or for several up to `to`. source: a CIDR block, or the id of a group or a prefix list."""
    kind = {"sg": "group_id", "pl": "prefix_list_id"}.get(source.partition("-")[0], "cidr")
    return Rule(protocol=protocol, from_port=port, to_port=port if to is None else to, **{kind: source})


def acl(identity: str, subnet: str, *rules: tuple[int, str, str, str, int | None, int | None]) -> NetworkAcl:
    """An ACL of one subnet. Each rule: number, `in` or `out`, `allow` or `deny`, a block, and two ports or none."""
    made = tuple(
        AclRule(
            number=number,
            egress=way == "out",
            allow=action == "allow",
            protocol="-1" if first is None else "6",
            cidr=cidr,
            from_port=first,
            to_port=last,
        )
        for number, way, action, cidr, first, last in rules
    )
    ordered = tuple(sorted(made, key=lambda rule: rule.number))
    return NetworkAcl(id=identity, vpc_id="vpc-1", subnet_ids=(subnet,), rules=ordered)


def table(identity: str, *routes: tuple[str, str], subnets: tuple[str, ...] = (), main: bool = False) -> RouteTable:
    """A route table of the VPC, with its local routes and those given as destination and target."""
    more = tuple(Route(destination=destination, target=target) for destination, target in routes)
    return RouteTable(id=identity, vpc_id="vpc-1", main=main, subnet_ids=subnets, routes=(*LOCAL, *more))


def endpoint(identity: str, service: str, **more: Any) -> Endpoint:
    """An interface endpoint in the isolated subnet that answers to the service's name, unless said otherwise."""
    kept: dict[str, Any] = {
        "vpc_id": "vpc-1",
        "service_name": f"com.amazonaws.{REGION}.{service}",
        "kind": "Interface",
        "private_dns": True,
        "subnet_ids": ("subnet-isolated",),
        "security_group_ids": ("sg-in",),
        "policy": "{}",
    }
    return Endpoint(id=identity, **{**kept, **more})


def gateway(identity: str, service: str, *tables: str, **more: Any) -> Endpoint:
    """A gateway endpoint in some route tables."""
    return endpoint(
        identity,
        service,
        **{"kind": "Gateway", "private_dns": False, "subnet_ids": (), "security_group_ids": (), **more},
        route_table_ids=tables,
    )


VPC = Vpc(
    id="vpc-1",
    name="Shop/Vpc",
    cidr_blocks=("10.0.0.0/16", "2400:6500:1::/56"),
    dns_support=True,
    dns_hostnames=True,
)
BASE = NetworkObjects(
    vpcs=(VPC,),
    subnets=tuple(
        Subnet(id=f"subnet-{name}", vpc_id="vpc-1", cidr_block=f"10.0.{number}.0/24", ipv6_cidr_blocks=six)
        for name, number, six in (
            ("public", 0, ("2400:6500:1:0::/64",)),
            ("private", 1, ()),
            ("isolated", 2, ()),
            ("six", 3, ("2400:6500:1:3::/64",)),
        )
    ),
    route_tables=(
        table("rtb-main", main=True),
        table("rtb-public", ("0.0.0.0/0", "igw-1"), ("::/0", "igw-1"), subnets=("subnet-public",)),
        table("rtb-private", ("0.0.0.0/0", "nat-1"), subnets=("subnet-private",)),
        table("rtb-six", ("::/0", "eigw-1"), subnets=("subnet-six",)),
    ),
    internet_gateways=(Gateway(id="igw-1", vpc_id="vpc-1"),),
    egress_only_gateways=(Gateway(id="eigw-1", vpc_id="vpc-1"),),
    nat_gateways=(NatGateway(id="nat-1", subnet_id="subnet-public", address="52.1.2.3"),),
    security_groups=(
        SecurityGroup(
            id="sg-default", vpc_id="vpc-1", default=True, ingress=(Rule(protocol="-1", group_id="sg-default"),)
        ),
        SecurityGroup(id="sg-fn", vpc_id="vpc-1", egress=ALL_OUT),
        SecurityGroup(id="sg-shut", vpc_id="vpc-1", egress=NOTHING_OUT),
        SecurityGroup(id="sg-in", vpc_id="vpc-1", ingress=(tcp(443, "10.0.0.0/16"),), egress=ALL_OUT),
    ),
    prefix_lists=(
        PrefixList(id="pl-s3", name=f"com.amazonaws.{REGION}.s3", cidr_blocks=("52.216.0.0/15",)),
        PrefixList(id="pl-ddb", name=f"com.amazonaws.{REGION}.dynamodb", cidr_blocks=("3.218.182.0/24",)),
    ),
)


def changed(base: NetworkObjects = BASE, **parts: Any) -> NetworkObjects:
    """`base` with things added, each to its own kind; one of an id that is there takes its place.

    A subnet that a new table or ACL is associated with leaves the old one.
    """
    made = {}
    for kind, things in parts.items():
        held = {thing.id: thing for thing in getattr(base, kind)}
        taken = {subnet for thing in things for subnet in getattr(thing, "subnet_ids", ())}
        if kind in ("route_tables", "network_acls"):
            held = {
                key: dataclasses.replace(each, subnet_ids=tuple(sorted({*each.subnet_ids} - taken)))
                for key, each in held.items()
            }
        made[kind] = tuple({**held, **{thing.id: thing for thing in things}}.values())
    return dataclasses.replace(base, **made)


def rules_over(
    objects: NetworkObjects,
    *recorded: RecordedEndpoint,
    others: Mapping[tuple[str, str], NetworkObjects] | None = None,
) -> NetworkRules:
    """The rules over one network. others: the networks of other accounts and regions."""
    networks = {(ACCOUNT_ID, REGION): objects, **(others or {})}
    return NetworkRules(
        lambda: recorded,
        networks=lambda account_id, region: networks.get((account_id, region), NetworkObjects()),
        hosts=lambda account_id, region: (),
        version=lambda: 0,
    )


def placed(*subnets: str, groups: tuple[str, ...] = ("sg-fn",), ipv6: bool = False) -> Placement:
    """A function in subnets, by the names above; outside a VPC without any."""
    return Placement(
        account_id=ACCOUNT_ID,
        region=REGION,
        subnet_ids=tuple(f"subnet-{name}" for name in subnets),
        security_group_ids=groups if subnets else (),
        ipv6=ipv6,
    )


def to(name: str, *, region: str = "", port: int = 443) -> Destination:
    """A service by its signing name; a host where the name has a dot or a colon."""
    if "." in name or ":" in name:
        return Destination(host=name, port=port)
    return Destination(service=name, region=region, port=port)


def judged(
    objects: NetworkObjects, placement: Placement, destination: Destination, *recorded: RecordedEndpoint
) -> Verdict:
    """The verdict over one network."""
    return rules_over(objects, *recorded).judge(placement, destination)
