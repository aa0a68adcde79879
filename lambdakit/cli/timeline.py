"""Trace events as lines that people read: when, what kind of thing, what."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from lambdakit import trace
from lambdakit.cli.function_text import failure_text, log_text
from lambdakit.cli.resource_names import ResourceNames
from lambdakit.session.event_text import event_text

if TYPE_CHECKING:
    from rich.console import Console

    from lambdakit.session.deployment import Deployment

_KIND_WIDTH: Final = 12
_NAMING_FIELDS: Final = ("function", "resource", "source", "target", "destination")
_TABLE_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
_TABLE_READS: Final = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
# Where the text of a line begins; what follows in further lines begins there as well.
_INDENT: Final = "\n" + " " * (8 + 4 + _KIND_WIDTH + 1)


class Timeline:
    """Writes events to a console, with the time since `start`.

    hidden: classes of events that have no line.
    """

    def __init__(self, console: Console, *, start: datetime, hidden: tuple[type[trace.TraceEvent], ...] = ()) -> None:
        self._console = console
        self._start = start
        self._hidden = hidden
        self._names = ResourceNames()

    def name_resources(self, deployment: Deployment) -> None:
        """Calls functions by their construct's id and other resources by their logical id from now on."""
        self._names.add(deployment)

    def write(self, event: trace.TraceEvent) -> None:
        """One line; none for what another event's line says already."""
        described = None if isinstance(event, self._hidden) else _described(self._renamed(event))
        if described is None:
            return
        kind, text, style = described
        seconds = (event.at - self._start).total_seconds()
        indented = text.replace("\n", _INDENT)
        line = Text.assemble((f"{seconds:8.3f} s  ", "dim"), (f"{kind:<{_KIND_WIDTH}} ", style), indented)
        self._console.print(line, soft_wrap=True, highlight=False)

    def _renamed(self, event: trace.TraceEvent) -> trace.TraceEvent:
        named: dict[str, Any] = {
            field: self._names.of(getattr(event, field)) for field in _NAMING_FIELDS if hasattr(event, field)
        }
        return dataclasses.replace(event, **named)


_Described = tuple[str, str, str] | None


def _described(event: trace.TraceEvent) -> _Described:
    """Kind, text and style of an event's line; None for no line."""
    describe = _DESCRIPTIONS.get(type(event))
    return ("event", event_text(event), "dim") if describe is None else describe(event)


def _request(event: trace.RequestReceived) -> _Described:
    return "request", f"{event.method} {event.path}  ({event.door} {event.resource})", "bold cyan"


def _answer(event: trace.RequestAnswered) -> _Described:
    problem = f"  {event.problem}" if event.problem else ""
    style = "green" if event.status < 400 else "yellow" if event.status < 500 else "red"
    text = f"{event.status} after {_ms(event.duration_ms)}  ({event.method} {event.path}){problem}"
    return "answer", text, f"bold {style}"


def _target_health(event: trace.TargetHealthChanged) -> _Described:
    style = "green" if event.state == "healthy" else "yellow"
    return "health", f"{event.target} is {event.state} in {event.target_group}, by status {event.status}", style


def _environment_started(event: trace.EnvironmentStarted) -> _Described:
    status = "" if event.status == "success" else f"  {event.status}"
    text = f"{event.function}  init {_ms(event.init_duration_ms)}, {event.interpreter}{status}"
    return "cold start", text, "magenta" if not status else "red"


def _environment_stopped(event: trace.EnvironmentStopped) -> _Described:
    if event.reason in ("shutdown", "idle", "updated"):
        return None
    return "stopped", f"{event.function}  {event.reason}", "red"


def _environment_reset(event: trace.EnvironmentReset) -> _Described:
    return "reset", f"{event.function}  {event.reason}", "red"


def _invocation(event: trace.InvocationEnded) -> _Described:
    if event.status == "success":
        text = f"{event.function}  {_ms(event.duration_ms)}, {event.max_memory_used_mb} MB"
        return "invocation", text, "blue"
    problem = event.error_type or event.status
    text = f"{event.function}  {problem} after {_ms(event.duration_ms)}: {failure_text(event.payload)}"
    return "invocation", text, "red"


def _streamed(event: trace.ResponseStreamed) -> _Described:
    left = ", its caller left" if event.client_left else ""
    error = f"  {event.error_code}" if event.error_code else ""
    text = f"{event.function}  {event.produced_bytes} bytes, the first after {_ms(event.latency_ms)}{left}{error}"
    return "stream", text, "red" if error else "blue"


def _service_call(event: trace.ServiceCalled) -> _Described:
    kind = "call"
    if event.service == "dynamodb":
        kind = _table_kind(event.operation)
    resource = f" {event.resource}" if event.resource else ""
    status = "" if event.status < 400 else f"  answered {event.status}"
    text = f"{event.service} {event.operation}{resource}  {_ms(event.duration_ms)}{status}"
    return kind, text, "red" if status else "bright_blue"


