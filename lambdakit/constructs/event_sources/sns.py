"""A topic whose messages start the function, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from lambdakit.constructs.acknowledgements import acknowledge_for_cdk
from lambdakit.constructs.encrypted_topic import make_topic
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.service_use import let_service_encrypt
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

TOPIC_ID: Final = "Topic"
_SCOPES: Final[Mapping[str, str]] = {"message_attributes": "MessageAttributes", "message_body": "MessageBody"}
# Source: SNS Developer Guide, "Filter policy constraints"
_POLICY_KEYS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsSource:
    """Messages of a standard topic.

    topic: an existing one; absent, a new one, encrypted with the key that AWS manages for SNS, TLS only. Services of
        AWS, such as CloudWatch, cannot publish under that key: give them a topic with a key of your own.
    filter_policy: what a message has to match, in SNS's own form or by the CDK's `SubscriptionFilter`; absent, every
        message counts.
    filter_policy_scope: whether the policy looks at a message's attributes or its JSON body; absent, the attributes.
    """

    topic: sns.ITopic | None = None
    filter_policy: Mapping[str, Any] | None = None
    filter_policy_scope: Literal["message_attributes", "message_body"] = "message_attributes"


def sns_problems(pointer: str, source: SnsSource) -> Iterator[Diagnostic]:
    """What SNS would refuse of `source`."""
    # Source: SNS Developer Guide, "Message delivery for FIFO topics"
    if source.topic is not None and source.topic.fifo:
        yield Diagnostic(
            pointer=f"{pointer}.topic",
            problem="a FIFO topic delivers to queues only, not to functions",
            code="LK405",
            hint="subscribe a FIFO queue to it, and take that queue as the source",
        )
    if source.filter_policy is not None and not 1 <= len(source.filter_policy) <= _POLICY_KEYS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.filter_policy",
            problem=f"it has {len(source.filter_policy)} keys, 1 to {_POLICY_KEYS_MAX} are allowed",
            code="LK401",
            hint="leave it out to get every message" if not source.filter_policy else "look at fewer keys",
        )


def wire_sns(wiring: Wiring, source: SnsSource) -> EventSource:
    """The topic and the handler's subscription, which keeps what it could not deliver."""
    topic = make_topic(wiring.scope, TOPIC_ID) if source.topic is None else source.topic
    subscription = topic.add_subscription(
        subscriptions.LambdaSubscription(wiring.handler, dead_letter_queue=wiring.undelivered)
    )
    if wiring.undelivered is not None:
        let_service_encrypt(wiring.undelivered.encryption_master_key, "sns.amazonaws.com")
    # The CDK's validation knows functions as endpoints only. Source: SNS Developer Guide, "Lambda function endpoints".
    acknowledge_for_cdk(subscription, {"W3694": "The endpoint is an alias of a function."})
    if source.filter_policy is not None:
        template = subscription.node.default_child
        assert isinstance(template, sns.CfnSubscription)
        # The CDK's own takes a policy in classes of its own.
        template.filter_policy = _filter_policy(source.filter_policy)
        template.filter_policy_scope = _SCOPES[source.filter_policy_scope]
    return EventSource(topic=topic)


def grant_sns_source(source: SnsSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the message is all in the event."""


def _filter_policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _filter(value) for name, value in policy.items()}


def _filter(value: Any) -> Any:
    match value:
        case sns.SubscriptionFilter():
            return value.conditions
        case sns.Filter():
            return value.filter_doc.conditions
        case sns.Policy():
            return _filter_policy(value.policy_doc)
        case dict():
            return _filter_policy(value)
    return value
