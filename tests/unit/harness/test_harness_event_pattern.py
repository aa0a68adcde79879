"""Which events a pattern means, and which patterns each service refuses.

Source, unless a row says another: Amazon EventBridge User Guide, "Comparison operators for use in event patterns".
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.event_pattern import (
    FILTER_CRITERIA,
    PIPE,
    RULE,
    SNS_ATTRIBUTES,
    SNS_BODY,
    Dialect,
    InvalidPattern,
    compile_pattern,
)

# Pattern and event as they are written, and whether the pattern means the event.
MATCHES = [
    # Values.
    ('{"a": ["x"]}', '{"a": "x"}', True),
    ('{"a": ["x"]}', '{"a": "X"}', False),
    ('{"a": ["x", "y"]}', '{"a": "y"}', True),
    ('{"a": [""]}', '{"a": ""}', True),
    ('{"a": [""]}', '{"a": null}', False),
    ('{"a": [null]}', '{"a": null}', True),
    ('{"a": [null]}', "{}", False),
    ('{"a": [null]}', '{"a": ""}', False),
    ('{"a": [true]}', '{"a": true}', True),
    ('{"a": [true]}', '{"a": "true"}', False),
    ('{"a": [true]}', '{"a": 1}', False),
    ('{"a": [300]}', '{"a": 300}', True),
    ('{"a": [300]}', '{"a": 300.0}', False),
    ('{"a": [300]}', '{"a": 3.0e2}', False),
    ('{"a": [300]}', '{"a": "300"}', False),
    ('{"a": ["300"]}', '{"a": 300}', False),
    # Fields: all of them, at their depth.
    ('{"a": ["x"], "b": ["y"]}', '{"a": "x", "b": "y", "c": "z"}', True),
    ('{"a": ["x"], "b": ["y"]}', '{"a": "x"}', False),
    ('{"a": {"b": ["x"]}}', '{"a": {"b": "x"}}', True),
    ('{"a": {"b": ["x"]}}', '{"a": "x"}', False),
    ('{"a": {"b": ["x"]}}', '{"b": "x"}', False),
    ('{"a.b": ["x"]}', '{"a": {"b": "x"}}', False),
    # Arrays of the event: one of the elements.
    ('{"a": ["x"]}', '{"a": ["w", "x"]}', True),
    ('{"a": ["x"]}', '{"a": []}', False),
    ('{"a": {"b": ["x"]}}', '{"a": [{"b": "w"}, {"b": "x"}]}', True),
    ('{"a": {"b": ["x"], "c": ["y"]}}', '{"a": [{"b": "x", "c": "w"}, {"b": "w", "c": "y"}]}', False),
    # Prefix and suffix.
    ('{"a": [{"prefix": "us-"}]}', '{"a": "us-east-1"}', True),
    ('{"a": [{"prefix": "us-"}]}', '{"a": "eu-west-1"}', False),
    ('{"a": [{"prefix": "1"}]}', '{"a": 12}', False),
    ('{"a": [{"prefix": {"equals-ignore-case": "US-"}}]}', '{"a": "us-east-1"}', True),
    ('{"a": [{"suffix": ".png"}]}', '{"a": "cat.png"}', True),
    ('{"a": [{"suffix": ".png"}]}', '{"a": "cat.PNG"}', False),
    ('{"a": [{"suffix": {"equals-ignore-case": ".png"}}]}', '{"a": "cat.PNG"}', True),
    ('{"a": [{"equals-ignore-case": "alice"}]}', '{"a": "ALICE"}', True),
    ('{"a": [{"equals-ignore-case": "alice"}]}', '{"a": "ALICE2"}', False),
    # Anything but: the field has to be there.
    ('{"a": [{"anything-but": "x"}]}', '{"a": "y"}', True),
    ('{"a": [{"anything-but": "x"}]}', '{"a": "x"}', False),
    ('{"a": [{"anything-but": "x"}]}', "{}", False),
    ('{"a": [{"anything-but": "x"}]}', '{"a": null}', True),
    ('{"a": [{"anything-but": ["x", "y"]}]}', '{"a": "y"}', False),
    ('{"a": [{"anything-but": 100}]}', '{"a": 100}', False),
    ('{"a": [{"anything-but": [100, 200]}]}', '{"a": 300}', True),
    ('{"a": [{"anything-but": ["x"]}]}', '{"a": ["x", "y"]}', True),
    ('{"a": [{"anything-but": ["x"]}]}', '{"a": ["x"]}', False),
    ('{"a": [{"anything-but": {"prefix": "x"}}]}', '{"a": "xy"}', False),
    ('{"a": [{"anything-but": {"prefix": ["x", "y"]}}]}', '{"a": "yes"}', False),
    ('{"a": [{"anything-but": {"prefix": ["x", "y"]}}]}', '{"a": "no"}', True),
    ('{"a": [{"anything-but": {"suffix": "x"}}]}', '{"a": "ax"}', False),
    ('{"a": [{"anything-but": {"equals-ignore-case": ["x"]}}]}', '{"a": "X"}', False),
    ('{"a": [{"anything-but": {"wildcard": "*/lib/*"}}]}', '{"a": "usr/lib/x"}', False),
    ('{"a": [{"anything-but": {"wildcard": "*/lib/*"}}]}', '{"a": "usr/bin/x"}', True),
    # Numbers by value.
    ('{"a": [{"numeric": ["=", 300]}]}', '{"a": 3.0e2}', True),
    ('{"a": [{"numeric": [">", 0, "<=", 5]}]}', '{"a": 5}', True),
    ('{"a": [{"numeric": [">", 0, "<=", 5]}]}', '{"a": 0}', False),
    ('{"a": [{"numeric": [">=", 0, "<", 5]}]}', '{"a": 0}', True),
    ('{"a": [{"numeric": [">=", 0, "<", 5]}]}', '{"a": 5}', False),
    ('{"a": [{"numeric": ["<", 10]}]}', '{"a": "5"}', False),
    ('{"a": [{"numeric": ["<", 10]}]}', '{"a": true}', False),
    ('{"a": [{"numeric": ["=", 9007199254740992]}]}', '{"a": 9007199254740992}', True),
    # Whether a field is there, which only its end can tell.
    ('{"a": [{"exists": true}]}', '{"a": "x"}', True),
    ('{"a": [{"exists": true}]}', '{"a": null}', True),
    ('{"a": [{"exists": true}]}', "{}", False),
    ('{"a": [{"exists": true}]}', '{"a": {"b": 1}}', False),
    ('{"a": [{"exists": false}]}', "{}", True),
    ('{"a": [{"exists": false}]}', '{"a": "x"}', False),
    ('{"a": {"b": [{"exists": false}]}}', "{}", True),
    ('{"a": {"b": [{"exists": false}]}}', '{"a": "x"}', True),
    ('{"a": {"b": [{"exists": false}]}}', '{"a": {"b": 1}}', False),
    ('{"a": ["x", {"exists": false}]}', '{"a": "x"}', True),
    ('{"a": ["x", {"exists": false}]}', '{"a": "y"}', False),
    # Addresses.
    ('{"a": [{"cidr": "10.0.0.0/24"}]}', '{"a": "10.0.0.255"}', True),
    ('{"a": [{"cidr": "10.0.0.0/24"}]}', '{"a": "10.0.1.0"}', False),
    ('{"a": [{"cidr": "10.0.0.0/24"}]}', '{"a": "no address"}', False),
    ('{"a": [{"cidr": "2001:db8::/32"}]}', '{"a": "2001:db8::1"}', True),
    # Wildcards.
    ('{"a": [{"wildcard": "dir/*.png"}]}', '{"a": "dir/cat.png"}', True),
    ('{"a": [{"wildcard": "dir/*.png"}]}', '{"a": "dir/.png"}', True),
    ('{"a": [{"wildcard": "dir/*.png"}]}', '{"a": "dir/cat.jpg"}', False),
    ('{"a": [{"wildcard": "*a*b*"}]}', '{"a": "xaxbx"}', True),
    ('{"a": [{"wildcard": "*a*b*"}]}', '{"a": "ba"}', False),
    ('{"a": [{"wildcard": "a*a"}]}', '{"a": "a"}', False),
    ('{"a": [{"wildcard": "a\\\\*b"}]}', '{"a": "a*b"}', True),
    ('{"a": [{"wildcard": "a\\\\*b"}]}', '{"a": "axb"}', False),
    ('{"a": [{"wildcard": "a\\\\\\\\b"}]}', '{"a": "a\\\\b"}', True),
    # One of several patterns.
    ('{"$or": [{"a": ["x"]}, {"b": ["y"]}]}', '{"b": "y"}', True),
    ('{"$or": [{"a": ["x"]}, {"b": ["y"]}]}', '{"a": "y"}', False),
    ('{"c": ["z"], "$or": [{"a": ["x"]}, {"b": ["y"]}]}', '{"b": "y"}', False),
    ('{"d": {"$or": [{"a": ["x"]}, {"b": [{"exists": false}]}]}}', '{"d": {"a": "w"}}', True),
    ('{"$or": ["x"]}', '{"$or": "x"}', True),
]


@pytest.mark.parametrize(("pattern", "event", "meant"), MATCHES)
def test_a_pattern_means_an_event(pattern: str, event: str, meant: bool) -> None:
    assert compile_pattern(pattern).matches(event) is meant


REFUSED = [
    ("", "Filter is not a valid JSON document"),
    ("[]", "Filter is not an object"),
    ('"a"', "Filter is not an object"),
    ("{}", "Empty objects are not allowed"),
    ('{"a": {}}', "Empty objects are not allowed"),
    ('{"a": "x"}', '"a" must be an object or an array'),
    ('{"a": 1}', '"a" must be an object or an array'),
    ('{"a": []}', "Empty arrays are not allowed"),
    ('{"a": [["x"]]}', "Match value must be String, number, true, false, or null"),
    ('{"a": [{}]}', "Match expression name not found"),
    ('{"a": [{"like": "x"}]}', "Unrecognized match type like"),
    ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
    ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed in match expression"),
    ('{"a": [{"suffix": null}]}', "suffix match pattern must be a string"),
    ('{"a": [{"exists": "yes"}]}', "exists match pattern must be either true or false."),
    ('{"a": [{"equals-ignore-case": 1}]}', "equals-ignore-case match pattern must be a string"),
    ('{"a": [{"numeric": 5}]}', "Value of numeric must be an array."),
    ('{"a": [{"numeric": []}]}', "Invalid member in numeric match"),
    ('{"a": [{"numeric": [5]}]}', "Bad value in numeric range: 5"),
    ('{"a": [{"numeric": ["~", 5]}]}', "Unrecognized numeric range operator: ~"),
    ('{"a": [{"numeric": ["<"]}]}', "Value of < must be numeric"),
    ('{"a": [{"numeric": ["=", "5"]}]}', "Value of equals must be numeric"),
    ('{"a": [{"numeric": [">", 1, "<", 2, "<", 3]}]}', "Too many elements in numeric expression"),
    ('{"a": [{"numeric": ["=", 1, "<", 2]}]}', "Too many elements in numeric expression"),
    ('{"a": [{"numeric": [">", 1, ">", 2]}]}', "Bad numeric range operator: >"),
    ('{"a": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top"),
    ('{"a": [{"anything-but": null}]}', "Value of anything-but must be an array or single string/number value."),
    ('{"a": [{"anything-but": []}]}', "Empty arrays are not allowed"),
    ('{"a": [{"anything-but": ["x", 1]}]}', "mixed type is not supported"),
    ('{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', "Unsupported anything-but pattern: numeric"),
    ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
    ('{"a": [{"anything-but": {"prefix": "a", "suffix": "b"}}]}', "Only one key allowed in match expression"),
    ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
    ('{"a": [{"cidr": "10.0.0.0/99"}]}', "Malformed CIDR"),
    ('{"a": [{"wildcard": "a**b"}]}', "Consecutive wildcard characters at pos 1"),
    ('{"a": [{"wildcard": "a\\\\nb"}]}', "Invalid escape character at pos 1"),
]


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_a_pattern_that_says_nothing_is_refused_with_its_reason(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        compile_pattern(pattern)

    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("dialect", "expression", "taken"),
    [
        # Amazon EventBridge User Guide, "Event filtering in Amazon EventBridge Pipes".
        (PIPE, {"cidr": "10.0.0.0/8"}, True),
        (PIPE, {"wildcard": "a*"}, False),
        (PIPE, {"anything-but": {"prefix": "x"}}, False),
        (PIPE, {"anything-but": ["x"]}, True),
        # AWS Lambda Developer Guide, "Filter rule syntax".
        (FILTER_CRITERIA, {"prefix": "x"}, True),
        (FILTER_CRITERIA, {"suffix": "x"}, True),
        (FILTER_CRITERIA, {"equals-ignore-case": "x"}, True),
        (FILTER_CRITERIA, {"numeric": ["<", 1]}, True),
        (FILTER_CRITERIA, {"cidr": "10.0.0.0/8"}, False),
        (FILTER_CRITERIA, {"wildcard": "a*"}, False),
        (FILTER_CRITERIA, {"anything-but": {"prefix": "x"}}, False),
        (FILTER_CRITERIA, {"anything-but": "x"}, True),
        # Amazon SNS Developer Guide, "String value matching".
        (SNS_ATTRIBUTES, {"cidr": "10.0.0.0/8"}, True),
        (SNS_ATTRIBUTES, {"anything-but": {"wildcard": "x*"}}, True),
        (SNS_ATTRIBUTES, {"anything-but": {"equals-ignore-case": "x"}}, False),
        (SNS_BODY, {"anything-but": {"suffix": "x"}}, True),
        (RULE, {"anything-but": {"equals-ignore-case": "x"}}, True),
    ],
)
def test_each_service_takes_its_own_operators(dialect: Dialect, expression: dict[str, Any], taken: bool) -> None:
    try:
        compile_pattern({"a": [expression]}, dialect)
    except InvalidPattern:
        assert not taken
    else:
        assert taken


def test_policies_over_attributes_have_no_nested_fields() -> None:
    compile_pattern({"a": {"b": ["x"]}}, SNS_BODY)

    with pytest.raises(InvalidPattern, match="does not support nested filter policy"):
        compile_pattern({"a": {"b": ["x"]}}, SNS_ATTRIBUTES)


def test_too_many_combinations_are_refused() -> None:
    ten = [{"x": [str(number)]} for number in range(10)]
    fields = {f"f{number}": {"$or": ten} for number in range(3)}

    compile_pattern(fields)
    with pytest.raises(InvalidPattern, match="above 1000"):
        compile_pattern({**fields, "more": {"$or": ten[:2]}})


def test_the_fields_at_the_top_are_known_through_or() -> None:
    assert compile_pattern({"a": ["x"], "$or": [{"b": ["y"]}, {"c": ["z"]}]}).keys == {"a", "b", "c"}


def test_a_wildcard_costs_what_the_value_is_long() -> None:
    pattern = compile_pattern({"a": [{"wildcard": "*a" * 200 + "*b"}]})
    event = json.dumps({"a": "a" * 100_000})
    began = time.perf_counter()

    assert not pattern.matches(event)

    assert time.perf_counter() - began < 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["a", "$or", "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "wildcard", "equals-ignore-case"]
)
PATTERNS = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
)


@given(PATTERNS, JSON, st.sampled_from([RULE, PIPE, FILTER_CRITERIA, SNS_ATTRIBUTES, SNS_BODY]))
def test_any_pattern_is_refused_or_decides(pattern: Any, event: Any, dialect: Dialect) -> None:
    try:
        compiled = compile_pattern(json.dumps(pattern), dialect)
    except InvalidPattern as refused:
        assert str(refused)
        return

    assert compiled.matches(json.dumps(event)) in (True, False)


@given(st.dictionaries(st.text(max_size=4).filter(lambda name: name != "$or"), st.text(max_size=5), min_size=1))
def test_an_event_is_meant_by_the_pattern_of_its_own_values(event: dict[str, str]) -> None:
    pattern = compile_pattern({name: [value] for name, value in event.items()})

    assert pattern.matches(event)
    assert not pattern.matches({name: value + "x" for name, value in event.items()})
