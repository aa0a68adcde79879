"""Whether network ACLs let a connection's packets pass, both ways.

They are stateless: the answer needs a rule as well, to the port that the caller chose. Rules are tried in the order of
their numbers, the first that matches decides, and what none matches is denied. Packets within a subnet pass none.
Source: Amazon VPC User Guide, "Network ACL basics", "Network ACL rules", "Ephemeral ports".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.moto_state.network_objects import AclRule, NetworkAcl, Subnet
from lambdakit.harness.network.addresses import Block, block_of, without
from lambdakit.harness.network.topology import Obstacle, Party, Topology, blocks_in, called

# The same, "Ephemeral ports": Lambda functions and NAT gateways use 1024-65535. The ends of the ranges that people
# write stand for the whole: a rule for one port among them (3389) closes one connection in 64,000.
_EPHEMERAL: Final = (1024, 32768, 65535)
_TCP: Final = frozenset({"6", "-1", "tcp", "all"})


def closed_between(
    topology: Topology,
    here: Subnet,
    there: Subnet | None,
    party: Party,
    port: int,
    other: Topology | None = None,
) -> Obstacle | None:
    """What an ACL closes between a subnet and `party`; None when the packets pass both ways.

    there: the subnet that the party is in; absence for one outside the VPCs. other: the network of that subnet, where
    it is not the same.
    """
    if there is not None and there.id == here.id and (other is None or other is topology):
        return None
    version = party.blocks[0].version if party.blocks else 4
    obstacle = _closed(topology, here, party, port, leaving=True)
    if obstacle is None and there is not None:
        source = Party(blocks=blocks_in(here, version))
        obstacle = _closed(other or topology, there, source, port, leaving=False)
    return obstacle


def closed_towards(topology: Topology, subnet: Subnet, source: Party, port: int) -> Obstacle | None:
    """What the ACL of a subnet closes for connections from outside the VPC to something in it."""
    return _closed(topology, subnet, source, port, leaving=False)


def _closed(topology: Topology, subnet: Subnet, party: Party, port: int, *, leaving: bool) -> Obstacle | None:
    """The packets of a connection that leaves, or enters, the subnet, and those of its answer."""
    acl = topology.acl_of(subnet)
    if acl is None:
        return None
    for egress in (leaving, not leaving):
        ports = (port,) if egress is leaving else _EPHEMERAL
        for each in ports:
            rule = _denied_by(acl, egress, party, each)
            if rule is not None:
                return _obstacle(acl, subnet, egress, f"TCP {port}" if len(ports) == 1 else "TCP 1024-65535", rule)
    return None


def _denied_by(acl: NetworkAcl, egress: bool, party: Party, port: int) -> str | None:
    """The rule that stops packets to or from the party, in words; None when they pass."""
    left: tuple[Block, ...] = party.blocks
    passed = False
    for rule in acl.rules:
        block = block_of(rule.cidr)
        if rule.egress is not egress or block is None or not _is_for(rule, port):
            continue
        if rule.allow:
            rest = without(left, block)
            passed = passed or rest != left
            left = rest
        elif any(block.overlaps(each) for each in left):
            rest = without(left, block)
            # One address of the internet's is hardly one of those few; but a subnet's may be.
            if not party.anywhere or (not rest and not passed):
                return f"rule {rule.number}"
            left = rest
        if not left:
            break
    return None if passed and not left else "no rule allows it"


def _is_for(rule: AclRule, port: int) -> bool:
    if rule.protocol.lower() not in _TCP:
        return False
    if rule.protocol in ("-1", "all") or rule.from_port is None or rule.to_port is None:
        return True
    return rule.from_port <= port <= rule.to_port


def _obstacle(acl: NetworkAcl, subnet: Subnet, egress: bool, ports: str, rule: str) -> Obstacle:
    direction = "outbound" if egress else "inbound"
    return Obstacle(
        reason=f"{called(acl, 'network ACL')} of {called(subnet, 'subnet')} denies {direction} {ports} ({rule})",
        fix=f"add a rule to {acl.id} that allows {direction} {ports}, with a number below the one that denies it",
    )
