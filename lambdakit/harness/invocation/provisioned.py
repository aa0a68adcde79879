"""Provisioned concurrency: environments of versions and aliases that are initialized ahead.

What is asked for is compared with what there is whenever one of them changes: a setting, an alias, an environment that
crashed, a reset. What is missing is started in the background; what nobody asks for any more ends.

Source: AWS Lambda Developer Guide, "Configuring provisioned concurrency for a function".
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Final, Literal, Protocol

from lambdakit.arn import Arn
from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.environment_pool import EnvironmentPool
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.records import dataclass
from lambdakit.trace import ProvisionedConcurrencyChanged, TraceLog

Status = Literal["IN_PROGRESS", "READY", "FAILED"]

# AWS Lambda API Reference, "GetProvisionedConcurrencyConfig" (StatusReason), as the API answers with it.
INIT_FAILURE: Final = "FUNCTION_ERROR_INIT_FAILURE"
_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for. qualifier: a version or an alias. shares: of each version that it means, adding up to 1."""

    qualifier: str
    requested: int
    shares: Sequence[tuple[FunctionConfiguration, float]]


class Report(Protocol):
    """Takes how far an allocation is."""

    def __call__(
        self, arn: str, qualifier: str, *, allocated: int, available: int, status: Status, reason: str
    ) -> None:
        """allocated, available: environments that count for it, and that are initialized. reason: of a failure."""


_Kind = tuple[str, str, str]


@dataclass(slots=True)
class _Plan:
    wanted: Wanted
    counts: dict[_Kind, tuple[FunctionConfiguration, int]]
    starting: Counter[_Kind] = field(default_factory=Counter)
    failed: bool = False
    status: str = ""


