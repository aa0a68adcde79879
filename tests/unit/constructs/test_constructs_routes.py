from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.constructs import output_names
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.routes import Route, RouteKey, function_name, route_problems
from lambdakit.spec import names as spec_names
from lambdakit.spec import patterns as spec_patterns
from lambdakit.spec.route_key import ROUTE_KEY_PATTERN

pytestmark = pytest.mark.xdist_group("cdk")

FUNCTION = FunctionProperties(code="code", handler="app.handler")
ROUTE_KEYS = st.from_regex(ROUTE_KEY_PATTERN.removesuffix("$"), fullmatch=True)


@pytest.mark.parametrize(
    ("text", "method", "path"),
    [
        ("GET /", "GET", "/"),
        ("ANY /orders/{order_id}", "ANY", "/orders/{order_id}"),
        ("POST /v1.0/files/{path+}", "POST", "/v1.0/files/{path+}"),
        ("$default", None, None),
    ],
)
def test_route_keys_are_taken_apart(text: str, method: str | None, path: str | None) -> None:
    assert RouteKey.parse(text) == RouteKey(method=method, path=path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GET",
        "GET ",
        "/orders",
        "get /orders",
        "TRACE /orders",
        "GET orders",
        "GET  /orders",
        "GET /orders/",
        "GET //orders",
        "GET /{rest+}/more",
        "GET /{}",
        "GET /{a b}",
        "GET /a{b}",
        "$connect",
    ],
)
def test_what_is_no_route_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a route key"):
        RouteKey.parse(text)


@given(ROUTE_KEYS)
def test_every_route_of_the_document_language_is_a_route_here(text: str) -> None:
    assert RouteKey.parse(text).path == (None if text == "$default" else text.partition(" ")[2])


@given(ROUTE_KEYS)
def test_functions_are_named_as_in_the_document_language(text: str) -> None:
    named = function_name(text, Route(function=FUNCTION))

    assert named == spec_patterns.route_function_name(
        text, spec_patterns.Route(code="code", handler="app.handler", name=None)
    )


@given(st.from_regex(spec_names.CONSTRUCT_ID_PATTERN.removesuffix("$"), fullmatch=True))
def test_outputs_are_named_as_in_the_document_language(key: str) -> None:
    assert output_names.pascal_case(key) == spec_names.pascal_case(key)


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("GET /orders/{id}", "GET /orders/{order_id}", True),
        ("GET /{a+}", "GET /{b+}", True),
        ("GET /{a}", "GET /{b+}", False),
        ("GET /orders/{id}", "POST /orders/{id}", False),
        ("GET /orders/new", "GET /orders/{id}", False),
    ],
)
def test_routes_that_match_the_same_requests_are_refused(first: str, second: str, meet: bool) -> None:
    routes = {first: Route(name="a", function=FUNCTION), second: Route(name="b", function=FUNCTION)}

    found = list(route_problems(routes, has_table=False, taken_ids=frozenset()))

    assert [each.code for each in found] == (["LK410"] if meet else [])


@pytest.mark.parametrize(("count", "codes"), [(0, ["LK410"]), (1, []), (300, []), (301, ["LK410"])])
def test_routes_are_counted(count: int, codes: list[str]) -> None:
    routes = {f"GET /r{n}": Route(name=f"f{n}", function=FUNCTION) for n in range(count)}

    assert [each.code for each in route_problems(routes, has_table=False, taken_ids=frozenset())] == codes
