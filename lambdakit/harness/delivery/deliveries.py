"""Deliveries under way: sent by workers, tried again by the clock, and put into a dead-letter queue in the end.

send -> a worker's attempt -> delivered, or given up
          |        ^
          v        |  after the pause that the policy says
        a timer of the harness's clock
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.invocation.workers import Workers
from lambdakit.records import dataclass
from lambdakit.trace import EventDelivered, EventNotDelivered, TraceLog

_PAUSE_SECONDS_MAX: Final = 60
DROPPED: Final = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What is done with an event that its target does not take.

    retries: how often it is sent again. max_age: how long. pause_seconds: before the given attempt, counted from 1.
    dead_letter_arn: a queue; empty: it is dropped. dead_letter_attributes: of the message there.
    dead_letter_role_arn: who puts it there; empty: the service itself. dead_letter_payload: what is put there. Absence:
    as whom, and what, the target was to get.
    renewed: the delivery as it is sent at an attempt, counted from 1; absence: as it is.
    """

    retries: int = 0
    max_age: timedelta = timedelta(hours=24)
    pause_seconds: Callable[[int], float] = lambda attempt: min(_PAUSE_SECONDS_MAX, 2.0 ** (attempt - 1))
    dead_letter_arn: str = ""
    dead_letter_attributes: Callable[[NotDelivered, int], Mapping[str, str]] = lambda refused, attempts: {}
    dead_letter_role_arn: str | None = None
    dead_letter_payload: bytes | None = None
    renewed: Callable[[Delivery, int], Delivery] = lambda delivery, attempt: delivery


NO_RETRIES: Final = Treatment()


class Deliveries:
    """Sends deliveries behind the callers' backs."""

    def __init__(
        self, targets: Targets, *, workers: Workers, clock: Scheduler, activity: Activity, trace: TraceLog
    ) -> None:
        self.targets = targets
        self._workers = workers
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._timers: set[Timer] = set()
        self._lock = threading.Lock()
        self._generation = 0

    def send(self, delivery: Delivery, treatment: Treatment = NO_RETRIES) -> None:
        """Sends an event soon, and sees it to its end. Returns at once."""
        self._start(delivery, treatment, self._clock.now(), 1, self._generation)

    def give_up(self, delivery: Delivery, treatment: Treatment, refused: NotDelivered) -> None:
        """Puts an event away that was never sent, because of what is wrong with it. Returns at once."""

        def run() -> None:
            self._again_or_never(delivery, treatment, self._clock.now(), 1, refused)

        self._submit(delivery, self._generation, run)

    def reset(self) -> None:
        """Forgets what waits to be sent again."""
        with self._lock:
            self._generation += 1
            timers, self._timers = self._timers, set()
        for timer in timers:
            timer.cancel()

    def _start(self, delivery: Delivery, treatment: Treatment, since: datetime, attempt: int, generation: int) -> None:
        self._submit(delivery, generation, lambda: self._attempt(delivery, treatment, since, attempt))

    def _submit(self, delivery: Delivery, generation: int, work: Callable[[], None]) -> None:
        what = f"{delivery.what} for {delivery.target}"

        def run() -> None:
            try:
                if generation == self._generation:
                    work()
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._workers.submit(run)

    def _attempt(self, delivery: Delivery, treatment: Treatment, since: datetime, attempt: int) -> None:
        delivery = treatment.renewed(delivery, attempt)
        try:
            self.targets.send(delivery)
        except NotDelivered as refused:
            self._again_or_never(delivery, treatment, since, attempt, refused)
        else:
            self._trace.append(EventDelivered(source=delivery.source, target=delivery.target, what=delivery.what))

    def _again_or_never(
        self, delivery: Delivery, treatment: Treatment, since: datetime, attempt: int, refused: NotDelivered
    ) -> None:
        due = self._clock.now() + timedelta(seconds=treatment.pause_seconds(attempt))
        if not refused.is_final and attempt <= treatment.retries and due - since <= treatment.max_age:
            self._tell(delivery, refused, attempt)
            self._schedule(delivery, treatment, since, attempt + 1, due)
            return
        settled = DROPPED
        if treatment.dead_letter_arn:
            settled = self._put_away(delivery, treatment, refused, attempt)
        self._tell(delivery, refused, attempt, settled)

    def _put_away(self, delivery: Delivery, treatment: Treatment, refused: NotDelivered, attempt: int) -> str:
        """Where the event went: the dead-letter queue, or nowhere."""
        attributes = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in treatment.dead_letter_attributes(refused, attempt).items()
            if value
        }
        letter = Delivery(
            source=delivery.source,
            account_id=delivery.account_id,
            service=delivery.service,
            role_arn=delivery.role_arn if treatment.dead_letter_role_arn is None else treatment.dead_letter_role_arn,
            target=treatment.dead_letter_arn,
            payload=delivery.payload if treatment.dead_letter_payload is None else treatment.dead_letter_payload,
            what=f"{delivery.what}, given up",
            parameters={"MessageAttributes": attributes} if attributes else {},
        )
        try:
            self.targets.send(letter)
        except NotDelivered as lost:
            self._tell(letter, lost, 1, DROPPED)
            return DROPPED
        return treatment.dead_letter_arn

    def _schedule(self, delivery: Delivery, treatment: Treatment, since: datetime, attempt: int, due: datetime) -> None:
        generation = self._generation

        def again() -> None:
            with self._lock:
                self._timers.discard(timer)
            self._start(delivery, treatment, since, attempt, generation)

        with self._lock:
            timer = self._clock.schedule(due, again, label=f"{delivery.what} for {delivery.target}, again")
            self._timers.add(timer)

    def _tell(self, delivery: Delivery, refused: NotDelivered, attempts: int, settled: str = "") -> None:
        self._trace.append(
            EventNotDelivered(
                source=delivery.source,
                target=delivery.target,
                what=delivery.what,
                reason=str(refused),
                attempts=attempts,
                settled=settled,
            )
        )
