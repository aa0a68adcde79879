"""Enhanced filters and arguments of subscriptions: which results they let through."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.routing.graphql.realtime.filters import fits_arguments, fits_filter, problem_of_filter

_NOTE = {"level": 5, "text": "hello", "tags": ["a", "b"], "none": None, "deep": {"in": 1}}


@pytest.mark.parametrize(
    ("field", "operator", "value", "fits"),
    [
        ("level", "eq", 5, True),
        ("level", "eq", 6, False),
        ("level", "ne", 6, True),
        ("level", "ne", 5, False),
        ("level", "le", 5, True),
        ("level", "le", 4, False),
        ("level", "lt", 6, True),
        ("level", "lt", 5, False),
        ("level", "ge", 5, True),
        ("level", "ge", 6, False),
        ("level", "gt", 4, True),
        ("level", "gt", 5, False),
        ("level", "in", [1, 5], True),
        ("level", "in", [1], False),
        ("level", "notIn", [1], True),
        ("level", "notIn", [5], False),
        ("level", "between", [5, 6], True),
        ("level", "between", [6, 7], False),
        ("text", "contains", "ell", True),
        ("text", "contains", "x", False),
        ("tags", "contains", "a", True),
        ("tags", "notContains", "c", True),
        ("tags", "notContains", "a", False),
        ("text", "beginsWith", "he", True),
        ("text", "beginsWith", "lo", False),
        ("tags", "containsAny", ["x", "b"], True),
        ("tags", "containsAny", ["x"], False),
        ("deep.in", "eq", 1, True),
        ("missing", "eq", 1, False),
        ("none", "gt", 1, False),
        ("text", "gt", 1, False),
        ("level", "nonsense", 5, False),
    ],
)
def test_an_operator(field: str, operator: str, value: Any, fits: bool) -> None:
    rule = {"fieldName": field, "operator": operator, "value": value}

    assert fits_filter({"filterGroup": [{"filters": [rule]}]}, _NOTE) is fits


def test_of_groups_one_fits_and_of_filters_all() -> None:
    yes = {"fieldName": "level", "operator": "eq", "value": 5}
    no = {"fieldName": "level", "operator": "eq", "value": 6}

    assert fits_filter({"filterGroup": [{"filters": [yes, no]}, {"filters": [yes]}]}, _NOTE)
    assert not fits_filter({"filterGroup": [{"filters": [yes, no]}]}, _NOTE)


@pytest.mark.parametrize(
    "given", [None, {}, {"filterGroup": []}, {"filterGroup": [5]}, {"filterGroup": [{"filters": [5]}]}]
)
def test_what_is_no_filter_lets_nothing_through(given: Any) -> None:
    assert not fits_filter(given, _NOTE)


def test_arguments_are_compared_by_name() -> None:
    assert fits_arguments({}, _NOTE)
    assert fits_arguments({"level": 5, "none": None, "missing": None}, _NOTE)
    assert not fits_arguments({"level": 4}, _NOTE)
    assert not fits_arguments({"missing": 1}, _NOTE)


@pytest.mark.parametrize("payload", [[{"level": 5}], "text", 5])
def test_no_arguments_choose_among_lists_and_single_values(payload: Any) -> None:
    assert fits_arguments({}, payload)
    assert not fits_arguments({"level": 5}, payload)
    assert not fits_arguments({"level": None}, payload)
    assert not fits_filter({"filterGroup": [{"filters": []}]}, payload)


@pytest.mark.parametrize(
    ("operator", "value", "is_taken"),
    [
        ("eq", None, True),
        ("eq", True, True),
        ("ne", [1], False),
        ("ge", 1.5, True),
        ("gt", "a", True),
        ("le", None, False),
        ("lt", True, False),
        ("contains", "a", True),
        ("notContains", {"a": 1}, False),
        ("beginsWith", "a", True),
        ("beginsWith", 1, False),
        ("in", [], True),
        ("in", [1, "a"], True),
        ("notIn", [[1]], False),
        ("containsAny", "ab", False),
        ("between", [1, 2], True),
        ("between", ["a", "b"], True),
        ("between", [1], False),
        ("between", [1, 2, 3], False),
        ("between", [1, None], False),
        ("between", "ab", False),
        ("between", None, False),
        ("nonsense", 1, False),
        (["eq"], 1, False),
        (None, 1, False),
    ],
)
def test_values_have_the_form_that_their_operator_wants(operator: Any, value: Any, is_taken: bool) -> None:
    rule = {"fieldName": "level", "operator": operator, "value": value}

    problem = problem_of_filter({"filterGroup": [{"filters": [rule]}]})

    assert (problem is None) is is_taken
    assert problem is None or problem.startswith("level: ")


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ({"filterGroup": []}, True),
        ({"filterGroup": [{"filters": []}]}, True),
        ({}, False),
        ([], False),
        ("text", False),
        ({"filterGroup": {}}, False),
        ({"filterGroup": [5]}, False),
        ({"filterGroup": [{}]}, False),
        ({"filterGroup": [{"filters": [5]}]}, False),
        ({"filterGroup": [{"filters": [{"operator": "eq", "value": 1}]}]}, False),
        ({"filterGroup": [{"filters": [{"fieldName": "", "operator": "eq", "value": 1}]}]}, False),
    ],
)
def test_the_form_of_a_filter(given: Any, is_taken: bool) -> None:
    assert (problem_of_filter(given) is None) is is_taken
