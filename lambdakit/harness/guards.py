"""Permissions and network of one harness: who may do what, what is reachable, and the reports about both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.arn import partition_of
from lambdakit.clock import HarnessClock
from lambdakit.harness.access import Access
from lambdakit.harness.deployment.deployed import Stacks
from lambdakit.harness.deployment.permission_report import PermissionReport
from lambdakit.harness.deployment.places import Places
from lambdakit.harness.deployment.reachability_report import ReachabilityReport
from lambdakit.harness.deployment.resource_endpoints import recorded_endpoints, resource_endpoints
from lambdakit.harness.iam.credentials import CredentialRegistry
from lambdakit.harness.iam.kept_permits import KeptPermits
from lambdakit.harness.iam.required_actions import all_actions
from lambdakit.harness.iam.usage import CREATE_LOG_GROUP, LOG_ACTIONS, NETWORK_INTERFACE_ACTIONS, TRACING_ACTIONS
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.lookups import StoreLookups
from lambdakit.harness.moto_state.time import wake_receivers
from lambdakit.harness.network.bindings import Bindings
from lambdakit.harness.network.guard import NetworkGuard, unrestricted
from lambdakit.harness.network.reachability import NetworkRules
from lambdakit.harness.network.verdict import Judge
from lambdakit.harness.options import Options
from lambdakit.trace import InvocationStarted, TraceLog

_UNENFORCED: Final = 'nothing: enforce_network="off"'


class Guards:
    """What stands between callers and services.

    judge: what networks let functions reach; absence: what the account's network says, unless that is switched off.
    """

    def __init__(
        self,
        options: Options,
        *,
        stacks: Stacks,
        functions: FunctionStores,
        layers: LayerStore,
        trace: TraceLog,
        clock: HarnessClock,
        judge: Judge | None,
    ) -> None:
        self.credentials = CredentialRegistry()
        lookups = StoreLookups(functions, layers)
        self.access = Access(
            options.enforce_iam,
            account_id=options.account_id,
            region=options.region,
            credentials=self.credentials,
            functions=lookups,
            lambda_policy=lookups.policy,
            trace=trace,
            now=clock.now,
        )
        self.rules = NetworkRules(lambda: recorded_endpoints(stacks))
        self._network_is_enforced = judge is not None or options.enforce_network == "on"
        enforced = self.rules.judge if self._network_is_enforced else unrestricted
        self.network = NetworkGuard(judge or enforced, trace=trace, clock=clock, moved=wake_receivers)
        self.bindings = Bindings(lambda: resource_endpoints(stacks))
        self._functions = functions
        self._trace = trace
        self._clock = clock
        self._noted = 0  # how many of its events
        places = Places(stacks)
        if self.access.guard is not None:
            self.access.guard.place = places.of_denial
        self.permissions = PermissionReport(
            usage=self.access.usage,
            places=places,
            identities=self.access.identities,
            all_actions=all_actions,
            decided=self.access.guard is not None,
            complete=self._note_platform,
        )

    def reachability(self, coverage: Callable[[], str]) -> ReachabilityReport:
        """The report of what functions reach. coverage: what of a function is held to its network here, in words."""
        return ReachabilityReport(
            judge=lambda: self.rules.judge,
            services=self.permissions.services_of,
            hosts=lambda: [(host, port) for host, ports in self.bindings.targets().items() for port in ports],
            coverage=lambda: coverage() if self._network_is_enforced else _UNENFORCED,
        )

    def log_refusal(self, touched: Callable[[], int]) -> KeptPermits:
        """Why a role may not write to a log. touched: grows whenever a service may have been changed."""
        now = self._clock.now
        # Conditions on the time tell it to the second.
        return KeptPermits(self.access.log_refusal, lambda: (touched(), int(now().timestamp())))

    def _note_platform(self) -> None:
        """Counts what Lambda did with the roles of functions that ran: their logs, traces and network interfaces."""
        events = self._trace.events(after=self._noted)
        self._noted += len(events)
        for arn in {event.arn for event in events if isinstance(event, InvocationStarted)}:
            try:
                configuration = self._functions.resolve(arn).configuration
            except ServiceFault:
                continue
            note = self.access.usage.record_platform
            place = f"{configuration.region}:{configuration.account_id}"
            group = f"arn:{partition_of(configuration.region)}:logs:{place}:log-group:{configuration.log_group}"
            for action in LOG_ACTIONS:
                note(configuration.role, action, f"{group}:log-stream:*")
            if configuration.log_group == f"/aws/lambda/{configuration.name}":
                note(configuration.role, CREATE_LOG_GROUP, f"{group}:log-stream:")
            for action in TRACING_ACTIONS if configuration.tracing == "Active" else ():
                note(configuration.role, action, "*")
            has_interfaces = configuration.vpc_subnet_ids and not configuration.capacity_provider
            for action in NETWORK_INTERFACE_ACTIONS if has_interfaces else ():
                note(configuration.role, action, "*")
