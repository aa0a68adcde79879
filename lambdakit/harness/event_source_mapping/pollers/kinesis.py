"""Kinesis data streams, read shard by shard, by a shared iterator or as an enhanced fan-out consumer.

Source: AWS Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams" (the example
event), "Process Amazon Kinesis Data Streams records with Lambda" (the role's permissions) and "Using event filtering
with a Kinesis event source".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.event_source_mapping.batch_response import identifier_text
from lambdakit.harness.event_source_mapping.stream_source import Record, Shard
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.moto_state.streams import KinesisStreams, StreamEntry, stream_arn_of

_READS: Final = ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords")


class KinesisSource:
    """A stream as one mapping reads it. The mapping's source is the stream, or a consumer of it."""

    data_key = "data"
    passes_other_forms = False

    def __init__(self, mapping: EventSourceMapping, streams: KinesisStreams) -> None:
        self._streams = streams
        self._arn = mapping.source_arn
        self._stream = stream_arn_of(mapping.source_arn)
        self._region = self._stream.split(":")[3]
        self._is_filtered = bool((mapping.settings.get("FilterCriteria") or {}).get("Filters"))

    @property
    def retention(self) -> timedelta:
        """The stream's own."""
        return self._streams.retention(self._stream)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` at each write."""
        self._streams.watch(self._stream, watcher)

    def forget(self, watcher: Callable[[], None]) -> None:
        """Ends what `watch` began."""
        self._streams.forget(self._stream, watcher)

    def shards(self) -> Sequence[Shard] | None:
        """The stream's shards; None without the stream, or without the consumer."""
        shards = self._streams.shards(self._stream)
        if shards is None or (self._is_consumer and not self._streams.has_consumer(self._stream, self._arn)):
            return None
        return [Shard(id=shard.id, parents=shard.parents, is_closed=shard.is_closed) for shard in shards]

    def now(self) -> int:
        """Every record to come is above it."""
        return self._streams.now()

    def read(self, shard_id: str, *, after: int, limit: int, role_arn: str) -> Sequence[Record]:
        """Records, as the function gets them."""
        entries = self._streams.read(self._stream, shard_id, after=after, limit=limit)
        return [self._record(entry, shard_id, role_arn) for entry in entries]

    def permissions(self) -> Sequence[tuple[str, str]]:
        """What the role has to be allowed."""
        if self._is_consumer:
            return [("kinesis:DescribeStream", self._stream), ("kinesis:SubscribeToShard", self._arn)]
        return [(action, self._stream) for action in _READS]

    def payload(self, records: Sequence[Record], members: Mapping[str, Any]) -> bytes:
        """The event."""
        return records_event(records, members)

    def reported(self, item: object) -> str | None:
        """A sequence number."""
        return identifier_text(item)

    def batch_info(self, shard_id: str, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """Source: "Retain discarded batch records for a Kinesis Data Streams event source in Lambda", the example."""
        del event_bytes
        first, last = records[0], records[-1]
        return "KinesisBatchInfo", {
            "shardId": shard_id,
            "startSequenceNumber": first.identifier,
            "endSequenceNumber": last.identifier,
            "approximateArrivalOfFirstRecord": iso_milliseconds(first.arrived_at),
            "approximateArrivalOfLastRecord": iso_milliseconds(last.arrived_at),
            "batchSize": len(records),
            "streamArn": self._stream,
        }

    @property
    def _is_consumer(self) -> bool:
        return self._arn != self._stream

    def _record(self, entry: StreamEntry, shard_id: str, role_arn: str) -> Record:
        number = str(entry.number)
        event = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": entry.partition_key,
                "sequenceNumber": number,
                "data": entry.data,
                "approximateArrivalTimestamp": round(entry.arrived_at.timestamp(), 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": role_arn,
            "awsRegion": self._region,
            # For a consumer, too, the mapping's source; the documentation shows no event of one.
            "eventSourceARN": self._arn,
        }
        return Record(
            number=entry.number,
            identifier=number,
            order_key=entry.partition_key,
            arrived_at=entry.arrived_at,
            text=json.dumps(event),
            event=_as_filters_see_it(event) if self._is_filtered else {},
            data=decoded(entry.data) if self._is_filtered else None,
        )


def records_event(records: Sequence[Record], members: Mapping[str, Any]) -> bytes:
    """An event of `Records`, and what stands beside them."""
    more = f", {json.dumps(members)[1:-1]}" if members else ""
    return f'{{"Records": [{", ".join(record.text for record in records)}]{more}}}'.encode()


def decoded(data: str) -> str | None:
    """What base64 stands for, as text; None where it is none."""
    try:
        return base64.b64decode(data).decode()
    except ValueError:
        return None


def _as_filters_see_it(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """A pattern has the data at its top level, where the event has it below `kinesis`, encoded."""
    inner = {name: value for name, value in event["kinesis"].items() if name != "data"}
    return {**event, **inner, "kinesis": inner}
