"""moto's EC2 still has the shape that `lambdakit.harness.moto_state.network` reads, after the engine deployed to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.network import network_of
from lambdakit.harness.moto_state.triggers import disarm
from lambdakit.harness.network.reachability import NetworkRules
from lambdakit.harness.network.verdict import Destination, Placement, Verdict
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Properties, Provisioning

pytestmark = pytest.mark.xdist_group("moto")

_EVERYWHERE = {"DestinationCidrBlock": "0.0.0.0/0"}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:Get*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def account() -> Account:
    disarm()
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture
def deployed(account: Account, tmp_path: Path) -> Iterator[Network]:
    network = Network(Provisioning(account, tmp_path, "network"))
    yield network
    network.provisioning.close()


class Network:
    """A VPC as the CDK's `ec2.Vpc` writes it: public, private with egress and isolated subnets, dual-stack."""

    def __init__(self, provisioning: Provisioning) -> None:
        self.provisioning = provisioning
        self.rules = NetworkRules()
        switches = {"EnableDnsHostnames": True, "EnableDnsSupport": True, "InstanceTenancy": "default"}
        self.add("Vpc", "VPC", {"CidrBlock": "10.0.0.0/16", **switches, "Tags": [{"Key": "Name", "Value": "Shop/Vpc"}]})
        self.add("Six", "VPCCidrBlock", {"AmazonProvidedIpv6CidrBlock": True, "VpcId": "@Vpc"})
        self.add("Igw", "InternetGateway", {})
        self.add("Attached", "VPCGatewayAttachment", {"VpcId": "@Vpc", "InternetGatewayId": "@Igw"})
        for number, name in enumerate(("Public", "Private", "Isolated", "Dual")):
            place = {"AvailabilityZone": "eu-west-1a", "CidrBlock": f"10.0.{number}.0/24", "VpcId": "@Vpc"}
            if name == "Dual":
                block = self.provisioning.made["Vpc"].provisioned.attributes["Ipv6CidrBlocks"][0]
                place["Ipv6CidrBlock"] = block.replace("::/56", "::/64")
            self.add(name, "Subnet", {**place, "Tags": [{"Key": "Name", "Value": f"Shop/Vpc/{name}"}]})
            self.add(f"{name}Table", "RouteTable", {"VpcId": "@Vpc"})
            self.add(
                f"{name}Used", "SubnetRouteTableAssociation", {"RouteTableId": f"@{name}Table", "SubnetId": f"@{name}"}
            )
        self.add("PublicRoute", "Route", {**_EVERYWHERE, "RouteTableId": "@PublicTable", "GatewayId": "@Igw"})
        self.add("Eip", "EIP", {"Domain": "vpc"})
        self.add("Nat", "NatGateway", {"AllocationId": "@Eip.AllocationId", "SubnetId": "@Public"})
        self.add("PrivateRoute", "Route", {**_EVERYWHERE, "RouteTableId": "@PrivateTable", "NatGatewayId": "@Nat"})
        self.group("Function", egress=[{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}])

    def add(self, name: str, kind: str, properties: Properties) -> str:
        """The id of an EC2 resource that is made now."""
        made = self.provisioning.create(f"AWS::EC2::{kind}", properties, logical_id=name)
        return made.provisioned.physical_id

    def group(self, name: str, *, egress: Any = None, ingress: Any = None) -> str:
        """The id of a new security group."""
        rules = {"SecurityGroupEgress": egress, "SecurityGroupIngress": ingress}
        said = {key: value for key, value in rules.items() if value is not None}
        return self.add(name, "SecurityGroup", {"GroupDescription": name, "VpcId": "@Vpc", **said})

    def id(self, name: str) -> str:
        """The id of something that was made."""
        return self.provisioning.made[name].provisioned.physical_id

    def judge(
        self, subnet: str, destination: str, *, group: str = "Function", port: int = 443, ipv6: bool = False
    ) -> Verdict:
        """The verdict for a function in a subnet. destination: a service; a host where it has a dot."""
        placement = Placement(
            account_id=ACCOUNT_ID,
            region=REGION,
            subnet_ids=(self.id(subnet),),
            security_group_ids=(self.id(group) if group in self.provisioning.made else group,),
            ipv6=ipv6,
        )
        host = destination if "." in destination else ""
        return self.rules.judge(placement, Destination(service="" if host else destination, host=host, port=port))


def test_subnets_of_every_kind(deployed: Network) -> None:
    public, private, isolated = (deployed.judge(name, "sqs") for name in ("Public", "Private", "Isolated"))

    assert "a function never has one" in public.reason
    assert private.path.endswith(
        f"{deployed.id('Nat')} in subnet {deployed.id('Public')} (Shop/Vpc/Public, 10.0.0.0/24) -> internet gateway"
    )
    assert (
        f"subnet {deployed.id('Isolated')} (Shop/Vpc/Isolated, 10.0.2.0/24) has no way to sqs.eu-west-1"
        in isolated.reason
    )
    assert f"no interface endpoint in VPC {deployed.id('Vpc')} (Shop/Vpc)" in isolated.reason


