"""What a function reaches from one subnet of a VPC."""

from __future__ import annotations

import dataclasses
from typing import Final

from lambdakit.harness.moto_state.network_objects import Endpoint, RecordedEndpoint
from lambdakit.harness.network.addresses import INTERNET, INTERNET_6, LINK_LOCAL, LOOPBACK, PRIVATE, Block, is_in
from lambdakit.harness.network.endpoints import (
    Caller,
    endpoint_fix,
    endpoint_taken,
    endpoints_for,
    missing_endpoint,
    way_through,
)
from lambdakit.harness.network.from_outside import METADATA, closed_from_internet
from lambdakit.harness.network.internet import way_out
from lambdakit.harness.network.private_ways import way_to
from lambdakit.harness.network.services import Service, service_at
from lambdakit.harness.network.topology import Obstacle, Party, Way, blocks_in, called
from lambdakit.harness.network.verdict import Destination, Verdict
from lambdakit.harness.network.world import World, address_in

# Amazon VPC User Guide, "Subnet CIDR blocks": the first four addresses of a subnet are AWS's own.
_TAKEN: Final = 4


def from_subnet(world: World, caller: Caller, destination: Destination) -> Verdict:
    """The verdict for a function in the caller's subnet."""
    host = destination.host.lower().rstrip(".")
    address = address_in(host) if host else None
    if address is not None and not destination.service:
        recorded = world.recorded_at(caller.topology, host)
        if recorded:
            return _to_recorded(world, caller, recorded, destination)
        return _to_address(world, caller, address, destination)
    unresolved = _unresolved(caller, destination)
    if unresolved is not None:
        return _refused(caller, unresolved, host or destination.service)
    recorded = world.recorded_at(caller.topology, host) if host else ()
    if recorded:
        return _to_recorded(world, caller, recorded, destination)
    service = service_at(destination, caller.topology.region)
    if service is not None:
        return _to_service(world, caller, service, destination.port)
    if not host:
        return Verdict(reachable=True, path="not judged: no destination is named", judged=False)
    return _to_host(caller, host, destination.port)


def _unresolved(caller: Caller, destination: Destination) -> Obstacle | None:
    """Why no name resolves. Source: Amazon VPC User Guide, "DNS attributes for your VPC"."""
    vpc = caller.vpc
    if vpc.dns_support or vpc.own_dns_servers:
        return None
    name = destination.host or f"{destination.service}.{destination.region or caller.topology.region}"
    return Obstacle(
        reason=f"the name of {name} does not resolve: enableDnsSupport of {called(vpc, 'VPC')} is off",
        fix=f"switch enableDnsSupport of {vpc.id} on (CDK: enable_dns_support=True)",
    )


def _to_service(world: World, caller: Caller, service: Service, port: int) -> Verdict:
    topology = caller.topology
    endpoints = endpoints_for(topology, caller.vpc, service)
    endpoint = endpoint_taken(caller, service, endpoints)
    if endpoint is not None:
        return _verdict(caller, way_through(caller, endpoint, service, port), service.label, endpoint)
    if service.endpoint_id:
        return _to_other_vpcs_endpoint(world, caller, service, port)
    lists = frozenset(
        each for name in service.names for each in topology.prefix_list_ids_of(f"com.amazonaws.{service.region}.{name}")
    )
    four = Party(blocks=INTERNET, anywhere=True, prefix_list_ids=lists)
    way = _out(caller, four, port, service.label, "needs the service's dual-stack endpoint")
    if isinstance(way, Way):
        return _verdict(caller, way, service.label)
    if not way.of_route:
        return _refused(caller, way, service.label)
    fix = endpoint_fix(caller, service, endpoints)
    return Verdict(
        reachable=False,
        reason=f"{called(caller.subnet, 'subnet')} has no way to {service.label}:"
        f" {missing_endpoint(caller, service, endpoints)}, and {way.reason}",
        fix=f"{fix}, or {way.fix}" if fix else way.fix,
    )


