"""moto's queues as a poller uses them: told of every change, received from without waiting, one receiver at a time.

Mended as moto's module is loaded: two receivers at once got one message both; who waited for a message looked once in a
second; every call went through all messages, several times; sequence numbers of FIFO queues were drawn by lot, not
counted, and a message that was deleted could be repeated at once; a batch lost its messages' system attributes; the
sender of every message was one constant user.

Private surface used: of `moto.sqs.models` `sqs_backends`, `Queue` with `_messages`, `_messages_lock`,
`deleted_messages`, `dead_letter_queue`, `redrive_policy`, `message_retention_period`, `add_message`, `delete_message`
and its three counts, `Message`, `_filter_message_attributes`, `unix_time_millis`, and of `SQSBackend` `send_message`,
`send_message_batch`, `receive_message` and `change_message_visibility`; of `moto.sqs.responses` `SQSResponse` with
`send_message`, `send_message_batch`, `get_access_key`, `headers`; `sender_id` of `Message`.
Canary: tests/unit/harness/test_harness_moto_queues.py.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.harness.moto_state.queue_messages import QueueMessages
from lambdakit.records import dataclass

# Sequence numbers have 20 digits and grow.
# Source: Amazon SQS API Reference, "SendMessage".
_FIRST_SEQUENCE_NUMBER: Final = 18_849_496_460_467_696_128
_MODULE: Final = "moto.sqs.models"
_FRONT: Final = "moto.sqs.responses"
# Amazon SQS Developer Guide, "Amazon SQS visibility timeout": twelve hours from when it was sent.
_VISIBILITY_MS_MAX: Final = 43_200_000

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
    """The queues of all accounts. Make it before moto's module is loaded, or while nobody uses it.

    user_id: the unique id of who signs with a key, such as `AROA…:session`; empty for nobody known.
    """

    def __init__(self, user_id: Callable[[str], str] = lambda access_key_id: "") -> None:
        self._user_id = user_id
        self._watchers: dict[str, list[Watcher]] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(_FIRST_SEQUENCE_NUMBER, 256)
        self._told = threading.local()
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
        with self._changing(), queue._messages_lock:
            for handle in receipt_handles:
                if _held(queue).by_handle(handle) is not None:
                    queue.delete_message(handle)

    def release(self, arn: str, receipt_handles: Sequence[str]) -> None:
        """Lets messages that were received be received again at once; those that are gone do not matter."""
        found = _find(arn)
        if found is None:
            return
        _, queue = found
        with self._changing() as changed, queue._messages_lock:
            for handle in receipt_handles:
                message = _held(queue).by_handle(handle)
                if message is not None:
                    message.change_visibility(0)
                    _held(queue).moved(message)
            changed.add(arn)

    def next_visible(self, arn: str) -> datetime | None:
        """When the next message that is hidden or delayed can be received; None when none is."""
        found = _find(arn)
        if found is None:
            return None
        _, queue = found
        with queue._messages_lock:
            soonest = _held(queue).next_moment(_now())
        # A message is visible once its moment is past: a millisecond later, as moto counts.
        return None if soonest is None else datetime.fromtimestamp((soonest + 1) / 1000, UTC)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[set[str]]:
        """The queues that are changed inside the block; who watches them is told at its end, once."""
        outer = getattr(self._told, "changed", None)
        if outer is not None:
            yield outer
            return
        changed: set[str] = set()
        self._told.changed = changed
        try:
            yield changed
        finally:
            self._told.changed = None
            for arn in changed:
                for watcher in self._watchers.get(arn, ()):
                    watcher(arn)

    def _mend(self, module: ModuleType) -> None:
        models: Any = module
        if module.__name__ == _FRONT:
            for name in ("send_message", "send_message_batch"):
                setattr(models.SQSResponse, name, self._signed(_original(getattr(models.SQSResponse, name))))
        if module.__name__ != _MODULE:
            return
        self._mend_queue(models)
        self._mend_receiving(models)
        self._mend_sending(models.SQSBackend)

    def _signed(self, own: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Source: Amazon SQS API Reference, "ReceiveMessage" (`SenderId`): a user's id, or a role's and its session;
        AWS X-Ray Developer Guide, "Amazon SQS and AWS X-Ray": the request's header is that of all its messages."""

        @functools.wraps(own)
        def send(response: Any) -> Any:
            self._told.sender = self._user_id(str(response.get_access_key()))
            self._told.trace = str(response.headers.get("X-Amzn-Trace-Id") or "")
            try:
                return own(response)
            finally:
                self._told.sender = self._told.trace = ""

        return send

    def _mend_queue(self, models: Any) -> None:
        def counted(index: int) -> property:
            def count(queue: Any) -> int:
                with queue._messages_lock:
                    return _held(queue).counts(_now())[index]

            return property(count)

        queue_class, unknown = models.Queue, models.ReceiptHandleIsInvalid
        queue_class.add_message = lambda queue, message: self._add(queue, message)
        queue_class.delete_message = lambda queue, handle: self._delete(queue, handle, unknown)
        queue_class.approximate_number_of_messages = counted(0)
        queue_class.approximate_number_of_messages_not_visible = counted(1)
        queue_class.approximate_number_of_messages_delayed = counted(2)

    def _add(self, queue: Any, message: Any) -> None:
        with self._changing() as changed, queue._messages_lock:
            changed.add(queue.queue_arn)
            held = _held(queue)
            if queue.fifo_queue and message.deduplication_id:
                by_group = getattr(queue, "deduplication_scope", None) == "messageGroup"
                scope = f"{message.group_id}/" if by_group else ""
                if held.is_repeated(scope + message.deduplication_id, message.sent_timestamp):
                    return
            if queue.fifo_queue:
                message.sequence_number = str(next(self._numbers))
            message.sender_id = getattr(self._told, "sender", "") or message.sender_id
            came_from, message.queue_arn = getattr(message, "queue_arn", None), queue.queue_arn
            if came_from not in (None, queue.queue_arn):
                message.dead_letter_source_arn = came_from
            held.append(message)
            queue._messages_lock.notify_all()

    def _delete(self, queue: Any, receipt_handle: str, unknown: type[Exception]) -> None:
        with self._changing() as changed, queue._messages_lock:
            held = _held(queue)
            message = held.by_handle(receipt_handle)
            if message is not None:
                changed.add(queue.queue_arn)
                held.remove(message)
                queue.deleted_messages.update(message.all_receipt_handles)
            elif receipt_handle not in queue.deleted_messages:
                raise unknown

    def _mend_receiving(self, models: Any) -> None:
        backend_class, only = models.SQSBackend, models._filter_message_attributes

        def receive_message(
            backend: Any,
            queue_name: str,
            count: int,
            wait_seconds_timeout: int,
            visibility_timeout: int,
            message_attribute_names: Sequence[str] | None = None,
        ) -> list[Any]:
            queue = backend.get_queue(queue_name)
            deadline = time.monotonic() + int(wait_seconds_timeout or 0)
            while True:
                received = [copy.copy(message) for message in self._receive(queue, int(count), visibility_timeout)]
                for message in received:
                    only(message, list(message_attribute_names or ()))
                with queue._messages_lock:
                    left = deadline - time.monotonic()
                    if received or left <= 0 or queue_name not in backend.queues:
                        return received
                    if not _held(queue).counts(_now())[0]:
                        queue._messages_lock.wait(min(left, 1.0))

        def change_message_visibility(
            backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int
        ) -> None:
            queue = backend.get_queue(queue_name)
            with self._changing() as changed, queue._messages_lock:
                message = _held(queue).by_handle(receipt_handle)
                if message is None:
                    raise models.ReceiptHandleIsInvalid()
                until = _now() + int(visibility_timeout) * 1000
                if until - message.sent_timestamp > _VISIBILITY_MS_MAX:
                    raise models.InvalidParameterValue(
                        f"Value {visibility_timeout} for parameter VisibilityTimeout is invalid. Reason: Total "
                        "VisibilityTimeout for the message is beyond the limit [43200 seconds]"
                    )
                message.change_visibility(visibility_timeout)
                _held(queue).moved(message)
                queue._messages_lock.notify_all()
                changed.add(queue.queue_arn)

        backend_class.receive_message = receive_message
        backend_class.change_message_visibility = change_message_visibility

    def _receive(self, queue: Any, count: int, visibility_timeout: int) -> Sequence[Any]:
        """Messages, received now; those that were received too often, or kept too long, go."""
        given_up: list[Any] = []
        expired: list[Any] = []
        most = None if queue.dead_letter_queue is None else (queue.redrive_policy or {}).get("maxReceiveCount")
        now = _now()
        kept_since = now - queue.message_retention_period * 1000

        def choose(message: Any) -> bool:
            if message.sent_timestamp <= kept_since:
                expired.append(message)
            elif most is not None and message.approximate_receive_count >= int(most):
                given_up.append(message)
            else:
                message.mark_received(visibility_timeout=visibility_timeout)
                return True
            return False

        with queue._messages_lock:
            held = _held(queue)
            received = held.take(count, now, choose)
            for message in (*given_up, *expired):
                held.remove(message)
        for message in given_up:  # without this queue's lock: the other may give up into this one
            queue.dead_letter_queue.add_message(message)
        return received

    def _mend_sending(self, backend_class: Any) -> None:
        send, send_batch = _original(backend_class.send_message), _original(backend_class.send_message_batch)

        @functools.wraps(send)
        def send_message(backend: Any, *arguments: Any, **named: Any) -> Any:
            entries: Iterator[Mapping[str, Any]] | None = getattr(self._told, "entries", None)
            if entries is not None:
                named["system_attributes"] = next(entries).get("MessageSystemAttributes")
            if (trace := getattr(self._told, "trace", "")).startswith("Root="):
                header = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
                named["system_attributes"] = {**header, **(named.get("system_attributes") or {})}
            return send(backend, *arguments, **named)

        @functools.wraps(send_batch)
        def send_message_batch(backend: Any, queue_name: str, entries: Mapping[str, Any]) -> Any:
            self._told.entries = iter(list(entries.values()))
            try:
                with self._changing():
                    return send_batch(backend, queue_name, entries)
            finally:
                self._told.entries = None

        backend_class.send_message, backend_class.send_message_batch = send_message, send_message_batch


def _held(queue: Any) -> QueueMessages:
    """The messages of a queue; made anew after somebody put a list in their place. Hold the queue's lock."""
    held = queue._messages
    if not isinstance(held, QueueMessages):
        held = queue._messages = QueueMessages(held, is_fifo=queue.fifo_queue)
    return held


def _now() -> float:
    """Milliseconds since 1970, as moto counts them."""
    milliseconds: float = loaded(_MODULE).unix_time_millis()
    return milliseconds


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)


def _find(arn: str) -> tuple[Any, Any] | None:
    """The backend and the queue; None when there is no such queue."""
    models = loaded(_MODULE)
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
