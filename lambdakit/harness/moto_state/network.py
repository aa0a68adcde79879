"""moto's EC2, read in process: a region's network as plain data.

What moto leaves out of what AWS does by itself is added here: the internet gateway of the default VPC, and the rules
for IPv6 that default groups and ACLs get. An object that cannot be read is left out.

Private surface used: `moto.ec2.models.ec2_backends[account][region]` with `vpcs`, `subnets`, `route_tables`,
`internet_gateways`, `egress_only_internet_gateways`, `nat_gateways`, `vpc_pcxs`, `vpc_end_points`, `groups`,
`network_acls`, `managed_prefix_lists`, `enis` and `tags`, and the attributes of what they hold.
Canary: tests/unit/harness/network/test_network_moto_state.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.harness.moto_state.network_objects import (
    AclRule,
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
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)

Made = TypeVar("Made")

_UNREADABLE: Final = (AttributeError, LookupError, TypeError, ValueError)
_EVERYWHERE: Final = "0.0.0.0/0"
_EVERYWHERE_6: Final = "::/0"
_AMAZON_DNS: Final = "AmazonProvidedDNS"


def network_of(account_id: str, region: str) -> NetworkObjects:
    """A region's network; an empty one where nobody asked moto's EC2 for anything."""
    # Asking for a backend that is not there would make it, with a default VPC that nobody wanted.
    backends = getattr(loaded("moto.ec2.models"), "ec2_backends", None)
    regions = None if backends is None else dict(list(backends.items())).get(account_id)
    backend = None if regions is None else dict(list(regions.items())).get(region)
    if backend is None:
        return NetworkObjects()
    return _Reading(backend).everything()


class _Reading:
    """One look at a backend, which others may change meanwhile."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._vpcs = _values(backend, "vpcs")
        self._dual_stack = set(_each(_if_dual_stack, self._vpcs))
        self._attached = set(_each(_attached_to, _values(backend, "internet_gateways")))

    def everything(self) -> NetworkObjects:
        """The network, object by object."""
        backend = self._backend
        return NetworkObjects(
            vpcs=_each(self._vpc, self._vpcs),
            subnets=_each(self._subnet, _two_deep(backend, "subnets")),
            route_tables=_each(self._route_table, _values(backend, "route_tables")),
            internet_gateways=_each(self._internet_gateway, _values(backend, "internet_gateways"))
            + _each(self._own_gateway, self._vpcs),
            egress_only_gateways=_each(self._egress_only, _values(backend, "egress_only_internet_gateways")),
            nat_gateways=_each(self._nat_gateway, _values(backend, "nat_gateways")),
            peerings=_each(self._peering, _values(backend, "vpc_pcxs")),
            endpoints=_each(self._endpoint, _values(backend, "vpc_end_points")),
            security_groups=_each(self._security_group, _two_deep(backend, "groups")),
            network_acls=_each(self._network_acl, _values(backend, "network_acls")),
            prefix_lists=_each(_prefix_list, _values(backend, "managed_prefix_lists")),
            interfaces=_each(_interface, _values(backend, "enis")),
        )

    def _name(self, identity: str) -> str:
        return str(self._backend.tags.get(identity, {}).get("Name", ""))

    def _vpc(self, vpc: Any) -> Vpc:
        servers = getattr(vpc.dhcp_options, "_options", {}).get("domain-name-servers") or []
        return Vpc(
            id=vpc.id,
            name=self._name(vpc.id),
            cidr_blocks=tuple(_blocks(vpc)),
            dns_support=_is_true(vpc.enable_dns_support),
            dns_hostnames=_is_true(vpc.enable_dns_hostnames),
            own_dns_servers=any(server != _AMAZON_DNS for server in servers),
        )

    def _subnet(self, subnet: Any) -> Subnet:
        return Subnet(
            id=subnet.id,
            vpc_id=subnet.vpc_id,
            name=self._name(subnet.id),
            cidr_block=str(subnet.cidr_block or ""),
            ipv6_cidr_blocks=tuple(
                str(association["ipv6CidrBlock"])
                for association in list(subnet.ipv6_cidr_block_associations.values())
                if association["ipv6CidrBlockState"]["State"] == "associated"
            ),
            zone=subnet.availability_zone,
        )

    def _route_table(self, table: Any) -> RouteTable:
        main = table.main_association_id is not None
        routes = _each(_route, table.routes)
        if main and any(vpc.id == table.vpc_id and self._lacks_gateway(vpc) for vpc in self._vpcs):
            routes += (Route(destination=_EVERYWHERE, target=_own_gateway_id(table.vpc_id)),)
        return RouteTable(
            id=table.id,
            vpc_id=table.vpc_id,
            name=self._name(table.id),
            main=main,
            subnet_ids=tuple(list(table._associations.values())),
            routes=routes,
        )

    def _lacks_gateway(self, vpc: Any) -> bool:
        """Whether AWS's default VPC had an internet gateway where moto's has none.

        Source: Amazon VPC User Guide, "Default VPCs", "Default VPC components".
        """
        return bool(vpc.is_default) and vpc.id not in self._attached

    def _own_gateway(self, vpc: Any) -> Gateway:
        if not self._lacks_gateway(vpc):
            raise LookupError(vpc.id)
        return Gateway(id=_own_gateway_id(vpc.id), vpc_id=vpc.id)

    def _internet_gateway(self, gateway: Any) -> Gateway:
        return Gateway(id=gateway.id, vpc_id=gateway.vpc.id if gateway.vpc else "", name=self._name(gateway.id))

    def _egress_only(self, gateway: Any) -> Gateway:
        return Gateway(id=gateway.id, vpc_id=gateway.vpc_id, name=self._name(gateway.id))

    def _nat_gateway(self, gateway: Any) -> NatGateway:
        addresses = [entry.get("publicIp") or "" for entry in gateway.address_set]
        return NatGateway(
            id=gateway.id,
            subnet_id=gateway.subnet_id,
            name=self._name(gateway.id),
            state=gateway.state,
            public=gateway.connectivity_type != "private",
            address=next(iter(addresses), ""),
        )

    def _peering(self, peering: Any) -> Peering:
        sides = [(vpc.owner_id, vpc.region, vpc.id) for vpc in (peering.vpc, peering.peer_vpc)]
        return Peering(
            id=peering.id,
            requester=sides[0],
            accepter=sides[1],
            name=self._name(peering.id),
            state=peering._status.code,
        )

    def _endpoint(self, endpoint: Any) -> Endpoint:
        return Endpoint(
            id=endpoint.id,
            vpc_id=endpoint.vpc_id,
            service_name=str(endpoint.service_name or ""),
            kind=str(endpoint.vpc_endpoint_type or "Gateway"),
            name=self._name(endpoint.id),
            state=str(endpoint.state).lower(),
            policy=str(endpoint.policy_document or ""),
            private_dns=_is_true(endpoint.private_dns_enabled),
            route_table_ids=tuple(endpoint.route_table_ids or ()),
            subnet_ids=tuple(endpoint.subnet_ids or ()),
            security_group_ids=tuple(endpoint.security_group_ids or ()),
        )

    def _security_group(self, group: Any) -> SecurityGroup:
        ingress, egress = _each(_rule, group.ingress_rules), _each(_rule, group.egress_rules)
        default = bool(group.is_default)
        # Amazon VPC User Guide, "Default security groups for your VPCs": it admits its own members. moto leaves that
        # rule out, so that it cannot be revoked alone; who shuts the group takes its egress away as well.
        if default and egress:
            ingress += (Rule(protocol="-1", group_id=group.id),)
        # The same: it lets IPv6 out as well where the VPC has a block of it.
        if default and group.vpc_id in self._dual_stack and [rule.cidr for rule in egress] == [_EVERYWHERE]:
            egress += (Rule(protocol="-1", cidr=_EVERYWHERE_6),)
        return SecurityGroup(
            id=group.id,
            vpc_id=group.vpc_id or "",
            name=self._name(group.id) or str(group.name or ""),
            default=default,
            ingress=ingress,
            egress=egress,
        )

    def _network_acl(self, acl: Any) -> NetworkAcl:
        rules = list(_each(_acl_rule, acl.network_acl_entries))
        # Amazon VPC User Guide, "Default network ACL for a VPC": rule 101 lets IPv6 pass where the VPC has it.
        if acl.default and acl.vpc_id in self._dual_stack and not any(":" in rule.cidr for rule in rules):
            rules += [
                AclRule(number=101, egress=egress, allow=True, protocol="-1", cidr=_EVERYWHERE_6)
                for egress in (True, False)
            ]
        return NetworkAcl(
            id=acl.id,
            vpc_id=acl.vpc_id,
            name=self._name(acl.id),
            default=bool(acl.default),
            subnet_ids=tuple(association.subnet_id for association in list(acl._associations.values())),
            rules=tuple(sorted(rules, key=lambda rule: rule.number)),
        )


