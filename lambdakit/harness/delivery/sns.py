"""Topics: a message goes to every subscription whose filter policy means it.

Functions get the record, queues and delivery streams the envelope or, with raw delivery, the message itself. What is
subscribed by mail, phone or an address outside this machine is told in the trace alone.

Source: Amazon SNS Developer Guide, "Fanout Amazon SNS notifications", "Amazon SNS message filtering", "Amazon SNS raw
message delivery", "Amazon SNS dead-letter queues"; AWS Lambda Developer Guide, "Using Lambda with Amazon SNS".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.delivery.deliveries import DROPPED, Deliveries, Treatment
from lambdakit.harness.delivery.delivery import Delivery
from lambdakit.harness.event_pattern import SNS_ATTRIBUTES, SNS_BODY, InvalidPattern, compile_pattern, read_json
from lambdakit.harness.moto_state.topics import Publication
from lambdakit.trace import EventNotDelivered, TraceLog

_SERVED: Final = frozenset({"lambda", "sqs", "firehose"})
# Nobody can check it: the certificates of the emulated account are nowhere.
_SIGNATURE: Final = "EXAMPLE"


class SnsDeliveries:
    """Sends what is published."""

    def __init__(self, deliveries: Deliveries, *, now: Callable[[], datetime], trace: TraceLog) -> None:
        self._deliveries = deliveries
        self._now = now
        self._trace = trace

    def published(self, publication: Publication) -> None:
        """Takes a message for a subscription."""
        if publication.settings.get("PendingConfirmation") == "true" or not _is_meant(publication):
            return
        what = f"SNS message to {publication.protocol}"
        if publication.protocol not in _SERVED:
            self._trace.append(
                EventNotDelivered(
                    source=publication.topic_arn,
                    target=publication.endpoint,
                    what=what,
                    reason=f"nothing is sent by {publication.protocol} from here",
                    attempts=0,
                    settled=DROPPED,
                )
            )
            return
        if publication.protocol == "lambda":
            payload = json.dumps({"Records": [self._record(publication)]})
            parameters: Mapping[str, Any] = {}
        else:
            raw = str(publication.settings.get("RawMessageDelivery", "")).lower() == "true"
            payload = publication.message if raw else json.dumps(self._envelope(publication))
            parameters = _parameters(publication, raw=raw) if publication.protocol == "sqs" else {}
        self._deliveries.send(
            Delivery(
                source=publication.topic_arn,
                account_id=publication.topic_arn.split(":")[4],
                service="" if publication.protocol == "firehose" else "sns.amazonaws.com",
                role_arn=str(publication.settings.get("SubscriptionRoleArn", "")),
                target=publication.endpoint,
                payload=payload.encode(),
                what=what,
                parameters=parameters,
            ),
            Treatment(dead_letter_arn=_dead_letter_queue(publication.settings)),
        )

    def _record(self, publication: Publication) -> dict[str, Any]:
        """Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SNS", the example event."""
        return {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": publication.subscription_arn,
            "Sns": {
                "Type": "Notification",
                "MessageId": publication.message_id,
                "TopicArn": publication.topic_arn,
                "Subject": publication.subject or None,
                "Message": publication.message,
                "Timestamp": iso_milliseconds(self._now()),
                "SignatureVersion": "1",
                "Signature": _SIGNATURE,
                "SigningCertUrl": _certificate_url(publication),
                "UnsubscribeUrl": _unsubscribe_url(publication),
                "MessageAttributes": {name: dict(value) for name, value in publication.attributes.items()},
            },
        }

    def _envelope(self, publication: Publication) -> dict[str, Any]:
        """Source: Amazon SNS Developer Guide, "HTTP/HTTPS notification JSON format", which queues get as well."""
        optional: dict[str, Any] = {}
        if publication.subject:
            optional["Subject"] = publication.subject
        if publication.attributes:
            optional["MessageAttributes"] = {name: dict(value) for name, value in publication.attributes.items()}
        return {
            "Type": "Notification",
            "MessageId": publication.message_id,
            "TopicArn": publication.topic_arn,
            "Message": publication.message,
            "Timestamp": iso_milliseconds(self._now()),
            "SignatureVersion": "1",
            "Signature": _SIGNATURE,
            "SigningCertURL": _certificate_url(publication),
            "UnsubscribeURL": _unsubscribe_url(publication),
            **optional,
        }


def _is_meant(publication: Publication) -> bool:
    """Whether the subscription's filter policy lets the message through; no policy lets everything through."""
    policy = publication.settings.get("FilterPolicy")
    if not policy or policy == "{}":
        return True
    text = policy if isinstance(policy, str) else json.dumps(policy)
    in_body = publication.settings.get("FilterPolicyScope") == "MessageBody"
    try:
        pattern = compile_pattern(text, SNS_BODY if in_body else SNS_ATTRIBUTES)
    except InvalidPattern:
        return False
    if in_body:
        return pattern.matches(publication.message)
    return pattern.matches_values(_filtered_attributes(publication.attributes))


def _filtered_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a filter policy sees of attributes: those of type Binary are not looked at.

    Source: Amazon SNS Developer Guide, "Subscription filter policies"; "Message attribute data types".
    """
    seen: dict[str, Any] = {}
    for name, attribute in attributes.items():
        kind, value = str(attribute.get("Type")), attribute.get("Value")
        if kind == "String":
            seen[name] = str(value)
        elif kind in ("String.Array", "Number"):
            try:
                seen[name] = read_json(str(value))
            except ValueError:
                seen[name] = str(value)
    return seen


def _parameters(publication: Publication, *, raw: bool) -> dict[str, Any]:
    """What `SendMessage` takes beside the body."""
    parameters: dict[str, Any] = {}
    if publication.group_id:
        parameters["MessageGroupId"] = publication.group_id
    if publication.deduplication_id:
        parameters["MessageDeduplicationId"] = publication.deduplication_id
    if raw and publication.attributes:
        parameters["MessageAttributes"] = {
            name: _queue_attribute(attribute) for name, attribute in publication.attributes.items()
        }
    return parameters


def _queue_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    kind, value = str(attribute["Type"]), attribute["Value"]
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": value}
    return {"DataType": kind, "StringValue": str(value)}


def _dead_letter_queue(settings: Mapping[str, Any]) -> str:
    try:
        policy = json.loads(settings.get("RedrivePolicy") or "{}")
    except (TypeError, ValueError):
        return ""
    return str(policy.get("deadLetterTargetArn", "")) if isinstance(policy, dict) else ""


def _certificate_url(publication: Publication) -> str:
    region = publication.topic_arn.split(":")[3]
    return f"https://sns.{region}.amazonaws.com/SimpleNotificationService-0000000000000000000000.pem"


def _unsubscribe_url(publication: Publication) -> str:
    region = publication.topic_arn.split(":")[3]
    return f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={publication.subscription_arn}"
