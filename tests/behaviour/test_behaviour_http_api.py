"""An HTTP API in front of functions, asked over real sockets."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.plain_assembly import Resources, function, http_api, published, table, write_stack
from tests.fakes.wired_harness import Answer, WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-http-api")

SOURCE = """
import os

def handler(event, context):
    what = event["rawPath"].rpartition("/")[2]
    if what == "fail":
        raise LookupError("a secret")
    if what == "exit":
        os._exit(1)
    if what == "malformed":
        return {"statusCode": "no number"}
    if what == "binary":
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "/wA=", "isBase64Encoded": True}
    if what == "full":
        return {"statusCode": 201, "headers": {"X-One": "1", "Transfer-Encoding": "chunked", "Connection": "close"},
                "cookies": ["a=1", "b=2"], "body": "made"}
    if what == "empty":
        return {"statusCode": 204, "body": "not to be seen"}
    if what == "large":
        return {"statusCode": 200, "body": "x" * 5_000_000}
    if what == "cors":
        return {"statusCode": 200, "headers": {"access-control-allow-origin": "https://own"}, "body": ""}
    return {"event": event, "version": context.function_version, "arn": context.invoked_function_arn}
"""

ITEMS = """
import os, boto3

items = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    key = event["pathParameters"]["id"]
    if event["requestContext"]["http"]["method"] == "PUT":
        items.put_item(Item={"id": key, "body": event["body"]})
        return {"statusCode": 201}
    return items.get_item(Key={"id": key}).get("Item") or {"statusCode": 404}
"""


class Shop:
    """A deployed API. url: what the stack's output says."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.url: str = deployment["stacks"]["http"]["outputs"]["Url"]
        self.port = urlsplit(self.url).port or 0
        self.table: str = deployment["stacks"]["http"]["outputs"]["Table"]
        (api,) = deployment["apis"]
        self.api_id: str = api["api_id"]

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Answer:
        return request(self.port, method, path, headers, body)


def _resources() -> Resources:
    echo = {"Ref": "EchoAlias"}
    routes = {
        "GET /echo": echo,
        "ANY /echo/{id}": echo,
        "POST /files/{proxy+}": echo,
        "ANY /items/{id}": {"Fn::GetAtt": ["Items", "Arn"]},
        "GET /nowhere": "arn:aws:lambda:us-east-1:123456789012:function:missing",
    }
    cors = {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET"], "MaxAge": 5}
    variables = {"Environment": {"Variables": {"TABLE": {"Ref": "Table"}}}}
    return (
        function("Echo", SOURCE)
        | published("Echo")
        | function("Items", ITEMS, **variables)
        | table("Table")
        | http_api("Shop", routes, CorsConfiguration=cors)
    )


@pytest.fixture(scope="module")
def shop(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    outputs = {"Url": {"Fn::GetAtt": ["Shop", "ApiEndpoint"]}, "Table": {"Ref": "Table"}}
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "http", _resources(), **outputs))
    yield Shop(harness, deployment)
    harness.destroy(deployment)


