"""CORS of an HTTP API. Source: API Gateway Developer Guide, "Configure CORS for HTTP APIs"."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lambdakit.harness.moto_state.http_apis import CorsConfiguration
from lambdakit.harness.routing import cors
from lambdakit.harness.wire import Headers, Request, Response

Pairs = Sequence[tuple[str, str]]

FULL = CorsConfiguration(
    allow_origins=("https://example.com", "https://*.example.org"),
    allow_methods=("GET", "POST"),
    allow_headers=("authorization", "x-one"),
    expose_headers=("date", "x-two"),
    allow_credentials=True,
    max_age_seconds=0,
)


def _request(method: str = "GET", **headers: str) -> Request:
    items = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(method=method, target="/", headers=Headers(items))


def _applied(configuration: CorsConfiguration, origin: str, headers: Pairs = ()) -> dict[str, str]:
    response = cors.apply(configuration, _request(origin=origin), Response(status=200, headers=headers, body=b"x"))
    assert (response.status, response.body) == (200, b"x")
    return dict(response.headers)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (_request("OPTIONS", Origin="https://a", Access_Control_Request_Method="GET"), True),
        (_request("OPTIONS", Origin="https://a"), False),
        (_request("OPTIONS", Access_Control_Request_Method="GET"), False),
        (_request("GET", Origin="https://a", Access_Control_Request_Method="GET"), False),
    ],
)
def test_what_a_preflight_is(request_: Request, expected: bool) -> None:
    assert cors.is_preflight(request_) is expected


def test_a_preflight_says_all_that_is_configured() -> None:
    answer = cors.preflight(FULL, _request("OPTIONS", origin="https://example.com"))

    assert answer.status == 204
    assert answer.body == b""
    assert dict(answer.headers) == {
        "access-control-allow-origin": "https://example.com",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization,x-one",
        "access-control-max-age": "0",
        "access-control-allow-credentials": "true",
        "vary": "Origin",
    }


def test_a_preflight_says_nothing_that_is_not_configured() -> None:
    answer = cors.preflight(CorsConfiguration(allow_origins=("*",)), _request("OPTIONS", origin="https://a"))

    assert dict(answer.headers) == {"access-control-allow-origin": "*"}


def test_a_preflight_of_another_origin_gets_no_headers() -> None:
    answer = cors.preflight(FULL, _request("OPTIONS", origin="https://evil.example"))

    assert (answer.status, list(answer.headers)) == (204, [])


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        ("*", "https://a", "*"),
        ("https://a", "https://a", "https://a"),
        ("https://A.example", "https://a.example", "https://a.example"),
        ("https://*.example.org", "https://x.example.org", "https://x.example.org"),
        ("https://*", "https://anything", "https://anything"),
        ("https://a", "http://a", None),
        ("https://a", "https://a.evil", None),
        ("https://*.example.org", "https://example.org", None),
        ("https://a?", "https://ab", None),
        ("https://[ab]", "https://a", None),
        ("https://a", "", None),
        ("https://a", "null", None),
    ],
)
def test_which_origins_are_allowed(allowed: str, origin: str, expected: str | None) -> None:
    headers = _applied(CorsConfiguration(allow_origins=(allowed,)), origin)

    assert headers.get("access-control-allow-origin") == expected


def test_the_function_s_own_cors_headers_are_replaced() -> None:
    own = [
        ("Access-Control-Allow-Origin", "https://mine"),
        ("access-control-allow-credentials", "true"),
        ("Access-Control-Expose-Headers", "mine"),
        ("x-other", "kept"),
    ]

    headers = _applied(CorsConfiguration(allow_origins=("https://a",), expose_headers=("date",)), "https://a", own)

    assert headers == {
        "x-other": "kept",
        "access-control-allow-origin": "https://a",
        "access-control-expose-headers": "date",
        "vary": "Origin",
    }


def test_they_are_ignored_for_an_origin_that_is_not_allowed_too() -> None:
    assert _applied(FULL, "https://evil.example", [("access-control-allow-origin", "*")]) == {}


def test_credentials_are_allowed_where_they_are_configured() -> None:
    assert _applied(FULL, "https://example.com")["access-control-allow-credentials"] == "true"
