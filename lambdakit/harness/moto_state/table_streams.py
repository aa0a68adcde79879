"""moto's DynamoDB streams as a poller reads them: told of every change, read by position, one writer at a time.

Mended as moto's modules are loaded: sequence numbers were counted from the length of a list, and came twice; a
transaction that was taken back, and an update that made an item, told too much; a write that changed nothing told of a
change; a stream that was switched off failed every write; region, version, size and time were not AWS's.

Source: Amazon DynamoDB API Reference, "Record" and "StreamRecord"; Amazon DynamoDB Developer Guide, "Change data
capture for DynamoDB Streams" (writes that change nothing) and "DynamoDB item sizes and formats".
Private surface used: of `moto.dynamodb.models` `dynamodb_backends`, `DynamoDBBackend` and its operations on items; of
`moto.dynamodb.models.table` `StreamRecord`, `StreamShard` with `items` and `starting_sequence_number`, its `add` and
`get`, `Table` with `stream_specification`, `latest_stream_label`, `stream_shard` and `set_stream_specification`; of
`moto.dynamodb.responses` `DynamoHandler.batch_write_item`; of `moto.dynamodbstreams.models` `ShardIterator`.
Canary: tests/unit/harness/test_harness_moto_table_streams.py.
"""

from __future__ import annotations

import bisect
import contextlib
import copy
import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.item_values import Attributes, item_bytes, plain_item
from lambdakit.harness.moto_state.loaded import Change, change_when_loaded, loaded
from lambdakit.records import dataclass

_BACKENDS: Final = "moto.dynamodb.models"
_EVENT_VERSION: Final = "1.1"
# What reads or writes items: one at a time, so that nobody reads what changes meanwhile.
_OPERATIONS: Final = (
    *("put_item", "delete_item", "get_item", "query", "scan", "delete_table"),
    *("execute_transaction", "batch_execute_statement", "update_time_to_live"),
)
# What changes items in several steps, or takes changes back.
_STEPS: Final = ("update_item", "transact_write_items", "execute_statement")
# DynamoDB Developer Guide, "Working with expired items and time to live (TTL)": in a stream record of a removal.
_BY_SERVICE: Final = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}

Watcher = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemChange:
    """A record of a table's stream. number: its sequence number. new, old: absent where the stream does not view them.

    by_service: the item was removed as its time to live had passed.
    """

    number: int
    event_id: str
    event_name: str
    keys: Attributes
    new: Attributes | None
    old: Attributes | None
    view: str
    size_bytes: int
    created_at: datetime
    by_service: bool


@dataclass(slots=True, kw_only=True)
class _Change:
    """A change of an item, not yet told. before, after: moto's items; None where there is none."""

    shard: Any
    before: Any
    after: Any


@dataclass(slots=True, kw_only=True)
class _Work:
    """What a thread changes: the changes of steps that may be taken back, and the streams that were written to."""

    steps: list[_Change] | None = None
    written: set[str] = field(default_factory=set)
    by_service: bool = False


