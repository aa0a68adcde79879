"""File systems of functions: what one writes at `/mnt/…` the others read, for as long as the file system is there.

Source: AWS Lambda Developer Guide, "Configuring Amazon EFS file system access"; Amazon EFS User Guide, "Working with
Amazon EFS access points".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.session.results import LambdaApiError
from lambdakit.trace import NetworkBlocked, RuntimeNote
from tests.fakes.plain_assembly import function, write_stack

_FILES = """
import os

def handler(event, context):
    try:
        if "write" in event:
            os.makedirs(os.path.dirname(event["to"]), exist_ok=True)
            with open(event["to"], "w") as file:
                file.write(event["write"])
        if "list" in event:
            return sorted(os.listdir(event["list"]))
        with open(event["to"]) as file:
            return file.read()
    except OSError as error:
        return type(error).__name__, error.errno
"""


_POINT_ARN = "arn:aws:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/fsap-"


def _point(path: str | None) -> dict[str, Any]:
    root = {"RootDirectory": {"Path": path}} if path else {}
    user = {"Uid": "1000", "Gid": "1000"}
    return {
        "Type": "AWS::EFS::AccessPoint",
        "Properties": {"FileSystemId": {"Ref": "Files"}, "PosixUser": user, **root},
    }


def _group(text: str) -> dict[str, Any]:
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": text, "VpcId": {"Ref": "Vpc"}}}


def _subnet(number: int) -> dict[str, Any]:
    zone = {"Fn::Select": [number, {"Fn::GetAZs": ""}]}
    properties = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone}
    return {"Type": "AWS::EC2::Subnet", "Properties": properties}


def _mounted(name: str, point: object, group: str = "Group") -> dict[str, Any]:
    arn = {"Fn::GetAtt": [point, "Arn"]} if isinstance(point, str) else point
    subnets = [{"Ref": "Subnet"}, {"Ref": "Elsewhere"}]
    return function(
        name,
        _FILES,
        VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": [{"Fn::GetAtt": [group, "GroupId"]}]},
        FileSystemConfigs=[{"Arn": arn, "LocalMountPath": "/mnt/files"}],
    )


_RESOURCES = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": _subnet(0),
    "Elsewhere": _subnet(1),
    "Group": _group("functions"),
    "FileGroup": _group("files"),
    "Open": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Fn::GetAtt": ["FileGroup", "GroupId"]},
            "IpProtocol": "tcp",
            "FromPort": 2049,
            "ToPort": 2049,
            "SourceSecurityGroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
        },
    },
    "Stranger": _group("strangers"),
    "Files": {"Type": "AWS::EFS::FileSystem", "Properties": {}},
    "Target": {
        "Type": "AWS::EFS::MountTarget",
        "Properties": {
            "FileSystemId": {"Ref": "Files"},
            "SubnetId": {"Ref": "Subnet"},
            "SecurityGroups": [{"Fn::GetAtt": ["FileGroup", "GroupId"]}],
        },
    },
    "OtherTarget": {
        "Type": "AWS::EFS::MountTarget",
        "Properties": {
            "FileSystemId": {"Ref": "Files"},
            "SubnetId": {"Ref": "Elsewhere"},
            "SecurityGroups": [{"Fn::GetAtt": ["FileGroup", "GroupId"]}],
        },
    },
    "Shared": _point("/shared"),
    "Whole": _point(None),
    "Outside": _point("/../../shared"),
    **_mounted("Writer", "Shared"),
    **_mounted("Reader", "Shared"),
    **_mounted("All", "Whole"),
    **_mounted("Escaping", "Outside"),
    **_mounted("Shut", "Shared", group="Stranger"),
    **_mounted("Lost", {"Fn::Sub": f"{_POINT_ARN}0123456789abcdef0"}),
    **function("Bare", _FILES),
}


def _notes(harness: Harness) -> list[str]:
    return [event.note for event in harness.trace.events if isinstance(event, RuntimeNote)]


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as harness:
        yield harness


@pytest.fixture(scope="module")
def deployment(harness: Harness, tmp_path_factory: pytest.TempPathFactory) -> Any:
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "files", _RESOURCES))
    deployment.function("Bare").invoke({"list": "/mnt"})
    if any("sandbox" in note for note in _notes(harness)):
        pytest.skip("this machine allows no sandbox")
    return deployment


def test_what_one_function_writes_another_reads(deployment: Any) -> None:
    wrote = deployment.function("Writer").invoke({"to": "/mnt/files/a/b.txt", "write": "hello"}).payload
    read = deployment.function("Reader").invoke({"to": "/mnt/files/a/b.txt"}).payload

    assert (wrote, read) == ("hello", "hello")


def test_an_access_point_shows_its_root_directory_and_nothing_above(deployment: Any) -> None:
    deployment.function("Writer").invoke({"to": "/mnt/files/one", "write": "1"})

    assert "shared" in deployment.function("All").invoke({"list": "/mnt/files"}).payload
    assert deployment.function("All").invoke({"to": "/mnt/files/shared/one"}).payload == "1"
    # `..` leads nowhere: this one is the directory `/shared` as well.
    assert deployment.function("Escaping").invoke({"to": "/mnt/files/one"}).payload == "1"


def test_only_the_file_system_itself_can_be_written(deployment: Any) -> None:
    beside = deployment.function("Writer").invoke({"to": "/mnt/other/x", "write": ""}).payload
    without = deployment.function("Bare").invoke({"list": "/mnt"}).payload

    assert beside[0] == "OSError"  # EROFS
    assert without == []


def test_a_reset_takes_the_files_away_from_warm_environments_too(deployment: Any) -> None:
    deployment.function("Writer").invoke({"to": "/mnt/files/left", "write": "x"})

    deployment.reset()

    assert deployment.function("Writer").invoke({"list": "/mnt/files"}).payload == []
    assert deployment.function("Reader").invoke({"to": "/mnt/files/new", "write": "y"}).payload == "y"
    assert deployment.function("Writer").invoke({"to": "/mnt/files/new"}).payload == "y"


def test_a_mount_target_that_lets_nobody_in_stops_the_function_and_the_trace_names_the_rule(
    harness: Harness, deployment: Any
) -> None:
    with pytest.raises(LambdaApiError, match="couldn't connect to the Amazon EFS file system") as refused:
        deployment.function("Shut").invoke({"list": "/mnt/files"})

    blocked = [event for event in harness.trace.events if isinstance(event, NetworkBlocked)]
    assert (refused.value.error_code, refused.value.status_code) == ("EFSMountConnectivityException", 408)
    assert blocked[-1].destination.endswith(":2049")
    assert "2049" in blocked[-1].fix


def test_an_access_point_of_elsewhere_leads_to_an_empty_file_system_and_the_trace_says_so(
    harness: Harness, deployment: Any
) -> None:
    wrote = deployment.function("Lost").invoke({"to": "/mnt/files/x", "write": "1"}).payload

    assert wrote == "1"
    assert any("an empty file system: this account does not have arn:aws:elastic" in note for note in _notes(harness))


def test_without_a_sandbox_the_trace_says_that_nothing_is_mounted(tmp_path: Path) -> None:
    with Harness(sandbox="off") as harness:
        deployment = harness.deploy(write_stack(tmp_path, "files", _RESOURCES))
        answer = deployment.function("Writer").invoke({"list": "/mnt/files"}).payload
        notes = _notes(harness)

    assert answer[0] == "FileNotFoundError"
    assert any("no file system is mounted" in note for note in notes)
