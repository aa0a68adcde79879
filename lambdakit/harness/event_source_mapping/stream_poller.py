"""The poller of a stream: reads its shards in order, and hands the records to lanes.

    a write -> look -> for each shard whose parents are read to their end: read -> filter -> lanes -> function
                ^                                                                      |
                +------------------ room again, or a shard read to its end ------------+

A shard has one lane, or as many as the parallelization factor says; records of one key go through one of them. What a
look reads, it offers before it reads on, so that a shard's position never passes a record that nobody holds.

Source: AWS Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams" and "Using AWS
Lambda with Amazon DynamoDB".
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from lambdakit.clock import Timer
from lambdakit.harness.event_source_mapping.batch_call import BatchCall
from lambdakit.harness.event_source_mapping.calls import Surroundings
from lambdakit.harness.event_source_mapping.filter_criteria import FilterCriteria
from lambdakit.harness.event_source_mapping.positions import MappingPosition, ShardPosition
from lambdakit.harness.event_source_mapping.shard_lane import LaneWork, ShardLane
from lambdakit.harness.event_source_mapping.stream_settings import StreamSettings, stream_settings
from lambdakit.harness.event_source_mapping.stream_source import Record, Shard, StreamSource
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.trace import RecordBatchSettled, RecordsFiltered

# What is read of a shard ahead of the function.
_AHEAD_RECORDS: Final = 10_000
_AHEAD_BYTES: Final = 32 * 1024 * 1024
# When a role that may not read is asked about again.
_REFUSED: Final = timedelta(seconds=60)

_Filter = Callable[[Sequence[Record]], list[Record]]


class StreamPoller:
    """Reads a stream for one mapping."""

    def __init__(
        self, mapping: EventSourceMapping, source: StreamSource, around: Surroundings, position: MappingPosition
    ) -> None:
        self._mapping = mapping
        self._source = source
        self._around = around
        self._position = position
        self._settings = stream_settings(mapping.settings)
        self._filters = FilterCriteria(
            mapping.settings, data_key=source.data_key, passes_other_forms=source.passes_other_forms
        )
        self._what = f"records of {mapping.source_arn or mapping.uuid}"
        self._call = BatchCall(mapping, self._settings, source, around)
        self._readers: dict[str, _ShardReader] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._looking = False
        self._look_again = False
        self._refused: Timer | None = None

    def start(self) -> None:
        """Begins to read: at its starting position, or where an earlier poller of the mapping stopped."""
        if self._position.start is None:
            self._position.start = self._source.now() if self._settings.starting_position == "LATEST" else 0
        self._source.watch(self._wake)
        if self._stopped:  # meanwhile, by another thread
            self._source.forget(self._wake)
        self._wake()

    def stop(self) -> None:
        """Reads nothing any more. Idempotent."""
        self._source.forget(self._wake)
        with self._lock:
            self._stopped = True
            readers, refused = list(self._readers.values()), self._refused
        if refused is not None:
            refused.cancel()
        for reader in readers:
            reader.stop()

    def _wake(self) -> None:
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
                if self._position.is_free_for(self, self._wake):
                    self._look_at_shards()
                with self._lock:
                    if not self._look_again or self._stopped:
                        self._looking = False
                        break
                    self._look_again = False
        except Exception:  # a fault of ours, which the worker records: the next write is looked at all the same
            with self._lock:
                self._looking = False
            raise
        finally:
            self._around.activity.end(self._what)

    def _look_at_shards(self) -> None:
        shards = self._source.shards()
        role_arn = self._around.calls.execution_role(self._mapping)
        if shards is None:
            self._call.report(f"PROBLEM: Stream not found: {self._mapping.source_arn}")
            return
        if not self._may_read(role_arn):
            return
        drained, present = self._position.drained, {shard.id for shard in shards}
        for shard in shards:
            if shard.id in drained and not shard.is_closed:
                drained.discard(shard.id)  # of another stream of that name, made since
            if shard.id in drained or any(one in present and one not in drained for one in shard.parents):
                continue
            if self._stopped:
                return
            self._reader(shard).read(shard, role_arn)

    def _may_read(self, role_arn: str) -> bool:
        refusals = (self._around.refusal(role_arn, action, arn) for action, arn in self._source.permissions())
        reason = next((reason for reason in refusals if reason is not None), None)
        if reason is None:
            return True
        self._call.report(f"PROBLEM: {reason}")
        self._around.trace.append(
            RecordBatchSettled(
                mapping=self._mapping.uuid,
                function=self._function,
                source=self._mapping.source_arn,
                request_id="",
                records=0,
                failed=0,
                outcome="failed",
                reason=reason,
            )
        )
        with self._lock:
            if not self._stopped:
                label = f"{self._what} that may not be read"
                due = self._around.clock.now() + _REFUSED
                self._refused = self._around.clock.schedule(due, self._wake, label=label, recurring=True)
        return False

    def _reader(self, shard: Shard) -> _ShardReader:
        reader = self._readers.get(shard.id)
        if reader is not None:
            return reader
        start = self._position.start
        assert start is not None
        position = self._position.shards.setdefault(shard.id, ShardPosition(id=shard.id, number=start))
        work = LaneWork(
            settings=self._settings,
            around=self._around,
            call=self._call,
            position=self._position,
            look=self._wake,
            owner=self,
            what=self._what,
        )
        reader = _ShardReader(work, self._source, position, self._filtered)
        with self._lock:
            self._readers[shard.id] = reader
            stopped = self._stopped
        if stopped:
            reader.stop()
        return reader

    def _filtered(self, records: Sequence[Record]) -> list[Record]:
        """Those that the filters let through; the others are told."""
        kept = [record for record in records if self._filters.passes(record.event, record.data)]
        if len(kept) < len(records):
            self._around.trace.append(
                RecordsFiltered(
                    mapping=self._mapping.uuid,
                    function=self._function,
                    source=self._mapping.source_arn,
                    records=len(records) - len(kept),
                )
            )
        return kept

    @property
    def _function(self) -> str:
        return self._mapping.function_arn.split(":")[6]


class _ShardReader:
    """Reads one shard into its lanes, and keeps its position."""

    def __init__(self, work: LaneWork, source: StreamSource, position: ShardPosition, filtered: _Filter) -> None:
        self._work = work
        self._source = source
        self._position = position
        self._filtered = filtered
        self._settings: StreamSettings = work.settings
        self._read_to = position.number
        self._is_full = False
        self._has_ended = False
        self._lanes = [ShardLane(work, position, self._settled) for _ in range(self._settings.lanes)]
        # Held while records pass from the stream to the lanes, so that none is between them when somebody counts.
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Begins no batch any more."""
        for lane in self._lanes:
            lane.stop()

    def read(self, shard: Shard, role_arn: str) -> None:
        """Reads until nothing is new, or enough waits for the function."""
        chunk = self._settings.batch_size * len(self._lanes)
        while not self._has_enough():
            read_at = self._work.around.clock.now()
            records = self._source.read(shard.id, after=self._read_to, limit=chunk, role_arn=role_arn)
            self._offer(records, read_until=None if records else read_at, has_ended=shard.is_closed and not records)
            if not records:
                break
        self._settled()

    def _has_enough(self) -> bool:
        records = sum(lane.outstanding for lane in self._lanes)
        size = sum(lane.outstanding_bytes for lane in self._lanes)
        self._is_full = records >= max(_AHEAD_RECORDS, 2 * self._settings.batch_size) or size >= _AHEAD_BYTES
        return self._is_full

    def _offer(self, records: Sequence[Record], *, read_until: datetime | None, has_ended: bool) -> None:
        wanted = [record for record in records if not self._is_before_start(record)]
        kept = self._filtered(wanted) if wanted else []
        by_lane: list[list[Record]] = [[] for _ in self._lanes]
        for record in kept:
            by_lane[zlib.crc32(record.order_key.encode()) % len(self._lanes)].append(record)
        with self._lock:
            for lane, own in zip(self._lanes, by_lane, strict=True):
                lane.offer(own, read_until=read_until, has_ended=has_ended)
            if records:
                self._read_to = records[-1].number
            self._has_ended = has_ended
        for lane in self._lanes:
            lane.go_on()

    def _is_before_start(self, record: Record) -> bool:
        start = self._settings.not_before
        return start is not None and record.arrived_at < start

    def _settled(self) -> None:
        """Moves the position behind what is settled, and has the poller look where that makes a difference."""
        with self._lock:
            firsts = [first for lane in self._lanes if (first := lane.first_outstanding()) is not None]
            number = min(firsts) - 1 if firsts else self._read_to
            self._position.number = max(self._position.number, number)
            is_drained = self._has_ended and all(lane.is_at_rest for lane in self._lanes)
        if is_drained and self._position.id not in self._work.position.drained:
            self._work.position.drained.add(self._position.id)
            self._work.look()
        elif self._is_full and sum(lane.outstanding for lane in self._lanes) < _AHEAD_RECORDS // 2:
            self._work.look()
