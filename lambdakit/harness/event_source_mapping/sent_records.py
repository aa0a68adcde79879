"""Records for mappings whose source runs nowhere: brokers, clusters and databases that the harness does not have.

    sent by a test -> checked and put into AWS's form -> the mapping's own log -> its poller, as from any stream

The mapping's settings hold as they would: batch size, window, filters, retries, on-failure destination.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from lambdakit.clock import Scheduler
from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.harness.event_source_mapping.stream_source import Record, Shard
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.lambda_service.function_stores import FunctionStores

_CLIENTS: Final = {
    "sqs": 'send a message with boto3: harness.client("sqs").send_message(…)',
    "kinesis": 'put a record with boto3: harness.client("kinesis").put_record(…)',
    "dynamodb": 'write an item with boto3: harness.client("dynamodb").put_item(…)',
}
_SHARD: Final = "sent"


class Form(Protocol):
    """The form of one kind of source's records, for one mapping.

    data_key: the member that filters see as its data. retention: how long the source keeps records.
    """

    data_key: str
    retention: timedelta

    def record(self, given: Mapping[str, Any], number: int, offsets: Counter[str]) -> Record:
        """A record, from what a test says of it. NotOfForm when that cannot be one.

        offsets: how many records each part of the source has; the record's own is counted.
        """

    def payload(self, records: Sequence[Record]) -> bytes:
        """The event for the function."""

    def reported(self, item: object) -> str | None:
        """What `Record.identifier` is of an `itemIdentifier`; None for no identifier."""

    def batch_info(self, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """What an on-failure destination is told of a batch."""


class NotOfForm(Exception):
    """A record that cannot be one. pointer: of the member. hint: what would be."""

    def __init__(self, pointer: str, problem: str, *, hint: str = "") -> None:
        super().__init__(problem)
        self.pointer = pointer
        self.problem = problem
        self.hint = hint


# Makes the form of a mapping's records.
MakeForm = Callable[[EventSourceMapping, Scheduler], Form]


@dataclass(slots=True, kw_only=True)
class _Log:
    """What was sent to one mapping. first: the number of its first record; the numbers never come again."""

    form: Form
    records: list[Record]
    watchers: list[Callable[[], None]]
    offsets: Counter[str]
    first: int = 1


class SentRecords:
    """The records of all mappings whose source runs nowhere. forms: by the service of the source's ARN."""

    def __init__(self, stores: FunctionStores, clock: Scheduler, forms: Mapping[str, MakeForm]) -> None:
        self._stores = stores
        self._clock = clock
        self._forms = forms
        self._logs: dict[str, _Log] = {}
        self._lock = threading.RLock()

    def send(self, named: str, records: Sequence[object]) -> str:
        """Hands records to a mapping, all of them or none, and returns its UUID. Returns before they are handled.

        named: its UUID, the ARN of its source, or the name or ARN of its function. HarnessError when that means none
        or several, when the source is served otherwise, and for records of another form.
        """
        mapping = self._mapping(named)
        with self._lock:
            log = self._log(mapping)
            number, offsets = log.first + len(log.records), Counter(log.offsets)
            made = [self._record(log.form, given, at, number + at, offsets) for at, given in enumerate(records)]
            log.records.extend(made)
            log.offsets = offsets
            watchers = list(log.watchers)
        for watcher in watchers:
            watcher()
        return mapping.uuid

    def source(self, mapping: EventSourceMapping) -> SentSource:
        """What the mapping's poller reads."""
        with self._lock:
            log = self._log(mapping)
            log.form = self._form(mapping)  # the mapping may have been changed
            return SentSource(log, self._lock)

    def reset(self) -> None:
        """Forgets what was sent."""
        with self._lock:
            for log in self._logs.values():
                log.first += len(log.records)
                log.records, log.offsets = [], Counter()

    def _log(self, mapping: EventSourceMapping) -> _Log:
        log = self._logs.get(mapping.uuid)
        if log is None:
            form = self._form(mapping)
            log = self._logs[mapping.uuid] = _Log(form=form, records=[], watchers=[], offsets=Counter())
        return log

    def _form(self, mapping: EventSourceMapping) -> Form:
        return self._forms[source_service(mapping)](mapping, self._clock)

    @staticmethod
    def _record(form: Form, given: object, at: int, number: int, offsets: Counter[str]) -> Record:
        try:
            if not isinstance(given, Mapping):
                raise NotOfForm("", f"{given!r} is not an object")
            return form.record(given, number, offsets)
        except NotOfForm as wrong:
            pointer = f"records[{at}]" + (f".{wrong.pointer}" if wrong.pointer else "")
            raise HarnessError(
                Diagnostic(pointer=pointer, problem=wrong.problem, code="LK571", hint=wrong.hint)
            ) from None

    def _mapping(self, named: str) -> EventSourceMapping:
        mappings = [mapping for store in self._stores.all() for mapping in store.event_source_mappings.all()]
        found = [mapping for mapping in mappings if _is_called(mapping, named)]
        sendable = [mapping for mapping in found if source_service(mapping) in self._forms]
        if len(sendable) > 1:
            problem = f"{named!r} has {len(sendable)} mappings: {', '.join(map(_described, sendable))}"
            raise _refused(problem, "name one by its UUID or its source's ARN")
        if not found:
            known = ", ".join(_described(mapping) for mapping in mappings) or "there is none"
            raise _refused(
                f"no event source mapping is called {named!r}: {known}", "name it by its UUID, its source or function"
            )
        if not sendable:
            service = source_service(found[0])
            raise _refused(f"{_described(found[0])} reads a source that runs here", _CLIENTS.get(service, ""))
        if not sendable[0].enabled:
            raise _refused(f"{_described(sendable[0])} is disabled", "enable it with UpdateEventSourceMapping")
        return sendable[0]


