"""What front doors, execution environments and functions do."""

from __future__ import annotations

from lambdakit.records import dataclass
from lambdakit.trace.event import TraceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReceived(TraceEvent):
    """A front door got a request. door: `http_api`, `rest_api` …; resource: the API's name."""

    request_id: str
    door: str
    resource: str
    method: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswered(TraceEvent):
    """A front door gave its answer. problem: why the door answered for itself; empty when the function's went out."""

    request_id: str
    door: str
    resource: str
    method: str
    path: str
    status: int
    duration_ms: float
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHealthChanged(TraceEvent):
    """What a load balancer's health checks find of a function. state: `healthy` or `unhealthy`.

    status: the last one that a check was answered with.
    """

    target_group: str
    target: str
    state: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStarted(TraceEvent):
    """An execution environment was initialized (a cold start). status: `success`, `error`, `timeout` or `crash`."""

    function: str
    version: str
    environment: str
    init_duration_ms: float
    status: str
    interpreter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentReset(TraceEvent):
    """The processes of an execution environment ended, and the next invocation starts them again; its /tmp stays.

    reason: `timeout`, `crash`, `out of memory` or `init failed`.
    """

    function: str
    version: str
    environment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentStopped(TraceEvent):
    """An execution environment is gone. reason: `crash`, `updated` or `shutdown`."""

    function: str
    version: str
    environment: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNote(TraceEvent):
    """Something about how a function runs here that differs from AWS."""

    function: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationStarted(TraceEvent):
    """A function was called.

    arn: the function's, unqualified: accounts and regions may have functions of the same name.
    qualifier: as the caller named it; empty for an unqualified call.
    """

    request_id: str
    function: str
    arn: str
    version: str
    qualifier: str
    environment: str
    cold_start: bool
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationEnded(TraceEvent):
    """A function's answer.

    status: `success`, `error` (the function's own), `timeout` or `crash`.
    payload: the result or the error object, as the function sent it; of a result that was streamed to its caller, the
    first 64 KiB.
    error_type: None on success.
    """

    request_id: str
    function: str
    version: str
    environment: str
    status: str
    payload: str
    error_type: str | None
    duration_ms: float
    billed_duration_ms: int
    init_duration_ms: float | None
    max_memory_used_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStreamed(TraceEvent):
    """A function sent its answer while it made it.

    latency_ms: from the event to the beginning of the answer. duration_ms: from there to its end.
    error_code: what the caller of a stream was told; None when the answer is complete.
    client_left: whether the caller went away before it had all; the function ran on.
    """

    request_id: str
    function: str
    version: str
    environment: str
    produced_bytes: int
    latency_ms: float
    duration_ms: float
    error_code: str | None
    client_left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionLogged(TraceEvent):
    """A line that a function, its runtime or the platform wrote. request_id: empty outside an invocation."""

    function: str
    environment: str
    request_id: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCalled(TraceEvent):
    """A function called an AWS service. resource: the name the request carries; empty when it carries none."""

    function: str
    environment: str
    service: str
    operation: str
    resource: str
    status: int
    duration_ms: float
