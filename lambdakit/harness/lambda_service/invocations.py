"""Invocations as the Lambda service offers them: synchronous and asynchronous, with the refusals of its API.

Puts together what stands below `invocation`, and tells it what the store knows of functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.durable.refusal import DurableRefused
from lambdakit.harness.invocation.async_queue import AsyncQueue
from lambdakit.harness.invocation.asynchronous_event import Treatment
from lambdakit.harness.invocation.conclusion import Conclusion
from lambdakit.harness.invocation.concurrency import Concurrency, Throttled
from lambdakit.harness.invocation.dead_letters import DeadLetters
from lambdakit.harness.invocation.destinations import Destinations
from lambdakit.harness.invocation.dispatch import Dispatcher
from lambdakit.harness.invocation.function_metrics import FunctionMetrics, MetricStore
from lambdakit.harness.invocation.invoke import Event, InvocationResult, Invoker, OnAnswer
from lambdakit.harness.invocation.provisioned import ProvisionedEnvironments, Status, Wanted
from lambdakit.harness.invocation.recursion import RecursionDetected
from lambdakit.harness.invocation.shipment import Clients, Undeliverable
from lambdakit.harness.lambda_service.durable_invocations import DurableInvocations, Surroundings
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_record import StoredFunction
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocation_rules import check_invocation
from lambdakit.harness.lambda_service.invoke_request import check_payload
from lambdakit.harness.lambda_service.scaling.capacity import Capacity
from lambdakit.harness.lambda_service.scaling.scaling import ProvisionedScaling
from lambdakit.harness.lambda_service.store import Target
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.response_stream import Outlet
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.limits import ASYNC_REQUEST_BYTES_MAX
from lambdakit.trace import TraceLog


class Invocations:
    """Runs the functions of every account. Stop it before the pool of environments is closed, and join it after.

    clients: for what asynchronous invocations send. concurrency: which `invoker` asks before it adds environments.
    refusal: why a role may not do an action on a resource; None when it may.
    ready: waits for what an environment of a function is started from; who gives a function limited time calls it
    before. Absence: nothing is waited for.
    scaling: what Application Auto Scaling does to provisioned concurrency.
    """

    def __init__(
        self,
        *,
        stores: FunctionStores,
        invoker: Invoker,
        concurrency: Concurrency,
        clients: Clients,
        metrics: MetricStore,
        clock: HarnessClock,
        activity: Activity,
        trace: TraceLog,
        refusal: Callable[[str, str, str], str | None] = lambda role_arn, action, resource: None,
        ready: Callable[[FunctionConfiguration], None] = lambda configuration: None,
    ) -> None:
        self._stores = stores
        self.ready = ready
        self._refusal = refusal
        self._functions = StoredFunctions(stores)
        measured = FunctionMetrics(metrics, clock.now)
        self.provisioned = ProvisionedEnvironments(
            pool=invoker.pool,
            wanted=self._functions.wanted,
            initialize=invoker.initialize_ahead,
            allocate=concurrency.provision,
            report=self._functions.report,
            activity=activity,
            trace=trace,
        )
        self._dispatcher = Dispatcher(
            invoker=invoker,
            concurrency=concurrency,
            provisioned=self.provisioned,
            recursion_allowed=self._functions.recursion_allowed,
            metrics=measured,
            trace=trace,
            seconds=lambda: clock.monotonic() + clock.ahead.total_seconds(),
            on_use=lambda arn, owner, part: self.scaling.used(arn, owner, part),
        )
        self.scaling = ProvisionedScaling(
            capacity=Capacity(
                settings=lambda account_id: stores.of(account_id).concurrency, now=clock.now, trace=trace
            ),
            clock=clock,
            trace=trace,
            in_use=self._dispatcher.in_use,
        )
        conclusion = Conclusion(
            destinations=Destinations(clients, invoke_later=self._invoke_destination),
            dead_letters=DeadLetters(clients),
            now=clock.now,
            metrics=measured,
            trace=trace,
        )
        self._queue = AsyncQueue(
            run=self._dispatcher.invoke_queued,
            functions=self._functions,
            conclude=conclusion.conclude,
            clock=clock,
            activity=activity,
            trace=trace,
            metrics=measured,
        )
        self.durable = DurableInvocations(
            Surroundings(
                stores=stores,
                run=self._run_durable,
                find=self._functions.find,
                treatment=self._functions.treatment,
                refusal=refusal,
                conclusion=conclusion,
                metrics=measured,
                clock=clock,
                activity=activity,
                trace=trace,
            )
        )
        stores.each(lambda store: store.concurrency.watch(self.provisioned.reconcile))
        stores.each(lambda store: store.concurrency.watch(lambda arn: concurrency.settings_changed()))

    def invoke(
        self,
        configuration: FunctionConfiguration,
        event: Event,
        *,
        outlet: Outlet | None = None,
        on_answer: OnAnswer | None = None,
        inside_activity: bool = False,
    ) -> InvocationResult:
        """The function's answer. ServiceFault when it did not run. outlet, on_answer: see `Invoker.invoke`.

        inside_activity: the caller is itself one open piece of work, which is not held against who waits for all to
        come to rest while a durable execution rests.
        """
        check_invocation(configuration, event, streams=outlet is not None)
        try:
            if configuration.durable is not None:
                return self.durable.invoke(configuration, event, inside_activity=inside_activity)
            return self._dispatcher.invoke(configuration, event, outlet=outlet, on_answer=on_answer)
        except Throttled as throttled:
            details = {"Reason": throttled.reason}
            raise ServiceFault("TooManyRequestsException", str(throttled), details=details) from None
        except RecursionDetected as detected:
            raise ServiceFault("RecursiveInvocationException", str(detected)) from None
        except RuntimeUnavailable as unavailable:
            raise ServiceFault(unavailable.code, str(unavailable)) from None
        except DurableRefused as refused:
            raise ServiceFault(refused.code, refused.message) from None

    def invoke_later(self, target: Target, event: Event) -> str:
        """Takes an event to run the function for, soon; see `async_queue`. ServiceFault when it is not taken.

        Returns the ARN of the durable execution that it begins; empty for a function that is not durable.
        """
        check_invocation(target.configuration, event)
        if target.configuration.durable is None:
            self._queue.put(target.configuration.arn, event)
            return ""
        try:
            return self.durable.invoke_later(target.configuration, event)
        except DurableRefused as refused:
            raise ServiceFault(refused.code, refused.message) from None

    def forget(self, arn: str) -> None:
        """Drops the asynchronous events and durable executions of a function, by its unqualified ARN."""
        self._queue.forget(arn)
        self.durable.engine.forget(arn)

    def renew(self, arn: str) -> None:
        """Makes provisioned environments anew, after all of a function were ended; drops its events if it is gone."""
        if self._functions.latest(arn) is None:
            self.forget(arn)
        self.provisioned.reconcile(arn)

    def stop(self) -> None:
        """Begins nothing any more, and drops the asynchronous events. Idempotent."""
        self._queue.stop()
        self.durable.engine.stop()
        self.provisioned.stop()

    def join(self) -> None:
        """Waits for what was under way."""
        self._queue.join()
        self.durable.engine.join()
        self.provisioned.join()

    def _run_durable(self, configuration: FunctionConfiguration, event: Event, *, queued: bool) -> InvocationResult:
        return (self._dispatcher.invoke_queued if queued else self._dispatcher.invoke)(configuration, event)

    def _invoke_destination(self, arn: str, payload: bytes, trace_id: str, role_arn: str) -> None:
        refused = self._refusal(role_arn, "lambda:InvokeFunction", arn)
        if refused is not None:
            raise Undeliverable(f"AccessDeniedException: {refused}")
        check_payload(payload, bytes_max=ASYNC_REQUEST_BYTES_MAX)
        target = self._stores.resolve(arn)
        self.invoke_later(target, Event(payload=payload, qualifier=target.qualifier, trace_id=trace_id))


class StoredFunctions:
    """What the stores know of functions, as invocations ask for it: by unqualified ARN."""

    def __init__(self, stores: FunctionStores) -> None:
        self._stores = stores

    def find(self, arn: str, qualifier: str) -> FunctionConfiguration | None:
        """The version to run now; None when the function or its qualifier is gone."""
        try:
            return self._stores.resolve(arn, qualifier).configuration
        except ServiceFault:
            return None

    def latest(self, arn: str) -> FunctionConfiguration | None:
        """`$LATEST`; None when the function is gone."""
        return self.find(arn, "")

    def treatment(self, arn: str, qualifier: str) -> Treatment | None:
        """The event invoke configuration of the qualifier that was invoked."""
        store = self._stores.find(arn)
        return None if store is None else store.event_invoke_configs.find(arn, qualifier)

    def reserved(self, arn: str) -> int | None:
        """The reserved concurrency; None without one."""
        store = self._stores.find(arn)
        return None if store is None else store.concurrency.reserved(arn)

    def unreserved(self, place: str) -> int:
        """What the reservations leave of an account's concurrency in a region: see `FunctionConfiguration.place`."""
        account_id, _, region = place.partition("/")
        return self._stores.of(account_id).concurrency.unreserved(region)

    def report(
        self, arn: str, qualifier: str, *, allocated: int, available: int, status: Status, reason: str = ""
    ) -> None:
        """Keeps how far the initialization of provisioned environments came."""
        store = self._stores.find(arn)
        if store is not None:
            store.concurrency.report(
                arn, qualifier, allocated=allocated, available=available, status=status, reason=reason
            )

    def recursion_allowed(self, arn: str) -> bool:
        """Whether the function may call itself without end."""
        function = self._stored(arn)
        return function is not None and function.recursive_loop == "Allow"

    def wanted(self, arn: str) -> Sequence[Wanted]:
        """The provisioned concurrency of a function's versions and aliases."""
        store, function = self._stores.find(arn), self._stored(arn)
        if store is None or function is None:
            return ()
        found = []
        for qualifier, config in store.concurrency.provisioned_of(arn).items():
            alias = function.aliases.get(qualifier)
            version = qualifier if alias is None else alias.version
            routing = {} if alias is None else alias.routing
            shares = {version: 1.0 - sum(routing.values()), **routing}
            found.append(
                Wanted(
                    qualifier=qualifier,
                    requested=config.requested,
                    shares=[
                        (function.versions[number].configuration, share)
                        for number, share in shares.items()
                        if number in function.versions
                    ],
                )
            )
        return found

    def _stored(self, arn: str) -> StoredFunction | None:
        store = self._stores.find(arn)
        try:
            return None if store is None else store.stored(store.parse(arn))
        except ServiceFault:
            return None