class ProvisionedEnvironments:
    """Keeps as many environments initialized as is asked for.

    wanted: by a function's ARN; nothing for a function that is gone. initialize: runs the init phase; whether it
    succeeded. allocate: told how many environments of a function are taken out of its concurrency: its ARN, its
    account and region as `FunctionConfiguration.place`, their number.
    """

    def __init__(
        self,
        *,
        pool: EnvironmentPool,
        wanted: Callable[[str], Sequence[Wanted]],
        initialize: Callable[[ExecutionEnvironment], bool],
        allocate: Callable[[str, str, int], None],
        report: Report,
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self._pool = pool
        self._wanted = wanted
        self._initialize = initialize
        self._allocate = allocate
        self._report = report
        self._activity = activity
        self._trace = trace
        self._plans: dict[str, dict[str, _Plan]] = {}
        self._workers = Workers("provisioned", most=_AT_ONCE)
        self._lock = threading.Lock()
        pool.watch_provisioned(self.reconcile)

    def take(self, configuration: FunctionConfiguration, qualifier: str) -> tuple[str, ExecutionEnvironment | None]:
        """Whose allocation this call is for, and an idle environment of it; None when all are busy.

        qualifier: as the caller named it; a version's allocation serves the aliases that point to it. The owner is a
        version or alias; empty when there is no allocation.
        """
        plans = self._plans.get(configuration.arn)
        if not plans:
            return "", None
        owner = qualifier if qualifier in plans else configuration.version
        if owner not in plans:
            return "", None
        return owner, self._pool.take_provisioned(configuration, owner)

    def utilization(self, arn: str, owner: str, in_use: int) -> float:
        """The part of a version's or alias's allocated environments that is in use, 0 to 1."""
        plan = self._plans.get(arn, {}).get(owner)
        return min(1.0, in_use / plan.wanted.requested) if plan is not None and plan.wanted.requested else 0.0

    def reconcile(self, arn: str) -> None:
        """Starts what is missing of a function and ends what is too much, in the background: callers may hold locks."""
        if arn not in self._plans and not self._wanted(arn):
            return
        self._submit(f"provisioned concurrency of {_name(arn)}", lambda: self._plan(arn))

    def stop(self) -> None:
        """Starts nothing any more."""
        self._workers.stop()

    def join(self) -> None:
        """Waits for the environments that are being initialized; their pool ends them."""
        self._workers.join()

    def _submit(self, what: str, job: Callable[[], None]) -> None:
        def run() -> None:
            try:
                job()
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._workers.submit(run)

    def _plan(self, arn: str) -> None:
        with self._lock:
            wanted = {one.qualifier: one for one in self._wanted(arn)}
            before = self._plans.get(arn, {})
            plans = {qualifier: _plan(one, before.get(qualifier)) for qualifier, one in wanted.items()}
            # Whoever takes an environment reads without the lock, so the plans are replaced and not changed.
            others = {other: theirs for other, theirs in self._plans.items() if other != arn}
            self._plans = {**others, arn: plans} if plans else others
            self._allocate(arn, _place(arn), sum(one.requested for one in wanted.values()))
            for qualifier in before.keys() - plans.keys():
                self._tell(arn, qualifier, "DELETED", 0, 0)
            self._fit_locked(arn)

    def _fit_locked(self, arn: str) -> None:
        plans = self._plans.get(arn, {})
        for kind, alive in self._pool.provisioned(arn).items():
            plan = plans.get(kind[2])
            keep = plan.counts[kind][1] if plan is not None and kind in plan.counts else 0
            if alive > keep:
                self._pool.trim_provisioned(arn, kind, keep)
        for plan in plans.values():
            self._start_missing_locked(arn, plan)
            self._describe_locked(arn, plan)

    def _start_missing_locked(self, arn: str, plan: _Plan) -> None:
        if plan.failed:
            return
        alive = self._pool.provisioned(arn)
        for kind, (configuration, count) in plan.counts.items():
            missing = count - alive.get(kind, 0) - plan.starting[kind]
            plan.starting[kind] += max(0, missing)
            for _ in range(missing):
                start = functools.partial(self._provision, arn, kind, configuration)
                self._submit(f"provisioned environment of {configuration.name}", start)

    def _provision(self, arn: str, kind: _Kind, configuration: FunctionConfiguration) -> None:
        failed = True
        try:
            plan = self._plans.get(arn, {}).get(kind[2])
            if plan is not None and not plan.failed:
                failed = not self._pool.provision(configuration, kind[2], self._initialize)
        finally:
            with self._lock:
                plan = self._plans.get(arn, {}).get(kind[2])
                if plan is not None:
                    plan.starting[kind] -= 1
                    plan.failed = plan.failed or failed
                self._fit_locked(arn)

    def _describe_locked(self, arn: str, plan: _Plan) -> None:
        """Reports how far a plan is."""
        alive = self._pool.provisioned(arn)
        available = sum(min(alive.get(kind, 0), count) for kind, (_, count) in plan.counts.items())
        requested = plan.wanted.requested
        status: Status = "READY" if available >= requested else "FAILED" if plan.failed else "IN_PROGRESS"
        reason = INIT_FAILURE if status == "FAILED" else ""
        qualifier = plan.wanted.qualifier
        self._report(arn, qualifier, allocated=available, available=available, status=status, reason=reason)
        if plan.status != status:
            plan.status = status
            self._tell(arn, qualifier, status, requested, available)

    def _tell(self, arn: str, qualifier: str, status: str, requested: int, available: int) -> None:
        self._trace.append(
            ProvisionedConcurrencyChanged(
                function=_name(arn), qualifier=qualifier, status=status, requested=requested, available=available
            )
        )


def _plan(wanted: Wanted, before: _Plan | None) -> _Plan:
    counts: dict[_Kind, tuple[FunctionConfiguration, int]] = {}
    left = wanted.requested
    for configuration, share in wanted.shares[1:]:
        count = min(left, round(wanted.requested * share))
        counts[_kind(configuration, wanted.qualifier)] = (configuration, count)
        left -= count
    if wanted.shares:
        configuration = wanted.shares[0][0]
        counts[_kind(configuration, wanted.qualifier)] = (configuration, left)
    plan = _Plan(wanted, counts)
    if before is not None:
        plan.starting, plan.status = before.starting, before.status  # those under way count for this one as well
    return plan


def _kind(configuration: FunctionConfiguration, qualifier: str) -> _Kind:
    return configuration.version, configuration.revision, qualifier


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]


def _place(arn: str) -> str:
    """As `FunctionConfiguration.place`."""
    function = Arn.parse(arn)
    return f"{function.account}/{function.region}"
