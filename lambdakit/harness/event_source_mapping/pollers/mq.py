"""Queues of an Amazon MQ broker, ActiveMQ or RabbitMQ, from messages that a test sends.

A message: `{"data": …, "properties": {…}, "queue": …, "redelivered": false, "messageId": …, "timestamp": 1}`.
Absence: the mapping's queue; a new id; now. properties: of ActiveMQ the message's own; of RabbitMQ its basic
properties, with `headers` among them.

Source: AWS Lambda Developer Guide, "Using Lambda with Amazon MQ" (the events).
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdakit.clock import Scheduler, milliseconds
from lambdakit.harness.event_source_mapping.sent_members import Members, as_text, content_of, is_bytes
from lambdakit.harness.event_source_mapping.sent_records import NotOfForm
from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping

_MEMBERS: Final = ("data", "body", "properties", "queue", "redelivered", "messageId", "timestamp")
_BASIC_PROPERTIES: Final = (
    *("contentType", "contentEncoding", "headers", "deliveryMode", "priority", "correlationId", "replyTo"),
    *("expiration", "messageId", "timestamp", "type", "userId", "appId", "clusterId"),
)
# A message stays until it is dealt with, or expires by a setting of its own.
_RETENTION: Final = timedelta(days=3_650)


class MqForm:
    """The messages of a mapping of a broker's queue. is_rabbit: RabbitMQ, not ActiveMQ."""

    data_key = "data"
    retention = _RETENTION

    def __init__(self, mapping: EventSourceMapping, clock: Scheduler, *, is_rabbit: bool) -> None:
        self._arn = mapping.source_arn
        self._clock = clock
        self._is_rabbit = is_rabbit
        self._queues = [str(queue) for queue in mapping.settings.get("Queues") or ()]
        access = mapping.settings.get("SourceAccessConfigurations") or ()
        hosts = [str(one.get("URI")) for one in access if one.get("Type") == "VIRTUAL_HOST"]
        self._host = hosts[0] if hosts else "/"

    def record(self, given: Mapping[str, Any], number: int, offsets: Counter[str]) -> Record:
        """A message."""
        del offsets
        members = Members(given, _MEMBERS)
        if ("data" in given) is ("body" in given):
            raise NotOfForm("data", "is missing, or stands beside body", hint="a message has one of the two")
        name = "data" if "data" in given else "body"
        content = members.content(name)
        if content is None:
            raise NotOfForm(name, "None is no message")
        queue = members.text("queue", self._queues[0] if self._queues else "")
        if queue not in self._queues:
            raise NotOfForm("queue", f"{queue!r} is not the mapping's queue", hint=f"it reads {self._queues[0]}")
        moment = members.whole("timestamp", milliseconds(self._clock.now()))
        make = self._rabbit_message if self._is_rabbit else self._active_message
        event = make(members, content, moment, number, is_text=not is_bytes(given[name]), queue=queue)
        return Record(
            number=number,
            identifier=str(number),
            order_key=f"{queue}::{self._host}",
            arrived_at=self._clock.now(),
            text=json.dumps(event),
            event=event,
            data=as_text(content),
        )

    def payload(self, records: Sequence[Record]) -> bytes:
        """The event."""
        texts = ", ".join(record.text for record in records)
        if self._is_rabbit:
            head = json.dumps({"eventSource": "aws:rmq", "eventSourceArn": self._arn})
            queue = json.dumps(records[0].order_key)
            return f'{head[:-1]}, "rmqMessagesByQueue": {{{queue}: [{texts}]}}}}'.encode()
        head = json.dumps({"eventSource": "aws:mq", "eventSourceArn": self._arn})
        return f'{head[:-1]}, "messages": [{texts}]}}'.encode()

    def reported(self, item: object) -> str | None:
        """A batch of messages succeeds or fails as a whole."""
        del item
        return None

    def batch_info(self, records: Sequence[Record], event_bytes: int) -> tuple[str, Mapping[str, Any]]:
        """Mappings of brokers have no on-failure destination."""
        return "MQBatchInfo", {"batchSize": len(records), "eventSourceArn": self._arn, "payloadSize": event_bytes}

    def _active_message(
        self, members: Members, content: bytes, moment: int, number: int, *, is_text: bool, queue: str
    ) -> dict[str, Any]:
        broker = self._arn.rpartition(":")[2]
        return {
            "messageID": members.text("messageId", f"ID:{broker}-1:1:1:1:{number}"),
            "messageType": "jms/text-message" if is_text else "jms/bytes-message",
            "deliveryMode": 1,
            "replyTo": None,
            "type": None,
            "expiration": None,
            "priority": 4,
            "correlationId": None,
            "connectionId": f"ID:{broker}-1:1",
            "redelivered": members.flag("redelivered"),
            "destination": {"physicalName": queue},
            "data": base64.b64encode(content).decode(),
            "timestamp": moment,
            "brokerInTime": moment,
            "brokerOutTime": moment,
            "properties": dict(members.mapping("properties")),
        }

    def _rabbit_message(
        self, members: Members, content: bytes, moment: int, number: int, *, is_text: bool, queue: str
    ) -> dict[str, Any]:
        del number, is_text, queue
        given = members.mapping("properties")
        for name in given:
            if name not in _BASIC_PROPERTIES:
                hint = f"properties of one's own are headers; it may have {', '.join(_BASIC_PROPERTIES)}"
                raise NotOfForm(f"properties.{name}", "is no basic property", hint=hint)
        at = datetime.fromtimestamp(moment / 1000, UTC)
        defaults = {
            "deliveryMode": 1,
            "messageId": members.text("messageId"),
            "timestamp": f"{at:%b} {at.day}, {at.year}, {at:%I:%M:%S %p}".replace(", 0", ", "),
        }
        headers = {name: _header(value, name) for name, value in (given.get("headers") or {}).items()}
        properties = {name: given.get(name, defaults.get(name)) for name in _BASIC_PROPERTIES}
        return {
            "basicProperties": {**properties, "headers": headers, "bodySize": len(content)},
            "redelivered": members.flag("redelivered"),
            "data": base64.b64encode(content).decode(),
        }


def _header(value: object, name: str) -> object:
    """Texts and bytes as the event has them: an object with their bytes."""
    if isinstance(value, str) or is_bytes(value):
        return {"bytes": list(content_of(value, f"properties.headers.{name}"))}
    return value
