"""What a resource needs, and the order that follows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.assembly.dependency_graph import dependency_graph, deployment_order
from lambdakit.assembly.template import Template, parse_template
from lambdakit.assembly.topological_order import CircularOrder, topological_order
from lambdakit.errors import AssemblyError


def template(resources: Mapping[str, object], **sections: object) -> Template:
    declared = {
        name: {"Type": "T::T::T", **(value if isinstance(value, dict) else {})} for name, value in resources.items()
    }
    return parse_template({"Resources": declared, **sections}, path="t.json")


def needs(value: object, **sections: object) -> set[str]:
    subject = template({"A": {"Properties": {"P": value}}, "B": {}, "C": {}}, **sections)
    return set(dependency_graph(subject, lambda _: True).dependencies("A"))


@pytest.mark.parametrize(
    "value, expected",
    [
        ("B", set()),
        ({"Ref": "B"}, {"B"}),
        ({"Ref": "AWS::Region"}, set()),
        ({"Ref": "Size"}, set()),
        ({"Fn::GetAtt": ["B", "Arn"]}, {"B"}),
        ({"Fn::GetAtt": "B.Outputs.X"}, {"B"}),
        ({"Fn::GetAtt": ["B", {"Ref": "Size"}]}, {"B"}),
        ({"Fn::Sub": "${B}-${C.Arn}-${AWS::Region}-${!B}"}, {"B", "C"}),
        ({"Fn::Sub": ["${B}-${x}", {"B": "own", "x": {"Ref": "C"}}]}, {"C"}),
        ({"Fn::Join": ["", [{"Ref": "B"}, {"Fn::Select": [0, {"Fn::GetAtt": ["C", "Names"]}]}]]}, {"B", "C"}),
        ({"Fn::If": ["Yes", {"Ref": "B"}, {"Ref": "C"}]}, {"B", "C"}),
        ({"Ref": "B", "Other": {"Ref": "C"}}, {"C"}),
        ([{"deep": [{"Ref": "B"}]}], {"B"}),
    ],
)
def test_references_are_dependencies(value: object, expected: set[str]) -> None:
    sections = {"Parameters": {"Size": {"Type": "String"}}, "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}}}

    assert needs(value, **sections) == expected


def test_only_the_branch_that_is_taken_counts_when_conditions_are_known() -> None:
    subject = template(
        {
            "A": {"Properties": {"P": {"Fn::If": ["Yes", {"Ref": "B"}, "x"]}}},
            "B": {"Properties": {"P": {"Fn::If": ["Yes", "x", {"Ref": "A"}]}}},
        },
        Conditions={"Yes": {"Fn::Equals": ["a", "a"]}},
    )

    assert deployment_order(subject, lambda _: True, lambda _: True) == ("B", "A")
    assert deployment_order(subject, lambda _: True, lambda _: False) == ("A", "B")
    with pytest.raises(AssemblyError, match="LK234"):
        deployment_order(subject, lambda _: True)


@pytest.mark.parametrize("section", ["Properties", "Metadata", "CreationPolicy", "UpdatePolicy"])
def test_every_attribute_counts(section: str) -> None:
    subject = template({"A": {section: {"P": {"Ref": "B"}}}, "B": {}})

    assert deployment_order(subject, lambda _: True) == ("B", "A")


def test_order_is_the_templates_own_where_it_can_be() -> None:
    subject = template({"D": {}, "A": {"DependsOn": ["C"]}, "B": {}, "C": {}})

    assert deployment_order(subject, lambda _: True) == ("D", "C", "A", "B")


def test_resource_that_does_not_exist_is_left_out() -> None:
    subject = template({"A": {"DependsOn": ["B", "C"]}, "B": {}, "C": {}})

    graph = dependency_graph(subject, lambda name: name != "B")

    assert graph.order == ("C", "A")
    assert graph.dependencies("A") == {"C"}


def test_circle_is_named() -> None:
    subject = template({"X": {}, "A": {"DependsOn": "B"}, "B": {"DependsOn": "C"}, "C": {"DependsOn": "A"}})

    with pytest.raises(AssemblyError, match=r"Resources\.A: .*: A -> B -> C -> A \[LK234\]"):
        deployment_order(subject, lambda _: True)


def test_resource_that_needs_itself_is_a_circle() -> None:
    with pytest.raises(AssemblyError, match=r"A -> A \[LK234\]"):
        deployment_order(template({"A": {"Properties": {"P": {"Ref": "A"}}}}), lambda _: True)


def test_all_unknown_names_are_reported_at_once() -> None:
    subject = template(
        {
            "Queue": {"DependsOn": "Nope"},
            "B": {
                "Properties": {"P": [{"Ref": "Quene"}, {"Fn::GetAtt": ["AWS::Region", "x"]}, {"Fn::Sub": "${No.Arn}"}]}
            },
        }
    )

    with pytest.raises(AssemblyError) as caught:
        deployment_order(subject, lambda _: True)

    assert [(item.pointer, item.code) for item in caught.value.diagnostics] == [
        ("Resources.Queue.DependsOn", "LK233"),
        ("Resources.B.Properties.P[0].Ref", "LK233"),
        ("Resources.B.Properties.P[1].Fn::GetAtt", "LK233"),
        ("Resources.B.Properties.P[2].Fn::Sub", "LK233"),
    ]
    assert "did you mean 'Queue'?" in str(caught.value)


def test_long_chain_is_no_deep_stack() -> None:
    chain: dict[str, object] = {f"R{n}": {"DependsOn": f"R{n + 1}"} for n in range(5_000)}

    order = deployment_order(template({**chain, "R5000": {}}), lambda _: True)

    assert (order[0], order[-1]) == ("R5000", "R0")


@given(st.dictionaries(st.integers(0, 12), st.sets(st.integers(0, 12)), max_size=13))
@settings(max_examples=200)
def test_order_respects_every_dependency_or_names_a_circle(graph: dict[int, set[int]]) -> None:
    dependencies = {str(name): sorted(str(item) for item in needed if item in graph) for name, needed in graph.items()}

    try:
        order = topological_order(dependencies)
    except CircularOrder as error:
        assert error.cycle[0] == error.cycle[-1]
        steps = zip(error.cycle, error.cycle[1:], strict=False)
        assert all(after in dependencies[before] for before, after in steps)
        return

    assert sorted(order) == sorted(dependencies)
    position = {name: index for index, name in enumerate(order)}
    assert all(position[item] < position[name] for name, needed in dependencies.items() for item in needed)


def test_custom_resources_and_what_needs_them_come_last() -> None:
    template = parse_template(
        {
            "Resources": {
                "Asked": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Ref": "Function"}}},
                "Needs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Asked"}}},
                "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "Function"}}},
                "Function": {"Type": "AWS::Lambda::Function"},
            }
        },
        path="template.json",
    )

    order = deployment_order(template, lambda _: True)

    assert order == ("Function", "Logs", "Asked", "Needs")


@pytest.mark.parametrize("subscription", ["AWS::Logs::SubscriptionFilter", "AWS::Logs::AccountPolicy"])
def test_what_tries_a_function_comes_after_the_permission_that_nothing_orders(subscription: str) -> None:
    subject = parse_template(
        {
            "Resources": {
                "Filter": {"Type": subscription, "Properties": {"DestinationArn": {"Ref": "Function"}}},
                "Function": {"Type": "AWS::Lambda::Function"},
                "May": {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": "Function"}}},
            }
        },
        path="template.json",
    )

    order = deployment_order(subject, lambda _: True)

    assert order == ("Function", "May", "Filter")
