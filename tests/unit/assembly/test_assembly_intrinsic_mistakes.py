"""Mistakes in functions, each named with its place, and values that would grow without end."""

from __future__ import annotations

import pytest

from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.scopes import StackOutputReference
from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError

PSEUDO = PseudoParameters(account_id="123456789012", region="eu-west-1", stack_name="shop", stack_id="i")
EXTENSIONS = "AWS::LanguageExtensions"
RAW = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "orders"},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a, b ,c"},
    },
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Absent": {"Type": "AWS::SQS::Queue", "Condition": "Never"},
    },
    "Conditions": {"Always": {"Fn::Equals": ["a", "a"]}, "Never": {"Fn::Equals": ["a", "b"]}},
    "Mappings": {"Regions": {"eu-west-1": {"Image": "ami-1"}}},
}


def resolver(*, transform: str | None = None) -> Resolver:
    template = parse_template({**RAW, "Transform": [] if transform is None else transform}, path="t.json")
    return Resolver(
        template,
        resolve_parameters(template, {}, ssm=lambda name: name),
        PSEUDO,
        reference=lambda logical_id: logical_id,
        attribute=lambda logical_id, name: f"{logical_id}.{name}",
        imported=nowhere,
        availability_zones=nowhere,
        dynamic=nowhere,
        stack_output=no_stack_output,
    )


def nowhere(name: object) -> str:
    raise LookupError(name)


def no_stack_output(reference: StackOutputReference) -> object:
    raise LookupError(reference)


