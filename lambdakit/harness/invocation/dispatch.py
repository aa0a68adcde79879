"""One invocation from admission to measurement: what every caller of a function goes through.

recursion -> concurrency, provisioned before on demand -> the function -> metrics
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from lambdakit.harness.invocation.concurrency import Concurrency, Lease, Throttled
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.harness.invocation.invoke import Event, InvocationResult, Invoker, OnAnswer
from lambdakit.harness.invocation.provisioned import ProvisionedEnvironments
from lambdakit.harness.invocation.recursion import INVOCATIONS_MAX, RecursionDetected, invocations_so_far
from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.response_stream import Outlet
from lambdakit.trace import InvocationThrottled, ProvisionedSpillover, RecursionStopped, TraceLog


class Dispatcher:
    """Runs functions for events, as long as they may run.

    recursion_allowed: by a function's ARN. seconds: that only grow, and that an advanced clock moves as well.
    on_use: told what part of the allocation of a function's (ARN) version or alias is in use, 0 to 1.
    """

    def __init__(
        self,
        *,
        invoker: Invoker,
        concurrency: Concurrency,
        provisioned: ProvisionedEnvironments,
        recursion_allowed: Callable[[str], bool],
        metrics: FunctionMetrics,
        trace: TraceLog,
        seconds: Callable[[], float],
        on_use: Callable[[str, str, float], None],
    ) -> None:
        self._invoker = invoker
        self._concurrency = concurrency
        self._provisioned = provisioned
        self._recursion_allowed = recursion_allowed
        self._metrics = metrics
        self._trace = trace
        self._seconds = seconds
        self._on_use = on_use

    def invoke_queued(self, configuration: FunctionConfiguration, event: Event) -> InvocationResult:
        """The same for an event of the asynchronous queue, of which any number may come in a second."""
        return self._invoke(configuration, event, outlet=None, at=None)

    def invoke(
        self,
        configuration: FunctionConfiguration,
        event: Event,
        *,
        outlet: Outlet | None = None,
        on_answer: OnAnswer | None = None,
    ) -> InvocationResult:
        """What the function answers. configuration: the version to run, event.qualifier: what the caller named.

        Throttled without concurrency, RecursionDetected for a function that called itself too often;
        RuntimeUnavailable when nothing here can run it. outlet, on_answer: see `Invoker.invoke`.
        """
        return self._invoke(configuration, event, outlet=outlet, at=self._seconds(), on_answer=on_answer)

    def in_use(self, arn: str, owner: str) -> float:
        """The part of a version's or alias's allocated environments that is in use now, 0 to 1."""
        return self._provisioned.utilization(arn, owner, self._concurrency.provisioned_in_flight(arn, owner))

    def _invoke(
        self,
        configuration: FunctionConfiguration,
        event: Event,
        *,
        outlet: Outlet | None,
        at: float | None,
        on_answer: OnAnswer | None = None,
    ) -> InvocationResult:
        arn = configuration.arn
        self._refuse_recursion(configuration, event)
        if configuration.tenancy:
            configuration = dataclasses.replace(configuration, tenant_id=event.tenant_id)
        try:
            return self._admitted(arn, configuration, event, outlet, at, on_answer)
        except Throttled as throttled:
            self._metrics.add(configuration.arn, event.qualifier, "Throttles")
            self._trace.append(
                InvocationThrottled(
                    request_id=event.request_id,
                    function=configuration.name,
                    qualifier=event.qualifier,
                    reason=throttled.reason,
                )
            )
            raise

    def _admitted(
        self,
        arn: str,
        configuration: FunctionConfiguration,
        event: Event,
        outlet: Outlet | None,
        at: float | None,
        on_answer: OnAnswer | None,
    ) -> InvocationResult:
        if configuration.tenant_id and (environments := self._invoker.pool.tenants_beside(configuration)):
            self._concurrency.admit_tenant(arn, configuration.place, environments)
        owner, environment = self._provisioned.take(configuration, event.qualifier)
        if environment is None:
            lease = self._concurrency.lease(arn, configuration.place, at=at)
        else:
            try:
                lease = self._concurrency.provisioned_lease(arn, configuration.place, owner, at=at)
            except Throttled:
                self._invoker.pool.put_back(environment)
                raise
        with lease:
            if owner:
                self._measure_provisioned(arn, owner, configuration, event, environment)
            answers: list[InvocationResult] = []

            def answered(result: InvocationResult) -> None:
                answers.append(result)
                lease.leave()  # whoever has the answer may call again, and there is room for it
                self._measure(configuration, event, result, lease)
                if on_answer is not None:
                    on_answer(result)

            result = self._invoker.invoke(
                configuration,
                event,
                outlet=outlet,
                taken=environment,
                on_answer=None if on_answer is None else answered,
            )
        if not answers:
            self._measure(configuration, event, result, lease)
        return result

    def _measure(
        self, configuration: FunctionConfiguration, event: Event, result: InvocationResult, lease: Lease
    ) -> None:
        self._metrics.invocation(
            configuration.arn,
            event.qualifier,
            configuration.version,
            duration_ms=result.outcome.duration_ms,
            failed=result.outcome.fault is not None,
            concurrent=lease.concurrent,
            unreserved=lease.unreserved,
            allocated=self._concurrency.allocated(configuration.place),
        )

    def _refuse_recursion(self, configuration: FunctionConfiguration, event: Event) -> None:
        if "Lineage=" not in event.trace_id:
            return
        invocations = invocations_so_far(event.trace_id, configuration.arn)
        if invocations < INVOCATIONS_MAX or self._recursion_allowed(configuration.arn):
            return
        self._metrics.add(configuration.arn, event.qualifier, "RecursiveInvocationsDropped")
        self._trace.append(
            RecursionStopped(
                request_id=event.request_id,
                function=configuration.name,
                qualifier=event.qualifier,
                invocations=invocations,
            )
        )
        raise RecursionDetected(invocations)

    def _measure_provisioned(
        self,
        arn: str,
        owner: str,
        configuration: FunctionConfiguration,
        event: Event,
        environment: ExecutionEnvironment | None,
    ) -> None:
        name, qualifier = configuration.name, event.qualifier
        in_use = self._concurrency.provisioned_in_flight(arn, owner)
        utilization = self._provisioned.utilization(arn, owner, in_use)
        self._on_use(arn, owner, utilization)
        if environment is None:
            self._metrics.add(arn, qualifier, "ProvisionedConcurrencySpilloverInvocations")
            self._trace.append(ProvisionedSpillover(request_id=event.request_id, function=name, qualifier=qualifier))
            return
        self._metrics.add(arn, qualifier, "ProvisionedConcurrencyInvocations")
        self._metrics.add(arn, qualifier, "ProvisionedConcurrentExecutions", in_use)
        self._metrics.add(arn, qualifier, "ProvisionedConcurrencyUtilization", utilization)
