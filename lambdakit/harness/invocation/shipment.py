"""What is sent when an asynchronous event ended: as whom, in which chain of requests, through which clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from lambdakit.arn import Arn
from lambdakit.harness.invocation.asynchronous_event import QueuedEvent, Verdict
from lambdakit.records import dataclass


class Undeliverable(Exception):
    """Something could not be sent. The text says why."""


class Clients(Protocol):
    """Who makes boto3 clients for the account."""

    def __call__(self, service: str, region: str, *, role: str) -> Any:
        """A client. role: the ARN of the execution role that it acts as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """An event that ended. role: the function's execution role. trace_id: the X-Ray header of its chain of requests."""

    queued: QueuedEvent
    verdict: Verdict
    role: str
    trace_id: str
    at: datetime


def parse_target(text: str) -> Arn:
    """The ARN of a destination. Undeliverable when it is none."""
    try:
        return Arn.parse(text)
    except ValueError as error:
        raise Undeliverable(str(error)) from None


def deliver(send: Callable[[], None]) -> None:
    """Calls `send`. Undeliverable with what it failed with: a service's refusal, or a request that no service takes."""
    try:
        send()
    except Undeliverable:
        raise
    except Exception as error:  # whatever a client raises: the event is lost, and the trace says why
        raise Undeliverable(f"{type(error).__name__}: {error}") from error


def send_message(
    clients: Clients, queue: Arn, body: str, shipment: Shipment, attributes: Mapping[str, Mapping[str, str]]
) -> None:
    """Sends a message to a queue, with the trace header as the system attribute that carries it on."""
    sqs = clients("sqs", queue.region, role=shipment.role)
    sqs.send_message(
        # As Lambda, which knows it: the role needs no permission to look it up.
        QueueUrl=f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.resource}",
        MessageBody=body,
        MessageAttributes=attributes,
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": shipment.trace_id}},
    )