class TestRequests:
    def test_the_function_sees_the_request(self, shop: Shop) -> None:
        answer = shop.send(
            "POST",
            "/files/a/b%20c?x=1&x=2",
            {"Content-Type": "application/json", "Cookie": "k=v", "User-Agent": "tests", "X-One": "1"},
            b'{"a": 1}',
        )

        event = answer.json()["event"]
        assert answer.status == 200
        assert event["version"] == "2.0"
        assert event["routeKey"] == event["requestContext"]["routeKey"] == "POST /files/{proxy+}"
        assert event["rawPath"] == "/files/a/b c"
        assert event["rawQueryString"] == "x=1&x=2"
        assert event["queryStringParameters"] == {"x": "1,2"}
        assert event["pathParameters"] == {"proxy": "a/b c"}
        assert event["cookies"] == ["k=v"]
        assert event["headers"]["x-one"] == "1"
        assert event["headers"]["host"] == event["requestContext"]["domainName"]
        assert event["body"] == '{"a": 1}'
        assert event["requestContext"]["http"] == {
            "method": "POST",
            "path": "/files/a/b c",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "tests",
        }
        assert event["requestContext"]["stage"] == "$default"
        assert event["requestContext"]["requestId"] == answer.headers["apigw-requestid"]

    def test_the_alias_is_what_runs(self, shop: Shop) -> None:
        answer = shop.send("GET", "/echo")

        assert answer.json()["version"] == "1"
        assert answer.json()["arn"].endswith(":live")

    def test_a_binary_body_arrives_as_base64(self, shop: Shop) -> None:
        answer = shop.send("PUT", "/echo/1", {"Content-Type": "application/octet-stream"}, b"\xff\x00")

        event = answer.json()["event"]
        assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\xff\x00")

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    def test_any_method_takes_any(self, shop: Shop, method: str) -> None:
        assert shop.send(method, "/echo/1").json()["event"]["requestContext"]["http"]["method"] == method

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "/echo"), ("GET", "/"), ("GET", "/echo/"), ("GET", "/ECHO"), ("GET", "/files/a")]
    )
    def test_no_route_is_not_found(self, shop: Shop, method: str, path: str) -> None:
        answer = shop.send(method, path)

        assert (answer.status, answer.json()) == (404, {"message": "Not Found"})
        assert answer.headers["content-type"] == "application/json"

    def test_ten_megabytes_are_too_much(self, shop: Shop) -> None:
        answer = shop.send("POST", "/files/a", body=b"x" * (10 * 1024 * 1024 + 1))

        assert answer.status == 413

    def test_more_than_an_event_holds_is_an_error_of_the_integration(self, shop: Shop) -> None:
        answer = shop.send("POST", "/files/a", {"Content-Type": "text/plain"}, b"x" * (7 * 1024 * 1024))

        assert answer.status in (413, 500)

    def test_it_is_reached_by_its_host_name_too(self, shop: Shop) -> None:
        host = f"{shop.api_id}.execute-api.us-east-1.amazonaws.com"

        answer = shop.harness.request("GET", "/echo", {"Host": host})

        assert answer.json()["event"]["rawPath"] == "/echo"

    def test_and_by_a_path_of_the_endpoint(self, shop: Shop) -> None:
        answer = shop.harness.request("GET", f"/_lambdakit/apis/{shop.api_id}/echo?a=b")

        assert answer.json()["event"]["rawPath"] == "/echo"
        assert answer.json()["event"]["rawQueryString"] == "a=b"
        assert shop.harness.request("GET", "/_lambdakit/apis/missing/echo").status == 404


