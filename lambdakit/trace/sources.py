"""What happens between event sources and functions."""

from __future__ import annotations

from lambdakit.records import dataclass
from lambdakit.trace.event import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsFiltered(TraceEvent):
    """Records that the filters of a mapping kept from its function. mapping: its UUID. source: an ARN."""

    mapping: str
    function: str
    source: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBatchSettled(TraceEvent):
    """A batch of records that a function was given.

    mapping: its UUID. source: an ARN. request_id: of the invocation; empty when there was none.
    outcome: `success`, `partial`, `failed` or `throttled`. failed: how many records are to be tried again or given up.
    """

    mapping: str
    function: str
    source: str
    request_id: str
    records: int
    failed: int
    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsDiscarded(TraceEvent):
    """Records of a stream that were given up. condition: why, as the on-failure destination is told.

    destination: the ARN of what was told; empty where there is none, or where it could not be told for a `reason`.
    """

    mapping: str
    function: str
    source: str
    records: int
    condition: str
    destination: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStateChanged(TraceEvent):
    """An alarm has another state. previous, state: `OK`, `ALARM` or `INSUFFICIENT_DATA`."""

    alarm: str
    arn: str
    previous: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachineEnded(TraceEvent):
    """An execution of a state machine has ended. execution, machine: ARNs. error, cause: empty unless it failed.

    status: `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    """

    execution: str
    machine: str
    status: str
    error: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDelivered(TraceEvent):
    """An event source gave an event to a target. source, target: ARNs. what: the kind of event, in a few words."""

    source: str
    target: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRequestRecorded(TraceEvent):
    """A request of a delivery that was not made, as nothing stands for its host. source: an ARN.

    body: its beginning, as text and not compressed. body_bytes: the size of all of it.
    """

    source: str
    method: str
    url: str
    body: str
    body_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNotDelivered(TraceEvent):
    """A target did not take an event. attempts: so far. settled: where it went instead of being tried again.

    settled: the ARN of a dead-letter queue, `dropped`, or empty when it will be tried again.
    """

    source: str
    target: str
    what: str
    reason: str
    attempts: int
    settled: str = ""