class TableStreams:
    """The streams of all tables. Make it before moto's modules are loaded, or while nobody uses them."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}
        self._work = threading.local()
        self.lock = threading.RLock()
        self._mending: Mapping[str, Change] = {
            _BACKENDS: self._mend_backend,
            "moto.dynamodb.models.table": self._mend_table,
            "moto.dynamodb.responses": self._mend_responses,
            "moto.dynamodbstreams.models": self._mend_iterator,
        }
        change_when_loaded(self._mend)

    def watch(self, arn: str, watcher: Watcher) -> None:
        """Calls `watcher`, in the thread of who writes, when there may be something new in a stream."""
        with self.lock:
            self._watchers[arn] = [*self._watchers.get(arn, ()), watcher]

    def forget(self, arn: str, watcher: Watcher) -> None:
        """Ends what `watch` began."""
        with self.lock:
            left = [known for known in self._watchers.pop(arn, ()) if known != watcher]
            if left:
                self._watchers[arn] = left

    def shard(self, arn: str) -> str | None:
        """The id of a stream's one shard; None without the stream. arn: with the stream's label."""
        with self.lock:
            shard = _find(arn)
            return None if shard is None else str(shard.id)

    def read(self, arn: str, *, after: int, limit: int) -> Sequence[ItemChange]:
        """Up to `limit` records of a stream whose numbers are above `after`; none without the stream."""
        with self.lock:
            shard = _find(arn)
            if shard is None:
                return ()
            begin = bisect.bisect_right(shard.items, after, key=_number)
            return [record.change for record in shard.items[begin : begin + limit]]

    def now(self, arn: str) -> int:
        """The number of the newest record that a stream ever had; 0 without the stream."""
        with self.lock:
            shard = _find(arn)
            return 0 if shard is None else _next_number(shard) - 1

    @contextlib.contextmanager
    def writing(self, *, by_service: bool = False) -> Iterator[None]:
        """Nobody else touches items inside the block; who watches is told at its end. by_service: see `ItemChange`."""
        outer: _Work | None = getattr(self._work, "current", None)
        if outer is not None:
            yield
            return
        work = self._work.current = _Work(by_service=by_service)
        try:
            with self.lock:
                yield
        finally:
            self._work.current = None
            for arn in work.written:
                for watcher in self._watchers.get(arn, ()):
                    watcher()

    @contextlib.contextmanager
    def _in_steps(self) -> Iterator[None]:
        """What is changed inside the block is told at its end as one change for each item; nothing, when it fails."""
        with self.writing():
            work: _Work = self._work.current
            if work.steps is not None:
                yield
                return
            work.steps = []
            try:
                yield
                steps = work.steps
            finally:
                work.steps = None
            for change in _joined(steps):
                self._tell(change)

    def _tell(self, change: _Change) -> None:
        """Adds a record to the stream, unless nothing changed."""
        shard, before, after = change.shard, change.before, change.after
        if (None if before is None else before.attrs) == (None if after is None else after.attrs):
            return
        work: _Work = self._work.current
        record_class = loaded("moto.dynamodb.models.table").StreamRecord
        name = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
        view, number = shard.table.stream_specification["StreamViewType"], _next_number(shard)
        record = record_class(shard.table, view, name, before, after, number)
        _correct(record, shard.table, number, by_service=work.by_service)
        shard.items.append(record)
        shard.next_number = number + 1
        work.written.add(f"{shard.table.table_arn}/stream/{shard.table.latest_stream_label}")

    def _mend(self, module: ModuleType) -> None:
        mend = self._mending.get(module.__name__)
        if mend is not None:
            mend(module)

    def _mend_table(self, models: Any) -> None:
        label = _original(models.Table.set_stream_specification)

        def add(shard: Any, old: Any, new: Any) -> None:
            if not (shard.table.stream_specification or {}).get("StreamEnabled"):
                return
            with self.writing():
                steps = self._work.current.steps
                # Later steps change the item itself.
                change = _Change(shard=shard, before=old, after=new if steps is None else copy.deepcopy(new))
                if steps is None:
                    self._tell(change)
                else:
                    steps.append(change)

        def get(shard: Any, start: int, quantity: int) -> list[dict[str, Any]]:
            with self.lock:
                begin = bisect.bisect_left(shard.items, start, key=_number)
                return [item.to_json() for item in shard.items[begin : begin + quantity]]

        @functools.wraps(label)
        def set_stream_specification(table: Any, streams: Any) -> None:
            label(table, streams)
            if table.latest_stream_label:
                # DynamoDB API Reference, "StreamDescription": a time stamp; its examples have milliseconds.
                moment = datetime.fromisoformat(table.latest_stream_label)
                table.latest_stream_label = moment.isoformat(timespec="milliseconds")

        models.StreamShard.add, models.StreamShard.get = add, get
        models.StreamRecord.__deepcopy__ = _itself
        models.Table.set_stream_specification = set_stream_specification

    def _mend_backend(self, models: Any) -> None:
        backend = models.DynamoDBBackend
        for name in (*_OPERATIONS, *_STEPS):
            around = self._in_steps if name in _STEPS else self.writing
            setattr(backend, name, _inside(around, _original(getattr(backend, name))))

    def _mend_responses(self, models: Any) -> None:
        handler = models.DynamoHandler
        handler.batch_write_item = _inside(self.writing, _original(handler.batch_write_item))

    def _mend_iterator(self, models: Any) -> None:
        make = _original(models.ShardIterator.__init__)

        @functools.wraps(make)
        def initialize(iterator: Any, *arguments: Any, **named: Any) -> None:
            make(iterator, *arguments, **named)
            if iterator.shard_iterator_type == "LATEST":
                iterator.sequence_number = _next_number(iterator.stream_shard)

        models.ShardIterator.__init__ = initialize


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)


def _inside(around: Callable[[], contextlib.AbstractContextManager[None]], operation: Any) -> Any:
    """`operation`, done inside the context that `around` makes."""

    @functools.wraps(operation)
    def one_at_a_time(*arguments: Any, **named: Any) -> Any:
        with around():
            return operation(*arguments, **named)

    return one_at_a_time


def _itself(record: Any, memo: object) -> Any:
    """A copy of a record, which nothing changes: moto copies tables for each transaction."""
    del memo
    return record


def _find(arn: str) -> Any:
    """moto's shard of the stream that is on; None when there is none."""
    models: Any = loaded(_BACKENDS)
    parts = arn.split(":", 5)
    if models is None or len(parts) != 6:
        return None
    _, _, _, region, account_id, resource = parts
    name, _, label = resource.removeprefix("table/").partition("/stream/")
    if account_id not in models.dynamodb_backends or region not in models.dynamodb_backends[account_id]:
        return None
    table = models.dynamodb_backends[account_id][region].tables.get(name)
    if table is None or table.latest_stream_label != label:
        return None
    return table.stream_shard


