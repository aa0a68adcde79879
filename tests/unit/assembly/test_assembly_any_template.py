"""Whatever a template holds, it resolves or raises AssemblyError."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.assembly.cloud_assembly import read_assembly
from lambdakit.assembly.dependency_graph import dependency_graph
from lambdakit.assembly.functions import CONDITION_FUNCTIONS, RULE_FUNCTIONS
from lambdakit.assembly.intrinsics import Resolver
from lambdakit.assembly.parameters import resolve_parameters
from lambdakit.assembly.pseudo_parameters import PseudoParameters
from lambdakit.assembly.rules import check_rules
from lambdakit.assembly.scopes import NO_VALUE
from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError

PSEUDO = PseudoParameters(account_id="123456789012", region="eu-west-1", stack_name="s", stack_id="i")

names = st.sampled_from(["A", "B", "Nope", "AWS::Region", "AWS::NoValue", "Yes", "Names", "M", "a", "1", "0"])
words = st.one_of(
    names,
    st.sampled_from(["${A}", "${B.Arn}", "${!x}", "${X}&{X}", "{{resolve:ssm:a}}", "{{resolve:x:y}}", "", ",", "${"]),
    st.text(max_size=5),
)
functions = st.sampled_from(
    sorted({*CONDITION_FUNCTIONS, *RULE_FUNCTIONS, "Fn::Transform", "Fn::ForEach::L", "Fn::Nope"})
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(words, st.booleans(), st.integers(-3, 300), st.floats(allow_nan=False, allow_infinity=False), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(words, inner, max_size=3),
        st.builds(lambda name, argument: {name: argument}, functions, inner),
        st.builds(lambda name, argument: {name: argument}, functions, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda items, body: {"Fn::ForEach::L": ["X", items, body]}, st.lists(words, max_size=3), inner),
    ),
    max_leaves=12,
)
templates = st.fixed_dictionaries(
    {
        "Resources": st.dictionaries(
            st.sampled_from(["A", "B", "C", "Fn::ForEach::R"]),
            st.one_of(
                st.fixed_dictionaries(
                    {"Type": st.just("AWS::SQS::Queue"), "Properties": st.dictionaries(words, values, max_size=3)},
                    optional={"Condition": st.sampled_from(["Yes", "No"]), "DeletionPolicy": values},
                ),
                values,
            ),
            max_size=3,
        )
    },
    optional={
        "Conditions": st.dictionaries(st.sampled_from(["Yes", "No"]), values, max_size=2),
        "Parameters": st.just({"Names": {"Type": "CommaDelimitedList", "Default": "a,b"}}),
        "Mappings": st.just({"M": {"a": {"1": "x", "0": ["y"]}}}),
        "Rules": st.dictionaries(st.just("R"), values, max_size=1),
        "Outputs": st.dictionaries(st.just("O"), st.fixed_dictionaries({"Value": values}), max_size=1),
        "Transform": st.one_of(st.just("AWS::LanguageExtensions"), values),
    },
)


def is_json(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_json(item) for item in value)
    return value is not NO_VALUE and isinstance(value, str | bool | int | float)


@given(templates)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_template_resolves_or_raises_assembly_error(raw: dict[str, Any]) -> None:
    before = json.dumps(raw)
    try:
        template = parse_template(raw, path="t.json")
        parameters = resolve_parameters(template, {}, ssm=lambda name: name)
        check_rules(template, parameters, PSEUDO)
        resolver = Resolver(
            template,
            parameters,
            PSEUDO,
            lambda name: name,
            lambda name, attribute: [name] if attribute == "Names" else f"{name}.{attribute}",
            lambda name: name,
            lambda region: [f"{region}a"],
            lambda reference: reference.name,
            include=lambda location: {"Included": location},
        )
        graph = dependency_graph(resolver.template, resolver.resource_enabled, resolver.condition)
        resolved = [resolver.properties(name) for name in graph.order]
    except AssemblyError as error:
        assert all(item.problem and item.code.startswith("LK2") for item in error.diagnostics)
        assert str(error)
        return

    assert all(is_json(dict(item)) for item in resolved)
    assert json.dumps(raw) == before


@given(values, st.booleans())
@settings(max_examples=600, deadline=None)
def test_value_resolves_or_raises_assembly_error(value: Any, extended: bool) -> None:
    raw = {
        "Resources": {"A": {"Type": "T"}, "B": {"Type": "T", "Condition": "No"}},
        "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Equals": ["a", "b"]}},
        "Mappings": {"M": {"a": {"1": "x", "0": ["y"]}}},
        "Transform": ["AWS::LanguageExtensions"] if extended else [],
    }
    template = parse_template(raw, path="t.json")
    resolver = Resolver(
        template,
        {},
        PSEUDO,
        lambda name: name,
        lambda name, attribute: [name] if attribute == "Names" else f"{name}.{attribute}",
        lambda name: name,
        lambda region: [f"{region}a"],
        lambda reference: reference.name,
    )
    try:
        resolved = resolver.resolve(value, "Resources.A.Properties.P")
    except AssemblyError as error:
        assert all(item.pointer.startswith("Resources.A.Properties.P") for item in error.diagnostics)
        return

    assert resolved is None or is_json(resolved)


@given(values)
@settings(max_examples=200, deadline=None)
def test_any_json_is_a_template_or_an_error(raw: Any) -> None:
    try:
        parse_template(raw, path="t.json")
    except AssemblyError as error:
        assert str(error)


@given(manifest=values, template=values, assets=values, types=st.sampled_from(["file", "dir"]))
@settings(max_examples=100, deadline=None)
def test_any_manifest_is_an_assembly_or_an_error(
    tmp_path_factory: Any, manifest: Any, template: Any, assets: Any, types: str
) -> None:
    directory = tmp_path_factory.mktemp("assembly")
    artifacts = {
        "Shop": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "t.json", "tags": manifest} if types == "file" else manifest,
            "dependencies": ["Shop.assets"],
        },
        "Shop.assets": {"type": "cdk:asset-manifest", "properties": {"file": "a.json"}},
        "Other": manifest,
    }
    (directory / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    (directory / "t.json").write_text(json.dumps(template))
    (directory / "a.json").write_text(json.dumps({"files": assets}))

    try:
        read_assembly(directory)
    except AssemblyError as error:
        assert str(error)
