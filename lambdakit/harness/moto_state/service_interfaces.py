"""The network interfaces that services put into an account's subnets: of load balancers, and of interface endpoints.

One for each subnet, with an address of it and the groups of its owner, as long as the owner has that subnet. moto makes
none for load balancers; those of endpoints it gives addresses outside of their subnets, and the VPC's default group.

Private surface used: `moto.ec2.models.EC2Backend` and `moto.elbv2.models.ELBv2Backend`, of which the methods named
below and `enis`, `vpc_end_points`, `load_balancers`; `NetworkInterface` with the attributes set and read here; a
subnet's `_subnet_ips`.
Canary: tests/unit/harness/test_harness_service_interfaces.py.

Source: AWS knowledge center, "How do I find the IP addresses that are used by my load balancer?", for the description
by which one finds a balancer's interfaces; AWS PrivateLink guide, "Access an AWS service using an interface VPC
endpoint"; EC2 API Reference, "NetworkInterface" and "DescribeNetworkInterfaces". The words of an endpoint's description
and who asked for the interfaces are not confirmed by a page.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import field
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

_EC2: Final = "moto.ec2.models"
_BALANCERS: Final = "moto.elbv2.models"
_INTERFACES: Final = "moto.ec2.models.elastic_network_interfaces"
# EC2 API Reference, "NetworkInterface": InterfaceType. An application load balancer's is an ordinary one.
_TYPES: Final = {"network": "network_load_balancer", "gateway": "gateway_load_balancer"}
# VPC User Guide, "Subnet CIDR blocks": the first four addresses and the last one are AWS's.
_FIRST_ADDRESS: Final = 4
# What moto cannot look for. EC2 API Reference, "DescribeNetworkInterfaces": Filter.
_FILTERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "association.public-ip": lambda interface: interface.public_ip,
    "interface-type": lambda interface: interface.interface_type,
    "mac-address": lambda interface: interface.mac_address,
    "owner-id": lambda interface: interface.owner_id,
    "requester-id": lambda interface: interface.requester_id,
    "requester-managed": lambda interface: str(interface.requester_managed).lower(),
    "status": lambda interface: interface.status,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """Whose interfaces they are.

    addresses: by subnet, those that its maker chose. elastic: by subnet, the allocation of an Elastic IP address.
    public: whether each has a public address, AWS's own where no other was allocated.
    """

    description: str
    interface_type: str
    requester: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    addresses: Mapping[str, str] = field(default_factory=dict)
    elastic: Mapping[str, str] = field(default_factory=dict)
    public: bool = False


def make_service_interfaces() -> None:
    """From now on there are such interfaces wherever there is an owner of theirs. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ == _BALANCERS:
        balancers: Any = vars(module)["ELBv2Backend"]
        for name in ("create_load_balancer", "set_subnets", "set_security_groups"):
            setattr(balancers, name, _followed(getattr(balancers, name), _settle_balancer))
        balancers.delete_load_balancer = _preceded(balancers.delete_load_balancer)
    elif module.__name__ == _EC2:
        backend: Any = vars(module)["EC2Backend"]
        for name in ("create_vpc_endpoint", "modify_vpc_endpoint"):
            setattr(backend, name, _followed(getattr(backend, name), _settle_endpoint))
    elif module.__name__ == _INTERFACES:
        interface: Any = vars(module)["NetworkInterface"]
        interface.get_filter_value = _filtering(interface.get_filter_value)


def _followed(own: Any, settle: Callable[[Any, Mapping[str, Any], Any], None]) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def followed(backend: Any, *arguments: Any, **named: Any) -> Any:
        answer = own(backend, *arguments, **named)
        settle(backend, _by_name(own, arguments, named), answer)
        return answer

    return followed


