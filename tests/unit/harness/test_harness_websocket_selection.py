"""Which route, template or value an expression chooses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.harness.moto_state.websocket_apis import SocketRoute
from lambdakit.harness.routing.websocket.selection import body_reader, choose_route, selected, value_at

_ROUTES = {
    key: SocketRoute(key=key, integration=None)
    for key in ("$connect", "$disconnect", "$default", "join", "chat/join", "1", "true", "join ", "été")
}
_ACTION = "$request.body.action"


@pytest.mark.parametrize(
    ("expression", "body", "key"),
    [
        (_ACTION, '{"action": "join"}', "join"),
        ("${request.body.action}", '{"action": "join"}', "join"),
        ("$request.body.data.action", '{"data": {"action": "join"}}', "join"),
        ("$request.body.list[1].action", '{"list": [0, {"action": "join"}]}', "join"),
        ("$request.body['action']", '{"action": "join"}', "join"),
        ("${request.body.service}/${request.body.action}", '{"service": "chat", "action": "join"}', "chat/join"),
        (_ACTION, '{"action": "été"}', "été"),
        (_ACTION, '{"action": "join "}', "join "),
        (_ACTION, '{"action": 1}', "1"),
        (_ACTION, '{"action": true}', "true"),
        ("join", "anything", "join"),
        # Everything else goes to the default.
        ("", '{"action": "join"}', "$default"),
        (_ACTION, '{"action": "leave"}', "$default"),
        (_ACTION, '{"action": "Join"}', "$default"),
        (_ACTION, '{"action": ["join"]}', "$default"),
        (_ACTION, '{"action": null}', "$default"),
        (_ACTION, '{"action": "$connect"}', "$default"),
        (_ACTION, '{"action": "$disconnect"}', "$default"),
        (_ACTION, '{"action": "$default"}', "$default"),
        (_ACTION, '{"other": "join"}', "$default"),
        (_ACTION, '["join"]', "$default"),
        (_ACTION, '"join"', "$default"),
        (_ACTION, "join", "$default"),
        (_ACTION, "", "$default"),
        (_ACTION, "{" * 100_000, "$default"),
        ("${request.body.service}/${request.body.action}", '{"service": "chat"}', "$default"),
        ("$request.header.action", '{"action": "join"}', "$default"),
        ("$request.body.a..b", '{"a": {"b": "join"}}', "$default"),
    ],
)
def test_a_message_chooses_its_route(expression: str, body: str, key: str) -> None:
    route = choose_route(_ROUTES, expression, body)

    assert route is not None
    assert route.key == key


def test_without_a_default_there_is_no_route() -> None:
    routes = {"join": _ROUTES["join"]}

    assert choose_route(routes, _ACTION, '{"action": "leave"}') is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("\\$default", "$default"),
        ("200", "200"),
        ("$request.body.kind", "a"),
        ("${request.body.kind}.${request.body.kind}", "a.a"),
        ("$request.body.nobody", None),
        ("a $ b", "a $ b"),
    ],
)
def test_an_expression_comes_to_a_text(expression: str, value: str | None) -> None:
    assert selected(expression, body_reader('{"kind": "a"}')) == value


@given(st.text(), st.text())
def test_any_message_has_a_route(expression: str, body: str) -> None:
    assert choose_route(_ROUTES, expression, body) is not None


@settings(max_examples=50)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), st.text())
def test_any_path_leads_to_a_value_or_nothing(document: object, path: str) -> None:
    value_at(json.dumps(document), path)