@pytest.mark.parametrize(
    "value, code, said",
    [
        ({"Fn::Nonsense": []}, "LK231", 'no function "Fn::Nonsense"'),
        ({"Fn::joim": [",", []]}, "LK231", "did you mean 'Fn::Join'?"),
        ({"Fn::Equals": ["a", "a"]}, "LK231", "for this place"),
        ({"Fn::ForEach::X": []}, "LK231", "Fn::ForEach::X"),
        ({"Fn::Transform": {"Name": "Mine"}}, "LK231", "transform"),
        ({"Fn::Join": [",", []], "Other": 1}, "LK232", "stands alone"),
        ({"a": None}, "LK230", "null is not allowed"),
        ({"Ref": "Nmae"}, "LK233", "did you mean 'Name'?"),
        ({"Ref": "AWS::Nope"}, "LK233", "AWS::Nope"),
        ({"Ref": "Absent"}, "LK233", "Never"),
        ({"Fn::GetAtt": ["Absent", "Arn"]}, "LK233", "Never"),
        ({"Fn::GetAtt": ["Quene", "Arn"]}, "LK233", "did you mean 'Queue'?"),
        ({"Fn::GetAtt": ["Queue"]}, "LK232", "2 arguments"),
        ({"Fn::GetAtt": "Queue"}, "LK232", "LogicalId.Attribute"),
        ({"Fn::Sub": "${Nope}"}, "LK233", "Nope"),
        ({"Fn::Sub": "${Nope.Arn}"}, "LK233", "Nope"),
        ({"Fn::Sub": "${Zones}"}, "LK232", "not a string"),
        ({"Fn::Sub": "${a b}"}, "LK232", "letters, digits"),
        ({"Fn::Sub": "${}"}, "LK232", "letters, digits"),
        ({"Fn::Sub": ["${x}", {"x": {"Ref": "Zones"}}]}, "LK232", "where a string is needed"),
        ({"Fn::Sub": ["${x}"]}, "LK232", "2 arguments"),
        ({"Fn::Sub": [{"Ref": "Name"}, {}]}, "LK232", "not a string"),
        ({"Fn::Sub": ["a", []]}, "LK232", "not an object"),
        ({"Fn::Join": [1, []]}, "LK232", "not a string"),
        ({"Fn::Join": [",", "ab"]}, "LK232", "where a list is needed"),
        ({"Fn::Join": [",", [["a"]]]}, "LK232", "where a string is needed"),
        ({"Fn::Join": {}}, "LK232", "2 arguments"),
        ({"Fn::Split": ["", "ab"]}, "LK232", "non-empty"),
        ({"Fn::Split": [",", ["a"]]}, "LK232", "where a string is needed"),
        ({"Fn::Select": [3, ["a", "b", "c"]]}, "LK232", "no element 3 in a list of 3"),
        ({"Fn::Select": [-1, ["a"]]}, "LK232", "whole number"),
        ({"Fn::Select": ["x", ["a"]]}, "LK232", "whole number"),
        ({"Fn::Select": [0, "abc"]}, "LK232", "where a list is needed"),
        ({"Fn::Select": [0, []]}, "LK232", "list of 0"),
        ({"Fn::Base64": ["a"]}, "LK232", "where a string is needed"),
        ({"Fn::Base64": {"Ref": "AWS::NoValue"}}, "LK232", "AWS::NoValue"),
        ({"Fn::GetAZs": "nowhere"}, "LK238", "no region"),
        ({"Fn::ImportValue": "nope"}, "LK238", 'no stack exports "nope"'),
        ({"Fn::GetStackOutput": {"StackName": "gone", "OutputName": "x"}}, "LK238", "gone"),
        ({"Fn::GetStackOutput": {"StackName": "x"}}, "LK232", "OutputName"),
        ({"Fn::GetStackOutput": {"StackName": "x", "OutputName": "y", "Account": "z"}}, "LK232", "OutputName"),
        ({"Fn::FindInMap": ["Reigons", "a", "b"]}, "LK237", "did you mean 'Regions'?"),
        ({"Fn::FindInMap": ["Regions", "eu-west-2", "Image"]}, "LK237", "did you mean 'eu-west-1'?"),
        ({"Fn::FindInMap": ["Regions", "eu-west-1", "Imag"]}, "LK237", "did you mean 'Image'?"),
        ({"Fn::FindInMap": ["Regions", "eu-west-1"]}, "LK232", "3 or 4 arguments"),
        ({"Fn::If": ["Nope", 1, 2]}, "LK233", "no condition"),
        ({"Fn::If": ["Always", 1]}, "LK232", "3 arguments"),
        ({"Fn::If": [{"Ref": "Name"}, 1, 2]}, "LK232", "name of a condition"),
    ],
)
def test_mistake_is_named_with_its_place(value: object, code: str, said: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        resolver().resolve({"Deep": [value]}, "Resources.R.Properties")

    message = str(caught.value)
    assert message.startswith("t.json: Resources.R.Properties.Deep[0]")
    assert f"[{code}]" in message
    assert said in message


def test_doubling_text_is_bounded() -> None:
    value: object = "x" * 64
    for _ in range(40):
        value = {"Fn::Sub": ["${a}${a}", {"a": value}]}

    with pytest.raises(AssemblyError, match="LK235"):
        resolver().resolve(value, "P")


def test_doubling_json_is_bounded() -> None:
    value: object = {"a": '"\\' * 16}
    for _ in range(40):
        value = {"Fn::ToJsonString": [value]}

    with pytest.raises(AssemblyError, match="LK235"):
        resolver(transform=EXTENSIONS).resolve(value, "P")


def test_splitting_into_very_many_parts_is_bounded() -> None:
    with pytest.raises(AssemblyError, match="LK235"):
        resolver().resolve({"Fn::Split": [",", "," * 2_000_000]}, "P")


def test_unclosed_variables_cost_no_time() -> None:
    text = "${" * 1_000_000

    assert resolver().resolve({"Fn::Sub": text}, "P") == text


def test_nesting_is_bounded() -> None:
    value: object = "x"
    for _ in range(5_000):
        value = [value]

    with pytest.raises(AssemblyError, match="LK235"):
        resolver().resolve(value, "P")


def test_functions_nest_as_deep_as_a_template_may() -> None:
    value: object = "x"
    for _ in range(45):
        value = {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::Sub": ["${a}", {"a": value}]}]}]}
    for _ in range(3):
        value = [value]

    with pytest.raises(AssemblyError, match="LK235"):
        resolver().resolve([value], "P")
    shallow: object = "x"
    for _ in range(30):
        shallow = {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::Sub": ["${a}", {"a": shallow}]}]}]}
    assert resolver().resolve(shallow, "P") == "x"
