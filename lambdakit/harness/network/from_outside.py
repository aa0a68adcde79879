"""What a function without a VPC reaches: all of the internet and every AWS API, and nothing that is private to a VPC.

Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.moto_state.network_objects import RecordedEndpoint
from lambdakit.harness.network.addresses import INTERNET, LINK_LOCAL, LOOPBACK, PRIVATE, is_in
from lambdakit.harness.network.internet import is_public
from lambdakit.harness.network.network_acls import closed_towards
from lambdakit.harness.network.private_ways import Standing
from lambdakit.harness.network.security_groups import closed_in
from lambdakit.harness.network.services import service_at
from lambdakit.harness.network.topology import Obstacle, Party, Topology, called
from lambdakit.harness.network.verdict import Destination, Verdict
from lambdakit.harness.network.world import World, address_in

METADATA: Final = "169.254.169.254"
_INTO_VPC: Final = "give the function a VpcConfig with subnets and a security group (CDK: vpc=…)"


def outside(world: World, topology: Topology, destination: Destination) -> Verdict:
    """The verdict for a function without a VPC."""
    host = destination.host.lower().rstrip(".")
    recorded = world.recorded_at(topology, host) if host else ()
    for endpoint in recorded:
        verdict = _to_endpoint(world, topology, endpoint, destination.port)
        if not verdict.reachable or endpoint is recorded[-1]:
            return verdict
    address = address_in(host) if host and not destination.service else None
    if address is not None and is_in(address, LOOPBACK):
        return Verdict(reachable=True, path="the execution environment itself")
    if host == METADATA:
        return _refused(host, "a function has no instance metadata service", "use the environment's credentials")
    if address is not None and is_in(address, LINK_LOCAL):
        return Verdict(reachable=True, path="not judged: a link-local address", judged=False)
    if address is not None and is_in(address, PRIVATE):
        return _refused(host, "it is a private address, and the function is in no VPC", _INTO_VPC)
    if address is not None and address.version == 6:
        # The same, "IPv6 support": a function of no VPC connects over IPv4.
        return _refused(host, "a function of no VPC has no IPv6 address", "use the host's name or its IPv4 address")
    service = service_at(destination, topology.region)
    if service is not None and service.endpoint_id:
        reason = f"{service.endpoint_id} has private addresses, and the function is in no VPC"
        return _refused(host, reason, _INTO_VPC)
    return Verdict(reachable=True, path="the internet (the function is in no VPC)")


def closed_from_internet(standing: Standing, source: Party | None, port: int) -> Obstacle | None:
    """What keeps a connection from the internet from something with a public address; None when it gets through.

    source: who it comes from; absence, and a party without addresses: somebody on the internet.
    """
    party = source if source is not None and source.blocks else Party(blocks=INTERNET, anywhere=True)
    for subnet, _ in standing.places:
        if not is_public(standing.topology, subnet):
            return Obstacle(
                reason=f"{standing.label} has a public address, but {called(subnet, 'subnet')} has no route to an"
                " internet gateway",
                fix="put it into public subnets",
                of_route=True,
            )
        closed = None
        if standing.groups is not None:
            closed = closed_in(standing.groups, party, port, standing.topology, "the internet", standing.label)
        closed = closed or closed_towards(standing.topology, subnet, party, port)
        if closed is not None:
            return closed
    return None


def _to_endpoint(world: World, topology: Topology, endpoint: RecordedEndpoint, port: int) -> Verdict:
    label = endpoint.label or endpoint.host
    if not endpoint.subnet_ids:
        return Verdict(reachable=True, path=f"the internet -> {label}")
    standing = world.where_stands(topology, endpoint)
    if standing is None:
        return Verdict(reachable=True, path=f"not judged: the subnets of {label} are not known here", judged=False)
    if not endpoint.publicly_accessible:
        return _refused(standing.label, "it has private addresses only, and the function is in no VPC", _INTO_VPC)
    closed = closed_from_internet(standing, None, port)
    if closed is not None:
        return _refused(standing.label, closed.reason, closed.fix)
    return Verdict(reachable=True, path=f"the internet -> {standing.label}", judged=standing.known)


def _refused(to: str, reason: str, fix: str) -> Verdict:
    return Verdict(reachable=False, reason=f"the function cannot reach {to}: {reason}", fix=fix)
