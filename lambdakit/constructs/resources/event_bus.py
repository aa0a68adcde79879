"""An event bus that patterns and functions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_events as events

from lambdakit.constructs.resources.shared import shared_id, shared_output

if TYPE_CHECKING:
    from aws_cdk import Stack


def shared_event_bus(stack: Stack, name: str, *, description: str | None = None) -> events.EventBus:
    """The bus, and the output `<Name>EventBusName`."""
    bus = events.EventBus(stack, shared_id(name), description=description)
    shared_output(stack, name, "EventBusName", bus.event_bus_name)
    return bus
