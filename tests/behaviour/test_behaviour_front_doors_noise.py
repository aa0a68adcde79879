"""Whatever comes to a front door: it answers in HTTP, and is there for the next one."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.protocol import State
from websockets.sync.client import connect

from tests.fakes.http_noise import BODIES, FIELDS_AND_UPGRADES, METHODS, PATHS, QUERIES, answers_to, noise
from tests.fakes.load_balancers import balancer, dns_url, forward, lambda_group, listener
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.rest_assembly import invocable, proxied, rest_api
from tests.fakes.websocket_apis import websocket_api
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-front-doors-noise")

WELL = {"Rest": "/prod/items", "Balancer": "/items", "Socket": "/prod"}
# What a client of HTTP/2 begins with (RFC 9113, 3.4) begins a request.
_NO_REQUEST = st.binary(max_size=300).filter(lambda garbage: not garbage.startswith(b"PRI"))
_SOURCE = "def handler(event, context): return {'statusCode': 200, 'body': 'well'}"


@pytest.fixture(scope="module")
def urls(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    resources = (
        function("Fn", _SOURCE)
        | rest_api("Rest", {"ANY /items": proxied("Fn"), "POST /rest/{proxy+}": proxied("Fn")})
        | invocable("Fn", "Rest")
        | balancer()
        | lambda_group("Group", "Fn")
        | listener("Web", 80, forward("Group"))
        | websocket_api(
            "Socket", {"$connect": {"Fn::GetAtt": ["Fn", "Arn"]}, "$default": {"Fn::GetAtt": ["Fn", "Arn"]}}
        )
    )
    rest = "https://${Rest}.execute-api.${AWS::Region}.amazonaws.com/prod"
    outputs = {
        "Rest": {"Fn::Sub": rest},
        "Balancer": dns_url("http"),
        "Socket": {"Fn::GetAtt": ["Socket", "ApiEndpoint"]},
    }
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "noise", resources, **outputs))
    yield deployment["stacks"]["noise"]["outputs"]
    harness.destroy(deployment)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, trust_env=False) as client:
        yield client


def _is_well(http: httpx.Client, url: str, which: str) -> bool:
    host = urlsplit(url).netloc
    if which != "Socket":
        return http.get(f"http://{host}{WELL[which]}").status_code == 200
    with connect(f"ws://{host}{WELL[which]}", open_timeout=60, proxy=None) as connection:
        return connection.state is State.OPEN


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=METHODS, path=PATHS, query=QUERIES, fields=FIELDS_AND_UPGRADES, body=BODIES, is_in_stage=st.booleans())
@pytest.mark.parametrize("which", WELL)
def test_a_request_without_sense_is_answered_and_harms_nobody(
    urls: dict[str, str],
    http: httpx.Client,
    which: str,
    method: str,
    path: str,
    query: str,
    fields: list[tuple[str, bytes]],
    body: bytes,
    is_in_stage: bool,
) -> None:
    path = f"/prod{path}" if is_in_stage else path

    answers = answers_to(urls[which], noise(method, path, query, fields, body))

    assert answers.startswith(b"HTTP/1.1 ")
    assert b"Traceback" not in answers
    assert not answers.startswith(b"HTTP/1.1 500")
    assert _is_well(http, urls[which], which)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=_NO_REQUEST)
@pytest.mark.parametrize("which", WELL)
def test_bytes_that_are_no_request_end_their_connection_alone(
    urls: dict[str, str], http: httpx.Client, which: str, garbage: bytes
) -> None:
    answers = answers_to(urls[which], garbage)

    assert answers == b"" or answers.startswith(b"HTTP/1.1 4") or answers.startswith(b"HTTP/1.1 505")
    assert _is_well(http, urls[which], which)
