"""What a template says of networks by id: VPCs, subnets, security groups and route tables that it does not make.

In comes a template whose parameters are known; out comes who names which id, and who is named beside whom. Whether an
id is in the account is not known here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Final, Literal

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.errors import LambdakitError
from lambdakit.harness.deployment.scope import UnknownValue
from lambdakit.records import dataclass

Kind = Literal["vpc", "subnet", "group", "route table"]

# Names of properties, in lower case, under which any type of resource names a part of a network.
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("vpcid", "peervpcid"), "vpc"),
    **dict.fromkeys(
        ("subnetid", "subnetids", "subnets", "vpczoneidentifier", "clientsubnets", "privatesubnetids"), "subnet"
    ),
    **dict.fromkeys(
        (
            *("groupid", "groupids", "groupset", "securitygroups", "securitygroupid", "securitygroupids"),
            *("sourcesecuritygroupid", "destinationsecuritygroupid", "vpcsecuritygroupids", "vpcsecuritygroups"),
        ),
        "group",
    ),
    **dict.fromkeys(("routetableid", "routetableids"), "route table"),
}
# What else says that two resources are in the same network.
_LINKS: Final = frozenset({"dbsubnetgroupname", "cachesubnetgroupname", "clustersubnetgroupname", "loadbalancerarn"})
# Ids as EC2 gives them, and as the CDK writes them in place of subnets that it could not look up.
_IDS: Mapping[Kind, re.Pattern[str]] = {
    "vpc": re.compile(r"vpc-[0-9A-Za-z-]+"),
    "subnet": re.compile(r"subnet-[0-9A-Za-z-]+|[sp]-(?:12345|67890)"),
    "group": re.compile(r"sg-[0-9A-Za-z-]+"),
    "route table": re.compile(r"rtb-[0-9A-Za-z-]+"),
}
_SUBNET: Final = "AWS::EC2::Subnet"
_VPC: Final = "AWS::EC2::VPC"
_PSEUDO: Final = "AWS::"
_CIDR_BLOCK: Final = "CidrBlock"
_PUBLIC: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "AWS::EC2::NatGateway": lambda properties: properties.get("ConnectivityType") != "private",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": lambda properties: properties.get("Scheme") != "internal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """Ids by kind, each with where it stands first: 0, 1 … in a list of its like.

    public: subnets of what has to be reached from the internet.
    blocks: CIDR blocks of subnets that the template makes, each with the resource's logical id.
    beside: an id or logical id -> those that are named with it.
    """

    vpcs: Mapping[str, int] = field(default_factory=dict)
    subnets: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    route_tables: Mapping[str, int] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    blocks: tuple[tuple[str, str], ...] = ()
    beside: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """All ids, of every kind."""
        return frozenset({*self.vpcs, *self.subnets, *self.groups, *self.route_tables})

    def nearest(self, start: str, wanted: Callable[[str], bool]) -> str | None:
        """The first id that is `wanted` on the way from one to what is named beside it, and on from there."""
        seen, waiting = {start}, deque([start])
        while waiting:
            here = waiting.popleft()
            if here != start and wanted(here):
                return here
            for other in sorted(self.beside.get(here, frozenset()) - seen):
                seen.add(other)
                waiting.append(other)
        return None


def mentions_of(resolver: Resolver, logical_ids: Iterable[str]) -> Mentions:
    """What the named resources of a template mention."""
    found = _Finding(resolver)
    for logical_id in logical_ids:
        found.look_at(logical_id)
    return Mentions(
        vpcs=found.ids["vpc"],
        subnets=found.ids["subnet"],
        groups=found.ids["group"],
        route_tables=found.ids["route table"],
        public=frozenset(found.public),
        blocks=tuple(found.blocks),
        beside={name: frozenset(others) for name, others in found.beside.items()},
    )


class _Finding:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._parameters = resolver.template.parameters
        self.ids: dict[Kind, dict[str, int]] = {"vpc": {}, "subnet": {}, "group": {}, "route table": {}}
        self.public: set[str] = set()
        self.blocks: list[tuple[str, str]] = []
        self.beside: dict[str, set[str]] = {}

    def look_at(self, logical_id: str) -> None:
        """Takes in what one resource mentions."""
        resource = self._resolver.template.resources[logical_id]
        subnets = []
        for name, value in _named(resource.properties):
            kind = _KINDS.get(name)
            for position, item in enumerate(self._items(value, logical_id)):
                if isinstance(item, _Made):
                    self._link_made(logical_id, item.logical_id)
                elif kind is not None and _IDS[kind].fullmatch(item):
                    self.ids[kind].setdefault(item, position)
                    self._link(logical_id, item)
                    subnets += [item] if kind == "subnet" else []
        is_public = _PUBLIC.get(resource.type)
        if subnets and is_public is not None and is_public(resource.properties):
            self.public.update(subnets)
        block = resource.properties.get(_CIDR_BLOCK)
        if resource.type == _SUBNET and isinstance(block, str):
            self.blocks.append((logical_id, block))

    def _link_made(self, logical_id: str, other: str) -> None:
        there = self._resolver.template.resources.get(other)
        if there is not None and there.type != _VPC:  # what stands in a VPC of the template is in no existing one
            self._link(logical_id, other)

    def _link(self, one: str, other: str) -> None:
        self.beside.setdefault(one, set()).add(other)
        self.beside.setdefault(other, set()).add(one)

    def _items(self, value: object, logical_id: str) -> Iterator[str | _Made]:
        """The texts that a value stands for, and the resources of the template that it refers to."""
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from self._items(item, logical_id)
        elif isinstance(value, Mapping):
            made = _referred(value)
            if made is not None and made not in self._parameters and not made.startswith(_PSEUDO):
                yield _Made(logical_id=made)
                return
            try:
                resolved = self._resolver.resolve(value, f"Resources.{logical_id}.Properties")
            except (LambdakitError, LookupError, UnknownValue):
                resolved = list(value.values())  # a part of it is not made yet; the other parts may be known
            if not isinstance(resolved, Mapping):
                yield from self._items(resolved, logical_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A reference to a resource that the template makes."""

    logical_id: str


def _named(properties: object) -> Iterator[tuple[str, object]]:
    """The properties that name parts of a network, however deep they are: names in lower case."""
    if isinstance(properties, Mapping):
        for name, value in properties.items():
            lower = str(name).lower()
            if lower in _KINDS or lower in _LINKS:
                yield lower, value
            if isinstance(value, dict | list):
                yield from _named(value)
    elif isinstance(properties, list):
        for item in properties:
            yield from _named(item)


def _referred(value: Mapping[str, Any]) -> str | None:
    if len(value) == 1:
        name = value.get("Ref", value.get("Fn::GetAtt"))
        if isinstance(name, str):
            return name.partition(".")[0]
        if isinstance(name, list) and name and isinstance(name[0], str):
            return name[0]
    return None
