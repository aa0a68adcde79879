"""Payload format 1.0: requests as events, results as responses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.routing.exchange import Authorized
from lambdakit.harness.routing.payload_v1 import authorizer_event, event, response
from lambdakit.harness.routing.result_parts import MalformedResult
from lambdakit.harness.wire import Response
from tests.fakes.exchanges import exchange


class TestEvent:
    @pytest.mark.parametrize(
        ("query", "last", "every"),
        [
            ("", None, None),
            ("?", None, None),
            ("?a=1", {"a": "1"}, {"a": ["1"]}),
            ("?a=1&a=2&b", {"a": "2", "b": ""}, {"a": ["1", "2"], "b": [""]}),
            ("?a=%C3%BC+b", {"a": "ü b"}, {"a": ["ü b"]}),
        ],
    )
    def test_the_query_is_there_twice(self, query: str, last: object, every: object) -> None:
        found = event(exchange(target=f"/{query}"))

        assert found["queryStringParameters"] == last
        assert found["multiValueQueryStringParameters"] == every

    def test_the_route_is_the_resource(self) -> None:
        found = event(exchange(target="/orders/7", route_key="GET /orders/{id}", path_parameters={"id": "7"}))

        assert (found["resource"], found["path"], found["httpMethod"]) == ("/orders/{id}", "/orders/7", "GET")
        assert found["requestContext"]["resourcePath"] == "/orders/{id}"
        assert found["requestContext"]["requestTimeEpoch"] == 1_587_481_701_067
        assert found["requestContext"]["requestTime"] == "21/Apr/2020:15:08:21 +0000"

    def test_a_client_s_own_forwarding_stays_before_the_address_that_is_seen(self) -> None:
        found = event(exchange(headers=[("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Port", "1")]))

        assert found["headers"]["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"
        assert found["headers"]["x-forwarded-port"] == "443"

    @pytest.mark.parametrize(
        ("authorized", "authorizer"),
        [
            (Authorized(), None),
            (
                Authorized(kind="jwt", facts={"claims": {"sub": "a"}, "scopes": None}),
                {"claims": {"sub": "a"}, "scopes": None},
            ),
            (Authorized(kind="lambda", facts={"a": 1}), {"a": 1}),
            (Authorized(kind="lambda", facts=None), {}),
            (Authorized(kind="lambda", facts={"a": 1}, principal_id="me"), {"a": 1, "principalId": "me"}),
        ],
    )
    def test_who_asks_stands_in_the_authorizer(self, authorized: Authorized, authorizer: object) -> None:
        assert event(exchange(authorized=authorized))["requestContext"].get("authorizer") == authorizer

    def test_an_authorizer_s_event_has_no_body(self) -> None:
        found = authorizer_event(exchange("POST", body=b"x"), route_arn="arn:a", identity=["u", "v"])

        assert (found["type"], found["methodArn"], found["identitySource"]) == ("REQUEST", "arn:a", "u,v")
        assert "body" not in found


class TestResponse:
    @pytest.mark.parametrize(
        ("result", "status", "headers", "body"),
        [
            ({"statusCode": 200}, 200, [("content-type", "text/plain;charset=UTF-8")], b""),
            ({"statusCode": "404", "body": "x"}, 404, [("content-type", "application/json")], b"x"),
            ({"statusCode": 200, "headers": {"Content-Type": "a/b"}, "body": ""}, 200, [("content-type", "a/b")], b""),
            (
                {
                    "statusCode": 200,
                    "headers": {"a": 1},
                    "multiValueHeaders": {"A": ["1", True], "content-type": ["x"]},
                },
                200,
                [("a", "1"), ("a", "true"), ("content-type", "x")],
                b"",
            ),
            (
                {"statusCode": 200, "headers": {"a": "0", "content-type": "x"}, "multiValueHeaders": {"a": ["1"]}},
                200,
                [("a", "0"), ("content-type", "x"), ("a", "1")],
                b"",
            ),
            (
                {"statusCode": 200, "headers": None, "body": None},
                200,
                [("content-type", "text/plain;charset=UTF-8")],
                b"",
            ),
        ],
    )
    def test_a_result_of_the_form_is_a_response(
        self, result: object, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        found = response(json.dumps(result).encode())

        assert found == Response(status=status, headers=headers, body=body)

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"null",
            b"1",
            b'"x"',
            b"[]",
            b"{}",
            b"{",
            b"NaN",
            b'{"statusCode": NaN}',
            b'{"statusCode": 200, "body": 1}',
        ],
    )
    def test_anything_else_is_none(self, payload: bytes) -> None:
        with pytest.raises(MalformedResult):
            response(payload)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.text()
                    | st.sampled_from(["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"]),
                    inner,
                )
            ),
            max_leaves=12,
        )
    )
    def test_whatever_comes_is_a_response_or_malformed(self, result: Any) -> None:
        try:
            found = response(json.dumps(result).encode())
        except MalformedResult:
            return

        assert 200 <= found.status <= 599
        assert all("\r" not in value and "\n" not in value for _, value in found.headers)
