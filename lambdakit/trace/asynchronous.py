"""What admission, the asynchronous queue, its destinations and provisioned concurrency do."""

from __future__ import annotations

from lambdakit.records import dataclass
from lambdakit.trace.event import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationThrottled(TraceEvent):
    """A function was not run for want of concurrency. reason: as `TooManyRequestsException` has it."""

    request_id: str
    function: str
    qualifier: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecursionStopped(TraceEvent):
    """A function was not run because it called itself. invocations: how often it ran in this chain of requests."""

    request_id: str
    function: str
    qualifier: str
    invocations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedConcurrencyChanged(TraceEvent):
    """An allocation of initialized environments. status: `IN_PROGRESS`, `READY` or `FAILED`; `DELETED` at its end."""

    function: str
    qualifier: str
    status: str
    requested: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityScaled(TraceEvent):
    """Application Auto Scaling asked for another number of initialized environments.

    before, capacity: the number until then and from now on. cause: as `DescribeScalingActivities` has it.
    problem: why Lambda refused; empty when it did not.
    """

    function: str
    qualifier: str
    before: int
    capacity: int
    cause: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedSpillover(TraceEvent):
    """All provisioned environments were busy, and one on demand took the event."""

    request_id: str
    function: str
    qualifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQueued(TraceEvent):
    """An asynchronous event was accepted."""

    request_id: str
    function: str
    qualifier: str
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRetryScheduled(TraceEvent):
    """An asynchronous event is to be tried again.

    reason: an error type of the function's, a throttle's reason, or what failed in the service.
    attempts: how often the function has run for it so far. delay_seconds: of the harness's clock.
    """

    request_id: str
    function: str
    qualifier: str
    reason: str
    attempts: int
    delay_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettled(TraceEvent):
    """An asynchronous event came to its end.

    condition: as the destination's record has it: `Success`, `RetriesExhausted`, `EventAgeExceeded`,
    `ZeroReservedConcurrency`, `RecursionDetected`, `FunctionNotFound`; `Forgotten` when its function was reset.
    """

    request_id: str
    function: str
    qualifier: str
    condition: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSent(TraceEvent):
    """The record of an event, or the event itself, went out.

    destination: an ARN. purpose: `on success`, `on failure` or `dead-letter queue`.
    """

    request_id: str
    function: str
    destination: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFailed(TraceEvent):
    """The record of an event, or the event itself, could not be delivered, and is lost. See `DestinationSent`."""

    request_id: str
    function: str
    destination: str
    purpose: str
    problem: str
