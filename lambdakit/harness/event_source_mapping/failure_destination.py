"""Where the records go that a mapping gives up: what its on-failure destination is told.

Source: AWS Lambda Developer Guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda",
"Retain discarded records for a DynamoDB event source in Lambda" and "Capturing discarded batches for Amazon MSK and
self-managed Apache Kafka event sources": sent as the execution role; a bucket gets the event as well.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from lambdakit.arn import Arn
from lambdakit.clock import iso_milliseconds
from lambdakit.harness.event_source_mapping.calls import Answer, Outcome, Surroundings
from lambdakit.harness.event_source_mapping.stream_retry import Batch
from lambdakit.harness.event_source_mapping.stream_source import StreamSource
from lambdakit.harness.invocation.shipment import Undeliverable, deliver, parse_target
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """A batch that is given up. condition: why. event: as the function got it, or would have."""

    shard_id: str
    batch: Batch
    condition: str
    event: bytes


class FailureDestination:
    """The destination of one mapping. arn: empty for none."""

    def __init__(self, arn: str, mapping: EventSourceMapping, source: StreamSource, around: Surroundings) -> None:
        self.arn = arn
        self._mapping = mapping
        self._source = source
        self._around = around
        self._senders: Mapping[str, Callable[[Arn, Discarded], None]] = {
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "s3": self._to_bucket,
        }

    def send(self, discarded: Discarded) -> str:
        """Tells it; why that failed, or an empty text."""
        try:
            target = parse_target(self.arn)
            sender = self._senders.get(target.service)
            if sender is None:
                raise Undeliverable(f"{self.arn} is no queue, topic or bucket")
            deliver(lambda: sender(target, discarded))
        except Undeliverable as failure:
            if self.arn.startswith("kafka://"):
                return f"no Kafka broker runs behind {self.arn} here"
            return str(failure)
        return ""

    def _to_queue(self, target: Arn, discarded: Discarded) -> None:
        # By its URL, as the role needs no more than sqs:SendMessage.
        url = f"https://sqs.{target.region}.amazonaws.com/{target.account}/{target.resource}"
        message = json.dumps(self._record(discarded))
        self._client("sqs", target.region).send_message(QueueUrl=url, MessageBody=message)

    def _to_topic(self, target: Arn, discarded: Discarded) -> None:
        message = json.dumps(self._record(discarded))
        self._client("sns", target.region).publish(TopicArn=str(target), Message=message)

    def _to_bucket(self, target: Arn, discarded: Discarded) -> None:
        at = self._around.clock.now()
        place = f"aws/lambda/{self._mapping.uuid}/{discarded.shard_id}"
        key = f"{place}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        record = {**self._record(discarded), "payload": discarded.event.decode()}
        s3 = self._client("s3", self._mapping.region)
        s3.put_object(Bucket=target.resource, Key=key, Body=json.dumps(record).encode())

    def _client(self, service: str, region: str) -> Any:
        role = self._around.calls.execution_role(self._mapping)
        return self._around.clients(service, region, role=role)

    def _record(self, discarded: Discarded) -> dict[str, Any]:
        batch, answer = discarded.batch, discarded.batch.last
        record: dict[str, Any] = {
            "requestContext": {
                "requestId": (answer.request_id if answer else "") or str(uuid.uuid4()),
                "functionArn": self._mapping.function_arn,
                "condition": discarded.condition,
                "approximateInvokeCount": batch.calls,
            }
        }
        context = _response_context(answer)
        if context is not None:
            record["responseContext"] = context
        name, content = self._source.batch_info(discarded.shard_id, batch.records, len(discarded.event))
        return {
            **record,
            "version": "1.0",
            "timestamp": iso_milliseconds(self._around.clock.now()),
            name: dict(content),
        }


def _response_context(answer: Answer | None) -> dict[str, Any] | None:
    """None when the function never ran for the records."""
    if answer is None or answer.outcome not in (Outcome.ANSWERED, Outcome.FAILED):
        return None
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": answer.executed_version}
    if answer.outcome is Outcome.FAILED:
        context["functionError"] = "Unhandled"
    return context
