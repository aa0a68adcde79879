"""Custom resources whose answer is waited for by a state machine, as the CDK's provider framework makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from tests.fakes.plain_assembly import Resources, function, table, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-custom-resources")

# Returns without an answer; what it started gives one.
STARTS = """
import json, os
import boto3

def handler(event, context):
    event["PhysicalResourceId"] = "waited-for"
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=os.environ["MACHINE"], name=event["RequestId"], input=json.dumps(event)
    )
"""

# Answers when it was asked as often as the property `Attempts` says.
ASKS = """
import json, os, urllib.request
import boto3

class Retry(Exception):
    pass

def answer(event, status, **more):
    keys = ("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId")
    body = json.dumps({"Status": status, **{key: event[key] for key in keys}, **more}).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], data=body, method="PUT"))

def handler(event, context):
    count = boto3.resource("dynamodb").Table(os.environ["TABLE"]).update_item(
        Key={"id": event["RequestId"]}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )["Attributes"]["n"]
    if count < int(event["ResourceProperties"]["Attempts"]) and event["RequestType"] != "Delete":
        raise Retry(json.dumps(event))
    answer(event, "SUCCESS", Data={"Asked": str(count)})

def timed_out(event, context):
    given = json.loads(json.loads(event["Cause"])["errorMessage"])
    answer(given, "FAILED", Reason="Operation timed out after " + event["Error"])
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


def test_the_attempts_go_on_until_the_answer_is_there(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(_assembly(tmp_path, "waited", attempts=3))

    assert deployment.outputs["waited"] == {"Ref": "waited-for", "Asked": "3"}

    states = harness.client("stepfunctions")
    machine = deployment.stacks["waited"].resources["Machine"].physical_id
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    assert [execution["status"] for execution in executions] == ["SUCCEEDED"]

    deployment.destroy()


def test_the_last_attempt_is_told_by_the_catcher(harness: Harness, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError) as failure:
        harness.deploy(_assembly(tmp_path, "given-up", attempts=50))

    assert "Operation timed out after Retry" in str(failure.value)


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ({"Type": "Wait", "Seconds": 60, "Next": "ask"}, "'first'"),
        ({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "ask"}, "'first'"),
        ({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Next": "ask"}, "'first'"),
    ],
    ids=["wait", "another service", "one after another"],
)
def test_a_machine_of_another_shape_is_refused_by_its_state(
    harness: Harness, tmp_path: Path, state: Mapping[str, Any], named: str
) -> None:
    with pytest.raises(DeploymentError) as failure:
        harness.deploy(_assembly(tmp_path, "other-shape", attempts=1, first=state))

    assert f"whose state {named} is not run here" in str(failure.value)
    assert "Lambda tasks with Retry and Catch" in str(failure.value)


def _assembly(directory: Path, name: str, *, attempts: int, first: Mapping[str, Any] | None = None) -> Path:
    """first: a state to start with in place of the one that asks."""
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 4, "BackoffRate": 1}]
    ask = {"Type": "Task", "Resource": "${Ask}", "End": True, "Retry": retry, "Catch": [_CATCHER]}
    states = {"ask": ask, "give-up": {"Type": "Task", "Resource": "${GiveUp}", "End": True}}
    definition = {"StartAt": "first" if first else "ask", "States": {**({"first": first} if first else {}), **states}}
    asking = {"Environment": {"Variables": {"TABLE": {"Ref": "Counts"}}}}
    resources: Resources = {
        **table("Counts"),
        **function("Ask", ASKS, **asking),
        **function("GiveUp", ASKS, Handler="index.timed_out", **asking),
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["AskRole", "Arn"]},
                "DefinitionString": json.dumps(definition),
                "DefinitionSubstitutions": {
                    "Ask": {"Fn::GetAtt": ["Ask", "Arn"]},
                    "GiveUp": {"Fn::GetAtt": ["GiveUp", "Arn"]},
                },
            },
        },
        **function("Start", STARTS, Environment={"Variables": {"MACHINE": {"Ref": "Machine"}}}),
        "Mine": {
            "Type": "Custom::Mine",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Start", "Arn"]}, "Attempts": attempts},
        },
    }
    return write_stack(directory, name, resources, Ref={"Ref": "Mine"}, Asked={"Fn::GetAtt": ["Mine", "Asked"]})


_CATCHER: Mapping[str, Any] = {"ErrorEquals": ["States.ALL"], "Next": "give-up"}
