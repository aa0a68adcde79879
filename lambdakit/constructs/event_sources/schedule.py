"""A schedule of EventBridge Scheduler."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler

from lambdakit.constructs.event_sources.matching_rule import age, attempts_problems
from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.service_use import sending_statements
from lambdakit.constructs.unresolved import is_unresolved
from lambdakit.errors import Diagnostic
from lambdakit.limits import EVENT_AGE_SECONDS_MAX, EVENT_RETRIES_MAX

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

SCHEDULE_ID: Final = "Schedule"
# Source: EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler"
_EXPRESSION: Final = re.compile(
    r"rate\([1-9][0-9]* (minutes?|hours?|days?)\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)|cron\(\S+( \S+){5}\)"
)
# Source: API scheduler FlexibleTimeWindow.MaximumWindowInMinutes
_WINDOW_MINUTES_MAX: Final = 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSource:
    """A time, once or again and again.

    schedule: `rate(5 minutes)`, `cron(0 3 * * ? *)` with its six fields, or `at(2030-01-31T06:00:00)`;
        or the CDK's `Schedule` of EventBridge, `ScheduleExpression` of Scheduler.
    timezone: in which the time is meant, `Europe/Berlin` or the CDK's `TimeZone`; absent, that of a
        `ScheduleExpression`, else UTC.
    input: the event, what JSON can say; absent, Scheduler's own.
    flexible_time_window: how much later it may start, a `Duration` or seconds, whole minutes up to a day; absent, not.
    enabled: absent, the time counts.
    retry_attempts: 0 to 185; absent, 185. max_event_age: a `Duration` or seconds, 60 to 86400; absent, a day.
    """

    schedule: str | events.Schedule | scheduler.ScheduleExpression
    timezone: str | TimeZone | None = None
    input: Any = None
    flexible_time_window: Duration | int | None = None
    enabled: bool = True
    retry_attempts: int = EVENT_RETRIES_MAX
    max_event_age: Duration | int = EVENT_AGE_SECONDS_MAX


def schedule_problems(pointer: str, source: ScheduleSource) -> Iterator[Diagnostic]:
    """What Scheduler would refuse of `source`."""
    expression = _expression(source.schedule)
    if not is_unresolved(expression) and _EXPRESSION.fullmatch(expression) is None:
        yield Diagnostic(
            pointer=f"{pointer}.schedule",
            problem=f"{expression!r} is no schedule: rate(5 minutes), cron(0 3 * * ? *) with its six fields, "
            "or at(2030-01-31T06:00:00)",
            code="LK441",
            hint="schedule: rate(5 minutes)",
        )
    seconds = None if source.flexible_time_window is None else age(source.flexible_time_window).to_seconds()
    if seconds is not None and not (seconds % 60 == 0 and 1 <= seconds / 60 <= _WINDOW_MINUTES_MAX):
        yield Diagnostic(
            pointer=f"{pointer}.flexible_time_window",
            problem=f"{seconds:g} seconds are no whole number of minutes from 1 to {_WINDOW_MINUTES_MAX}",
            code="LK401",
            hint="flexible_time_window: 900",
        )
    yield from attempts_problems(pointer, source.retry_attempts, source.max_event_age)


def wire_schedule(wiring: Wiring, source: ScheduleSource) -> EventSource:
    """The schedule and the role by which it invokes the handler and keeps what it could not hand over."""
    role = _make_role(wiring)
    window = source.flexible_time_window
    undelivered = wiring.undelivered
    schedule = scheduler.CfnSchedule(
        wiring.scope,
        SCHEDULE_ID,
        schedule_expression=_expression(source.schedule),
        schedule_expression_timezone=_zone(source),
        state="ENABLED" if source.enabled else "DISABLED",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF")
        if window is None
        else scheduler.CfnSchedule.FlexibleTimeWindowProperty(
            mode="FLEXIBLE", maximum_window_in_minutes=age(window).to_minutes()
        ),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=wiring.handler.function_arn,
            role_arn=role.role_arn,
            input=None if source.input is None else json.dumps(source.input),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=age(source.max_event_age).to_seconds(),
                maximum_retry_attempts=source.retry_attempts,
            ),
            dead_letter_config=None
            if undelivered is None
            else scheduler.CfnSchedule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
        ),
    )
    # A schedule that runs before its role may invoke anything would fail its first time.
    schedule.node.add_dependency(role)
    return EventSource(schedule=schedule)


def grant_schedule_source(source: ScheduleSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the event is all there is."""


def _make_role(wiring: Wiring) -> iam.Role:
    stack = Stack.of(wiring.scope)
    # Source: EventBridge Scheduler User Guide, "Confused deputy prevention in EventBridge Scheduler"
    group = stack.format_arn(service="scheduler", resource="schedule-group", resource_name="default")
    statements = [
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[wiring.handler.function_arn]),
    ]
    if wiring.undelivered is not None:
        statements += sending_statements(wiring.undelivered)
    return iam.Role(
        wiring.scope,
        "ScheduleRole",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": stack.account, "aws:SourceArn": group}},
        ),
        inline_policies={"Invoke": iam.PolicyDocument(statements=statements)},
    )


def _expression(schedule: str | events.Schedule | scheduler.ScheduleExpression) -> str:
    return schedule if isinstance(schedule, str) else schedule.expression_string


def _zone(source: ScheduleSource) -> str | None:
    zone = source.timezone
    if zone is None and not isinstance(source.schedule, str | events.Schedule):
        zone = source.schedule.time_zone
    return zone.timezone_name if isinstance(zone, TimeZone) else zone
