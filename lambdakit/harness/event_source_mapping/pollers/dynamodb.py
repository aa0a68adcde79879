"""DynamoDB streams: what changed in a table, in order.

Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB", "Process DynamoDB records with Lambda" (the
role's permissions) and "Using event filtering with a DynamoDB event source".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdakit.harness.event_source_mapping.batch_response import identifier_text
from lambdakit.harness.event_source_mapping.pollers.kinesis import records_event
from lambdakit.harness.event_source_mapping.stream_source import Record, Shard
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.harness.moto_state.item_values import encoded_item
from lambdakit.harness.moto_state.table_streams import ItemChange, TableStreams

# Amazon DynamoDB Developer Guide, "Change data capture for DynamoDB Streams".
_RETENTION: Final = timedelta(hours=24)
_READS: Final = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
# As an event has it; the streams API begins both names with capitals.
# Source: Amazon DynamoDB Developer Guide, "DynamoDB Streams and Time to Live".
_BY_SERVICE: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


class DynamoDbSource:
    """A table's stream as one mapping reads it."""

    data_key = ""
    passes_other_forms = False

    def __init__(self, mapping: EventSourceMapping, tables: TableStreams) -> None:
        self._tables = tables
        self._arn = mapping.source_arn
        self._region = mapping.source_arn.split(":")[3]

    @property
    def retention(self) -> timedelta:
        """A day."""
        return _RETENTION

    def watch(self, watcher: Callable[[], None]) -> None:
        """Calls `watcher` at each write that the stream tells of."""
        self._tables.watch(self._arn, watcher)

    def forget(self, watcher: Callable[[], None]) -> None:
        """Ends what `watch` began."""
        self._tables.forget(self._arn, watcher)

    def shards(self) -> Sequence[Shard] | None:
        """The stream's one shard; None without the table, or once it has another stream."""
        shard = self._tables.shard(self._arn)
        return None if shard is None else [Shard(id=shard)]

    def now(self) -> int:
        """Every record to come is above it."""
        return self._tables.now(self._arn)

    def read(self, shard_id: str, *, after: int, limit: int, role_arn: str) -> Sequence[Record]:
        """Records, as the function gets them."""
        del shard_id, role_arn
        return [self._record(change) for change in self._tables.read(self._arn, after=after, limit=limit)]

    def permissions(self) -> Sequence[tuple[str, str]]:
        """What the role has to be allowed."""
        return [(action, self._arn) for action in _READS]

    def payload(self, records: Sequence[Record], members: Mapping[str, Any]) -> bytes:
        """The event."""
        return records_event(records, members)

    def reported(self, item: object) -> str | None:
        """A sequence number."""
        return identifier_text(item)

    def batch_info(self, shard_id: str, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """Source: "Retain discarded records for a DynamoDB event source in Lambda", the example."""
        del event_bytes
        first, last = records[0], records[-1]
        return "DDBStreamBatchInfo", {
            "shardId": shard_id,
            "startSequenceNumber": first.identifier,
            "endSequenceNumber": last.identifier,
            "approximateArrivalOfFirstRecord": _iso_seconds(first.arrived_at),
            "approximateArrivalOfLastRecord": _iso_seconds(last.arrived_at),
            "batchSize": len(records),
            "streamArn": self._arn,
        }

    def _record(self, change: ItemChange) -> Record:
        stream: dict[str, Any] = {
            "ApproximateCreationDateTime": int(change.created_at.timestamp()),
            "Keys": encoded_item(change.keys),
        }
        if change.new is not None:
            stream["NewImage"] = encoded_item(change.new)
        if change.old is not None:
            stream["OldImage"] = encoded_item(change.old)
        stream["SequenceNumber"] = str(change.number)
        stream["SizeBytes"] = change.size_bytes
        stream["StreamViewType"] = change.view
        event: dict[str, Any] = {
            "eventID": change.event_id,
            "eventName": change.event_name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._region,
            "dynamodb": stream,
            "eventSourceARN": self._arn,
        }
        if change.by_service:
            event["userIdentity"] = _BY_SERVICE
        return Record(
            number=change.number,
            identifier=str(change.number),
            order_key=json.dumps(stream["Keys"], sort_keys=True),
            arrived_at=change.created_at,
            text=json.dumps(event),
            event=event,
            data=None,
        )


def _iso_seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
