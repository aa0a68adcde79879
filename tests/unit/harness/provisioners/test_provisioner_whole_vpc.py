"""Networks as the CDK's `Vpc` writes them, made whole and taken away whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.provisioning import Properties, Provisioning

pytestmark = pytest.mark.xdist_group("moto")

Part = tuple[str, str, Properties]

_ZONES = ("a", "b")


def _named(path: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": f"Stack/Vpc/{path}"}]


def _subnet(name: str, zone: str, number: int, *, public: bool) -> Iterator[Part]:
    placed = {"AvailabilityZone": f"eu-west-1{zone}", "CidrBlock": f"10.0.{number}.0/24", "VpcId": "@Vpc"}
    yield name, "AWS::EC2::Subnet", {**placed, "MapPublicIpOnLaunch": public, "Tags": _named(name)}
    yield f"{name}RouteTable", "AWS::EC2::RouteTable", {"VpcId": "@Vpc", "Tags": _named(name)}
    association = {"RouteTableId": f"@{name}RouteTable", "SubnetId": f"@{name}"}
    yield f"{name}Association", "AWS::EC2::SubnetRouteTableAssociation", association


def _vpc() -> Iterator[Part]:
    switches = {"EnableDnsHostnames": True, "EnableDnsSupport": True, "InstanceTenancy": "default"}
    yield "Vpc", "AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16", **switches, "Tags": _named("")}


def _public_and_private() -> Iterator[Part]:
    """`ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=2)`."""
    yield from _vpc()
    yield "Igw", "AWS::EC2::InternetGateway", {"Tags": _named("")}
    for index, zone in enumerate(_ZONES):
        public, private = f"Public{index}", f"Private{index}"
        yield from _subnet(public, zone, index, public=True)
        if index == 0:
            yield "Attached", "AWS::EC2::VPCGatewayAttachment", {"VpcId": "@Vpc", "InternetGatewayId": "@Igw"}
        everywhere = {"DestinationCidrBlock": "0.0.0.0/0"}
        route = {**everywhere, "RouteTableId": f"@{public}RouteTable", "GatewayId": "@Igw"}
        yield f"{public}DefaultRoute", "AWS::EC2::Route", route
        yield f"Eip{index}", "AWS::EC2::EIP", {"Domain": "vpc", "Tags": _named(public)}
        nat = {"AllocationId": f"@Eip{index}.AllocationId", "SubnetId": f"@{public}", "Tags": _named(public)}
        yield f"Nat{index}", "AWS::EC2::NatGateway", nat
        yield from _subnet(private, zone, index + 10, public=False)
        route = {**everywhere, "RouteTableId": f"@{private}RouteTable", "NatGatewayId": f"@Nat{index}"}
        yield f"{private}DefaultRoute", "AWS::EC2::Route", route


def _isolated_with_endpoints() -> Iterator[Part]:
    """Isolated subnets, a gateway and an interface endpoint, and flow logs into a log group."""
    yield from _vpc()
    for index, zone in enumerate(_ZONES):
        yield from _subnet(f"Isolated{index}", zone, index, public=False)
    tables = [f"@Isolated{index}RouteTable" for index in range(len(_ZONES))]
    gateway = {"RouteTableIds": tables, "ServiceName": "com.amazonaws.eu-west-1.dynamodb", "VpcId": "@Vpc"}
    yield "Tables", "AWS::EC2::VPCEndpoint", {**gateway, "VpcEndpointType": "Gateway"}
    rule = {"CidrIp": "@Vpc.CidrBlock", "Description": "from the VPC", "FromPort": 443, "ToPort": 443}
    group = {"GroupDescription": "Stack/Vpc/Queues", "SecurityGroupIngress": [{**rule, "IpProtocol": "tcp"}]}
    everything = [{"CidrIp": "0.0.0.0/0", "Description": "Allow all outbound traffic by default", "IpProtocol": "-1"}]
    yield "Group", "AWS::EC2::SecurityGroup", {**group, "SecurityGroupEgress": everything, "VpcId": "@Vpc"}
    interface = {
        **{"PrivateDnsEnabled": True, "SecurityGroupIds": ["@Group.GroupId"], "VpcEndpointType": "Interface"},
        **{"ServiceName": "com.amazonaws.eu-west-1.sqs", "SubnetIds": ["@Isolated0", "@Isolated1"], "VpcId": "@Vpc"},
    }
    yield "Queues", "AWS::EC2::VPCEndpoint", interface
    yield "Logs", "AWS::Logs::LogGroup", {"RetentionInDays": 731}
    flow = {"ResourceId": "@Vpc", "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "cloud-watch-logs"}
    role = "arn:aws:iam::111122223333:role/flow"
    yield "Flow", "AWS::EC2::FlowLog", {**flow, "DeliverLogsPermissionArn": role, "LogGroupName": "@Logs"}


def _dual_stack() -> Iterator[Part]:
    """`ip_protocol=ec2.IpProtocol.DUAL_STACK`, with an ACL of its own."""
    yield from _vpc()
    yield "Six", "AWS::EC2::VPCCidrBlock", {"AmazonProvidedIpv6CidrBlock": True, "VpcId": "@Vpc"}
    yield from _subnet("Private0", "a", 0, public=False)
    yield "Egress", "AWS::EC2::EgressOnlyInternetGateway", {"VpcId": "@Vpc"}
    route = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "@Egress"}
    yield "Six0", "AWS::EC2::Route", {**route, "RouteTableId": "@Private0RouteTable"}
    yield "Acl", "AWS::EC2::NetworkAcl", {"VpcId": "@Vpc"}
    entry = {"NetworkAclId": "@Acl", "Protocol": -1, "RuleAction": "allow", "RuleNumber": 100}
    yield "Entry", "AWS::EC2::NetworkAclEntry", {**entry, "CidrBlock": "0.0.0.0/0", "Egress": True}
    yield "OfSubnet", "AWS::EC2::SubnetNetworkAclAssociation", {"NetworkAclId": "@Acl", "SubnetId": "@Private0"}


@pytest.mark.parametrize("parts", [_public_and_private, _isolated_with_endpoints, _dual_stack])
def test_network_leaves_nothing_behind(provisioning: Provisioning, parts: object) -> None:
    assert callable(parts)
    before = _contents(provisioning)

    for logical_id, type_name, properties in parts():
        provisioning.create(type_name, properties, logical_id=logical_id)
    during = _contents(provisioning)
    provisioning.close()

    assert len(during["describe_vpcs"]) == len(before["describe_vpcs"]) + 1
    assert _contents(provisioning) == before


def test_security_group_of_a_vpc_can_be_shut(provisioning: Provisioning) -> None:
    """What the CDK's handler for `restrictDefaultSecurityGroup` does, by the attribute that it is given."""
    vpc = provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}).provisioned
    group_id = vpc.attributes["DefaultSecurityGroup"]
    ec2 = provisioning.client("ec2")

    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=everything)

    assert ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]["IpPermissionsEgress"] == []


def _contents(provisioning: Provisioning) -> dict[str, set[str]]:
    """What stands in the account's network, by the operation that lists it. Gateways that are deleted stay listed."""
    ec2 = provisioning.client("ec2")
    lists = {
        **{"describe_vpcs": "VpcId", "describe_subnets": "SubnetId", "describe_route_tables": "RouteTableId"},
        **{"describe_internet_gateways": "InternetGatewayId", "describe_security_groups": "GroupId"},
        **{"describe_addresses": "AllocationId", "describe_flow_logs": "FlowLogId"},
        **{"describe_nat_gateways": "NatGatewayId", "describe_vpc_endpoints": "VpcEndpointId"},
        **{"describe_network_interfaces": "NetworkInterfaceId"},
        "describe_egress_only_internet_gateways": "EgressOnlyInternetGatewayId",
    }
    return {
        operation: {
            item[key]
            for items in getattr(ec2, operation)().values()
            if isinstance(items, list)
            for item in items
            if item.get("State") != "deleted"
        }
        for operation, key in lists.items()
    }
