"""What of an execution a function gets to see when it runs again, a page at a time.

Source: AWS Lambda API Reference, "GetDurableExecutionState": operations in the order they began; those inside a context
that has ended are left out, unless it asks for them ("ContextOptions").
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.operation import Operation, for_runtime
from lambdakit.harness.durable.refusal import invalid
from lambdakit.harness.durable.states import OperationType
from lambdakit.limits import DURABLE_PAGE_DEFAULT, DURABLE_PAGE_MAX, SYNC_REQUEST_BYTES_MAX

# Of an invocation's event, which may have 6 MB: what is left for the operations, with room for all else.
_STATE_BYTES_MAX: Final = SYNC_REQUEST_BYTES_MAX - 64 * 1024
_SIGN: Final = "operation"


def replayed(execution: DurableExecution) -> Sequence[Operation]:
    """The operations that a replay needs, in the order they began."""
    hidden: set[str] = set()
    shown = []
    for operation in execution.operations.values():
        parent = execution.operations.get(operation.parent_id)
        if parent is not None and (parent.id in hidden or _hides(parent)):
            hidden.add(operation.id)
        else:
            shown.append(operation)
    return shown


def page(operations: Sequence[Operation], marker: str, most: int) -> tuple[Sequence[Operation], str | None]:
    """The operations from `marker` on, as many as fit, and the marker of the next; None after the last.

    most: 0 for the default. At least one operation is on a page, however large it is.
    """
    begin = _place(marker)
    limit = min(most or DURABLE_PAGE_DEFAULT, DURABLE_PAGE_MAX)
    end, size = begin, 0
    for operation in operations[begin : begin + limit]:
        size += _size(operation)
        if end > begin and size > _STATE_BYTES_MAX:
            break
        end += 1
    return operations[begin:end], _marker(end) if end < len(operations) else None


def invocation_event(execution: DurableExecution) -> Mapping[str, Any]:
    """What the runtime gets. The execution's token is the invocation's; what changed counts as told.

    Source: `aws-durable-execution-sdk-python` 3.0.0, execution.py, `DurableExecutionInvocationInput`.
    """
    updated = [operation.id for operation in execution.take_changed()]
    shown, marker = page(replayed(execution), "", 0)
    state: dict[str, Any] = {"Operations": for_runtime([operation.members() for operation in shown])}
    if marker is not None:
        state["NextMarker"] = marker
    return {
        "DurableExecutionArn": execution.arn,
        "CheckpointToken": execution.token,
        "InitialExecutionState": state,
        "UpdatedOperationIds": updated,
    }


def _hides(operation: Operation) -> bool:
    return operation.type is OperationType.CONTEXT and operation.is_over and not operation.replay_children


def _size(operation: Operation) -> int:
    texts = (operation.payload, operation.result)
    return 512 + sum(len(text.encode()) for text in texts if text) + len(str(operation.error or ""))


def _marker(place: int) -> str:
    return base64.b64encode(f"{_SIGN}:{place}".encode()).decode()


def _place(marker: str) -> int:
    if not marker:
        return 0
    try:
        sign, number = base64.b64decode(marker, validate=True).decode().split(":")
        place = int(number)
    except (ValueError, binascii.Error):
        sign, place = "", -1
    if sign != _SIGN or place < 0:
        raise invalid(f"Invalid Marker: {marker}")
    return place
