"""Payload format 2.0: requests as events, results as responses."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.routing.exchange import Exchange
from lambdakit.harness.routing.payload_v2 import MalformedResult, event, response
from lambdakit.harness.wire import Headers, Request, Response

AT = datetime(2020, 4, 21, 15, 8, 21, 67_000, tzinfo=UTC)
DOMAIN = "aaaaaaaaaa.execute-api.us-west-2.amazonaws.com"


def _event(
    method: str = "GET",
    target: str = "/",
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
    *,
    stage: str = "$default",
    route_key: str = "$default",
    path_parameters: dict[str, str] | None = None,
    stage_variables: dict[str, str] | None = None,
) -> dict[str, Any]:
    request = Request(
        method=method, target=target, headers=Headers(headers or []), body=body, peer=("127.0.0.1", 40_000)
    )
    return event(
        Exchange(
            request=request,
            account_id="123456789012",
            region="us-west-2",
            api_id="aaaaaaaaaa",
            domain_name=DOMAIN,
            route_key=route_key,
            stage=stage,
            path=request.path,
            route_path=request.path,
            path_parameters=path_parameters or {},
            stage_variables=stage_variables or {},
            request_id="LV7fzho-PHcEJPw=",
            at=AT,
        )
    )


class TestEvent:
    def test_the_keys_of_a_plain_request_are_those_of_aws(self) -> None:
        found = _event(headers=[("User-Agent", "curl/7.58.0"), ("Accept", "*/*")])

        assert found == {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/",
            "rawQueryString": "",
            "headers": {
                "accept": "*/*",
                "content-length": "0",
                "host": DOMAIN,
                "user-agent": "curl/7.58.0",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "aaaaaaaaaa",
                "domainName": DOMAIN,
                "domainPrefix": "aaaaaaaaaa",
                "http": {
                    "method": "GET",
                    "path": "/",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "curl/7.58.0",
                },
                "requestId": "LV7fzho-PHcEJPw=",
                "routeKey": "$default",
                "stage": "$default",
                "time": "21/Apr/2020:15:08:21 +0000",
                "timeEpoch": 1_587_481_701_067,
            },
            "isBase64Encoded": False,
        }

    def test_everything_a_request_may_carry_has_its_key(self) -> None:
        found = _event(
            "POST",
            "/prod/my/hello/world?parameter1=value1&parameter1=value2&parameter2=value",
            [
                ("Cookie", "cookie1=a; cookie2=b"),
                ("cookie", "cookie3=c"),
                ("Header1", "value1"),
                ("HEADER1", "value2"),
                ("Content-Type", "application/json"),
            ],
            b'{"a": 1}',
            stage="prod",
            route_key="POST /my/{proxy+}",
            path_parameters={"proxy": "hello/world"},
            stage_variables={"stageVariable1": "value1"},
        )

        assert found["rawPath"] == "/prod/my/hello/world"
        assert found["rawQueryString"] == "parameter1=value1&parameter1=value2&parameter2=value"
        assert found["queryStringParameters"] == {"parameter1": "value1,value2", "parameter2": "value"}
        assert found["cookies"] == ["cookie1=a", "cookie2=b", "cookie3=c"]
        assert "cookie" not in found["headers"]
        assert found["headers"]["header1"] == "value1,value2"
        assert found["pathParameters"] == {"proxy": "hello/world"}
        assert found["stageVariables"] == {"stageVariable1": "value1"}
        assert found["body"] == '{"a": 1}'
        assert found["isBase64Encoded"] is False
        assert found["requestContext"]["stage"] == "prod"
        assert found["requestContext"]["routeKey"] == found["routeKey"] == "POST /my/{proxy+}"
        assert found["requestContext"]["http"]["path"] == "/prod/my/hello/world"

    @pytest.mark.parametrize(
        ("query", "raw", "parameters"),
        [
            ("", "", None),
            ("?", "", None),
            ("?a=1", "a=1", {"a": "1"}),
            ("?a", "a", {"a": ""}),
            ("?a=", "a=", {"a": ""}),
            ("?a=1&a=2&b=3", "a=1&a=2&b=3", {"a": "1,2", "b": "3"}),
            ("?a=%C3%BC%20b+c", "a=%C3%BC%20b+c", {"a": "ü b c"}),
            ("?a=b?c=d", "a=b?c=d", {"a": "b?c=d"}),
            ("?a=1,2", "a=1,2", {"a": "1,2"}),
            ("?a%5B%5D=1", "a%5B%5D=1", {"a[]": "1"}),
            ("?a=%FF", "a=%FF", {"a": "\ufffd"}),
        ],
    )
    def test_the_query(self, query: str, raw: str, parameters: dict[str, str] | None) -> None:
        found = _event(target=f"/{query}")

        assert found["rawQueryString"] == raw
        assert found.get("queryStringParameters") == parameters

    @pytest.mark.parametrize(
        ("content_type", "body", "encoded"),
        [
            ("application/json", b'{"a": "\xc3\xbc"}', False),
            ("application/json; charset=utf-8", b"{}", False),
            ("application/problem+json", b"{}", False),
            ("application/atom+xml", b"<a/>", False),
            ("application/xml", b"<a/>", False),
            ("application/javascript", b"1", False),
            ("TEXT/Plain", b"hello", False),
            ("text/csv", b"a,b", False),
            (None, b"hello", False),
            (None, b"\xff\x00", True),
            ("application/octet-stream", b"hello", True),
            ("image/png", b"\x89PNG", True),
            ("application/x-www-form-urlencoded", b"a=b", True),
            ("multipart/form-data; boundary=x", b"--x--", True),
            ("application/zip", b"PK", True),
        ],
    )
    def test_a_body_that_is_no_text_arrives_as_base64(
        self, content_type: str | None, body: bytes, encoded: bool
    ) -> None:
        found = _event("POST", headers=[] if content_type is None else [("content-type", content_type)], body=body)

        assert found["isBase64Encoded"] is encoded
        assert found["body"] == (base64.b64encode(body).decode() if encoded else body.decode())
        assert found["headers"]["content-length"] == str(len(body))

    @pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream"])
    def test_no_body_has_no_key(self, content_type: str) -> None:
        found = _event("POST", headers=[("content-type", content_type)])

        assert "body" not in found
        assert found["isBase64Encoded"] is False

    def test_what_frames_the_connection_is_left_out(self) -> None:
        found = _event(
            headers=[
                ("Connection", "keep-alive"),
                ("Transfer-Encoding", "chunked"),
                ("Expect", "100-continue"),
                ("Host", "127.0.0.1:4566"),
                ("Content-Length", "17"),
                ("X-Forwarded-For", "10.0.0.1"),
            ]
        )

        assert not {"connection", "transfer-encoding", "expect"} & set(found["headers"])
        assert found["headers"]["host"] == DOMAIN
        assert found["headers"]["content-length"] == "0"

    @given(
        st.text(alphabet=st.characters(max_codepoint=255), max_size=20),
        st.binary(max_size=30),
        st.lists(st.tuples(st.sampled_from(["a", "Content-Type", "Cookie"]), st.text(max_size=9)), max_size=4),
    )
    def test_any_request_is_an_event_that_is_json(
        self, target: str, body: bytes, headers: list[tuple[str, str]]
    ) -> None:
        found = _event("PUT", f"/{target}", headers, body)

        assert json.loads(json.dumps(found).encode()) == found
        assert found["version"] == "2.0"


def _response(result: object) -> Response:
    return response(json.dumps(result).encode())


def _headers(answer: Response) -> list[tuple[str, str]]:
    return list(answer.headers)


class TestResponse:
    # Without a status code the result is the body. Source: the guide, "Format for Lambda function responses".
    @pytest.mark.parametrize(
        ("payload", "body"),
        [
            (b'{"message": "hi"}', b'{"message": "hi"}'),
            (b'"text"', b"text"),
            (b'"\\u00fc"', "ü".encode()),
            (b'""', b""),
            (b"null", b"null"),
            (b"7", b"7"),
            (b"[1, 2]", b"[1, 2]"),
            (b"true", b"true"),
            (b"{}", b"{}"),
            (b'{"body": "no status"}', b'{"body": "no status"}'),
            (b'"\\ud800"', b"?"),
        ],
    )
    def test_a_result_without_a_status_is_a_body(self, payload: bytes, body: bytes) -> None:
        answer = response(payload)

        assert (answer.status, answer.body) == (200, body)
        assert _headers(answer) == [("content-type", "application/json")]

    def test_everything_a_result_may_say(self) -> None:
        answer = _response(
            {
                "statusCode": 201,
                "headers": {"X-One": "1", "Content-Type": "text/plain"},
                "cookies": ["a=1; Secure", "b=2"],
                "body": "hellö",
                "isBase64Encoded": False,
            }
        )

        assert (answer.status, answer.body) == (201, "hellö".encode())
        assert _headers(answer) == [
            ("x-one", "1"),
            ("content-type", "text/plain"),
            ("set-cookie", "a=1; Secure"),
            ("set-cookie", "b=2"),
        ]

    @pytest.mark.parametrize(
        ("result", "content_type"),
        [
            ({"statusCode": 200, "body": "x"}, "application/json"),
            ({"statusCode": 200, "body": ""}, "application/json"),
            ({"statusCode": 200, "body": "x", "headers": {"CONTENT-TYPE": "a/b"}}, "a/b"),
            ({"statusCode": 204}, "text/plain;charset=UTF-8"),
        ],
    )
    def test_the_content_type(self, result: dict[str, Any], content_type: str) -> None:
        assert dict(_headers(_response(result)))["content-type"] == content_type

    @pytest.mark.parametrize(
        ("body", "encoded", "expected"),
        [
            ("aGVsbG8=", True, b"hello"),
            ("/wA=", True, b"\xff\x00"),
            ("", True, b""),
            ("aGVsbG8=", False, b"aGVsbG8="),
            ("aGVsbG8=", None, b"aGVsbG8="),
            ("aGVsbG8=", "true", b"aGVsbG8="),
            (None, True, b""),
            ({"a": 1}, False, b'{"a":1}'),
            (7, False, b"7"),
        ],
    )
    def test_the_body(self, body: object, encoded: object, expected: bytes) -> None:
        answer = _response({"statusCode": 200, "body": body, "isBase64Encoded": encoded})

        assert answer.body == expected

    @pytest.mark.parametrize("status", [200, 201, 302, 404, 418, 500, 599, "200", "404"])
    def test_a_status_may_be_a_number_or_its_text(self, status: int | str) -> None:
        assert _response({"statusCode": status}).status == int(status)

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"a": "1", "B": "2"}, [("a", "1"), ("b", "2")]),
            ({"a": 1, "b": 1.5, "c": True}, [("a", "1"), ("b", "1.5"), ("c", "true")]),
            ({"a": None, "b": "2"}, [("b", "2")]),
            ({"a": ""}, [("a", "")]),
            ({"a": "x\r\nset-cookie: evil=1"}, [("a", "x set-cookie: evil=1")]),
            ({"bad name": "x", "bad:name": "x", "ü": "x", "": "x", "a\r\nb": "x", "ok": "x"}, [("ok", "x")]),
            (None, []),
            ({}, []),
        ],
    )
    def test_headers(self, headers: object, expected: list[tuple[str, str]]) -> None:
        answer = _response({"statusCode": 200, "headers": headers})

        assert [pair for pair in _headers(answer) if pair[0] != "content-type"] == expected

    def test_a_cookie_cannot_end_its_header_early(self) -> None:
        answer = _response({"statusCode": 200, "cookies": ["a=1\r\nx: y", 7]})

        assert [value for name, value in _headers(answer) if name == "set-cookie"] == ["a=1 x: y", "7"]

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"no json",
            b"{",
            b"\xff\xfe",
            b"NaN",
            b'{"statusCode": NaN}',
            b"[" * 100_000,
            b'{"statusCode": null}',
            b'{"statusCode": true}',
            b'{"statusCode": 200.5}',
            b'{"statusCode": []}',
            b'{"statusCode": ""}',
            b'{"statusCode": "ok"}',
            b'{"statusCode": 199}',
            b'{"statusCode": 100}',
            b'{"statusCode": 600}',
            b'{"statusCode": -1}',
            b'{"statusCode": 0}',
            b'{"statusCode": 1e400}',
            b'{"statusCode": "' + b"9" * 5000 + b'"}',
            b'{"statusCode": 200, "headers": []}',
            b'{"statusCode": 200, "headers": "a: b"}',
            b'{"statusCode": 200, "headers": {"a": ["b"]}}',
            b'{"statusCode": 200, "headers": {"a": {}}}',
            b'{"statusCode": 200, "cookies": "a=b"}',
            b'{"statusCode": 200, "cookies": {"a": "b"}}',
            b'{"statusCode": 200, "body": "not base64!", "isBase64Encoded": true}',
            b'{"statusCode": 200, "body": "abc", "isBase64Encoded": true}',
            '{"statusCode": 200, "body": "\u00fc", "isBase64Encoded": true}'.encode(),
        ],
    )
    def test_a_malformed_result(self, payload: bytes) -> None:
        with pytest.raises(MalformedResult):
            response(payload)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["statusCode", "headers", "cookies", "body", "isBase64Encoded", "x"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        )
    )
    def test_any_result_is_an_answer_or_malformed(self, result: object) -> None:
        try:
            answer = _response(result)
        except MalformedResult:
            return

        assert 200 <= answer.status <= 599
        assert all("\r" not in value and "\n" not in value for _, value in answer.headers)
