"""Which networks there have to be so that what a template names is there, and what they are like.

As the answer to the look-up tells, where there is one; else as assumed: a VPC of /16, a subnet for each id, private
with a NAT gateway, or public where something in it is to be reached from the internet, and security groups that let
everything out and nothing in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lambdakit.assembly.look_ups import NOT_LOOKED_UP, LookUps, SubnetKind, SubnetLookUp, VpcLookUp
from lambdakit.harness.deployment.existing.blocks import block_for_subnet, block_for_vpc, lies_in
from lambdakit.harness.deployment.existing.mentions import Mentions
from lambdakit.harness.moto_state.network_objects import NetworkObjects
from lambdakit.records import dataclass

_ZONES: Final = "abc"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSubnet:
    """A subnet to make. route_table_id: empty for one that gets any."""

    id: str
    name: str
    kind: SubnetKind
    zone: str
    cidr: str
    route_table_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVpc:
    """What of a VPC is to be made.

    blocks: all that it shall have, the first one its own. is_new: whether it is not there itself.
    loose_tables: route tables of which nobody knows the subnets. reserved: blocks of subnets that the template makes in
    it. told_by: the file that tells it; empty for assumed.
    """

    id: str
    name: str
    blocks: tuple[str, ...]
    is_new: bool
    subnets: tuple[PlannedSubnet, ...]
    loose_tables: tuple[str, ...]
    reserved: tuple[str, ...]
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """A security group to make. told_by: the file that tells what it lets out; empty for assumed."""

    id: str
    vpc_id: str
    all_outbound: bool
    told_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to make, in this order."""

    vpcs: tuple[PlannedVpc, ...]
    groups: tuple[PlannedGroup, ...]


def plan_networks(mentions: Mentions, look_ups: LookUps, there: NetworkObjects, region: str) -> Plan:
    """What has to be made in a region. there: its network as it is."""
    return _Planning(mentions, look_ups, there, region).plan()


