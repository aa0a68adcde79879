"""Kafka topics, of Amazon MSK or of a cluster of one's own, from records that a test sends.

A record: `{"value": …, "key": …, "topic": …, "partition": 0, "headers": {name: value}, "timestamp": milliseconds}`.
Absence: no key; the mapping's topic; partition 0; no headers; now. A null value is a tombstone. Offsets are counted.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon MSK" and "Using Lambda with self-managed Apache Kafka"
(the events), "Capturing discarded batches for Amazon MSK and self-managed Apache Kafka event sources" (the record).
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdakit.clock import Scheduler, iso_milliseconds, milliseconds
from lambdakit.harness.event_source_mapping.sent_members import Members, as_text, content_of
from lambdakit.harness.event_source_mapping.sent_records import NotOfForm
from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping

_MEMBERS: Final = ("topic", "partition", "key", "value", "headers", "timestamp")
# Kafka documentation, "log.retention.hours": the broker's default.
_RETENTION: Final = timedelta(hours=168)


class KafkaForm:
    """The records of a mapping of Kafka topics. brokers: the addresses of a managed cluster's, by its ARN."""

    data_key = "value"
    retention = _RETENTION

    def __init__(self, mapping: EventSourceMapping, clock: Scheduler, brokers: Callable[[str], str]) -> None:
        self._arn = mapping.source_arn
        self._clock = clock
        self._topics = [str(topic) for topic in mapping.settings.get("Topics") or ()]
        own = (mapping.settings.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
        self._brokers = brokers(self._arn) if self._arn else ",".join(own.get("KAFKA_BOOTSTRAP_SERVERS") or ())

    def record(self, given: Mapping[str, Any], number: int, offsets: Counter[str]) -> Record:
        """A record, at the next offset of its partition."""
        members = Members(given, _MEMBERS)
        if "value" not in given:
            raise NotOfForm("value", "is missing", hint="a record without one has the value None")
        topic = members.text("topic", self._topics[0] if len(self._topics) == 1 else None)
        if topic is None or topic not in self._topics:
            problem = "is missing" if topic is None else f"{topic!r} is not a topic of the mapping"
            raise NotOfForm("topic", problem, hint=f"the mapping reads {', '.join(self._topics)}")
        place = f"{topic}-{members.whole('partition', 0)}"
        moment = members.whole("timestamp", milliseconds(self._clock.now()))
        key, value = members.content("key"), members.content("value")
        headers = _headers(given.get("headers"))
        offset = offsets[place]
        offsets[place] += 1
        event: dict[str, Any] = {
            "topic": topic,
            "partition": members.whole("partition", 0),
            "offset": offset,
            "timestamp": moment,
            "timestampType": "CREATE_TIME",
            **({} if key is None else {"key": base64.b64encode(key).decode()}),
            **({} if value is None else {"value": base64.b64encode(value).decode()}),
            "headers": headers,
        }
        return Record(
            number=number,
            identifier=f"{place}/{offset}",
            order_key=place,
            arrived_at=self._clock.now(),  # it came to the broker now, whatever its producer says
            text=json.dumps(event),
            event={**event, "key": _parsed(as_text(key))},
            data=as_text(value),
        )

    def payload(self, records: Sequence[Record]) -> bytes:
        """The event: records by topic and partition."""
        by_place: dict[str, list[str]] = {}
        for record in records:
            by_place.setdefault(record.order_key, []).append(record.text)
        places = ", ".join(f"{json.dumps(place)}: [{', '.join(texts)}]" for place, texts in by_place.items())
        source = {"eventSource": "aws:kafka", "eventSourceArn": self._arn}
        if not self._arn:
            source = {"eventSource": "aws:SelfManagedKafka"}
        head = json.dumps({**source, "bootstrapServers": self._brokers})
        return f'{head[:-1]}, "records": {{{places}}}}}'.encode()

    def reported(self, item: object) -> str | None:
        """Source: AWS Lambda Developer Guide, "Configuring error handling controls for Kafka event sources"."""
        if not isinstance(item, Mapping):
            return None
        offset = item.get("offset")
        return f"{item.get('partition')}/{offset}" if isinstance(offset, int) else None

    def batch_info(self, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """The batch, partition by partition."""
        by_place: dict[str, list[Record]] = {}
        for record in records:
            by_place.setdefault(record.order_key, []).append(record)
        return "KafkaBatchInfo", {
            "batchSize": len(records),
            **({"eventSourceArn": self._arn} if self._arn else {}),
            "bootstrapServers": self._brokers,
            "payloadSize": event_bytes,
            "recordsInfo": {
                place: {
                    "firstRecordOffset": own[0].identifier.rpartition("/")[2],
                    "lastRecordOffset": own[-1].identifier.rpartition("/")[2],
                    "firstRecordTimestamp": _timestamp(own[0]),
                    "lastRecordTimestamp": _timestamp(own[-1]),
                }
                for place, own in by_place.items()
            },
        }


def _timestamp(record: Record) -> str:
    """What its producer says."""
    return iso_milliseconds(datetime.fromtimestamp(json.loads(record.text)["timestamp"] / 1000, UTC))


def _parsed(key: str | None) -> object:
    """The object that a key holds as JSON; its text when it holds none."""
    try:
        value = json.loads(key or "")
    except ValueError:
        return key
    return value if isinstance(value, dict) else key


def _headers(given: object) -> list[dict[str, list[int]]]:
    """Headers as the event has them: one object each. given: an object, or a list of objects where names come twice."""
    if given is None:
        return []
    parts = [given] if isinstance(given, Mapping) else given
    if not isinstance(parts, Sequence) or isinstance(parts, str) or any(not isinstance(one, Mapping) for one in parts):
        raise NotOfForm("headers", f"{given!r} is neither an object nor a list of objects")
    return [{str(name): list(content_of(value, f"headers.{name}"))} for one in parts for name, value in one.items()]
