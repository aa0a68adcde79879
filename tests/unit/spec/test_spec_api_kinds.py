"""What a document may say of an API of each type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from lambdakit.spec.api import API_TYPES
from lambdakit.spec.api_backend import authorizer_name, lambda_authorizer, route_function_name
from lambdakit.spec.application import Application
from lambdakit.spec.patterns import RequestBackend, Route, WebSocketBackend
from lambdakit.spec.schema import json_schema

ROUTE: dict[str, Any] = {"code": "functions/orders", "handler": "app.read"}
VALIDATOR = Draft202012Validator(json_schema())
KEYS = (
    "authorizer binary_media_types certificate_arn cloud_watch_role cors domain internet_facing invoke_mode"
    " log_retention route_selection_expression throttle tracing type usage_plan"
).split()
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "authorizer": st.sampled_from(
        [
            {"kind": "iam"},
            {"kind": "cognito"},
            {"kind": "jwt", "issuer": "https://x", "audience": ["a"]},
            {"kind": "lambda", "function": ROUTE},
            {"kind": "lambda", "function": ROUTE, "cache": "1m"},
            {"kind": "lambda", "function": ROUTE, "simple_responses": True},
            {"kind": "key"},
            {},
        ]
    ),
    "type": st.sampled_from([*API_TYPES, "grpc", 1]),
    "cors": st.sampled_from([{"allow_origins": ["*"]}, {"allow_origins": []}]),
    "throttle": st.sampled_from([{}, {"rate_limit": 1}, {"rate_limit": 0}]),
    "domain": st.just({"domain_name": "api.example.com"}),
    "usage_plan": st.sampled_from([{}, {"quota": 1}, {"quota": "1"}]),
    "log_retention": st.sampled_from(["30d", "31d"]),
    "binary_media_types": st.sampled_from([["image/png"], ["png"]]),
    "route_selection_expression": st.sampled_from(["$request.body.kind", "kind"]),
    "invoke_mode": st.sampled_from(["buffered", "slow"]),
    "certificate_arn": st.just("mine"),
    "cloud_watch_role": st.booleans(),
    "internet_facing": st.booleans(),
    "tracing": st.booleans(),
}


def document(api: Any, *, routes: dict[str, Any]) -> dict[str, Any]:
    return {"application": "shop", "patterns": {"orders": {"kind": "api_backend", "api": api, "routes": routes}}}


def accepts(value: dict[str, Any]) -> bool:
    try:
        Application.model_validate(value)
    except ValidationError:
        return False
    return True


@given(
    api=st.fixed_dictionaries({}, optional={key: VALUES[key] for key in KEYS}),
    route_key=st.sampled_from(["GET /orders", "$default", "$connect", "say", "GET orders"]),
)
def test_models_and_schema_accept_and_refuse_the_same_apis(api: dict[str, Any], route_key: str) -> None:
    value = document(api, routes={route_key: ROUTE})

    assert accepts(value) == VALIDATOR.is_valid(value)


@pytest.mark.parametrize("api_type", API_TYPES)
def test_a_type_decides_about_the_routes(api_type: str) -> None:
    messages = accepts(document({"type": api_type}, routes={"$connect": ROUTE}))
    requests = accepts(document({"type": api_type}, routes={"GET /orders": ROUTE}))

    assert (messages, requests) == ((True, False) if api_type == "websocket" else (False, True))


@pytest.mark.parametrize(
    ("route_key", "accepted"),
    [
        ("$connect", True),
        ("$disconnect", True),
        ("$default", True),
        ("sendMessage", True),
        ("order.created_v1-2", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("$other", False),
        ("two words", False),
        ("/path", False),
        ("", False),
    ],
)
def test_route_key_of_a_websocket_api(route_key: str, accepted: bool) -> None:
    assert accepts(document({"type": "websocket"}, routes={route_key: ROUTE})) == accepted


@pytest.mark.parametrize(
    ("route_key", "name"),
    [("$connect", "connect"), ("sendMessage", "send_message"), ("order.created", "order_created")],
)
def test_the_name_of_a_messages_function_follows_from_its_route(route_key: str, name: str) -> None:
    assert route_function_name(route_key, Route.model_validate(ROUTE)) == name


@pytest.mark.parametrize(("written", "name"), [({}, "orders_authorizer"), ({"name": "check"}, "check")])
def test_the_name_of_an_authorizers_function_follows_from_the_pattern(written: dict[str, str], name: str) -> None:
    api = {"authorizer": {"kind": "lambda", "function": {**ROUTE, **written}}}
    pattern = RequestBackend.model_validate({"kind": "api_backend", "api": api, "routes": {"GET /": ROUTE}})

    authorizer = lambda_authorizer(pattern)

    assert authorizer is not None
    assert authorizer_name("orders", authorizer) == name


def test_patterns_of_messages_are_models_of_their_own() -> None:
    application = Application.model_validate(document({"type": "websocket"}, routes={"$connect": ROUTE}))

    assert isinstance(application.patterns["orders"], WebSocketBackend)


@pytest.mark.parametrize(
    ("table", "accepted"),
    [
        ({"partition_key": "id"}, True),
        ({"table_name": "orders"}, True),
        ({"table_name": "orders", "grant_index_permissions": True}, True),
        ({"table_name": "orders", "partition_key": "id"}, False),
        ({"table_name": "ab"}, False),
        ({"partition_key": "id", "global_secondary_indexes": [{"index_name": "abc", "partition_key": "a"}]}, True),
        ({"partition_key": "id", "global_secondary_indexes": [{"index_name": "ab", "partition_key": "a"}]}, False),
        (
            {
                "partition_key": "id",
                "global_secondary_indexes": [
                    {"index_name": f"i{place:02}", "partition_key": "a"} for place in range(21)
                ],
            },
            False,
        ),
    ],
)
def test_a_table_is_new_or_existing(table: dict[str, Any], accepted: bool) -> None:
    value = document({}, routes={"GET /": ROUTE})
    value["patterns"]["orders"]["table"] = table

    assert accepts(value) == accepted
    assert VALIDATOR.is_valid(value) == accepted
