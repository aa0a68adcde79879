"""Delivery to servers: a batch is a request, made again until the server takes it or its time is over.

    batch -> permission -> server -> answer -> taken | again, after a pause | into the buffer of failures

A destination that nothing stands for is not waited for: the request is told in the trace, its records are failures.

Source: Amazon Data Firehose Developer Guide, "Handle data delivery failures"; API Reference,
"ElasticsearchRetryOptions", "HttpEndpointRetryOptions".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import DROPPED
from lambdakit.harness.delivery.firehose_destinations import Batch, Destination, Outcome, Undelivered, all_of
from lambdakit.harness.delivery.firehose_errors import DeliveryErrors
from lambdakit.harness.delivery.firehose_http_endpoint import http_endpoint_destination
from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.firehose_requests import EndpointRequest, EndpointServers, NoAnswer
from lambdakit.harness.delivery.firehose_search import search_destination
from lambdakit.harness.delivery.firehose_settings import ENDPOINT_KINDS, error_log, failed_folder, retry_seconds
from lambdakit.harness.delivery.targets import Clients, Permissions
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.records import dataclass
from lambdakit.trace import DeliveryRequestRecorded, EventDelivered, EventNotDelivered, TraceLog

# The guide says that there are retries and how long, and nothing of the pauses between them.
_FIRST_PAUSE_SECONDS: Final = 5.0
_PAUSE_SECONDS_MAX: Final = 300.0
_BODY_MAX: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A record that is delivered no more. more: what the destination says of it in the error output."""

    undelivered: Undelivered
    attempts: int
    more: Mapping[str, str]


# What is done with records that are delivered no more.
Keep = Callable[[DeliveryStreamState, Sequence[Skipped]], None]


class EndpointDeliveries:
    """Delivers batches. find: a delivery stream by its ARN; what waits for one that is gone is let go."""

    def __init__(
        self,
        servers: EndpointServers,
        *,
        clients: Clients,
        permissions: Permissions,
        submit: Callable[[Callable[[], None]], None],
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self._servers = servers
        self._clients = clients
        self._permissions = permissions
        self._errors = DeliveryErrors(clients=clients, permissions=permissions, now=clock.now)
        self._submit = submit
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._generation = 0
        self.find: Callable[[str], DeliveryStreamState | None] = lambda arn: None
        self.keep: Keep = lambda stream, skipped: None

    @staticmethod
    def serves(stream: DeliveryStreamState) -> bool:
        """Whether the destination of a delivery stream is a server."""
        return stream.kind in ENDPOINT_KINDS

    def deliver(self, stream: DeliveryStreamState, records: Sequence[FirehoseRecord]) -> None:
        """Delivers records in one request, soon. Returns at once."""
        now = self._clock.now()
        self._begin(Batch(stream_arn=stream.arn, id=str(uuid.uuid4()), records=records, made_at=now, since=now))

    def reset(self) -> None:
        """Lets go of what waits to be tried again."""
        self._generation += 1

    def _begin(self, batch: Batch) -> None:
        what = f"a request of {batch.stream_arn.rpartition('/')[2]}"

        def run() -> None:
            try:
                self._attempt(batch)
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(run)

    def _attempt(self, batch: Batch) -> None:
        stream = self.find(batch.stream_arn)
        if stream is None:
            return
        destination = self._destination(stream)
        outcome = self._outcome(stream, destination, batch)
        if outcome.delivered:
            told = EventDelivered(source=stream.arn, target=destination.target, what=_records(outcome.delivered))
            self._trace.append(told)
        self._tell(stream, destination, batch, outcome.lost, settled=DROPPED)
        now = self._clock.now()
        if batch.attempt == 1 and destination.retries_from_failure:
            batch = replace(batch, since=now)
        pause = timedelta(seconds=min(_PAUSE_SECONDS_MAX, _FIRST_PAUSE_SECONDS * 2 ** (batch.attempt - 1)))
        skipped = list(outcome.failed)
        if now + pause - batch.since > timedelta(seconds=retry_seconds(stream)):
            skipped += outcome.again
        elif outcome.again:
            self._tell(stream, destination, batch, outcome.again, settled="")
            records = [one.record for one in outcome.again]
            self._schedule(replace(batch, records=records, attempt=batch.attempt + 1), pause)
        if skipped:
            self._tell(stream, destination, batch, skipped, settled=failed_folder(stream))
            kept = [
                Skipped(undelivered=one, attempts=batch.attempt, more=destination.described(one.record))
                for one in skipped
            ]
            self.keep(stream, kept)

    def _destination(self, stream: DeliveryStreamState) -> Destination:
        if stream.kind == "HttpEndpoint":
            return http_endpoint_destination(stream, self._clients)
        return search_destination(stream, self._servers.bound, self._clients)

    def _outcome(self, stream: DeliveryStreamState, destination: Destination, batch: Batch) -> Outcome:
        """What came of the request, or of what kept it from being made."""
        denied = self._denied(stream, destination)
        if denied is not None:
            return Outcome(again=all_of(batch.records, *destination.denied(denied)))
        request = destination.request(batch)
        address = self._servers.find(request.url)
        if address is None:
            self._record(stream, request)
            code, message = destination.unanswered(None)
            return Outcome(failed=all_of(batch.records, code, f"{_nobody(destination, request)}. {message}"))
        try:
            answer = self._servers.send(request, address)
        except NoAnswer as why:
            return Outcome(again=all_of(batch.records, *destination.unanswered(why)))
        return destination.read(answer, batch)

    def _denied(self, stream: DeliveryStreamState, destination: Destination) -> str | None:
        refusals = (
            self._permissions.role_refusal(grant.role_arn, stream.name, grant.action, grant.resource)
            for grant in destination.grants
            if grant.role_arn
        )
        return next((refused for refused in refusals if refused is not None), destination.trouble or None)

    def _record(self, stream: DeliveryStreamState, request: EndpointRequest) -> None:
        self._trace.append(
            DeliveryRequestRecorded(
                source=stream.arn,
                method=request.method,
                url=request.url,
                body=request.plain[:_BODY_MAX].decode(errors="replace"),
                body_bytes=len(request.plain),
            )
        )

    def _schedule(self, batch: Batch, pause: timedelta) -> None:
        generation = self._generation

        def again() -> None:
            if generation == self._generation:
                self._begin(batch)

        label = f"a request of {batch.stream_arn.rpartition('/')[2]}, again"
        self._clock.schedule(self._clock.now() + pause, again, label=label)

    def _tell(
        self,
        stream: DeliveryStreamState,
        destination: Destination,
        batch: Batch,
        undelivered: Sequence[Undelivered],
        *,
        settled: str,
    ) -> None:
        """Says in the trace, and in the log of the delivery stream, why records are not delivered."""
        if not undelivered:
            return
        first = undelivered[0]
        self._trace.append(
            EventNotDelivered(
                source=stream.arn,
                target=destination.target,
                what=_records(len(undelivered)),
                reason=f"{first.code}: {first.message}",
                attempts=batch.attempt,
                settled=settled,
            )
        )
        log = error_log(stream.settings, destination.target)
        self._errors.write(stream, log, code=first.code, message=first.message)


def _nobody(destination: Destination, request: EndpointRequest) -> str:
    host = request.url.partition("://")[2].partition("/")[0]
    why = destination.missing or f'harness.bind("{host}", "http://127.0.0.1:PORT") names a server for it'
    return f"nothing runs there: {why}"


def _records(count: int) -> str:
    return f"{count} records"
