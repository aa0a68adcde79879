"""The way from a subnet to the internet, and to the public addresses of AWS's services.

Source: AWS Lambda Developer Guide, "Enable internet access for VPC-connected Lambda functions": a function has no
public IPv4 address, whatever its subnet; Amazon VPC User Guide, "NAT gateways", "Enable internet access for a VPC using
an internet gateway", "Enable outbound IPv6 traffic using an egress-only internet gateway".
"""

from __future__ import annotations

import dataclasses

from lambdakit.harness.moto_state.network_objects import Interface, Route, Subnet
from lambdakit.harness.network.addresses import block_of
from lambdakit.harness.network.endpoints import Caller
from lambdakit.harness.network.network_acls import closed_between, closed_towards
from lambdakit.harness.network.routes import LOCAL, default_route, route_to
from lambdakit.harness.network.security_groups import closed_in, closed_out
from lambdakit.harness.network.topology import Obstacle, Party, Topology, Way, called

_EGRESS_FIX = "a NAT gateway (CDK: vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS))"


def way_out(caller: Caller, party: Party, port: int, to: str) -> Way | Obstacle:
    """The way from the caller's subnet to a party on the internet, by the version of its addresses.

    to: how the party is called.
    """
    topology, subnet = caller.topology, caller.subnet
    table = topology.table_of(subnet)
    route = _route(topology, subnet, party)
    if route is None:
        return _no_route(f"{called(table, 'its route table')} has no route to {_where(party)}")
    way = _along(caller, route, party, port)
    if isinstance(way, Obstacle):
        return way
    if caller.groups is not None:
        obstacle = closed_out(caller.groups, party, port, topology, to)
        if obstacle is not None:
            return obstacle
    return closed_between(topology, subnet, None, party, port) or dataclasses.replace(
        way, through=(called(table, "route table"), *way.through)
    )


def is_public(topology: Topology, subnet: Subnet) -> bool:
    """Whether something with a public address in the subnet can be reached from the internet."""
    route = default_route(topology, topology.table_of(subnet), 4)
    return route is not None and _attached(topology, route.target, subnet.vpc_id)


def _along(caller: Caller, route: Route, party: Party, port: int) -> Way | Obstacle:
    topology, target = caller.topology, route.target
    six = _version(party) == 6
    kind = target.partition("-")[0]
    if kind == "igw":
        return _through_internet_gateway(caller, target, six)
    if kind == "eigw":
        gateway = topology.egress_only_gateways.get(target)
        if gateway is None or gateway.vpc_id != caller.subnet.vpc_id:
            return _blackhole(f"egress-only internet gateway {target}")
        return Way(through=(called(gateway, "egress-only internet gateway"),))
    if kind == "nat":
        return _through_nat(caller, target, party, port)
    if kind in ("i", "eni"):
        return _through_machine(caller, target, party, port)
    if kind == "pcx":
        # Amazon VPC Peering Guide, "VPC peering limitations": no way to a peer's internet or NAT gateway.
        return _no_route(f"its default route leads to peering connection {target}, which leads to the peer only")
    if target == LOCAL or not target:
        return _blackhole(target or "something that is gone")
    return Way(through=(f"{target} (what is behind it is not known here)",), judged=False)


def _through_internet_gateway(caller: Caller, target: str, six: bool) -> Way | Obstacle:
    gateway = caller.topology.internet_gateways.get(target)
    if gateway is None or gateway.vpc_id != caller.subnet.vpc_id:
        return _blackhole(f"internet gateway {target}, which is not attached to the VPC")
    if six:
        return Way(through=(called(gateway, "internet gateway"),))
    table = caller.topology.table_of(caller.subnet)
    return Obstacle(
        reason=f"its route table {table.id} leads to {called(gateway, 'internet gateway')},"
        " which needs a public IPv4 address, and a function never has one",
        fix=f"move the function to subnets with a route to {_EGRESS_FIX}",
        of_route=True,
    )


