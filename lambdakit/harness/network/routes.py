"""Which route packets to an address take.

Source: Amazon VPC User Guide, "Route priority", "Longest prefix match": the most specific route wins, IPv4 and IPv6
apart; of two for the same block a static one goes before one with a prefix list.
"""

from __future__ import annotations

from lambdakit.harness.moto_state.network_objects import Route, RouteTable, Subnet
from lambdakit.harness.network.addresses import INTERNET, INTERNET_6, Block, blocks_of
from lambdakit.harness.network.topology import Topology

LOCAL = "local"


def route_to(topology: Topology, table: RouteTable, subnet: Subnet, address: Block) -> Route | None:
    """The route for an address, or for a block of them that one route covers; None where there is none."""
    found = [
        (block.size, route.destination.startswith("pl-"), position, route)
        for position, route in enumerate(table.routes)
        for block in topology.route_blocks(route)
        if block.covers(address)
    ]
    vpc = topology.vpcs.get(subnet.vpc_id)
    if vpc is not None:
        # The same, "Route table concepts": every table has a local route for each block of the VPC.
        found += [
            (block.size, True, len(found), Route(destination=text, target=LOCAL))
            for text in vpc.cidr_blocks
            for block in blocks_of([text])
            if block.covers(address)
        ]
    return min(found)[-1] if found else None


def default_route(topology: Topology, table: RouteTable, version: int) -> Route | None:
    """The route for addresses on the internet that are not known: only one for all of them counts."""
    wanted = INTERNET if version == 4 else INTERNET_6
    for route in table.routes:
        blocks = topology.route_blocks(route)
        if any(all(block.covers(each) for each in wanted) for block in blocks):
            return route
    return None