class TestAnswers:
    def test_status_headers_and_cookies_go_out(self, shop: Shop) -> None:
        answer = shop.send("GET", "/echo/full")

        assert (answer.status, answer.body) == (201, b"made")
        assert answer.headers["x-one"] == "1"
        assert [value for name, value in answer.pairs if name == "set-cookie"] == ["a=1", "b=2"]
        assert "transfer-encoding" not in answer.headers
        assert "connection" not in answer.headers

    def test_a_binary_body_goes_out(self, shop: Shop) -> None:
        answer = shop.send("GET", "/echo/binary")

        assert (answer.headers["content-type"], answer.body) == ("image/png", b"\xff\x00")

    def test_a_large_body_goes_out(self, shop: Shop) -> None:
        assert len(shop.send("GET", "/echo/large").body) == 5_000_000

    @pytest.mark.parametrize("what", ["fail", "exit", "malformed"])
    def test_a_failure_of_the_function_is_the_door_s_own_answer(self, shop: Shop, what: str) -> None:
        before = shop.harness.position()

        answer = shop.send("GET", f"/echo/{what}")

        assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
        (answered,) = shop.harness.events("RequestAnswered", after=before)
        assert answered["status"] == 500
        assert answered["problem"]

    def test_a_function_that_is_missing_is_too(self, shop: Shop) -> None:
        before = shop.harness.position()

        answer = shop.send("GET", "/nowhere")

        assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
        (answered,) = shop.harness.events("RequestAnswered", after=before)
        assert "Function not found" in answered["problem"]

    def test_an_answer_without_a_body_leaves_the_connection_usable(self, shop: Shop) -> None:
        with socket.create_connection(("127.0.0.1", shop.port), timeout=60) as connection:
            connection.sendall(b"GET /echo/empty HTTP/1.1\r\nHost: x\r\n\r\n")
            first = connection.recv(65536)
            connection.sendall(b"HEAD /echo/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            second = b""
            while data := connection.recv(65536):
                second += data

        assert first.startswith(b"HTTP/1.1 204 ")
        assert b"not to be seen" not in first
        assert second.startswith(b"HTTP/1.1 200 ")
        assert second.endswith(b"\r\n\r\n")

    def test_the_trace_tells_of_a_request(self, shop: Shop) -> None:
        before = shop.harness.position()

        shop.send("GET", "/echo/1?a=b")

        (received,) = shop.harness.events("RequestReceived", after=before)
        (answered,) = shop.harness.events("RequestAnswered", after=before)
        assert (received["door"], received["method"], received["path"]) == ("http_api", "GET", "/echo/1?a=b")
        assert received["request_id"] == answered["request_id"]
        assert (answered["status"], answered["problem"]) == (200, "")


class TestCors:
    def test_a_preflight_is_answered_without_the_function(self, shop: Shop) -> None:
        before = shop.harness.position()

        answer = shop.send(
            "OPTIONS", "/echo/1", {"Origin": "https://example.com", "Access-Control-Request-Method": "GET"}
        )

        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == "https://example.com"
        assert answer.headers["access-control-max-age"] == "5"
        assert shop.harness.events("InvocationStarted", after=before) == []

    def test_the_function_s_own_headers_are_replaced(self, shop: Shop) -> None:
        allowed = shop.send("GET", "/echo/cors", {"Origin": "https://example.com"})
        other = shop.send("GET", "/echo/cors", {"Origin": "https://evil.example"})

        assert allowed.headers["access-control-allow-origin"] == "https://example.com"
        assert "access-control-allow-origin" not in other.headers

    def test_errors_carry_them_too(self, shop: Shop) -> None:
        answer = shop.send("GET", "/missing", {"Origin": "https://example.com"})

        assert (answer.status, answer.headers["access-control-allow-origin"]) == (404, "https://example.com")


class TestItems:
    def test_what_a_function_writes_is_in_the_account(self, shop: Shop) -> None:
        before = shop.harness.position()

        created = shop.send("PUT", "/items/7", {"Content-Type": "text/plain"}, "hellö".encode())
        read = shop.send("GET", "/items/7")

        assert (created.status, read.json()) == (201, {"id": "7", "body": "hellö"})
        item = shop.harness.aws("dynamodb").get_item(TableName=shop.table, Key={"id": {"S": "7"}})["Item"]
        assert item["body"] == {"S": "hellö"}
        calls = shop.harness.events("ServiceCalled", after=before)
        assert [(call["service"], call["operation"], call["resource"]) for call in calls] == [
            ("dynamodb", "PutItem", shop.table),
            ("dynamodb", "GetItem", shop.table),
        ]

    def test_a_missing_item_is_the_function_s_own_404(self, shop: Shop) -> None:
        answer = shop.send("GET", "/items/missing")

        assert (answer.status, answer.body) == (404, b"")

    def test_a_reset_empties_the_table_and_starts_cold(self, shop: Shop) -> None:
        shop.send("PUT", "/items/8", {"Content-Type": "text/plain"}, b"x")

        shop.harness.reset(shop.deployment)

        assert shop.harness.aws("dynamodb").scan(TableName=shop.table)["Count"] == 0
        before = shop.harness.position()
        assert shop.send("GET", "/items/8").status == 404
        (started,) = shop.harness.events("InvocationStarted", after=before)
        assert started["cold_start"] is True


def test_many_clients_at_once_each_get_their_own_answer(shop: Shop) -> None:
    answers: dict[int, str] = {}

    def send(number: int) -> None:
        answers[number] = shop.send("GET", f"/echo/{number}").json()["event"]["pathParameters"]["id"]

    threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert answers == {number: str(number) for number in range(24)}


def test_a_named_stage_is_part_of_the_path(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> None:
    resources = function("Fn") | http_api("Api", {"GET /a": {"Fn::GetAtt": ["Fn", "Arn"]}}, stage="prod")
    url = {"Fn::Join": ["", [{"Fn::GetAtt": ["Api", "ApiEndpoint"]}, "/prod"]]}
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("staged"), "staged", resources, Url=url))
    base = urlsplit(deployment["stacks"]["staged"]["outputs"]["Url"])
    port = base.port or 0

    found = request(port, "GET", "/prod/a").json()
    without = request(port, "GET", "/a")
    harness.destroy(deployment)

    assert base.path == "/prod"
    assert (found["rawPath"], found["requestContext"]["stage"], found["routeKey"]) == ("/prod/a", "prod", "GET /a")
    assert without.status == 404


def test_a_destroyed_api_answers_no_more(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> None:
    resources = function("Fn") | http_api("Api", {"$default": {"Fn::GetAtt": ["Fn", "Arn"]}})
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("short"), "short", resources))
    (api,) = deployment["apis"]
    port = urlsplit(api["url"]).port or 0
    assert json.loads(request(port, "GET", "/any").body)["routeKey"] == "$default"

    harness.destroy(deployment)

    with pytest.raises(ConnectionRefusedError):
        request(port, "GET", "/any")
    assert harness.request("GET", f"/_lambdakit/apis/{api['api_id']}/any").status == 404
