"""What security groups let through, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.assembly.template import Resource
from lambdakit.reports.rendered_value import rendered

_GROUP: Final = "AWS::EC2::SecurityGroup"
# The direction of a resource that is one rule.
_RULES: Final = {
    "AWS::EC2::SecurityGroupIngress": "ingress",
    "AWS::EC2::SecurityGroupEgress": "egress",
}
_PEERS: Final = (
    *("CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourceSecurityGroupName", "DestinationSecurityGroupId"),
    *("SourcePrefixListId", "DestinationPrefixListId"),
)
# Source: EC2 API Reference, IpPermission.IpProtocol: -1 is every protocol.
_EVERY_PROTOCOL: Final = "-1"


def network_rules(resource: Resource) -> Iterator[str]:
    """A line for each rule that a resource brings; none for other types."""
    properties = resource.properties
    if resource.type in _RULES:
        yield f"{_rule(_RULES[resource.type], properties)} of {rendered(properties.get('GroupId'))}"
    elif resource.type == _GROUP:
        for direction, name in (("ingress", "SecurityGroupIngress"), ("egress", "SecurityGroupEgress")):
            rules = properties.get(name)
            for rule in rules if isinstance(rules, list) else ():
                if isinstance(rule, Mapping):
                    yield _rule(direction, rule)


def _rule(direction: str, rule: Mapping[str, object]) -> str:
    protocol = rendered(rule.get("IpProtocol"))
    first, last = rendered(rule.get("FromPort")), rendered(rule.get("ToPort"))
    ports = f" {first}" if first == last else f" {first}-{last}"
    what = "everything" if protocol == _EVERY_PROTOCOL else f"{protocol}{ports if first else ''}"
    peers = [rendered(rule[name]) for name in _PEERS if name in rule]
    return f"{direction} {what} {'from' if direction == 'ingress' else 'to'} {', '.join(peers) or 'nowhere'}"
