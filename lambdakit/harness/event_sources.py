"""What brings events to functions, put together: pulled by mappings and pushed by services.

Queues and streams are told apart by who calls: a mapping pulls with the function's role, a service pushes by the
function's resource policy.
"""

from __future__ import annotations

from typing import Final

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import Deliveries
from lambdakit.harness.delivery.sns import SnsDeliveries
from lambdakit.harness.delivery.targets import Clients, Permissions, Targets
from lambdakit.harness.event_source_mapping.calls import MappingCalls, Surroundings
from lambdakit.harness.event_source_mapping.mappings import MappingPollers
from lambdakit.harness.event_source_mapping.registry import pollers
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.moto_state.queues import Queues
from lambdakit.harness.moto_state.topics import Topics
from lambdakit.trace import TraceLog

_WORKERS_MAX: Final = 256
# Of a role that an event source mapping acts as.
_SESSION: Final = "awslambda"


class EventSources:
    """Starts with the harness. Make it before moto's services are loaded.

    clients: of the account's administrator, by service, region and account. permissions: who may be called by whom.
    """

    def __init__(
        self,
        *,
        stores: FunctionStores,
        invocations: Invocations,
        clock: HarnessClock,
        activity: Activity,
        trace: TraceLog,
        clients: Clients,
        permissions: Permissions,
    ) -> None:
        self._workers = Workers("event-source", most=_WORKERS_MAX)
        around = Surroundings(
            calls=MappingCalls(stores, invocations),
            clock=clock,
            activity=activity,
            trace=trace,
            submit=self._workers.submit,
            refusal=lambda role_arn, action, resource: permissions.role_refusal(role_arn, _SESSION, action, resource),
        )
        targets = Targets(stores=stores, invocations=invocations, clients=clients, permissions=permissions)
        self._deliveries = Deliveries(targets, workers=self._workers, clock=clock, activity=activity, trace=trace)
        Topics(SnsDeliveries(self._deliveries, now=clock.now, trace=trace).published)
        self._mappings = MappingPollers(stores, pollers(Queues()), around)

    def reset(self) -> None:
        """Begins anew, after the account was put back to an earlier state."""
        self._deliveries.reset()
        self._mappings.reset()

    def close(self) -> None:
        """Nothing is pulled or pushed any more. Idempotent."""
        self._mappings.close()
        self._workers.stop()

    def join(self) -> None:
        """Waits for what was under way."""
        self._workers.join()
