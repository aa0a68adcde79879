"""Zones that moto does not know: what a synthesis without look-ups writes, and local zones."""

from __future__ import annotations

import pytest

from tests.fakes.provisioning import Provisioning

pytestmark = pytest.mark.xdist_group("moto")


@pytest.mark.parametrize("zone", ["dummy1a", "us-east-1-atl-1a"])
def test_a_subnet_is_made_in_any_zone_that_the_template_names(provisioning: Provisioning, zone: str) -> None:
    vpc = provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}).provisioned.physical_id

    made = [
        provisioning.create("AWS::EC2::Subnet", {"VpcId": vpc, "CidrBlock": block, "AvailabilityZone": zone})
        for block in ("10.0.0.0/24", "10.0.1.0/24")
    ]

    ids = [created.provisioned.physical_id for created in made]
    described = provisioning.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
    assert [found["AvailabilityZone"] for found in described] == [zone, zone]
    assert {created.provisioned.attributes["AvailabilityZone"] for created in made} == {zone}


def test_a_machine_is_in_the_local_zone_of_its_subnet(provisioning: Provisioning) -> None:
    zone = {"AvailabilityZone": "us-east-1-atl-1a"}
    vpc = provisioning.create("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}).provisioned.physical_id
    subnet = {"VpcId": vpc, "CidrBlock": "10.0.0.0/24", **zone}
    subnet_id = provisioning.create("AWS::EC2::Subnet", subnet).provisioned.physical_id

    created = provisioning.create(
        "AWS::EC2::Instance", {"ImageId": "ami-1234abcd", "InstanceType": "t3.medium", "SubnetId": subnet_id, **zone}
    )

    assert created.provisioned.attributes["AvailabilityZone"] == "us-east-1-atl-1a"
