"""Forms and queries of state machines' requests, and where requests go.

Source: AWS Step Functions Developer Guide, "Call HTTPS APIs in Step Functions workflows".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.delivery.firehose_requests import Address, EndpointServers
from lambdakit.harness.delivery.task_forms import encoded, form, query_pairs
from lambdakit.harness.network.bindings import Bindings

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(_TEXTS.filter(bool), _TEXTS), max_size=6))
def test_what_is_encoded_reads_back(pairs: list[tuple[str, str]]) -> None:
    assert parse_qsl(encoded(pairs), keep_blank_values=True) == pairs


@pytest.mark.parametrize(
    ("array_format", "text"),
    [
        ("INDICES", "a[0][b]=1&a[1][b]=2"),
        ("REPEAT", "a[b]=1&a[b]=2"),
        ("BRACKETS", "a[][b]=1&a[][b]=2"),
    ],
)
def test_objects_in_arrays_keep_their_place(array_format: str, text: str) -> None:
    made = form({"a": [{"b": 1}, {"b": 2}]}, array_format)

    assert made.replace("%5B", "[").replace("%5D", "]") == text


@pytest.mark.parametrize(
    ("given_query", "pairs"),
    [
        (None, []),
        ("a=1&b=", [("a", "1"), ("b", "")]),
        ({"a": [1, "x"], "b": True, "c": None}, [("a", "1"), ("a", "x"), ("b", "true"), ("c", "")]),
        ([{"a": 1}, "b=2"], [("a", "1"), ("b", "2")]),
    ],
)
def test_queries_are_written_in_several_ways(given_query: Any, pairs: list[tuple[str, str]]) -> None:
    assert query_pairs(given_query) == pairs


@pytest.mark.parametrize("wrong", [5, True, [5]])
def test_other_values_are_no_query(wrong: Any) -> None:
    with pytest.raises(ValueError, match="neither an object nor a text"):
        query_pairs(wrong)


def test_only_what_a_test_allowed_is_asked_outside() -> None:
    bindings = Bindings(list)
    servers = EndpointServers(bindings, lambda url: url)

    before = servers.find_anywhere("https://api.example.com/v1?a=1")
    bindings.allow("api.example.com")

    outside = Address(host="api.example.com", port=443, path="/v1?a=1", is_tls=True, is_outside=True)
    assert before is None
    assert servers.find_anywhere("https://api.example.com/v1?a=1") == outside
    assert servers.find_anywhere("https://api.example.com:8443/v1") is None
    assert servers.find("https://api.example.com/v1") is None


def test_what_is_bound_goes_before_what_is_allowed() -> None:
    bindings = Bindings(list)
    servers = EndpointServers(bindings, lambda url: url)
    bindings.allow("api.example.com")
    bindings.bind("api.example.com", "http://127.0.0.1:8080")

    found = servers.find_anywhere("https://api.example.com/v1")

    assert found == Address(host="127.0.0.1", port=8080, path="/v1", is_tls=False)
