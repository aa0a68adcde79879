"""Destinations: where the record of an asynchronous invocation goes.

Source: AWS Lambda Developer Guide, "Retaining records of asynchronous invocations".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from lambdakit.arn import Arn
from lambdakit.harness.invocation.destination_record import destination_record, qualified_arn
from lambdakit.harness.invocation.shipment import (
    Clients,
    Shipment,
    Undeliverable,
    deliver,
    parse_target,
    send_message,
)

InvokeLater = Callable[[str, bytes, str, str], None]


class Destinations:
    """Sends records to queues, topics, event buses, functions and buckets.

    invoke_later: takes an event for a function asynchronously: its ARN, the payload, the X-Ray header, the role that
    invokes it; raises what refuses it.
    """

    def __init__(self, clients: Clients, *, invoke_later: InvokeLater) -> None:
        self._clients = clients
        self._invoke_later = invoke_later
        self._senders: Mapping[str, Callable[[Arn, str, Shipment], None]] = {
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "events": self._to_bus,
            "lambda": self._to_function,
            "s3": self._to_bucket,
        }

    def send(self, destination: str, shipment: Shipment) -> None:
        """Sends the event's record. Undeliverable when that fails."""
        target = parse_target(destination)
        send = self._senders.get(target.service)
        if send is None:
            raise Undeliverable(f"{destination} is no queue, topic, event bus, function or bucket")
        record = destination_record(shipment.queued, shipment.verdict, at=shipment.at)
        deliver(lambda: send(target, record, shipment))

    def _to_queue(self, target: Arn, record: str, shipment: Shipment) -> None:
        send_message(self._clients, target, record, shipment, {})

    def _to_topic(self, target: Arn, record: str, shipment: Shipment) -> None:
        self._clients("sns", target.region, role=shipment.role).publish(TopicArn=str(target), Message=record)

    def _to_bus(self, target: Arn, record: str, shipment: Shipment) -> None:
        result = "Success" if shipment.verdict.condition == "Success" else "Failure"
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {result}",
            "Resources": [str(target), qualified_arn(shipment.queued)],
            "Detail": record,
            "EventBusName": str(target),
            "Time": shipment.at,
            "TraceHeader": shipment.trace_id,
        }
        answer = self._clients("events", target.region, role=shipment.role).put_events(Entries=[entry])
        if answer.get("FailedEntryCount"):
            refused = answer["Entries"][0]
            raise Undeliverable(f"{refused.get('ErrorCode')}: {refused.get('ErrorMessage')}")

    def _to_function(self, target: Arn, record: str, shipment: Shipment) -> None:
        self._invoke_later(str(target), record.encode(), shipment.trace_id, shipment.role)

    def _to_bucket(self, target: Arn, record: str, shipment: Shipment) -> None:
        if shipment.verdict.condition == "Success":
            raise Undeliverable("a bucket takes the records of failures only")
        function, at = shipment.queued.function, shipment.at
        key = f"aws/lambda/async/{function}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        s3 = self._clients("s3", shipment.queued.region, role=shipment.role)
        s3.put_object(Bucket=target.resource, Key=key, Body=record.encode())