def test_deleted_gateway_is_a_blackhole(deployed: Network) -> None:
    before = deployed.judge("Private", "sqs")
    deployed.provisioning.client("ec2").delete_nat_gateway(NatGatewayId=deployed.id("Nat"))
    after = deployed.judge("Private", "sqs")

    assert before.reachable
    assert "which is deleted" in after.reason


def test_gateway_endpoint_with_its_policy(deployed: Network) -> None:
    properties: dict[str, Any] = {
        "ServiceName": "com.amazonaws.eu-west-1.s3",
        "VpcEndpointType": "Gateway",
        "VpcId": "@Vpc",
    }
    deployed.add("S3", "VPCEndpoint", {**properties, "RouteTableIds": ["@IsolatedTable"], "PolicyDocument": _POLICY})

    isolated, public, other = (
        deployed.judge("Isolated", "s3"),
        deployed.judge("Public", "s3"),
        deployed.judge("Isolated", "dynamodb"),
    )

    assert isolated.endpoint_id == deployed.id("S3")
    assert json.loads(isolated.endpoint_policy) == _POLICY
    assert (
        f"gateway endpoint {deployed.id('S3')} is not in its route table {deployed.id('PublicTable')}" in public.reason
    )
    assert not other.reachable

    deployed.provisioning.update(
        deployed.provisioning.made["S3"], {**properties, "RouteTableIds": ["@PublicTable"], "PolicyDocument": _POLICY}
    )

    assert not deployed.judge("Isolated", "s3").reachable
    assert deployed.judge("Public", "s3").reachable

    deployed.provisioning.delete(deployed.provisioning.made["S3"])

    assert not deployed.judge("Public", "s3").reachable


def test_endpoint_without_a_policy_has_the_one_that_allows_all(deployed: Network) -> None:
    service = {"ServiceName": "com.amazonaws.eu-west-1.s3", "VpcEndpointType": "Gateway", "VpcId": "@Vpc"}
    deployed.add("S3", "VPCEndpoint", {**service, "RouteTableIds": ["@IsolatedTable"]})

    statement = json.loads(deployed.judge("Isolated", "s3").endpoint_policy)["Statement"]

    assert statement == [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]


def _interface(deployed: Network, **more: object) -> dict[str, Any]:
    group = deployed.group(
        "Queues", ingress=[{"CidrIp": "@Vpc.CidrBlock", "FromPort": 443, "ToPort": 443, "IpProtocol": "tcp"}]
    )
    return {
        "ServiceName": "com.amazonaws.eu-west-1.sqs",
        "VpcEndpointType": "Interface",
        "VpcId": "@Vpc",
        "SubnetIds": ["@Isolated"],
        "SecurityGroupIds": [group],
        "PrivateDnsEnabled": True,
        **more,
    }


def test_interface_endpoint(deployed: Network) -> None:
    deployed.add("Endpoint", "VPCEndpoint", _interface(deployed))

    verdict = deployed.judge("Isolated", "sqs")

    assert verdict.endpoint_id == deployed.id("Endpoint")
    assert "Queues" not in verdict.reason


@pytest.mark.parametrize("said", [{}, {"PrivateDnsEnabled": False}, {"PrivateDnsEnabled": "false"}])
def test_interface_endpoint_without_private_dns(deployed: Network, said: Properties) -> None:
    """CloudFormation Template Reference, "AWS::EC2::VPCEndpoint": `PrivateDnsEnabled` is false unless it is said."""
    properties = _interface(deployed)
    del properties["PrivateDnsEnabled"]
    deployed.add("Endpoint", "VPCEndpoint", {**properties, **said})

    assert "its private DNS is off" in deployed.judge("Isolated", "sqs").reason


def test_private_dns_is_switched_by_an_update(deployed: Network) -> None:
    properties = _interface(deployed)
    deployed.add("Endpoint", "VPCEndpoint", properties)

    off = deployed.provisioning.update(
        deployed.provisioning.made["Endpoint"], {**properties, "PrivateDnsEnabled": False}
    )
    without = deployed.judge("Isolated", "sqs")
    deployed.provisioning.update(off, properties)

    assert not without.reachable
    assert deployed.judge("Isolated", "sqs").reachable


