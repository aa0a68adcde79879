"""A rule of EventBridge that hands the events of a pattern to a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from lambdakit.constructs.service_use import let_service_encrypt
from lambdakit.constructs.unresolved import is_unresolved_number
from lambdakit.errors import Diagnostic
from lambdakit.limits import EVENT_AGE_SECONDS_MAX, EVENT_AGE_SECONDS_MIN, EVENT_RETRIES_MAX

if TYPE_CHECKING:
    from lambdakit.constructs.event_sources.wiring import Wiring


def make_rule(
    wiring: Wiring,
    pattern: Mapping[str, Any],
    *,
    event_bus: events.IEventBus | None = None,
    enabled: bool = True,
    retry_attempts: int,
    max_event_age: Duration | int,
) -> events.Rule:
    """The rule, called `Rule`, which alone may invoke the handler for itself.

    pattern: an event pattern in EventBridge's own keys, `detail-type`.
    """
    rule = events.Rule(
        wiring.scope,
        "Rule",
        event_bus=event_bus,
        enabled=enabled,
        # The CDK's own takes text only, where EventBridge also takes matchers; it is replaced below.
        event_pattern=events.EventPattern(source=["any"]),
        targets=[
            targets.LambdaFunction(
                wiring.handler,
                dead_letter_queue=wiring.undelivered,
                retry_attempts=retry_attempts,
                max_event_age=age(max_event_age),
            )
        ],
    )
    if wiring.undelivered is not None:
        let_service_encrypt(wiring.undelivered.encryption_master_key, "events.amazonaws.com")
    template = rule.node.default_child
    assert isinstance(template, events.CfnRule)
    template.event_pattern = dict(pattern)
    return rule


def age(max_event_age: Duration | int) -> Duration:
    """The CDK's duration of a number of seconds."""
    return Duration.seconds(max_event_age) if isinstance(max_event_age, int) else max_event_age


def attempts_problems(pointer: str, retry_attempts: int, max_event_age: Duration | int) -> Iterator[Diagnostic]:
    """What EventBridge would refuse of how often and how long an event is tried.

    Source: API events RetryPolicy; API scheduler RetryPolicy.
    """
    if not is_unresolved_number(retry_attempts) and not 0 <= retry_attempts <= EVENT_RETRIES_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.retry_attempts",
            problem=f"{retry_attempts} is outside 0 to {EVENT_RETRIES_MAX}, how often an event can be tried again",
            code="LK401",
            hint=f"retry_attempts: {EVENT_RETRIES_MAX}",
        )
    seconds = (
        max_event_age
        if isinstance(max_event_age, int)
        else None
        if max_event_age.is_unresolved()
        else max_event_age.to_seconds(integral=False)
    )
    if seconds is not None and not EVENT_AGE_SECONDS_MIN <= seconds <= EVENT_AGE_SECONDS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.max_event_age",
            problem=f"{seconds:g} seconds are outside {EVENT_AGE_SECONDS_MIN} to {EVENT_AGE_SECONDS_MAX}, "
            "for which an event can be tried",
            code="LK401",
            hint=f"max_event_age: {EVENT_AGE_SECONDS_MAX}",
        )
