"""Makes the networks that a template takes to be there, before its resources.

A VPC gets what the kinds of its subnets need: public ones a route to an internet gateway, private ones a route to a NAT
gateway in a public one, isolated ones neither. Its names resolve, and machines in it have names. They stay when the
stack goes, as what was there before does; they go when the change fails that made them.

Source: Amazon VPC User Guide, "Subnet types", "NAT gateways", "DNS attributes for your VPC".
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from lambdakit.assembly.look_ups import LookUps
from lambdakit.errors import Diagnostic
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.existing.blocks import block_for_subnet, lies_in
from lambdakit.harness.deployment.existing.mentions import Mentions
from lambdakit.harness.deployment.existing.plan import (
    PlannedGroup,
    PlannedSubnet,
    PlannedVpc,
    assumed_vpc,
    is_dummy,
    plan_networks,
)
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.harness.moto_state.network import network_of
from lambdakit.harness.moto_state.network_objects import NetworkObjects
from lambdakit.harness.moto_state.wanted_networks import (
    forget_acls,
    make_group,
    make_route_table,
    make_subnet,
    make_vpc,
)

_ANYWHERE = "0.0.0.0/0"

# Type, id, whether it is as assumed, and what was made, in words.
Tell = Callable[[str, str, bool, str], None]


class ExistingNetworks:
    """Makes networks in one account and region.

    tell: told of each VPC and each security group that was made. undo: learns how to take them back.
    """

    def __init__(self, account: Account, *, account_id: str, region: str, undo: UndoLog, tell: Tell) -> None:
        self._client: Any = account.client("ec2", region, account_id)
        self._place = {"account_id": account_id, "region": region}
        self._undo = undo
        self._tell = tell

    def make(self, mentions: Mentions, look_ups: LookUps) -> None:
        """Makes what is mentioned and not there."""
        if not mentions.ids:
            return
        self._client.describe_vpcs()  # moto's network is there from the first request on
        plan = plan_networks(mentions, look_ups, self._network(), self._place["region"])
        for vpc in plan.vpcs:
            self._make_vpc(vpc)
        for group in plan.groups:
            self._make_group(group)

    def _network(self) -> NetworkObjects:
        return network_of(self._place["account_id"], self._place["region"])

    def _make_vpc(self, vpc: PlannedVpc) -> None:
        own, *more = vpc.blocks
        if vpc.is_new:
            make_vpc(vpc.id, cidr=own, name=vpc.name, **self._place)
            self._undo.add(functools.partial(forget_acls, vpc.id, **self._place))
            self._takes_back("delete_vpc", VpcId=vpc.id)
            for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
                self._client.modify_vpc_attribute(VpcId=vpc.id, **{attribute: {"Value": True}})
        there = next(each for each in self._network().vpcs if each.id == vpc.id).cidr_blocks
        for block in more:
            if not lies_in(block, there):
                made = self._client.associate_vpc_cidr_block(VpcId=vpc.id, CidrBlock=block)["CidrBlockAssociation"]
                self._takes_back("disassociate_vpc_cidr_block", AssociationId=made["AssociationId"])
        for subnet in vpc.subnets:
            self._make_subnet(vpc.id, subnet)
        tables = [self._table(vpc.id, subnet) for subnet in vpc.subnets]
        for table in vpc.loose_tables:
            self._make_table(vpc.id, table)
        self._route(vpc, [*zip(tables, [subnet.kind for subnet in vpc.subnets], strict=True)])
        self._tell("AWS::EC2::VPC", vpc.id, not vpc.told_by, self._told(vpc))

    def _make_subnet(self, vpc_id: str, subnet: PlannedSubnet) -> None:
        is_public = subnet.kind == "public"
        make_subnet(
            subnet.id,
            vpc_id=vpc_id,
            cidr=subnet.cidr,
            zone=subnet.zone,
            is_public=is_public,
            name=subnet.name,
            **self._place,
        )
        self._takes_back("delete_subnet", SubnetId=subnet.id)

    def _table(self, vpc_id: str, subnet: PlannedSubnet) -> str:
        """The id of the subnet's route table, which is made unless it is there."""
        table = subnet.route_table_id
        if not table:
            table = str(self._client.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"])
            self._takes_back("delete_route_table", RouteTableId=table)
        elif all(each.id != table for each in self._network().route_tables):
            self._make_table(vpc_id, table)
        made = self._client.associate_route_table(RouteTableId=table, SubnetId=subnet.id)
        self._takes_back("disassociate_route_table", AssociationId=made["AssociationId"])
        return table

    def _make_table(self, vpc_id: str, table: str) -> None:
        make_route_table(table, vpc_id=vpc_id, **self._place)
        self._takes_back("delete_route_table", RouteTableId=table)

    def _route(self, vpc: PlannedVpc, tables: list[tuple[str, str]]) -> None:
        """Gives route tables their way out. tables: each with its subnet's kind; the first kind of one counts."""
        kinds = dict(reversed(tables))
        public = [table for table, kind in kinds.items() if kind == "public"]
        private = [table for table, kind in kinds.items() if kind == "private"]
        for table in public:
            self._add_route(table, GatewayId=self._internet_gateway(vpc.id))
        if private:
            gateway = self._nat_gateway(vpc)
            for table in private:
                self._add_route(table, NatGatewayId=gateway)

    def _add_route(self, table: str, **target: str) -> None:
        if not any(route.destination == _ANYWHERE for route in self._table_of(table).routes):
            self._client.create_route(RouteTableId=table, DestinationCidrBlock=_ANYWHERE, **target)

    def _table_of(self, identity: str) -> Any:
        return next(each for each in self._network().route_tables if each.id == identity)

    def _internet_gateway(self, vpc_id: str) -> str:
        there = next((each.id for each in self._network().internet_gateways if each.vpc_id == vpc_id), None)
        if there is not None:
            return there
        made = str(self._client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
        self._takes_back("delete_internet_gateway", InternetGatewayId=made)
        self._client.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc_id)
        self._takes_back("detach_internet_gateway", InternetGatewayId=made, VpcId=vpc_id)
        return made

    def _nat_gateway(self, vpc: PlannedVpc) -> str:
        network = self._network()
        mine = {subnet.id for subnet in network.subnets if subnet.vpc_id == vpc.id}
        for gateway in network.nat_gateways:
            if gateway.subnet_id in mine and gateway.state == "available":
                return gateway.id
        subnet = next((each.id for each in vpc.subnets if each.kind == "public"), None) or self._public_subnet(vpc)
        address = str(self._client.allocate_address(Domain="vpc")["AllocationId"])
        self._takes_back("release_address", AllocationId=address)
        made = self._client.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
        self._takes_back("delete_nat_gateway", NatGatewayId=made["NatGatewayId"])
        return str(made["NatGatewayId"])

    def _public_subnet(self, vpc: PlannedVpc) -> str:
        """A subnet for the NAT gateway of a VPC of which no public subnet is known."""
        there = next(each for each in self._network().vpcs if each.id == vpc.id).cidr_blocks
        taken = [each.cidr_block for each in self._network().subnets if each.vpc_id == vpc.id]
        cidr = block_for_subnet(there, [*taken, *vpc.reserved])
        if not lies_in(cidr, there):
            made = self._client.associate_vpc_cidr_block(VpcId=vpc.id, CidrBlock=cidr)["CidrBlockAssociation"]
            self._takes_back("disassociate_vpc_cidr_block", AssociationId=made["AssociationId"])
        subnet = str(self._client.create_subnet(VpcId=vpc.id, CidrBlock=cidr)["Subnet"]["SubnetId"])
        self._takes_back("delete_subnet", SubnetId=subnet)
        self._client.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "NatGateway"}])
        planned = PlannedSubnet(id=subnet, name="", kind="public", zone="", cidr=cidr, route_table_id="")
        self._add_route(self._table(vpc.id, planned), GatewayId=self._internet_gateway(vpc.id))
        return subnet

    def _make_group(self, group: PlannedGroup) -> None:
        what = "lets everything out" if group.all_outbound else "lets nothing out"
        described = f"Stands for {group.id}, which was there before"
        make_group(group.id, vpc_id=group.vpc_id, name=group.id, description=described, **self._place)
        self._takes_back("delete_security_group", GroupId=group.id)
        if not group.all_outbound:
            everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": _ANYWHERE}]}]
            self._client.revoke_security_group_egress(GroupId=group.id, IpPermissions=everything)
        told = f"as {group.told_by} tells" if group.told_by else "as assumed"
        text = f"{told}, it {what} and nothing in but what the template allows, in VPC {group.vpc_id}"
        if not group.told_by:
            override = f'{{"existing": {{"{group.id}": {{"allowAllOutbound": false}}}}}}'
            text += f"; `lambdakit-overrides.json` may tell: {override}"
        self._tell("AWS::EC2::SecurityGroup", group.id, not group.told_by, text)

    def _told(self, vpc: PlannedVpc) -> str:
        kinds = {"public": "public", "private": "private, with a NAT gateway", "isolated": "isolated"}
        parts = [f"{each.id} ({kinds[each.kind]}, {each.zone}, {each.cidr})" for each in vpc.subnets]
        what = f"{', '.join(vpc.blocks)}; subnets {', '.join(parts) or 'none'}"
        if vpc.told_by:
            return f"as {vpc.told_by} tells: {what}"
        if vpc.id == assumed_vpc(self._place["region"]):
            return f"as assumed, for what nothing says the VPC of: {what}"
        if is_dummy(vpc.id):
            return (
                f"as assumed, for the synthesis could not look it up: {what}; the CDK CLI writes the answer to"
                " cdk.context.json when it synthesizes with the account's credentials"
            )
        override = f'{{"existing": {{"{vpc.id}": {{"vpcCidrBlock": …, "subnetGroups": …}}}}}}'
        return f"as assumed: {what}; `lambdakit-overrides.json` may tell: {override}"

    def _takes_back(self, operation: str, **arguments: str) -> None:
        self._undo.add(functools.partial(self._call, operation, arguments))

    def _call(self, operation: str, arguments: dict[str, str]) -> Diagnostic | None:
        try:
            getattr(self._client, operation)(**arguments)
        except ClientError as error:
            problem = f"what stood for an existing network could not be deleted: {error}"
            return Diagnostic(problem=problem, code="LK321")
        return None
