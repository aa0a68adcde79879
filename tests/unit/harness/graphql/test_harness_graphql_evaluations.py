"""Handlers of all APIs, while their harness ends."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext
from lambdakit.harness.routing.graphql.evaluations import Evaluations
from tests.fakes.waiting import wait_until

LOOP = "export function request(ctx) { const a = [0, 1]; for (const x of a) { a.push(x) } return 1 }"


def test_what_runs_when_the_harness_ends_is_over_at_once_and_nothing_begins_anew() -> None:
    evaluations = Evaluations(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    evaluations.script("export function request(ctx) { return 1 }", "request", ResolverContext())
    found: list[Evaluated] = []

    def ask() -> None:
        found.extend(evaluations.script(LOOP, "request", ResolverContext()) for _ in range(20))

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(asking.is_alive, lambda: "it never began")
    began = time.monotonic()
    evaluations.close()
    asking.join(30)

    assert time.monotonic() - began < 40  # of twenty times five seconds
    assert len(found) == 20
    assert all(each.error is not None for each in found)


def test_nothing_runs_after_the_end() -> None:
    evaluations = Evaluations(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    evaluations.close()

    error = evaluations.script("export function request(ctx) { return 1 }", "request", ResolverContext()).error

    assert error is not None
    assert error.message == "the harness is closed"
