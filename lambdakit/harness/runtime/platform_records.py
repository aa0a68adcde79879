"""The records that Lambda's platform makes of what happens, as JSON logs and telemetry carry them.

Each function returns the `record` of one event type, without time and type.
Source: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambdakit.arn import partition_of
from lambdakit.clock import iso_milliseconds

Record = dict[str, Any]


def runtime_version(interpreter: str) -> str:
    """What stands for the runtime's version here: `python:3.13.1`, `provided:al2023`.

    interpreter: the name that goes with the version.
    """
    return re.sub(r"(?<=[a-z])(?=\d)|(?<=^provided)\.", ":", interpreter, count=1)


def runtime_version_arn(interpreter: str, region: str) -> str:
    """An ARN of the form that names a runtime version."""
    return f"arn:{partition_of(region)}:lambda:{region}::runtime:{hashlib.sha256(interpreter.encode()).hexdigest()}"


def init_start(interpreter: str, region: str, init_type: str = "on-demand", *, phase: str = "init") -> Record:
    """`platform.initStart`. init_type: `on-demand` or `provisioned-concurrency`.

    phase: `init`, or `invoke` when the init phase is run again inside an invocation.
    """
    return {
        "initializationType": init_type,
        "phase": phase,
        "runtimeVersion": runtime_version(interpreter),
        "runtimeVersionArn": runtime_version_arn(interpreter, region),
    }


def init_runtime_done(init_type: str, *, phase: str, status: str, error_type: str | None) -> Record:
    """`platform.initRuntimeDone`."""
    return {"initializationType": init_type, "phase": phase, **outcome(status, error_type)}


def init_report(
    init_type: str = "on-demand", *, duration_ms: float, status: str, error_type: str | None, phase: str = "init"
) -> Record:
    """`platform.initReport`."""
    metrics = {"durationMs": round(duration_ms, 3)}
    record: Record = {"initializationType": init_type, "phase": phase, **outcome(status, error_type)}
    if error_type is not None:
        record["errorType"] = error_type
    return {**record, "metrics": metrics}


def tracing(trace_id: str) -> Record:
    """The trace that an invocation belongs to."""
    return {"type": "X-Amzn-Trace-Id", "value": trace_id}


def span(name: str, start: datetime, duration_ms: float) -> Record:
    """A part of an invocation."""
    return {"name": name, "start": iso_milliseconds(start), "durationMs": round(duration_ms, 3)}


def runtime_done(
    request_id: str,
    *,
    status: str,
    error_type: str | None,
    duration_ms: float,
    produced_bytes: int | None,
    spans: Sequence[Record],
    trace_id: str,
) -> Record:
    """`platform.runtimeDone`. produced_bytes: of the response; None when there is none."""
    metrics: Record = {"durationMs": round(duration_ms, 3)}
    if produced_bytes is not None:
        metrics["producedBytes"] = produced_bytes
    done = {"requestId": request_id, **outcome(status, error_type), "metrics": metrics, "tracing": tracing(trace_id)}
    return {**done, "spans": list(spans)} if spans else done


def extension(name: str, state: str, events: Sequence[str], error_type: str | None = None) -> Record:
    """`platform.extension`. state: `Ready`, or what went wrong. error_type: None unless something did."""
    record: Record = {"name": name, "state": state, "events": list(events)}
    return record if error_type is None else {**record, "errorType": error_type}


def subscription(name: str, state: str, types: Sequence[str]) -> Record:
    """`platform.telemetrySubscription`, or `platform.logsSubscription` for the Logs API."""
    return {"name": name, "state": state, "types": list(types)}


def logs_dropped(records: int, size_bytes: int) -> Record:
    """`platform.logsDropped`, with the text of AWS's example."""
    return {
        "droppedBytes": size_bytes,
        "droppedRecords": records,
        "reason": "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.",
    }


def outcome(status: str, error_type: str | None) -> Mapping[str, str]:
    """Status and error type. status: as in `trace.InvocationEnded`."""
    if status in ("success", "timeout"):
        return {"status": status}
    return {"status": "error", "errorType": error_type or "Runtime.Unknown"}
