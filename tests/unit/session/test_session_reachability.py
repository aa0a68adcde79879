from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import HarnessError
from lambdakit.session.harness import Harness
from lambdakit.session.reachability import Reachability
from tests.fakes.fake_assembly import fake_harness, write_assembly

FUNCTIONS = {"shop-read-1": "shop/orders/read/Resource", "shop-write-2": "shop/orders/write/Resource"}


def row(function: str, service: str, **more: Any) -> dict[str, Any]:
    ways = {"path": "the gateway endpoint", "reason": "", "fix": "", "judged": True, "endpoint_id": "vpce-1"}
    return {"function": function, "service": service, "reachable": True, **ways, **more}


CLOSED = {"reachable": False, "path": "", "endpoint_id": ""}
TOLD = {
    "coverage": "every socket",
    "rows": [
        row("shop-read-1", "dynamodb"),
        row("shop-read-1", "sqs", **CLOSED, reason="no endpoint for sqs", fix="add an interface endpoint"),
        row("shop-write-2", "dynamodb"),
        row("shop-write-2", "sqs", judged=False, path="through a transit gateway"),
    ],
    "more": {
        "kms": row("shop-read-1", "kms", **CLOSED, reason="no way", fix="add one"),
        "api.example.com": row("shop-read-1", "api.example.com:443"),
    },
}


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with fake_harness() as started:
        yield started


@pytest.fixture
def reachability(harness: Harness, tmp_path: Path) -> Reachability:
    return harness.deploy(write_assembly(tmp_path, functions=FUNCTIONS, reachability=TOLD)).reachability


def test_a_function_and_a_service_have_a_row(reachability: Reachability) -> None:
    assert reachability["read"]["dynamodb"].reachable
    assert reachability["orders/write"]["dynamodb"].path == "the gateway endpoint"
    assert not reachability["read"]["sqs"]
    assert str(reachability["read"]["sqs"]) == (
        "read does not reach sqs: no endpoint for sqs; add an interface endpoint"
    )


def test_what_is_not_reached_is_a_set(reachability: Reachability) -> None:
    assert [(way.function, way.service) for way in reachability.unreachable] == [("read", "sqs")]
    assert len(list(reachability)) == 4
    assert reachability.coverage == "every socket"


def test_what_is_not_known_is_marked(reachability: Reachability) -> None:
    assert reachability["write"]["sqs"].reachable
    assert not reachability["write"]["sqs"].judged


def test_the_harness_is_asked_for_what_the_report_does_not_speak_of(reachability: Reachability) -> None:
    assert reachability["read"]["kms"].reason == "no way"
    assert reachability["read"]["api.example.com"].reachable


def test_an_unknown_function_is_refused(reachability: Reachability) -> None:
    with pytest.raises(HarnessError, match="there is no function 'raed'; nearest are"):
        _ = reachability["raed"]


def test_the_whole_report_can_be_read(reachability: Reachability) -> None:
    assert repr(reachability).splitlines() == [
        "reachability:",
        "  read reaches dynamodb: the gateway endpoint",
        "  read does not reach sqs: no endpoint for sqs; add an interface endpoint",
        "  write reaches dynamodb: the gateway endpoint",
        "  write reaches sqs: through a transit gateway",
    ]
