"""State machines that query their data with JSONata.

Source: AWS Step Functions Developer Guide, "Transforming data with JSONata in Step Functions", "Passing data between
states with variables"; Amazon States Language specification.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.event_source import ACCOUNT, REGION
from tests.fakes.lambda_api import create_function
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
ADDER = """
def handler(event, context):
    return {"sum": event["a"] + event["b"]}
"""


class Queries:
    """Machines in JSONata."""

    def __init__(self, harness: WiredHarness) -> None:
        self.harness, self._states = harness, harness.aws("stepfunctions")
        self._machines: list[str] = []

    def run(self, states: Mapping[str, Any], given: object = None) -> dict[str, Any]:
        """The execution of a machine, described once it has ended."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        name = f"query-{len(self._machines)}"
        made = self._states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        self._machines.append(made["stateMachineArn"])
        begun = self._states.start_execution(
            stateMachineArn=made["stateMachineArn"], input=json.dumps({} if given is None else given)
        )
        self.harness.drain()
        return dict(self._states.describe_execution(executionArn=begun["executionArn"]))

    def value(self, expression: str, given: object = None) -> Any:
        """What an expression gives as a state's output."""
        return output(self.run({"P": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}}, given))

    def remove(self) -> None:
        for machine in self._machines:
            self._states.delete_state_machine(stateMachineArn=machine)


@pytest.fixture
def queries(harness: WiredHarness) -> Iterator[Queries]:
    made = Queries(harness)
    yield made
    made.remove()


def output(described: Mapping[str, Any]) -> Any:
    assert described["status"] == "SUCCEEDED", described
    return json.loads(described["output"])


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$states.input.order.lines[price > 2].sku", ["b", "c"]),
        ("$sum($states.input.order.lines.price)", 10),
        ("$uppercase($states.input.order.name)", 'A "QUOTED"\nNAME'),
        ("$states.input.order.nothing", None),
        ("{'all': $states.input.order.lines[0]}", {"all": {"sku": "a", "price": 1}}),
        ("$exists($states.input.order.missing)", False),
        ("$partition([1,2,3,4,5], 3)", [[1, 2, 3], [4, 5]]),
        ("$range(0, 4, 2)", [0, 2, 4]),
        ("$hash('a', 'SHA-1')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("$parse('{\"a\": [1]}').a", [1]),
        ("$length($uuid())", 36),
        ("$random(7) = $random(7)", True),
    ],
)
def test_an_expression_has_its_value(queries: Queries, expression: str, value: object) -> None:
    lines = [{"sku": "a", "price": 1}, {"sku": "b", "price": 3}, {"sku": "c", "price": 6}]
    given = {"order": {"name": 'a "quoted"\nname', "lines": lines, "nothing": None}}

    assert queries.value(expression, given) == value


def test_a_task_gives_its_arguments_and_output_by_expressions(queries: Queries) -> None:
    functions = queries.harness.aws("lambda")
    create_function(functions, "adder", ADDER)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:adder",
            "Payload": {"a": "{% $states.input.first %}", "b": 2},
        },
        "Assign": {"total": "{% $states.result.Payload.sum %}"},
        "Output": "{% $states.result.Payload %}",
        "Next": "Big",
    }
    choice = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $total > 10 %}", "Next": "Yes"}],
        "Default": "No",
    }
    states = {
        "Add": task,
        "Big": choice,
        "Yes": {"Type": "Pass", "Output": {"big": True, "total": "{% $total %}"}, "End": True},
        "No": {"Type": "Pass", "Output": {"big": False, "total": "{% $total %}"}, "End": True},
    }

    assert output(queries.run(states, {"first": 40})) == {"big": True, "total": 42}
    assert output(queries.run(states, {"first": 1})) == {"big": False, "total": 3}
    functions.delete_function(FunctionName="adder")


def test_items_are_mapped(queries: Queries) -> None:
    mapped = {
        "Type": "Map",
        "Items": "{% $states.input.numbers %}",
        "ItemProcessor": {
            "StartAt": "Square",
            "States": {"Square": {"Type": "Pass", "Output": "{% $states.input * $states.input %}", "End": True}},
        },
        "End": True,
    }

    assert output(queries.run({"Each": mapped}, {"numbers": [1, 2, 3]})) == [1, 4, 9]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("1 + 'a'", "T2002"),
        ("$states.input.missing", "returned nothing (undefined)"),
        ("$states.input.a(", "S0203"),
        ("$eval('1')", "$parse"),
        ("$hash('a', 'SHA-3')", "SHA-256"),
    ],
)
def test_an_expression_without_a_value_fails_and_can_be_caught(queries: Queries, expression: str, told: str) -> None:
    failing = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}

    described = queries.run({"P": failing})

    assert (described["status"], described["error"]) == ("FAILED", "States.QueryEvaluationError")
    assert told in described["cause"]
