"""Function URLs whose answers are sent while they are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.function_urls import function_url, public
from tests.fakes.plain_assembly import function, write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-function-urls-streaming")

# A stream that waits for a file to appear would need a place to share; it waits for a request to the other URL instead.
STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const what = event.rawPath.split('/').pop();
  const query = event.queryStringParameters || {};
  if (what === 'early') throw new Error('before anything');
  if (what === 'prelude' || what === 'cut') {
    stream = awslambda.HttpResponseStream.from(stream, {
      statusCode: 203, headers: { 'X-One': '1', 'Content-Type': 'text/plain' }, cookies: ['a=1', 'b=2'],
    });
  } else if (what === 'wrong') {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 'no number' });
  } else {
    stream.setContentType('text/csv');
  }
  stream.write('first;');
  await new Promise((resolve) => setTimeout(resolve, Number(query.wait || 0)));
  if (what === 'cut') throw new Error('after the first part');
  if (what === 'big') for (let n = 0; n < 12; n++) stream.write('x'.repeat(2 ** 20));
  stream.write('last');
  stream.end();
});
"""
BUFFERED = "def handler(event, context): return {'statusCode': 201, 'body': 'x'}"


@pytest.fixture(scope="module")
def urls(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, httpx.Client]]:
    node = {"Runtime": "nodejs22.x", "Timeout": 20}
    resources = (
        function("Stream", STREAM, **node)
        | function_url("StreamUrl", "Stream", InvokeMode="RESPONSE_STREAM", Cors={"AllowOrigins": ["https://a"]})
        | public("StreamTo", "Stream")
        | function("Whole", BUFFERED)
        | function_url("WholeUrl", "Whole", InvokeMode="RESPONSE_STREAM")
        | public("WholeTo", "Whole")
        | function("None", BUFFERED, ReservedConcurrentExecutions=0)
        | function_url("NoneUrl", "None", InvokeMode="RESPONSE_STREAM")
    )
    outputs = {name: {"Fn::GetAtt": [name, "FunctionUrl"]} for name in ("StreamUrl", "WholeUrl", "NoneUrl")}
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "streams", resources, **outputs))
    clients = {
        name: httpx.Client(base_url=url, timeout=60) for name, url in deployment["stacks"]["streams"]["outputs"].items()
    }
    yield clients
    for client in clients.values():
        client.close()
    harness.destroy(deployment)


def _answered(harness: WiredHarness, before: int) -> dict[str, Any]:
    harness.drain()
    (answered,) = harness.events("RequestAnswered", after=before)
    return answered


def test_parts_arrive_while_the_function_makes_others(urls: dict[str, httpx.Client], harness: WiredHarness) -> None:
    before = harness.position()

    with urls["StreamUrl"].stream("GET", "/plain?wait=1500") as answer:
        parts = answer.iter_raw()
        first = next(parts)
        ended_meanwhile = harness.events("InvocationEnded", after=before)
        rest = b"".join(parts)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv")
    assert (first, rest) == (b"first;", b"last")
    assert ended_meanwhile == []
    assert _answered(harness, before)["status"] == 200


def test_a_stream_says_its_status_headers_and_cookies_first(urls: dict[str, httpx.Client]) -> None:
    answer = urls["StreamUrl"].get("/prelude", headers={"Origin": "https://a"})

    assert (answer.status_code, answer.text) == (203, "first;last")
    assert (answer.headers["x-one"], answer.headers["content-type"]) == ("1", "text/plain")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["access-control-allow-origin"] == "https://a"
    assert "x-amzn-requestid" in answer.headers


def test_more_than_a_buffered_answer_holds_goes_out(urls: dict[str, httpx.Client]) -> None:
    assert len(urls["StreamUrl"].get("/big").content) == 12 * 2**20 + len("first;last")


@pytest.mark.parametrize("what", ["early", "wrong"])
def test_a_failure_before_the_first_part_is_a_bad_gateway(
    urls: dict[str, httpx.Client], harness: WiredHarness, what: str
) -> None:
    before = harness.position()

    answer = urls["StreamUrl"].get(f"/{what}")

    assert (answer.status_code, answer.text) == (502, "Internal Server Error")
    assert _answered(harness, before)["problem"]


def test_a_failure_after_it_cuts_the_answer(urls: dict[str, httpx.Client], harness: WiredHarness) -> None:
    before = harness.position()

    with pytest.raises(httpx.RemoteProtocolError), urls["StreamUrl"].stream("GET", "/cut") as answer:
        assert answer.status_code == 203
        answer.read()

    assert _answered(harness, before)["problem"]
    assert urls["StreamUrl"].get("/prelude").status_code == 203


def test_a_function_that_does_not_stream_is_answered_with_its_result(urls: dict[str, httpx.Client]) -> None:
    answer = urls["WholeUrl"].get("/")

    assert answer.status_code == 200
    assert answer.json() == {"statusCode": 201, "body": "x"}


def test_a_throttle_is_told_before_anything_is_sent(urls: dict[str, httpx.Client]) -> None:
    assert urls["NoneUrl"].get("/").status_code == 429


def test_a_client_that_leaves_does_not_disturb_the_next(urls: dict[str, httpx.Client]) -> None:
    with urls["StreamUrl"].stream("GET", "/big?wait=200") as answer:
        next(answer.iter_raw())

    assert urls["StreamUrl"].get("/prelude").text == "first;last"
