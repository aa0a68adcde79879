"""Applications in networks that were there before, and what the CDK's look-ups tell of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lambdakit import Harness
from lambdakit.trace import ExistingMade
from tests.fakes.plain_assembly import Resources, function, role, write_stack

VPC_ID = "vpc-0a1b2c3d4e5f60718"
GROUP_ID = "sg-0a1b2c3d4e5f60718"
SOURCE = """
    import boto3, os
    def handler(event, context):
        return boto3.client("dynamodb").list_tables()["ResponseMetadata"]["HTTPStatusCode"]
"""


def looked_up_vpc(**kinds: int) -> dict[str, Any]:
    """The answer of the CDK's `vpc-provider`. kinds: Public, Private, Isolated -> how many subnets."""
    groups = []
    for number, (kind, count) in enumerate(kinds.items()):
        subnets = [
            {
                "subnetId": f"subnet-{kind.lower()}{index}",
                "cidr": f"172.20.{16 * number + index}.0/24",
                "availabilityZone": f"us-east-1{'bcd'[index]}",
                "routeTableId": f"rtb-{kind.lower()}{index}",
            }
            for index in range(count)
        ]
        groups.append({"name": f"{kind}Tier", "type": kind, "subnets": subnets})
    return {"vpcId": VPC_ID, "vpcCidrBlock": "172.20.0.0/16", "availabilityZones": [], "subnetGroups": groups}


def vpc_answer(**kinds: int) -> dict[str, Any]:
    """A `cdk.context.json` with a VPC called main."""
    key = "vpc-provider:account=123456789012:filter.tag:Name=main:region=us-east-1:returnAsymmetricSubnets=true"
    return {key: looked_up_vpc(**kinds)}


def in_existing(
    *subnets: str, vpc: str | None = VPC_ID, groups: Sequence[str] = (), **more: dict[str, Any]
) -> Resources:
    """A function `Fn` in existing subnets, which may call DynamoDB, and other resources.

    groups: existing ones; absence: one that the template makes in `vpc`.
    """
    own: Resources = {
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "fn", "VpcId": vpc}}
    }
    ids: list[object] = list(groups) or [{"Fn::GetAtt": ["Group", "GroupId"]}]
    network = {"SubnetIds": list(subnets), "SecurityGroupIds": ids}
    resources = function("Fn", SOURCE, VpcConfig=network, Timeout=3)
    logs = ["ec2:CreateNetworkInterface", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources["FnRole"] = role({"Effect": "Allow", "Action": ["dynamodb:ListTables", *logs], "Resource": "*"})
    return {**({} if groups else own), **resources, **more}


def application(
    directory: Path,
    resources: Resources,
    *,
    context: object = None,
    existing: object = None,
    name: str = "",
) -> Path:
    """An assembly of one stack. context: of `cdk.context.json`. existing: of `lambdakit-overrides.json`."""
    path = write_stack(directory / "app", name or directory.name.replace("_", "-"), resources)
    if context is not None:
        (path / "cdk.context.json").write_text(json.dumps(context))
    if existing is not None:
        (path / "lambdakit-overrides.json").write_text(json.dumps({"existing": existing}))
    return path


def made(harness: Harness, since: int = 0) -> dict[str, ExistingMade]:
    """What was made because a template takes it to be there, by its id. since: how many events to leave out."""
    events = harness.trace.events[since:]
    return {event.physical_id: event for event in events if isinstance(event, ExistingMade)}
