"""Templates as text: JSON, and YAML with CloudFormation's short forms and without what CloudFormation does not take."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.deployment.cloudformation.refusal import Refused
from lambdakit.harness.deployment.cloudformation.template_text import read_template

_RESOURCES = "Resources: {A: {Type: T}}\n"


def value_of(text: str) -> Any:
    """The value of the metadata's key `v`, written in YAML."""
    metadata = read_template(f"{_RESOURCES}Metadata:\n  v: {text}\n", name="t").raw["Metadata"]
    assert isinstance(metadata, dict)
    return metadata["v"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Condition C", {"Condition": "C"}),
        ("!GetAtt A.Arn", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!GetAtt A.Outputs.Url", {"Fn::GetAtt": ["A", "Outputs.Url"]}),
        ("!GetAtt [A, Arn]", {"Fn::GetAtt": ["A", "Arn"]}),
        ("!GetAtt [A, !Ref B]", {"Fn::GetAtt": ["A", {"Ref": "B"}]}),
        ("!Sub 'x-${A}'", {"Fn::Sub": "x-${A}"}),
        ("!Sub ['${x}', {x: !Ref A}]", {"Fn::Sub": ["${x}", {"x": {"Ref": "A"}}]}),
        ("!Join ['-', [a, !Ref B]]", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Equals [!Ref A, b]", {"Fn::Equals": [{"Ref": "A"}, "b"]}),
        ("!Not [!Condition C]", {"Fn::Not": [{"Condition": "C"}]}),
        ("!Base64 {'Fn::Sub': x}", {"Fn::Base64": {"Fn::Sub": "x"}}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!ImportValue x", {"Fn::ImportValue": "x"}),
        ("!Select [0, !Split [',', 'a,b']]", {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}),
        ("!FindInMap [M, !Ref A, c]", {"Fn::FindInMap": ["M", {"Ref": "A"}, "c"]}),
        ("!Cidr [10.0.0.0/16, 2, 8]", {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}),
        ("!Transform {Name: 'AWS::Include'}", {"Fn::Transform": {"Name": "AWS::Include"}}),
        ("2012-10-17", "2012-10-17"),
        ("2010-09-09T10:00:00Z", "2010-09-09T10:00:00Z"),
        ("{<<: x}", {"<<": "x"}),
        ("{123456789012: a, true: b, 1.5: c}", {"123456789012": "a", "true": "b", "1.5": "c"}),
        ("|\n    one\n    two", "one\ntwo\n"),
        ("~", None),
        ("12", 12),
        ("'012'", "012"),
    ],
)
def test_a_value(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "JSON not well-formed."),
        ('{"a": 1,}', "JSON not well-formed."),
        ("a: [", "YAML not well-formed."),
        ("a: b: c", "YAML not well-formed."),
        ("a: &x 1\nb: *x", "YAML aliases are not allowed in CloudFormation templates"),
        ("!!python/object:os.system x", "YAML not well-formed."),
        ("a: !!binary 'not base64'", "YAML not well-formed."),
        ("{}", "At least one Resources member must be defined."),
        ("Resources:", "Resources: null is not an object"),
        ("", "unsupported structure."),
        ("- a", "unsupported structure."),
        ("[]", "unsupported structure."),
        ("text", "unsupported structure."),
        ("\x00", "YAML not well-formed."),
        ("[" * 2000, "It is nested too deeply."),
        ("{" * 100_000, "JSON not well-formed."),
        ('{"a":' * 100_000, "JSON not well-formed."),
        (f"{_RESOURCES}Nonsense: 1", '"Nonsense" is not a section of a template'),
        ("Resources: {A: {}}", "Resources.A: this resource has no Type"),
    ],
)
def test_what_is_no_template(text: str, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        read_template(text, name="t")

    assert refused.value.code == "ValidationError"
    assert problem in refused.value.message
    assert refused.value.message.startswith("Template format error: ")


@pytest.mark.parametrize(
    ("section", "most"), [("Resources", 500), ("Outputs", 200), ("Parameters", 200), ("Mappings", 200)]
)
def test_the_quotas_of_a_template(section: str, most: int) -> None:
    def template(count: int) -> str:
        item: dict[str, Any] = {"Resources": {"Type": "T"}, "Outputs": {"Value": 1}, "Parameters": {}, "Mappings": {}}
        items = {f"N{number}": item[section] for number in range(count)}
        return json.dumps({"Resources": {"A": {"Type": "T"}}, section: items})

    read_template(template(most), name="t")
    with pytest.raises(Refused, match=f"Number of {section.lower()}, {most + 1}, is greater than maximum"):
        read_template(template(most + 1), name="t")


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcXYZ ", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(metadata=st.dictionaries(st.text("abc", min_size=1), _JSON))
def test_json_and_yaml_say_the_same(metadata: dict[str, Any]) -> None:
    template = {"Metadata": metadata, "Resources": {"A": {"Type": "T"}}}

    dumper = type("NoAliases", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    texts = (json.dumps(template), yaml.dump(template, Dumper=dumper), " \n" + json.dumps(template, indent=2))

    assert [read_template(text, name="t").raw for text in texts] == [template] * 3


@given(text=st.text(max_size=200))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    try:
        read_template(text, name="t")
    except Refused as refused:
        assert refused.code == "ValidationError"
