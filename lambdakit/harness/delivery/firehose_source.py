"""Kinesis streams that feed delivery streams: what is put into the one flows into the other.

Source: Amazon Data Firehose Developer Guide, "Configure Kinesis data stream as source", "Grant Firehose access to
Kinesis Data Streams".
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from typing import Final

from lambdakit.clock import milliseconds
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import DROPPED
from lambdakit.harness.delivery.firehose import Firehose
from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.targets import Permissions
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.harness.moto_state.streams import KinesisStreams, StreamEntry
from lambdakit.trace import EventNotDelivered, TraceLog

_RECORDS_AT_ONCE: Final = 1_000


class _Feed:
    """Reads for one delivery stream. positions: the number of the last record that was read, by shard."""

    def __init__(self, arn: str, source_arn: str, start: int) -> None:
        self.arn = arn
        self.source_arn = source_arn
        self.start = start
        self.positions: dict[str, int] = {}
        self.reading = threading.Lock()
        self.wake: Callable[[], None] = lambda: None


class KinesisFeeds:
    """Feeds delivery streams, each from the moment it was made on."""

    def __init__(
        self,
        firehose: Firehose,
        streams: KinesisStreams,
        permissions: Permissions,
        *,
        submit: Callable[[Callable[[], None]], None],
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self._firehose = firehose
        self._streams = streams
        self._permissions = permissions
        self._submit = submit
        self._activity = activity
        self._trace = trace
        self._feeds: dict[str, _Feed] = {}
        self._lock = threading.Lock()
        firehose.watch = self.begin

    def begin(self, arn: str) -> None:
        """Begins to feed a delivery stream anew, from now on; ends with one that is gone or has no source."""
        with self._lock:
            former = self._feeds.pop(arn, None)
            stream = self._firehose.streams.find(arn)
            feed = None
            if stream is not None and stream.source_arn:
                feed = self._feeds[arn] = _Feed(arn, stream.source_arn, self._streams.now())
        if former is not None:
            self._streams.forget(former.source_arn, former.wake)
        if feed is not None:
            kept = feed
            kept.wake = lambda: self._look_soon(kept)
            self._streams.watch(kept.source_arn, kept.wake)

    def _look_soon(self, feed: _Feed) -> None:
        what = f"records of {feed.source_arn.rpartition('/')[2]} for {feed.arn.rpartition('/')[2]}"

        def run() -> None:
            try:
                with feed.reading:
                    self._look(feed)
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(run)

    def _look(self, feed: _Feed) -> None:
        stream = self._firehose.streams.find(feed.arn)
        if stream is None or self._feeds.get(feed.arn) is not feed or not self._may_read(stream):
            return
        for shard in self._streams.shards(feed.source_arn) or ():
            while True:
                after = feed.positions.get(shard.id, feed.start)
                entries = self._streams.read(feed.source_arn, shard.id, after=after, limit=_RECORDS_AT_ONCE)
                if not entries:
                    break
                feed.positions[shard.id] = entries[-1].number
                self._firehose.take(feed.arn, [_record(entry, shard.id) for entry in entries])

    def _may_read(self, stream: DeliveryStreamState) -> bool:
        if not stream.source_role:
            return True
        reason = self._permissions.role_refusal(
            stream.source_role, stream.name, "kinesis:GetRecords", stream.source_arn
        )
        if reason is None:
            return True
        self._trace.append(
            EventNotDelivered(
                source=stream.source_arn,
                target=stream.arn,
                what="records of a stream",
                reason=reason,
                attempts=1,
                settled=DROPPED,
            )
        )
        return False


def _record(entry: StreamEntry, shard_id: str) -> FirehoseRecord:
    """Source: Amazon Data Firehose Developer Guide, the function's event for a Kinesis source."""
    data = base64.b64decode(entry.data)
    return FirehoseRecord(
        id=f"{entry.number:056d}000000",
        arrived_at=entry.arrived_at,
        raw=data,
        data=data,
        source={
            "shardId": shard_id,
            "partitionKey": entry.partition_key,
            "approximateArrivalTimestamp": milliseconds(entry.arrived_at),
            "sequenceNumber": str(entry.number),
            "subsequenceNumber": 0,
        },
    )
