"""Which properties nobody reads, in resolved and unresolved values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree, recorded, unread
from lambdakit.harness.deployment.registry import PROVISIONERS
from lambdakit.harness.deployment.resource_diff import is_custom

TREE: PropertyTree = {
    "Name": READ,
    "Kept": RECORDED,
    "Code": {"Bucket": READ, "Version": RECORDED},
    "Rules": {"Id": READ, "Then": {"Do": READ}},
}


def _unread(properties: object) -> list[str]:
    return list(unread(TREE, properties, "P"))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, []),
        ({"Name": "a", "Kept": {"anything": ["at", {"all": 1}]}}, []),
        ({"Name": {"any": "depth"}}, []),
        ({"name": "a"}, ["P.name"]),
        ({"Other": None, "More": {}}, ["P.Other", "P.More"]),
        ({"Code": {"Bucket": "b", "Key": "k"}}, ["P.Code.Key"]),
        ({"Rules": [{"Id": 1}, {"If": 3}, {"Then": {"Undo": 2}}]}, ["P.Rules[1].If", "P.Rules[2].Then.Undo"]),
        ({"Rules": [[{"If": 1}]]}, ["P.Rules[0][0].If"]),
        ({"Code": None, "Rules": "text"}, []),
        # What an intrinsic function will give is not known yet.
        ({"Code": {"Ref": "Parameter"}}, []),
        ({"Code": {"Fn::GetAtt": ["A", "B"]}}, []),
        ({"Rules": {"Fn::FindInMap": ["a", "b", "c"]}}, []),
        ({"Fn::If": ["C", {"Name": "a", "Bad": 1}, {"Worse": 2}]}, ["P.Bad", "P.Worse"]),
        ({"Code": {"Fn::If": ["C", {"Key": 1}, {"Ref": "AWS::NoValue"}]}}, ["P.Code.Key"]),
        ({"Rules": [{"Fn::If": ["C", {"X": 1}, {"Fn::If": ["D", {"Y": 1}, {}]}]}]}, ["P.Rules[0].X", "P.Rules[0].Y"]),
        ({"Fn::If": "malformed"}, []),
        ({"Ref": "A", "Name": "b"}, ["P.Ref"]),
    ],
)
def test_what_nobody_reads(properties: object, expected: list[str]) -> None:
    assert _unread(properties) == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, []),
        ({"Name": "a"}, []),
        ({"Kept": 0, "Code": {"Bucket": "b", "Version": False}}, ["P.Kept", "P.Code.Version"]),
        ([{"Kept": 1}, {"Name": 1}, {"Kept": 2}], ["P[0].Kept", "P[2].Kept"]),
        ({"Other": 1}, []),
        ("text", []),
    ],
)
def test_what_is_kept_without_effect(properties: object, expected: list[str]) -> None:
    assert list(recorded(TREE, properties, "P")) == expected


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Name", "Kept", "Code", "Bucket", "Rules", "Fn::If", "Ref", "X"]), inner)
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_any_value_can_be_looked_at(properties: object) -> None:
    assert all(pointer.startswith("P") for pointer in _unread(properties))
    assert set(recorded(TREE, properties, "P")).isdisjoint(_unread(properties))


_WITHOUT_PROPERTIES = frozenset({"AWS::CloudFormation::WaitConditionHandle"})


# A custom resource's function gets every property, whatever its name.
@pytest.mark.parametrize("type_name", [name for name in PROVISIONERS if not is_custom(name)])
def test_every_type_states_what_it_reads(type_name: str) -> None:
    tree = PROVISIONERS[type_name].properties

    assert bool(tree) is (type_name not in _WITHOUT_PROPERTIES)
    assert list(unread(tree, {name: None for name in tree}, "P")) == []
    assert list(unread(tree, {"NoSuchProperty": 1}, "P")) == ["P.NoSuchProperty"]
