"""Queues: messages are received in batches, and deleted once the function has dealt with them.

    a message comes, or can be seen again -> look -> receive -> filter -> hold until batch or window is full
      -> call -> delete what succeeded; what failed comes back at the end of its visibility time-out

Nobody is told to look while a look is under way: it looks again at its end. Batches in flight are as many as Lambda
would have: five at first, five more each second while there is a backlog.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", "Configuring scaling behavior for SQS event source
mappings" and "Handling errors for an SQS event source in Lambda".
"""

from __future__ import annotations

import base64
import functools
import json
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.clock import Timer
from lambdakit.harness.event_source_mapping.batch_response import FAILURE, SUCCESS, BatchReport, read_batch_response
from lambdakit.harness.event_source_mapping.calls import Answer, Outcome, Surroundings
from lambdakit.harness.event_source_mapping.filter_criteria import FilterCriteria
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.moto_state.queues import QueueMessage, Queues
from lambdakit.limits import SYNC_REQUEST_BYTES_MAX
from lambdakit.trace import RecordBatchSettled, RecordsFiltered

_BATCHES_AT_FIRST: Final = 5
_MORE_BATCHES_PER_SECOND: Final = 5
_BATCHES_MAX: Final = 1_250
# A throttled batch is tried again while its messages are hidden.
_THROTTLE_SECONDS: Final = 1
# When a role that may not receive is asked about again.
_REFUSED: Final = timedelta(seconds=60)
_EVENT_FRAME_BYTES: Final = len(b'{"Records": []}')

_Record = dict[str, Any]
_Item = tuple[QueueMessage, _Record]


