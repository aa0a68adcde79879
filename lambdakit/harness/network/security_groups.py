"""Whether security groups let a connection out of, or in to, an interface.

They are stateful: what may go out may be answered. All groups of an interface count together, and rules only allow.
Source: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups", "Security group rules".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from lambdakit.harness.moto_state.network_objects import Rule, SecurityGroup
from lambdakit.harness.network.addresses import Block, block_of, covered
from lambdakit.harness.network.topology import Obstacle, Party, Topology, called

Direction = Literal["ingress", "egress"]

# Source: IANA, "Protocol Numbers"; Amazon EC2 API Reference, "IpPermission" (-1 is all of them).
_TCP: Final = frozenset({"tcp", "6", "-1", "all"})


def admits(groups: Sequence[SecurityGroup], direction: Direction, party: Party, port: int, topology: Topology) -> bool:
    """Whether a TCP connection with `party` passes. party: the other end. port: the destination's."""
    rules = [rule for group in groups for rule in _rules(group, direction) if _is_for(rule, port)]
    if any(rule.group_id in party.group_ids or rule.prefix_list_id in party.prefix_list_ids for rule in rules):
        return True
    blocks: list[Block] = []
    for rule in rules:
        block = block_of(rule.cidr)
        blocks += topology.blocks_of_prefix_list(rule.prefix_list_id) if block is None else [block]
    return bool(party.blocks) and covered(party.blocks, blocks)


def closed_out(
    groups: Sequence[SecurityGroup], party: Party, port: int, topology: Topology, to: str
) -> Obstacle | None:
    """What keeps a function from connecting to `party`; None when its groups let it out. to: how that is called."""
    if admits(groups, "egress", party, port, topology):
        return None
    names = _names(groups)
    return Obstacle(
        reason=f"{names} {_let(groups)} no TCP {port} out to {to}",
        fix=f"add an egress rule for TCP {port} to {groups[0].id}"
        " (CDK: allow_all_outbound=True, or function.connections.allow_to(…))",
    )


def closed_in(
    groups: Sequence[SecurityGroup], party: Party, port: int, topology: Topology, source: str, owner: str
) -> Obstacle | None:
    """What keeps `party` from connecting to the owner of `groups`; None when they let it in."""
    if admits(groups, "ingress", party, port, topology):
        return None
    wanted = min(party.group_ids) if party.group_ids else source
    return Obstacle(
        reason=f"{_names(groups)} of {owner} {_let(groups)} no TCP {port} in from {source}",
        fix=f"add an ingress rule for TCP {port} from {wanted} to {groups[0].id}"
        " (CDK: connections.allow_from(function, ec2.Port.tcp(…)))",
    )


def _rules(group: SecurityGroup, direction: Direction) -> Iterable[Rule]:
    return group.ingress if direction == "ingress" else group.egress


def _is_for(rule: Rule, port: int) -> bool:
    if rule.protocol.lower() not in _TCP:
        return False
    if rule.protocol in ("-1", "all") or rule.from_port is None or rule.to_port is None:
        return True
    # Amazon EC2 API Reference, "IpPermission": -1 stands for all ports.
    return rule.from_port == -1 or rule.from_port <= port <= rule.to_port


def _names(groups: Sequence[SecurityGroup]) -> str:
    kind = "security group " if len(groups) == 1 else "security groups "
    return kind + ", ".join(called(group) for group in groups)


def _let(groups: Sequence[SecurityGroup]) -> str:
    return "lets" if len(groups) == 1 else "let"
