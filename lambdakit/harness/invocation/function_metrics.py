"""The metrics that Lambda sends to CloudWatch, and their dimensions.

AWS sends each measurement once per set of dimensions: for the function, for the resource that was invoked, and for the
version that an alias led to. Here it goes once, with all the dimensions that apply: whoever asks for some of them gets
every measurement that has these among its own; see `moto_state.metrics`.

Source: AWS Lambda Developer Guide, "Types of metrics for Lambda functions" and "Viewing metrics for Lambda functions".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, Protocol

from lambdakit.arn import Arn
from lambdakit.records import dataclass

Dimensions = tuple[tuple[str, str], ...]
Unit = Literal["Count", "Milliseconds"]
Value = tuple[str, Unit, float]

NAMESPACE: Final = "AWS/Lambda"


class MetricStore(Protocol):
    """Where measurements in the namespace `AWS/Lambda` go; may keep them for later."""

    def add(
        self, account_id: str, region: str, dimensions: Dimensions, values: tuple[Value, ...], at: datetime
    ) -> None:
        """Takes each of `values`: metric, unit, number."""


class FunctionMetrics:
    """Measures functions.

    now: the harness's time.
    """

    def __init__(self, store: MetricStore, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._known: dict[tuple[str, str, str], _Measured] = {}

    def add(self, arn: str, qualifier: str, name: str, value: float = 1, unit: Unit = "Count") -> None:
        """Measures one thing of the function with this unqualified ARN. qualifier: invoked; empty without one."""
        measured = self._measured(arn, qualifier, "")
        self._store.add(*measured.place, measured.dimensions, ((name, unit, value),), self._now())

    def invocation(
        self,
        arn: str,
        qualifier: str,
        version: str,
        *,
        duration_ms: float,
        failed: bool,
        concurrent: int,
        unreserved: int,
        allocated: int,
    ) -> None:
        """Measures one run of a function. concurrent, unreserved: how many ran then, of it and without reservation.

        allocated: concurrency that is reserved or provisioned. Source: AWS Lambda Developer Guide, "Monitoring
        concurrency": with what runs unreserved, it is what the account has claimed.
        """
        at = self._now()
        values: tuple[Value, ...] = (
            ("Invocations", "Count", 1),
            ("Errors", "Count", 1 if failed else 0),
            ("Duration", "Milliseconds", duration_ms),
            ("ConcurrentExecutions", "Count", concurrent),
        )
        measured = self._measured(arn, qualifier, version)
        self._store.add(*measured.place, measured.dimensions, values, at)
        of_account: tuple[Value, ...] = (
            ("UnreservedConcurrentExecutions", "Count", unreserved),
            ("ClaimedAccountConcurrency", "Count", unreserved + allocated),
        )
        self._store.add(*measured.place, (), of_account, at)

    def _measured(self, arn: str, qualifier: str, version: str) -> _Measured:
        key = arn, qualifier, version
        known = self._known.get(key)
        if known is None:
            function = Arn.parse(arn)
            known = self._known[key] = _Measured(
                place=(function.account, function.region),
                dimensions=_dimensions(arn.rpartition(":")[2], qualifier, version),
            )
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What is measured. place: its account and region."""

    place: tuple[str, str]
    dimensions: Dimensions


def _dimensions(function: str, qualifier: str, version: str) -> Dimensions:
    resource = f"{function}:{qualifier}" if qualifier else function
    dimensions = (("FunctionName", function), ("Resource", resource))
    by_alias = qualifier not in ("", "$LATEST", version)
    return (*dimensions, ("ExecutedVersion", version)) if version and by_alias else dimensions
