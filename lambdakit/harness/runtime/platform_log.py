"""The lines that Lambda itself writes around an invocation, as text and as JSON.

Source: AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs" (text and JSON formats),
"Log-level filtering" (the level of each system event), "Lambda Telemetry API Event schema reference" (the JSON
records), and "Understanding the Lambda execution environment lifecycle" (the fields of REPORT and INIT_REPORT).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration

# In rising order; a record below the configured level is left out. Text logs are never filtered.
_LEVELS = ("DEBUG", "INFO", "WARN")


def billed_ms(duration_ms: float, init_duration_ms: float | None) -> int:
    """The milliseconds that are paid for, rounded up; init counts.

    Source: AWS Compute Blog, "AWS Lambda standardizes billing for INIT Phase"; examples in the Developer Guide.
    """
    return math.ceil(round(duration_ms + (init_duration_ms or 0), 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """What REPORT says of an invocation.

    status: as in `trace.InvocationEnded`. error_message: the platform's own, for a crash.
    init_duration_ms: None unless it was a cold start.
    trace_id: the X-Ray header that the function saw.
    """

    request_id: str
    status: str
    error_type: str | None
    error_message: str
    duration_ms: float
    init_duration_ms: float | None
    max_memory_mib: int
    trace_id: str


class PlatformLog:
    """Renders the platform's lines in the function's log format; each method returns those to write, often none."""

    def __init__(self, configuration: FunctionConfiguration) -> None:
        self._configuration = configuration
        self._json = configuration.log_format == "JSON"
        level = configuration.system_log_level or "INFO"
        self._threshold = _LEVELS.index(level) if level in _LEVELS else 1

    def init_start(self, interpreter: str, at: datetime) -> list[str]:
        """A cold start begins. interpreter: what stands for the runtime's version here."""
        region = self._configuration.region
        arn = f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(interpreter.encode()).hexdigest()}"
        version = re.sub(r"(?<=[a-z])(?=\d)", ":", interpreter, count=1)
        if not self._json:
            return [f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}"]
        record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": version}
        return self._record("initStart", {**record, "runtimeVersionArn": arn}, "INFO", at)

    def init_report(self, *, duration_ms: float, status: str, error_type: str | None, at: datetime) -> list[str]:
        """A cold start ended. Text has it only for a failure, as the guide says of init on demand."""
        failed = status != "success"
        shown = "timeout" if status == "timeout" else "error" if failed else "success"
        if not self._json:
            if not failed:
                return []
            fields = [f"INIT_REPORT Init Duration: {duration_ms:.2f} ms", "Phase: init", f"Status: {shown}"]
            return ["\t".join([*fields, f"Error Type: {error_type}"] if shown == "error" else fields)]
        record: dict[str, Any] = {"initializationType": "on-demand", "phase": "init", "status": shown}
        if error_type is not None:
            record["errorType"] = error_type
        record["metrics"] = {"durationMs": round(duration_ms, 3)}
        return self._record("initReport", record, "WARN" if failed else "DEBUG", at)

    def start(self, request_id: str, at: datetime) -> list[str]:
        """An invocation begins."""
        version = self._configuration.version
        if not self._json:
            return [f"START RequestId: {request_id} Version: {version}"]
        return self._record("start", {"requestId": request_id, "version": version}, "INFO", at)

    def failure(self, accounting: Accounting, at: datetime) -> list[str]:
        """What the log says of a time-out or a crash; a handler's own error is the runtime's to log."""
        if self._json or accounting.status not in ("timeout", "crash"):
            return []
        if accounting.status == "timeout":
            seconds = self._configuration.timeout_seconds
            return [f"{iso_milliseconds(at)} {accounting.request_id} Task timed out after {seconds:.2f} seconds", ""]
        return [accounting.error_message, accounting.error_type or ""]

    def end(self, accounting: Accounting, at: datetime) -> list[str]:
        """An invocation ended: END and REPORT, or their records."""
        if not self._json:
            return [f"END RequestId: {accounting.request_id}", self._report_line(accounting)]
        done = {"requestId": accounting.request_id, **_status(accounting)}
        level = "DEBUG" if accounting.status == "success" else "WARN"
        lines = self._record("runtimeDone", {**done, "metrics": {"durationMs": accounting.duration_ms}}, level, at)
        metrics = {
            "durationMs": round(accounting.duration_ms, 3),
            "billedDurationMs": billed_ms(accounting.duration_ms, accounting.init_duration_ms),
            "memorySizeMB": self._configuration.memory_mib,
            "maxMemoryUsedMB": accounting.max_memory_mib,
        }
        if accounting.init_duration_ms is not None:
            metrics["initDurationMs"] = round(accounting.init_duration_ms, 3)
        level = "INFO" if accounting.status == "success" else "WARN"
        return lines + self._record("report", {**done, "metrics": metrics}, level, at)

    def _report_line(self, accounting: Accounting) -> str:
        fields = [
            f"REPORT RequestId: {accounting.request_id}",
            f"Duration: {accounting.duration_ms:.2f} ms",
            f"Billed Duration: {billed_ms(accounting.duration_ms, accounting.init_duration_ms)} ms",
            f"Memory Size: {self._configuration.memory_mib} MB",
            f"Max Memory Used: {accounting.max_memory_mib} MB",
        ]
        if accounting.init_duration_ms is not None:
            fields.append(f"Init Duration: {accounting.init_duration_ms:.2f} ms")
        if accounting.status == "timeout":
            fields.append("Status: timeout")
        elif accounting.status == "crash":
            fields += ["Status: error", f"Error Type: {accounting.error_type}"]
        return "\t".join(fields) + "\t" + _x_ray(accounting.trace_id)

    def _record(self, kind: str, record: Mapping[str, Any], level: str, at: datetime) -> list[str]:
        if _LEVELS.index(level) < self._threshold:
            return []
        line = {"time": iso_milliseconds(at), "type": f"platform.{kind}", "record": record}
        return [json.dumps(line, separators=(",", ":"))]


def _status(accounting: Accounting) -> dict[str, str]:
    if accounting.status == "success":
        return {"status": "success"}
    if accounting.status == "timeout":
        return {"status": "timeout"}
    return {"status": "error", "errorType": accounting.error_type or "Runtime.Unknown"}


def _x_ray(trace_id: str) -> str:
    """What REPORT ends with when the trace is sampled."""
    fields = dict(part.split("=", 1) for part in trace_id.split(";") if "=" in part)
    if fields.get("Sampled") != "1":
        return ""
    return f"\nXRAY TraceId: {fields.get('Root', '')}\tSegmentId: {fields.get('Parent', '')}\tSampled: true\t"
