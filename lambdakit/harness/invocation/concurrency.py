"""Admission: whether there is concurrency left for one more invocation.

One pool per account and region for all functions without a reservation, and one per function with one. What is
provisioned is taken from its pool for as long as it is allocated, used or not. An admitted invocation holds a lease;
without room there is none, and `Throttled` says why.

Source: AWS Lambda Developer Guide, "Understanding Lambda function scaling", "Configuring reserved concurrency for a
function" and "Lambda scaling behavior".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Final, Literal, Protocol

from lambdakit.harness.invocation.request_rate import RequestRate
from lambdakit.limits import (
    CONCURRENT_EXECUTIONS,
    REQUESTS_PER_SECOND_AND_CONCURRENCY,
    SCALING_ENVIRONMENTS,
    SCALING_SECONDS,
    TENANT_ENVIRONMENTS_PER_THOUSAND,
    UNRESERVED_CONCURRENCY_MIN,
)

ThrottleReason = Literal[
    "ConcurrentInvocationLimitExceeded",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
    "FunctionInvocationRateLimitExceeded",
    "ReservedFunctionInvocationRateLimitExceeded",
]
_ACCOUNT: Final[ThrottleReason] = "ConcurrentInvocationLimitExceeded"
_RESERVED: Final[ThrottleReason] = "ReservedFunctionConcurrentInvocationLimitExceeded"
_ACCOUNT_RATE: Final[ThrottleReason] = "FunctionInvocationRateLimitExceeded"
_RESERVED_RATE: Final[ThrottleReason] = "ReservedFunctionInvocationRateLimitExceeded"
_ACCOUNT_PER_SECOND: Final = CONCURRENT_EXECUTIONS * REQUESTS_PER_SECOND_AND_CONCURRENCY


class Throttled(Exception):
    """There is no concurrency for an invocation. reason: as `TooManyRequestsException` names it."""

    def __init__(self, reason: ThrottleReason) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason


class ConcurrencySettings(Protocol):
    """What functions are allowed."""

    def reserved(self, arn: str) -> int | None:
        """The reserved concurrency of a function; None without a reservation; 0 lets nothing run."""

    def unreserved(self, place: str) -> int:
        """What the reservations leave of the concurrency of an account in a region."""


class Concurrency:
    """The invocations that run, by function and place: the account and region, as `FunctionConfiguration.place`.

    now: the harness's time: the rate at which environments may be added follows it, so that an advanced clock also
    lets new ones start.
    """

    def __init__(self, settings: ConcurrencySettings, *, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._functions: dict[str, _Count] = {}
        self._unreserved: dict[str, _Count] = {}
        self._provisioned: dict[str, dict[str, int]] = {}
        self._scaling: dict[str, _Scaling] = {}
        self._allocated: dict[str, int] = {}
        self._lock = threading.Lock()

    def lease(self, arn: str, place: str, *, at: float | None = None) -> Lease:
        """Room for one invocation in an environment on demand, until the lease is left. Throttled without any.

        at: when a synchronous request came, in seconds that only grow; absence: one whose rate is not limited.
        """
        reserved = self._settings.reserved(arn)
        function = self._functions.get(arn) or self._functions.setdefault(arn, _Count())
        account = self._unreserved.get(place) or self._unreserved.setdefault(place, _Count())
        if reserved is not None:
            room = reserved - self._provisioned_of(arn, place)
            pool, reason = function, _RESERVED
        else:
            pool = account
            # What is reserved never leaves less than the minimum, so most calls need not sum it up.
            full = pool.on_demand >= UNRESERVED_CONCURRENCY_MIN
            room = self._unreserved_room(place) if full else UNRESERVED_CONCURRENCY_MIN + 1
            reason = _ACCOUNT
        with self._lock:
            if pool.on_demand >= room:
                raise Throttled(reason)
            if at is not None:
                _refuse_too_many(reserved, function, account, at)
            function.on_demand += 1
            if pool is not function:
                pool.on_demand += 1
            return Lease(self._lock, function, pool, account.on_demand)

    def provisioned_lease(self, arn: str, place: str, owner: str, *, at: float | None = None) -> Lease:
        """The same for one in a provisioned environment, for which there always is room.

        owner: the version or alias that the environment was initialized for. Throttled by the rate alone.
        """
        reserved = self._settings.reserved(arn)
        function = self._functions.get(arn) or self._functions.setdefault(arn, _Count())
        account = self._unreserved.get(place) or self._unreserved.setdefault(place, _Count())
        with self._lock:
            if at is not None:
                _refuse_too_many(reserved, function, account, at)
            function.provisioned[owner] = function.provisioned.get(owner, 0) + 1
            return Lease(self._lock, function, None, account.on_demand, owner)

    def in_flight(self, arn: str) -> int:
        """How many invocations of a function run."""
        count = self._functions.get(arn)
        return 0 if count is None else count.all

    def provisioned_in_flight(self, arn: str, owner: str) -> int:
        """How many of them run in environments that were initialized for this version or alias."""
        count = self._functions.get(arn)
        return 0 if count is None else count.provisioned.get(owner, 0)

    def allocated(self, place: str) -> int:
        """What no other function can have: all that is reserved, and what is provisioned without a reservation."""
        allocated = self._allocated  # another one takes its place when something changes meanwhile
        known = allocated.get(place)
        if known is None:
            known = allocated[place] = CONCURRENT_EXECUTIONS - self._unreserved_room(place)
        return known

    def settings_changed(self) -> None:
        """Is told after a reservation was made, changed or taken back."""
        self._allocated = {}

    def provision(self, arn: str, place: str, allocated: int) -> None:
        """Takes `allocated` out of the function's pool, in place of what was taken before; 0 gives it back."""
        with self._lock:
            here = dict(self._provisioned.get(place, {}))
            here.pop(arn, None)
            if allocated:
                here[arn] = allocated
            self._provisioned[place] = here  # readers go through the one they have
            self._allocated = {}

    def admit_environment(self, arn: str) -> None:
        """Counts a new environment on demand. Throttled when the function grows faster than the scaling rate."""
        at = self._now()
        with self._lock:
            if not self._scaling.setdefault(arn, _Scaling(at)).take(at):
                raise Throttled(_ACCOUNT)

    def admit_tenant(self, arn: str, place: str, environments: int) -> None:
        """Throttled when one more environment of a tenant's would be too many. environments: that tenants have."""
        reserved = self._settings.reserved(arn)
        concurrency = self._settings.unreserved(place) if reserved is None else reserved
        if environments >= concurrency * TENANT_ENVIRONMENTS_PER_THOUSAND // 1000:
            raise Throttled(_ACCOUNT if reserved is None else _RESERVED)

    def _provisioned_of(self, arn: str, place: str) -> int:
        here = self._provisioned.get(place)
        return here.get(arn, 0) if here else 0

    def _unreserved_room(self, place: str) -> int:
        reserved = self._settings.reserved
        provisioned = sum(count for arn, count in self._provisioned.get(place, {}).items() if reserved(arn) is None)
        return self._settings.unreserved(place) - provisioned


