"""An event bus that patterns and functions share."""

from typing import Literal

from pydantic import Field

from lambdakit.spec.event_sources.event_rule import BusName
from lambdakit.spec.resources.description import Description
from lambdakit.spec.stacked import Stacked


class EventBusResource(Stacked):
    """An event bus. event_bus_name: None for a new one."""

    kind: Literal["event_bus"] = Field(description="an event bus of EventBridge")
    event_bus_name: BusName | None = Field(
        default=None, description="an existing one, such as default; a new one when absent", examples=["default"]
    )
    description: Description | None = Field(default=None, description="text shown beside it")
