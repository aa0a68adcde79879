"""Where the record of an asynchronous invocation goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations

if TYPE_CHECKING:
    from aws_cdk import aws_events as events
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs

_KINDS: Final[tuple[tuple[str, Callable[[Any], lambda_.IDestination]], ...]] = (
    ("queue_arn", destinations.SqsDestination),
    ("topic_arn", destinations.SnsDestination),
    ("event_bus_arn", destinations.EventBridgeDestination),
    ("function_arn", destinations.LambdaDestination),
)


def destination(resource: sqs.IQueue | sns.ITopic | events.IEventBus | lambda_.IFunction) -> lambda_.IDestination:
    """The destination that is the queue, the topic, the event bus or the function: hand over an alias.

    TypeError for anything else.
    """
    # By a property that only it has: what jsii hands out for an imported resource is of no class that says more.
    for arn, make in _KINDS:
        if hasattr(resource, arn):
            return make(resource)
    raise TypeError(f"{type(resource).__name__} takes no records of invocations")