def _to_other_vpcs_endpoint(world: World, caller: Caller, service: Service, port: int) -> Verdict:
    """By an endpoint's own name it can be reached from a VPC that is connected with its own."""
    topology = caller.topology
    found = endpoints_for(topology, caller.vpc, service).elsewhere
    subnet_ids = found[0].subnet_ids if found else ()
    groups = found[0].security_group_ids if found else ()
    endpoint = RecordedEndpoint(
        host=service.label,
        label=f"interface endpoint {service.endpoint_id}",
        subnet_ids=subnet_ids,
        security_group_ids=groups,
    )
    standing = world.where_stands(topology, endpoint)
    if standing is None:
        missing = Obstacle(
            reason=f"there is no interface endpoint {service.endpoint_id} with a network interface",
            fix="use the name of an endpoint that exists, or the service's own name",
        )
        return _refused(caller, missing, service.label)
    return _verdict(caller, way_to(caller, standing, port), service.label, found[0])


def _to_recorded(
    world: World, caller: Caller, recorded: tuple[RecordedEndpoint, ...], destination: Destination
) -> Verdict:
    """Each of those under the name has to be reachable."""
    verdicts = [_to_endpoint(world, caller, each, destination) for each in recorded]
    return next((verdict for verdict in verdicts if not verdict.reachable), verdicts[0])


def _to_endpoint(world: World, caller: Caller, endpoint: RecordedEndpoint, destination: Destination) -> Verdict:
    label, port = endpoint.label or endpoint.host, destination.port
    if not endpoint.subnet_ids:
        return _to_host(caller, label, port)
    standing = world.where_stands(caller.topology, endpoint)
    if standing is None:
        return Verdict(reachable=True, path=f"not judged: the subnets of {label} are not known here", judged=False)
    near = standing.vpc_id == caller.vpc.id
    if near and not endpoint.public_name:
        return _verdict(caller, way_to(caller, standing, port), label)
    if not endpoint.publicly_accessible:
        return _verdict(caller, way_to(caller, standing, port), label)
    if not endpoint.public_name:
        # Amazon RDS User Guide, "Hiding a DB instance in a VPC from the internet": outside its VPC the name gives the
        # public address; with routes between the VPCs, DNS resolution over the peering gives the private one.
        private = way_to(caller, standing, port)
        if isinstance(private, Way):
            return _verdict(caller, private, label)
    way = way_out(caller, Party(blocks=INTERNET, anywhere=True), port, label)
    if isinstance(way, Way):
        closed = closed_from_internet(standing, way.source, port)
        way = closed if closed is not None else dataclasses.replace(way, through=(*way.through, standing.label))
    return _verdict(caller, way, label)


def _to_address(world: World, caller: Caller, address: Block, destination: Destination) -> Verdict:
    text, port = destination.host, destination.port
    if is_in(address, LOOPBACK):
        return Verdict(reachable=True, path="the execution environment itself")
    if text == METADATA:
        return _refused(caller, no_metadata(), text)
    if is_in(address, LINK_LOCAL):
        return Verdict(reachable=True, path="not judged: a link-local address", judged=False)
    if address.version == 6 and not _has_six(caller):
        return _refused(caller, _no_six(caller), text)
    standing = world.where_is(caller.topology, caller.vpc.id, address, text)
    if standing is not None:
        return _verdict(caller, way_to(caller, standing, port), text)
    if is_in(address, PRIVATE):
        return _verdict(caller, _towards(caller, address, text, port), text)
    return _verdict(caller, way_out(caller, Party(blocks=(address,)), port, text), text)