class SqsPoller:
    """Pulls messages for one mapping."""

    def __init__(self, mapping: EventSourceMapping, queues: Queues, around: Surroundings) -> None:
        settings = mapping.settings
        self._mapping = mapping
        self._queues = queues
        self._around = around
        self._arn = mapping.source_arn
        self._fifo = self._arn.endswith(".fifo")
        self._batch_size = int(settings.get("BatchSize") or 10)
        self._window_seconds = int(settings.get("MaximumBatchingWindowInSeconds") or 0)
        self._reports_items = "ReportBatchItemFailures" in (settings.get("FunctionResponseTypes") or ())
        self._most = (settings.get("ScalingConfig") or {}).get("MaximumConcurrency") or _BATCHES_MAX
        self._filters = FilterCriteria(settings, data_key="body")
        self._what = f"messages of {self._arn.rpartition(':')[2]}"
        self._lock = threading.Lock()
        self._stopped = False
        self._looking = False
        self._look_again = False
        self._in_flight: dict[str, int] = {}  # batches by message group; those of a standard queue have the group ""
        self._held: list[_Item] = []
        self._held_bytes = 0
        self._busy_since: datetime | None = None
        self._window: Timer | None = None
        self._visible: Timer | None = None
        self._refused: Timer | None = None

    def start(self) -> None:
        """Begins to pull: looks at once, and at each change of the queue."""
        self._queues.watch(self._arn, self._wake)
        self._wake(self._arn)

    def stop(self) -> None:
        """Pulls nothing any more. Idempotent."""
        self._queues.forget(self._arn, self._wake)
        with self._lock:
            self._stopped = True
            timers = [timer for timer in (self._window, self._visible, self._refused) if timer is not None]
            held, self._held = self._held, []
        for timer in timers:
            timer.cancel()
        self._release(held)

    def _wake(self, arn: str) -> None:
        del arn
        with self._lock:
            if self._stopped:
                return
            if self._looking:
                self._look_again = True
                return
            self._looking = True
        self._around.activity.begin(self._what)
        self._around.submit(self._look)

    def _look(self) -> None:
        try:
            while True:
                while self._receive():
                    pass
                with self._lock:
                    if not self._look_again or self._stopped:
                        self._looking = False
                        break
                    self._look_again = False
            self._wait_for_hidden()
        finally:
            self._around.activity.end(self._what)

    def _receive(self) -> bool:
        """Whether a round of receiving brought anything."""
        with self._lock:
            room = self._room_locked()
            wanted = self._batch_size - len(self._held) if self._window_seconds else self._batch_size
        if not room or not self._may_receive():
            return False
        messages = self._queues.receive(self._arn, wanted)
        if not messages:
            with self._lock:
                if not self._in_flight:
                    self._busy_since = None
            return False
        self._take(messages)
        return True

    def _may_receive(self) -> bool:
        role = self._around.calls.execution_role(self._mapping)
        reason = self._around.refusal(role, "sqs:ReceiveMessage", self._arn)
        if reason is None:
            return True
        self._tell(0, 0, "failed", reason=reason)
        with self._lock:
            if not self._stopped and (self._refused is None or self._refused.due <= self._around.clock.now()):
                due = self._around.clock.now() + _REFUSED
                label = f"{self._what} that may not be received"
                run = functools.partial(self._wake, self._arn)
                self._refused = self._around.clock.schedule(due, run, label=label, recurring=True)
        return False

    def _room_locked(self) -> bool:
        if self._stopped:
            return False
        running = sum(self._in_flight.values())
        now = self._around.clock.now()
        if self._busy_since is None:
            self._busy_since = now
        backlog_seconds = (now - self._busy_since).total_seconds()
        allowed = min(self._most, _BATCHES_MAX, _BATCHES_AT_FIRST + int(backlog_seconds * _MORE_BATCHES_PER_SECOND))
        return running < allowed

    def _take(self, messages: Sequence[QueueMessage]) -> None:
        kept: list[_Item] = []
        rejected: list[_Item] = []
        for message in messages:
            record = _record(message, self._arn)
            (kept if self._filters.passes(record, message.body) else rejected).append((message, record))
        if rejected:
            # Filtered messages are deleted. AWS Lambda Developer Guide, "Filter criteria basics".
            self._queues.delete(self._arn, [message.receipt_handle for message, _ in rejected])
            self._around.trace.append(
                RecordsFiltered(
                    mapping=self._mapping.uuid, function=self._function, source=self._arn, records=len(rejected)
                )
            )
        if self._fifo:
            groups: dict[str, list[_Item]] = {}
            for item in kept:
                groups.setdefault(item[0].group_id, []).append(item)
            for group, items in groups.items():
                self._begin(items, group)
        else:
            for item in kept:
                self._hold(item)
            self._pass_on_if_due()

    def _hold(self, item: _Item) -> None:
        """Adds a message to the batch that is being filled; one that does not fit begins the next."""
        size = len(json.dumps(item[1]).encode()) + 2
        with self._lock:
            full = self._held and self._held_bytes + size > SYNC_REQUEST_BYTES_MAX
            batch = self._release_locked() if full else []
            if not self._held:
                self._held_bytes = _EVENT_FRAME_BYTES
            self._held.append(item)
            self._held_bytes += size
            if len(self._held) == 1 and self._window_seconds:
                due = self._around.clock.now() + timedelta(seconds=self._window_seconds)
                label = f"batching window of {self._what}"
                self._window = self._around.clock.schedule(due, self._end_window, label=label)
        if batch:
            self._begin(batch)

    def _pass_on_if_due(self) -> None:
        with self._lock:
            due = self._held and (not self._window_seconds or len(self._held) >= self._batch_size)
            batch = self._release_locked() if due else []
        if batch:
            self._begin(batch)

    def _end_window(self) -> None:
        with self._lock:
            batch = self._release_locked()
        if batch:
            self._begin(batch)

    def _release_locked(self) -> list[_Item]:
        batch, self._held = self._held, []
        if self._window is not None:
            self._window.cancel()
            self._window = None
        return batch

    def _release(self, items: Sequence[_Item]) -> None:
        """Gives back what was received and will not be handled."""
        if items:
            self._queues.release(self._arn, [message.receipt_handle for message, _ in items])

    def _begin(self, batch: Sequence[_Item], group: str = "") -> None:
        with self._lock:
            stopped = self._stopped
            if not stopped:
                self._in_flight[group] = self._in_flight.get(group, 0) + 1
        if stopped:
            self._release(batch)
            return
        self._around.activity.begin(self._what)
        self._around.submit(lambda: self._run(batch, group))

    def _run(self, batch: Sequence[_Item], group: str) -> None:
        try:
            payload = json.dumps({"Records": [record for _, record in batch]}).encode()
            answer = self._around.calls.call(self._mapping, payload, trace_id=_trace_of(batch))
            if answer.outcome is Outcome.THROTTLED and self._retry_later(batch, group):
                return
            self._settle(batch, answer)
            self._end(group)
        finally:
            self._around.activity.end(self._what)

    def _retry_later(self, batch: Sequence[_Item], group: str) -> bool:
        """Sets a throttled batch off again, unless its messages will have come back by then."""
        due = self._around.clock.now() + timedelta(seconds=_THROTTLE_SECONDS)
        back = self._queues.next_visible(self._arn)
        if self._stopped or back is None or back <= due:
            return False

        def again() -> None:
            if self._stopped:
                self._release(batch)
                return
            self._around.activity.begin(self._what)
            self._around.submit(lambda: self._run(batch, group))

        self._around.clock.schedule(due, again, label=f"{self._what} after a throttle")
        return True

    def _settle(self, batch: Sequence[_Item], answer: Answer) -> None:
        report = self._report(batch, answer)
        messages = [message for message, _ in batch]
        failed = _failed(messages, report, in_order=self._fifo)
        done = [message for message in messages if message.message_id not in failed]
        if done:
            self._queues.delete(self._arn, [message.receipt_handle for message in done])
        outcome = "success" if not failed else "partial" if done else "failed"
        if answer.outcome is Outcome.THROTTLED:
            outcome = "throttled"
        self._tell(len(batch), len(failed), outcome, request_id=answer.request_id, reason=answer.reason)

    def _report(self, batch: Sequence[_Item], answer: Answer) -> BatchReport:
        if answer.outcome is not Outcome.ANSWERED:
            return FAILURE
        if not self._reports_items:
            return SUCCESS
        return read_batch_response(answer.payload, {message.message_id for message, _ in batch})

    def _end(self, group: str) -> None:
        with self._lock:
            self._in_flight[group] -= 1
            if not self._in_flight[group]:
                del self._in_flight[group]
        self._wake(self._arn)

    def _wait_for_hidden(self) -> None:
        """Sets a timer for the next message that comes back or was delayed."""
        due = self._queues.next_visible(self._arn)
        with self._lock:
            if self._visible is not None:
                self._visible.cancel()
                self._visible = None
            if due is None or self._stopped:
                return
            label = f"hidden {self._what}"
            self._visible = self._around.clock.schedule(due, lambda: self._wake(self._arn), label=label)

    def _tell(self, records: int, failed: int, outcome: str, *, request_id: str = "", reason: str = "") -> None:
        self._around.trace.append(
            RecordBatchSettled(
                mapping=self._mapping.uuid,
                function=self._function,
                source=self._arn,
                request_id=request_id,
                records=records,
                failed=failed,
                outcome=outcome,
                reason=reason,
            )
        )

    @property
    def _function(self) -> str:
        return self._mapping.function_arn.split(":")[6]


