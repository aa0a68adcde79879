"""The way from a subnet to an address in the same VPC, or in another one.

Source: Amazon VPC User Guide, "Route table concepts" (local routes); Amazon VPC Peering Guide, "Update your route
tables for a VPC peering connection", "Update your security groups to reference peer security groups".
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.harness.moto_state.network_objects import SecurityGroup, Subnet
from lambdakit.harness.network.addresses import Block
from lambdakit.harness.network.endpoints import Caller
from lambdakit.harness.network.network_acls import closed_between
from lambdakit.harness.network.routes import LOCAL, route_to
from lambdakit.harness.network.security_groups import closed_in, closed_out
from lambdakit.harness.network.topology import Obstacle, Party, Topology, Way, blocks_in, called
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a thing stands in a VPC. groups: None where none stands before it, or where they are not known.

    places: each subnet that it may be in, with the addresses that it may have there. known: whether its groups are.
    """

    label: str
    topology: Topology
    vpc_id: str
    places: tuple[tuple[Subnet, tuple[Block, ...]], ...]
    groups: Sequence[SecurityGroup] | None
    known: bool = True


def way_to(caller: Caller, there: Standing, port: int) -> Way | Obstacle:
    """The way to every place where the thing may be, or what closes one of them."""
    ways = []
    for subnet, blocks in there.places:
        way = _way_to_place(caller, there, subnet, blocks, port)
        if isinstance(way, Obstacle):
            return way
        ways.append(way)
    note = () if there.known else ("(its security groups are not known here)",)
    return Way(
        through=(*(ways[0].through if ways else ()), there.label, *note),
        judged=there.known and bool(ways) and all(way.judged for way in ways),
    )


def _way_to_place(
    caller: Caller, there: Standing, subnet: Subnet, blocks: tuple[Block, ...], port: int
) -> Way | Obstacle:
    topology = caller.topology
    here = there.topology is topology and there.vpc_id == caller.vpc.id
    way = _routed(caller, there, subnet, blocks, here=here)
    if isinstance(way, Obstacle):
        return way
    same_region = there.topology.region == topology.region
    ids = frozenset(group.id for group in there.groups or ()) if same_region else frozenset()
    party = Party(blocks=blocks, group_ids=ids)
    obstacle = closed_out(caller.groups, party, port, topology, there.label) if caller.groups is not None else None
    if obstacle is None and there.groups is not None:
        # The second guide: only groups of a peer in the same region can be referred to.
        source = caller.party if same_region else Party(blocks=caller.party.blocks)
        function = f"the function in {called(caller.subnet, 'subnet')}"
        obstacle = closed_in(there.groups, source, port, there.topology, function, there.label)
    obstacle = obstacle or closed_between(topology, caller.subnet, subnet, party, port, there.topology)
    return obstacle or way


def _routed(
    caller: Caller, there: Standing, subnet: Subnet, blocks: tuple[Block, ...], *, here: bool
) -> Way | Obstacle:
    if not blocks:
        return Way(through=("local route",), judged=False)
    topology = caller.topology
    table = topology.table_of(caller.subnet)
    route = route_to(topology, table, caller.subnet, blocks[0])
    if here:
        if route is None or route.target == LOCAL:
            return Way(through=("local route",))
        return Way(through=(f"{route.target} (what is behind it is not known here)",), judged=False)
    kind = "" if route is None else route.target.partition("-")[0]
    if route is None or route.target == LOCAL or kind in ("igw", "eigw", "nat"):
        return Obstacle(
            reason=f"its route table {table.id} has no route to {called(subnet, 'subnet')} of VPC {there.vpc_id}",
            fix=f"connect VPC {caller.vpc.id} and VPC {there.vpc_id} by a peering connection with routes both ways",
            of_route=True,
        )
    if kind == "pcx":
        return _peered(caller, there, subnet, route.target)
    return Way(through=(f"{route.target} (what is behind it is not known here)",), judged=False)


def _peered(caller: Caller, there: Standing, subnet: Subnet, identity: str) -> Way | Obstacle:
    peering = caller.topology.peerings.get(identity) or there.topology.peerings.get(identity)
    ends = {
        (caller.topology.account_id, caller.topology.region, caller.vpc.id),
        (there.topology.account_id, there.topology.region, there.vpc_id),
    }
    if peering is None or peering.state != "active" or {peering.requester, peering.accepter} != ends:
        state = "gone" if peering is None else peering.state
        return Obstacle(
            reason=f"its route leads to peering connection {identity}, which is {state}"
            if state != "active"
            else f"its route leads to peering connection {identity}, which is not with VPC {there.vpc_id}",
            fix=f"accept {identity}, or make another peering connection with VPC {there.vpc_id}",
            of_route=True,
        )
    table = there.topology.table_of(subnet)
    sources = blocks_in(caller.subnet, 4) or blocks_in(caller.subnet)
    back = route_to(there.topology, table, subnet, sources[0]) if sources else None
    if back is None or back.target != identity:
        return Obstacle(
            reason=f"route table {table.id} of {called(subnet, 'subnet')} has no route back to"
            f" {called(caller.subnet, 'subnet')} through {identity}",
            fix=f"add a route for {caller.subnet.cidr_block} to {table.id} with the target {identity}",
            of_route=True,
        )
    return Way(through=(f"peering connection {identity}",))
