"""Trace events as JSON, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdakit.trace.asynchronous import (
    CapacityScaled,
    DestinationFailed,
    DestinationSent,
    EventQueued,
    EventSettled,
    InvocationRetryScheduled,
    InvocationThrottled,
    ProvisionedConcurrencyChanged,
    ProvisionedSpillover,
    RecursionStopped,
)
from lambdakit.trace.deployments import (
    DeploymentEnded,
    DeploymentStarted,
    ExistingMade,
    ImageRecorded,
    PropertyRecorded,
    ResourceChanged,
    TrafficShifted,
    TrafficShiftEnded,
    UnsupportedIgnored,
)
from lambdakit.trace.durable import (
    DurableExecutionEnded,
    DurableExecutionStarted,
    DurableExecutionSuspended,
    DurableOperationChanged,
)
from lambdakit.trace.event import TraceEvent
from lambdakit.trace.guards import AccessDenied, ActionUnmapped, NetworkBlocked
from lambdakit.trace.invocations import (
    EnvironmentReset,
    EnvironmentStarted,
    EnvironmentStopped,
    FunctionLogged,
    InvocationEnded,
    InvocationStarted,
    RequestAnswered,
    RequestReceived,
    ResponseStreamed,
    RuntimeNote,
    ServiceCalled,
    TargetHealthChanged,
)
from lambdakit.trace.sources import (
    AlarmStateChanged,
    DeliveryRequestRecorded,
    EventDelivered,
    EventNotDelivered,
    RecordBatchSettled,
    RecordsDiscarded,
    RecordsFiltered,
    StateMachineEnded,
)

_EVENTS: Mapping[str, type[TraceEvent]] = {
    event.__name__: event
    for event in (
        DeploymentStarted,
        DeploymentEnded,
        ResourceChanged,
        UnsupportedIgnored,
        ExistingMade,
        ImageRecorded,
        PropertyRecorded,
        RequestReceived,
        RequestAnswered,
        TargetHealthChanged,
        EnvironmentStarted,
        EnvironmentReset,
        EnvironmentStopped,
        RuntimeNote,
        InvocationStarted,
        InvocationEnded,
        ResponseStreamed,
        FunctionLogged,
        ServiceCalled,
        InvocationThrottled,
        RecursionStopped,
        ProvisionedConcurrencyChanged,
        CapacityScaled,
        ProvisionedSpillover,
        EventQueued,
        InvocationRetryScheduled,
        EventSettled,
        DestinationSent,
        DestinationFailed,
        DurableExecutionStarted,
        DurableOperationChanged,
        DurableExecutionSuspended,
        DurableExecutionEnded,
        AccessDenied,
        ActionUnmapped,
        NetworkBlocked,
        AlarmStateChanged,
        TrafficShifted,
        TrafficShiftEnded,
        StateMachineEnded,
        EventDelivered,
        DeliveryRequestRecorded,
        EventNotDelivered,
        RecordBatchSettled,
        RecordsDiscarded,
        RecordsFiltered,
    )
}


def event_to_wire(event: TraceEvent) -> dict[str, object]:
    """The event as JSON: its fields, and `kind`, the name of its class."""
    wire: dict[str, object] = {"kind": type(event).__name__}
    for field in dataclasses.fields(event):
        value = getattr(event, field.name)
        wire[field.name] = value.isoformat() if isinstance(value, datetime) else value
    return wire


def event_from_wire(wire: Mapping[str, object]) -> TraceEvent:
    """The event that `event_to_wire` wrote. KeyError for an unknown kind."""
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in wire.items() if key != "kind"
    }
    fields["at"] = datetime.fromisoformat(str(wire["at"]))
    return _EVENTS[str(wire["kind"])](**fields)
