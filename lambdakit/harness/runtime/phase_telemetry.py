"""What happens to one environment, phase by phase, as its log and its telemetry subscribers are told.

The environment says what happens; the log lines that a start or an end of an invocation make are the invoker's.
Source: AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference"; "Using the Lambda Extensions API to
create extensions", section "Extension logs"; "Using the Lambda runtime API" for where an invocation ends.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdakit.harness.runtime import platform_records as records
from lambdakit.harness.runtime.application_log import ApplicationLog
from lambdakit.harness.runtime.extensions import Extensions
from lambdakit.harness.runtime.faults import Fault
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.function_logs import LogSink
from lambdakit.harness.runtime.platform_log import PlatformLog
from lambdakit.harness.runtime.response_stream import ResponseStream
from lambdakit.harness.runtime.telemetry import Telemetry
from lambdakit.harness.runtime.telemetry_subscription import Api, InvalidSubscription, read_subscription


class PhaseTelemetry:
    """Tells of one environment.

    describe: says first what stands for the runtime's version. now: the time that events carry; absence: the machine's.
    log: takes a line and the request id that it belongs to.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        describe: Callable[[FunctionConfiguration], tuple[str, str]],
        *,
        now: Callable[[], datetime] | None,
        log: LogSink,
        provisioned: bool,
    ) -> None:
        self._now = now or functools.partial(datetime.now, UTC)
        self.telemetry = Telemetry(json_lines=configuration.log_format == "JSON", now=self._now)
        self._configuration = configuration
        self._platform = PlatformLog(configuration)
        self._application = ApplicationLog(configuration)
        self._describe = describe
        self._log = log
        self._init_type = "provisioned-concurrency" if provisioned else "on-demand"
        self._phase = "init"
        self._runtime_is_done = True
        self._request_id = ""
        self._trace_id = ""
        self._delivered_at = self._began_at = self._answered_at = 0.0
        self._produced_bytes: int | None = None

    def sinks(self, output: int, extension_output: int | None) -> dict[int, LogSink]:
        """Who takes the lines of the function, and of its extensions where there are any, by descriptor."""
        sinks: dict[int, LogSink] = {output: self._take_function_line}
        if extension_output is not None:
            sinks[extension_output] = self._take_extension_line
        return sinks

    def init_begins(self, *, suppressed: bool) -> None:
        """Processes start. suppressed: inside an invocation, after a reset."""
        self._phase = "invoke" if suppressed else "init"
        self._request_id, self._runtime_is_done = "", False
        interpreter, _ = self._describe(self._configuration)
        record = records.init_start(interpreter, self._configuration.region, self._init_type, phase=self._phase)
        self.telemetry.emit("platform.initStart", record)

    def subscribe(self, name: str, api: Api, body: bytes) -> None:
        """Takes the subscription of an extension. InvalidSubscription when it cannot."""
        used = self.telemetry.api_of(name)
        if used is not None and used is not api:
            # DG "Using the Lambda Logs API": after the one, an attempt to subscribe using the other returns an error.
            raise InvalidSubscription([f"{name} has subscribed using the {used} API already"])
        subscription = read_subscription(api, body)
        state = self.telemetry.subscribe(name, subscription)
        record = records.subscription(name, state, subscription.types)
        self.telemetry.emit("platform.telemetrySubscription", record)
        self.telemetry.emit("platform.logsSubscription", record)
        for line in self._platform.subscription(api, record, self._now()):
            self._log(line, "")

    def runtime_waits(self, fault: Fault | None) -> None:
        """The runtime asks for its next event. fault: of the invocation that this ends."""
        if not self._runtime_is_done:
            self._runtime_ends(fault)

    def init_ends(self, fault: Fault | None, *, duration_ms: float, extensions: Extensions) -> None:
        """The init phase is over."""
        if not self._runtime_is_done:
            self._runtime_ends(fault)
        for record in _extension_records(extensions, fault):
            self.telemetry.emit("platform.extension", record)
            for line in self._platform.extension(record, self._now()):
                self._log(line, "")
        self.telemetry.emit(
            "platform.initReport",
            records.init_report(self._init_type, duration_ms=duration_ms, phase=self._phase, **_status(fault)),
        )
        self.telemetry.close_subscriptions()

    def invocation_begins(self, request_id: str, trace_id: str) -> None:
        """The event is about to be handed to the runtime."""
        self._request_id, self._trace_id, self._runtime_is_done = request_id, trace_id, False
        self._delivered_at, self._began_at, self._answered_at = time.perf_counter(), 0.0, 0.0
        self._produced_bytes = None
        if self.telemetry.listened_to:
            version = self._configuration.version
            tracing = records.tracing(trace_id)
            record = {"requestId": request_id, "version": version, "tracing": tracing}
            self.telemetry.emit("platform.start", record)

    def runtime_answered(self, result: bytes | None, stream: ResponseStream | None) -> None:
        """The result is there. result: None when there is none. stream: of a result that came in parts."""
        if result is None and stream is None:
            return
        self._answered_at = time.perf_counter()
        self._produced_bytes = None if result is None else len(result)
        if stream is not None:
            self._began_at, self._answered_at = stream.began, stream.ended or self._answered_at
            self._produced_bytes = stream.produced_bytes

    def invocation_ends(
        self, fault: Fault | None, report: Callable[[], Mapping[str, Any]], *, runtime_is_gone: bool
    ) -> None:
        """All is over. report: gives the record of `platform.report`. runtime_is_gone: it asks for no other event."""
        if not self.telemetry.listened_to:
            return
        if runtime_is_gone and not self._runtime_is_done:
            self._runtime_ends(fault)
        self.telemetry.emit("platform.end", {"requestId": self._request_id})
        self.telemetry.emit("platform.report", {**report(), "tracing": records.tracing(self._trace_id)})
        if fault is not None and fault.message:
            self.telemetry.emit("platform.fault", fault.message)

    def _take_function_line(self, line: str, request_id: str) -> None:
        text = self._application.text_of(line)
        # Guide "Log-level filtering": what is filtered is what Lambda sends to CloudWatch Logs.
        if not self._application.leaves_out(line):
            self._log(text, request_id)
        self.telemetry.emit("function", text)

    def _take_extension_line(self, line: str, request_id: str) -> None:
        self._log(line, request_id)
        self.telemetry.emit("extension", line)

    def _runtime_ends(self, fault: Fault | None) -> None:
        self._runtime_is_done = True
        if not self.telemetry.listened_to:
            return
        if not self._request_id:
            record = records.init_runtime_done(self._init_type, phase=self._phase, **_status(fault))
            self.telemetry.emit("platform.initRuntimeDone", record)
            return
        now, at = time.perf_counter(), self._now()
        spans = []
        if self._answered_at:
            spans = [
                records.span(name, at - timedelta(seconds=now - start), (end - start) * 1000)
                for name, start, end in (
                    ("responseLatency", self._delivered_at, self._began_at or self._answered_at),
                    ("responseDuration", self._began_at, self._answered_at),
                    ("runtimeOverhead", self._answered_at, now),
                )
                if start
            ]
        record = records.runtime_done(
            self._request_id,
            **_status(fault),
            duration_ms=(now - self._delivered_at) * 1000,
            produced_bytes=self._produced_bytes,
            spans=spans,
            trace_id=self._trace_id,
        )
        self.telemetry.emit("platform.runtimeDone", record)


def _status(fault: Fault | None) -> dict[str, Any]:
    if fault is None:
        return {"status": "success", "error_type": None}
    return {"status": fault.status, "error_type": fault.error_type}


def _extension_records(extensions: Extensions, fault: Fault | None) -> list[records.Record]:
    """One for each after a good init phase; after another one only for the extension that failed."""
    failure = extensions.failure
    if failure is not None:
        state = failure.error_type.removeprefix("Extension.")
        return [records.extension(failure.name, state, failure.events, failure.shown_type)]
    if fault is not None:
        return []
    return [records.extension(extension.name, "Ready", extension.events) for extension in extensions.registered()]
