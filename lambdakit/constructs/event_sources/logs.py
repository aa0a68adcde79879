"""A log group whose events go to the function as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention, retention_problems
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

LOG_GROUP_ID: Final = "SourceLogGroup"
SUBSCRIPTION_ID: Final = "LogSubscription"
# Source: API logs PutSubscriptionFilter.filterPattern
_PATTERN_LENGTH_MAX: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """Events of a log group, several at once, compressed.

    log_group: an existing one, not the function's own, as it would feed itself; absent, a new one.
    filter_pattern: which events, in CloudWatch Logs' own language, or the CDK's `FilterPattern`; absent, all.
    log_retention: of a new one, `RetentionDays` or days; absent, 30.
    """

    log_group: logs.ILogGroup | None = None
    filter_pattern: str | logs.IFilterPattern = ""
    log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT


def log_problems(pointer: str, source: LogSource) -> Iterator[Diagnostic]:
    """What CloudWatch Logs would refuse of `source`."""
    pattern = _text_of(source.filter_pattern)
    if len(pattern) > _PATTERN_LENGTH_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.filter_pattern",
            problem=f"it has {len(pattern)} characters, {_PATTERN_LENGTH_MAX} are allowed",
            code="LK401",
            hint="let the function choose",
        )
    yield from retention_problems(f"{pointer}.log_retention", source.log_retention)


def wire_log(wiring: Wiring, source: LogSource) -> EventSource:
    """The log group and its subscription filter."""
    group = source.log_group
    if group is None:
        group = logs.LogGroup(
            wiring.scope,
            LOG_GROUP_ID,
            retention=retention(source.log_retention),
            removal_policy=RemovalPolicy.DESTROY,
        )
    # Source: CloudWatch Logs User Guide, "Subscription filters with AWS Lambda"
    wiring.handler.add_permission(
        f"{SUBSCRIPTION_ID}Invoke",
        principal=iam.ServicePrincipal("logs.amazonaws.com"),
        source_arn=group.log_group_arn,
        source_account=Stack.of(wiring.scope).account,
    )
    subscription = logs.CfnSubscriptionFilter(
        wiring.scope,
        SUBSCRIPTION_ID,
        log_group_name=group.log_group_name,
        filter_pattern=_text_of(source.filter_pattern),
        destination_arn=wiring.handler.function_arn,
    )
    # CloudWatch Logs tries the function when it gets the filter, so the permission has to be there.
    subscription.node.add_dependency(wiring.handler)
    return EventSource(log_group=group)


def grant_log_source(source: LogSource, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Nothing: the events are all there is."""


def _text_of(pattern: str | logs.IFilterPattern) -> str:
    return pattern if isinstance(pattern, str) else pattern.log_pattern_string
