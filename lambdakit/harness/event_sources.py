"""What brings events to functions, put together: pulled by mappings and pushed by services.

Queues and streams are told apart by who calls: a mapping pulls with the function's role, a service pushes by the
function's resource policy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.event_source_mapping.calls import MappingCalls, Surroundings
from lambdakit.harness.event_source_mapping.mappings import MappingPollers
from lambdakit.harness.event_source_mapping.registry import pollers
from lambdakit.harness.invocation.workers import Workers
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.moto_state.queues import Queues
from lambdakit.trace import TraceLog

_WORKERS_MAX: Final = 256


class EventSources:
    """Starts with the harness. Make it before moto's services are loaded.

    refusal: why a role may not do an action on a resource; None when it may.
    """

    def __init__(
        self,
        *,
        stores: FunctionStores,
        invocations: Invocations,
        clock: HarnessClock,
        activity: Activity,
        trace: TraceLog,
        refusal: Callable[[str, str, str], str | None],
    ) -> None:
        self._workers = Workers("event-source", most=_WORKERS_MAX)
        around = Surroundings(
            calls=MappingCalls(stores, invocations),
            clock=clock,
            activity=activity,
            trace=trace,
            submit=self._workers.submit,
            refusal=refusal,
        )
        self._mappings = MappingPollers(stores, pollers(Queues()), around)

    def reset(self) -> None:
        """Begins anew, after the account was put back to an earlier state."""
        self._mappings.reset()

    def close(self) -> None:
        """Nothing is pulled or pushed any more. Idempotent."""
        self._mappings.close()
        self._workers.stop()

    def join(self) -> None:
        """Waits for what was under way."""
        self._workers.join()
