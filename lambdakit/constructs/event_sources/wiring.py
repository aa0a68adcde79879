"""What the wiring of a source is given, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_cognito as cognito
    from aws_cdk import aws_config as config
    from aws_cdk import aws_events as events
    from aws_cdk import aws_iot as iot
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_scheduler as scheduler
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lambdakit.constructs.failure_destinations import FailurePath

# Construct ids of a source's parts, which are contracts, as logical ids follow from them.
SOURCE_IDS: Final = (
    *("Bucket", "Queue", "Topic", "Rule", "Schedule", "ScheduleRole", "IotRule", "IotRuleRole", "ConfigRule"),
    *("SourceLogGroup", "LogSubscription", "Alarm", "UserPool"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Where a source goes, and what it starts.

    handler: what is invoked, the alias of a function made here.
    timeout_seconds: of the function; None when it is not known.
    failure: None for a source that has no failure path of ours.
    """

    scope: Construct
    handler: lambda_.IFunction
    timeout_seconds: float | None
    failure: FailurePath | None

    @property
    def undelivered(self) -> sqs.IQueue | None:
        """The queue for events that could not be handed over."""
        return None if self.failure is None else self.failure.undelivered


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """A source as it was wired: what it consists of, made here or existing; what it does not have is None."""

    bucket: s3.IBucket | None = None
    queue: sqs.IQueue | None = None
    topic: sns.ITopic | None = None
    rule: events.Rule | None = None
    schedule: scheduler.CfnSchedule | None = None
    iot_rule: iot.CfnTopicRule | None = None
    config_rule: config.CfnConfigRule | None = None
    log_group: logs.ILogGroup | None = None
    alarm: cloudwatch.CfnAlarm | None = None
    user_pool: cognito.IUserPool | None = None
