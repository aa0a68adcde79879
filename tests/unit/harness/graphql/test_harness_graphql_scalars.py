"""AWS's scalars: which values they take, in arguments and in results."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import graphql_sync

from lambdakit.harness.routing.graphql.schema.built import built_schema
from lambdakit.harness.routing.graphql.schema.scalars import NAMES

_FIELDS = "  ".join(f"{name}(given: {name}): {name}" for name in NAMES)
_SCHEMA = f"type Query {{ {_FIELDS} }}"

# Source: AppSync Developer Guide, "Scalar types in GraphQL", and its examples.
_TAKEN = [
    *[
        ("AWSDate", value)
        for value in ("1970-01-01", "1970-01-01Z", "1970-01-01-07:00", "1970-01-01+05:30", "2024-02-29")
    ],
    *[
        ("AWSTime", value)
        for value in ("12:30", "12:30Z", "12:30:24-07:00", "12:30:24.500+05:30", "23:59:59.123456789")
    ],
    *[
        ("AWSDateTime", value)
        for value in ("1970-01-01T12:00:00Z", "1970-01-01T12:00Z", "1970-01-01T12:00:00.123-07:00")
    ],
    *[("AWSTimestamp", value) for value in (0, -1, 1_600_000_000)],
    *[("AWSEmail", value) for value in ("a@b", "first.last+tag@example.co.uk")],
    *[
        ("AWSURL", value)
        for value in ("https://www.amazon.com/", "mailto://someone.example.com", "http://a.example/b?c=d")
    ],
    *[("AWSPhone", value) for value in ("+1 650-555-1234", "650.555.1234", "911", "(650) 555 1234")],
    *[("AWSIPAddress", value) for value in ("127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32")],
]
_REFUSED = [
    *[("AWSDate", value) for value in ("1970-13-01", "1970-02-30", "70-01-01", "1970-01-01T00:00:00Z", "", 5)],
    *[("AWSTime", value) for value in ("24:00", "12", "12:60", "12:30:24.1234567890", "12:30+19:00")],
    *[
        ("AWSDateTime", value)
        for value in ("1970-01-01T12:00:00", "1970-01-01", "1970-02-30T12:00:00Z", "1970-01-01T25:00Z")
    ],
    *[("AWSTimestamp", value) for value in ("soon", 1.5, True)],
    *[("AWSEmail", value) for value in ("a", "@b", "a@", "a b@c", "a..b@c", 1)],
    *[("AWSURL", value) for value in ("www.amazon.com", "https://", "https://a.example//b", "https://a b.example")],
    *[("AWSPhone", value) for value in ("", "ab", "12", "+1 650 x 555")],
    *[("AWSIPAddress", value) for value in ("256.0.0.1", "10.0.0.0/33", "localhost")],
    *[("AWSJSON", value) for value in ("", "{", "text", 1)],
]


def _answer(name: str, given: Any, result: Any = None) -> Any:
    query = f"query ($given: {name}) {{ {name}(given: $given) }}"
    seen: list[Any] = []

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        seen.append(arguments["given"])
        return seen[0] if result is None else result

    answer = graphql_sync(built_schema(_SCHEMA).schema, query, variable_values={"given": given}, field_resolver=resolve)
    return answer, seen


@pytest.mark.parametrize(("name", "value"), _TAKEN)
def test_a_value_goes_in_and_out_as_it_is(name: str, value: Any) -> None:
    answer, seen = _answer(name, value)

    assert answer.errors is None
    assert (seen, answer.data) == ([value], {name: value})


@pytest.mark.parametrize(("name", "value"), _REFUSED)
def test_what_is_no_value_does_not_go_in(name: str, value: Any) -> None:
    answer, seen = _answer(name, value)

    assert seen == []
    assert f"valid {name}" in answer.errors[0].message


@pytest.mark.parametrize(("name", "value"), [each for each in _REFUSED if each[0] != "AWSJSON"])
def test_what_is_no_value_does_not_go_out(name: str, value: Any) -> None:
    answer, _ = _answer(name, None, value)

    assert answer.data == {name: None}
    assert f"valid {name}" in answer.errors[0].message


@pytest.mark.parametrize("value", [{"a": [1, None]}, [1], "plain", 1, True])
def test_json_goes_in_as_what_it_says(value: Any) -> None:
    import json

    answer, seen = _answer("AWSJSON", json.dumps(value))

    assert seen == [value]
    assert answer.errors is None


@pytest.mark.parametrize(
    ("result", "text"), [({"a": 1}, '{"a":1}'), ([1, "x"], '[1,"x"]'), ('{"a": 1}', '{"a": 1}'), (5, "5")]
)
def test_json_goes_out_as_text(result: Any, text: str) -> None:
    answer, _ = _answer("AWSJSON", None, result)

    assert answer.data == {"AWSJSON": text}


def test_literals_are_checked_as_variables_are() -> None:
    schema = built_schema(_SCHEMA).schema

    good = graphql_sync(schema, '{ AWSDate(given: "2024-01-01") }')
    bad = graphql_sync(schema, '{ AWSDate(given: "yesterday") }')

    assert good.errors is None
    assert bad.data is None
