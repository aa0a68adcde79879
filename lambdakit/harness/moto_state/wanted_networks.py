"""Parts of moto's EC2 that are made with an id that was given elsewhere: what stands for networks that exist on AWS.

EC2's API draws an id for what it makes, so that these are put into moto's own state, as its `create_…` do.

Private surface used: `moto.ec2.models.ec2_backends[account][region]` with `vpcs`, `subnets`, `groups`, `route_tables`,
`create_route_table`, `create_network_acl`, `create_security_group`, `create_route`,
`associate_default_network_acl_with_subnet`; the classes `VPC`, `Subnet`, `SecurityGroup`, `RouteTable`.
Canary: tests/unit/harness/test_harness_moto_wanted_networks.py.
"""

from __future__ import annotations

from typing import Any, cast

from lambdakit.harness.moto_state.writes import count_write
from lambdakit.harness.moto_state.zones import know_zone


def make_vpc(identity: str, *, cidr: str, name: str, account_id: str, region: str) -> None:
    """A VPC with its main route table, its default network ACL and its default security group.

    name: its tag `Name`; empty for none.
    """
    from moto.ec2.models.vpcs import VPC

    backend = _backend(account_id, region)
    made = backend.vpcs[identity] = cast("Any", VPC)(backend, identity, cidr, is_default=False)
    _name(made, name)
    backend.create_route_table(identity, main=True)
    backend.create_network_acl(identity, default=True)
    backend.create_security_group("default", "default VPC security group", vpc_id=identity, is_default=True)


def forget_acls(vpc_id: str, *, account_id: str, region: str) -> None:
    """Takes the network ACLs of a VPC that is gone away; moto keeps them."""
    acls = _backend(account_id, region).network_acls
    for identity in [each.id for each in list(acls.values()) if each.vpc_id == vpc_id]:
        del acls[identity]


def make_subnet(
    identity: str, *, vpc_id: str, cidr: str, zone: str, is_public: bool, name: str, account_id: str, region: str
) -> None:
    """A subnet. is_public: whether machines in it get a public address. name: its tag `Name`; empty for none."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
    from moto.ec2.models.subnets import Subnet

    backend = _backend(account_id, region)
    know_zone(zone, region)
    known = {each.name: each for zones in RegionsAndZonesBackend.zones.values() for each in zones}
    made = backend.subnets[zone][identity] = cast("Any", Subnet)(
        backend, identity, vpc_id, cidr, None, known[zone], default_for_az=False, map_public_ip_on_launch=is_public
    )
    _name(made, name)
    backend.associate_default_network_acl_with_subnet(identity, vpc_id)


def make_group(identity: str, *, vpc_id: str, name: str, description: str, account_id: str, region: str) -> None:
    """A security group that lets everything out and nothing in."""
    from moto.ec2.models.security_groups import SecurityGroup

    backend = _backend(account_id, region)
    count_write()
    backend.groups[vpc_id][identity] = cast("Any", SecurityGroup)(backend, identity, name, description, vpc_id=vpc_id)


def make_route_table(identity: str, *, vpc_id: str, account_id: str, region: str) -> None:
    """A route table that has nothing but the VPC's own routes."""
    from moto.ec2.models.route_tables import RouteTable

    backend = _backend(account_id, region)
    backend.route_tables[identity] = cast("Any", RouteTable)(backend, identity, vpc_id)
    for block in backend.vpcs[vpc_id].get_cidr_block_association_set():
        backend.create_route(identity, block["cidr_block"], local=True)


def _name(made: Any, name: str) -> None:
    count_write()
    if name:
        made.add_tag("Name", name)


def _backend(account_id: str, region: str) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[account_id][region]
