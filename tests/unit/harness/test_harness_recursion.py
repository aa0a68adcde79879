"""How often a function ran in one chain of requests."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from botocore.handlers import add_recursion_detection_header
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.invocation.recursion import invocations_so_far, with_invocation
from lambdakit.harness.invocation.x_ray import chain_header, trace_header

ROOT = "Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Parent=53995c3f42cd8ad8;Sampled=1"
ONE, TWO = (f"arn:aws:lambda:us-east-1:123456789012:function:{name}" for name in ("one", "two"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_first_invocation_has_no_loops() -> None:
    header = with_invocation(ROOT, ONE)

    assert header.startswith(f"{ROOT};Lineage=")
    assert header.endswith(":0")
    assert invocations_so_far(ROOT, ONE) == 0
    assert invocations_so_far(header, ONE) == 1


@given(st.lists(st.sampled_from([ONE, TWO]), max_size=40))
def test_every_function_is_counted_for_itself(chain: list[str]) -> None:
    header = ROOT
    for arn in chain:
        header = with_invocation(header, arn)

    assert invocations_so_far(header, ONE) == chain.count(ONE)
    assert invocations_so_far(header, TWO) == chain.count(TWO)
    assert header.startswith(ROOT)
    assert header.count("Lineage=") <= 1


def test_it_survives_what_botocore_does_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    header = with_invocation(with_invocation(with_invocation(ROOT, ONE), TWO), ONE)
    monkeypatch.setitem(os.environ, "AWS_LAMBDA_FUNCTION_NAME", "one")
    monkeypatch.setitem(os.environ, "_X_AMZN_TRACE_ID", header)
    params: dict[str, dict[str, str]] = {"headers": {}}

    add_recursion_detection_header(params)
    forwarded = params["headers"]["X-Amzn-Trace-Id"]

    assert invocations_so_far(forwarded, ONE) == 2
    assert invocations_so_far(forwarded, TWO) == 1
    assert invocations_so_far(with_invocation(forwarded, TWO), TWO) == 2


@pytest.mark.parametrize(
    "header",
    [
        f"{ROOT};Lineage=",
        f"{ROOT};Lineage=nonsense",
        f"{ROOT};Lineage=12345678:x|:3|",
        f"{ROOT};Lineage=%zz",
        "Lineage=;;;",
        "",
    ],
)
def test_what_is_no_lineage_counts_nothing(header: str) -> None:
    assert invocations_so_far(header, ONE) == 0
    assert invocations_so_far(with_invocation(header, ONE), ONE) == 1


def test_parts_behind_it_are_kept() -> None:
    header = with_invocation("Root=1-5e9f0c65-1de4d666d4dd26aced652b6c;Lineage=00000000:3;Self=x", ONE)

    assert "Self=x" in header
    assert "00000000:3" in header


@pytest.mark.parametrize("upstream", ["", "nonsense", "Root=1-xyz"])
def test_what_is_no_header_is_replaced(upstream: str) -> None:
    header = trace_header(upstream, at=NOW, arn=ONE)

    assert chain_header(header, at=NOW) == header
    assert ";Sampled=0;Lineage=" in header