def _table_kind(operation: str) -> str:
    if operation in _TABLE_WRITES:
        return "table write"
    return "table read" if operation in _TABLE_READS else "call"


def _logged(event: trace.FunctionLogged) -> _Described:
    text = log_text(event.line)
    return None if text is None else ("log", text, "dim")


def _note(event: trace.RuntimeNote) -> _Described:
    return "note", f"{event.function}  {event.note}", "yellow"


def _ignored(event: trace.UnsupportedIgnored) -> _Described:
    return "left out", f"{event.stack} {event.logical_id} ({event.type}): {event.problem}", "yellow"


def _existing(event: trace.ExistingMade) -> _Described:
    text = f"{event.stack} needs {event.physical_id} ({event.type}): made {event.text}"
    return "existing", text, "yellow" if event.assumed else "dim"


def _image(event: trace.ImageRecorded) -> _Described:
    where = "" if event.digest else ", in a registry that is not here"
    text = f"{event.stack} {event.logical_id}: {event.destination} of {event.source}{where}, no image was copied"
    return "recorded", text, "yellow"


def _shifted(event: trace.TrafficShifted) -> _Described:
    then = (
        "" if not event.minutes else f", for {event.minutes} min" + ("" if event.waited else " that nobody waits for")
    )
    text = f"{event.deployment}  {event.function}:{event.alias} {event.percent:g} % to version {event.version}{then}"
    return "traffic", text, "blue"


def _shift_ended(event: trace.TrafficShiftEnded) -> _Described:
    text = f"{event.deployment}  {event.function}:{event.alias} {event.status} {event.reason}".rstrip()
    return "traffic", text, "blue" if event.status == "Succeeded" else "red"


def _deployment(event: trace.DeploymentEnded) -> _Described:
    text = f"{event.status.lower()}, {event.resources} resources in {_ms(event.duration_ms)}"
    return "deployment", text, "red" if event.status == "FAILED" else "bold"


def _resource(event: trace.ResourceChanged) -> _Described:
    if event.status != "FAILED":
        return None
    return "resource", f"{event.stack} {event.logical_id} ({event.type}) failed", "red"


def _throttled(event: trace.InvocationThrottled) -> _Described:
    return "throttle", f"{event.function}  {event.reason}", "yellow"


def _recursion(event: trace.RecursionStopped) -> _Described:
    return "recursion", f"{event.function}  stopped after {event.invocations} invocations in one chain", "red"


def _provisioned(event: trace.ProvisionedConcurrencyChanged) -> _Described:
    text = f"{event.function}:{event.qualifier}  {event.status}, {event.available} of {event.requested}"
    return "provisioned", text, "red" if event.status == "FAILED" else "magenta"


def _scaled(event: trace.CapacityScaled) -> _Described:
    problem = f": {event.problem}" if event.problem else ""
    text = f"{event.function}:{event.qualifier}  from {event.before} to {event.capacity}, {event.cause}{problem}"
    return "scaling", text, "red" if problem else "magenta"


def _spillover(event: trace.ProvisionedSpillover) -> _Described:
    return "spill-over", f"{event.function}:{event.qualifier}  runs on demand", "yellow"


def _queued(event: trace.EventQueued) -> _Described:
    return "queued", f"{event.function}  {event.request_id}", "dim"


def _retry(event: trace.InvocationRetryScheduled) -> _Described:
    return "retry", f"{event.function}  in {event.delay_seconds:g} s: {event.reason}", "yellow"


def _settled(event: trace.EventSettled) -> _Described:
    if event.condition == "Success":
        return None
    return "given up", f"{event.function}  {event.condition} after {event.attempts} attempts", "red"


def _sent(event: trace.DestinationSent) -> _Described:
    return "sent", f"{event.function}  {event.purpose}: {event.destination}", "bright_blue"


def _not_sent(event: trace.DestinationFailed) -> _Described:
    return "not sent", f"{event.function}  {event.purpose}: {event.destination}: {event.problem}", "red"


def _durable_end(event: trace.DurableExecutionEnded) -> _Described:
    text = f"{event.function}  {event.name} {event.status} after {event.invocations} invocations"
    if event.status == "SUCCEEDED":
        return "durable", text, "blue"
    return "durable", f"{text}  {event.error_type}: {event.error_message}", "red"


def _durable_start(event: trace.DurableExecutionStarted) -> _Described:
    return "durable", f"{event.function}  {event.name} began on version {event.version}", "dim"


def _durable_operation(event: trace.DurableOperationChanged) -> _Described:
    name = f" {event.name}" if event.name else ""
    failed = event.status in ("FAILED", "TIMED_OUT", "STOPPED")
    return "durable", f"{event.function}  {event.type}{name}: {event.status}", "red" if failed else "dim"


def _durable_rest(event: trace.DurableExecutionSuspended) -> _Described:
    return "suspended", f"{event.function}  waits for {', '.join(event.waits_for)}", "bright_blue"


