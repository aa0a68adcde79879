"""What an HTTP API's front door does with requests that are too much, too slow, too many or nonsense."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from tests.fakes.function_urls import function_url, public
from tests.fakes.http_apis import api, route, stage, to_function
from tests.fakes.http_noise import BODIES, FIELDS, METHODS, PATHS, QUERIES, answers_to, noise
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-http-api-limits")

SOURCE = """
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"path": event["rawPath"], "length": len(event.get("body") or "")})}
"""
_HEAD_BYTES: Final = 10_240
_MIB: Final = 1024 * 1024


@pytest.fixture(scope="module")
def urls(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    resources = (
        function("Fn", SOURCE)
        | api("Api")
        | stage("Api")
        | route("Api", "Items", "ANY /items/{id}", to_function("Fn"))
        | route("Api", "Rest", "POST /rest/{proxy+}", to_function("Fn"))
        | function_url("Url", "Fn")
        | public("To", "Fn")
    )
    outputs = {"Api": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}, "Url": {"Fn::GetAtt": ["Url", "FunctionUrl"]}}
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "limits", resources, **outputs))
    yield deployment["stacks"]["limits"]["outputs"]
    harness.destroy(deployment)


@pytest.fixture
def http(urls: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=urls["Api"], timeout=60) as client:
        yield client


class TestSizes:
    @pytest.mark.parametrize(
        ("length", "status"), [(9_000, 200), (_HEAD_BYTES + 1, 414), (60_000, 414)], ids=["short", "over", "far over"]
    )
    def test_a_url_may_be_too_long(self, http: httpx.Client, length: int, status: int) -> None:
        answer = http.get("/items/" + "x" * (length - len("/items/")))

        assert answer.status_code == status
        if status == 414:
            assert answer.json() == {"message": "Request-URI Too Long"}

    def test_header_values_count_together_with_the_request_line(self, http: httpx.Client) -> None:
        def ask(length: int) -> int:
            request = http.build_request("GET", "/items/1")
            request.headers["x-long"] = ""
            others = sum(len(value) for value in request.headers.values())
            line = len("GET /items/1 HTTP/1.1")
            request.headers["x-long"] = "x" * (length - others - line)
            return http.send(request).status_code

        assert [ask(_HEAD_BYTES), ask(_HEAD_BYTES + 1)] == [200, 431]

    def test_a_flood_of_headers_is_refused_and_the_door_stays_open(
        self, http: httpx.Client, urls: dict[str, str]
    ) -> None:
        flood = http.get("/items/1", headers=[(f"x-{number}", "y" * 20) for number in range(2_000)])
        beyond = answers_to(urls["Api"], b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: y\r\n" * 200_000)

        assert flood.status_code == 431
        assert beyond.startswith(b"HTTP/1.1 431 ")
        assert http.get("/items/1").status_code == 200

    @pytest.mark.parametrize(("length", "status"), [(4 * _MIB, 200), (10 * _MIB + 1, 413), (11 * _MIB, 413)])
    def test_a_body_may_be_too_large(self, http: httpx.Client, length: int, status: int) -> None:
        answer = http.post("/rest/a", content=b"x" * length, headers={"content-type": "text/plain"})

        assert answer.status_code == status

    def test_ten_megabytes_are_taken_and_are_more_than_an_event_holds(self, http: httpx.Client) -> None:
        answer = http.post("/rest/a", content=b"x" * (10 * _MIB), headers={"content-type": "text/plain"})

        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})


class TestMany:
    def test_sixty_four_kept_connections_see_no_error(self, urls: dict[str, str]) -> None:
        wrong: list[object] = []

        def ask(number: int) -> None:
            try:
                with httpx.Client(base_url=urls["Api"], timeout=60) as client:
                    for turn in range(8):
                        path = f"/items/{number}-{turn}"
                        answer = client.get(path)
                        if answer.status_code != 200 or answer.json()["path"] != path:
                            wrong.append((path, answer.status_code, answer.text))
            except httpx.HTTPError as error:
                wrong.append(error)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)

        assert wrong == []

    def test_slow_clients_and_large_bodies_do_not_block_others(self, http: httpx.Client, urls: dict[str, str]) -> None:
        address = urlsplit(urls["Api"])
        slow = [socket.create_connection((address.hostname, address.port)) for _ in range(8)]
        for connection in slow:
            connection.sendall(b"POST /rest/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\nbegins")
        big = threading.Thread(
            target=httpx.post, args=(urls["Api"] + "/rest/a",), kwargs={"content": b"x" * (10 * _MIB), "timeout": 60}
        )
        big.start()

        answers = [http.get(f"/items/{number}").status_code for number in range(20)]
        big.join()
        for connection in slow:
            connection.close()

        assert answers == [200] * 20


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=METHODS, path=PATHS, query=QUERIES, headers=FIELDS, body=BODIES)
@pytest.mark.parametrize("which", ["Api", "Url"])
def test_whatever_comes_the_connection_and_the_harness_live_on(
    urls: dict[str, str], which: str, method: str, path: str, query: str, headers: list[tuple[str, bytes]], body: bytes
) -> None:
    after = b"GET /items/after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    answers = answers_to(urls[which], noise(method, path, query, headers, body) + after)

    assert answers.startswith(b"HTTP/1.1 ")
    assert answers.count(b"/items/after") == 1
    assert b"Traceback" not in answers
    assert not answers.startswith(b"HTTP/1.1 502") or which == "Url"