class Lease:
    """An admitted invocation; `leave` it when that has ended, or the block.

    concurrent: how many of the function ran then, with it. unreserved: how many of all on demand and without a
    reservation.
    """

    __slots__ = ("_function", "_left", "_lock", "_owner", "_pool", "concurrent", "unreserved")

    def __init__(
        self, lock: threading.Lock, function: _Count, pool: _Count | None, unreserved: int, owner: str = ""
    ) -> None:
        self._lock = lock
        self._function = function
        self._pool = pool
        self._owner = owner
        self._left = False
        self.concurrent = function.all
        self.unreserved = unreserved

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """The invocation has ended. Idempotent."""
        with self._lock:
            if self._left:
                return
            self._left = True
            if self._pool is None:
                self._function.provisioned[self._owner] -= 1
                return
            self._function.on_demand -= 1
            if self._pool is not self._function:
                self._pool.on_demand -= 1


class _Count:
    """Invocations that run. provisioned: by the version or alias whose environments they are in."""

    __slots__ = ("on_demand", "provisioned", "rate")

    def __init__(self) -> None:
        self.on_demand = 0
        self.provisioned: dict[str, int] = {}
        self.rate = RequestRate()

    @property
    def all(self) -> int:
        return self.on_demand + sum(self.provisioned.values()) if self.provisioned else self.on_demand


def _refuse_too_many(reserved: int | None, function: _Count, account: _Count, at: float) -> None:
    """Throttled when there were too many requests lately: of a function with a reservation, else of all without one."""
    if reserved is None:
        if not account.rate.take(_ACCOUNT_PER_SECOND, at):
            raise Throttled(_ACCOUNT_RATE)
    elif not function.rate.take(reserved * REQUESTS_PER_SECOND_AND_CONCURRENCY, at):
        raise Throttled(_RESERVED_RATE)


class _Scaling:
    """What may still be added: refilled all the time, never beyond one period's worth.

    Source: AWS Lambda Developer Guide, "Lambda scaling behavior".
    """

    __slots__ = ("_at", "_left")

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._left = float(SCALING_ENVIRONMENTS)

    def take(self, at: datetime) -> bool:
        seconds = max(0.0, (at - self._at).total_seconds())
        self._at = at
        self._left = min(SCALING_ENVIRONMENTS, self._left + seconds * SCALING_ENVIRONMENTS / SCALING_SECONDS)
        if self._left < 1:
            return False
        self._left -= 1
        return True
