"""Change streams of Amazon DocumentDB, from change events that a test sends.

An event: `{"operationType": "insert", "fullDocument": {…}, "documentKey": {…}, …}`, in MongoDB's extended JSON.
Absence: `ns` is the mapping's; `documentKey` the document's `_id`; `_id` and `clusterTime` are made.

Source: AWS Lambda Developer Guide, "Process Amazon DocumentDB events with Lambda" (the event); MongoDB manual, "Change
Events" (the operations).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from lambdakit.clock import Scheduler
from lambdakit.harness.event_source_mapping.sent_members import Members
from lambdakit.harness.event_source_mapping.sent_records import NotOfForm
from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping

_WITH_DOCUMENT: Final = ("insert", "replace")
_OPERATIONS: Final = (*_WITH_DOCUMENT, "update", "delete", "drop", "dropDatabase", "rename", "invalidate")
_MEMBERS: Final = (
    *("_id", "operationType", "fullDocument", "ns", "to", "documentKey", "updateDescription", "clusterTime"),
)
# Amazon DocumentDB Developer Guide, "Using change streams with Amazon DocumentDB": the default.
_RETENTION: Final = timedelta(hours=3)


class DocumentDbForm:
    """The change events of a mapping of a database or collection."""

    data_key = ""
    retention = _RETENTION

    def __init__(self, mapping: EventSourceMapping, clock: Scheduler) -> None:
        self._arn = mapping.source_arn
        self._clock = clock
        config = mapping.settings.get("DocumentDBEventSourceConfig") or {}
        self._database = str(config.get("DatabaseName") or "")
        self._collection = str(config.get("CollectionName") or "")
        self._looks_up = config.get("FullDocument") == "UpdateLookup"

    def record(self, given: Mapping[str, Any], number: int, offsets: Counter[str]) -> Record:
        """A change event."""
        del offsets
        members = Members(given, _MEMBERS)
        operation = members.text("operationType")
        if operation not in _OPERATIONS:
            problem = "is missing" if operation is None else f"{operation!r} is no operation of a change stream"
            raise NotOfForm("operationType", problem, hint=f"it is one of {', '.join(_OPERATIONS)}")
        document = members.mapping("fullDocument")
        if operation in _WITH_DOCUMENT and not document:
            raise NotOfForm("fullDocument", f"is missing: an {operation} has the whole document")
        if operation == "update" and document and not self._looks_up:
            hint = "the mapping's FullDocument has to be UpdateLookup"
            raise NotOfForm("fullDocument", "comes with an update only where it is looked up", hint=hint)
        now = self._clock.now()
        seconds = int(now.timestamp())
        event = {
            "_id": given.get("_id") or {"_data": f"01{seconds:08x}{number:08x}0100000009000041e1"},
            "clusterTime": given.get("clusterTime") or {"$timestamp": {"t": seconds, "i": number}},
            **({"documentKey": key} if (key := self._key(members, document)) else {}),
            **{name: given[name] for name in ("fullDocument", "to", "updateDescription") if name in members},
            "ns": self._namespace(members),
            "operationType": operation,
        }
        return Record(
            number=number,
            identifier=str(number),
            order_key=self._arn,
            arrived_at=now,
            text=json.dumps({"event": event}),
            event={"event": event},
            data=None,
        )

    def payload(self, records: Sequence[Record]) -> bytes:
        """The event."""
        texts = ", ".join(record.text for record in records)
        source = json.dumps(self._arn)
        return f'{{"eventSourceArn": {source}, "events": [{texts}], "eventSource": "aws:docdb"}}'.encode()

    def reported(self, item: object) -> str | None:
        """A batch of change events succeeds or fails as a whole."""
        del item
        return None

    def batch_info(self, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """Mappings of databases have no on-failure destination."""
        return "DocumentDBBatchInfo", {
            "batchSize": len(records),
            "eventSourceArn": self._arn,
            "payloadSize": event_bytes,
        }

    @staticmethod
    def _key(members: Members, document: Mapping[str, Any]) -> Mapping[str, Any]:
        return members.mapping("documentKey") or ({"_id": document["_id"]} if "_id" in document else {})

    def _namespace(self, members: Members) -> Mapping[str, Any]:
        given = members.mapping("ns")
        database, collection = given.get("db", self._database), given.get("coll", self._collection)
        if self._database not in ("", database) or self._collection not in ("", collection):
            hint = f"it watches {self._database}.{self._collection or '*'}"
            raise NotOfForm("ns", f"{database}.{collection} is not what the mapping watches", hint=hint)
        return {"db": database, **({"coll": collection} if collection else {})}
