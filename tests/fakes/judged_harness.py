"""A harness whose network is judged by a file: JSON with the destinations that no function in a VPC reaches.

`{"closed": [pattern, …]}`; a pattern, of shell style, is held against the signing name of a service, or `host:port`.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lambdakit import Harness
from lambdakit.harness.network.verdict import Destination, Placement, Verdict
from tests.fakes.plain_assembly import Resources, function

REASON = "the subnet has no route there"
FIX = "add a route"

VPC: Resources = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}},
    "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "fn", "VpcId": {"Ref": "Vpc"}}},
}


def in_vpc(name: str, source: str, **properties: Any) -> Resources:
    """A function in the subnet of `VPC`."""
    vpc = {"SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}]}
    return function(name, source, VpcConfig=vpc, **properties)


class NetworkRules:
    """What functions in a VPC do not reach, as the harness reads it at every verdict."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self, *patterns: str) -> None:
        """From now on these, and no others, are out of reach."""
        changed = self.path.with_suffix(".new")
        changed.write_text(json.dumps({"closed": patterns}))
        changed.replace(self.path)

    def judge(self, placement: Placement, destination: Destination) -> Verdict:
        """As the file says."""
        closed: Sequence[str] = json.loads(self.path.read_text())["closed"]
        name = destination.service or f"{destination.host}:{destination.port}"
        reachable = not placement.subnet_ids or not any(fnmatch.fnmatch(name, pattern) for pattern in closed)
        return Verdict(reachable=reachable) if reachable else Verdict(reachable=False, reason=REASON, fix=FIX)


@contextlib.contextmanager
def judged_harness(directory: Path, **options: Any) -> Iterator[tuple[Harness, NetworkRules]]:
    """A harness, and what its functions reach."""
    rules = NetworkRules(directory / "rules.json")
    rules.close()
    command = (sys.executable, "-P", str(Path(__file__).with_name("judged_harness_process.py")), str(rules.path))
    with Harness(_command=command, enforce_iam="off", **options) as harness:
        yield harness, rules