class SentSource:
    """What was sent to a mapping, as its poller reads it: one shard."""

    passes_other_forms = True

    def __init__(self, log: _Log, lock: threading.RLock) -> None:
        self._lock = lock
        self._log = log
        self.data_key = log.form.data_key

    @property
    def retention(self) -> timedelta:
        """The source's default."""
        return self._log.form.retention

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` when something was sent."""
        with self._lock:
            self._log.watchers.append(watcher)

    def forget(self, watcher: Callable[[], None]) -> None:
        """Ends what `watch` began."""
        with self._lock:
            self._log.watchers = [known for known in self._log.watchers if known != watcher]

    def shards(self) -> Sequence[Shard] | None:
        """One."""
        return [Shard(id=_SHARD)]

    def now(self) -> int:
        """The number of the newest record."""
        with self._lock:
            return self._log.first + len(self._log.records) - 1

    def read(self, shard_id: str, *, after: int, limit: int, role_arn: str) -> Sequence[Record]:
        """Records in the order in which they were sent."""
        del shard_id, role_arn
        with self._lock:
            begin = max(0, after + 1 - self._log.first)
            return self._log.records[begin : begin + limit]

    def permissions(self) -> Sequence[tuple[str, str]]:
        """None: nothing is there that could ask."""
        return ()

    def payload(self, records: Sequence[Record], members: Mapping[str, Any]) -> bytes:
        """The event."""
        del members
        return self._log.form.payload(records)

    def reported(self, item: object) -> str | None:
        """As the source's form says."""
        return self._log.form.reported(item)

    def batch_info(self, shard_id: str, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """As the source's form says."""
        del shard_id
        return self._log.form.batch_info(records, event_bytes)


def source_service(mapping: EventSourceMapping) -> str:
    """The service of a mapping's source, as ARNs name it; `self-managed-kafka` for a cluster of one's own."""
    parts = mapping.source_arn.split(":")
    return parts[2] if len(parts) > 5 else "self-managed-kafka"


def _is_called(mapping: EventSourceMapping, named: str) -> bool:
    function = ":".join(mapping.function_arn.split(":")[:7])
    return named in (mapping.uuid, mapping.source_arn, mapping.function_arn, function, function.rpartition(":")[2])


def _described(mapping: EventSourceMapping) -> str:
    return f"{mapping.uuid} ({mapping.source_arn or 'self-managed Kafka'})"


def _refused(problem: str, hint: str) -> HarnessError:
    return HarnessError(Diagnostic(pointer="mapping", problem=problem, code="LK570", hint=hint))
