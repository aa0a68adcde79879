"""What follows from an asynchronous event that ended: its record to the destination, itself to the dead-letter queue.

Both are sent when both are set. What cannot be delivered is lost, as on AWS: a metric and the trace tell of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lambdakit.harness.invocation.asynchronous_event import QueuedEvent, Treatment, Verdict
from lambdakit.harness.invocation.dead_letters import DeadLetters
from lambdakit.harness.invocation.destinations import Destinations
from lambdakit.harness.invocation.function_metrics import FunctionMetrics
from lambdakit.harness.invocation.shipment import Shipment, Undeliverable
from lambdakit.harness.invocation.x_ray import trace_header
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.trace import DestinationFailed, DestinationSent, TraceLog


class Conclusion:
    """Sends what is to be sent. now: the harness's time."""

    def __init__(
        self,
        *,
        destinations: Destinations,
        dead_letters: DeadLetters,
        now: Callable[[], datetime],
        metrics: FunctionMetrics,
        trace: TraceLog,
    ) -> None:
        self._destinations = destinations
        self._dead_letters = dead_letters
        self._now = now
        self._metrics = metrics
        self._trace = trace

    def conclude(
        self, queued: QueuedEvent, verdict: Verdict, configuration: FunctionConfiguration, treatment: Treatment | None
    ) -> None:
        """Sends the record and the dead letter of an event. configuration: the function's, as it is now."""
        succeeded = verdict.condition == "Success"
        destination = "" if treatment is None else treatment.on_success if succeeded else treatment.on_failure
        dead_letter = "" if succeeded else configuration.dead_letter_target
        if not destination and not dead_letter:
            return
        at = self._now()
        shipment = Shipment(
            queued=queued,
            verdict=verdict,
            role=configuration.role,
            trace_id=trace_header(queued.event.trace_id, at=at, arn=queued.arn),
            at=at,
        )
        if destination:
            purpose = "on success" if succeeded else "on failure"
            self._send(
                lambda: self._destinations.send(destination, shipment),
                shipment,
                destination,
                purpose,
                "DestinationDeliveryFailures",
            )
        if dead_letter:
            self._send(
                lambda: self._dead_letters.send(dead_letter, shipment),
                shipment,
                dead_letter,
                "dead-letter queue",
                "DeadLetterErrors",
            )

    def _send(self, send: Callable[[], None], shipment: Shipment, target: str, purpose: str, metric: str) -> None:
        queued = shipment.queued
        request_id = queued.event.request_id
        try:
            send()
        except Undeliverable as failure:
            self._metrics.add(queued.arn, queued.event.qualifier, metric)
            self._trace.append(
                DestinationFailed(
                    request_id=request_id,
                    function=queued.function,
                    destination=target,
                    purpose=purpose,
                    problem=str(failure),
                )
            )
            return
        self._trace.append(
            DestinationSent(request_id=request_id, function=queued.function, destination=target, purpose=purpose)
        )