def _number(record: Any) -> int:
    number: int = record.change.number
    return number


def _next_number(shard: Any) -> int:
    number: int = getattr(shard, "next_number", shard.starting_sequence_number)
    return number


def _joined(steps: Sequence[_Change]) -> Sequence[_Change]:
    """One change for each item: from what it was first to what it was last."""
    joined: dict[tuple[int, Any, Any], _Change] = {}
    for step in steps:
        item = step.after if step.before is None else step.before
        key = (id(step.shard), item.hash_key, item.range_key)
        first = joined.setdefault(key, step)
        first.after = step.after
    return list(joined.values())


def _correct(record: Any, table: Any, number: int, *, by_service: bool) -> None:
    """Puts a record of moto's right, and adds what pollers read of it."""
    told: dict[str, Any] = record.record
    stream: dict[str, Any] = told["dynamodb"]
    at = stream["ApproximateCreationDateTime"].replace(tzinfo=UTC)
    for name in ("Keys", "NewImage", "OldImage"):
        if name in stream:
            stream[name] = plain_item(stream[name])
    images = [stream[name] for name in ("Keys", "NewImage", "OldImage") if name in stream]
    # DynamoDB API Reference, "StreamRecord": rounded down to the second.
    stream["ApproximateCreationDateTime"] = at.replace(microsecond=0)
    stream["SizeBytes"] = sum(item_bytes(image) for image in images)
    told["awsRegion"], told["eventVersion"] = table.region_name, _EVENT_VERSION
    if by_service:
        told["userIdentity"] = dict(_BY_SERVICE)
    record.change = ItemChange(
        number=number,
        event_id=told["eventID"],
        event_name=told["eventName"],
        keys=stream["Keys"],
        new=stream.get("NewImage"),
        old=stream.get("OldImage"),
        view=stream["StreamViewType"],
        size_bytes=stream["SizeBytes"],
        created_at=at,
        by_service=by_service,
    )
