"""Runs a function for an event that has been admitted: an environment, its logs, its traces, its outcome.

What decides *whether* a function runs (its name, its qualifier, permissions, payload limits) stands above, in the
Lambda service; what happens inside the process stands below, in the runtime.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lambdakit.clock import Clock
from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.invocation.environment_pool import EnvironmentPool
from lambdakit.harness.invocation.x_ray import trace_header
from lambdakit.harness.moto_state.logs import LogPlace
from lambdakit.harness.runtime import function_logs
from lambdakit.harness.runtime.environment_variables import clean, function_variables
from lambdakit.harness.runtime.execution_environment import (
    EnvironmentGone,
    ExecutionEnvironment,
    InvocationOutcome,
    InvocationRequest,
)
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher, Place
from lambdakit.harness.runtime.lifecycle import State
from lambdakit.trace import (
    EnvironmentStarted,
    EnvironmentStopped,
    FunctionLogged,
    InvocationEnded,
    InvocationStarted,
    RuntimeNote,
    TraceLog,
)


class LogStore(Protocol):
    """Where the lines of functions are kept."""

    def write(self, place: LogPlace, line: str, at: datetime) -> None:
        """Takes a line; may keep it for later, in order."""


class CredentialIssuer(Protocol):
    """Who gives an execution environment its session of the execution role."""

    def issue(self, *, function: str, environment: str, role: str) -> Credentials:
        """A new session."""

    def revoke(self, environment: str) -> None:
        """Ends the sessions of an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event for a function, admitted.

    qualifier: as the caller named it; empty for an unqualified call.
    client_context: JSON; None when the caller sent none.
    trace_id: the caller's X-Ray header; empty when there is none.
    """

    payload: bytes
    qualifier: str = ""
    client_context: str | None = None
    trace_id: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """What the caller gets: the payload, the error type or None, and the lines logged meanwhile."""

    request_id: str
    executed_version: str
    outcome: InvocationOutcome
    log: tuple[str, ...]


class Invoker:
    """Invokes functions in execution environments of its own.

    endpoint_url: where functions find the AWS APIs.
    """

    def __init__(
        self,
        *,
        launcher: Launcher,
        credentials: CredentialIssuer,
        logs: LogStore,
        trace: TraceLog,
        clock: Clock,
        endpoint_url: Callable[[], str],
    ) -> None:
        self._launcher = launcher
        self._credentials = credentials
        self._logs = logs
        self._trace = trace
        self._clock = clock
        self._endpoint_url = endpoint_url
        self._streams: dict[str, str] = {}
        self._noted: set[str] = set()
        self.pool = EnvironmentPool(self._create, self._on_stopped)

    def invoke(self, configuration: FunctionConfiguration, event: Event) -> InvocationResult:
        """Runs the function to its end. RuntimeUnavailable when nothing here can run it."""
        while True:
            with self.pool.lease(configuration) as environment:
                try:
                    return self._invoke_in(environment, event)
                except EnvironmentGone:
                    continue

    def _invoke_in(self, environment: ExecutionEnvironment, event: Event) -> InvocationResult:
        configuration = environment.configuration
        log = environment.take_log()
        cold = environment.state is State.CREATED
        self._trace.append(
            InvocationStarted(
                request_id=event.request_id,
                function=configuration.name,
                version=configuration.version,
                qualifier=event.qualifier,
                environment=environment.id,
                cold_start=cold,
                payload=event.payload.decode("utf-8", "replace"),
            )
        )
        init_ms, failed = self._initialize(environment, event.request_id) if cold else (None, None)
        environment.log(function_logs.start_line(event.request_id, configuration.version), event.request_id)
        outcome = failed or environment.invoke(
            InvocationRequest(
                request_id=event.request_id,
                invoked_arn=configuration.arn + (f":{event.qualifier}" if event.qualifier else ""),
                payload=event.payload or b"{}",
                trace_id=trace_header(event.trace_id, at=self._clock.now()),
                client_context=event.client_context,
            )
        )
        self._report(environment, event, outcome, init_ms)
        return InvocationResult(
            request_id=event.request_id, executed_version=configuration.version, outcome=outcome, log=tuple(log)
        )

    def _initialize(self, environment: ExecutionEnvironment, request_id: str) -> tuple[float, InvocationOutcome | None]:
        initialization = environment.initialize(request_id=request_id)
        self._trace.append(
            EnvironmentStarted(
                function=environment.configuration.name,
                version=environment.configuration.version,
                environment=environment.id,
                init_duration_ms=initialization.duration_ms,
                status=initialization.status,
                interpreter=self._launcher.describe(environment.configuration)[0],
            )
        )
        if initialization.fault is None:
            return initialization.duration_ms, None
        failed = InvocationOutcome(
            payload=initialization.fault.payload,
            fault=initialization.fault,
            duration_ms=0.0,
            max_memory_mib=environment.peak_memory_mib(),
        )
        return initialization.duration_ms, failed

    def _report(
        self, environment: ExecutionEnvironment, event: Event, outcome: InvocationOutcome, init_ms: float | None
    ) -> None:
        configuration = environment.configuration
        error_type = None if outcome.fault is None else outcome.fault.error_type
        for line in (
            function_logs.end_line(event.request_id),
            function_logs.report_line(
                event.request_id,
                duration_ms=outcome.duration_ms,
                init_duration_ms=init_ms,
                memory_mib=configuration.memory_mib,
                max_memory_mib=outcome.max_memory_mib,
                status=outcome.status,
                error_type=error_type,
            ),
        ):
            environment.log(line, event.request_id)
        self._trace.append(
            InvocationEnded(
                request_id=event.request_id,
                function=configuration.name,
                version=configuration.version,
                environment=environment.id,
                status=outcome.status,
                payload=outcome.payload.decode("utf-8", "replace"),
                error_type=error_type,
                duration_ms=outcome.duration_ms,
                billed_duration_ms=function_logs.billed_ms(outcome.duration_ms, init_ms),
                init_duration_ms=init_ms,
                max_memory_used_mb=outcome.max_memory_mib,
            )
        )

    def _create(self, configuration: FunctionConfiguration) -> ExecutionEnvironment:
        _, note = self._launcher.describe(configuration)
        if note and configuration.arn not in self._noted:
            self._noted.add(configuration.arn)
            self._trace.append(RuntimeNote(function=configuration.name, note=note))

        def variables(environment: ExecutionEnvironment, place: Place) -> Mapping[str, str]:
            credentials = self._credentials.issue(
                function=configuration.name, environment=environment.id, role=configuration.role
            )
            return clean(
                function_variables(
                    configuration,
                    credentials=credentials,
                    log_stream=self._stream(environment),
                    runtime_api=place.runtime_api,
                    endpoint_url=self._endpoint_url(),
                    task_root=place.task_root,
                    runtime_directory=place.runtime_directory,
                    layer_roots=place.layer_roots,
                    initialization_type="on-demand",
                    runtime_defaults=place.defaults,
                )
            )

        return ExecutionEnvironment(configuration, launcher=self._launcher, variables=variables, log=self._on_line)

    def _on_line(self, environment: ExecutionEnvironment, line: str, request_id: str) -> None:
        configuration = environment.configuration
        place = LogPlace(
            account_id=configuration.account_id,
            region=configuration.region,
            group=configuration.log_group,
            stream=self._stream(environment),
        )
        self._logs.write(place, line, self._clock.now())
        self._trace.append(
            FunctionLogged(function=configuration.name, environment=environment.id, request_id=request_id, line=line)
        )

    def _on_stopped(self, environment: ExecutionEnvironment, reason: str) -> None:
        self._credentials.revoke(environment.id)
        self._streams.pop(environment.id, None)
        self._trace.append(
            EnvironmentStopped(
                function=environment.configuration.name,
                version=environment.configuration.version,
                environment=environment.id,
                reason=reason,
            )
        )

    def _stream(self, environment: ExecutionEnvironment) -> str:
        # DG "Sending Lambda function logs to CloudWatch Logs": date, version and environment name the stream.
        if environment.id not in self._streams:
            day = self._clock.now().strftime("%Y/%m/%d")
            self._streams[environment.id] = f"{day}/[{environment.configuration.version}]{environment.id}"
        return self._streams[environment.id]
