"""Parameter mapping: expressions, and what they change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.routing.exchange import Authorized
from lambdakit.harness.routing.parameter_mapping import (
    mapped_request,
    mapped_response,
    mapping_problem,
    request_reader,
    resolved,
)
from lambdakit.harness.wire import Response
from tests.fakes.exchanges import exchange

BODY = json.dumps({"a": {"b": [1, {"c": "deep"}], "t": True, "n": None}, "x y": "spaced"}).encode()
ASKED = exchange(
    "POST",
    "/prod/orders/7?q=1&q=2&empty=",
    [("X-One", "1"), ("x-one", "2")],
    BODY,
    stage="prod",
    route_key="POST /orders/{id}",
    path_parameters={"id": "7"},
    stage_variables={"color": "blue"},
    authorized=Authorized(kind="lambda", facts={"who": "ann", "level": 3}),
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$request.header.x-one", "1,2"),
        ("$request.header.X-ONE", "1,2"),
        ("$request.header.missing", ""),
        ("$request.querystring.q", "1,2"),
        ("$request.querystring.Q", ""),
        ("$request.querystring.empty", ""),
        ("$request.path.id", "7"),
        ("$request.path", "/prod/orders/7"),
        ("$request.body", BODY.decode()),
        ("$request.body.a.t", "true"),
        ("$request.body.a.n", ""),
        ("$request.body.a.b[0]", "1"),
        ("$request.body.a.b[1].c", "deep"),
        ("$request.body.a.b[9]", ""),
        ("$request.body['a'].t", "true"),
        ("$request.body.a.b", '[1,{"c":"deep"}]'),
        ("$request.body..c", ""),
        ("$context.stage", "prod"),
        ("$context.authorizer.who", "ann"),
        ("$context.authorizer.level", "3"),
        ("$context.identity.sourceIp", "127.0.0.1"),
        ("$context.nothing", ""),
        ("$stageVariables.color", "blue"),
        ("$stageVariables.missing", ""),
        ("a-${request.path.id}-${stageVariables.color}!", "a-7-blue!"),
        ("costs $5", "costs $5"),
    ],
)
def test_an_expression_stands_for_a_part_of_the_request(expression: str, value: str) -> None:
    assert resolved(expression, request_reader(ASKED)) == value


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"append:header.x-one": "3"}, [("X-One", "1"), ("x-one", "2"), ("x-one", "3")]),
        ({"overwrite:header.X-One": "3"}, [("X-One", "3")]),
        ({"overwrite:header.new": "a\r\nb"}, [("X-One", "1"), ("x-one", "2"), ("new", "a b")]),
        ({"remove:header.x-ONE": "''"}, []),
        ({"remove:header.missing": "''"}, [("X-One", "1"), ("x-one", "2")]),
    ],
)
def test_headers_are_changed(changes: dict[str, str], headers: list[tuple[str, str]]) -> None:
    assert list(mapped_request(ASKED, changes).request.headers.items) == headers


@pytest.mark.parametrize(
    ("changes", "query"),
    [
        ({}, "q=1&q=2&empty="),
        ({"append:querystring.q": "3"}, "q=1&q=2&empty=&q=3"),
        ({"overwrite:querystring.q": "ä &"}, "empty=&q=%C3%A4+%26"),
        ({"remove:querystring.q": "''"}, "empty="),
        ({"remove:querystring.Q": "''"}, "q=1&q=2&empty="),
    ],
)
def test_the_query_is_changed(changes: dict[str, str], query: str) -> None:
    assert mapped_request(ASKED, changes).request.query == query


def test_the_path_is_changed() -> None:
    changed = mapped_request(ASKED, {"overwrite:path": "/new path/$request.path.id"})

    assert (changed.path, changed.is_path_mapped) == ("/new%20path/7", True)
    assert changed.request.target == "/new%20path/7?q=1&q=2&empty="


@pytest.mark.parametrize(
    ("changes", "status", "headers"),
    [
        ({"overwrite:statuscode": "403"}, 403, [("a", "1")]),
        ({"overwrite:statuscode": "nonsense"}, 200, [("a", "1")]),
        ({"overwrite:statuscode": "$response.body.code"}, 418, [("a", "1")]),
        ({"append:header.A": "$response.header.a"}, 200, [("a", "1"), ("a", "1")]),
        ({"overwrite:header.b": "$response.body"}, 200, [("a", "1"), ("b", '{"code": 418}')]),
    ],
)
def test_an_answer_is_changed_by_its_status(
    changes: dict[str, str], status: int, headers: list[tuple[str, str]]
) -> None:
    response = Response(status=200, headers=[("a", "1")], body=b'{"code": 418}')

    changed = mapped_response(ASKED, response, {"200": changes})

    assert (changed.status, list(changed.headers)) == (status, headers)
    assert mapped_response(ASKED, response, {"404": changes}) is response


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("append:header.x-mine", ""),
        ("overwrite:querystring.a.b", ""),
        ("overwrite:path", ""),
        ("overwrite:statuscode", ""),
        ("append:path", "is no parameter"),
        ("header.x", "is no parameter"),
        ("set:header.x", "is no parameter"),
        ("overwrite:header.Authorization", "reserved"),
        ("append:header.x-amz-date", "reserved"),
        ("remove:header.Access-Control-Allow-Origin", "reserved"),
        ("overwrite:header.x-forwarded-for", "reserved"),
    ],
)
def test_keys_are_checked(key: str, text: str) -> None:
    assert (text in mapping_problem(key)) if text else mapping_problem(key) == ""


@given(st.text(), st.binary())
def test_no_expression_fails(expression: str, body: bytes) -> None:
    asked = exchange("POST", "/", body=body)

    resolved(f"$request.body.{expression}", request_reader(asked))
    resolved(expression, request_reader(asked))
