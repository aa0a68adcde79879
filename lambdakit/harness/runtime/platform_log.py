"""The lines that Lambda itself writes around an invocation, as text and as JSON.

Source: AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs" (text and JSON formats),
"Log-level filtering" (the level of each system event), "Lambda Telemetry API Event schema reference" (the JSON
records), and "Understanding the Lambda execution environment lifecycle" (the fields of REPORT and INIT_REPORT).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.runtime import platform_records as records
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.telemetry_subscription import Api
from lambdakit.records import dataclass

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
    trace_id: the X-Ray header that the function saw. produced_bytes: of its response; None when there is none.
    """

    request_id: str
    status: str
    error_type: str | None
    error_message: str
    duration_ms: float
    init_duration_ms: float | None
    max_memory_mib: int
    trace_id: str
    produced_bytes: int | None = None


class PlatformLog:
    """Renders the platform's lines in the function's log format; each method returns those to write, often none.

    init_type: `on-demand` or `provisioned-concurrency`: how the environment came to be started.
    """

    def __init__(self, configuration: FunctionConfiguration, *, init_type: str = "on-demand") -> None:
        self._configuration = configuration
        self._init_type = init_type
        self._json = configuration.log_format == "JSON"
        level = configuration.system_log_level or "INFO"
        self._threshold = _LEVELS.index(level) if level in _LEVELS else 1

    def init_start(self, interpreter: str, at: datetime) -> list[str]:
        """A cold start begins. interpreter: what stands for the runtime's version here."""
        record = records.init_start(interpreter, self._configuration.region, self._init_type)
        if not self._json:
            version, arn = record["runtimeVersion"], record["runtimeVersionArn"]
            return [f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}"]
        return self._record("initStart", record, "INFO", at)

    def init_report(self, *, duration_ms: float, status: str, error_type: str | None, at: datetime) -> list[str]:
        """A cold start ended. On demand, text has it only for a failure; ahead of events, always.

        Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle".
        """
        failed = status != "success"
        shown = "timeout" if status == "timeout" else "error" if failed else "success"
        if not self._json:
            if not failed and self._init_type == "on-demand":
                return []
            fields = [f"INIT_REPORT Init Duration: {duration_ms:.2f} ms", "Phase: init", f"Status: {shown}"]
            return ["\t".join([*fields, f"Error Type: {error_type}"] if shown == "error" else fields)]
        record = records.init_report(self._init_type, duration_ms=duration_ms, status=status, error_type=error_type)
        return self._record("initReport", record, "WARN" if failed else "DEBUG", at)

    def subscription(self, api: Api, record: Mapping[str, Any], at: datetime) -> list[str]:
        """An extension subscribed to telemetry. record: of the event of that name."""
        if self._json:
            return self._record(f"{api.value.lower()}Subscription", record, "INFO", at)
        types = ", ".join(name.title() for name in record["types"])
        return [f"{api.value.upper()}\tName: {record['name']}\tState: {record['state']}\tTypes: [{types}]"]

    def extension(self, record: Mapping[str, Any], at: datetime) -> list[str]:
        """What became of an extension in the init phase. record: of the event of that name."""
        error_type = record.get("errorType")
        if self._json:
            return self._record("extension", record, "INFO" if error_type is None else "WARN", at)
        events = ", ".join(record["events"])
        line = f"EXTENSION\tName: {record['name']}\tState: {record['state']}\tEvents: [{events}]"
        return [line if error_type is None else f"{line}\tError Type: {error_type}"]

    def start(self, request_id: str, at: datetime) -> list[str]:
        """An invocation begins."""
        version = self._configuration.version
        if not self._json:
            return [f"START RequestId: {request_id} Version: {version}"]
        return self._record("start", {"requestId": request_id, "version": version, **self._tenant}, "INFO", at)

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
        done = {"requestId": accounting.request_id, **_status(accounting), **self._tenant}
        level = "DEBUG" if accounting.status == "success" else "WARN"
        metrics: dict[str, Any] = {"durationMs": accounting.duration_ms}
        if accounting.produced_bytes is not None:
            metrics["producedBytes"] = accounting.produced_bytes
        lines = self._record("runtimeDone", {**done, "metrics": metrics}, level, at)
        level = "INFO" if accounting.status == "success" else "WARN"
        return lines + self._record("report", self.report_record(accounting), level, at)

    def report_record(self, accounting: Accounting) -> dict[str, Any]:
        """The record of `platform.report`."""
        metrics = {
            "durationMs": round(accounting.duration_ms, 3),
            "billedDurationMs": billed_ms(accounting.duration_ms, accounting.init_duration_ms),
            "memorySizeMB": self._configuration.memory_mib,
            "maxMemoryUsedMB": accounting.max_memory_mib,
        }
        if accounting.init_duration_ms is not None:
            metrics["initDurationMs"] = round(accounting.init_duration_ms, 3)
        return {"requestId": accounting.request_id, **_status(accounting), "metrics": metrics, **self._tenant}

    @property
    def _tenant(self) -> Mapping[str, str]:
        """Guide "Monitoring Lambda functions with tenant isolation": records of platform events have `tenantId`."""
        return {"tenantId": self._configuration.tenant_id} if self._configuration.tenant_id else {}

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


def _status(accounting: Accounting) -> Mapping[str, str]:
    return records.outcome(accounting.status, accounting.error_type)


def _x_ray(trace_id: str) -> str:
    """What REPORT ends with when the trace is sampled."""
    if "Sampled=1" not in trace_id:
        return ""
    fields = dict(part.split("=", 1) for part in trace_id.split(";") if "=" in part)
    if fields.get("Sampled") != "1":
        return ""
    return f"\nXRAY TraceId: {fields.get('Root', '')}\tSegmentId: {fields.get('Parent', '')}\tSampled: true\t"
