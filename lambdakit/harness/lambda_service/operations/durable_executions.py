"""Durable executions: checkpoints and state for the SDKs; looked at, stopped, paused and deleted by everybody else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.durable.service import DurableService, Wanted
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.operations.operation import Input, Operation, OperationContext, Output
from lambdakit.limits import DURABLE_PAGE_DEFAULT, DURABLE_PAGE_MAX

_Item = TypeVar("_Item")

# Members of a history's events that hold what the function was given and gave; they go without IncludeExecutionData.
_DATA: Final = frozenset({"Input", "Result", "Error", "Reason"})


def _checkpoint(given: Input, service: DurableService) -> Output:
    return service.checkpoint(
        given["DurableExecutionArn"],
        given["CheckpointToken"],
        given.get("Updates") or [],
        given.get("ClientToken") or "",
    )


def _state(given: Input, service: DurableService) -> Output:
    return service.state(
        given["DurableExecutionArn"],
        given["CheckpointToken"],
        marker=given.get("Marker") or "",
        most=given.get("MaxItems") or 0,
    )


def _get(given: Input, service: DurableService) -> Output:
    execution = service.get(given["DurableExecutionArn"])
    with_data = given.get("IncludeExecutionData", True)
    output = _summary(execution)
    config = execution.config
    if with_data:
        output |= {"InputPayload": execution.payload, "Result": execution.result, "Error": execution.error}
    if execution.pause is not None:
        output["PauseDetails"] = {
            "PauseRequestTimestamp": execution.pause.asked_at,
            "Reason": execution.pause.reason if with_data else None,
            "ExecutionTimeoutPaused": execution.pause.stops_timeout,
        }
    return {
        **output,
        "Version": execution.version,
        "TraceHeader": {"XAmznTraceId": execution.trace_id} if execution.trace_id else None,
        "ExecutionDataIncluded": with_data,
        "DurableConfig": {
            "ExecutionTimeout": config.execution_timeout_seconds,
            "RetentionPeriodInDays": config.retention_days,
            "KMSKeyArn": config.kms_key_arn or None,
        },
        "ExpectedExecutionTimeoutTimestamp": execution.time_limit_at,
    }


def _history(given: Input, service: DurableService) -> Output:
    execution = service.get(given["DurableExecutionArn"])
    events = list(execution.events)
    if given.get("ReverseOrder"):
        events.reverse()
    shown, marker = _page(events, given)
    if not given.get("IncludeExecutionData", True):
        shown = [_without_data(event) for event in shown]
    return {"Events": shown, "NextMarker": marker}


def _list(given: Input, service: DurableService, context: OperationContext) -> Output:
    named, _ = context.existing(given)
    wanted = Wanted(
        qualifier=named.qualifier,
        name=given.get("DurableExecutionName") or "",
        statuses=given.get("Statuses") or (),
        after=given.get("StartedAfter"),
        before=given.get("StartedBefore"),
    )
    arn = named.arn.removesuffix(f":{named.qualifier}") if named.qualifier else named.arn
    executions = list(service.listed(arn, wanted))
    if given.get("ReverseOrder"):  # API: "Set to true to return results in chronological order (oldest first)"
        executions.reverse()
    shown, marker = _page(executions, given)
    return {"DurableExecutions": [_summary(execution) for execution in shown], "NextMarker": marker}


def _stop(given: Input, service: DurableService) -> Output:
    return {"StopTimestamp": service.stop(given["DurableExecutionArn"], given.get("Error"))}


def _pause(given: Input, service: DurableService) -> Output:
    service.pause(
        given["DurableExecutionArn"],
        given.get("ClientToken") or "",
        reason=given.get("Reason") or "",
        stops_timeout=given.get("ExecutionTimeoutPaused", True),
    )
    return {}


def _resume(given: Input, service: DurableService) -> Output:
    service.resume(given["DurableExecutionArn"], given.get("ClientToken") or "", reason=given.get("Reason") or "")
    return {}


def _delete(given: Input, service: DurableService) -> Output:
    service.delete(given["DurableExecutionArn"])
    return {}


def _succeed(given: Input, service: DurableService) -> Output:
    result = given.get("Result")
    service.answer(given["CallbackId"], result=None if result is None else result.decode("utf-8", "replace"))
    return {}


def _fail(given: Input, service: DurableService) -> Output:
    service.answer(given["CallbackId"], error=given.get("Error") or {})
    return {}


def _heartbeat(given: Input, service: DurableService) -> Output:
    service.heartbeat(given["CallbackId"])
    return {}


def _served(answer: Callable[[Input, DurableService], Output]) -> Operation:
    """An operation about one execution, which has to be one of the caller's account."""

    def operation(given: Input, context: OperationContext) -> Output:
        return _answered(lambda service: answer(given, service), given, context)

    return operation


def _list_of_function(given: Input, context: OperationContext) -> Output:
    return _answered(lambda service: _list(given, service, context), given, context)


OPERATIONS: Mapping[str, Operation] = {
    "CheckpointDurableExecution": _served(_checkpoint),
    "DeleteDurableExecution": _served(_delete),
    "GetDurableExecution": _served(_get),
    "GetDurableExecutionHistory": _served(_history),
    "GetDurableExecutionState": _served(_state),
    "ListDurableExecutionsByFunction": _list_of_function,
    "PauseDurableExecution": _served(_pause),
    "ResumeDurableExecution": _served(_resume),
    "SendDurableExecutionCallbackFailure": _served(_fail),
    "SendDurableExecutionCallbackHeartbeat": _served(_heartbeat),
    "SendDurableExecutionCallbackSuccess": _served(_succeed),
    "StopDurableExecution": _served(_stop),
}


def _answered(answer: Callable[[DurableService], Output], given: Input, context: OperationContext) -> Output:
    if context.durable is None:
        raise ServiceFault("ServiceException", "durable executions are not served here")
    arn = given.get("DurableExecutionArn")
    if arn is not None and arn.split(":")[4] != context.functions.account_id:
        raise ServiceFault("ResourceNotFoundException", f"Durable execution not found: {arn}")
    try:
        return answer(context.durable)
    except DurableRefused as refused:
        raise ServiceFault(refused.code, refused.message) from None


def _summary(execution: DurableExecution) -> dict[str, Any]:
    return {
        "DurableExecutionArn": execution.arn,
        "DurableExecutionName": execution.name,
        "FunctionArn": f"{execution.function_arn}:{execution.version}",
        "Status": execution.status.value,
        "StartTimestamp": execution.started_at,
        "EndTimestamp": execution.ended_at,
    }


def _page(items: Sequence[_Item], given: Input) -> tuple[Sequence[_Item], str | None]:
    """The page that `Marker` and `MaxItems` ask for, and the marker of the next; None after the last."""
    begin = 0
    if given.get("Marker"):
        try:
            begin = int(base64.b64decode(given["Marker"], validate=True))
        except ValueError:
            raise ServiceFault("InvalidParameterValueException", f"Invalid Marker: {given['Marker']}") from None
    end = begin + min(given.get("MaxItems") or DURABLE_PAGE_DEFAULT, DURABLE_PAGE_MAX)
    return items[begin:end], base64.b64encode(str(end).encode()).decode() if end < len(items) else None


def _without_data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: {key: {} if key in _DATA else value for key, value in details.items()}
        if isinstance(details, dict)
        else details
        for name, details in event.items()
    }
