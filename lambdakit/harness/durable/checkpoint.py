"""A checkpoint's updates: all of them are looked at first, then all of them are applied, or none.

Source: AWS Lambda API Reference, "CheckpointDurableExecution" ("Updates are applied atomically") and "OperationUpdate"
(sizes of payloads); Lambda Developer Guide, "Lambda quotas" and "Retries for Lambda durable functions" (what counts as
an operation).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.harness.durable.execution import DurableExecution, of_error, of_payload
from lambdakit.harness.durable.operation import Operation
from lambdakit.harness.durable.refusal import DurableRefused, invalid
from lambdakit.harness.durable.states import Action, OperationStatus, OperationType, next_status
from lambdakit.harness.runtime.random_ids import random_hex
from lambdakit.limits import (
    ASYNC_REQUEST_BYTES_MAX,
    DURABLE_OPERATIONS_MAX,
    DURABLE_PAYLOAD_BYTES_MAX,
    DURABLE_STORAGE_BYTES_MAX,
    SYNC_REQUEST_BYTES_MAX,
)

Update = Mapping[str, Any]

# Which members of an update say how its operation is to be; each belongs to one type and one action.
_OPTIONS: Final[Mapping[str, OperationType]] = {
    "ContextOptions": OperationType.CONTEXT,
    "StepOptions": OperationType.STEP,
    "WaitOptions": OperationType.WAIT,
    "CallbackOptions": OperationType.CALLBACK,
    "ChainedInvokeOptions": OperationType.CHAINED_INVOKE,
}
_WAIT_SECONDS_DEFAULT: Final = 1  # aws-durable-execution-sdk-python 3.0.0, lambda_service.py, `WaitOptions`


class QuotaExceeded(Exception):
    """An execution has more operations, or more stored, than it may: it fails."""


def check_updates(execution: DurableExecution, updates: Sequence[Update]) -> None:
    """InvalidParameterValueException for updates that do not fit the execution as it is, or each other."""
    known = {name: (one.type, one.status) for name, one in execution.operations.items()}
    ended = False
    for update in updates:
        kind, action, name = OperationType(update["Type"]), Action(update["Action"]), str(update["Id"])
        if ended:
            raise invalid("No update may follow the one that ends the execution")
        if kind is OperationType.EXECUTION:
            if next_status(kind, OperationStatus.STARTED, action) is None:
                raise _no_such_move(kind, None, action)
            ended = True
        else:
            before_kind, before = known.get(name, (kind, None))
            if before_kind is not kind:
                raise invalid(f"Operation {name} is of type {before_kind}, not {kind}")
            after = next_status(kind, before, action)
            if after is None:
                raise _no_such_move(kind, before, action)
            _check_parent(update, known)
            known[name] = (kind, after)
        _check_options(update, kind, action)
        _check_size(execution, update, kind)


def apply_updates(execution: DurableExecution, updates: Sequence[Update], at: datetime) -> list[Operation]:
    """Applies updates that were checked, and returns the operations they are about, each once, EXECUTION left out.

    QuotaExceeded, with nothing applied, when the execution would be larger than it may be.
    """
    performed = sum(update["Action"] in ("START", "RETRY") for update in updates if update["Type"] != "EXECUTION")
    written = sum(_size(update) for update in updates)
    if execution.performed + performed > DURABLE_OPERATIONS_MAX:
        raise QuotaExceeded(f"a durable execution has at most {DURABLE_OPERATIONS_MAX} operations")
    if execution.written_bytes + written > DURABLE_STORAGE_BYTES_MAX:
        raise QuotaExceeded(f"a durable execution writes at most {DURABLE_STORAGE_BYTES_MAX} bytes")
    execution.performed += performed
    execution.written_bytes += written
    touched: dict[str, Operation] = {}
    for update in updates:
        if update["Type"] != OperationType.EXECUTION:
            operation = _apply(execution, update, at)
            touched[operation.id] = operation
    return list(touched.values())


def callback_id(arn: str, operation_id: str) -> str:
    """What answers to a callback are sent with. It carries the ARN, by which permissions are asked for."""
    return base64.b64encode(f"{arn}|{operation_id}|{random_hex(16)}".encode()).decode()


def _apply(execution: DurableExecution, update: Update, at: datetime) -> Operation:
    kind, action = OperationType(update["Type"]), Action(update["Action"])
    operation = execution.operations.get(update["Id"])
    if operation is None:
        operation = Operation(
            id=update["Id"],
            type=kind,
            started_at=at,
            parent_id=update.get("ParentId") or "",
            name=update.get("Name") or "",
            sub_type=update.get("SubType") or "",
        )
        execution.operations[operation.id] = operation
    match action:
        case Action.START:
            _start(execution, operation, update, at)
        case Action.RETRY:
            _retry(execution, operation, update, at)
        case Action.CANCEL:
            operation.end(OperationStatus.CANCELLED, at)
            operation.error = update.get("Error")
            details = {"Error": of_error(operation.error)} if operation.error else {}
            execution.record(at, "WaitCancelled", operation, **details)
        case Action.SUCCEED | Action.FAIL:
            _end(execution, operation, update, at)
    return operation


def _start(execution: DurableExecution, operation: Operation, update: Update, at: datetime) -> None:
    operation.status = OperationStatus.STARTED
    details: dict[str, Any] = {}
    match operation.type:
        case OperationType.WAIT:
            seconds = (update.get("WaitOptions") or {}).get("WaitSeconds") or _WAIT_SECONDS_DEFAULT
            operation.due = at + timedelta(seconds=seconds)
            details = {"Duration": seconds, "ScheduledEndTimestamp": operation.due}
        case OperationType.CALLBACK:
            options = update.get("CallbackOptions") or {}
            operation.callback_id = callback_id(execution.arn, operation.id)
            operation.heartbeat_seconds = options.get("HeartbeatTimeoutSeconds") or 0
            timeout = options.get("TimeoutSeconds") or 0  # 0 is none, API "CallbackOptions"
            operation.due = at + timedelta(seconds=timeout) if timeout else None
            details = {
                "CallbackId": operation.callback_id,
                "HeartbeatTimeout": operation.heartbeat_seconds or None,
                "Timeout": timeout or None,
            }
        case OperationType.CHAINED_INVOKE:
            chained = update["ChainedInvokeOptions"]
            operation.payload = update.get("Payload")
            operation.function = chained["FunctionName"]
            operation.tenant_id = chained.get("TenantId") or ""
            operation.trace_id = chained.get("XAmznTraceId") or ""
            return  # it is recorded once it is known what it called
    execution.record(at, f"{_EVENT_NAMES[operation.type]}Started", operation, **details)


def _retry(execution: DurableExecution, operation: Operation, update: Update, at: datetime) -> None:
    delay = update["StepOptions"]["NextAttemptDelaySeconds"]
    operation.status = OperationStatus.PENDING
    operation.attempt += 1
    operation.due = at + timedelta(seconds=delay)
    operation.error = update.get("Error")
    operation.result = update.get("Payload")  # the state of a condition that is polled
    details = {"RetryDetails": {"CurrentAttempt": operation.attempt, "NextAttemptDelaySeconds": delay}}
    if operation.error is None:
        execution.record(at, "StepSucceeded", operation, Result=of_payload(operation.result), **details)
    else:
        execution.record(at, "StepFailed", operation, Error=of_error(operation.error), **details)


def _end(execution: DurableExecution, operation: Operation, update: Update, at: datetime) -> None:
    succeeded = update["Action"] == Action.SUCCEED
    operation.end(OperationStatus.SUCCEEDED if succeeded else OperationStatus.FAILED, at)
    operation.due = None
    operation.result, operation.error = (update.get("Payload"), None) if succeeded else (None, update.get("Error"))
    details: dict[str, Any] = (
        {"Result": of_payload(operation.result)} if succeeded else {"Error": of_error(operation.error)}
    )
    if operation.type is OperationType.STEP:
        operation.attempt += 1
        details["RetryDetails"] = {"CurrentAttempt": operation.attempt}
    else:
        operation.replay_children = bool((update.get("ContextOptions") or {}).get("ReplayChildren"))
    ending = "Succeeded" if succeeded else "Failed"
    execution.record(at, f"{_EVENT_NAMES[operation.type]}{ending}", operation, **details)


_EVENT_NAMES: Final[Mapping[OperationType, str]] = {
    OperationType.EXECUTION: "Execution",
    OperationType.CONTEXT: "Context",
    OperationType.STEP: "Step",
    OperationType.WAIT: "Wait",
    OperationType.CALLBACK: "Callback",
    OperationType.CHAINED_INVOKE: "ChainedInvoke",
}


def _check_parent(update: Update, known: Mapping[str, tuple[OperationType, OperationStatus]]) -> None:
    parent = update.get("ParentId")
    if not parent:
        return
    kind, status = known.get(parent, (None, None))
    if kind is not OperationType.CONTEXT:
        raise invalid(f"Parent {parent} of operation {update['Id']} is no context of this execution")
    if status is not OperationStatus.STARTED:
        raise invalid(f"Parent {parent} of operation {update['Id']} has ended")


def _check_options(update: Update, kind: OperationType, action: Action) -> None:
    for name, belongs_to in _OPTIONS.items():
        if update.get(name) is not None and belongs_to is not kind:
            raise invalid(f"{name} is not for operations of type {kind}")
    if action is Action.RETRY and "NextAttemptDelaySeconds" not in (update.get("StepOptions") or {}):
        raise invalid("A retry needs StepOptions.NextAttemptDelaySeconds")
    if kind is OperationType.CHAINED_INVOKE and not update.get("ChainedInvokeOptions"):
        raise invalid("A chained invoke needs ChainedInvokeOptions.FunctionName")


def _check_size(execution: DurableExecution, update: Update, kind: OperationType) -> None:
    most = DURABLE_PAYLOAD_BYTES_MAX
    if kind is OperationType.EXECUTION:
        most = SYNC_REQUEST_BYTES_MAX if execution.synchronous else ASYNC_REQUEST_BYTES_MAX
    if len((update.get("Payload") or "").encode()) > most:
        raise invalid(f"The payload of operation {update['Id']} is larger than {most} bytes")
    if _error_size(update) > DURABLE_PAYLOAD_BYTES_MAX:
        raise invalid(f"The error of operation {update['Id']} is larger than {DURABLE_PAYLOAD_BYTES_MAX} bytes")


def _size(update: Update) -> int:
    return len((update.get("Payload") or "").encode()) + _error_size(update)


def _error_size(update: Update) -> int:
    return len(json.dumps(update["Error"]).encode()) if update.get("Error") else 0


def _no_such_move(kind: OperationType, status: OperationStatus | None, action: Action) -> DurableRefused:
    """The words are ours: no source tells AWS's."""
    state = "that is not there" if status is None else f"that is {status}"
    return invalid(f"Cannot {action} an operation of type {kind} {state}")
