"""What is known of things that were in the account before, read from the CDK's context and from the overrides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdakit.assembly.look_ups import LookUps, SubnetLookUp, read_look_ups
from lambdakit.errors import AssemblyError

SUBNET = {"subnetId": "subnet-1", "cidr": "10.0.1.0/24", "availabilityZone": "eu-west-1a", "routeTableId": "rtb-1"}
GROUPS = [{"name": "App", "type": "Private", "subnets": [SUBNET]}]
VPC = {"vpcId": "vpc-1", "vpcCidrBlock": "10.0.0.0/16", "subnetGroups": GROUPS}
KEY = "vpc-provider:account=1:filter.tag:Name=main:region=eu-west-1"


def read(directory: Path, context: object = None, overrides: object = None) -> LookUps:
    if context is not None:
        (directory / "cdk.context.json").write_text(json.dumps(context))
    if overrides is not None:
        (directory / "lambdakit-overrides.json").write_text(json.dumps(overrides))
    return read_look_ups(directory)


def test_nothing_is_known_without_a_file(tmp_path: Path) -> None:
    assert read(tmp_path) == LookUps()


def test_an_answer_with_groups_of_subnets(tmp_path: Path) -> None:
    vpc = read(tmp_path, {KEY: VPC, "availability-zones:account=1": ["a"]}).vpcs["vpc-1"]

    assert (vpc.cidr, vpc.name, vpc.told_by) == ("10.0.0.0/16", "main", "cdk.context.json")
    assert vpc.subnets == (
        SubnetLookUp(
            id="subnet-1", kind="private", name="App1", zone="eu-west-1a", cidr="10.0.1.0/24", route_table_id="rtb-1"
        ),
    )
    assert vpc.ids == {"vpc-1", "subnet-1", "rtb-1"}


def test_an_answer_with_lists_of_subnets(tmp_path: Path) -> None:
    answer = {
        "vpcId": "vpc-1",
        "availabilityZones": ["eu-west-1a", "eu-west-1b"],
        "publicSubnetIds": ["subnet-1", "subnet-2"],
        "publicSubnetRouteTableIds": ["rtb-1", "rtb-2"],
        "isolatedSubnetIds": ["subnet-3"],
    }

    vpc = read(tmp_path, {KEY: answer}).vpcs["vpc-1"]

    assert [(each.id, each.kind, each.zone, each.route_table_id) for each in vpc.subnets] == [
        ("subnet-1", "public", "eu-west-1a", "rtb-1"),
        ("subnet-2", "public", "eu-west-1b", "rtb-2"),
        ("subnet-3", "isolated", "eu-west-1a", ""),
    ]


def test_security_groups_and_zones(tmp_path: Path) -> None:
    known = read(
        tmp_path,
        {
            "security-group:account=1": {"securityGroupId": "sg-1", "allowAllOutbound": False},
            "hosted-zone:account=1": {"Id": "/hostedzone/Z1", "Name": "example.com."},
        },
    )

    assert not known.groups["sg-1"].all_outbound
    assert known.zones == {"Z1": "example.com"}


def test_the_overrides_go_before_the_context(tmp_path: Path) -> None:
    told = {"vpc-1": {"vpcCidrBlock": "10.9.0.0/16"}, "sg-1": {}}

    known = read(tmp_path, {KEY: VPC}, {"existing": told})

    assert (known.vpcs["vpc-1"].cidr, known.vpcs["vpc-1"].told_by) == ("10.9.0.0/16", "lambdakit-overrides.json")
    assert known.groups["sg-1"].all_outbound


def test_the_context_beside_the_project_counts_for_its_assembly(tmp_path: Path) -> None:
    assembly = tmp_path / "cdk.out"
    assembly.mkdir()
    (tmp_path / "cdk.context.json").write_text(json.dumps({KEY: VPC}))
    assert read(assembly) == LookUps()

    (tmp_path / "cdk.json").write_text("{}")

    assert set(read(assembly).vpcs) == {"vpc-1"}


def test_a_look_up_that_failed_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, {KEY: {"$providerError": "no credentials"}}) == LookUps()


def test_the_vpc_that_the_cdk_writes_in_place_of_one_is_known() -> None:
    found = LookUps().vpc_of("p-67890")

    assert found is not None
    assert (found.id, found.told_by) == ("vpc-12345", "")
    assert LookUps().vpc_of("subnet-1") is None


@pytest.mark.parametrize(
    ("context", "overrides", "problem"),
    [
        ({KEY: {"vpcCidrBlock": "10.0.0.0/16"}}, None, "vpcId: null is not a non-empty string"),
        ({KEY: {**VPC, "vpcCidrBlock": "10.0.0.0/8"}}, None, "is not a block of /16 to /28"),
        ({KEY: {**VPC, "vpcCidrBlock": "10.0.0.0/29"}}, None, "is not a block of /16 to /28"),
        ({KEY: {**VPC, "vpcCidrBlock": "ten"}}, None, "is not a CIDR block"),
        ({KEY: {**VPC, "subnetGroups": [{"type": "Hidden"}]}}, None, '"Hidden" is not Public, Private, Isolated'),
        ({KEY: {**VPC, "subnetGroups": [{"type": "Public", "subnets": [{}]}]}}, None, "subnetId: null is not"),
        ([], None, "a list of 0 is not an object"),
        (None, {"existing": {"subnet-1": {}}}, "is nothing that can be told of here"),
        (None, {"existing": {"sg-1": {"allowAllOutbound": "no"}}}, '"no" is not true or false'),
        (None, {"existing": []}, "a list of 0 is not an object"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, context: object, overrides: object, problem: str) -> None:
    with pytest.raises(AssemblyError, match=problem):
        read(tmp_path, context, overrides)


@pytest.mark.parametrize("prefix", [16, 28])
def test_the_largest_and_the_smallest_block(tmp_path: Path, prefix: int) -> None:
    assert read(tmp_path, {KEY: {**VPC, "vpcCidrBlock": f"10.0.0.0/{prefix}"}}).vpcs["vpc-1"].cidr


def test_an_api_with_its_resources(tmp_path: Path) -> None:
    told = {"wxpv27y874": {"rootResourceId": "04x605ox35", "resources": {"abcdef1234": "/orders/{id}"}}}

    api = read(tmp_path, overrides={"existing": told}).apis["wxpv27y874"]

    assert api.resources == {"04x605ox35": "/", "abcdef1234": "/orders/{id}"}
    assert api.told_by == "lambdakit-overrides.json"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"resources": {"abcdef1234": "orders"}}, "is not the path of a resource"),
        ({"resources": {"abcdef1234": "/orders/"}}, "is not the path of a resource"),
        ({"resources": {"abcdef1234": "//orders"}}, "is not the path of a resource"),
        ({"rootResourceId": "a", "resources": {"b": "/"}}, "two resources have one path"),
        ({"rootResourceId": 5}, "rootResourceId"),
        ({"resources": []}, "resources"),
    ],
)
def test_an_api_that_cannot_be_is_told(tmp_path: Path, told: object, problem: str) -> None:
    with pytest.raises(AssemblyError, match=problem):
        read(tmp_path, overrides={"existing": {"wxpv27y874": told}})
