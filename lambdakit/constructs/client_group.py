"""Who may connect to something in a VPC: functions that are given its group of clients, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from lambdakit.constructs.network import Network
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from constructs import Construct

    from lambdakit.constructs.function_properties import FunctionProperties


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGroup:
    """The clients of a server in a VPC.

    network: in which functions are put that are in no VPC. security_group: of the clients. port: of the server.
    servers: the server's groups, each of which lets the clients in at the port, and nothing else.
    """

    network: Network
    security_group: ec2.SecurityGroup
    port: int
    servers: Sequence[ec2.ISecurityGroup]

    def within(self, properties: FunctionProperties) -> FunctionProperties:
        """`properties` of a client: in the network unless in a VPC already, and in the clients' group.

        Those in a VPC without groups are left, as the CDK makes a group of their own: `admit` lets that in.
        """
        placed = self.network.within(properties)
        if not placed.security_groups:
            return placed
        return replace(placed, security_groups=[*placed.security_groups, self.security_group])

    def holds(self, properties: FunctionProperties) -> bool:
        """Whether a function of these properties gets the clients' group by `within`."""
        return properties.vpc is None or bool(properties.security_groups)

    def admit(self, client: ec2.IConnectable) -> None:
        """Lets in a client that is not in the clients' group."""
        for server in self.servers:
            server.connections.allow_from(client, ec2.Port.tcp(self.port))


def make_client_group(
    scope: Construct, id: str, network: Network, *, port: int, servers: Sequence[ec2.ISecurityGroup], what: str
) -> ClientGroup:
    """The group, empty as yet, whose members may connect to `servers` at `port`. what: `the database`."""
    group = ec2.SecurityGroup(scope, id, vpc=network.vpc, description=f"Clients of {what}", allow_all_outbound=False)
    clients = ClientGroup(network=network, security_group=group, port=port, servers=servers)
    clients.admit(group)
    return clients


def network_of(scope: Construct, network: Network | ec2.IVpc) -> Network:
    """The network; a VPC's functions get a security group of their own, in the child `Network` of `scope`."""
    if isinstance(network, Network):
        return network
    known = scope.node.try_find_child("Network")
    if isinstance(known, Network):
        return known
    return Network(scope, "Network", vpc=network)


def subnet_ids(network: Network) -> list[str]:
    """The subnets in which a network's functions run, and its servers stand."""
    chosen = network.subnets
    return network.vpc.select_subnets(
        availability_zones=chosen.availability_zones,
        one_per_az=chosen.one_per_az,
        subnet_filters=chosen.subnet_filters,
        subnet_group_name=chosen.subnet_group_name,
        subnets=chosen.subnets,
        subnet_type=chosen.subnet_type,
    ).subnet_ids
