"""`AWS::EC2::*` networking, read back through the EC2 API."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.fakes.provisioning import Properties, Provisioning, Row, follow
from tests.fakes.shown import Needs, shown

pytestmark = pytest.mark.xdist_group("moto")

_TAGS = [{"Key": "Name", "Value": "x"}, {"Key": "old", "Value": "1"}]
_OTHER_TAGS = [{"Key": "Name", "Value": "y"}]
_VPC = {"Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})}
_SUBNETS = {
    **_VPC,
    "A": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}),
    "B": ("AWS::EC2::Subnet", {"VpcId": "@Vpc", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1b"}),
}
_TABLES = {
    **_SUBNETS,
    "T": ("AWS::EC2::RouteTable", {"VpcId": "@Vpc"}),
    "U": ("AWS::EC2::RouteTable", {"VpcId": "@Vpc"}),
}
_GATEWAY = {
    "Igw": ("AWS::EC2::InternetGateway", {}),
    "Attached": ("AWS::EC2::VPCGatewayAttachment", {"VpcId": "@Vpc", "InternetGatewayId": "@Igw"}),
}
_GROUPS = {
    **_SUBNETS,
    "G": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "g"}),
    "H": ("AWS::EC2::SecurityGroup", {"VpcId": "@Vpc", "GroupDescription": "h"}),
}
_SORTED_TAGS = "sort_by(Tags || `[]`, &Key)"
_GROUP = (
    "SecurityGroups[0].{In: IpPermissions[].[FromPort, IpRanges[0].CidrIp, Ipv6Ranges[0].CidrIpv6],"
    " Out: IpPermissionsEgress[].[IpProtocol, IpRanges[0].CidrIp], Tags: sort_by(Tags || `[]`, &Key)}"
)


def _tagged(
    name: str, operation: str, argument: str, properties: Properties | None = None, needs: Needs | None = None
) -> Row:
    """A type of which nothing but tags changes. A gateway that is deleted stays visible for a while."""
    return Row(
        type=f"AWS::EC2::{name}",
        first={**(properties or {}), "Tags": _TAGS},
        second={**(properties or {}), "Tags": _OTHER_TAGS},
        read=shown("ec2", operation, "sort_by(*[?State != 'deleted'].Tags[][], &Key)", **{argument: "[ref]"}),
        shows=(_TAGS, _OTHER_TAGS),
        needs=needs or {},
    )


ROWS = [
    Row(
        type="AWS::EC2::VPC",
        first={"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": "true", "EnableDnsSupport": True, "Tags": _TAGS},
        second={"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": False, "Tags": _OTHER_TAGS},
        read=shown("ec2", "describe_vpcs", f"Vpcs[0].{{CidrBlock: CidrBlock, Tags: {_SORTED_TAGS}}}", VpcIds="[ref]"),
        shows=({"CidrBlock": "10.0.0.0/16", "Tags": _TAGS}, {"Tags": _OTHER_TAGS}),
    ),
    Row(
        type="AWS::EC2::VPC",
        first={"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": "true"},
        second={"CidrBlock": "10.0.0.0/16"},
        read=shown(
            "ec2", "describe_vpc_attribute", "EnableDnsHostnames", VpcId="ref", Attribute="'enableDnsHostnames'"
        ),
        shows=({"Value": True}, {"Value": False}),
    ),
    Row(
        type="AWS::EC2::Subnet",
        first={
            **{"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1b"},
            **{"MapPublicIpOnLaunch": True, "Tags": _TAGS},
        },
        second={
            **{"VpcId": "@Vpc", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1b"},
            **{"AssignIpv6AddressOnCreation": True, "Tags": _OTHER_TAGS},
        },
        read=shown(
            "ec2",
            "describe_subnets",
            "Subnets[0].{Public: MapPublicIpOnLaunch, Six: AssignIpv6AddressOnCreation, Zone: AvailabilityZone}",
            SubnetIds="[ref]",
        ),
        shows=({"Public": True, "Six": False, "Zone": "eu-west-1b"}, {"Public": False, "Six": True}),
        needs=_VPC,
    ),
    Row(
        type="AWS::EC2::Route",
        first={"RouteTableId": "@T", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "@Igw"},
        second={"RouteTableId": "@T", "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "@Nat"},
        read=shown(
            "ec2",
            "describe_route_tables",
            "RouteTables[0].Routes[?DestinationCidrBlock == '0.0.0.0/0'].[GatewayId, NatGatewayId] | [0]",
            RouteTableIds="[p.RouteTableId]",
        ),
        shows=(["@Igw", None], [None, "@Nat"]),
        needs={
            **_TABLES,
            **_GATEWAY,
            "Eip": ("AWS::EC2::EIP", {}),
            "Nat": ("AWS::EC2::NatGateway", {"SubnetId": "@A", "AllocationId": "@Eip.AllocationId"}),
        },
    ),
    Row(
        type="AWS::EC2::SecurityGroup",
        first={
            "VpcId": "@Vpc",
            "GroupDescription": "d",
            "SecurityGroupIngress": [
                {"IpProtocol": "tcp", "FromPort": "80", "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "web"}
            ],
            "SecurityGroupEgress": [
                {"IpProtocol": "icmp", "FromPort": 252, "ToPort": 86, "CidrIp": "255.255.255.255/32"}
            ],
            "Tags": _TAGS,
        },
        second={
            "VpcId": "@Vpc",
            "GroupDescription": "d",
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"}],
            "Tags": _OTHER_TAGS,
        },
        read=shown("ec2", "describe_security_groups", _GROUP, GroupIds="[ref]"),
        shows=(
            {"In": [[80, "0.0.0.0/0", None]], "Out": [["icmp", "255.255.255.255/32"]], "Tags": _TAGS},
            {"In": [[443, None, "::/0"]], "Out": [["-1", "0.0.0.0/0"]], "Tags": _OTHER_TAGS},
        ),
        needs=_VPC,
    ),
    *(
        Row(
            type=f"AWS::EC2::SecurityGroup{kind}",
            first={"GroupId": "@G", "CidrIp": "10.0.0.0/8", "IpProtocol": "tcp", "FromPort": 1, "ToPort": "2"},
            second={
                **{"GroupId": "@G", "CidrIp": "10.0.0.0/8", "IpProtocol": "tcp", "FromPort": 1, "ToPort": "2"},
                "Description": "said",
            },
            read=shown(
                "ec2",
                "describe_security_groups",
                f"SecurityGroups[0].{member}[?FromPort == `1`].IpRanges[] | [0].[CidrIp, Description || '']",
                GroupIds="[p.GroupId]",
            ),
            shows=(["10.0.0.0/8", ""], ["10.0.0.0/8", "said"]),
            needs=_GROUPS,
        )
        for kind, member in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress"))
    ),
    Row(
        type="AWS::EC2::NetworkAclEntry",
        first={
            **{"NetworkAclId": "@Acl", "RuleNumber": "100", "Protocol": 6, "RuleAction": "allow", "Egress": "true"},
            **{"CidrBlock": "0.0.0.0/0", "PortRange": {"From": "1", "To": 2}},
        },
        second={
            **{"NetworkAclId": "@Acl", "RuleNumber": "100", "Protocol": 6, "RuleAction": "deny", "Egress": "true"},
            **{"CidrBlock": "10.0.0.0/8", "PortRange": {"From": 1, "To": 3}},
        },
        read=shown(
            "ec2",
            "describe_network_acls",
            "NetworkAcls[0].Entries[?RuleNumber == `100`].[RuleAction, CidrBlock, Egress] | [0]",
            NetworkAclIds="[p.NetworkAclId]",
        ),
        shows=(["allow", "0.0.0.0/0", True], ["deny", "10.0.0.0/8", True]),
        needs={**_VPC, "Acl": ("AWS::EC2::NetworkAcl", {"VpcId": "@Vpc"})},
    ),
    Row(
        type="AWS::EC2::VPCEndpoint",
        first={
            **{"VpcId": "@Vpc", "ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": ["@T"]},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
        },
        second={"VpcId": "@Vpc", "ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": ["@U"]},
        read=shown(
            "ec2",
            "describe_vpc_endpoints",
            "VpcEndpoints[0].[VpcEndpointType, RouteTableIds]",
            "VpcEndpoints[?State == 'available']",
            VpcEndpointIds="[ref]",
        ),
        shows=(["Gateway", ["@T"]], ["Gateway", ["@U"]]),
        needs=_TABLES,
    ),
    Row(
        type="AWS::EC2::VPCEndpoint",
        first={
            **{"VpcId": "@Vpc", "ServiceName": "com.amazonaws.eu-west-1.sqs", "VpcEndpointType": "Interface"},
            **{"SubnetIds": ["@A"], "SecurityGroupIds": ["@G"], "PrivateDnsEnabled": "true"},
        },
        second={
            **{"VpcId": "@Vpc", "ServiceName": "com.amazonaws.eu-west-1.sqs", "VpcEndpointType": "Interface"},
            **{"SubnetIds": ["@A", "@B"], "SecurityGroupIds": ["@H"], "PrivateDnsEnabled": "true"},
        },
        read=shown(
            "ec2",
            "describe_vpc_endpoints",
            "VpcEndpoints[0].[SubnetIds, Groups[].GroupId, PrivateDnsEnabled]",
            "VpcEndpoints[?State == 'available']",
            VpcEndpointIds="[ref]",
        ),
        shows=([["@A"], ["@G"], True], [["@A", "@B"], ["@H"], True]),
        needs=_GROUPS,
    ),
    Row(
        type="AWS::EC2::PrefixList",
        first={"PrefixListName": "a", "AddressFamily": "IPv4", "MaxEntries": "5", "Entries": [{"Cidr": "10.0.0.0/8"}]},
        second={
            **{"PrefixListName": "b", "AddressFamily": "IPv4", "MaxEntries": "5"},
            "Entries": [{"Cidr": "11.0.0.0/8", "Description": "x"}],
        },
        read=shown(
            "ec2",
            "describe_managed_prefix_lists",
            "PrefixLists[0].PrefixListName",
            "PrefixLists[?State != 'delete-complete']",
            PrefixListIds="[ref]",
        ),
        shows=("a", "b"),
    ),
    Row(
        type="AWS::EC2::TransitGatewayAttachment",
        first={"TransitGatewayId": "@Tgw", "VpcId": "@Vpc", "SubnetIds": ["@A"]},
        second={"TransitGatewayId": "@Tgw", "VpcId": "@Vpc", "SubnetIds": ["@B"]},
        read=shown(
            "ec2",
            "describe_transit_gateway_vpc_attachments",
            "TransitGatewayVpcAttachments[0].SubnetIds",
            TransitGatewayAttachmentIds="[ref]",
        ),
        shows=(["@A"], ["@B"]),
        needs={**_SUBNETS, "Tgw": ("AWS::EC2::TransitGateway", {})},
    ),
    Row(
        type="AWS::EC2::GatewayRouteTableAssociation",
        first={"GatewayId": "@Igw", "RouteTableId": "@T"},
        second={"GatewayId": "@Igw", "RouteTableId": "@U"},
        read=shown(
            "ec2",
            "describe_route_tables",
            "RouteTables[?Associations[?GatewayId]].RouteTableId",
        ),
        shows=(["@T"], ["@U"]),
        needs={**_TABLES, **_GATEWAY},
    ),
    _tagged("RouteTable", "describe_route_tables", "RouteTableIds", {"VpcId": "@Vpc"}, _VPC),
    _tagged("InternetGateway", "describe_internet_gateways", "InternetGatewayIds"),
    _tagged("NetworkAcl", "describe_network_acls", "NetworkAclIds", {"VpcId": "@Vpc"}, _VPC),
    _tagged("EIP", "describe_addresses", "PublicIps"),
    _tagged("DHCPOptions", "describe_dhcp_options", "DhcpOptionsIds", {"DomainName": "x.local"}),
    _tagged(
        "NatGateway",
        "describe_nat_gateways",
        "NatGatewayIds",
        {"SubnetId": "@A", "AllocationId": "@Eip.AllocationId"},
        {**_SUBNETS, "Eip": ("AWS::EC2::EIP", {})},
    ),
    _tagged(
        "FlowLog",
        "describe_flow_logs",
        "FlowLogIds",
        {
            **{"ResourceType": "VPC", "ResourceId": "@Vpc", "TrafficType": "ALL", "LogGroupName": "flows"},
            "DeliverLogsPermissionArn": "arn:aws:iam::111122223333:role/r",
        },
        _VPC,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix("AWS::EC2::"))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_vpc_tells_what_others_gave_it(provisioning: Provisioning) -> None:
    vpc = provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, logical_id="Vpc")
    before = vpc.provisioned.attributes["Ipv6CidrBlocks"]

    provisioning.create("AWS::EC2::VPCCidrBlock", {"VpcId": "@Vpc", "AmazonProvidedIpv6CidrBlock": True})

    assert before == []
    assert len(vpc.provisioned.attributes["Ipv6CidrBlocks"]) == 1
    assert vpc.provisioned.attributes["DefaultSecurityGroup"].startswith("sg-")
    assert vpc.provisioned.attributes["DefaultNetworkAcl"].startswith("acl-")


def test_acl_of_a_subnet_comes_and_goes(provisioning: Provisioning) -> None:
    for name, (type_name, properties) in _SUBNETS.items():
        provisioning.create(type_name, properties, logical_id=name)
    acl = provisioning.create("AWS::EC2::NetworkAcl", {"VpcId": "@Vpc"}, logical_id="Acl")
    subnet_id = provisioning.made["A"].provisioned.physical_id
    filters = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
    ec2 = provisioning.client("ec2")

    association = provisioning.create(
        "AWS::EC2::SubnetNetworkAclAssociation", {"NetworkAclId": "@Acl", "SubnetId": "@A"}
    )
    during = ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
    provisioning.delete(association)
    provisioning.delete(association)

    assert during == acl.provisioned.physical_id
    assert ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["IsDefault"]


@pytest.mark.parametrize(
    ("kind", "source", "member"),
    [
        pytest.param("Ingress", "SourceSecurityGroupId", "IpPermissions", id="from a group"),
        pytest.param("Egress", "DestinationSecurityGroupId", "IpPermissionsEgress", id="to a group"),
    ],
)
def test_rule_between_groups(provisioning: Provisioning, kind: str, source: str, member: str) -> None:
    for name, (type_name, properties) in _GROUPS.items():
        provisioning.create(type_name, properties, logical_id=name)
    rule = {"GroupId": "@G", source: "@H.GroupId", "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}

    created = provisioning.create(f"AWS::EC2::SecurityGroup{kind}", rule)
    groups = [provisioning.made["G"].provisioned.physical_id]
    during = provisioning.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"][0][member]
    provisioning.delete(created)
    after = provisioning.client("ec2").describe_security_groups(GroupIds=groups)["SecurityGroups"][0][member]

    assert created.provisioned.physical_id.startswith("sgr-")
    pairs = [pair["GroupId"] for permission in during for pair in permission["UserIdGroupPairs"]]
    assert pairs == [provisioning.made["H"].provisioned.physical_id]
    assert not any(permission["UserIdGroupPairs"] for permission in after)


def test_flow_log_into_a_bucket_s_folder(provisioning: Provisioning) -> None:
    provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, logical_id="Vpc")
    provisioning.create("AWS::S3::Bucket", {"BucketName": "flow-logs-here"}, logical_id="Bucket")
    flow = {"ResourceType": "VPC", "ResourceId": "@Vpc", "TrafficType": "ALL", "LogDestinationType": "s3"}

    created = provisioning.create(
        "AWS::EC2::FlowLog", {**flow, "LogDestination": "arn:aws:s3:::flow-logs-here/folder/"}
    )

    assert created.provisioned.physical_id.startswith("fl-")


def test_half_made_group_is_taken_back(provisioning: Provisioning) -> None:
    provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, logical_id="Vpc")
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "SourceSecurityGroupId": "sg-0123456789abcdef0"}

    with pytest.raises(ClientError, match="does not exist"):
        provisioning.create(
            "AWS::EC2::SecurityGroup",
            {"GroupName": "half", "GroupDescription": "d", "VpcId": "@Vpc", "SecurityGroupIngress": [rule]},
        )

    filters = [{"Name": "group-name", "Values": ["half"]}]
    assert provisioning.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"] == []


def test_default_vpc_stays(provisioning: Provisioning) -> None:
    created = provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})

    provisioning.delete(created)

    assert [vpc["IsDefault"] for vpc in provisioning.client("ec2").describe_vpcs()["Vpcs"]] == [True]


def test_rule_that_a_group_has_twice_is_passed_over(provisioning: Provisioning) -> None:
    """A block that is said once as text and once by reference. Source: cloudformation-coverage-roadmap, issue 1532."""
    provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}, logical_id="Vpc")
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
    rules = [{**https, "Description": "text"}, {**https, "Description": "reference"}, {**https, "ToPort": 444}]
    group = {"GroupDescription": "d", "VpcId": "@Vpc", "SecurityGroupIngress": rules}

    created = provisioning.create("AWS::EC2::SecurityGroup", group, logical_id="Twice")

    there = provisioning.client("ec2").describe_security_groups(GroupIds=[created.provisioned.physical_id])
    permissions = there["SecurityGroups"][0]["IpPermissions"]
    assert sorted(each["ToPort"] for each in permissions) == [443, 444]
    [(about, note)] = provisioning.notes
    assert about == "Twice" and "the second is passed over" in note


def test_an_interface_has_the_addresses_that_it_is_given(provisioning: Provisioning) -> None:
    for name, (type_name, properties) in _SUBNETS.items():
        provisioning.create(type_name, properties, logical_id=name)
    addresses = [
        {"PrivateIpAddress": "10.0.0.10", "Primary": "true"},
        {"PrivateIpAddress": "10.0.0.11", "Primary": "false"},
    ]

    created = provisioning.create(
        "AWS::EC2::NetworkInterface", {"SubnetId": "@A", "PrivateIpAddresses": addresses}
    ).provisioned

    assert created.attributes["PrimaryPrivateIpAddress"] == "10.0.0.10"
    assert created.attributes["SecondaryPrivateIpAddresses"] == ["10.0.0.11"]
