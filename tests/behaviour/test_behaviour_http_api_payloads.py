"""HTTP APIs in front of functions: payload format 1.0, and results that are no responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.fakes.http_apis import api, route, stage, to_function
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-http-api-payloads")

SOURCE = """
import base64, json, time

def handler(event, context):
    if event.get("body") is None:
        return {"statusCode": 200, "body": json.dumps(event)}
    said = json.loads(event["body"])
    if "sleep" in said:
        time.sleep(said["sleep"])
    if "raise" in said:
        raise ValueError(said["raise"])
    return said.get("result")
"""

# What a function returns -> status and body in payload formats 1.0 and 2.0. `None`: 500 Internal Server Error.
_FAILS: Final = None
RESULTS: Final[list[tuple[str, Any, Any, Any]]] = [
    ("nothing", None, _FAILS, (200, b"null")),
    ("true", True, _FAILS, (200, b"true")),
    ("number", 7, _FAILS, (200, b"7")),
    ("fraction", 1.5, _FAILS, (200, b"1.5")),
    ("text", "hello", _FAILS, (200, b"hello")),
    ("empty text", "", _FAILS, (200, b"")),
    ("list", [1], _FAILS, (200, b"[1]")),
    ("empty list", [], _FAILS, (200, b"[]")),
    ("empty object", {}, _FAILS, (200, b"{}")),
    ("object without a status", {"a": 1}, _FAILS, (200, b'{"a": 1}')),
    ("body only", {"body": "x"}, _FAILS, (200, b'{"body": "x"}')),
    ("headers only", {"headers": {}}, _FAILS, (200, b'{"headers": {}}')),
    ("status null", {"statusCode": None}, _FAILS, _FAILS),
    ("status true", {"statusCode": True}, _FAILS, _FAILS),
    ("status empty", {"statusCode": ""}, _FAILS, _FAILS),
    ("status a word", {"statusCode": "OK"}, _FAILS, _FAILS),
    ("status a fraction", {"statusCode": 200.5}, _FAILS, _FAILS),
    ("status a fraction as text", {"statusCode": "200.0"}, _FAILS, _FAILS),
    ("status a list", {"statusCode": [200]}, _FAILS, _FAILS),
    ("status an object", {"statusCode": {"code": 200}}, _FAILS, _FAILS),
    ("status 0", {"statusCode": 0}, _FAILS, _FAILS),
    ("status negative", {"statusCode": -200}, _FAILS, _FAILS),
    ("status 99", {"statusCode": 99}, _FAILS, _FAILS),
    ("status 199", {"statusCode": 199}, _FAILS, _FAILS),
    ("status 600", {"statusCode": 600}, _FAILS, _FAILS),
    ("status enormous", {"statusCode": 10**30}, _FAILS, _FAILS),
    ("status as text", {"statusCode": "201"}, (201, b""), (201, b"")),
    ("status only", {"statusCode": 200}, (200, b""), (200, b"")),
    ("status in other case", {"statuscode": 200}, _FAILS, (200, b'{"statuscode": 200}')),
    ("headers a text", {"statusCode": 200, "headers": "a: b"}, _FAILS, _FAILS),
    ("headers a list", {"statusCode": 200, "headers": [["a", "b"]]}, _FAILS, _FAILS),
    ("headers a number", {"statusCode": 200, "headers": 1}, _FAILS, _FAILS),
    ("header an object", {"statusCode": 200, "headers": {"a": {"b": 1}}}, _FAILS, _FAILS),
    ("header a list", {"statusCode": 200, "headers": {"a": ["b"]}}, _FAILS, _FAILS),
    ("repeated headers a text", {"statusCode": 200, "multiValueHeaders": "a"}, _FAILS, (200, b"")),
    ("repeated header a text", {"statusCode": 200, "multiValueHeaders": {"a": "b"}}, _FAILS, (200, b"")),
    ("repeated header of objects", {"statusCode": 200, "multiValueHeaders": {"a": [{}]}}, _FAILS, (200, b"")),
    ("body an object", {"statusCode": 200, "body": {"a": 1}}, _FAILS, (200, b'{"a":1}')),
    ("body a list", {"statusCode": 200, "body": [1]}, _FAILS, (200, b"[1]")),
    ("body a number", {"statusCode": 200, "body": 1}, _FAILS, (200, b"1")),
    ("body false", {"statusCode": 200, "body": False}, _FAILS, (200, b"false")),
    ("no base64", {"statusCode": 200, "body": "%", "isBase64Encoded": True}, _FAILS, _FAILS),
    ("half base64", {"statusCode": 200, "body": "YQ", "isBase64Encoded": True}, _FAILS, _FAILS),
    ("cookies a text", {"statusCode": 200, "cookies": "a=1"}, (200, b""), _FAILS),
    ("cookies an object", {"statusCode": 200, "cookies": {"a": 1}}, (200, b""), _FAILS),
]


@pytest.fixture(scope="module")
def client(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    resources = (
        function("Fn", SOURCE)
        | function("Slow", SOURCE, Timeout=29)
        | api("Api")
        | stage("Api")
        | stage("Api", "test", StageVariables={"color": "blue"})
        | route("Api", "First", "ANY /v1/{id}", to_function("Fn", "1.0"))
        | route("Api", "Second", "ANY /v2/{id}", to_function("Fn"))
        | route("Api", "Late", "POST /late", to_function("Slow", "1.0", TimeoutInMillis=1000))
    )
    url = {"Fn::GetAtt": ["Api", "ApiEndpoint"]}
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("payloads"), "payloads", resources, Url=url))
    with httpx.Client(base_url=deployment["stacks"]["payloads"]["outputs"]["Url"], timeout=60) as client:
        yield client
    harness.destroy(deployment)


def test_the_event_has_every_key_of_format_1(client: httpx.Client) -> None:
    answer = client.get(
        "/test/v1/a%20b?x=1&x=2&y=%C3%BC",
        headers=[("X-Two", "1"), ("x-two", "2"), ("Cookie", "k=v"), ("User-Agent", "tests")],
    )

    event = answer.json()
    context = event.pop("requestContext")
    headers = event.pop("headers")
    assert event == {
        "version": "1.0",
        "resource": "/v1/{id}",
        "path": "/test/v1/a b",
        "httpMethod": "GET",
        "multiValueHeaders": event["multiValueHeaders"],
        "queryStringParameters": {"x": "2", "y": "ü"},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": ["ü"]},
        "pathParameters": {"id": "a b"},
        "stageVariables": {"color": "blue"},
        "body": None,
        "isBase64Encoded": False,
    }
    assert (headers["x-two"], event["multiValueHeaders"]["x-two"]) == ("2", ["1", "2"])
    assert (headers["cookie"], headers["x-forwarded-proto"]) == ("k=v", "https")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert context["requestId"] == answer.headers["apigw-requestid"]
    assert (context["path"], context["stage"], context["resourcePath"]) == ("/test/v1/a b", "test", "/v1/{id}")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests"
    assert context["identity"]["accessKey"] is None
    assert "authorizer" not in context


def test_nothing_is_null_in_format_1(client: httpx.Client) -> None:
    event = client.get("/v1/1").json()

    assert event["queryStringParameters"] is None
    assert event["multiValueQueryStringParameters"] is None
    assert event["stageVariables"] is None


def test_repeated_headers_go_out_merged(client: httpx.Client) -> None:
    result = {
        "statusCode": 200,
        "headers": {"X-A": "1", "Content-Type": "text/plain"},
        "multiValueHeaders": {"x-a": ["1", "2"], "Set-Cookie": ["a=1", "b=2"]},
        "body": "YQ==",
        "isBase64Encoded": True,
    }

    answer = client.post("/v1/1", json={"result": result})

    assert answer.content == b"a"
    assert answer.headers.get_list("x-a") == ["1", "2"]
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name, result, first, second", RESULTS, ids=[row[0] for row in RESULTS])
def test_results_that_are_no_responses(
    client: httpx.Client, version: str, name: str, result: object, first: object, second: object
) -> None:
    expected = first if version == "v1" else second

    answer = client.post(f"/{version}/1", json={"result": result})

    if expected is _FAILS:
        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"}), name
    else:
        assert (answer.status_code, answer.content) == expected, name
    assert "apigw-requestid" in answer.headers


def test_more_than_a_function_may_return_is_an_error(client: httpx.Client) -> None:
    answer = client.post("/v1/1", json={"result": {"statusCode": 200, "body": "x" * 5_000_000}})

    assert answer.status_code == 200
    assert len(answer.content) == 5_000_000


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_function_that_raises_is_an_internal_error(client: httpx.Client, version: str) -> None:
    answer = client.post(
        f"/{version}/1", content=json.dumps({"raise": "a secret"}), headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    assert "secret" not in answer.text


def test_a_function_that_takes_too_long_is_not_waited_for(client: httpx.Client) -> None:
    late = client.post("/late", json={"sleep": 3, "result": {"statusCode": 200}})
    soon = client.post("/late", json={"result": {"statusCode": 200}})

    assert (late.status_code, late.json()) == (503, {"message": "Service Unavailable"})
    assert soon.status_code == 200
