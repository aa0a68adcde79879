"""EC2's ways of packets: route tables, routes, gateways and addresses.

Source: CloudFormation Template Reference, "AWS::EC2::RouteTable" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.ec2_tagged import SET_TAGS, TAGGING, UNTAGGED
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

ROUTE_TABLE: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="Tags VpcId"),
    made_by=Call(operation="create_route_table", renamed=UNTAGGED),
    reference="made.RouteTable.RouteTableId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_route_table", RouteTableId="ref"),),
    attributes={"RouteTableId": "ref"},
)

_DESTINATION: Final = "p.DestinationCidrBlock || p.DestinationIpv6CidrBlock || p.DestinationPrefixListId"

ROUTE: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="CarrierGatewayId CoreNetworkArn DestinationCidrBlock DestinationIpv6CidrBlock DestinationPrefixListId"
        " EgressOnlyInternetGatewayId GatewayId InstanceId LocalGatewayId NatGatewayId NetworkInterfaceId OdbNetworkArn"
        " RouteTableId TransitGatewayId VpcEndpointId VpcPeeringConnectionId",
    ),
    made_by=Call(operation="create_route"),
    reference=f"join('|', [p.RouteTableId, {_DESTINATION}])",
    changed_by=(Call(operation="replace_route"),),
    deleted_by=(
        call(
            "delete_route",
            RouteTableId="p.RouteTableId",
            DestinationCidrBlock="p.DestinationCidrBlock",
            DestinationIpv6CidrBlock="p.DestinationIpv6CidrBlock",
            DestinationPrefixListId="p.DestinationPrefixListId",
        ),
    ),
    attributes={"CidrBlock": _DESTINATION},
)

SUBNET_ROUTE_TABLE_ASSOCIATION: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="RouteTableId SubnetId"),
    made_by=Call(operation="associate_route_table"),
    reference="made.AssociationId",
    deleted_by=(call("disassociate_route_table", AssociationId="ref"),),
    attributes={"Id": "ref"},
)

GATEWAY_ROUTE_TABLE_ASSOCIATION: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="GatewayId RouteTableId"),
    made_by=Call(operation="associate_route_table"),
    reference="p.GatewayId",
    deleted_by=(call("disassociate_route_table", AssociationId="att.AssociationId"),),
    attributes={"AssociationId": "made.AssociationId"},
    remade=True,
)

INTERNET_GATEWAY: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="Tags"),
    made_by=call("create_internet_gateway"),
    reference="made.InternetGateway.InternetGatewayId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_internet_gateway", InternetGatewayId="ref"),),
    attributes={"InternetGatewayId": "ref"},
)

EGRESS_ONLY_INTERNET_GATEWAY: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="Tags VpcId"),
    made_by=Call(operation="create_egress_only_internet_gateway", renamed=UNTAGGED),
    reference="made.EgressOnlyInternetGateway.EgressOnlyInternetGatewayId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_egress_only_internet_gateway", EgressOnlyInternetGatewayId="ref"),),
    attributes={"Id": "ref"},
)

VPC_GATEWAY_ATTACHMENT: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="InternetGatewayId VpcId VpnGatewayId"),
    made_by=Call(operation="attach_internet_gateway", when="p.InternetGatewayId"),
    reference="join('|', [p.InternetGatewayId && 'IGW' || 'VGW', p.VpcId])",
    completed_by=(Call(operation="attach_vpn_gateway", when="p.VpnGatewayId"),),
    deleted_by=(
        Call(operation="detach_internet_gateway", when="p.InternetGatewayId"),
        Call(operation="detach_vpn_gateway", when="p.VpnGatewayId"),
    ),
    attributes={"AttachmentType": "p.InternetGatewayId && 'IGW' || 'VGW'"},
    gone=frozenset({"Gateway.NotAttached"}),
    remade=True,
)

_NAT_ADDRESS: Final = "found.NatGateways[0].NatGatewayAddresses[0]"

NAT_GATEWAY: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="AllocationId ConnectivityType SubnetId Tags",
        recorded="AvailabilityMode AvailabilityZoneAddresses MaxDrainDurationSeconds PrivateIpAddress"
        " SecondaryAllocationIds SecondaryPrivateIpAddressCount SecondaryPrivateIpAddresses VpcId",
    ),
    made_by=Call(operation="create_nat_gateway", renamed=UNTAGGED),
    reference="made.NatGateway.NatGatewayId",
    completed_by=(SET_TAGS,),
    read_by=(call("describe_nat_gateways", NatGatewayIds="[ref]"),),
    tagged_by=TAGGING,
    # moto keeps the network interface of a gateway that is gone, and its hold of the address.
    deleted_by=(
        call("delete_nat_gateway", NatGatewayId="ref"),
        call("disassociate_address", when=f"{_NAT_ADDRESS}.PublicIp", PublicIp=f"{_NAT_ADDRESS}.PublicIp"),
        call("delete_network_interface", NetworkInterfaceId="att.EniId"),
    ),
    attributes={
        "NatGatewayId": "ref",
        "EniId": f"{_NAT_ADDRESS}.NetworkInterfaceId",
        "AutoProvisionZones": "'disabled'",
        "AutoScalingIps": "'disabled'",
    },
)

EIP: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="Address Domain InstanceId NetworkBorderGroup PublicIpv4Pool Tags", recorded="IpamPoolId TransferAddress"
    ),
    defaults={"Domain": "vpc"},
    made_by=Call(operation="allocate_address", renamed=UNTAGGED),
    reference="made.PublicIp",
    completed_by=(
        call("associate_address", when="p.InstanceId", AllocationId="made.AllocationId", InstanceId="p.InstanceId"),
        call("create_tags", when="p.Tags", Resources="[made.AllocationId]", Tags="p.Tags"),
    ),
    changed_by=(
        call(
            "associate_address",
            when="p.InstanceId",
            AllocationId="att.AllocationId",
            InstanceId="p.InstanceId",
            AllowReassociation="`true`",
        ),
        call("disassociate_address", when="!p.InstanceId && was.InstanceId", PublicIp="ref"),
    ),
    tagged_by=Tagging(tag="create_tags", untag="delete_tags", target="Resources", of="[att.AllocationId]"),
    deleted_by=(
        call("disassociate_address", when="p.InstanceId", PublicIp="ref"),
        call("release_address", AllocationId="att.AllocationId"),
    ),
    attributes={"AllocationId": "made.AllocationId", "PublicIp": "made.PublicIp"},
)

EIP_ASSOCIATION: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="AllocationId EIP InstanceId NetworkInterfaceId PrivateIpAddress"),
    made_by=Call(operation="associate_address", renamed={"EIP": "PublicIp"}),
    reference="made.AssociationId",
    deleted_by=(call("disassociate_address", AssociationId="ref"),),
    attributes={"Id": "ref"},
)

TRANSIT_GATEWAY: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="AmazonSideAsn AutoAcceptSharedAttachments DefaultRouteTableAssociation DefaultRouteTablePropagation"
        " Description DnsSupport MulticastSupport Tags TransitGatewayCidrBlocks VpnEcmpSupport",
        recorded="AssociationDefaultRouteTableId EncryptionSupport PropagationDefaultRouteTableId"
        " SecurityGroupReferencingSupport",
    ),
    made_by=Call(
        operation="create_transit_gateway",
        arguments={
            "Options": "p.{AmazonSideAsn: AmazonSideAsn, AutoAcceptSharedAttachments: AutoAcceptSharedAttachments,"
            " DefaultRouteTableAssociation: DefaultRouteTableAssociation,"
            " DefaultRouteTablePropagation: DefaultRouteTablePropagation, DnsSupport: DnsSupport,"
            " MulticastSupport: MulticastSupport, TransitGatewayCidrBlocks: TransitGatewayCidrBlocks,"
            " VpnEcmpSupport: VpnEcmpSupport}"
        },
        renamed=UNTAGGED,
    ),
    reference="made.TransitGateway.TransitGatewayId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_transit_gateway", TransitGatewayId="ref"),),
    attributes={
        "Id": "ref",
        "TransitGatewayArn": "made.TransitGateway.TransitGatewayArn",
        "EncryptionSupportState": "'disabled'",
    },
)


def _attachment(**properties: str) -> MotoBacked:
    return MotoBacked(
        service="ec2",
        properties=properties_of(**properties),
        made_by=Call(operation="create_transit_gateway_vpc_attachment", renamed=UNTAGGED),
        reference="made.TransitGatewayVpcAttachment.TransitGatewayAttachmentId",
        completed_by=(SET_TAGS,),
        changed_by=(
            call(
                "modify_transit_gateway_vpc_attachment",
                TransitGatewayAttachmentId="ref",
                AddSubnetIds="added.SubnetIds",
                RemoveSubnetIds="removed.SubnetIds",
                Options="p.Options",
            ),
        ),
        tagged_by=TAGGING,
        deleted_by=(call("delete_transit_gateway_vpc_attachment", TransitGatewayAttachmentId="ref"),),
        attributes={"Id": "ref"},
    )


TRANSIT_GATEWAY_ATTACHMENT: Final = _attachment(read="Options SubnetIds Tags TransitGatewayId VpcId")
TRANSIT_GATEWAY_VPC_ATTACHMENT: Final = _attachment(
    read="Options SubnetIds Tags TransitGatewayId VpcId", recorded="AddSubnetIds RemoveSubnetIds"
)

VPN_GATEWAY: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="AmazonSideAsn Tags Type"),
    made_by=Call(operation="create_vpn_gateway", renamed=UNTAGGED),
    reference="made.VpnGateway.VpnGatewayId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_vpn_gateway", VpnGatewayId="ref"),),
    attributes={"VPNGatewayId": "ref"},
)
