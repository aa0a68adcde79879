"""`AWS::EC2::VPC` and `Subnet` with their CIDR blocks, and DHCP options.

Source: CloudFormation Template Reference, "AWS::EC2::VPC" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioner import Context, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.ec2_tagged import SET_TAGS, TAGGING, UNTAGGED
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of
from lambdakit.harness.moto_state.zones import know_zone


class _Subnet(MotoBacked):
    """A subnet, in a zone that moto may not know."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Makes the zone known, then the subnet."""
        zone = resource.properties.get("AvailabilityZone")
        if zone is not None:
            know_zone(str(zone), resource.region)
        return super().create(resource, context)


VPC: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="CidrBlock EnableDnsHostnames EnableDnsSupport InstanceTenancy Tags",
        recorded="Ipv4IpamPoolId Ipv4NetmaskLength VpcEncryptionControl",
    ),
    # Amazon VPC User Guide, "DNS attributes for your VPC": what a VPC that is not the default one has.
    defaults={"EnableDnsSupport": True, "EnableDnsHostnames": False, "CidrBlock": "10.0.0.0/16"},
    made_by=Call(operation="create_vpc", renamed=UNTAGGED),
    reference="made.Vpc.VpcId",
    completed_by=(
        call("modify_vpc_attribute", VpcId="ref", EnableDnsSupport="{Value: p.EnableDnsSupport}"),
        call("modify_vpc_attribute", VpcId="ref", EnableDnsHostnames="{Value: p.EnableDnsHostnames}"),
        SET_TAGS,
    ),
    read_by=(
        call("describe_vpcs", VpcIds="[ref]"),
        call(
            "describe_security_groups",
            Filters="[{Name: 'vpc-id', Values: [ref]}, {Name: 'group-name', Values: ['default']}]",
        ),
        call("describe_network_acls", Filters="[{Name: 'vpc-id', Values: [ref]}, {Name: 'default', Values: ['true']}]"),
    ),
    changed_by=(
        call("modify_vpc_attribute", VpcId="ref", EnableDnsSupport="{Value: p.EnableDnsSupport}"),
        call("modify_vpc_attribute", VpcId="ref", EnableDnsHostnames="{Value: p.EnableDnsHostnames}"),
        call("modify_vpc_tenancy", VpcId="ref", InstanceTenancy="p.InstanceTenancy"),
    ),
    tagged_by=TAGGING,
    deleted_by=(
        call("delete_vpc", VpcId="ref"),
        # moto keeps the ACL of a VPC that is gone, and deletes none that ever had a subnet.
        call(
            "delete_network_acl",
            when="found.NetworkAcls[0] && !found.NetworkAcls[0].Associations",
            NetworkAclId="att.DefaultNetworkAcl",
        ),
    ),
    attributes={
        "VpcId": "ref",
        "CidrBlock": "found.Vpcs[0].CidrBlock",
        "CidrBlockAssociations": "found.Vpcs[0].CidrBlockAssociationSet[].AssociationId",
        "Ipv6CidrBlocks": "found.Vpcs[0].Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock || `[]`",
        "DefaultSecurityGroup": "found.SecurityGroups[0].GroupId",
        "DefaultNetworkAcl": "found.NetworkAcls[0].NetworkAclId",
    },
    live=frozenset({"CidrBlockAssociations", "Ipv6CidrBlocks"}),
)

_VPC_ASSOCIATION: Final = "made.CidrBlockAssociation.AssociationId || made.Ipv6CidrBlockAssociation.AssociationId"

VPC_CIDR_BLOCK: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="AmazonProvidedIpv6CidrBlock CidrBlock Ipv6CidrBlock Ipv6CidrBlockNetworkBorderGroup Ipv6Pool VpcId",
        recorded="Ipv4IpamPoolId Ipv4NetmaskLength Ipv6IpamPoolId Ipv6NetmaskLength",
    ),
    made_by=Call(operation="associate_vpc_cidr_block"),
    reference=_VPC_ASSOCIATION,
    deleted_by=(call("disassociate_vpc_cidr_block", AssociationId="ref"),),
    # Amazon EC2 API Reference, "VpcIpv6CidrBlockAssociation".
    attributes={
        "Id": "ref",
        "Ipv6AddressAttribute": "made.Ipv6CidrBlockAssociation && 'public'",
        "IpSource": "made.Ipv6CidrBlockAssociation && 'amazon'",
    },
)

_LAUNCH_ADDRESSES: Final = (
    call("modify_subnet_attribute", SubnetId="ref", MapPublicIpOnLaunch="{Value: p.MapPublicIpOnLaunch}"),
    call(
        "modify_subnet_attribute", SubnetId="ref", AssignIpv6AddressOnCreation="{Value: p.AssignIpv6AddressOnCreation}"
    ),
)

