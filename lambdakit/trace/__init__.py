"""What happened, in order: the single observable of the harness.

A `TraceEvent` is plain data. The harness appends to its `TraceLog`; a caller in another process reads the events
back with `event_from_wire`. Every test, report and cost figure reads these and nothing else.
"""

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
from lambdakit.trace.log import TraceLog
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
from lambdakit.trace.wire import event_from_wire, event_to_wire

__all__ = [
    "AccessDenied",
    "ActionUnmapped",
    "AlarmStateChanged",
    "CapacityScaled",
    "DeliveryRequestRecorded",
    "DeploymentEnded",
    "DeploymentStarted",
    "DestinationFailed",
    "DestinationSent",
    "DurableExecutionEnded",
    "DurableExecutionStarted",
    "DurableExecutionSuspended",
    "DurableOperationChanged",
    "EnvironmentReset",
    "EnvironmentStarted",
    "EnvironmentStopped",
    "EventDelivered",
    "EventNotDelivered",
    "EventQueued",
    "EventSettled",
    "ExistingMade",
    "FunctionLogged",
    "ImageRecorded",
    "InvocationEnded",
    "InvocationRetryScheduled",
    "InvocationStarted",
    "InvocationThrottled",
    "NetworkBlocked",
    "PropertyRecorded",
    "ProvisionedConcurrencyChanged",
    "ProvisionedSpillover",
    "RecordBatchSettled",
    "RecordsDiscarded",
    "RecordsFiltered",
    "RecursionStopped",
    "RequestAnswered",
    "RequestReceived",
    "ResourceChanged",
    "ResponseStreamed",
    "RuntimeNote",
    "ServiceCalled",
    "StateMachineEnded",
    "TargetHealthChanged",
    "TraceEvent",
    "TraceLog",
    "TrafficShiftEnded",
    "TrafficShifted",
    "UnsupportedIgnored",
    "event_from_wire",
    "event_to_wire",
]