def _through_nat(caller: Caller, target: str, party: Party, port: int) -> Way | Obstacle:
    topology = caller.topology
    gateway = topology.nat_gateways.get(target)
    if gateway is None or gateway.state != "available":
        return _blackhole(f"NAT gateway {target}, which is {'gone' if gateway is None else gateway.state}")
    name = called(gateway, "NAT gateway")
    if _version(party) == 6:
        return _no_route(f"its IPv6 route leads to {name}, which carries IPv4 (and NAT64) only")
    if not gateway.public:
        # The same, "NAT gateways": an internet gateway drops what a private one sends it.
        return _no_route(f"{name} is private, and leads to other VPCs only")
    subnet = topology.subnets.get(gateway.subnet_id)
    if subnet is None:
        return _blackhole(f"{name}, whose subnet is gone")
    obstacle = _not_public(topology, subnet, name)
    obstacle = obstacle or _closed_at(caller, subnet, party, port)
    if obstacle is not None:
        return obstacle
    address = block_of(gateway.address) if gateway.address else None
    source = Party(blocks=(address,) if address is not None else ())
    return Way(through=(f"{name} in {called(subnet, 'subnet')}", "internet gateway"), source=source)


def _through_machine(caller: Caller, target: str, party: Party, port: int) -> Way | Obstacle:
    """A NAT instance. Source: Amazon VPC User Guide, "NAT instances"."""
    topology = caller.topology
    machine = topology.machine(target)
    subnet = None if machine is None else topology.subnets.get(machine.subnet_id)
    if machine is None or subnet is None:
        return _blackhole(target)
    name = f"NAT instance {machine.instance_id or machine.id}"
    obstacle = _not_public(topology, subnet, name)
    if obstacle is None and not machine.public_address:
        obstacle = _no_route(f"{name} has no public IPv4 address")
    if obstacle is None and machine.source_dest_check:
        obstacle = Obstacle(
            reason=f"{name} checks source and destination, and drops what is not its own",
            fix=f"switch the source/destination check of {machine.instance_id or machine.id} off",
            of_route=True,
        )
    obstacle = obstacle or _closed_by_machine(caller, machine, subnet, party, port, name)
    obstacle = obstacle or _closed_at(caller, subnet, party, port)
    if obstacle is not None:
        return obstacle
    address = block_of(machine.public_address)
    source = Party(blocks=(address,) if address is not None else ())
    return Way(through=(f"{name} in {called(subnet, 'subnet')}", "internet gateway"), source=source)


def _closed_by_machine(
    caller: Caller, machine: Interface, subnet: Subnet, party: Party, port: int, name: str
) -> Obstacle | None:
    topology = caller.topology
    groups = topology.groups_of(machine.security_group_ids, subnet.vpc_id)
    if groups is None:
        return None
    source = f"the function in {called(caller.subnet, 'subnet')}"
    return closed_in(groups, caller.party, port, topology, source, name) or closed_out(
        groups, party, port, topology, "the internet"
    )


def _closed_at(caller: Caller, subnet: Subnet, party: Party, port: int) -> Obstacle | None:
    """What the ACL closes at a device on the way: into its subnet from the function, and out of it to the party."""
    if subnet.id == caller.subnet.id:
        return None
    into = closed_towards(caller.topology, subnet, caller.party, port)
    return into or closed_between(caller.topology, subnet, None, party, port)


def _not_public(topology: Topology, subnet: Subnet, name: str) -> Obstacle | None:
    if is_public(topology, subnet):
        return None
    return Obstacle(
        reason=f"{name} is in {called(subnet, 'subnet')}, whose route table {topology.table_of(subnet).id}"
        " has no route to an internet gateway",
        fix="put it into a public subnet, with a route to an internet gateway that is attached to the VPC",
        of_route=True,
    )


def _attached(topology: Topology, target: str, vpc_id: str) -> bool:
    gateway = topology.internet_gateways.get(target)
    return gateway is not None and gateway.vpc_id == vpc_id


def _route(topology: Topology, subnet: Subnet, party: Party) -> Route | None:
    table = topology.table_of(subnet)
    if party.anywhere or not party.blocks:
        return default_route(topology, table, _version(party))
    return route_to(topology, table, subnet, party.blocks[0])


def _version(party: Party) -> int:
    return party.blocks[0].version if party.blocks else 4


def _where(party: Party) -> str:
    return "the internet" if _version(party) == 4 else "the internet over IPv6"


def _no_route(reason: str) -> Obstacle:
    return Obstacle(reason=reason, fix=f"give its subnet a route to {_EGRESS_FIX}", of_route=True)


def _blackhole(target: str) -> Obstacle:
    return _no_route(f"its default route is a blackhole: it leads to {target}")
