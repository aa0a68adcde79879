"""A rule of EventBridge: events of a bus that match a pattern."""

from typing import Annotated, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.delivery_attempts import MAX_EVENT_AGE_SAYS, RETRY_ATTEMPTS_SAYS, MaxEventAge, RetryAttempts
from lambdakit.spec.function import Model
from lambdakit.spec.json_value import JsonObject, JsonValue
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.resource_name import ResourceName

# Source: API events PutRule.EventBusName
_BUS_NAME_PATTERN: Final = "^[A-Za-z0-9/._-]+$"

BusName = Annotated[
    str,
    patterned_text(_BUS_NAME_PATTERN, allowed="a name of an event bus: letters, digits and / . - _", longest=256),
]
Matchers = Annotated[list[JsonValue], Field(min_length=1)]


class EventPattern(Model):
    """What an event has to match, each field with the values or matchers of EventBridge. None: any.

    Source: EventBridge User Guide, "Creating Amazon EventBridge event patterns".
    """

    source: Matchers | None = Field(default=None, description="who sent it", examples=[["shop.orders"]])
    detail_type: Matchers | None = Field(
        default=None, description="what it is", examples=[["Order Placed", {"prefix": "Payment "}]]
    )
    detail: JsonObject | None = Field(
        default=None, description="its content", examples=[{"total": [{"numeric": [">", 100]}]}]
    )
    account: Matchers | None = Field(default=None, description="account it comes from", examples=[["123456789012"]])
    region: Matchers | None = Field(default=None, description="region it comes from", examples=[["eu-west-1"]])
    resources: Matchers | None = Field(
        default=None, description="ARNs that it is about", examples=[[{"prefix": "arn:aws:s3:::"}]]
    )


class EventRuleSource(Model):
    """Events of a bus that match a pattern. event_bus, event_bus_name: None for the account's default bus."""

    kind: Literal["event_rule"] = Field(description="events of a bus that match a pattern")
    event_pattern: EventPattern = Field(
        description="what an event has to match",
        examples=[{"source": ["shop.orders"], "detail_type": ["Order Placed"]}],
    )
    event_bus_name: BusName | None = Field(
        default=None, description="an existing bus; the account's default bus when absent", examples=["shop"]
    )
    event_bus: ResourceName | None = Field(default=None, description="one of `resources`", examples=["events"])
    enabled: bool = Field(default=True, description="whether the rule matches")
    retry_attempts: RetryAttempts = Field(default=limits.EVENT_RETRIES_MAX, description=RETRY_ATTEMPTS_SAYS)
    max_event_age: MaxEventAge = Field(
        default=limits.EVENT_AGE_SECONDS_MAX,
        description=MAX_EVENT_AGE_SAYS,
        examples=["1h"],
        json_schema_extra={"default": "24h"},
    )
