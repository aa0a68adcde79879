"""A region's network as plain data: what moto's EC2 holds, without moto.

Ids are as EC2 gives them; `name` is the tag `Name`, empty where there is none. Addresses are texts: CIDR blocks or
addresses. What is gone is not there: a route whose target was deleted still names it.
"""

from __future__ import annotations

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """own_dns_servers: that its DHCP options name others than Amazon's."""

    id: str
    name: str = ""
    cidr_blocks: tuple[str, ...] = ()
    dns_support: bool = True
    dns_hostnames: bool = False
    own_dns_servers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """ipv6_cidr_blocks: empty where the subnet is IPv4 only. cidr_block: empty where it is IPv6 only."""

    id: str
    vpc_id: str
    name: str = ""
    cidr_block: str = ""
    ipv6_cidr_blocks: tuple[str, ...] = ()
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """destination: a CIDR block, or a prefix list's id. target: an id, or `local`; empty where it is not known."""

    destination: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """subnet_ids: those that are associated with it explicitly."""

    id: str
    vpc_id: str
    name: str = ""
    main: bool = False
    subnet_ids: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An internet gateway, an egress-only one or a virtual private one. vpc_id: empty while it is not attached."""

    id: str
    vpc_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NatGateway:
    """public: its connectivity type. address: the Elastic IP address; empty where there is none."""

    id: str
    subnet_id: str
    name: str = ""
    state: str = "available"
    public: bool = True
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """A peering connection. state: `active` once it is accepted. Each side is an account, a region and a VPC."""

    id: str
    requester: tuple[str, str, str]
    accepter: tuple[str, str, str]
    name: str = ""
    state: str = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A VPC endpoint. kind: `Gateway`, `Interface` or another type. policy: the document as JSON."""

    id: str
    vpc_id: str
    service_name: str
    kind: str
    name: str = ""
    state: str = "available"
    policy: str = ""
    private_dns: bool = False
    route_table_ids: tuple[str, ...] = ()
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A security group's rule: one of cidr, group_id and prefix_list_id is set.

    protocol: `tcp`, `udp`, `icmp`, a number as text, or `-1` for all. Ports are absent where all are meant.
    """

    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidr: str = ""
    group_id: str = ""
    prefix_list_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """default: that it is the group which its VPC came with."""

    id: str
    vpc_id: str
    name: str = ""
    default: bool = False
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AclRule:
    """A network ACL's rule. protocol: a number as text, `-1` for all. Ports are absent where all are meant."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: str
    from_port: int | None = None
    to_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl:
    """subnet_ids: those that are associated with it. rules: in the order of their numbers."""

    id: str
    vpc_id: str
    name: str = ""
    default: bool = False
    subnet_ids: tuple[str, ...] = ()
    rules: tuple[AclRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixList:
    """name: of one of AWS's own, the endpoint service's name."""

    id: str
    name: str = ""
    cidr_blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A network interface. instance_id: empty where no machine has it. public_address: empty where there is none."""

    id: str
    subnet_id: str
    addresses: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    instance_id: str = ""
    public_address: str = ""
    source_dest_check: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkObjects:
    """All of a region's network."""

    vpcs: tuple[Vpc, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    internet_gateways: tuple[Gateway, ...] = ()
    egress_only_gateways: tuple[Gateway, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    peerings: tuple[Peering, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    interfaces: tuple[Interface, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEndpoint:
    """What stands in the account under a host name or an address: a database, a cache, a balancer, a machine.

    host: the name, in lower case, or an address. port: what it listens at; 0 where that is not known.
    label: what it is, in words and by its name.
    subnet_ids: where it may stand; empty outside a VPC.
    security_group_ids: absence where no group stands before it; empty stands for the VPC's default group.
    publicly_accessible: that it has a public address too, to which its name resolves outside its VPC.
    public_name: that its name resolves to the public address in its VPC too, as an internet-facing balancer's does.
    """

    host: str
    port: int = 0
    label: str = ""
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] | None = ()
    publicly_accessible: bool = False
    public_name: bool = False
