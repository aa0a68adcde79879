"""What Step Functions puts on the default bus: executions of standard state machines that begin and end.

Source: AWS Step Functions Developer Guide, "Automating Step Functions event delivery with EventBridge" (the detail is
what `DescribeExecution` tells; express workflows emit none; what is longer than 248 KiB is left out).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.delivery.alarm_actions import PutAwsEvent
from lambdakit.harness.moto_state.state_machines import ExecutionChange

_BYTES_MAX: Final = 248 * 1024
_REDRIVABLE: Final = frozenset({"ABORTED", "FAILED", "TIMED_OUT"})


def put_execution_event(put_event: PutAwsEvent, change: ExecutionChange) -> None:
    """Puts the event of a change; none for an express workflow."""
    if change.express:
        return
    region, account_id = change.arn.split(":")[3:5]
    put_event(
        account_id=account_id,
        region=region,
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        detail=_detail(change),
        resources=[change.arn],
        time=change.ended or change.begun,
    )


def _detail(change: ExecutionChange) -> Mapping[str, Any]:
    # The input gives way where both together are too long.
    output = _unless_longer(change.output, _BYTES_MAX)
    given = _unless_longer(change.input, _BYTES_MAX - len((output or "").encode()))
    redrivable = change.status in _REDRIVABLE
    return {
        "executionArn": change.arn,
        "stateMachineArn": change.machine_arn,
        "stateMachineVersionArn": change.version_arn,
        "stateMachineAliasArn": change.alias_arn,
        "name": change.name,
        "status": change.status,
        "startDate": _milliseconds(change.begun),
        "stopDate": None if change.ended is None else _milliseconds(change.ended),
        "input": given,
        "output": output,
        "inputDetails": {"included": given is not None},
        "outputDetails": None if change.output is None else {"included": output is not None},
        "error": change.error or None,
        "cause": change.cause or None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": None if redrivable else f"Execution is {change.status} and cannot be redriven",
    }


def _unless_longer(text: str | None, bytes_max: int) -> str | None:
    return text if text is not None and len(text.encode()) <= bytes_max else None


def _milliseconds(at: datetime.datetime) -> int:
    return round(at.timestamp() * 1000)
