"""moto's Kinesis streams as a poller reads them: told of every write, read by position, one writer at a time.

Mended as moto's module is loaded: a shard gave one number to two records that came at once, counted from 1, and looked
through all its records for each write and each read; a closed shard still got records; a split or merge moved the
records to the children, where AWS leaves them in the parents; and consumers had no ARN of AWS's form and stayed when
they were deregistered by name.

Source: Amazon Kinesis Data Streams Developer Guide, "Resharding a stream" and "Strategies for resharding".
Private surface used: of `moto.kinesis.models` `kinesis_backends`, `Record`, `Shard` with `records` and `is_open`, its
`__init__`, `put_record`, `get_records`, `get_min_sequence_number` and `get_max_sequence_number`, `Stream` with
`shards`, `consumers`, `put_record`, `get_shard_for_key`, `split_shard` and `merge_shards`, `Consumer`, and of
`KinesisBackend` `put_records`, `create_stream` and `deregister_stream_consumer`.
Canary: tests/unit/harness/test_harness_moto_streams.py.
"""

from __future__ import annotations

import bisect
import contextlib
import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

_MODULE: Final = "moto.kinesis.models"
# Sequence numbers have 56 digits, and begin with the time.
# Source: Amazon Kinesis Data Streams API Reference, "Record" (growing over time), and its examples.
_FIRST_NUMBER: Final = 2**185
_TIME_SHIFT: Final = 138
_RETENTION_HOURS: Final = 24

Watcher = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardState:
    """A shard. parents: of which it was made. is_closed: nothing is written to it any more."""

    id: str
    parents: tuple[str, ...]
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEntry:
    """A record. number: its sequence number. data: base64."""

    number: int
    partition_key: str
    data: str
    arrived_at: datetime


