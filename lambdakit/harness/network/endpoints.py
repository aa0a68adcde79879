"""VPC endpoints: which of them a request to a service takes, and whether it gets through.

A gateway endpoint is a route to a service's public addresses. An interface endpoint has addresses in the VPC, to which
the service's own name leads only with private DNS: then nothing else is tried.
Source: AWS PrivateLink Guide, "Gateway endpoints", "Access an AWS service using an interface VPC endpoint".
"""

from __future__ import annotations

from collections.abc import Sequence

from lambdakit.harness.moto_state.network_objects import Endpoint, SecurityGroup, Subnet, Vpc
from lambdakit.harness.network.addresses import INTERNET
from lambdakit.harness.network.network_acls import closed_between
from lambdakit.harness.network.security_groups import closed_in, closed_out
from lambdakit.harness.network.services import (
    GATEWAY_FIRST,
    GATEWAYS,
    WITHOUT_PRIVATE_DNS,
    Service,
    is_endpoint_of,
)
from lambdakit.harness.network.topology import Obstacle, Party, Topology, Way, blocks_in, called
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A function's interface in one subnet. groups: None where they are not known, and nothing is judged by them."""

    topology: Topology
    vpc: Vpc
    subnet: Subnet
    groups: Sequence[SecurityGroup] | None
    group_ids: frozenset[str]
    ipv6: bool = False

    @property
    def party(self) -> Party:
        """How others see it: any address of the subnet, as Lambda takes one that is free."""
        return Party(blocks=blocks_in(self.subnet, 4) or blocks_in(self.subnet), group_ids=self.group_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The endpoints of a VPC for one service. mute: interface endpoints to which the service's name does not lead."""

    gateways: tuple[Endpoint, ...]
    interfaces: tuple[Endpoint, ...]
    mute: tuple[Endpoint, ...]
    elsewhere: tuple[Endpoint, ...]


def endpoints_for(topology: Topology, vpc: Vpc, service: Service) -> Endpoints:
    """The VPC's available endpoints of a service. elsewhere: the gateways that another VPC of the account has."""
    fitting = [
        endpoint
        for endpoint in topology.endpoints
        if endpoint.state == "available"
        and (
            endpoint.id == service.endpoint_id
            if service.endpoint_id
            else is_endpoint_of(endpoint.service_name, service)
        )
    ]
    here = [endpoint for endpoint in fitting if endpoint.vpc_id == vpc.id]
    interfaces = [endpoint for endpoint in here if endpoint.kind.lower() == "interface"]
    answering = [endpoint for endpoint in interfaces if service.endpoint_id or _answers(endpoint, vpc)]
    return Endpoints(
        gateways=tuple(endpoint for endpoint in here if endpoint.kind.lower() == "gateway"),
        interfaces=tuple(answering),
        mute=tuple(endpoint for endpoint in interfaces if endpoint not in answering),
        elsewhere=tuple(endpoint for endpoint in fitting if endpoint.vpc_id != vpc.id),
    )


def endpoint_taken(caller: Caller, service: Service, endpoints: Endpoints) -> Endpoint | None:
    """The endpoint that a request from the subnet takes; None where it goes to the public addresses another way."""
    table = caller.topology.table_of(caller.subnet)
    gateway = next((each for each in endpoints.gateways if table.id in each.route_table_ids), None)
    interface = next(iter(endpoints.interfaces), None)
    if gateway is not None and (interface is None or GATEWAY_FIRST.intersection(service.names)):
        return gateway
    return interface


def way_through(caller: Caller, endpoint: Endpoint, service: Service, port: int) -> Way | Obstacle:
    """The way through an endpoint that is taken, or what closes it."""
    if endpoint.kind.lower() == "gateway":
        return _through_gateway(caller, endpoint, service, port)
    return _through_interface(caller, endpoint, port)


def missing_endpoint(caller: Caller, service: Service, endpoints: Endpoints) -> str:
    """Why a request from the subnet takes no endpoint, in words that go on after a colon."""
    table = caller.topology.table_of(caller.subnet)
    if service.region != caller.topology.region:
        return f"endpoints lead to services of their own region, {caller.topology.region}"
    if endpoints.mute:
        endpoint = endpoints.mute[0]
        name = called(endpoint, "interface endpoint")
        return f"{name} does not answer to the service's name, as {_mute(endpoint, caller.vpc)}"
    if endpoints.gateways:
        return f"{called(endpoints.gateways[0], 'gateway endpoint')} is not in its route table {table.id}"
    if GATEWAYS.intersection(service.names):
        return f"no gateway endpoint in its route table {table.id}"
    return f"no interface endpoint in {called(caller.vpc, 'VPC')}"


def endpoint_fix(caller: Caller, service: Service, endpoints: Endpoints) -> str:
    """How a request would take an endpoint; empty where none can be had."""
    if service.region != caller.topology.region or service.endpoint_id:
        return ""
    name = service.names[0]
    table = caller.topology.table_of(caller.subnet)
    if endpoints.gateways:
        return f"associate {endpoints.gateways[0].id} with route table {table.id}"
    if name in GATEWAYS:
        constant = {"s3": "S3", "dynamodb": "DYNAMODB"}.get(name, "S3_EXPRESS")
        return (
            f"add a gateway endpoint for {name} to the VPC's route tables (CDK:"
            f' vpc.add_gateway_endpoint("{_pascal(name)}", service=ec2.GatewayVpcEndpointAwsService.{constant}))'
        )
    if endpoints.mute and name in WITHOUT_PRIVATE_DNS:
        return f"call the service by the endpoint's own name (endpoint_url of {endpoints.mute[0].id})"
    if endpoints.mute:
        if endpoints.mute[0].private_dns:
            return f"switch enableDnsSupport and enableDnsHostnames of {caller.vpc.id} on"
        return f"enable private DNS for {endpoints.mute[0].id} (CDK: private_dns_enabled=True)"
    return (
        f"add an interface endpoint for {name} (CDK:"
        f' vpc.add_interface_endpoint("{_pascal(name)}", service=ec2.InterfaceVpcEndpointAwsService("{name}")))'
    )


def _through_gateway(caller: Caller, endpoint: Endpoint, service: Service, port: int) -> Way | Obstacle:
    topology = caller.topology
    lists = topology.prefix_list_ids_of(endpoint.service_name)
    party = Party(blocks=INTERNET, anywhere=True, prefix_list_ids=lists)
    to = f"{service.label} (prefix list {min(lists)})" if lists else service.label
    obstacle = closed_out(caller.groups, party, port, topology, to) if caller.groups is not None else None
    obstacle = obstacle or closed_between(topology, caller.subnet, None, party, port)
    if obstacle is not None:
        return obstacle
    table = topology.table_of(caller.subnet)
    return Way(through=(f"route table {table.id}", called(endpoint, "gateway endpoint")))


def _through_interface(caller: Caller, endpoint: Endpoint, port: int) -> Way | Obstacle:
    """Its addresses are in the VPC, and the name gives one of any zone. Source: the same, "Subnets and zones"."""
    topology = caller.topology
    name = called(endpoint, "interface endpoint")
    subnets = [topology.subnets[each] for each in endpoint.subnet_ids if each in topology.subnets]
    if not subnets:
        return Obstacle(
            reason=f"{name} has no network interface: it is in no subnet",
            fix=f"give {endpoint.id} a subnet",
            of_route=True,
        )
    groups = topology.groups_of(endpoint.security_group_ids, endpoint.vpc_id)
    own = frozenset(endpoint.security_group_ids) or frozenset(group.id for group in groups or ())
    for subnet in subnets:
        party = Party(blocks=blocks_in(subnet, 4) or blocks_in(subnet), group_ids=own)
        obstacle = closed_out(caller.groups, party, port, topology, name) if caller.groups is not None else None
        if obstacle is None and groups is not None:
            source = f"the function in {called(caller.subnet, 'subnet')}"
            obstacle = closed_in(groups, caller.party, port, topology, source, name)
        obstacle = obstacle or closed_between(topology, caller.subnet, subnet, party, port)
        if obstacle is not None:
            return obstacle
    return Way(through=(name,), judged=groups is not None)


def _answers(endpoint: Endpoint, vpc: Vpc) -> bool:
    """Whether the service's own name leads to the endpoint.

    Source: the same, "Private DNS": it needs both DNS attributes of the VPC.
    """
    name = endpoint.service_name.rpartition("com.amazonaws.")[2].partition(".")[2]
    return endpoint.private_dns and vpc.dns_support and vpc.dns_hostnames and name not in WITHOUT_PRIVATE_DNS


def _mute(endpoint: Endpoint, vpc: Vpc) -> str:
    if not endpoint.private_dns:
        return "its private DNS is off"
    if not (vpc.dns_support and vpc.dns_hostnames):
        missing = "enableDnsHostnames" if vpc.dns_support else "enableDnsSupport"
        return f"private DNS needs {missing} of {called(vpc, 'VPC')}, which is off"
    return "the service has no private DNS name"


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.replace(".", "-").split("-"))