def _towards(caller: Caller, address: Block, text: str, port: int) -> Way | Obstacle:
    """A private address that no VPC here has: what routes lead to it, and whether the groups let it out."""
    way = way_out(caller, Party(blocks=(address,)), port, text)
    if isinstance(way, Way) and not way.judged:
        return way
    if isinstance(way, Obstacle) and not way.of_route:
        return way
    return Obstacle(
        reason=f"{text} is a private address of no network that {called(caller.subnet, 'subnet')} has a route to",
        fix=f"connect the network of {text} with VPC {caller.vpc.id}, by a peering connection or a transit gateway",
        of_route=True,
    )


def _to_host(caller: Caller, host: str, port: int) -> Verdict:
    if ("." not in host.strip(".") and " " not in host) or host.endswith((".internal", ".local")):
        nobody = Obstacle(reason=f"nothing in the account is known by the name {host}", fix="use a name that resolves")
        return _refused(caller, nobody, host)
    party = Party(blocks=INTERNET, anywhere=True)
    return _verdict(caller, _out(caller, party, port, host, "needs an IPv6 address of the host"), host)


def _out(caller: Caller, party: Party, port: int, to: str, note: str) -> Way | Obstacle:
    """The way to the internet over IPv4, else over IPv6 where the function may use it.

    Source: AWS Lambda Developer Guide, "IPv6 support": a function has IPv6 addresses only in dual-stack subnets, and
    only if it is allowed to. note: what IPv6 asks of the other side, which is not known here.
    """
    way = way_out(caller, party, port, to)
    if isinstance(way, Way) or not _has_six(caller):
        return way
    six = way_out(caller, Party(blocks=INTERNET_6, anywhere=True), port, to)
    if isinstance(six, Way):
        return dataclasses.replace(six, through=(*six.through, f"IPv6 ({note})"))
    if way.of_route and not six.of_route:
        return Obstacle(reason=f"over IPv6 {six.reason}", fix=six.fix)
    return dataclasses.replace(way, reason=f"{way.reason}, and over IPv6 {six.reason}")


def _has_six(caller: Caller) -> bool:
    return caller.ipv6 and bool(blocks_in(caller.subnet, 6))


def _no_six(caller: Caller) -> Obstacle:
    if not caller.ipv6:
        return Obstacle(
            reason="the function has no IPv6 address: Ipv6AllowedForDualStack is off",
            fix="switch it on (CDK: ipv6_allowed_for_dual_stack=True)",
        )
    return Obstacle(
        reason=f"{called(caller.subnet, 'subnet')} has no IPv6 block",
        fix="use dual-stack subnets (CDK: ip_protocol=ec2.IpProtocol.DUAL_STACK)",
    )


def no_metadata() -> Obstacle:
    """Source: AWS Lambda Developer Guide, "Lambda execution environment": credentials come by the environment."""
    return Obstacle(reason="a function has no instance metadata service", fix="use the environment's credentials")


def _verdict(caller: Caller, way: Way | Obstacle, to: str, endpoint: Endpoint | None = None) -> Verdict:
    if isinstance(way, Obstacle):
        return _refused(caller, way, to)
    return Verdict(
        reachable=True,
        path=" -> ".join((called(caller.subnet, "subnet"), *way.through)),
        endpoint_id="" if endpoint is None else endpoint.id,
        endpoint_policy="" if endpoint is None else endpoint.policy,
        vpc_id=caller.vpc.id,
        source_ip=_source_ip(caller, way, endpoint),
        judged=way.judged,
    )


def _source_ip(caller: Caller, way: Way, endpoint: Endpoint | None) -> str:
    """Where the connection seems to come from; empty where it is not known."""
    if endpoint is not None:
        block = next(iter(blocks_in(caller.subnet, 4)), None)
        return "" if block is None or block.size <= _TAKEN else block.address(_TAKEN)
    block = next(iter(way.source.blocks), None) if way.source is not None else None
    return "" if block is None else block.address(0)


def _refused(caller: Caller, obstacle: Obstacle, to: str) -> Verdict:
    return Verdict(
        reachable=False,
        reason=f"{called(caller.subnet, 'subnet')} cannot reach {to}: {obstacle.reason}",
        fix=obstacle.fix,
    )
