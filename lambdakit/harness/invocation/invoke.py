"""Runs a function for an event that has been admitted: an environment, its logs, its traces, its outcome.

What decides *whether* a function runs (its name, its qualifier, permissions, payload limits) stands above, in the
Lambda service; what happens inside the process stands below, in the runtime.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from lambdakit.clock import Clock
from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.invocation.early_answer import EarlyAnswer
from lambdakit.harness.invocation.environment_pool import EnvironmentPool
from lambdakit.harness.invocation.file_system_mounts import FileSystemOf, check_mounts, no_file_system
from lambdakit.harness.invocation.log_file import LogFile, LogStore, Refusal
from lambdakit.harness.invocation.placement import network_of
from lambdakit.harness.invocation.streamed_response import response_streamed, slower_on_aws
from lambdakit.harness.invocation.x_ray import trace_header
from lambdakit.harness.network.guard import NetworkGuard
from lambdakit.harness.runtime.environment_variables import clean, function_variables
from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.launcher import Launcher, Place
from lambdakit.harness.runtime.outcomes import EnvironmentGone, Initialization, InvocationOutcome
from lambdakit.harness.runtime.platform_log import Accounting, PlatformLog, billed_ms
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.runtime.response_stream import Outlet
from lambdakit.harness.runtime.runtime_conversation import InvocationRequest
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.limits import INIT_SECONDS, PROVISIONED_INIT_SECONDS
from lambdakit.records import dataclass
from lambdakit.trace import (
    EnvironmentReset,
    EnvironmentStarted,
    EnvironmentStopped,
    FunctionLogged,
    InvocationEnded,
    InvocationStarted,
    RuntimeNote,
    TraceLog,
)


class CredentialIssuer(Protocol):
    """Who gives an execution environment its session of the execution role."""

    def issue(self, *, function: str, environment: str, role: str, account_id: str, function_arn: str) -> Credentials:
        """A new session."""

    def revoke(self, environment: str) -> None:
        """Ends the sessions of an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event for a function, admitted.

    qualifier: as the caller named it; empty for an unqualified call.
    client_context: JSON; None when the caller sent none.
    trace_id: the caller's X-Ray header; empty when there is none.
    durable_execution_name, tenant_id: as the caller named them; empty when it did not.
    """

    payload: bytes
    qualifier: str = ""
    durable_execution_name: str = ""
    tenant_id: str = ""
    client_context: str | None = None
    trace_id: str = ""
    request_id: str = field(default_factory=random_uuid)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """What the caller gets: payload, error type or None, the lines logged meanwhile; the ARN of a durable execution."""

    request_id: str
    executed_version: str
    outcome: InvocationOutcome
    log: tuple[str, ...]
    durable_execution_arn: str = ""


OnAnswer = Callable[[InvocationResult], None]


class Invoker:
    """Invokes functions in execution environments of its own.

    endpoint_url: where functions find the AWS APIs.
    admit_environment: called with a function's ARN before it gets a new environment on demand; raises what refuses it.
    network: what environments may reach; absence: nothing is looked at.
    log_refusal: why a role may not write to a log; absence: every role may.
    file_system_of: see `file_system_mounts`; absence: there is none.
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
        admit_environment: Callable[[str], None] = lambda arn: None,
        network: NetworkGuard | None = None,
        log_refusal: Refusal = lambda role, action, resource: None,
        file_system_of: FileSystemOf = no_file_system,
    ) -> None:
        self._network = network
        self._log_refusal = log_refusal
        self._file_system_of = file_system_of
        self._launcher = launcher
        self._credentials = credentials
        self._logs = logs
        self._trace = trace
        self._clock = clock
        self._endpoint_url = endpoint_url
        self._log_files: dict[str, LogFile] = {}
        self._noted: set[tuple[str, str]] = set()
        self._admit_environment = admit_environment
        self.pool = EnvironmentPool(self._create, self._on_stopped, self._on_reset)

    def invoke(
        self,
        configuration: FunctionConfiguration,
        event: Event,
        *,
        outlet: Outlet | None = None,
        taken: ExecutionEnvironment | None = None,
        on_answer: OnAnswer | None = None,
    ) -> InvocationResult:
        """Runs the function to its end. RuntimeUnavailable when nothing here can run it.

        outlet: where a streamed result goes while it is made; absence: the caller waits for all of it.
        taken: the provisioned environment to run it in, which the pool gave; absence: one on demand.
        on_answer: called with the result as soon as it is certain, which is sometimes before this returns: what is
        written down of the invocation then follows, and there is no log yet. Absence: there is time.
        """
        answer = EarlyAnswer(self._trace, on_answer)
        try:
            while True:
                with self.pool.lease(configuration, taken) as environment:
                    try:
                        return self._invoke_in(environment, event, outlet, answer)
                    except EnvironmentGone:
                        taken = None
        finally:
            answer.is_written_down()

    def initialize_ahead(self, environment: ExecutionEnvironment) -> bool:
        """Runs the init phase of a provisioned environment; whether it succeeded."""
        limit_seconds = max(PROVISIONED_INIT_SECONDS, environment.configuration.timeout_seconds)
        try:
            ready = self._run_init(environment, "", limit_seconds=limit_seconds, ahead=True).fault is None
            environment.freeze()
            return ready
        except RuntimeUnavailable as unavailable:
            self._note(environment.configuration, str(unavailable))
            return False

    def _invoke_in(
        self, environment: ExecutionEnvironment, event: Event, outlet: Outlet | None, answer: EarlyAnswer
    ) -> InvocationResult:
        configuration = environment.configuration
        log = environment.take_log()
        cold = environment.starts_cold
        init_ms = self._initialize(environment, event.request_id) if cold else None
        platform = PlatformLog(configuration)
        arn = configuration.arn
        trace_id = trace_header(event.trace_id, at=self._clock.now(), arn=arn)

        def started() -> None:
            self._trace.append(
                InvocationStarted(
                    request_id=event.request_id,
                    function=configuration.name,
                    arn=arn,
                    version=configuration.version,
                    qualifier=event.qualifier,
                    environment=environment.id,
                    cold_start=cold,
                    payload=event.payload.decode("utf-8", "replace"),
                )
            )
            self._write(environment, platform.start(event.request_id, self._clock.now()), event.request_id)

        def answered(outcome: InvocationOutcome) -> None:
            self.pool.answered(environment)
            answer.give(
                InvocationResult(
                    request_id=event.request_id, executed_version=configuration.version, outcome=outcome, log=()
                )
            )

        outcome = environment.invoke(
            InvocationRequest(
                request_id=event.request_id,
                invoked_arn=f"{arn}:{event.qualifier}" if event.qualifier else arn,
                payload=event.payload or b"{}",
                trace_id=trace_id,
                client_context=event.client_context,
                tenant_id=configuration.tenant_id,
            ),
            outlet=outlet,
            on_start=started,
            on_answer=answered if answer.is_wanted else None,
        )
        accounting = Accounting(
            request_id=event.request_id,
            status=outcome.status,
            error_type=None if outcome.fault is None else outcome.fault.error_type,
            error_message="" if outcome.fault is None else outcome.fault.message,
            duration_ms=outcome.duration_ms,
            init_duration_ms=init_ms,
            max_memory_mib=outcome.max_memory_mib,
            trace_id=trace_id,
            produced_bytes=outcome.produced_bytes,
        )
        at = self._clock.now()
        self._write(environment, [*platform.failure(accounting, at), *platform.end(accounting, at)], event.request_id)
        environment.report(lambda: platform.report_record(accounting))
        self._report(environment, outcome, accounting)
        environment.freeze()  # by now the runtime has come back for its next event, and is not waited for
        self._log_file(environment).verdict(event.request_id)()  # asked now, as nobody waits any more
        return InvocationResult(
            request_id=event.request_id, executed_version=configuration.version, outcome=outcome, log=tuple(log)
        )

    def _initialize(self, environment: ExecutionEnvironment, request_id: str) -> float | None:
        """The init phase's milliseconds; None when it failed, and is to be tried again inside the invocation."""
        initialization = self._run_init(environment, request_id)
        if initialization.fault is None:
            return initialization.duration_ms
        reason = environment.ended_by
        environment.reset()
        self._on_reset(environment, reason)
        return None

    def _run_init(
        self,
        environment: ExecutionEnvironment,
        request_id: str,
        *,
        limit_seconds: float = INIT_SECONDS,
        ahead: bool = False,
    ) -> Initialization:
        platform = PlatformLog(environment.configuration, init_type="provisioned-concurrency" if ahead else "on-demand")
        interpreter = self._launcher.describe(environment.configuration)[0]
        self._write(environment, platform.init_start(interpreter, self._clock.now()), "")
        initialization = environment.initialize(request_id=request_id, limit_seconds=limit_seconds)
        error_type = None if initialization.fault is None else initialization.fault.error_type
        report = platform.init_report(
            duration_ms=initialization.duration_ms,
            status=initialization.status,
            error_type=error_type,
            at=self._clock.now(),
        )
        self._write(environment, report, "")
        self._trace.append(
            EnvironmentStarted(
                function=environment.configuration.name,
                version=environment.configuration.version,
                environment=environment.id,
                init_duration_ms=initialization.duration_ms,
                status=initialization.status,
                interpreter=interpreter,
            )
        )
        return initialization

    @staticmethod
    def _write(environment: ExecutionEnvironment, lines: Sequence[str], request_id: str) -> None:
        for line in lines:
            environment.log(line, request_id)

    def _report(self, environment: ExecutionEnvironment, outcome: InvocationOutcome, accounting: Accounting) -> None:
        configuration = environment.configuration
        if outcome.stream is not None:
            self._trace.append(response_streamed(environment, accounting.request_id, outcome.stream))
            self._note(configuration, slower_on_aws(outcome.stream))
        self._trace.append(
            InvocationEnded(
                request_id=accounting.request_id,
                function=configuration.name,
                version=configuration.version,
                environment=environment.id,
                status=outcome.status,
                payload=outcome.payload.decode("utf-8", "replace"),
                error_type=accounting.error_type,
                duration_ms=outcome.duration_ms,
                billed_duration_ms=billed_ms(outcome.duration_ms, accounting.init_duration_ms),
                init_duration_ms=accounting.init_duration_ms,
                max_memory_used_mb=outcome.max_memory_mib,
            )
        )

    def _create(self, configuration: FunctionConfiguration, provisioned: bool) -> ExecutionEnvironment:
        if not provisioned:
            self._admit_environment(configuration.arn)
        check_mounts(configuration, self._file_system_of, self._network, self._trace)
        prepared = self._launcher.prepare(configuration)
        configuration = prepared.configuration
        _, difference = self._launcher.describe(configuration)
        for note in (difference, *prepared.notes):
            self._note(configuration, note)

        def variables(environment: ExecutionEnvironment, place: Place) -> Mapping[str, str]:
            credentials = self._credentials.issue(
                function=configuration.name,
                environment=environment.id,
                role=configuration.role,
                account_id=configuration.account_id,
                function_arn=configuration.arn,
            )
            return clean(
                function_variables(
                    configuration,
                    credentials=credentials,
                    log_stream=self._log_file(environment).place.stream,
                    runtime_api=place.runtime_api,
                    endpoint_url=self._endpoint_url(),
                    task_root=place.task_root,
                    runtime_directory=place.runtime_directory,
                    layer_roots=place.layer_roots,
                    initialization_type="provisioned-concurrency" if provisioned else "on-demand",
                    runtime_defaults=place.defaults,
                )
            )

        environment = ExecutionEnvironment(
            configuration,
            launcher=self._launcher,
            variables=variables,
            log=self._on_line,
            now=self._clock.now,
            provisioned=provisioned,
            network=network_of(configuration, self._network),
        )
        if self._network is not None:
            self._network.enter(environment.id, environment.network)
        return environment

    def _note(self, configuration: FunctionConfiguration, note: str) -> None:
        if note and (configuration.arn, note) not in self._noted:
            self._noted.add((configuration.arn, note))
            self._trace.append(RuntimeNote(function=configuration.name, note=note))

    def _on_line(self, environment: ExecutionEnvironment, line: str, request_id: str) -> None:
        name, file = environment.configuration.name, self._log_file(environment)
        logged = FunctionLogged(function=name, environment=environment.id, request_id=request_id, line=line)
        at = self._trace.append(logged).at
        self._logs.write(file.place, line, at, file.verdict(request_id))

    def _on_reset(self, environment: ExecutionEnvironment, reason: str) -> None:
        self._credentials.revoke(environment.id)
        configuration = environment.configuration
        self._trace.append(
            EnvironmentReset(
                function=configuration.name,
                version=configuration.version,
                environment=environment.id,
                reason=reason,
            )
        )

    def _on_stopped(self, environment: ExecutionEnvironment, reason: str) -> None:
        self._credentials.revoke(environment.id)
        if self._network is not None:
            self._network.leave(environment.id)
        self._log_files.pop(environment.id, None)
        self._trace.append(
            EnvironmentStopped(
                function=environment.configuration.name,
                version=environment.configuration.version,
                environment=environment.id,
                reason=reason,
            )
        )

    def _log_file(self, environment: ExecutionEnvironment) -> LogFile:
        file = self._log_files.get(environment.id)
        if file is None:
            configuration = environment.configuration
            note = functools.partial(self._note, configuration)
            file = self._log_files[environment.id] = LogFile(
                configuration,
                environment.id,
                self._clock.now(),
                store=self._logs,
                refusal=self._log_refusal,
                note=note,
            )
        return file
