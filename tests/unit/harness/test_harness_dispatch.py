"""What a function's invocation is admitted and measured by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.harness.invocation.concurrency import Concurrency, Lease, Throttled
from lambdakit.harness.invocation.dispatch import Dispatcher
from lambdakit.harness.invocation.function_metrics import Dimensions, FunctionMetrics, Value
from lambdakit.harness.invocation.invoke import Event
from lambdakit.trace import TraceLog
from tests.fakes.asynchronous_world import plain_function

AT = datetime(2026, 1, 1, tzinfo=UTC)


class FullPlaces(Concurrency):
    """Without room for anything. places: which were asked for room."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None), now=lambda: AT)
        self.places: list[str] = []

    def lease(self, arn: str, place: str, *, at: float | None = None) -> Lease:
        del arn, at
        self.places.append(place)
        raise Throttled("ConcurrentInvocationLimitExceeded")


class NothingProvisioned:
    """No allocation for any call."""

    def take(self, *_: object) -> tuple[str, None]:
        return "", None


class Places:
    """A metric store that keeps where measurements belong: account, region, metric."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []

    def add(
        self, account_id: str, region: str, dimensions: Dimensions, values: tuple[Value, ...], at: datetime
    ) -> None:
        del dimensions, at
        self.seen += [(account_id, region, name) for name, _, _ in values]


@pytest.mark.parametrize("account_id", ["123456789012", "222222222222"])
def test_a_function_uses_the_concurrency_and_the_metrics_of_its_account(account_id: str) -> None:
    concurrency, places = FullPlaces(), Places()
    dispatcher = Dispatcher(
        invoker=cast("Any", None),
        concurrency=concurrency,
        provisioned=cast("Any", NothingProvisioned()),
        recursion_allowed=lambda arn: False,
        metrics=FunctionMetrics(places, lambda: AT),
        trace=TraceLog(HarnessClock()),
        seconds=lambda: 0.0,
        on_use=lambda arn, owner, part: None,
    )

    with pytest.raises(Throttled):
        dispatcher.invoke(plain_function(account_id=account_id, region="eu-west-1"), Event(payload=b""))

    assert concurrency.places == [f"{account_id}/eu-west-1"]
    assert places.seen == [(account_id, "eu-west-1", "Throttles")]
