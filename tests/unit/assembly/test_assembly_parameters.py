"""The values of a template's parameters."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambdakit.assembly.parameters import ParameterValue, resolve_parameters
from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError

STORE = {"/images/latest": "ami-1", "/zones": "a, b", "/numbers": "1,2"}


def resolved(declared: Mapping[str, object], given: Mapping[str, str] | None = None) -> Mapping[str, ParameterValue]:
    template = parse_template({"Parameters": dict(declared)}, path="t.json")
    return resolve_parameters(template, given or {}, ssm=STORE.__getitem__)


@pytest.mark.parametrize(
    "declaration, given, expected",
    [
        ({"Type": "String"}, "x", "x"),
        ({"Type": "String"}, "", ""),
        ({"Type": "String", "Default": "d"}, None, "d"),
        ({"Type": "String", "Default": 1.5}, None, "1.5"),
        ({"Type": "String", "Default": True}, None, "true"),
        ({"Type": "Number"}, "007", "007"),
        ({"Type": "Number", "Default": 3}, None, "3"),
        ({"Type": "CommaDelimitedList"}, "a, b ,c", ("a", "b", "c")),
        ({"Type": "CommaDelimitedList"}, "a", ("a",)),
        ({"Type": "CommaDelimitedList"}, "", ()),
        ({"Type": "List<Number>"}, "1,2.5", ("1", "2.5")),
        ({"Type": "List<String>"}, "a,b", ("a", "b")),
        ({"Type": "AWS::EC2::KeyPair::KeyName"}, "key", "key"),
        ({"Type": "List<AWS::EC2::Subnet::Id>"}, "subnet-1,subnet-2", ("subnet-1", "subnet-2")),
        ({"Type": "AWS::SSM::Parameter::Name"}, "/images/latest", "/images/latest"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/images/latest", "ami-1"),
        ({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/images/latest"}, None, "ami-1"),
        ({"Type": "AWS::SSM::Parameter::Value<List<String>>"}, "/zones", ("a", "b")),
        ({"Type": "AWS::SSM::Parameter::Value<CommaDelimitedList>"}, "/zones", ("a", "b")),
        ({"Type": "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>"}, "/zones", ("a", "b")),
    ],
)
def test_parameter_has_its_value(declaration: object, given: str | None, expected: object) -> None:
    values = resolved({"P": declaration}, None if given is None else {"P": given})

    assert values["P"].value == expected


@pytest.mark.parametrize(
    "constraint, accepted, refused",
    [
        ({"AllowedValues": ["a", "b"]}, "a", "A"),
        ({"AllowedValues": [1, True]}, "true", "2"),
        ({"MinLength": 2}, "ab", "a"),
        ({"MinLength": "2"}, "ab", "a"),
        ({"MaxLength": 2}, "ab", "abc"),
        ({"AllowedPattern": "[a-z]+"}, "abc", "abc1"),
        ({"AllowedPattern": "^[a-z]*$"}, "", "A"),
        (
            {"AllowedPattern": r"^[\w-\+]+(\.[\w]+)*@[\w-]+(\.[a-z]{2,})+$"},
            "some-one+else@an-example.org",
            "one@example",
        ),
        ({"AllowedPattern": r"[\\w-z]"}, "x", "-"),
        ({"AllowedPattern": "(([0-9]{1,3})\\.){3}[0-9]{1,3}/[0-9]+"}, "10.100.100.100/16", "10.100.100.100.100/16"),
        ({"Type": "Number", "MinValue": 2}, "2", "1"),
        ({"Type": "Number", "MaxValue": 2}, "2", "3"),
        ({"Type": "Number", "MaxValue": "2.5"}, "2.5", "2.6"),
        ({"Type": "Number"}, "-1e3", "many"),
        ({"Type": "Number"}, "1", "nan"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,b", "a,c"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[ab]"}, "a, b", "a,c"),
        ({"Type": "List<Number>", "MaxValue": 5}, "1,5", "1,6"),
        # For these types the constraints hold for the name in the store.
        ({"Type": "AWS::SSM::Parameter::Value<String>", "AllowedPattern": "/images/.*"}, "/images/latest", "/zones"),
    ],
)
def test_constraint_is_checked(constraint: Mapping[str, object], accepted: str, refused: str) -> None:
    declaration = {"Type": "String", **constraint}

    resolved({"P": declaration}, {"P": accepted})
    with pytest.raises(AssemblyError, match=r"t\.json: Parameters\.P: .*\[LK240\]"):
        resolved({"P": declaration}, {"P": refused})


@pytest.mark.parametrize("length, accepted", [(4096, True), (4097, False)], ids=["longest", "too long"])
def test_value_is_at_most_4096_bytes(length: int, accepted: bool) -> None:
    if accepted:
        assert resolved({"P": {"Type": "String"}}, {"P": "x" * length})["P"].value == "x" * length
        return
    with pytest.raises(AssemblyError, match="LK240"):
        resolved({"P": {"Type": "String"}}, {"P": "x" * length})


@pytest.mark.parametrize(
    "declaration, code",
    [
        ({}, "LK230"),
        ({"Type": "Strin", "Default": "x"}, "LK240"),
        ({"Type": "List<CommaDelimitedList>", "Default": "x"}, "LK240"),
        ({"Type": "String", "Default": ["x"]}, "LK240"),
        ({"Type": "String", "Defualt": "x"}, "LK230"),
        ({"Type": "String", "Default": "x", "AllowedPattern": "("}, "LK243"),
        ({"Type": "String", "Default": "x", "AllowedPattern": "a" * 5000}, "LK243"),
        ({"Type": "String", "Default": "x", "AllowedValues": "x"}, "LK230"),
        ({"Type": "String", "Default": "x", "MinLength": "two"}, "LK240"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/nowhere"}, "LK238"),
        ({"Type": "String"}, "LK241"),
    ],
)
def test_wrong_declaration_is_named(declaration: object, code: str) -> None:
    with pytest.raises(AssemblyError, match=rf"t\.json: Parameters\.P.*\[{code}\]"):
        resolved({"P": declaration})


def test_everything_wrong_is_reported_at_once() -> None:
    declared = {"Missing": {"Type": "String"}, "Fine": {"Type": "String"}, "Low": {"Type": "Number", "MinValue": 5}}

    with pytest.raises(AssemblyError) as caught:
        resolved(declared, {"Fine": "x", "Low": "1", "Fnie": "y"})

    assert [item.code for item in caught.value.diagnostics] == ["LK242", "LK241", "LK240"]
    assert "did you mean 'Fine'?" in str(caught.value)


def test_secret_value_is_not_shown() -> None:
    declaration = {"Type": "String", "NoEcho": True, "MinLength": 8}

    value = resolved({"P": declaration}, {"P": "long enough"})["P"]
    with pytest.raises(AssemblyError) as caught:
        resolved({"P": declaration}, {"P": "hunter2"})

    assert (value.no_echo, value.displayed) == (True, "****")
    assert "hunter2" not in str(caught.value)


def test_list_is_displayed_as_given() -> None:
    assert resolved({"P": {"Type": "CommaDelimitedList"}}, {"P": "a, b"})["P"].displayed == "a,b"


def test_constraint_description_becomes_the_hint() -> None:
    declaration = {"Type": "String", "AllowedValues": ["a"], "ConstraintDescription": "must be the letter a"}

    with pytest.raises(AssemblyError, match="hint: must be the letter a"):
        resolved({"P": declaration}, {"P": "b"})


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)*b", ".*.*.*.*.*.*.*.*.*.*="])
def test_pattern_that_runs_away_is_stopped(pattern: str) -> None:
    with pytest.raises(AssemblyError, match=r"takes more than 1 s .*\[LK243\]|does not match .*\[LK240\]"):
        resolved({"P": {"Type": "String", "AllowedPattern": pattern}}, {"P": "a" * 60})
