"""A region's network, ready to be asked: who belongs to whom, and how each thing is called in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from lambdakit.harness.moto_state.network_objects import (
    Endpoint,
    Gateway,
    Interface,
    NatGateway,
    NetworkAcl,
    NetworkObjects,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from lambdakit.harness.network.addresses import Block, block_of, blocks_of
from lambdakit.records import dataclass


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=_Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One end of a connection, as the rules at the other end see it.

    blocks: the addresses that it may have; the connection passes only if it would with each of them.
    anywhere: that it is somewhere on the internet: one address of many, so that rules for a few of them do not count.
    group_ids: the security groups of its interface. prefix_list_ids: AWS's own lists that its address is in.
    """

    blocks: tuple[Block, ...]
    anywhere: bool = False
    group_ids: frozenset[str] = frozenset()
    prefix_list_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a connection does not come through, and one change that would open it.

    of_route: that there is no way at all; otherwise a rule closes the way.
    """

    reason: str
    fix: str
    of_route: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a connection goes through, in order. source: who it seems to come from at its end; absence: the function.

    judged: false where a part of the way is not known here.
    """

    through: tuple[str, ...]
    source: Party | None = None
    judged: bool = True


class Topology:
    """One region's network of one account."""

    def __init__(self, objects: NetworkObjects, *, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        self.vpcs: Mapping[str, Vpc] = _by_id(objects.vpcs)
        self.subnets: Mapping[str, Subnet] = _by_id(objects.subnets)
        self.internet_gateways: Mapping[str, Gateway] = _by_id(objects.internet_gateways)
        self.egress_only_gateways: Mapping[str, Gateway] = _by_id(objects.egress_only_gateways)
        self.nat_gateways: Mapping[str, NatGateway] = _by_id(objects.nat_gateways)
        self.peerings: Mapping[str, Peering] = _by_id(objects.peerings)
        self.security_groups: Mapping[str, SecurityGroup] = _by_id(objects.security_groups)
        self.prefix_lists: Mapping[str, PrefixList] = _by_id(objects.prefix_lists)
        self.interfaces: Mapping[str, Interface] = _by_id(objects.interfaces)
        self.endpoints: Sequence[Endpoint] = objects.endpoints
        self._tables = {subnet: table for table in objects.route_tables for subnet in table.subnet_ids}
        self._main = {table.vpc_id: table for table in objects.route_tables if table.main}
        self._acls = {subnet: acl for acl in objects.network_acls for subnet in acl.subnet_ids}
        self._own_acl = {acl.vpc_id: acl for acl in objects.network_acls if acl.default}
        self._own_group = {group.vpc_id: group for group in objects.security_groups if group.default}
        self._at = {
            (subnet.vpc_id, address): interface
            for interface in objects.interfaces
            if (subnet := self.subnets.get(interface.subnet_id)) is not None
            for address in blocks_of(interface.addresses)
            if any(block.covers(address) for block in blocks_in(subnet))
        }

    def table_of(self, subnet: Subnet) -> RouteTable:
        """The subnet's route table: the associated one, else the VPC's main one; an empty one where there is neither.

        Source: Amazon VPC User Guide, "Subnet route tables".
        """
        table = self._tables.get(subnet.id) or self._main.get(subnet.vpc_id)
        return table if table is not None else RouteTable(id="(none)", vpc_id=subnet.vpc_id)

    def acl_of(self, subnet: Subnet) -> NetworkAcl | None:
        """The subnet's network ACL: the associated one, else the VPC's default one; None where there is neither."""
        return self._acls.get(subnet.id) or self._own_acl.get(subnet.vpc_id)

    def groups_of(self, ids: Iterable[str], vpc_id: str) -> tuple[SecurityGroup, ...] | None:
        """The groups of an interface: those named, else the VPC's default one. None where one of them is not known."""
        wanted = tuple(ids)
        if not wanted:
            own = self._own_group.get(vpc_id)
            return None if own is None else (own,)
        groups = tuple(self.security_groups[each] for each in wanted if each in self.security_groups)
        return groups if len(groups) == len(wanted) else None

    def interface_at(self, vpc_id: str, address: Block) -> Interface | None:
        """The interface in a VPC that has an address."""
        return self._at.get((vpc_id, address))

    def machine(self, identity: str) -> Interface | None:
        """The interface of that id, or of a machine of that id."""
        found = (each for each in self.interfaces.values() if each.instance_id == identity)
        return self.interfaces.get(identity) or next(found, None)

    def blocks_of_prefix_list(self, identity: str) -> tuple[Block, ...]:
        """The entries of a prefix list; none of an unknown one."""
        prefix_list = self.prefix_lists.get(identity)
        return () if prefix_list is None else blocks_of(prefix_list.cidr_blocks)

    def prefix_list_ids_of(self, service_name: str) -> frozenset[str]:
        """The ids of AWS's own prefix lists with an endpoint service's addresses."""
        return frozenset(each.id for each in self.prefix_lists.values() if each.name == service_name)

    def route_blocks(self, route: Route) -> tuple[Block, ...]:
        """The addresses that a route is for."""
        block = block_of(route.destination)
        return (block,) if block is not None else self.blocks_of_prefix_list(route.destination)


def blocks_in(subnet: Subnet, version: int | None = None) -> tuple[Block, ...]:
    """The subnet's blocks; only those of a version where one is given."""
    blocks = blocks_of((subnet.cidr_block, *subnet.ipv6_cidr_blocks))
    return blocks if version is None else tuple(block for block in blocks if block.version == version)


def called(thing: object, kind: str = "") -> str:
    """How a thing is called in a sentence: `subnet subnet-0ab (Shop/Private1, 10.0.2.0/24)`."""
    named = getattr(thing, "name", "")
    more = [named, thing.cidr_block] if isinstance(thing, Subnet) else [named]
    said = ", ".join(each for each in more if each)
    words = f"{kind} {getattr(thing, 'id', '')}".strip()
    return f"{words} ({said})" if said else words


def _by_id(things: Iterable[Thing]) -> dict[str, Thing]:
    return {thing.id: thing for thing in things}
