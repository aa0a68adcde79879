"""Conditions and rules, which see parameters only."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdakit.assembly.conditions import evaluate_conditions
from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.rules import check_rules
from lambdakit.assembly.scopes import ParameterScope
from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError

PSEUDO = PseudoParameters(account_id="123456789012", region="eu-west-1", stack_name="s", stack_id="i")
PARAMETERS = {
    "Stage": {"Type": "String", "Default": "prod"},
    "Count": {"Type": "Number", "Default": "3"},
    "Sizes": {"Type": "CommaDelimitedList", "Default": "small,large"},
}


def conditions(declared: Mapping[str, object]) -> Mapping[str, bool]:
    template = parse_template(
        {
            "Parameters": PARAMETERS,
            "Conditions": dict(declared),
            "Mappings": {"Stages": {"prod": {"kind": "big", "flag": True}}},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        },
        path="t.json",
    )
    parameters = resolve_parameters(template, {}, ssm=lambda name: name)
    return evaluate_conditions(ParameterScope(template, parameters, PSEUDO))


TRUE = {"Fn::Equals": ["a", "a"]}
FALSE = {"Fn::Equals": ["a", "b"]}


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, True),
        ({"Fn::Equals": [{"Ref": "Stage"}, "PROD"]}, False),
        # Numbers and truth values are compared as text.
        ({"Fn::Equals": [{"Ref": "Count"}, 3]}, True),
        ({"Fn::Equals": ["true", True]}, True),
        ({"Fn::Equals": [{"Ref": "Sizes"}, ["small", "large"]]}, True),
        ({"Fn::Equals": [{"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "kind"]}, "big"]}, True),
        ({"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}, "eu"]}, True),
        ({"Fn::Not": [TRUE]}, False),
        ({"Fn::And": [TRUE, TRUE]}, True),
        ({"Fn::And": [TRUE, FALSE, TRUE]}, False),
        ({"Fn::Or": [FALSE, TRUE]}, True),
        ({"Fn::Or": [FALSE] * 10}, False),
        ({"Condition": "Other"}, True),
        ({"Fn::And": [{"Condition": "Other"}, {"Fn::Not": [{"Condition": "Other"}]}]}, False),
        ({"Fn::Equals": [{"Fn::If": ["Other", "x", "y"]}, "x"]}, True),
    ],
)
def test_condition_has_its_value(value: object, expected: bool) -> None:
    assert conditions({"Subject": value, "Other": TRUE})["Subject"] is expected


@pytest.mark.parametrize(
    "value, code",
    [
        ({"Fn::And": [TRUE]}, "LK232"),
        ({"Fn::Or": [TRUE] * 11}, "LK232"),
        ({"Fn::Not": [TRUE, TRUE]}, "LK232"),
        ({"Fn::Not": ["maybe"]}, "LK232"),
        ({"Fn::Equals": ["a"]}, "LK232"),
        ({"Fn::Equals": [{"Ref": "Queue"}, "a"]}, "LK233"),
        ({"Fn::Equals": [{"Fn::GetAtt": ["Queue", "Arn"]}, "a"]}, "LK233"),
        ({"Fn::Equals": [{"Fn::ImportValue": "x"}, "a"]}, "LK233"),
        ({"Fn::Equals": [{"Fn::GetAZs": ""}, "a"]}, "LK233"),
        ({"Fn::Equals": [{"Ref": "AWS::NoValue"}, "a"]}, "LK232"),
        ({"Condition": "Nowhere"}, "LK233"),
        ({"Condition": ["Other"]}, "LK232"),
        ({"Ref": "Stage"}, "LK230"),
        ({"Fn::Nope": []}, "LK231"),
    ],
)
def test_wrong_condition_is_named(value: object, code: str) -> None:
    with pytest.raises(AssemblyError, match=rf"t\.json: Conditions\.Subject.*\[{code}\]"):
        conditions({"Subject": value, "Other": TRUE})


def test_all_wrong_conditions_are_reported_at_once() -> None:
    with pytest.raises(AssemblyError) as caught:
        conditions({"A": {"Fn::Nope": []}, "B": {"Condition": "A"}, "C": {"Fn::Not": []}})

    assert [diagnostic.pointer for diagnostic in caught.value.diagnostics] == ["Conditions.A", "Conditions.C.Fn::Not"]


def test_circle_of_conditions_is_named() -> None:
    circle = {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "C"}]}, "C": {"Condition": "A"}}

    with pytest.raises(AssemblyError, match=r"A -> B -> C -> A \[LK234\]"):
        conditions(circle)


def test_long_chain_of_conditions_is_no_deep_stack() -> None:
    chain: dict[str, object] = {f"C{n}": {"Condition": f"C{n + 1}"} for n in range(3_000)}

    assert conditions({**chain, "C3000": TRUE})["C0"] is True


def rules(declared: Mapping[str, object], given: Mapping[str, str] | None = None) -> None:
    template = parse_template({"Parameters": PARAMETERS, "Rules": dict(declared), "Resources": {}}, path="t.json")
    parameters = resolve_parameters(template, given or {}, ssm=lambda name: name)
    check_rules(template, parameters, PSEUDO)


@pytest.mark.parametrize(
    "assertion, holds",
    [
        ({"Fn::Contains": [["dev", "prod"], {"Ref": "Stage"}]}, True),
        ({"Fn::Contains": [["dev"], {"Ref": "Stage"}]}, False),
        ({"Fn::Not": [{"Fn::Contains": [["1", "2", "3"], {"Ref": "Count"}]}]}, False),
        ({"Fn::EachMemberEquals": [{"Ref": "Sizes"}, "small"]}, False),
        ({"Fn::EachMemberEquals": [["x", "x"], "x"]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Sizes"}, ["small", "medium", "large"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Sizes"}, ["small"]]}, False),
        ({"Fn::And": [{"Fn::Equals": [1, "1"]}, {"Fn::Or": [{"Fn::Equals": [1, 2]}, {"Fn::Equals": [2, 2]}]}]}, True),
    ],
)
def test_rule_is_checked(assertion: object, holds: bool) -> None:
    declared = {"Check": {"Assertions": [{"Assert": assertion, "AssertDescription": "must be so"}]}}

    if holds:
        rules(declared)
        return
    with pytest.raises(AssemblyError, match=r"Rules\.Check\.Assertions\[0\]: .*must be so \[LK239\]"):
        rules(declared)


def test_rule_applies_under_its_condition_only() -> None:
    declared = {
        "Check": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Count"}, "9"]}}],
        }
    }

    rules(declared, {"Stage": "dev"})
    with pytest.raises(AssemblyError, match="LK239"):
        rules(declared)


@pytest.mark.parametrize(
    "assertion",
    [
        {"Fn::RefAll": "AWS::EC2::VPC::Id"},
        {"Fn::ValueOf": ["VpcId", "Tags.Department"]},
        {"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.Department"]},
        {"Fn::Join": ["", []]},
        {"Ref": "Stage"},
    ],
)
def test_rule_that_cannot_be_checked_is_refused(assertion: object) -> None:
    with pytest.raises(AssemblyError, match=r"Rules\.Check\.Assertions\[0\]\.Assert"):
        rules({"Check": {"Assertions": [{"Assert": assertion}]}})


@pytest.mark.parametrize("rule", [{}, {"Assertions": {}}, {"Assertions": ["x"]}, {"Assertions": [{}]}])
def test_malformed_rule_is_refused(rule: object) -> None:
    with pytest.raises(AssemblyError, match=r"Rules\.Check\.Assertions"):
        rules({"Check": rule})
