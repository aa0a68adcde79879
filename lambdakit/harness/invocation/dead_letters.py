"""Dead-letter queues: where the event itself goes once it is given up.

Source: AWS Lambda Developer Guide, "Adding a dead-letter queue".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.invocation.shipment import (
    Clients,
    Shipment,
    Undeliverable,
    deliver,
    parse_target,
    send_message,
)
from lambdakit.limits import ERROR_MESSAGE_BYTES_MAX

# Amazon SQS API Reference, "SendMessage": the characters that an attribute may not hold.
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOTHING: Final = "Unknown"  # an attribute must not be empty, and an error's message may be


class DeadLetters:
    """Sends events to the queues and topics of their functions."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def send(self, target: str, shipment: Shipment) -> None:
        """Sends the event. target: the ARN of a queue or a topic. Undeliverable when that fails."""
        arn = parse_target(target)
        body = (shipment.queued.event.payload or b"{}").decode("utf-8", "replace")
        attributes = _attributes(shipment)
        if arn.service == "sqs":
            deliver(lambda: send_message(self._clients, arn, body, shipment, attributes))
        elif arn.service == "sns":
            sns = self._clients("sns", arn.region, role=shipment.role)
            deliver(lambda: sns.publish(TopicArn=target, Message=body, MessageAttributes=attributes))
        else:
            raise Undeliverable(f"{target} is neither a queue nor a topic")


def _attributes(shipment: Shipment) -> Mapping[str, Mapping[str, str]]:
    verdict = shipment.verdict
    message = _REFUSED.sub(" ", verdict.error_message).encode()[:ERROR_MESSAGE_BYTES_MAX].decode("utf-8", "ignore")
    return {
        "RequestID": {"DataType": "String", "StringValue": shipment.queued.event.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": str(verdict.error_code)},
        "ErrorMessage": {"DataType": "String", "StringValue": message or _NOTHING},
    }