class _Planning:
    def __init__(self, mentions: Mentions, look_ups: LookUps, there: NetworkObjects, region: str) -> None:
        self._mentions = mentions
        self._look_ups = look_ups
        self._there = there
        self._region = region
        self._blocks = {vpc.id: tuple(block for block in vpc.cidr_blocks if ":" not in block) for vpc in there.vpcs}
        self._taken_by_vpcs = [block for blocks in self._blocks.values() for block in blocks]
        self._vpc_of_known = {
            **{subnet.id: subnet.vpc_id for subnet in there.subnets},
            **{table.id: table.vpc_id for table in there.route_tables},
            **{group.id: group.vpc_id for group in there.security_groups},
        }
        missing = mentions.ids - {*self._blocks, *self._vpc_of_known}
        self._owners = {identity: self._owner(identity) for identity in sorted(missing)}

    def plan(self) -> Plan:
        groups = tuple(self._group(each) for each in self._mentions.groups if each in self._owners)
        wanted = list(dict.fromkeys(self._owners.values()))
        return Plan(vpcs=tuple(vpc for each in wanted if (vpc := self._vpc(each)) is not None), groups=groups)

    def _owner(self, identity: str) -> str:
        """The VPC that an id which is not there belongs to."""
        known = self._vpc_that_says(identity)
        if known is None:
            beside = self._mentions.nearest(identity, lambda other: self._vpc_that_says(other) is not None)
            known = None if beside is None else self._vpc_that_says(beside)
        if known is None and len(self._mentions.vpcs) == 1:
            known = next(iter(self._mentions.vpcs))
        return known or assumed_vpc(self._region)

    def _vpc_that_says(self, identity: str) -> str | None:
        if identity in self._mentions.vpcs:
            return identity
        told = self._look_ups.vpc_of(identity)
        return self._vpc_of_known.get(identity) if told is None else told.id

    def _vpc(self, identity: str) -> PlannedVpc | None:
        told = self._look_ups.vpc_of(identity) or VpcLookUp(id=identity)
        mine = {each for each, owner in self._owners.items() if owner == identity}
        mine |= told.ids - set(self._vpc_of_known)
        is_new = identity not in self._blocks
        declared = [
            block
            for logical_id, block in self._mentions.blocks
            if self._mentions.nearest(logical_id, lambda other: other in self._mentions.vpcs) == identity
        ]
        if is_new:
            given = [subnet.cidr for subnet in told.subnets]
            own = told.cidr or block_for_vpc([*given, *declared], self._taken_by_vpcs)
            self._taken_by_vpcs.append(own)
            self._blocks[identity] = (own,)
        subnets = tuple(self._subnets(identity, told, mine, declared))
        tables = {subnet.route_table_id for subnet in subnets}
        loose = tuple(each for each in self._mentions.route_tables if each in mine and each not in tables)
        if not is_new and not subnets and not loose:
            return None
        return PlannedVpc(
            id=identity,
            name=told.name,
            blocks=tuple(_covering(self._blocks[identity], [*(each.cidr for each in subnets), *declared])),
            is_new=is_new,
            subnets=subnets,
            loose_tables=loose,
            reserved=tuple(declared),
            told_by=told.told_by,
        )

    def _subnets(
        self, vpc_id: str, told: VpcLookUp, mine: set[str], declared: Sequence[str]
    ) -> Iterator[PlannedSubnet]:
        of_look_up = [subnet for subnet in told.subnets if subnet.id in mine]
        ids = {subnet.id for subnet in of_look_up}
        guessed = [self._guessed(each) for each in self._mentions.subnets if each in mine and each not in ids]
        known = {subnet.route_table_id for subnet in told.subnets}
        tables = [each for each in self._mentions.route_tables if each in mine and each not in known]
        taken = [subnet.cidr_block for subnet in self._there.subnets if subnet.vpc_id == vpc_id]
        taken += [*declared, *(subnet.cidr for subnet in told.subnets if subnet.cidr)]
        # Private ones first: the tables of a gateway endpoint are theirs.
        for number, subnet in enumerate(sorted(guessed, key=lambda each: each.kind == "public")):
            of_look_up.append(
                SubnetLookUp(
                    id=subnet.id,
                    kind=subnet.kind,
                    route_table_id=tables[number % len(tables)] if tables and subnet.kind != "public" else "",
                )
            )
        seen: dict[str, int] = {}
        for subnet in of_look_up:
            position = self._mentions.subnets.get(subnet.id, seen.setdefault(subnet.kind, 0))
            seen[subnet.kind] = seen.get(subnet.kind, 0) + 1
            cidr = subnet.cidr or block_for_subnet(self._blocks[vpc_id], taken)
            taken.append(cidr)
            yield PlannedSubnet(
                id=subnet.id,
                name=subnet.name,
                kind=subnet.kind,
                zone=subnet.zone or f"{self._region}{_ZONES[position % len(_ZONES)]}",
                cidr=cidr,
                route_table_id=subnet.route_table_id,
            )

    def _guessed(self, identity: str) -> SubnetLookUp:
        return SubnetLookUp(id=identity, kind="public" if identity in self._mentions.public else "private")

    def _group(self, identity: str) -> PlannedGroup:
        told = self._look_ups.groups.get(identity)
        return PlannedGroup(
            id=identity,
            vpc_id=self._owners[identity],
            all_outbound=told is None or told.all_outbound,
            told_by="" if told is None else told.told_by,
        )


def is_dummy(identity: str) -> bool:
    """Whether an id is what the CDK writes for a VPC that it could not look up."""
    return identity in NOT_LOOKED_UP.ids


def assumed_vpc(region: str) -> str:
    """An id for the VPC of what nobody knows the VPC of."""
    return f"vpc-{hashlib.sha256(region.encode()).hexdigest()[:17]}"


def _covering(blocks: Sequence[str], inside: Iterable[str]) -> Iterator[str]:
    """The blocks, and with them those of `inside` that they do not hold."""
    given = list(blocks)
    for block in inside:
        if block and not lies_in(block, given):
            given.append(block)
    yield from given