class KinesisStreams:
    """The streams of all accounts. Make it before moto's module is loaded, or while nobody uses it."""

    def __init__(self) -> None:
        self._watchers: dict[str, list[Watcher]] = {}
        self._lock = threading.RLock()
        self._last = 0
        self._held = threading.local()
        change_when_loaded(self._mend)

    def watch(self, arn: str, watcher: Watcher) -> None:
        """Calls `watcher`, in the thread of who writes, when there may be something new in a stream."""
        with self._lock:
            self._watchers[arn] = [*self._watchers.get(arn, ()), watcher]

    def forget(self, arn: str, watcher: Watcher) -> None:
        """Ends what `watch` began."""
        with self._lock:
            left = [known for known in self._watchers.pop(arn, ()) if known != watcher]
            if left:
                self._watchers[arn] = left

    def shards(self, arn: str) -> Sequence[ShardState] | None:
        """The shards of a stream, the oldest first; None without the stream."""
        with self._lock:
            stream = _find(arn)
            if stream is None:
                return None
            return [
                ShardState(
                    id=shard.shard_id,
                    parents=tuple(parent for parent in (shard.parent, shard.adjacent_parent) if parent),
                    is_closed=not shard.is_open,
                )
                for shard in stream.shards.values()
            ]

    def read(self, arn: str, shard_id: str, *, after: int, limit: int) -> Sequence[StreamEntry]:
        """Up to `limit` records of a shard whose numbers are above `after`; none without the stream or shard."""
        with self._lock:
            stream = _find(arn)
            shard = None if stream is None else stream.shards.get(shard_id)
            if shard is None:
                return ()
            return [_entry(record) for record in _records_after(shard, after, limit)]

    def now(self) -> int:
        """A number below that of every record to come, and above that of every record there is."""
        with self._lock:
            return self._draw()

    def retention(self, arn: str) -> timedelta:
        """How long a stream keeps its records."""
        stream = _find(arn)
        return timedelta(hours=_RETENTION_HOURS if stream is None else stream.retention_period_hours)

    def has_consumer(self, stream_arn: str, consumer_arn: str) -> bool:
        """Whether an enhanced fan-out consumer is registered with a stream."""
        stream = _find(stream_arn)
        return stream is not None and stream.get_consumer_by_arn(consumer_arn) is not None

    def _draw(self) -> int:
        models = loaded(_MODULE)
        milliseconds = 0 if models is None else int(models.unix_time() * 1000)
        self._last = max(_FIRST_NUMBER + (milliseconds << _TIME_SHIFT), self._last + 1)
        return self._last

    @contextlib.contextmanager
    def _writing(self) -> Iterator[set[str]]:
        """The streams that are written to inside the block; who watches them is told at its end, all at once."""
        outer = getattr(self._held, "written", None)
        if outer is not None:
            yield outer
            return
        written: set[str] = set()
        self._held.written = written
        try:
            with self._lock:
                yield written
        finally:
            self._held.written = None
            for arn in written:
                for watcher in self._watchers.get(arn, ()):
                    watcher()

    def _mend(self, module: ModuleType) -> None:
        if module.__name__ != _MODULE:
            return
        models: Any = module
        self._mend_shard(models)
        self._mend_stream(models.Stream)
        _mend_consumer(models.Consumer)
        self._mend_backend(models.KinesisBackend)

    def _mend_shard(self, models: Any) -> None:
        shard_class, record_class = models.Shard, models.Record
        make = _original(shard_class.__init__)

        @functools.wraps(make)
        def initialize(shard: Any, *arguments: Any, **named: Any) -> None:
            make(shard, *arguments, **named)
            with self._lock:
                shard.first_number = self._draw()

        def put_record(shard: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
            with self._lock:
                number = self._draw()
                record = record_class(partition_key, data, number, explicit_hash_key)
                _log(shard).append(record)
                shard.records[number] = record
            return str(number)

        def get_records(shard: Any, last_sequence_id: str, limit: int | None) -> tuple[Sequence[Any], int, int]:
            with self._lock:
                found = _records_after(shard, int(last_sequence_id), limit)
                if not found:
                    return found, int(last_sequence_id), 0
                behind = _log(shard)[-1].created_at - found[-1].created_at
            return found, found[-1].sequence_number, int(behind * 1000)

        shard_class.__init__ = initialize
        shard_class.put_record = put_record
        shard_class.get_records = get_records
        shard_class.get_min_sequence_number = _first_number
        shard_class.get_max_sequence_number = _last_number

    def _mend_stream(self, stream_class: Any) -> None:
        put, split = _original(stream_class.put_record), _original(stream_class.split_shard)
        merge, choose = _original(stream_class.merge_shards), _original(stream_class.get_shard_for_key)

        @functools.wraps(put)
        def put_record(stream: Any, *arguments: Any, **named: Any) -> Any:
            with self._writing() as written:
                written.add(stream.arn)
                return put(stream, *arguments, **named)

        @functools.wraps(choose)
        def get_shard_for_key(stream: Any, partition_key: str, explicit_hash_key: str) -> Any:
            chosen = choose(stream, partition_key, explicit_hash_key)
            if chosen is not None and chosen.is_open:
                return chosen
            number = _hash_key(partition_key, explicit_hash_key)
            shards = stream.shards.values()
            return next(
                shard for shard in shards if shard.is_open and shard.starting_hash <= number <= shard.ending_hash
            )

        @functools.wraps(split)
        def split_shard(stream: Any, shard_to_split: str, new_starting_hash_key: str) -> None:
            with self._writing() as written, _records_kept(stream, shard_to_split):
                written.add(stream.arn)
                split(stream, shard_to_split, new_starting_hash_key)

        @functools.wraps(merge)
        def merge_shards(stream: Any, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
            first, second = shard_to_merge, adjacent_shard_to_merge
            with self._writing() as written, _records_kept(stream, first, second):
                written.add(stream.arn)
                if stream.shards[second].ending_hash + 1 == stream.shards[first].starting_hash:
                    first, second = second, first  # moto knows neighbours in one order only
                merge(stream, first, second)

        stream_class.put_record, stream_class.get_shard_for_key = put_record, get_shard_for_key
        stream_class.split_shard, stream_class.merge_shards = split_shard, merge_shards

    def _mend_backend(self, backend_class: Any) -> None:
        put, create = _original(backend_class.put_records), _original(backend_class.create_stream)

        @functools.wraps(put)
        def put_records(backend: Any, *arguments: Any, **named: Any) -> Any:
            with self._writing():
                return put(backend, *arguments, **named)

        @functools.wraps(create)
        def create_stream(backend: Any, *arguments: Any, **named: Any) -> Any:
            with self._writing() as written:
                stream = create(backend, *arguments, **named)
                written.add(stream.arn)
                return stream

        def deregister_stream_consumer(backend: Any, stream_arn: str, consumer_name: str, consumer_arn: str) -> None:
            consumer = backend.describe_stream_consumer(stream_arn, consumer_name, consumer_arn)
            with self._writing() as written:
                written.add(consumer.stream_arn)
                for stream in backend.streams.values():
                    stream.delete_consumer(consumer.consumer_arn)

        backend_class.put_records, backend_class.create_stream = put_records, create_stream
        backend_class.deregister_stream_consumer = deregister_stream_consumer


def stream_arn_of(arn: str) -> str:
    """The ARN of the stream itself. arn: its own, or that of one of its consumers."""
    return arn.partition("/consumer/")[0]


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)


def _mend_consumer(consumer_class: Any) -> None:
    """Source: Amazon Kinesis Data Streams API Reference, "Consumer": the ARN ends with when it was registered."""
    make = _original(consumer_class.__init__)

    @functools.wraps(make)
    def initialize(consumer: Any, *arguments: Any, **named: Any) -> None:
        make(consumer, *arguments, **named)
        consumer.consumer_arn += f":{int(consumer.created.replace(tzinfo=UTC).timestamp())}"

    consumer_class.__init__ = initialize


def _find(arn: str) -> Any:
    """moto's stream; None when there is none."""
    models = loaded(_MODULE)
    parts = arn.split(":")
    if models is None or len(parts) != 6 or not parts[5].startswith("stream/"):
        return None
    _, _, _, region, account_id, resource = parts
    if account_id not in models.kinesis_backends or region not in models.kinesis_backends[account_id]:
        return None
    return models.kinesis_backends[account_id][region].streams.get(resource.removeprefix("stream/"))


def _log(shard: Any) -> list[Any]:
    """The records of a shard in their order, made anew after somebody replaced them."""
    records = shard.records
    known = getattr(shard, "log", None)
    if known is None or known[0] is not records or len(known[1]) != len(records):
        known = shard.log = (records, list(records.values()))
    log: list[Any] = known[1]
    return log


def _records_after(shard: Any, number: int, limit: int | None) -> list[Any]:
    log = _log(shard)
    begin = bisect.bisect_right(log, number, key=lambda record: record.sequence_number)
    return log[begin:] if limit is None else log[begin : begin + limit]


def _first_number(shard: Any) -> int:
    number: int = getattr(shard, "first_number", 0)
    return number


def _last_number(shard: Any) -> int:
    log = _log(shard)
    return int(log[-1].sequence_number) if log else _first_number(shard)


def _hash_key(partition_key: str, explicit_hash_key: str) -> int:
    """Source: Amazon Kinesis Data Streams API Reference, "PutRecord": MD5 of the partition key, as a number."""
    if explicit_hash_key:
        return int(explicit_hash_key)
    return int(hashlib.md5(partition_key.encode(), usedforsecurity=False).hexdigest(), 16)


@contextlib.contextmanager
def _records_kept(stream: Any, *shard_ids: str) -> Iterator[None]:
    """The records of shards are out of moto's reach inside the block, and where they were after it."""
    shards = [shard for shard_id in shard_ids if (shard := stream.shards.get(shard_id)) is not None]
    kept = [(shard, shard.records) for shard in shards]
    for shard in shards:
        shard.records = OrderedDict()
    try:
        yield
    finally:
        for shard, records in kept:
            shard.records = records


def _entry(record: Any) -> StreamEntry:
    return StreamEntry(
        number=record.sequence_number,
        partition_key=record.partition_key,
        data=record.data,
        arrived_at=record.created_at_datetime.replace(tzinfo=UTC),
    )
