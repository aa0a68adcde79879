"""How instances are launched, and what they leave behind when they are terminated.

Source: EC2 User Guide, "Preserve data when an instance is terminated".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.launched_instances import mend_launches

pytestmark = pytest.mark.xdist_group("moto")

REGION = "eu-west-1"
DATA: dict[str, Any] = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1}}


class Place:
    """A subnet, and what is left of an instance that was in it for a while."""

    def __init__(self) -> None:
        mend_launches()
        self.ec2 = Account(account_id="210987650044", region=REGION).client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.7.0.0/24")["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.7.0.0/28")["Subnet"]["SubnetId"]

    def interfaces(self) -> list[str]:
        """Those in the subnet."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}]
        return [
            one["NetworkInterfaceId"]
            for one in self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        ]

    def volumes(self) -> list[str]:
        """Those of the account."""
        return [one["VolumeId"] for one in self.ec2.describe_volumes()["Volumes"]]

    def left(self, **launch: Any) -> tuple[int, int]:
        """How many interfaces and volumes are left of a launch."""
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **launch)["Instances"]
        assert len(self.interfaces()) == 1
        assert self.volumes()
        self.ec2.terminate_instances(InstanceIds=[made[0]["InstanceId"]])
        return len(self.interfaces()), len(self.volumes())

    def remove(self) -> None:
        """Takes everything away."""
        for interface in self.interfaces():
            self.ec2.delete_network_interface(NetworkInterfaceId=interface)
        for volume in self.volumes():
            self.ec2.delete_volume(VolumeId=volume)
        self.ec2.delete_subnet(SubnetId=self.subnet)
        self.ec2.delete_vpc(VpcId=self.vpc)


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    yield place
    place.remove()


def test_its_interface_and_its_volumes_go_with_it(place: Place) -> None:
    assert place.left(SubnetId=place.subnet) == (0, 0)
    assert place.left(SubnetId=place.subnet, BlockDeviceMappings=[DATA]) == (0, 0)
    assert place.left(NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": place.subnet}]) == (0, 0)


def test_what_it_is_told_to_leave_stays(place: Place) -> None:
    data = {**DATA, "Ebs": {**DATA["Ebs"], "DeleteOnTermination": False}}
    interface = {"DeviceIndex": 0, "SubnetId": place.subnet, "DeleteOnTermination": False}

    assert place.left(NetworkInterfaces=[interface], BlockDeviceMappings=[data]) == (1, 1)


def test_an_interface_that_was_there_before_stays(place: Place) -> None:
    own = place.ec2.create_network_interface(SubnetId=place.subnet)["NetworkInterface"]["NetworkInterfaceId"]

    assert place.left(NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": own}]) == (1, 0)


@pytest.mark.parametrize("device", ["/dev/xvda", "/dev/sda1"])
def test_a_root_volume_has_the_size_of_the_image(place: Place, device: str) -> None:
    root = {"DeviceName": device, "Ebs": {"Encrypted": True}}

    assert place.left(SubnetId=place.subnet, BlockDeviceMappings=[root]) == (0, 0)


def test_another_volume_without_a_size_is_refused(place: Place) -> None:
    with pytest.raises(ClientError, match="size or snapshotId"):
        place.left(SubnetId=place.subnet, BlockDeviceMappings=[{**DATA, "Ebs": {"Encrypted": True}}])


def test_a_volume_of_the_instance_store_is_none_of_ebs(place: Place) -> None:
    store = {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}

    assert place.left(SubnetId=place.subnet, BlockDeviceMappings=[DATA, store]) == (0, 0)


def test_volumes_of_a_launch_template_go_as_well(place: Place) -> None:
    kept = {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": False}}
    data = {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}, DATA, kept]}
    place.ec2.create_launch_template(LaunchTemplateName="volumes", LaunchTemplateData=data)

    assert place.left(SubnetId=place.subnet, LaunchTemplate={"LaunchTemplateName": "volumes"}) == (0, 1)
