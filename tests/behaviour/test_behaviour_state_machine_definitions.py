"""Definitions of state machines that are refused before they run, through the API and in stacks.

Source: as in `lambdakit.harness.moto_state.state_definitions`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from tests.fakes.event_source import ACCOUNT
from tests.fakes.lambda_api import refusal
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
END = {"Type": "Pass", "End": True}


@pytest.fixture
def states(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("stepfunctions")
    yield client
    for machine in client.list_state_machines()["stateMachines"]:
        client.delete_state_machine(stateMachineArn=machine["stateMachineArn"])


def _machine(start: str = "A", **machine_states: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": machine_states}


MISSING = "MISSING_TRANSITION_TARGET: Missing 'Next' target: "
REFUSED = [
    (_machine("Z", A=END), [f"{MISSING}Z at /StartAt", 'MISSING_TRANSITION_TARGET: State "A" is not reachable.']),
    (_machine(A={"Type": "Pass", "Next": "Z"}), [f"{MISSING}Z at /States/A/Next"]),
    (_machine(A=END, B=END), ['MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B']),
    (_machine(A=END, B={"Type": "Pass", "Next": "B"}), ['State "B" is not reachable. at /States/B']),
    (_machine(A={"Type": "Pass"}), ["SCHEMA_VALIDATION_FAILED: One of Next and End is required at /States/A"]),
    (
        _machine(
            A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "Y"}], "Default": "Z"},
        ),
        [f"{MISSING}Z at /States/A/Default", f"{MISSING}Y at /States/A/Choices[0]/Next"],
    ),
    (
        _machine(
            A={
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "f"},
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}],
                "End": True,
            }
        ),
        [f"{MISSING}Z at /States/A/Catch[0]/Next"],
    ),
    (
        _machine(A={"Type": "Parallel", "Branches": [_machine(B=END, start="B"), _machine("Z", C=END)], "End": True}),
        [f"{MISSING}Z at /States/A/Branches[1]/StartAt"],
    ),
    (
        _machine(A={"Type": "Map", "ItemProcessor": _machine(B={"Type": "Pass", "Next": "A"}, start="B"), "End": True}),
        [f"{MISSING}A at /States/A/ItemProcessor/States/B/Next"],
    ),
]


@pytest.mark.parametrize(("definition", "texts"), REFUSED)
def test_a_machine_that_leads_nowhere_is_not_made(states: Any, definition: dict[str, Any], texts: list[str]) -> None:
    given = {"definition": json.dumps(definition), "roleArn": ROLE}

    status, code, message = refusal(states.create_state_machine, name="lost", **given)

    assert (status, code) == (400, "InvalidDefinition")
    assert message.startswith("Invalid State Machine Definition: '")
    assert all(text in message for text in texts)
    assert states.list_state_machines()["stateMachines"] == []


def test_nor_does_one_become_so(states: Any) -> None:
    good, bad = json.dumps(_machine(A=END)), json.dumps(_machine("Z", A=END))
    arn = states.create_state_machine(name="kept", definition=good, roleArn=ROLE)["stateMachineArn"]

    _, code, _ = refusal(states.update_state_machine, stateMachineArn=arn, definition=bad)

    assert code == "InvalidDefinition"
    assert states.describe_state_machine(stateMachineArn=arn)["definition"] == good


def test_a_stack_with_such_a_machine_fails(stacks: Stacks) -> None:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": json.dumps(_machine("Z", A=END)), "RoleArn": ROLE},
    }

    with pytest.raises(DeploymentError, match="Missing 'Next' target: Z at /StartAt"):
        stacks.deploy({"Machine": machine})


def test_states_of_all_kinds_that_lead_somewhere_are_kept(states: Any) -> None:
    definition = _machine(
        A={
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.x", "IsPresent": True, "Next": "B"},
                {"And": [{"Variable": "$.x", "IsPresent": True}], "Next": "C"},
            ],
            "Default": "D",
        },
        B={"Type": "Wait", "Seconds": 1, "Next": "A"},
        C={"Type": "Map", "Iterator": _machine(X=END, start="X"), "Next": "D"},
        D={"Type": "Parallel", "Branches": [_machine(Y={"Type": "Succeed"}, start="Y")], "Next": "E"},
        E={"Type": "Fail"},
    )

    states.create_state_machine(name="whole", definition=json.dumps(definition), roleArn=ROLE)

    assert [machine["name"] for machine in states.list_state_machines()["stateMachines"]] == ["whole"]


def test_a_name_keeps_its_definition(states: Any) -> None:
    given = {"name": "one", "roleArn": ROLE}
    first = states.create_state_machine(**given, definition=json.dumps(_machine(A=END)))["stateMachineArn"]

    again = states.create_state_machine(**given, definition=json.dumps(_machine(A=END)))["stateMachineArn"]
    other = json.dumps(_machine(A={**END, "Comment": "other"}))
    told = refusal(states.create_state_machine, **given, definition=other)
    kind = refusal(states.create_state_machine, **given, definition=json.dumps(_machine(A=END)), type="EXPRESS")

    assert again == first
    assert told == kind == (400, "StateMachineAlreadyExists", f"State Machine Already Exists: '{first}'")
