"""moto's queues as a poller uses them: told of every change, received from without waiting, one receiver at a time.

Three things of moto are mended as its module is loaded: two receivers at once got one message both; who waited for a
message looked once in a second; and the sequence numbers of FIFO queues were drawn by lot, not counted.

Private surface used: of `moto.sqs.models` `sqs_backends`, `Queue.add_message`, `Queue.delete_message`,
`Queue._messages`, `Queue._messages_lock`, `Message`, `SQSBackend.receive_message` and `change_message_visibility`.
Canary: tests/unit/harness/test_harness_moto_queues.py.
"""

from __future__ import annotations

import functools
import itertools
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

# Sequence numbers have 20 digits and grow.
# Source: Amazon SQS API Reference, "SendMessage".
_FIRST_SEQUENCE_NUMBER: Final = 18_849_496_460_467_696_128
_MODULE: Final = "moto.sqs.models"

Watcher = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMessage:
    """A message that was received.

    attributes: the system's, as ReceiveMessage names them. message_attributes: the sender's, as moto keeps them:
    `DataType` with `StringValue` or `BinaryValue`.
    """

    message_id: str
    receipt_handle: str
    body: str
    body_md5: str
    attributes: Mapping[str, str]
    message_attributes: Mapping[str, Mapping[str, Any]]
    message_attributes_md5: str

    @property
    def group_id(self) -> str:
        """The message group; empty in a standard queue."""
        return self.attributes.get("MessageGroupId", "")


class Queues:
    """The queues of all accounts. Make it before moto's module is loaded, or while nobody uses it."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(_FIRST_SEQUENCE_NUMBER, 256)
        change_when_loaded(self._mend)

    def watch(self, arn: str, watcher: Watcher) -> None:
        """Calls `watcher` with the queue's ARN, in the thread of who changes it, when a message may be receivable."""
        with self._lock:
            self._watchers[arn] = [*self._watchers.get(arn, ()), watcher]

    def forget(self, arn: str, watcher: Watcher) -> None:
        """Ends what `watch` began."""
        with self._lock:
            self._watchers[arn] = [known for known in self._watchers.get(arn, ()) if known != watcher]

    def exists(self, arn: str) -> bool:
        """Whether there is such a queue."""
        return _find(arn) is not None

    def receive(self, arn: str, count: int) -> Sequence[QueueMessage]:
        """Up to `count` messages, hidden for the queue's visibility time-out from now on; none without the queue."""
        found = _find(arn)
        if found is None:
            return ()
        backend, queue = found
        received = backend.receive_message(queue.name, count, 0, queue.visibility_timeout, ["All"])
        return [_message(queue, message) for message in received]

    def delete(self, arn: str, receipt_handles: Sequence[str]) -> None:
        """Deletes messages that were received; those that are gone already do not matter."""
        found = _find(arn)
        if found is None:
            return
        _, queue = found
        known = {handle for message in list(queue._messages) for handle in message.all_receipt_handles}
        for handle in receipt_handles:
            if handle in known:
                queue.delete_message(handle)

    def next_visible(self, arn: str) -> datetime | None:
        """When the next message that is hidden or delayed can be received; None when none is."""
        found = _find(arn)
        if found is None:
            return None
        _, queue = found
        now = sys.modules[_MODULE].unix_time_millis()
        moments = (max(message.visible_at, message.delayed_until) for message in list(queue._messages))
        soonest = min((moment for moment in moments if moment > now), default=None)
        # A message is visible once its moment is past: a millisecond later, as moto counts.
        return None if soonest is None else datetime.fromtimestamp((soonest + 1) / 1000, UTC)

    def _tell(self, arn: str) -> None:
        for watcher in self._watchers.get(arn, ()):
            watcher(arn)

    def _mend(self, module: ModuleType) -> None:
        if module.__name__ != _MODULE:
            return
        models: Any = module
        self._mend_queue(models.Queue)
        self._mend_backend(models.SQSBackend)

    def _mend_queue(self, queue_class: Any) -> None:
        add, delete = _original(queue_class.add_message), _original(queue_class.delete_message)

        @functools.wraps(add)
        def add_message(queue: Any, message: Any) -> None:
            with queue._messages_lock:
                if queue.fifo_queue:
                    message.sequence_number = str(next(self._numbers))
                came_from, message.queue_arn = getattr(message, "queue_arn", None), queue.queue_arn
                if came_from not in (None, queue.queue_arn):
                    message.dead_letter_source_arn = came_from
                add(queue, message)
            self._tell(queue.queue_arn)

        @functools.wraps(delete)
        def delete_message(queue: Any, receipt_handle: str) -> None:
            with queue._messages_lock:
                delete(queue, receipt_handle)
            self._tell(queue.queue_arn)

        queue_class.add_message, queue_class.delete_message = add_message, delete_message

    def _mend_backend(self, backend_class: Any) -> None:
        receive = _original(backend_class.receive_message)
        change = _original(backend_class.change_message_visibility)

        @functools.wraps(receive)
        def receive_message(
            backend: Any, queue_name: str, count: int, wait_seconds_timeout: int, *options: Any, **named: Any
        ) -> Any:
            queue = backend.get_queue(queue_name)
            deadline = time.monotonic() + int(wait_seconds_timeout or 0)
            with queue._messages_lock:
                while True:
                    received = receive(backend, queue_name, count, 0, *options, **named)
                    left = deadline - time.monotonic()
                    if received or left <= 0 or queue_name not in backend.queues:
                        return received
                    queue._messages_lock.wait(min(left, 1.0))

        @functools.wraps(change)
        def change_message_visibility(
            backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int
        ) -> None:
            queue = backend.get_queue(queue_name)
            with queue._messages_lock:
                change(backend, queue_name, receipt_handle, visibility_timeout)
                queue._messages_lock.notify_all()
            self._tell(queue.queue_arn)

        backend_class.receive_message = receive_message
        backend_class.change_message_visibility = change_message_visibility


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)


def _find(arn: str) -> tuple[Any, Any] | None:
    """The backend and the queue; None when there is no such queue."""
    models = sys.modules.get(_MODULE)
    parts = arn.split(":")
    if models is None or len(parts) != 6:
        return None
    _, _, _, region, account_id, name = parts
    if account_id not in models.sqs_backends or region not in models.sqs_backends[account_id]:
        return None
    backend = models.sqs_backends[account_id][region]
    queue = backend.queues.get(name)
    return None if queue is None else (backend, queue)


def _message(queue: Any, message: Any) -> QueueMessage:
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    if queue.fifo_queue:
        attributes["SequenceNumber"] = str(message.sequence_number)
        attributes["MessageGroupId"] = str(message.group_id)
        attributes["MessageDeduplicationId"] = str(message.deduplication_id)
    elif message.group_id:
        attributes["MessageGroupId"] = str(message.group_id)
    source = getattr(message, "dead_letter_source_arn", None)
    if source is not None:
        attributes["DeadLetterQueueSourceArn"] = source
    trace = message.system_attributes.get("AWSTraceHeader")
    if trace:
        attributes["AWSTraceHeader"] = str(trace.get("StringValue", ""))
    return QueueMessage(
        message_id=message.id,
        receipt_handle=str(message.receipt_handle),
        body=message.body,
        body_md5=message.body_md5,
        attributes=attributes,
        message_attributes=message.message_attributes,
        message_attributes_md5=message.attribute_md5 if message.message_attributes else "",
    )
