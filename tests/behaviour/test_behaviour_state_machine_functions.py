"""Tasks of state machines that ask the Lambda API for something else than to run a function, as the machine's role.

Source: AWS Step Functions Developer Guide, "Learning to use AWS service SDK integrations in Step Functions".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-state-machine-functions")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        iam = running.aws("iam")
        for role, service in (("fn", "lambda"), ("machine", "states")):
            trust = {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
        reads = {"Effect": "Allow", "Action": ["lambda:List*", "lambda:Get*"], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
        iam.put_role_policy(RoleName="machine", PolicyName="p", PolicyDocument=document)
        create_function(running.aws("lambda"), "worker", Description="of the list")
        yield running


def _run(harness: WiredHarness, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    states = harness.aws("stepfunctions")
    resource = f"arn:aws:states:::aws-sdk:lambda:{operation}"
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": task}})
    machine = states.create_state_machine(name=operation, definition=definition, roleArn=ROLE)["stateMachineArn"]
    begun = states.start_execution(stateMachineArn=machine)["executionArn"]
    harness.drain()
    ended = dict(states.describe_execution(executionArn=begun))
    states.delete_state_machine(stateMachineArn=machine)
    return ended


@pytest.mark.parametrize("given", [{}, {"Marker": None}], ids=["no marker", "a marker that is null"])
def test_the_functions_of_the_account_are_listed(harness: WiredHarness, given: dict[str, Any]) -> None:
    ended = _run(harness, "listFunctions", given)

    assert ended["status"] == "SUCCEEDED", ended
    [function] = json.loads(ended["output"])["Functions"]
    assert function["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:worker"
    assert function["Description"] == "of the list"


def test_the_services_error_has_its_name(harness: WiredHarness) -> None:
    ended = _run(harness, "getFunctionConfiguration", {"FunctionName": "nowhere"})

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.ResourceNotFoundException")


def test_the_machines_role_has_to_be_allowed(harness: WiredHarness) -> None:
    ended = _run(harness, "deleteFunction", {"FunctionName": "worker"})

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.LambdaException")  # no error of the model
    assert "lambda:DeleteFunction" in ended["cause"]
    assert harness.aws("lambda").get_function(FunctionName="worker")["Configuration"]["FunctionName"] == "worker"