def test_dns_attributes_of_the_vpc(deployed: Network) -> None:
    deployed.add("Endpoint", "VPCEndpoint", _interface(deployed))
    ec2 = deployed.provisioning.client("ec2")

    ec2.modify_vpc_attribute(VpcId=deployed.id("Vpc"), EnableDnsHostnames={"Value": False})
    nameless = deployed.judge("Isolated", "sqs")
    ec2.modify_vpc_attribute(VpcId=deployed.id("Vpc"), EnableDnsSupport={"Value": False})
    without = deployed.judge("Private", "sqs")

    assert "private DNS needs enableDnsHostnames" in nameless.reason
    assert "does not resolve" in without.reason


def test_group_that_disallows_all_traffic(deployed: Network) -> None:
    """What the CDK writes for `allow_all_outbound=False`."""
    deployed.group(
        "Shut", egress=[{"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}]
    )

    assert f"security group {deployed.id('Shut')}" in deployed.judge("Private", "sqs", group="Shut").reason

    rule = {"GroupId": "@Shut.GroupId", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}
    deployed.add("Out", "SecurityGroupEgress", rule)

    assert deployed.judge("Private", "sqs", group="Shut").reachable


def test_group_without_egress_rules_lets_everything_out(deployed: Network) -> None:
    deployed.group("Default")

    assert deployed.judge("Private", "sqs", group="Default").reachable


def test_group_that_is_given_rules_of_its_own_loses_the_implied_ones(deployed: Network) -> None:
    deployed.group("Late")
    both = deployed.provisioning.made["Late"]
    rule = {"CidrIp": "10.0.0.0/16", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}

    narrowed = deployed.provisioning.update(both, {**both.resource.properties, "SecurityGroupEgress": [rule]})
    only = [group.egress for group in network_of(ACCOUNT_ID, REGION).security_groups if group.id == deployed.id("Late")]
    deployed.provisioning.update(narrowed, both.resource.properties)

    assert [[each.cidr for each in rules] for rules in only] == [["10.0.0.0/16"]]
    assert deployed.judge("Private", "sqs", group="Late").reachable


def test_groups_that_refer_to_each_other(deployed: Network) -> None:
    deployed.group("Database")
    properties = _interface(deployed, SecurityGroupIds=["@Database.GroupId"])
    deployed.add("Endpoint", "VPCEndpoint", properties)
    before = deployed.judge("Isolated", "sqs")
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": "@Function.GroupId"}

    deployed.add("In", "SecurityGroupIngress", {"GroupId": "@Database.GroupId", **rule})

    assert f"from {deployed.id('Function')} to {deployed.id('Database')}" in before.fix
    assert deployed.judge("Isolated", "sqs").reachable


def test_group_to_the_prefix_list_of_a_gateway_endpoint(deployed: Network) -> None:
    lists = deployed.provisioning.client("ec2").describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.eu-west-1.s3"]}]
    )["PrefixLists"]
    to_list = {"DestinationPrefixListId": lists[0]["PrefixListId"], "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    deployed.group("Narrow", egress=[to_list])
    service = {"ServiceName": "com.amazonaws.eu-west-1.s3", "VpcId": "@Vpc", "RouteTableIds": ["@IsolatedTable"]}
    deployed.add("S3", "VPCEndpoint", service)

    assert deployed.judge("Isolated", "s3", group="Narrow").reachable
    assert not deployed.judge("Private", "sqs", group="Narrow").reachable


def test_default_group_of_the_vpc_admits_its_own(deployed: Network) -> None:
    """VPC User Guide, "Default security groups for your VPCs"."""
    default = deployed.provisioning.made["Vpc"].provisioned.attributes["DefaultSecurityGroup"]
    deployed.add("Endpoint", "VPCEndpoint", _interface(deployed, SecurityGroupIds=[default]))

    assert deployed.judge("Isolated", "sqs", group=default).reachable
    assert not deployed.judge("Isolated", "sqs").reachable


def test_own_network_acl(deployed: Network) -> None:
    deployed.add("Acl", "NetworkAcl", {"VpcId": "@Vpc"})
    deployed.add("OfPrivate", "SubnetNetworkAclAssociation", {"NetworkAclId": "@Acl", "SubnetId": "@Private"})
    closed = deployed.judge("Private", "sqs")
    entry = {"NetworkAclId": "@Acl", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
    ports = {"Protocol": 6, "PortRange": {"From": 443, "To": 443}}

    deployed.add("Out", "NetworkAclEntry", {**entry, **ports, "Egress": True, "RuleNumber": 100})
    without_answer = deployed.judge("Private", "sqs")
    deployed.add("In", "NetworkAclEntry", {**entry, "Protocol": -1, "Egress": False, "RuleNumber": 100})

    assert "denies outbound TCP 443 (no rule allows it)" in closed.reason
    assert "denies inbound TCP 1024-65535" in without_answer.reason
    assert deployed.judge("Private", "sqs").reachable
    deployed.add("Deny", "NetworkAclEntry", {**entry, **ports, "RuleAction": "deny", "Egress": True, "RuleNumber": 90})
    assert "(rule 90)" in deployed.judge("Private", "sqs").reason


def test_egress_only_internet_gateway(deployed: Network) -> None:
    deployed.add("Egress", "EgressOnlyInternetGateway", {"VpcId": "@Vpc"})
    route = {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "@Egress", "RouteTableId": "@DualTable"}
    deployed.add("DualRoute", "Route", route)
    deployed.group(
        "Both", egress=[{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}, {"CidrIpv6": "::/0", "IpProtocol": "-1"}]
    )

    assert not deployed.judge("Dual", "sqs", group="Both").reachable
    assert "IPv6" in deployed.judge("Dual", "sqs", group="Both", ipv6=True).path
    # The CDK's `allow_all_outbound` is for IPv4; a group that says its egress has no other.
    assert f"over IPv6 security group {deployed.id('Function')}" in deployed.judge("Dual", "sqs", ipv6=True).reason


def test_peered_vpcs(deployed: Network) -> None:
    deployed.add("Other", "VPC", {"CidrBlock": "10.9.0.0/16"})
    deployed.add("Far", "Subnet", {"CidrBlock": "10.9.1.0/24", "VpcId": "@Other", "AvailabilityZone": "eu-west-1a"})
    deployed.add("FarTable", "RouteTable", {"VpcId": "@Other"})
    deployed.add("FarUsed", "SubnetRouteTableAssociation", {"RouteTableId": "@FarTable", "SubnetId": "@Far"})
    deployed.add("Pcx", "VPCPeeringConnection", {"VpcId": "@Vpc", "PeerVpcId": "@Other"})
    out = {"RouteTableId": "@IsolatedTable", "DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "@Pcx"}
    deployed.add("Out", "Route", out)
    one_way = deployed.judge("Isolated", "10.9.1.7", port=5432)
    back = {"RouteTableId": "@FarTable", "DestinationCidrBlock": "10.0.0.0/16", "VpcPeeringConnectionId": "@Pcx"}

    deployed.add("Back", "Route", back)

    assert "has no route back" in one_way.reason
    assert f"peering connection {deployed.id('Pcx')}" in deployed.judge("Isolated", "10.9.1.7", port=5432).path


def test_private_nat_gateway(deployed: Network) -> None:
    deployed.add("Inner", "NatGateway", {"ConnectivityType": "private", "SubnetId": "@Public"})
    deployed.add("Route", "Route", {**_EVERYWHERE, "RouteTableId": "@IsolatedTable", "NatGatewayId": "@Inner"})

    assert f"NAT gateway {deployed.id('Inner')} is private" in deployed.judge("Isolated", "sqs").reason


def test_nat_instance(deployed: Network) -> None:
    """The CDK's `NatProvider.instance_v2`."""
    deployed.group("Nat2", ingress=[{"CidrIp": "@Vpc.CidrBlock", "IpProtocol": "-1"}])
    machine = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro", "SourceDestCheck": False}
    card = {"DeviceIndex": "0", "SubnetId": "@Public", "GroupSet": ["@Nat2.GroupId"], "AssociatePublicIpAddress": True}
    deployed.add("Machine", "Instance", {**machine, "NetworkInterfaces": [card]})
    deployed.add("Route", "Route", {**_EVERYWHERE, "RouteTableId": "@IsolatedTable", "InstanceId": "@Machine"})

    assert f"NAT instance {deployed.id('Machine')}" in deployed.judge("Isolated", "sqs").path


def test_default_vpc_has_an_internet_gateway_as_on_aws(deployed: Network) -> None:
    ec2 = deployed.provisioning.client("ec2")
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [default]}])["Subnets"][0]["SubnetId"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [default]}])["SecurityGroups"]
    placement = Placement(
        account_id=ACCOUNT_ID, region=REGION, subnet_ids=(subnet,), security_group_ids=(groups[0]["GroupId"],)
    )

    verdict = deployed.rules.judge(placement, Destination(service="sqs"))

    assert "a function never has one" in verdict.reason


def test_reading_makes_no_backend() -> None:
    program = (
        "import sys; from lambdakit.harness.moto_state.network import network_of; "
        "from lambdakit.harness.moto_state.network_hosts import hosts_of; "
        "assert not network_of('111122223333', 'eu-west-1').vpcs; assert hosts_of('111122223333', 'eu-west-1') == (); "
        "assert not [name for name in sys.modules if name.startswith('moto')]"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_region_that_nobody_used_stays_unused(deployed: Network) -> None:
    from moto.ec2.models import ec2_backends

    assert not network_of(ACCOUNT_ID, "sa-east-1").vpcs
    assert not network_of("999999999999", REGION).vpcs
    assert "sa-east-1" not in list(ec2_backends[ACCOUNT_ID].keys())
    assert deployed.id("Vpc") in {vpc.id for vpc in network_of(ACCOUNT_ID, REGION).vpcs}
