"""What the guards cost a warm DynamoDB call: `python -m tests.benchmarks.guards`.

Two harnesses stand side by side, one with its guards and one without. The same function calls the same table in both,
in turns, so that what the machine does meanwhile reaches both alike: a pair is one invocation in each. Calls are timed
inside of the function. Once it stands outside of a VPC, once in one with a gateway endpoint.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from lambdakit import Harness
from lambdakit.session.functions import DeployedFunction
from tests.fakes.plain_assembly import Resources, function, role, table, write_stack

_SOURCE: Final = """
import os, time
import boto3

client = boto3.client("dynamodb")
KEY = {"id": {"S": "1"}}
CALLS = {
    "get_item": lambda name: client.get_item(TableName=name, Key=KEY),
    "put_item": lambda name: client.put_item(TableName=name, Item=KEY | {"text": {"S": "x" * 500}}),
}

def handler(event, context):
    call, name, taken = CALLS[event["call"]], os.environ["TABLE"], []
    for _ in range(event["times"]):
        began = time.perf_counter()
        call(name)
        taken.append(time.perf_counter() - began)
    return taken
"""
_POLICIES: Final = 20  # statements of the role
_AT_MOST: Final = 0.10  # of the unguarded call


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--calls", type=int, default=100, help="in one invocation")
    arguments = parser.parse_args()
    shown = Table(
        title=f"one warm call of DynamoDB, ms; {arguments.pairs} pairs of {arguments.calls}, {_POLICIES} statements",
        title_justify="left",
        caption=f"at most {_AT_MOST:.0%} is wanted",
    )
    for heading in ("", "without", "guarded", "more", "of pairs, the middle half"):
        shown.add_column(heading, justify="left" if not heading else "right")
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        guarded, free = (
            _functions(stack, Path(directory) / mode, enforce_iam=mode, enforce_network=mode) for mode in ("on", "off")
        )
        for name in guarded:
            for call in ("get_item", "put_item"):
                row = _measured(free[name], guarded[name], call, pairs=arguments.pairs, calls=arguments.calls)
                shown.add_row(f"{call}, {name}", *row)
    Console().print(shown)


def _functions(stack: contextlib.ExitStack, directory: Path, **options: Any) -> Mapping[str, DeployedFunction]:
    harness = stack.enter_context(Harness(**options))
    deployment = harness.deploy(write_stack(directory, "bench", _resources()))
    return {"outside a VPC": deployment.function("Outside"), "in a VPC": deployment.function("Inside")}


def _measured(
    free: DeployedFunction, guarded: DeployedFunction, call: str, *, pairs: int, calls: int
) -> tuple[str, str, str, str]:
    for one in (free, guarded):
        _p50(one, call, calls)
    taken = [(_p50(free, call, calls), _p50(guarded, call, calls)) for _ in range(pairs)]
    more = [with_guards / without - 1 for without, with_guards in taken]
    lower, middle, upper = statistics.quantiles(more, n=4)
    without, with_guards = (statistics.median(times) * 1000 for times in zip(*taken, strict=True))
    return f"{without:.3f}", f"{with_guards:.3f}", f"{middle:+.1%}", f"{lower:+.1%} to {upper:+.1%}"


def _p50(function: DeployedFunction, call: str, times: int) -> float:
    result = function.invoke({"call": call, "times": times})
    if result.function_error is not None:
        raise RuntimeError(f"the function failed: {result.payload}")
    taken: Sequence[float] = result.payload
    return statistics.median(taken)


def _resources() -> Resources:
    placed = {"SubnetIds": [{"Ref": "Subnet"}], "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}]}
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:*", "Resource": "*"}]}
    resources: Resources = {
        **table("Table"),
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}},
        "Routes": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Routed": {
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"RouteTableId": {"Ref": "Routes"}, "SubnetId": {"Ref": "Subnet"}},
        },
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "f", "VpcId": {"Ref": "Vpc"}}},
        "Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.dynamodb"},
                "RouteTableIds": [{"Ref": "Routes"}],
                "PolicyDocument": policy,
            },
        },
    }
    for name, more in (("Outside", {}), ("Inside", {"VpcConfig": placed})):
        resources |= function(name, _SOURCE, Environment={"Variables": {"TABLE": {"Ref": "Table"}}}, **more)
        resources[f"{name}Role"] = role(*_statements())
    return resources


def _statements() -> list[Mapping[str, Any]]:
    """Those of a function with many grants; the last one is the table's."""
    others = [
        {
            "Effect": "Allow",
            "Action": [f"dynamodb:{name}Item" for name in ("Get", "BatchGet", "Put", "Update", "Delete")],
            "Resource": f"arn:aws:dynamodb:us-east-1:123456789012:table/other-{number}",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": "orders"}},
        }
        for number in range(_POLICIES - 1)
    ]
    own = {
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
        "Resource": {"Fn::GetAtt": ["Table", "Arn"]},
    }
    return [*others, own]


if __name__ == "__main__":
    main()
