"""The networks of all accounts and regions as they are at one moment, each read when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from lambdakit.harness.moto_state.network_objects import NetworkObjects, RecordedEndpoint, Subnet
from lambdakit.harness.network.addresses import Block, block_of
from lambdakit.harness.network.private_ways import Standing
from lambdakit.harness.network.topology import Topology, blocks_in

Networks = Callable[[str, str], NetworkObjects]
Hosts = Callable[[str, str], tuple[RecordedEndpoint, ...]]

# Amazon VPC User Guide, "DNS attributes for your VPC": a machine's private name has its address in it.
_MACHINE: Final = re.compile(r"ip-(\d+)-(\d+)-(\d+)-(\d+)\.(?:ec2|[a-z0-9-]+\.compute)\.internal")


class World:
    """All networks, and what stands in them. recorded: what stands there besides moto's own."""

    def __init__(self, networks: Networks, hosts: Hosts, recorded: Iterable[RecordedEndpoint]) -> None:
        self._networks = networks
        self._hosts = hosts
        self._recorded = tuple(recorded)
        self._topologies: dict[tuple[str, str], Topology] = {}
        self._standing: dict[tuple[str, str], dict[str, tuple[RecordedEndpoint, ...]]] = {}

    def topology(self, account_id: str, region: str) -> Topology:
        """One region's network."""
        key = (account_id, region)
        known = self._topologies.get(key)
        if known is None:
            # Of two threads that ask at once both get the first one's: places are compared by their topology.
            made = Topology(self._networks(*key), account_id=account_id, region=region)
            known = self._topologies.setdefault(key, made)
        return known

    def recorded_at(self, topology: Topology, host: str) -> tuple[RecordedEndpoint, ...]:
        """What stands under a name or an address; nothing of most."""
        key = (topology.account_id, topology.region)
        standing = self._standing.get(key)
        if standing is None:
            standing = {}
            for endpoint in (*self._recorded, *self._hosts(*key)):
                name = endpoint.host.lower().rstrip(".")
                standing[name] = (*standing.get(name, ()), endpoint)
            self._standing[key] = standing
        return standing.get(host, ())

    def where_stands(self, topology: Topology, endpoint: RecordedEndpoint) -> Standing | None:
        """Where in the region something stands; None outside its VPCs, and where its subnets are not known."""
        subnets = [topology.subnets[each] for each in endpoint.subnet_ids if each in topology.subnets]
        if not subnets:
            return None
        vpc_id = subnets[0].vpc_id
        named = endpoint.security_group_ids
        groups = None if named is None else topology.groups_of(named, vpc_id)
        address = block_of(endpoint.host)
        return Standing(
            label=f"{endpoint.label or endpoint.host} in VPC {vpc_id}",
            topology=topology,
            vpc_id=vpc_id,
            places=tuple((each, _there(each, address)) for each in subnets),
            groups=groups,
            known=named is None or groups is not None,
        )

    def where_is(self, topology: Topology, vpc_id: str, address: Block, text: str) -> Standing | None:
        """Where an address is: in the VPC, or in one that is peered with it; None where no VPC here has it."""
        for account_id, region, each in ((topology.account_id, topology.region, vpc_id), *_peers(topology, vpc_id)):
            standing = _at(self.topology(account_id, region), each, address, text)
            if standing is not None:
                return standing
        return None


def address_in(host: str) -> Block | None:
    """The address that a host is given by, or that a machine's private name stands for; None for other names."""
    machine = _MACHINE.fullmatch(host)
    return block_of(".".join(machine.groups()) if machine is not None else host) if "/" not in host else None


def _at(topology: Topology, vpc_id: str, address: Block, text: str) -> Standing | None:
    subnet = next(
        (
            each
            for each in topology.subnets.values()
            if each.vpc_id == vpc_id and any(block.covers(address) for block in blocks_in(each))
        ),
        None,
    )
    if subnet is None:
        return None
    interface = topology.interface_at(vpc_id, address)
    groups = None if interface is None else topology.groups_of(interface.security_group_ids, vpc_id)
    return Standing(
        label=text,
        topology=topology,
        vpc_id=vpc_id,
        places=((subnet, (address,)),),
        groups=groups,
        known=groups is not None,
    )


def _peers(topology: Topology, vpc_id: str) -> Iterable[tuple[str, str, str]]:
    here = (topology.account_id, topology.region, vpc_id)
    for peering in topology.peerings.values():
        if here in (peering.requester, peering.accepter):
            yield peering.accepter if peering.requester == here else peering.requester


def _there(subnet: Subnet, address: Block | None) -> tuple[Block, ...]:
    return (address,) if address is not None else blocks_in(subnet, 4) or blocks_in(subnet)