def _denied(event: trace.AccessDenied) -> _Described:
    who = event.function or event.principal
    text = f"{who}  {event.action} on {event.resource} {event.reason}"
    allowed = f"\nit takes {event.statement}" if event.statement else ""
    place = f"\nin {event.place}" if event.place else ""
    return "denied", f"{text}{allowed}{place}", "red"


def _unmapped(event: trace.ActionUnmapped) -> _Described:
    outcome = "let through" if event.allowed else "denied"
    text = f"{event.function or event.principal}  {event.service} {event.operation}: its action is not known, {outcome}"
    return "unmapped", text, "yellow"


def _blocked(event: trace.NetworkBlocked) -> _Described:
    return "unreachable", f"{event.function}  {event.destination}: {event.reason}; {event.fix}", "red"


def _filtered(event: trace.RecordsFiltered) -> _Described:
    return "filtered", f"{event.function}  {event.records} records of {event.source}", "dim"


def _batch(event: trace.RecordBatchSettled) -> _Described:
    text = f"{event.function}  {event.records} records of {event.source}: {event.outcome}"
    if event.outcome == "success":
        return "batch", text, "blue"
    return "batch", f"{text}, {event.failed} failed  {event.reason}", "red"


def _discarded(event: trace.RecordsDiscarded) -> _Described:
    told = f", told {event.destination}" if event.destination else f"  {event.reason}"
    return "given up", f"{event.function}  {event.records} records of {event.source}: {event.condition}{told}", "red"


def _alarm(event: trace.AlarmStateChanged) -> _Described:
    return (
        "alarm",
        f"{event.alarm}  {event.previous} -> {event.state}: {event.reason}",
        "red" if event.state == "ALARM" else "blue",
    )


def _execution(event: trace.StateMachineEnded) -> _Described:
    if event.status == "SUCCEEDED":
        return "execution", event.execution, "blue"
    return "execution", f"{event.execution}  {event.status} {event.error}: {event.cause}", "red"


def _delivered(event: trace.EventDelivered) -> _Described:
    return "delivered", f"{event.source} -> {event.target}  {event.what}", "bright_blue"


def _not_delivered(event: trace.EventNotDelivered) -> _Described:
    settled = f", {event.settled}" if event.settled else ", to be tried again"
    text = f"{event.source} -> {event.target}  {event.what}: {event.reason}{settled}"
    return "undelivered", text, "red"


def _recorded_request(event: trace.DeliveryRequestRecorded) -> _Described:
    return "recorded", f"{event.source} -> {event.method} {event.url}  {event.body_bytes} bytes", "yellow"


def _nothing(event: trace.TraceEvent) -> _Described:
    return None


def _ms(duration: float) -> str:
    return f"{duration:.1f} ms" if duration < 1000 else f"{duration / 1000:.2f} s"


_DESCRIPTIONS: Mapping[type[trace.TraceEvent], Callable[[Any], _Described]] = {
    trace.DeploymentStarted: _nothing,
    trace.DeploymentEnded: _deployment,
    trace.ResourceChanged: _resource,
    trace.UnsupportedIgnored: _ignored,
    trace.ExistingMade: _existing,
    trace.ImageRecorded: _image,
    trace.TrafficShifted: _shifted,
    trace.TrafficShiftEnded: _shift_ended,
    trace.PropertyRecorded: _nothing,
    trace.RequestReceived: _request,
    trace.RequestAnswered: _answer,
    trace.TargetHealthChanged: _target_health,
    trace.EnvironmentStarted: _environment_started,
    trace.EnvironmentReset: _environment_reset,
    trace.EnvironmentStopped: _environment_stopped,
    trace.RuntimeNote: _note,
    trace.InvocationStarted: _nothing,
    trace.InvocationEnded: _invocation,
    trace.ResponseStreamed: _streamed,
    trace.FunctionLogged: _logged,
    trace.ServiceCalled: _service_call,
    trace.InvocationThrottled: _throttled,
    trace.RecursionStopped: _recursion,
    trace.ProvisionedConcurrencyChanged: _provisioned,
    trace.CapacityScaled: _scaled,
    trace.ProvisionedSpillover: _spillover,
    trace.EventQueued: _queued,
    trace.InvocationRetryScheduled: _retry,
    trace.EventSettled: _settled,
    trace.DestinationSent: _sent,
    trace.DestinationFailed: _not_sent,
    trace.DurableExecutionStarted: _durable_start,
    trace.DurableOperationChanged: _durable_operation,
    trace.DurableExecutionSuspended: _durable_rest,
    trace.DurableExecutionEnded: _durable_end,
    trace.AccessDenied: _denied,
    trace.ActionUnmapped: _unmapped,
    trace.NetworkBlocked: _blocked,
    trace.RecordsFiltered: _filtered,
    trace.RecordBatchSettled: _batch,
    trace.RecordsDiscarded: _discarded,
    trace.AlarmStateChanged: _alarm,
    trace.StateMachineEnded: _execution,
    trace.EventDelivered: _delivered,
    trace.DeliveryRequestRecorded: _recorded_request,
    trace.EventNotDelivered: _not_delivered,
}
