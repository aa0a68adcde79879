"""An event bus that the function puts events on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lambdakit.constructs.targets.made_target import MadeTarget

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from constructs import Construct


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBridgeTarget:
    """Events on a bus. event_bus: an existing one; absent, a new one."""

    event_bus: events.IEventBus | None = None


def make_event_bridge_target(scope: Construct, id: str, target: EventBridgeTarget) -> MadeTarget:
    """The bus, known to the function by `<NAME>_EVENT_BUS_NAME`."""
    bus = events.EventBus(scope, id) if target.event_bus is None else target.event_bus
    return MadeTarget(suffix="EVENT_BUS_NAME", value=bus.event_bus_name, is_new=target.event_bus is None, event_bus=bus)


def grant_event_bridge_target(target: EventBridgeTarget, made: MadeTarget, handler: lambda_.IFunction) -> None:
    """Allows the function to put events."""
    assert made.event_bus is not None
    handler.add_to_role_policy(
        iam.PolicyStatement(actions=["events:PutEvents"], resources=[made.event_bus.event_bus_arn])
    )