def _failed(messages: Sequence[QueueMessage], report: BatchReport, *, in_order: bool) -> frozenset[str]:
    """The ids of the messages that stay. in_order: what follows a failed one stays as well."""
    ids = [message.message_id for message in messages]
    if report.whole:
        return frozenset(ids)
    if in_order and report.failed:
        first = min(ids.index(identifier) for identifier in report.failed)
        return frozenset(ids[first:])
    return report.failed


def _trace_of(batch: Sequence[_Item]) -> str:
    """The X-Ray header of the first message that has one, which carries on the chain of requests."""
    return next((header for message, _ in batch if (header := message.attributes.get("AWSTraceHeader"))), "")


def _record(message: QueueMessage, queue_arn: str) -> _Record:
    """Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS", the example events."""
    record: _Record = {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": dict(message.attributes),
        "messageAttributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if message.message_attributes_md5:
        record["md5OfMessageAttributes"] = message.message_attributes_md5
    return record


def _attribute(given: Mapping[str, Any]) -> _Record:
    kind = str(given.get("DataType"))
    if kind.startswith("Binary"):
        raw = given.get("BinaryValue") or b""
        encoded = raw if isinstance(raw, str) else base64.b64encode(bytes(raw)).decode()
        return {"binaryValue": encoded, "stringListValues": [], "binaryListValues": [], "dataType": kind}
    return {
        "stringValue": str(given.get("StringValue", "")),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": kind,
    }