SUBNET: Final = _Subnet(
    service="ec2",
    properties=properties_of(
        read="AssignIpv6AddressOnCreation AvailabilityZone AvailabilityZoneId CidrBlock Ipv6CidrBlock"
        " MapPublicIpOnLaunch Tags VpcId",
        recorded="EnableDns64 EnableLniAtDeviceIndex Ipv4IpamPoolId Ipv4NetmaskLength Ipv6IpamPoolId Ipv6Native"
        " Ipv6NetmaskLength OutpostArn PrivateDnsNameOptionsOnLaunch",
    ),
    defaults={"MapPublicIpOnLaunch": False, "AssignIpv6AddressOnCreation": False},
    made_by=Call(operation="create_subnet", renamed=UNTAGGED),
    reference="made.Subnet.SubnetId",
    completed_by=(*_LAUNCH_ADDRESSES, SET_TAGS),
    read_by=(
        call("describe_subnets", SubnetIds="[ref]"),
        call("describe_network_acls", Filters="[{Name: 'association.subnet-id', Values: [ref]}]"),
    ),
    changed_by=_LAUNCH_ADDRESSES,
    tagged_by=TAGGING,
    deleted_by=(call("delete_subnet", SubnetId="ref"),),
    attributes={
        "SubnetId": "ref",
        "AvailabilityZone": "found.Subnets[0].AvailabilityZone",
        "AvailabilityZoneId": "found.Subnets[0].AvailabilityZoneId",
        "CidrBlock": "found.Subnets[0].CidrBlock",
        "VpcId": "found.Subnets[0].VpcId",
        "OutpostArn": "p.OutpostArn || ''",
        "Ipv6CidrBlocks": "found.Subnets[0].Ipv6CidrBlockAssociationSet[].Ipv6CidrBlock || `[]`",
        "NetworkAclAssociationId": "where(found.NetworkAcls[0].Associations, 'SubnetId', ref).NetworkAclAssociationId",
        "BlockPublicAccessStates": '`{"InternetGatewayBlockMode": "off"}`',
    },
    live=frozenset({"Ipv6CidrBlocks", "NetworkAclAssociationId"}),
)

SUBNET_CIDR_BLOCK: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="Ipv6CidrBlock SubnetId", recorded="Ipv6IpamPoolId Ipv6NetmaskLength"),
    made_by=Call(operation="associate_subnet_cidr_block"),
    reference="made.Ipv6CidrBlockAssociation.AssociationId",
    deleted_by=(call("disassociate_subnet_cidr_block", AssociationId="ref"),),
    attributes={"Id": "ref", "Ipv6AddressAttribute": "'public'", "IpSource": "'amazon'"},
)

DHCP_OPTIONS: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="DomainName DomainNameServers NetbiosNameServers NetbiosNodeType NtpServers Tags",
        recorded="Ipv6AddressPreferredLeaseTime",
    ),
    made_by=call(
        "create_dhcp_options",
        DhcpConfigurations="[{Key: 'domain-name', Values: p.DomainName && [p.DomainName]},"
        " {Key: 'domain-name-servers', Values: p.DomainNameServers},"
        " {Key: 'netbios-name-servers', Values: p.NetbiosNameServers},"
        " {Key: 'netbios-node-type', Values: p.NetbiosNodeType && [p.NetbiosNodeType]},"
        " {Key: 'ntp-servers', Values: p.NtpServers}][?Values]",
    ),
    reference="made.DhcpOptions.DhcpOptionsId",
    completed_by=(SET_TAGS,),
    tagged_by=TAGGING,
    deleted_by=(call("delete_dhcp_options", DhcpOptionsId="ref"),),
    attributes={"DhcpOptionsId": "ref"},
)

VPC_DHCP_OPTIONS_ASSOCIATION: Final = MotoBacked(
    service="ec2",
    properties=properties_of(read="DhcpOptionsId VpcId"),
    made_by=Call(operation="associate_dhcp_options"),
    reference="join('|', [p.DhcpOptionsId, p.VpcId])",
    # Amazon EC2 API Reference, "AssociateDhcpOptions": the VPC then has no options.
    deleted_by=(call("associate_dhcp_options", DhcpOptionsId="'default'", VpcId="p.VpcId"),),
)

VPC_PEERING_CONNECTION: Final = MotoBacked(
    service="ec2",
    properties=properties_of(
        read="PeerOwnerId PeerRegion PeerVpcId Tags VpcId", recorded="AssumeRoleRegion PeerRoleArn"
    ),
    made_by=Call(operation="create_vpc_peering_connection", renamed=UNTAGGED),
    reference="made.VpcPeeringConnection.VpcPeeringConnectionId",
    completed_by=(
        # In one account and region CloudFormation accepts it as well. Source: "AWS::EC2::VPCPeeringConnection".
        call(
            "accept_vpc_peering_connection",
            when="(p.PeerRegion || region) == region && (p.PeerOwnerId || account) == account",
            VpcPeeringConnectionId="ref",
        ),
        SET_TAGS,
    ),
    tagged_by=TAGGING,
    deleted_by=(call("delete_vpc_peering_connection", VpcPeeringConnectionId="ref"),),
    attributes={"Id": "ref"},
)
