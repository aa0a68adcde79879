"""What functions behind a load balancer get, and what becomes of their results."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionRefused
from lambdakit.harness.routing.load_balancer.lambda_event import health_check_event, lambda_event
from lambdakit.harness.routing.load_balancer.lambda_result import lambda_response, unread_headers
from lambdakit.harness.routing.load_balancer.lambda_target import LambdaTarget
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.routing.result_parts import MalformedResult
from lambdakit.harness.wire import Headers, Request
from lambdakit.limits import LOAD_BALANCER_LAMBDA_BYTES_MAX
from tests.fakes.load_balancer_parts import FUNCTION, group_of

AT = datetime(2019, 1, 8, 18, 16, 4, tzinfo=UTC)


def _request(
    target: str = "/", headers: Sequence[tuple[str, str]] = (), body: bytes = b"", method: str = "GET"
) -> Request:
    return Request(method=method, target=target, headers=Headers(headers), body=body, peer=("25.12.198.67", 40_000))


class TestEvents:
    @pytest.mark.parametrize("multiple", [False, True])
    def test_it_has_the_documented_shape(self, multiple: bool) -> None:
        group = group_of(multi_value_headers=multiple)

        event = lambda_event(_request("/?key=hello"), group, [("accept", "*/*"), ("x-myheader", "123")])

        one: Callable[[str], object] = (lambda value: [value]) if multiple else (lambda value: value)
        query, headers = ("multiValueQueryStringParameters", "multiValueHeaders")
        if not multiple:
            query, headers = "queryStringParameters", "headers"
        assert event == {
            "requestContext": {"elb": {"targetGroupArn": group.arn}},
            "httpMethod": "GET",
            "path": "/",
            query: {"key": one("hello")},
            headers: {"accept": one("*/*"), "x-myheader": one("123")},
            "body": "",
            "isBase64Encoded": False,
        }

    @pytest.mark.parametrize(
        ("query", "last", "all_of_them"),
        [
            ("", {}, {}),
            ("&myKey=val1&myKey=val2", {"myKey": "val2"}, {"myKey": ["val1", "val2"]}),
            ("a=%20b&c+d=e", {"a": "%20b", "c+d": "e"}, {"a": ["%20b"], "c+d": ["e"]}),
            ("flag&x=", {"flag": "", "x": ""}, {"flag": [""], "x": [""]}),
            ("a=b=c", {"a": "b=c"}, {"a": ["b=c"]}),
        ],
    )
    def test_queries_are_not_decoded(self, query: str, last: dict[str, str], all_of_them: dict[str, list[str]]) -> None:
        single = lambda_event(_request(f"/?{query}"), group_of(), [])
        multiple = lambda_event(_request(f"/?{query}"), group_of(multi_value_headers=True), [])

        assert single["queryStringParameters"] == last
        assert multiple["multiValueQueryStringParameters"] == all_of_them

    def test_the_last_of_repeated_headers_counts_or_all(self) -> None:
        fields = [("cookie", "a=1"), ("cookie", "b=2")]

        single = lambda_event(_request(), group_of(), fields)
        multiple = lambda_event(_request(), group_of(multi_value_headers=True), fields)

        assert single["headers"] == {"cookie": "b=2"}
        assert multiple["multiValueHeaders"] == {"cookie": ["a=1", "b=2"]}

    @pytest.mark.parametrize(
        ("headers", "body", "is_base64"),
        [
            ([("Content-Type", "text/csv")], b"a", False),
            ([("Content-Type", "application/json; charset=utf-8")], b"{}", False),
            ([("content-type", "APPLICATION/XML")], b"<a/>", False),
            ([("content-type", "application/javascript")], b"1", False),
            ([("content-type", "application/problem+json")], b"{}", True),
            ([("content-type", "application/x-www-form-urlencoded")], b"a=1", True),
            ([("content-type", "image/png")], b"\xff\x00", True),
            ([("content-type", "text/plain"), ("Content-Encoding", "gzip")], b"\x1f\x8b", True),
            ([], b"a", True),
            ([("content-type", "image/png")], b"", False),
        ],
    )
    def test_bodies_of_other_types_are_in_base64(
        self, headers: list[tuple[str, str]], body: bytes, is_base64: bool
    ) -> None:
        event = lambda_event(_request(headers=headers, body=body, method="POST"), group_of(), [])

        assert event["isBase64Encoded"] is is_base64
        assert event["body"] == (base64.b64encode(body).decode() if is_base64 else body.decode())

    @pytest.mark.parametrize(
        ("target", "fields", "body", "what"),
        [
            ("/", [("x", "\xff")], b"", "the header x"),
            ("/\xff", [], b"", "the path"),
            ("/?\xff", [], b"", "the query"),
            ("/", [], b"\xff", "the body"),
        ],
    )
    def test_what_is_no_utf8_reaches_no_function(
        self, target: str, fields: list[tuple[str, str]], body: bytes, what: str
    ) -> None:
        request = _request(target, [("content-type", "text/plain")], body)

        with pytest.raises(BalancerRefused, match=f"LambdaBadRequest: {what}"):
            lambda_event(request, group_of(), fields)

    def test_what_is_utf8_is_read_as_that(self) -> None:
        event = lambda_event(_request("/é".encode().decode("latin-1")), group_of(), [("x", "Ã©")])

        assert (event["path"], event["headers"]) == ("/é", {"x": "é"})

    def test_a_health_check_names_its_agent(self) -> None:
        event = health_check_event(group_of(), "/well")

        assert event["headers"] == {"user-agent": "ELB-HealthChecker/2.0"}
        assert (event["path"], event["queryStringParameters"], event["body"]) == ("/well", {}, "")


class TestResults:
    @pytest.mark.parametrize(
        ("result", "status", "headers", "body"),
        [
            ({"statusCode": 200}, 200, [("content-type", "application/octet-stream")], b""),
            ({"statusCode": 299, "statusDescription": "299 Odd"}, 299, None, b""),
            (
                {"statusCode": 200, "headers": {"Content-Type": "text/plain", "X": "1"}, "body": "é"},
                200,
                [("Content-Type", "text/plain"), ("X", "1")],
                "é".encode(),
            ),
            (
                {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "/wA=", "isBase64Encoded": True},
                200,
                [("content-type", "image/png")],
                b"\xff\x00",
            ),
            ({"statusCode": 200, "headers": {"Transfer-Encoding": "chunked", "Connection": "close"}}, 200, None, b""),
            ({"statusCode": 200, "headers": {"Content-Length": "9"}, "body": "abc"}, 200, None, b"abc"),
            ({"statusCode": 200, "cookies": ["a=1"], "unknown": None}, 200, None, b""),
        ],
    )
    def test_it_is_the_answer(
        self, result: dict[str, Any], status: int, headers: list[tuple[str, str]] | None, body: bytes
    ) -> None:
        answer = lambda_response(json.dumps(result).encode(), multi_value_headers=False)

        assert (answer.status, answer.body) == (status, body)
        assert answer.headers == (headers or [("content-type", "application/octet-stream")])

    def test_with_multi_value_headers_those_are_read(self) -> None:
        result = {
            "statusCode": 200,
            "headers": {"x": "not this"},
            "multiValueHeaders": {"Set-cookie": ["a=1", "b=2"], "Content-Type": ["text/html"]},
        }

        answer = lambda_response(json.dumps(result).encode(), multi_value_headers=True)

        assert answer.headers == [("Set-cookie", "a=1"), ("Set-cookie", "b=2"), ("Content-Type", "text/html")]

    @pytest.mark.parametrize("values", ["a", None, [1], [None], {"a": "b"}])
    def test_their_values_are_lists_of_texts(self, values: object) -> None:
        payload = json.dumps({"statusCode": 200, "multiValueHeaders": {"x": values}}).encode()

        with pytest.raises(MalformedResult):
            lambda_response(payload, multi_value_headers=True)

    @pytest.mark.parametrize("payload", [b"", b"{", b"NaN", b'"\xff"', b"[" * 100_000])
    def test_what_is_no_json_is_malformed(self, payload: bytes) -> None:
        with pytest.raises(MalformedResult):
            lambda_response(payload, multi_value_headers=False)

    @pytest.mark.parametrize(
        ("members", "multiple", "unread"),
        [
            ({"headers": {"a": "b"}}, True, "headers"),
            ({"multiValueHeaders": {"a": ["b"]}}, False, "multiValueHeaders"),
            ({"headers": {"a": "b"}, "multiValueHeaders": {"a": ["b"]}}, True, ""),
            ({"headers": {}}, True, ""),
        ],
    )
    def test_headers_of_the_other_form_are_told_of(
        self, members: dict[str, object], multiple: bool, unread: str
    ) -> None:
        payload = json.dumps({"statusCode": 200, **members}).encode()

        assert unread_headers(payload, multi_value_headers=multiple) == unread


class TestTargets:
    def _answer(self, result: bytes, *, failed: bool = False, body: bytes = b"") -> Any:
        calls: list[tuple[str, str]] = []

        def call(function: str, payload: bytes, *, source_arn: str, **_: object) -> FunctionAnswer:
            calls.append((function, source_arn))
            return FunctionAnswer(payload=result, failed=failed)

        answer = LambdaTarget(call).answer(_request(body=body), group_of(), [])
        assert calls == [(FUNCTION, group_of().arn)]
        return answer

    @pytest.mark.parametrize(("over", "is_refused"), [(0, False), (1, True)])
    def test_a_result_has_a_mebibyte_at_most(self, over: int, is_refused: bool) -> None:
        frame = json.dumps({"statusCode": 200, "body": ""}).encode()
        payload = json.dumps(
            {"statusCode": 200, "body": "x" * (LOAD_BALANCER_LAMBDA_BYTES_MAX - len(frame) + over)}
        ).encode()

        if not is_refused:
            assert self._answer(payload).response.status == 200
            return
        with pytest.raises(BalancerRefused, match="LambdaResponseTooLarge") as refused:
            self._answer(payload)
        assert refused.value.response.status == 502

    def test_an_error_object_is_no_answer(self) -> None:
        with pytest.raises(BalancerRefused, match="LambdaUnhandled"):
            self._answer(b'{"statusCode":200}', failed=True)

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (403, "LambdaAccessDenied"),
            (404, "LambdaResourceNotFound"),
            (429, "LambdaThrottling"),
            (500, "LambdaServiceException"),
        ],
    )
    def test_a_call_that_is_refused_is_a_bad_gateway(self, status: int, reason: str) -> None:
        def call(function: str, payload: bytes, **_: object) -> FunctionAnswer:
            raise FunctionRefused("why", status=status)

        with pytest.raises(BalancerRefused, match=f"{reason}: why") as refused:
            LambdaTarget(call).answer(_request(), group_of(), [])

        assert refused.value.response.status == 502


def test_the_sample_events_of_aws_have_the_same_members() -> None:
    single = lambda_event(_request(), group_of(), [])
    multiple = lambda_event(_request(), group_of(multi_value_headers=True), [])
    common = {"requestContext", "httpMethod", "path", "body", "isBase64Encoded"}

    assert set(single) == common | {"headers", "queryStringParameters"}
    assert set(multiple) == common | {"multiValueHeaders", "multiValueQueryStringParameters"}
