from __future__ import annotations

import pytest

from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.names import pascal_case
from lambdakit.spec.patterns import RequestBackend, Route, SharedRoute, route_function_name

ROUTE = {"code": "functions/orders", "handler": "app.read"}


def _accepts(route_key: str) -> bool:
    try:
        RequestBackend.model_validate({"kind": "api_backend", "routes": {route_key: ROUTE}})
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "route_key",
    [
        "$default",
        "GET /",
        "ANY /{proxy+}",
        "POST /orders",
        "PATCH /orders/{order_id}/lines/{line-no}",
        "DELETE /v1.0/a~b/%20/{x}/{rest+}",
        "OPTIONS /a:b",
        "HEAD /@me",
        "PUT /it's/(a)/path",
    ],
)
def test_route_key_of_an_http_api_is_accepted(route_key: str) -> None:
    assert _accepts(route_key)


@pytest.mark.parametrize(
    "route_key",
    [
        "",
        "$connect",
        "GET",
        "GET ",
        "/orders",
        "get /orders",
        "TRACE /orders",
        "GET orders",
        "GET  /orders",
        " GET /orders",
        "GET /orders ",
        "GET /orders\n",
        "GET /orders/",
        "GET //",
        "GET /a//b",
        "GET /{a+}/b",
        "GET /{}",
        "GET /{+}",
        "GET /{a b}",
        "GET /x{a}",
        "GET /{a}{b}",
        "GET /:id",
        "GET /*",
        "GET /a?b=c",
        "GET /a#b",
        "GET /ü",
        "GET /" + "a" * 1_020,
    ],
)
def test_anything_else_is_refused(route_key: str) -> None:
    assert not _accepts(route_key)


@pytest.mark.parametrize(
    ("route_key", "name"),
    [
        ("GET /orders/{order_id}", "get_orders_order_id"),
        ("GET /", "get"),
        ("$default", "default"),
        ("ANY /{proxy+}", "any_proxy"),
        ("POST /orderItems/{itemId}", "post_order_items_item_id"),
        ("GET /v1.0/my-orders", "get_v_1_0_my_orders"),
    ],
)
def test_function_is_called_by_method_and_path(route_key: str, name: str) -> None:
    route = Route(code="functions/orders", handler="app.read")

    assert route_function_name(route_key, route) == name


def test_function_is_called_by_its_name_before_all_else() -> None:
    named = Route(code="functions/orders", handler="app.read", name="read_order")

    assert isinstance(named, FunctionSettings)
    assert route_function_name("GET /orders", named) == "read_order"
    assert route_function_name("HEAD /orders", SharedRoute(function="read_order")) == "read_order"


@pytest.mark.parametrize("count", [1, 300, 301])
def test_an_api_has_at_most_300_routes(count: int) -> None:
    routes = {f"GET /orders/{number}": ROUTE for number in range(count)}

    try:
        RequestBackend.model_validate({"kind": "api_backend", "routes": routes})
        accepted = True
    except ValueError:
        accepted = False

    assert accepted is (count <= 300)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("orders", "Orders"),
        ("my-orders_v2", "MyOrdersV2"),
        ("URLShortener", "URLShortener"),
        ("a1b", "A1b"),
        ("x-1", "X1"),
    ],
)
def test_output_names_begin_with_the_key_in_pascal_case(key: str, name: str) -> None:
    assert pascal_case(key) == name
