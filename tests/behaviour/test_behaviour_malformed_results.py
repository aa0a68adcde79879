"""One table: what clients of each front door get when the function behind it returns nonsense.

Sources, by door:
- REST: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (the output's form: a result of another
  gives 502), "Handle Lambda errors in API Gateway"; AWS re:Post, "How do I resolve HTTP 502 'Malformed Lambda proxy
  response' errors from API Gateway REST APIs?"; "Content type conversions in API Gateway" (base64 that nobody decodes).
- HTTP, both formats: "Create AWS Lambda proxy integrations for HTTP APIs" (format 2.0 takes valid JSON without
  `statusCode` for the body, format 1.0 does not), "Troubleshooting issues with HTTP API Lambda integrations" (500).
- URL: Lambda Developer Guide, "Invoking Lambda function URLs" (the response payload is that of format 2.0; 502 for one
  that is malformed).
- balancer: Application Load Balancers guide, "Use Lambda functions as targets", "Respond to the load balancer";
  "Troubleshoot your Application Load Balancers" (502), "Error reason codes" (`LambdaInvalidResponse`).
- socket: "Set up a route response for a WebSocket API", "WebSocket APIs in API Gateway, error responses".
Where pages only say "another form", which form it is follows from the types that they give the members; that `null`
and texts of numbers are, or are not, of a type is no page's word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from tests.fakes.any_result import RAISE, Doors, any_result, outputs
from tests.fakes.plain_assembly import write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-malformed-results")

DOORS: Final = ("rest", "http 1.0", "http 2.0", "url", "balancer", "socket")
EVERYWHERE: Final = frozenset(DOORS)
# Those that take what is no response for a body.
INFERRING: Final = frozenset({"http 2.0", "url"})
# Those that read `multiValueHeaders`: of the balancer only where its target group is told to.
REPEATING: Final = frozenset({"rest", "http 1.0", "socket"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """result: what the function returns. malformed: at which doors. body: what the others send."""

    result: object
    malformed: frozenset[str]
    body: str = ""


def _plain(result: object, body: str) -> Row:
    """A result without `statusCode`, which two doors take for the body."""
    return Row(result=result, malformed=EVERYWHERE - INFERRING, body=body)


def _with(**members: Any) -> dict[str, Any]:
    return {"statusCode": 200, **members}


ROWS: Final = (
    _plain(None, "null"),
    _plain("text", "text"),
    _plain(7, "7"),
    _plain(1.5, "1.5"),
    _plain(True, "true"),
    _plain([], "[]"),
    _plain([{"statusCode": 200}], '[{"statusCode": 200}]'),
    _plain({}, "{}"),
    _plain({"body": "x"}, '{"body": "x"}'),
    _plain({"statuscode": 200}, '{"statuscode": 200}'),
    _plain({"status": 200, "body": "x"}, '{"status": 200, "body": "x"}'),
    _plain({"errorMessage": "its own"}, '{"errorMessage": "its own"}'),
    *(
        Row(result={"statusCode": status}, malformed=EVERYWHERE)
        for status in (None, "", "many", "2OO", "200 OK", True, [200], {"code": 200}, 200.5, 0, 99, 600, -1)
    ),
    *(
        Row(result=_with(body=body), malformed=EVERYWHERE - INFERRING, body=json.dumps(body, separators=(",", ":")))
        for body in ({"a": 1}, ["x"], 7, True)
    ),
    Row(result=_with(headers="x"), malformed=EVERYWHERE),
    Row(result=_with(headers=["x"]), malformed=EVERYWHERE),
    Row(result=_with(headers=7), malformed=EVERYWHERE),
    Row(result=_with(headers={"x": {"a": 1}}), malformed=EVERYWHERE),
    Row(result=_with(headers={"x": ["a"]}), malformed=EVERYWHERE),
    Row(result=_with(multiValueHeaders="x", body="x"), malformed=REPEATING, body="x"),
    Row(result=_with(multiValueHeaders={"x": "a"}, body="x"), malformed=REPEATING, body="x"),
    Row(result=_with(multiValueHeaders={"x": [{}]}, body="x"), malformed=REPEATING, body="x"),
    Row(result=_with(cookies="a=b", body="x"), malformed=INFERRING, body="x"),
    Row(result=_with(cookies={"a": "b"}, body="x"), malformed=INFERRING, body="x"),
    Row(result=_with(body="eA==", isBase64Encoded="true"), malformed=frozenset({"rest", "balancer"}), body="eA=="),
    Row(result=_with(body="not so!", isBase64Encoded=True), malformed=EVERYWHERE - {"rest"}, body="not so!"),
    Row(result={"statusCode": "200", "body": "x"}, malformed=frozenset({"balancer"}), body="x"),
    Row(result=_with(body="x", unknown=1), malformed=frozenset(), body="x"),
    Row(result=RAISE, malformed=EVERYWHERE),
)
ANSWERS: Final[dict[str, tuple[int, Any]]] = {
    "rest": (502, {"message": "Internal server error"}),
    "http 1.0": (500, {"message": "Internal Server Error"}),
    "http 2.0": (500, {"message": "Internal Server Error"}),
    "url": (502, "Internal Server Error"),
    "balancer": (502, "502 Bad Gateway"),
    "socket": (0, {"message": "Internal server error"}),
}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with WiredHarness(enforce_iam="on") as harness, httpx.Client(timeout=60, trust_env=False) as http:
        deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("a"), "any", any_result(), **outputs()))
        yield Doors(outputs=deployment["stacks"]["any"]["outputs"], http=http)


def test_the_table_has_rows_for_every_door() -> None:
    malformed = {door: sum(door in row.malformed for row in ROWS) for door in DOORS}

    assert min(malformed.values()) >= 20
    assert sum(malformed.values()) >= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: json.dumps(row.result))
def test_nonsense_is_answered_as_each_door_answers_it(doors: Doors, row: Row) -> None:
    for door in DOORS:
        status, body = doors.answer(door, row.result)

        if door not in row.malformed:
            assert (door, status, body) == (door, 0 if door == "socket" else 200, row.body)
            continue
        expected_status, expected = ANSWERS[door]
        assert (door, status) == (door, expected_status)
        if isinstance(expected, dict):
            told = json.loads(body)
            assert (door, {"message": told["message"]}) == (door, expected)
            assert set(told) == ({"message", "connectionId", "requestId"} if door == "socket" else {"message"})
        else:
            assert (door, expected in body) == (door, True)
