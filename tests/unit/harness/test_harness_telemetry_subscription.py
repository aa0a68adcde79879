"""What may be asked for in a subscription, and what is said of it when it may not.

Source: AWS Lambda Developer Guide, "Lambda Telemetry API reference"; "Accessing real-time telemetry data for extensions
using the Telemetry API", sections on destination and buffering; "Using the Lambda Logs API".
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.runtime.telemetry_subscription import Api, InvalidSubscription, Subscription, read_subscription

GOOD: dict[str, Any] = {
    "schemaVersion": "2022-12-13",
    "types": ["platform"],
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"},
}


def read(api: Api = Api.TELEMETRY, **changes: Any) -> Subscription:
    request = {**GOOD, **changes}
    return read_subscription(api, json.dumps({key: value for key, value in request.items() if value != ...}).encode())


def problem(api: Api = Api.TELEMETRY, **changes: Any) -> str:
    with pytest.raises(InvalidSubscription) as raised:
        read(api, **changes)
    return str(raised.value)


def http(uri: object) -> dict[str, Any]:
    return {"destination": {"protocol": "HTTP", "URI": uri}}


def test_what_is_not_named_has_a_default() -> None:
    assert read() == Subscription(
        api=Api.TELEMETRY,
        schema_version="2022-12-13",
        types=("platform",),
        max_items=10_000,
        max_bytes=262_144,
        timeout_seconds=1.0,
        method="POST",
        port=8080,
        target="/",
        host="sandbox.localdomain",
    )


@pytest.mark.parametrize(
    ("name", "value", "ok"),
    [
        ("maxItems", 999, False),
        ("maxItems", 1_000, True),
        ("maxItems", 10_000, True),
        ("maxItems", 10_001, False),
        ("maxBytes", 262_143, False),
        ("maxBytes", 262_144, True),
        ("maxBytes", 1_048_576, True),
        ("maxBytes", 1_048_577, False),
        ("timeoutMs", 24, False),
        ("timeoutMs", 25, True),
        ("timeoutMs", 30_000, True),
        ("timeoutMs", 30_001, False),
        ("timeoutMs", "100", False),
        ("timeoutMs", 100.0, False),
        ("maxItems", True, False),
    ],
)
def test_buffering_has_bounds(name: str, value: object, ok: bool) -> None:
    changes: dict[str, Any] = {"buffering": {name: value}}

    if ok:
        found = read(**changes)
        shown = {"maxItems": found.max_items, "maxBytes": found.max_bytes, "timeoutMs": found.timeout_seconds * 1000}
        assert shown[name] == value
    else:
        assert problem(**changes).startswith(f"{name} {value!r} is not from ")


@pytest.mark.parametrize(
    ("api", "version", "ok"),
    [
        (Api.TELEMETRY, "2022-07-01", True),
        (Api.TELEMETRY, "2022-12-13", True),
        (Api.TELEMETRY, "2025-01-29", True),
        (Api.TELEMETRY, "2020-08-15", False),
        (Api.TELEMETRY, ..., False),
        (Api.LOGS, "2020-08-15", True),
        (Api.LOGS, "2021-03-18", True),
        (Api.LOGS, "2022-12-13", False),
        (Api.LOGS, ..., True),
    ],
)
def test_each_api_has_its_schema_versions(api: Api, version: object, ok: bool) -> None:
    if ok:
        assert read(api, schemaVersion=version).schema_version == ("2020-08-15" if version is ... else version)
    else:
        assert problem(api, schemaVersion=version).startswith("schemaVersion ")


@pytest.mark.parametrize(
    ("uri", "port", "target", "host"),
    [
        ("http://sandbox.localdomain:8080", 8080, "/", "sandbox.localdomain"),
        ("http://sandbox.localdomain:1/a/b?c=d#e", 1, "/a/b?c=d", "sandbox.localdomain"),
        ("http://sandbox:65535/", 65535, "/", "sandbox"),
        ("http://SANDBOX.localdomain:80", 80, "/", "sandbox.localdomain"),
    ],
)
def test_a_destination_is_inside_the_environment(uri: str, port: int, target: str, host: str) -> None:
    found = read(**http(uri))

    assert (found.method, found.port, found.target, found.host) == ("POST", port, target, host)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://sandbox.localdomain", "URI port is not provided"),
        ("http://sandbox.localdomain:0", "URI port 0 is not from 1 to 65535"),
        ("http://sandbox.localdomain:9001", "URI port 9001 is reserved"),
        ("https://sandbox.localdomain:80", "URI scheme 'https' is not http"),
        ("http://example.com:80", "URI host 'example.com' is not sandbox.localdomain"),
        ("http://127.0.0.1:80", "URI host '127.0.0.1' is not sandbox.localdomain"),
        ("http://sandbox.localdomain:99999", "URI 'http://sandbox.localdomain:99999' is not valid"),
        ("http://[::1", "URI 'http://[::1' is not valid"),
        ("http://sandbox.localdomain:80/a b", "URI 'http://sandbox.localdomain:80/a b' is not valid"),
        ("http://sandbox.localdomain:80/a\r\nX: y", "is not valid"),
        ("", "URI is not provided"),
        (None, "URI is not provided"),
        (7, "URI is not provided"),
    ],
)
def test_a_destination_elsewhere_is_refused(uri: object, expected: str) -> None:
    assert expected in problem(**http(uri))


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        (4244, ""),
        (None, "port is not provided"),
        ("4244", "port '4244' is not from 1 to 65535"),
        (9001, "port 9001 is reserved"),
        (65_536, "port 65536 is not from 1 to 65535"),
    ],
)
def test_tcp_names_a_port(port: object, expected: str) -> None:
    destination: dict[str, Any] = {"destination": {"protocol": "TCP", "port": port}}

    if expected:
        assert problem(**destination) == expected
    else:
        assert (read(**destination).method, read(**destination).port) == ("", port)


@pytest.mark.parametrize(
    ("api", "method", "expected"),
    [(Api.LOGS, "PUT", "PUT"), (Api.LOGS, "POST", "POST"), (Api.TELEMETRY, "PUT", "POST"), (Api.LOGS, "GET", "")],
)
def test_only_the_logs_api_offers_put(api: Api, method: str, expected: str) -> None:
    changes = {"schemaVersion": ..., "destination": {**GOOD["destination"], "method": method}}
    changes |= {} if api is Api.LOGS else {"schemaVersion": "2022-12-13"}

    if expected:
        assert read(api, **changes).method == expected
    else:
        assert problem(api, **changes) == "method 'GET' is neither POST nor PUT"


def test_every_problem_is_told_at_once_in_the_words_of_the_reference() -> None:
    assert problem(types=[], **http("http://sandbox.localdomain")) == (
        "URI port is not provided; types should not be empty"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"types": ...}, "types should not be empty"),
        ({"types": "platform"}, "types should not be empty"),
        ({"types": ["function", "all", 7]}, "types has 'all', 7, and only platform, function, extension"),
        ({"destination": ...}, "destination is not provided"),
        ({"destination": {"protocol": "UDP"}}, "protocol 'UDP' is neither HTTP nor TCP"),
        ({"buffering": []}, "buffering is not an object"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_told(changes: dict[str, Any], expected: str) -> None:
    assert expected in problem(**changes)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_told(body: bytes) -> None:
    with pytest.raises(InvalidSubscription, match="the body is not"):
        read_subscription(Api.TELEMETRY, body)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "schemaVersion": ANYTHING,
            "types": ANYTHING,
            "buffering": ANYTHING | st.dictionaries(st.sampled_from(["maxItems", "maxBytes", "timeoutMs"]), ANYTHING),
            "destination": ANYTHING | st.fixed_dictionaries({"protocol": st.just("HTTP"), "URI": ANYTHING}),
        },
    )
)
def test_whatever_is_asked_for_is_taken_or_refused(request: dict[str, Any]) -> None:
    for api in Api:
        try:
            found = read_subscription(api, json.dumps(request).encode())
        except InvalidSubscription as refused:
            assert str(refused)
        else:
            assert found.types