def _if_dual_stack(vpc: Any) -> str:
    """The VPC's id, if it has an IPv6 block; else empty."""
    return str(vpc.id) if any(":" in block for block in _blocks(vpc)) else ""


def _attached_to(gateway: Any) -> str:
    return str(gateway.vpc.id)


def _own_gateway_id(vpc_id: str) -> str:
    return vpc_id.replace("vpc-", "igw-", 1)


def _route(route: Any) -> Route:
    ends = (
        *("gateway", "nat_gateway", "egress_only_igw", "transit_gateway", "interface", "instance", "vpc_pcx"),
        "carrier_gateway",
    )
    target = next((end.id for end in (getattr(route, name, None) for name in ends) if end is not None), "")
    destination = route.destination_cidr_block or route.destination_ipv6_cidr_block
    if destination is None and route.destination_prefix_list is not None:
        destination = route.destination_prefix_list.id
    return Route(
        destination=str(destination or ""),
        target="local" if route.local else str(target or route.vpc_endpoint_id or ""),
    )


def _rule(rule: Any) -> Rule:
    ports = (None, None) if rule.from_port is None else (int(rule.from_port), int(rule.to_port))
    return Rule(
        protocol=str(rule.ip_protocol or "-1").lower(),
        from_port=ports[0],
        to_port=ports[1],
        cidr=str(rule.ip_range.get("CidrIp") or rule.ip_range.get("CidrIpv6") or ""),
        group_id=str(rule.source_group.get("GroupId") or ""),
        prefix_list_id=str(rule.prefix_list_id or ""),
    )


