"""Paths, intrinsic functions and the Context object of state machines.

Source: as in `lambdakit.harness.moto_state.state_intrinsics` and `lambdakit.harness.moto_state.state_paths`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lambdakit.harness.moto_state.state_paths import definite_part
from tests.fakes.event_source import ACCOUNT
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-states")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
GIVEN: dict[str, Any] = {
    "a": [1, 2, 3, 3],
    "o": {"p": 1, "l": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]},
    "n": 5,
    "b": True,
    "z": None,
    "d": 1.5,
}


class Machines:
    """Machines that are run once."""

    def __init__(self, harness: WiredHarness) -> None:
        self._harness, self._states = harness, harness.aws("stepfunctions")
        self._made: list[str] = []

    def run(self, states: dict[str, Any], given: object = None) -> dict[str, Any]:
        """How an execution ends."""
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        made = self._states.create_state_machine(name=f"paths-{len(self._made)}", definition=definition, roleArn=ROLE)[
            "stateMachineArn"
        ]
        self._made.append(made)
        begun = self._states.start_execution(stateMachineArn=made, input=json.dumps(GIVEN if given is None else given))
        self._harness.drain()
        told: dict[str, Any] = self._states.describe_execution(executionArn=begun["executionArn"])
        return told

    def value(self, text: str) -> Any:
        """What a field that ends with `.$` becomes."""
        told = self.run({"P": {"Type": "Pass", "Parameters": {"value.$": text}, "End": True}})
        assert told["status"] == "SUCCEEDED", told
        return json.loads(told["output"])["value"]

    def failure(self, text: str) -> tuple[str, str]:
        """Error and cause of a field that cannot be made."""
        told = self.run({"P": {"Type": "Pass", "Parameters": {"value.$": text}, "End": True}})
        return told["error"], told["cause"]

    def remove(self) -> None:
        for machine in self._made:
            self._states.delete_state_machine(stateMachineArn=machine)


@pytest.fixture
def machines(harness: WiredHarness) -> Iterator[Machines]:
    made = Machines(harness)
    yield made
    made.remove()


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("States.Array('Foo', 2020, $.o.p, null)", ["Foo", 2020, 1, None]),
        ("States.Array(1.5, -2.25, 1e3, true, false)", [1.5, -2.25, 1000, True, False]),
        ("States.Array()", []),
        ("States.Array ( $['o']['p'] , $$.State.Name )", [1, "P"]),
        ("States.Array($.o.l[?(@.n=='x')].v)", [[1]]),
        (r"States.Format('it\'s \{ok\} {} \\x', 1)", "it's {ok} 1 \\x"),
        ("States.Format('ü{}\n', 'é')", "üé\n"),
        ("States.Format('{}|{}|{}|{}', $.b, $.z, $.d, 'a,)b')", "true|null|1.5|a,)b"),
        ("States.Format('{}', States.ArrayLength(States.Array(1, 2)))", "2"),
        (f"States.Array({', '.join(['States.MathRandom(4, 5)'] * 20)})", [4] * 20),
        ("States.ArrayContains($.o.l, $.o.l[0])", True),
    ],
)
def test_a_function_has_its_value(machines: Machines, call: str, value: object) -> None:
    assert machines.value(call) == value


@pytest.mark.parametrize("call", ["States.Nope(1)", "States.Array(1,)", "States.Array(yes)", "States.Array('a)"])
def test_what_is_no_call_makes_no_machine(machines: Machines, call: str) -> None:
    with pytest.raises(Exception, match="InvalidDefinition"):
        machines.value(call)


def test_calls_are_nested_ten_deep(machines: Machines) -> None:
    deep = "States.Array(" * 10 + ")" * 10

    assert json.dumps(machines.value(deep)) == "[" * 10 + "]" * 10
    with pytest.raises(Exception, match="InvalidDefinition"):
        machines.value(f"States.Array({deep})")


@pytest.mark.parametrize(
    "call",
    [
        "States.ArrayGetItem($.a, 9)",
        "States.StringToJson('{x')",
        "States.MathAdd('a', 1)",
        "States.Format('{0.__class__}', 1)",
        "States.Format('{}')",
    ],
)
def test_a_function_that_fails_has_an_error_that_can_be_caught(machines: Machines, call: str) -> None:
    error, cause = machines.failure(call)
    caught = machines.run(
        {
            "P": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Q", "States": {"Q": {"Type": "Pass", "Parameters": {"value.$": call}, "End": True}}}
                ],
                "Catch": [{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "R"}],
                "End": True,
            },
            "R": {"Type": "Pass", "Result": "caught", "End": True},
        }
    )

    assert error == "States.IntrinsicFailure"
    assert f"The function '{call}' had the following error" in cause
    assert caught["output"] == '"caught"'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$..p", [1]),
        ("$.o.l[?(@.n=='x')]", [{"n": "x", "v": 1}]),
        ("$.o.l[?(@.v>5)]", []),
        ("$.o.l[*].v", [1, 2]),
        ("$.a[0:1]", [1]),
        ("$.o.l[0].v", 1),
        ("$.o.l[0]['v']", 1),
        ("$.o.l[0]", {"n": "x", "v": 1}),
        ("$.missing[*].v", []),
        ("$.a[-1:]", [3]),
    ],
)
def test_a_path_gives_a_list_where_it_may_mean_any_number_of_values(
    machines: Machines, path: str, value: object
) -> None:
    assert machines.value(path) == value


@pytest.mark.parametrize("path", ["$.missing", "$.missing..x", "$.o.missing[?(@.v>5)]"])
def test_a_path_to_nothing_fails(machines: Machines, path: str) -> None:
    error, cause = machines.failure(path)

    assert error == "States.Runtime"
    assert f"The JSONPath '{path}' specified for the field 'value.$' could not be found in the input" in cause


@pytest.mark.parametrize(
    ("path", "part"),
    [
        *(("$.a.b[0]", None), ("$['a..b'].c", None), ("$['a,b']", None), ('$["x:y"]', None), ("$", None)),
        *(("$..a", "$"), ("$.a.*", "$.a"), ("$.a[*].b", "$.a"), ("$.a[?(@.b)]", "$.a"), ("$.a[0,1]", "$.a")),
        *(("$['a..b'][1:2]", "$['a..b']"), ("$.a[-1:]", "$.a")),
    ],
)
def test_where_a_path_stops_to_mean_one_value(path: str, part: str | None) -> None:
    assert definite_part(path) == part


def _choice(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": True, "End": True},
        "No": {"Type": "Pass", "Result": False, "End": True},
    }


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.missing", "StringEquals": "x"},
        {"Variable": "$.missing", "IsNull": True},
        {"Not": {"Variable": "$.missing", "NumericEquals": 1}},
        {"And": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.missing", "NumericEquals": 1}]},
    ],
)
def test_a_choice_by_what_is_missing_fails(machines: Machines, rule: dict[str, Any]) -> None:
    told = machines.run(_choice(rule))

    assert told["error"] == "States.Runtime"
    assert "Invalid path '$.missing': The choice state's condition path references an invalid value." in told["cause"]


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        ({"Variable": "$.missing", "IsPresent": False}, True),
        ({"Variable": "$.missing", "IsPresent": True}, False),
        (
            {"And": [{"Variable": "$.missing", "IsPresent": True}, {"Variable": "$.missing", "NumericEquals": 1}]},
            False,
        ),
        ({"Variable": "$.z", "IsNull": True}, True),
        ({"Variable": "$.n", "StringEquals": "5"}, False),
    ],
)
def test_a_choice_may_ask_whether_it_is_there(machines: Machines, rule: dict[str, Any], chosen: bool) -> None:
    assert json.loads(machines.run(_choice(rule))["output"]) is chosen


def test_the_context_object_has_times_as_aws_writes_them(machines: Machines) -> None:
    begun, entered = machines.value("$$.Execution.StartTime"), machines.value("$$.State.EnteredTime")

    for moment in (begun, entered):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)


@pytest.mark.parametrize("path", ["$.o.new.deep", "$['o']['p']", "$.a[1]", "$.o.l[0].n"])
def test_a_result_goes_where_its_path_leads(machines: Machines, path: str) -> None:
    placed = {"Type": "Pass", "Result": "r", "ResultPath": path, "Next": "Q"}
    told = machines.run({"P": placed, "Q": {"Type": "Pass", "OutputPath": path, "End": True}})

    assert told["status"] == "SUCCEEDED", told
    assert json.loads(told["output"]) == "r"


@pytest.mark.parametrize(
    ("path", "given", "cause"),
    [
        ("$.n.x", GIVEN, 'step "x" to input 5'),
        ("$.z.x", GIVEN, 'step "x" to input null'),
        ("$.a.x", GIVEN, 'step "x" to input [1, 2, 3, 3]'),
        ("$.o[0]", GIVEN, 'step "0" to input {'),
        ("$.x.y", [1, 2], 'step "x" to input [1, 2]'),
    ],
)
def test_a_result_does_not_go_into_a_plain_value(machines: Machines, path: str, given: object, cause: str) -> None:
    told = machines.run({"P": {"Type": "Pass", "Result": "r", "ResultPath": path, "End": True}}, given)

    assert (told["status"], told["error"]) == ("FAILED", "States.ResultPathMatchFailure")
    assert cause in told["cause"]
