"""A rule of EventBridge: events of a bus that match a pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_events as events

from lambdakit.constructs.event_sources.matching_rule import attempts_problems, make_rule
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.errors import Diagnostic
from lambdakit.limits import EVENT_AGE_SECONDS_MAX, EVENT_RETRIES_MAX

if TYPE_CHECKING:
    from aws_cdk import Duration
    from aws_cdk import aws_lambda as lambda_

# Source: EventBridge User Guide, "EventBridge event structure": keys of an event, as the CDK and EventBridge have them.
_KEYS: Final[Mapping[str, str]] = {
    **{name: name for name in ("version", "id", "source", "account", "time", "region", "resources", "detail")},
    "detail_type": "detail-type",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRuleSource:
    """Events of a bus that match a pattern.

    event_pattern: in EventBridge's own form and keys: `{"source": ["shop.orders"], "detail-type": ["Order Placed"]}`,
        or the CDK's `EventPattern`.
    event_bus: an existing one; absent, the account's default bus.
    enabled: absent, the rule matches.
    retry_attempts: 0 to 185; absent, 185. max_event_age: a `Duration` or seconds, 60 to 86400; absent, a day.
    """

    event_pattern: Mapping[str, Any] | events.EventPattern
    event_bus: events.IEventBus | None = None
    enabled: bool = True
    retry_attempts: int = EVENT_RETRIES_MAX
    max_event_age: Duration | int = EVENT_AGE_SECONDS_MAX


def event_rule_problems(pointer: str, source: EventRuleSource) -> Iterator[Diagnostic]:
    """What EventBridge would refuse of `source`."""
    if not _event_pattern(source.event_pattern):
        yield Diagnostic(
            pointer=f"{pointer}.event_pattern",
            problem="the pattern is empty, and a rule has to match something",
            code="LK441",
            hint='event_pattern: {"source": [{"prefix": ""}]} matches every event',
        )
    yield from attempts_problems(pointer, source.retry_attempts, source.max_event_age)


def wire_event_rule(wiring: Wiring, source: EventRuleSource) -> EventSource:
    """The rule."""
    return EventSource(
        rule=make_rule(
            wiring,
            _event_pattern(source.event_pattern),
            event_bus=source.event_bus,
            enabled=source.enabled,
            retry_attempts=source.retry_attempts,
            max_event_age=source.max_event_age,
        )
    )


def grant_event_rule_source(source: EventRuleSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the event is all there is."""


def _event_pattern(pattern: Mapping[str, Any] | events.EventPattern) -> dict[str, Any]:
    """The pattern in EventBridge's keys. The CDK's key `detail_type` of a mapping is taken for what it means, too."""
    if isinstance(pattern, events.EventPattern):
        pattern = {name: value for name in _KEYS if (value := getattr(pattern, name)) is not None}
    return {_KEYS.get(name, name): value for name, value in pattern.items()}
