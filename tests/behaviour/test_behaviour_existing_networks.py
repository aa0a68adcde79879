"""Functions in networks that a template takes to be there: looked up, imported by their ids, or not known at all.

Source: CDK Developer Guide, "Context values and the AWS CDK"; aws-cdk-lib, aws-ec2, `Vpc.from_lookup`; Amazon VPC User
Guide, "Subnet types".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import LambdakitError
from lambdakit.trace import NetworkBlocked
from tests.fakes.existing_network import (
    GROUP_ID,
    VPC_ID,
    application,
    in_existing,
    looked_up_vpc,
    made,
    vpc_answer,
)
from tests.fakes.harness_forks import forked_harness
from tests.fakes.plain_assembly import Resources, write_stacks

pytestmark = pytest.mark.xdist_group("behaviour-existing-networks")

ANYWHERE = "0.0.0.0/0"
NO_WAY_OUT = "has no route to the internet"


@pytest.fixture
def harness() -> Iterator[Harness]:
    with forked_harness() as started:
        yield started


def subnets(harness: Harness, vpc: str) -> dict[str, dict[str, Any]]:
    found = harness.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    return {subnet["SubnetId"]: subnet for subnet in found}


def gateway_endpoint(*tables: str) -> dict[str, Any]:
    properties = {"VpcId": VPC_ID, "ServiceName": "com.amazonaws.us-east-1.dynamodb", "RouteTableIds": list(tables)}
    return {"Type": "AWS::EC2::VPCEndpoint", "Properties": properties}


def test_a_function_in_a_vpc_that_was_not_looked_up_runs_and_the_trace_says_what_was_assumed(
    harness: Harness, tmp_path: Path
) -> None:
    deployment = harness.deploy(application(tmp_path, in_existing("p-12345", "p-67890", vpc="vpc-12345")))

    assert deployment.function("Fn").invoke({}).payload == 200
    reached = deployment.reachability["Fn"]["dynamodb"]
    assert (reached.reachable, reached.judged) == (True, True)
    assert "NAT gateway" in reached.path
    [event] = made(harness).values()
    assert (event.physical_id, event.type, event.assumed) == ("vpc-12345", "AWS::EC2::VPC", True)
    assert "p-12345 (private, with a NAT gateway, us-east-1a" in event.text
    assert "the CDK CLI writes the answer to cdk.context.json" in event.text


def test_public_subnets_of_a_vpc_that_was_not_looked_up_have_no_way_out_for_functions(
    harness: Harness, tmp_path: Path
) -> None:
    deployment = harness.deploy(application(tmp_path, in_existing("s-12345", vpc="vpc-12345")))

    result = deployment.function("Fn").invoke({})

    assert result.function_error == "Unhandled"
    [blocked] = [event for event in harness.trace.events if isinstance(event, NetworkBlocked)]
    assert "public" in blocked.reason


@pytest.mark.parametrize(
    ("subnet", "reachable", "words"),
    [
        ("subnet-private0", True, "NAT gateway"),
        ("subnet-isolated0", False, "has no way to dynamodb"),
        ("subnet-public0", False, "public"),
    ],
)
def test_each_kind_of_subnet_that_was_looked_up_has_the_way_out_of_its_kind(
    harness: Harness, tmp_path: Path, subnet: str, reachable: bool, words: str
) -> None:
    context = vpc_answer(Public=1, Private=1, Isolated=1)

    deployment = harness.deploy(application(tmp_path, in_existing(subnet), context=context))

    way = deployment.reachability["Fn"]["dynamodb"]
    assert (way.reachable, way.judged) == (reachable, True)
    assert words in way.path + way.reason
    assert [event.assumed for event in made(harness).values()] == [False]


def test_all_that_was_looked_up_is_there_as_it_was_looked_up(harness: Harness, tmp_path: Path) -> None:
    context = vpc_answer(Public=2, Isolated=3)

    harness.deploy(application(tmp_path, in_existing("subnet-isolated0"), context=context))

    found = subnets(harness, VPC_ID)
    assert {name: (each["CidrBlock"], each["AvailabilityZone"]) for name, each in found.items()} == {
        "subnet-public0": ("172.20.0.0/24", "us-east-1b"),
        "subnet-public1": ("172.20.1.0/24", "us-east-1c"),
        "subnet-isolated0": ("172.20.16.0/24", "us-east-1b"),
        "subnet-isolated1": ("172.20.17.0/24", "us-east-1c"),
        "subnet-isolated2": ("172.20.18.0/24", "us-east-1d"),
    }
    [vpc] = harness.client("ec2").describe_vpcs(VpcIds=[VPC_ID])["Vpcs"]
    assert (vpc["CidrBlock"], vpc["Tags"]) == ("172.20.0.0/16", [{"Key": "Name", "Value": "main"}])
    tables = harness.client("ec2").describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [VPC_ID]}])
    of_subnets = {
        association["SubnetId"]: table["RouteTableId"]
        for table in tables["RouteTables"]
        for association in table["Associations"]
        if "SubnetId" in association
    }
    assert of_subnets == {name: name.replace("subnet", "rtb") for name in found}
    assert harness.client("ec2").describe_nat_gateways()["NatGateways"] == []


def test_an_endpoint_in_the_looked_up_route_table_opens_an_isolated_subnet(harness: Harness, tmp_path: Path) -> None:
    resources = in_existing("subnet-isolated0", Endpoint=gateway_endpoint("rtb-isolated0"))

    deployment = harness.deploy(application(tmp_path, resources, context=vpc_answer(Isolated=1)))

    assert deployment.function("Fn").invoke({}).payload == 200
    assert deployment.reachability["Fn"]["dynamodb"].endpoint_id


def test_private_subnets_without_a_public_one_get_a_nat_gateway_all_the_same(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(application(tmp_path, in_existing("subnet-private0"), context=vpc_answer(Private=1)))

    assert deployment.reachability["Fn"]["dynamodb"].reachable


@pytest.mark.parametrize("kind", ["Isolated", "Private"])
def test_the_overrides_say_what_an_imported_vpc_is_like(harness: Harness, tmp_path: Path, kind: str) -> None:
    answer = {key: value for key, value in looked_up_vpc(**{kind: 1}).items() if key != "vpcId"}
    resources = in_existing(f"subnet-{kind.lower()}0")

    deployment = harness.deploy(application(tmp_path, resources, existing={VPC_ID: answer}))

    assert deployment.reachability["Fn"]["dynamodb"].reachable is (kind == "Private")
    assert [event.text.partition(":")[0] for event in made(harness).values()] == ["as lambdakit-overrides.json tells"]


def test_an_imported_vpc_of_which_nothing_is_told_is_private_with_a_nat_gateway(
    harness: Harness, tmp_path: Path
) -> None:
    deployment = harness.deploy(application(tmp_path, in_existing("subnet-0aa", "subnet-0bb")))

    assert deployment.reachability["Fn"]["dynamodb"].reachable
    zones = {name: each["AvailabilityZone"] for name, each in subnets(harness, VPC_ID).items()}
    assert (zones["subnet-0aa"], zones["subnet-0bb"]) == ("us-east-1a", "us-east-1b")
    assert "`lambdakit-overrides.json` may tell" in made(harness)[VPC_ID].text


@pytest.mark.parametrize(("existing", "reachable"), [(None, True), ({GROUP_ID: {"allowAllOutbound": False}}, False)])
def test_an_imported_security_group_lets_out_what_is_told_of_it(
    harness: Harness, tmp_path: Path, existing: object, reachable: bool
) -> None:
    resources = in_existing("subnet-0aa", groups=[GROUP_ID])

    deployment = harness.deploy(application(tmp_path, resources, existing=existing))

    way = deployment.reachability["Fn"]["dynamodb"]
    assert (way.reachable, way.judged) == (reachable, True)
    assert made(harness)[GROUP_ID].assumed is (existing is None)


def test_what_the_template_adds_to_an_imported_security_group_counts(harness: Harness, tmp_path: Path) -> None:
    rule = {"GroupId": GROUP_ID, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": ANYWHERE}
    egress = {"Type": "AWS::EC2::SecurityGroupEgress", "Properties": rule}
    context = {"security-group:account=1:x": {"securityGroupId": GROUP_ID, "allowAllOutbound": False}}
    resources = in_existing("subnet-0aa", groups=[GROUP_ID], Out=egress)

    deployment = harness.deploy(application(tmp_path, resources, context=context))

    assert deployment.reachability["Fn"]["dynamodb"].reachable
    assert "as cdk.context.json tells" in made(harness)[GROUP_ID].text


def test_an_imported_group_is_in_the_vpc_of_what_it_stands_beside(harness: Harness, tmp_path: Path) -> None:
    context = vpc_answer(Private=1)
    other = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x", "VpcId": "vpc-0ee"}}
    resources = in_existing("subnet-private0", groups=[GROUP_ID], Other=other)

    harness.deploy(application(tmp_path, resources, context=context))

    [group] = harness.client("ec2").describe_security_groups(GroupIds=[GROUP_ID])["SecurityGroups"]
    assert group["VpcId"] == VPC_ID


def test_subnets_of_what_faces_the_internet_are_public(harness: Harness, tmp_path: Path) -> None:
    balancer = {
        "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "Properties": {"Type": "application", "Scheme": "internet-facing", "Subnets": ["subnet-0aa", "subnet-0bb"]},
    }

    harness.deploy(application(tmp_path, in_existing("subnet-0cc", Balancer=balancer)))

    text = made(harness)[VPC_ID].text
    assert [f"subnet-0{name} (public" in text for name in ("aa", "bb", "cc")] == [True, True, False]
    nat = harness.client("ec2").describe_nat_gateways()["NatGateways"]
    assert [each["SubnetId"] for each in nat] == ["subnet-0aa"]


def test_a_template_may_add_subnets_to_an_imported_vpc(harness: Harness, tmp_path: Path) -> None:
    own = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": VPC_ID, "CidrBlock": "10.77.255.0/24"}}
    resources = in_existing("subnet-0aa", Own=own)

    harness.deploy(application(tmp_path, resources))

    [vpc] = harness.client("ec2").describe_vpcs(VpcIds=[VPC_ID])["Vpcs"]
    assert vpc["CidrBlock"] == "10.77.0.0/16"


def test_a_parameter_may_name_what_is_there_already(harness: Harness, tmp_path: Path) -> None:
    resources = in_existing("subnet-0aa", vpc=None)
    resources["Group"]["Properties"]["VpcId"] = {"Ref": "Network"}
    resources["Fn"]["Properties"]["VpcConfig"]["SubnetIds"] = {"Ref": "Subnets"}
    declared = {
        "Network": {"Type": "AWS::EC2::VPC::Id"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
    }
    path = write_stacks(tmp_path, {"parameters": {"Parameters": declared, "Resources": resources}})

    harness.deploy(path, parameters={"Network": VPC_ID, "Subnets": "subnet-0cc,subnet-0dd"})

    assert {"subnet-0cc", "subnet-0dd"} < set(subnets(harness, VPC_ID))


def test_what_is_in_the_account_is_left_as_it_is(harness: Harness, tmp_path: Path) -> None:
    ec2 = harness.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.5.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="mine", Description="mine", VpcId=vpc)["GroupId"]

    deployment = harness.deploy(application(tmp_path, in_existing(subnet, groups=[group])))

    assert made(harness) == {}
    assert not deployment.reachability["Fn"]["dynamodb"].reachable
    assert list(subnets(harness, vpc)) == [subnet]


def test_a_second_stack_finds_what_the_first_one_needed_and_adds_to_it(harness: Harness, tmp_path: Path) -> None:
    first, second = in_existing("subnet-0aa"), in_existing("subnet-0bb")
    path = write_stacks(
        tmp_path, {"one": {"Resources": first}, "two": {"Resources": second}}, dependencies={"two": ["one"]}
    )

    deployment = harness.deploy(path)

    assert {"subnet-0aa", "subnet-0bb"} < set(subnets(harness, VPC_ID))
    assert len(harness.client("ec2").describe_nat_gateways()["NatGateways"]) == 1
    assert [row.reachable for row in deployment.reachability if row.service == "dynamodb"] == [True, True]


def test_it_is_made_where_the_stack_goes(harness: Harness, tmp_path: Path) -> None:
    path = write_stacks(
        tmp_path,
        {"far": {"Resources": in_existing("subnet-0aa")}},
        environments={"far": "123456789012/eu-west-1"},
    )

    harness.deploy(path)

    there = harness.client("ec2", region="eu-west-1").describe_subnets(SubnetIds=["subnet-0aa"])["Subnets"]
    assert [subnet["AvailabilityZone"] for subnet in there] == ["eu-west-1a"]
    assert VPC_ID not in {each["VpcId"] for each in harness.client("ec2").describe_vpcs()["Vpcs"]}


def test_a_nested_stack_may_need_it_alone(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "inner.json").write_text(json.dumps({"Resources": in_existing("p-12345", vpc="vpc-12345")}))
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    url = {"Fn::Sub": f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{bucket}/i"}
    nested: Resources = {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
    path = write_stacks(tmp_path, {"outer": {"Resources": nested}}, assets={"i": tmp_path / "inner.json"})

    harness.deploy(path)

    assert "vpc-12345" in made(harness)


def test_a_deployment_that_fails_takes_it_back(harness: Harness, tmp_path: Path) -> None:
    ec2 = harness.client("ec2")
    rule = {"EventBusName": "nowhere", "EventPattern": {"source": ["shop"]}}
    broken = {"Type": "AWS::Events::Rule", "DependsOn": "Fn", "Properties": rule}
    resources = in_existing("subnet-0aa", groups=[GROUP_ID], Broken=broken)

    def state() -> list[object]:
        return [
            *sorted(each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]),
            *sorted(each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]),
            *sorted(each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]),
            *sorted(each["RouteTableId"] for each in ec2.describe_route_tables()["RouteTables"]),
            *sorted(each["NetworkAclId"] for each in ec2.describe_network_acls()["NetworkAcls"]),
            *sorted(each["InternetGatewayId"] for each in ec2.describe_internet_gateways()["InternetGateways"]),
            *ec2.describe_addresses()["Addresses"],
        ]

    before = state()

    with pytest.raises(LambdakitError, match="Event bus nowhere does not exist"):
        harness.deploy(application(tmp_path, resources))

    assert state() == before


def test_what_was_there_before_stays_when_the_stack_goes(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(application(tmp_path, in_existing("subnet-0aa")))

    deployment.destroy()

    assert "subnet-0aa" in subnets(harness, VPC_ID)


def test_a_projects_context_is_read_where_the_cdk_keeps_it(harness: Harness, tmp_path: Path) -> None:
    application(tmp_path, in_existing("subnet-isolated0"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "cdk.json").write_text(json.dumps({"app": "cp -R ../app $CDK_OUTDIR"}))
    (project / "cdk.context.json").write_text(json.dumps(vpc_answer(Isolated=1)))

    deployment = harness.deploy(project)

    assert not deployment.reachability["Fn"]["dynamodb"].reachable


class Application:
    """What an App is to the harness."""

    def __init__(self, directory: Path, context: dict[str, Any]) -> None:
        self.directory = str(directory)
        self.node = self
        self._context = context

    def synth(self) -> Application:
        return self

    def get_all_context(self) -> dict[str, Any]:
        return self._context


def test_an_apps_context_goes_with_it(harness: Harness, tmp_path: Path) -> None:
    path = application(tmp_path, in_existing("subnet-isolated0"))

    deployment = harness.deploy(Application(path, {**vpc_answer(Isolated=1), "mine": 1}))

    assert not deployment.reachability["Fn"]["dynamodb"].reachable


def test_a_vpc_id_of_another_form_is_refused_as_before(harness: Harness, tmp_path: Path) -> None:
    with pytest.raises(LambdakitError, match="the-network"):
        harness.deploy(application(tmp_path, in_existing("subnet-0aa", vpc="the-network")))


def test_imported_route_tables_pair_with_private_subnets(harness: Harness, tmp_path: Path) -> None:
    resources = in_existing("subnet-0aa", "subnet-0bb", Endpoint=gateway_endpoint("rtb-0aa", "rtb-0bb"))

    deployment = harness.deploy(application(tmp_path, resources))

    assert deployment.reachability["Fn"]["dynamodb"].endpoint_id