def _acl_rule(entry: Any) -> AclRule:
    ports = [None if port is None else int(port) for port in (entry.port_range_from, entry.port_range_to)]
    return AclRule(
        number=int(entry.rule_number),
        egress=_is_true(entry.egress),
        allow=str(entry.rule_action).lower() == "allow",
        protocol=str(entry.protocol),
        cidr=str(entry.cidr_block or entry.ipv6_cidr_block or ""),
        from_port=ports[0],
        to_port=ports[1],
    )


def _prefix_list(prefix_list: Any) -> PrefixList:
    if prefix_list.state == "delete-complete":
        raise LookupError(prefix_list.id)
    versions: Mapping[Any, Any] = prefix_list.entries
    latest = versions.get(prefix_list.version) or next(reversed(list(versions.values())), None) or ()
    return PrefixList(
        id=prefix_list.id,
        name=str(prefix_list.prefix_list_name or ""),
        cidr_blocks=tuple(str(entry["Cidr"]) for entry in latest),
    )


def _interface(interface: Any) -> Interface:
    addresses = [entry.get("PrivateIpAddress") for entry in interface.private_ip_addresses if isinstance(entry, dict)]
    instance = interface.instance
    groups = list(interface.group_set) or list(getattr(instance, "security_groups", None) or ())
    return Interface(
        id=interface.id,
        subnet_id=interface.subnet.id,
        addresses=tuple(str(each) for each in (*addresses, *interface.ipv6_addresses) if each),
        security_group_ids=tuple(dict.fromkeys(group.id for group in groups)),
        instance_id="" if instance is None else instance.id,
        public_address=str(interface.public_ip or ""),
        source_dest_check=_is_true(getattr(instance, "source_dest_check", interface.source_dest_check)),
    )


def _blocks(vpc: Any) -> list[str]:
    return [
        str(association["cidr_block"])
        for association in list(vpc._cidr_block_association_set.values())
        if association["cidr_block_state"]["state"] == "associated"
    ]


def _each(convert: Callable[[Any], Made], objects: Iterable[Any]) -> tuple[Made, ...]:
    """Each object as `convert` gives it. What is of another shape than moto makes it is left out."""

    def converted() -> Iterator[Made]:
        for item in list(objects):
            with contextlib.suppress(*_UNREADABLE):
                yield convert(item)

    return tuple(converted())


def _values(backend: Any, name: str) -> list[Any]:
    return list(getattr(backend, name, {}).values())


def _two_deep(backend: Any, name: str) -> list[Any]:
    return [item for inner in _values(backend, name) for item in list(inner.values())]


def _is_true(value: object) -> bool:
    """moto keeps some switches as it got them: as texts."""
    return value is True or str(value).lower() == "true"
