"""Durable functions, invoked as the Lambda service offers it: what stands between its API and their executions."""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.durable.execution import DurableExecution
from lambdakit.harness.durable.executions import DurableExecutions
from lambdakit.harness.durable.invoking import Find, Run
from lambdakit.harness.durable.output import fault_of_execution
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.durable.states import ExecutionStatus
from lambdakit.harness.invocation.asynchronous_event import QueuedEvent, Treatment, Verdict
from lambdakit.harness.invocation.conclusion import Conclusion
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocation_rules import check_invocation
from lambdakit.harness.lambda_service.store import Target
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.outcomes import InvocationOutcome
from lambdakit.records import dataclass
from lambdakit.trace import RuntimeNote, TraceLog

_NO_DESTINATION = (
    "has a destination for asynchronous invocations, to which nothing is sent: durable functions support dead-letter "
    "queues, and no destinations"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What executions work with. refusal: why a role may not do an action on a resource; None when it may.

    treatment: the event invoke configuration of a qualifier of a function.
    """

    stores: FunctionStores
    run: Run
    find: Find
    treatment: Callable[[str, str], Treatment | None]
    refusal: Callable[[str, str, str], str | None]
    conclusion: Conclusion
    metrics: FunctionMetrics
    clock: HarnessClock
    activity: Activity
    trace: TraceLog


class DurableInvocations:
    """Begins executions, and waits for those that somebody waits for. service: answers the API's other operations."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._noted: set[str] = set()
        executions = DurableExecutions(
            run=around.run,
            find=around.find,
            resolve=self._resolve,
            conclude=self._conclude,
            metrics=around.metrics,
            clock=around.clock,
            activity=around.activity,
            trace=around.trace,
        )
        self.engine = executions.engine
        self.service = executions.service

    def invoke(self, configuration: FunctionConfiguration, event: Event, *, inside_activity: bool) -> InvocationResult:
        """What an execution ended with, once it has ended. DurableRefused when it does not begin.

        inside_activity: see `Engine.wait`.
        """
        execution = self.engine.start(configuration, event, synchronous=True)
        self.engine.wait(execution, inside_activity=inside_activity)
        return _result(execution, event)

    def invoke_later(self, configuration: FunctionConfiguration, event: Event) -> str:
        """Begins an execution that nobody waits for, and returns its ARN. DurableRefused when it does not begin."""
        return self.engine.start(configuration, event, synchronous=False).arn

    def _resolve(self, caller: str, role: str, name: str, tenant_id: str) -> Target:
        """The function that an execution calls."""
        _, _, _, region, account_id, *_ = caller.split(":")
        try:
            target = self._around.stores.resolve(name, region=region, account_id=account_id)
            arn = target.configuration.arn
            called = f"{arn}:{target.qualifier}" if target.qualifier else arn
            refused = self._around.refusal(role, "lambda:InvokeFunction", called)
            if refused is not None:
                raise DurableRefused("AccessDeniedException", refused)
            check_invocation(target.configuration, Event(payload=b"", qualifier=target.qualifier, tenant_id=tenant_id))
        except ServiceFault as fault:
            raise DurableRefused(fault.code, fault.message) from None
        return target

    def _conclude(self, execution: DurableExecution) -> None:
        """Sends the event of an execution that failed to the dead-letter queue; there are no destinations.

        Source: AWS Lambda Developer Guide, "Invoking Lambda durable functions".
        """
        configuration = self._around.find(execution.function_arn, execution.version)
        if configuration is None:
            return
        treatment = self._around.treatment(execution.function_arn, execution.qualifier)
        if treatment is not None and (treatment.on_failure or treatment.on_success):
            self._note(configuration)
        error = execution.error or {}
        event = Event(
            payload=execution.payload.encode(),
            qualifier=execution.qualifier,
            trace_id=execution.trace_id,
            request_id=execution.request_id,
        )
        queued = QueuedEvent(arn=execution.function_arn, event=event, accepted_at=execution.started_at)
        message = str(error.get("ErrorMessage") or error.get("ErrorType") or "")
        verdict = Verdict(condition="RetriesExhausted", error_code=200, error_message=message)
        self._around.conclusion.conclude(queued, verdict, configuration, None)

    def _note(self, configuration: FunctionConfiguration) -> None:
        if configuration.arn not in self._noted:
            self._noted.add(configuration.arn)
            self._around.trace.append(RuntimeNote(function=configuration.name, note=_NO_DESTINATION))


def _result(execution: DurableExecution, event: Event) -> InvocationResult:
    """What the caller gets of an execution that has ended."""
    fault = None if execution.status is ExecutionStatus.SUCCEEDED else fault_of_execution(execution.error)
    assert execution.ended_at is not None
    outcome = InvocationOutcome(
        payload=(execution.result or "").encode() if fault is None else fault.payload,
        fault=fault,
        duration_ms=(execution.ended_at - execution.started_at).total_seconds() * 1000,
        max_memory_mib=0,
    )
    return InvocationResult(
        request_id=event.request_id,
        executed_version=execution.version,
        outcome=outcome,
        log=tuple(execution.log),
        durable_execution_arn=execution.arn,
    )