def _preceded(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def preceded(backend: Any, arn: str) -> Any:
        balancer = backend.load_balancers.get(arn)
        if balancer is not None:
            _settle(backend.ec2_backend, _owner_of(balancer, {}, subnets=()))
        return own(backend, arn)

    return preceded


def _filtering(own: Any) -> Any:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def filtering(interface: Any, filter_name: str, method_name: str | None = None) -> Any:
        read = _FILTERS.get(filter_name)
        return own(interface, filter_name, method_name) if read is None else read(interface)

    return filtering


def _by_name(own: Any, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Mapping[str, Any]:
    names = own.__code__.co_varnames[1 : own.__code__.co_argcount]
    return dict(zip(names, arguments, strict=False)) | dict(named)


def _settle_balancer(backend: Any, asked: Mapping[str, Any], answer: Any) -> None:
    balancer = backend.load_balancers.get(asked["arn"]) if "arn" in asked else answer
    mappings = {each["SubnetId"]: each for each in asked.get("subnet_mappings") or ()}
    subnets = tuple(getattr(subnet, "id", subnet) for subnet in balancer.subnets)
    _settle(backend.ec2_backend, _owner_of(balancer, mappings, subnets=subnets))


def _owner_of(balancer: Any, mappings: Mapping[str, Mapping[str, str]], *, subnets: tuple[str, ...]) -> _Owner:
    return _Owner(
        description="ELB " + balancer.arn.partition(":loadbalancer/")[2],
        interface_type=_TYPES.get(balancer.type, "interface"),
        requester="amazon-elb",
        subnets=subnets,
        groups=tuple(balancer.security_groups or ()),
        addresses=_told(mappings, "PrivateIPv4Address"),
        elastic=_told(mappings, "AllocationId"),
        public=balancer.scheme != "internal",  # what nobody said is `internet-facing`
    )


def _told(mappings: Mapping[str, Mapping[str, str]], key: str) -> Mapping[str, str]:
    return {subnet: mapping[key] for subnet, mapping in mappings.items() if mapping.get(key)}


def _settle_endpoint(backend: Any, asked: Mapping[str, Any], answer: Any) -> None:
    # What `modify_vpc_endpoint` calls `vpc_id` is the endpoint's own.
    endpoint = backend.vpc_end_points.get(asked["vpc_id"]) if answer is None else answer
    if str(endpoint.vpc_endpoint_type).lower() != "interface":
        return
    for identity in set(endpoint.network_interface_ids):  # those of moto's own making
        interface = backend.enis.get(identity)
        if interface is not None and not interface.requester_managed:
            backend.enis.pop(identity)
    endpoint.network_interface_ids = _settle(
        backend,
        _Owner(
            description=f"VPC Endpoint Interface {endpoint.id}",
            interface_type="vpc_endpoint",
            requester=backend.account_id,
            subnets=tuple(endpoint.subnet_ids or ()),
            groups=tuple(endpoint.security_group_ids or ()),
        ),
    )


def _settle(backend: Any, owner: _Owner) -> list[str]:
    """Makes, changes and removes interfaces until there is one in each of the owner's subnets; their ids."""
    there = {each.subnet.id: each for each in list(backend.enis.values()) if each.description == owner.description}
    for subnet, interface in there.items():
        if subnet not in owner.subnets:
            backend.enis.pop(interface.id, None)
    kept = [there.get(subnet) or _made(backend, owner, subnet) for subnet in owner.subnets]
    if owner.groups:
        groups = [backend.get_security_group_from_id(group) for group in owner.groups]
        for interface in kept:
            interface._group_set = [group for group in groups if group is not None]
    return [interface.id for interface in kept]


def _made(backend: Any, owner: _Owner, subnet_id: str) -> Any:
    subnet = backend.get_subnet(subnet_id)
    interface = backend.create_network_interface(
        subnet, owner.addresses.get(subnet_id) or _free_address(backend, subnet), description=owner.description
    )
    interface.interface_type = owner.interface_type
    interface.requester_id = owner.requester
    interface.requester_managed = True
    interface.status = "in-use"
    if subnet_id in owner.elastic:
        interface.public_ip = backend.address_by_allocation([owner.elastic[subnet_id]])[0].public_ip
    elif owner.public:
        interface.public_ip_auto_assign = True
        interface.check_auto_public_ip()
    return interface


def _free_address(backend: Any, subnet: Any) -> str:
    """The lowest that nobody has; of a subnet that is full, or has none, moto's own choice."""
    taken = {
        str(entry.get("PrivateIpAddress"))
        for each in list(backend.enis.values())
        if each.subnet.id == subnet.id
        for entry in each.private_ip_addresses
        if isinstance(entry, dict)
    }
    block = ipaddress.IPv4Network(subnet.cidr_block or "0.0.0.0/32")
    for number in range(_FIRST_ADDRESS, block.num_addresses - 1):
        address = str(block[number])
        if address not in taken and address not in subnet._subnet_ips:
            return address
    return ""
