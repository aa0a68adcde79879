"""Every kind of source that an `EventProcessing` can have, by the class of its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from lambdakit.constructs.event_sources.alarm import AlarmSource, alarm_problems, grant_alarm_source, wire_alarm
from lambdakit.constructs.event_sources.cognito import (
    CognitoSource,
    cognito_problems,
    grant_cognito_source,
    wire_cognito,
)
from lambdakit.constructs.event_sources.config_rule import (
    ConfigRuleSource,
    config_rule_problems,
    grant_config_rule_source,
    wire_config_rule,
)
from lambdakit.constructs.event_sources.event_rule import (
    EventRuleSource,
    event_rule_problems,
    grant_event_rule_source,
    wire_event_rule,
)
from lambdakit.constructs.event_sources.iot_rule import (
    IotRuleSource,
    grant_iot_rule_source,
    iot_rule_problems,
    wire_iot_rule,
)
from lambdakit.constructs.event_sources.logs import LogSource, grant_log_source, log_problems, wire_log
from lambdakit.constructs.event_sources.s3 import S3Source, grant_s3_source, s3_problems, wire_s3
from lambdakit.constructs.event_sources.schedule import (
    ScheduleSource,
    grant_schedule_source,
    schedule_problems,
    wire_schedule,
)
from lambdakit.constructs.event_sources.sns import SnsSource, grant_sns_source, sns_problems, wire_sns
from lambdakit.constructs.event_sources.sqs import SqsSource, grant_sqs_source, sqs_problems, wire_sqs

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.constructs.event_sources.wiring import EventSource, Wiring
    from lambdakit.errors import Diagnostic

Source: TypeAlias = (
    S3Source
    | SqsSource
    | SnsSource
    | EventRuleSource
    | ScheduleSource
    | IotRuleSource
    | ConfigRuleSource
    | LogSource
    | AlarmSource
    | CognitoSource
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourceKind:
    """wire: the source and its trigger. grant: what the function needs of it.

    invokes: `asynchronously`, so that Lambda tries again and then sends the event to the function's destination;
    `from_queue`, so that a message comes again and then moves to the dead-letter queue; `synchronously`, so that the
    caller hears of the failure, and there is no failure path.
    keeps_undelivered: the trigger can put into a queue what it could not hand over.
    """

    wire: Callable[[Wiring, Any], EventSource]
    grant: Callable[[Any, EventSource, lambda_.IFunction], None]
    invokes: Literal["asynchronously", "from_queue", "synchronously"] = "asynchronously"
    keeps_undelivered: bool = False


_KINDS: Final[Mapping[type[Source], _SourceKind]] = {
    S3Source: _SourceKind(wire=wire_s3, grant=grant_s3_source, keeps_undelivered=True),
    SqsSource: _SourceKind(wire=wire_sqs, grant=grant_sqs_source, invokes="from_queue"),
    SnsSource: _SourceKind(wire=wire_sns, grant=grant_sns_source, keeps_undelivered=True),
    EventRuleSource: _SourceKind(wire=wire_event_rule, grant=grant_event_rule_source, keeps_undelivered=True),
    ScheduleSource: _SourceKind(wire=wire_schedule, grant=grant_schedule_source, keeps_undelivered=True),
    IotRuleSource: _SourceKind(wire=wire_iot_rule, grant=grant_iot_rule_source, keeps_undelivered=True),
    ConfigRuleSource: _SourceKind(wire=wire_config_rule, grant=grant_config_rule_source),
    LogSource: _SourceKind(wire=wire_log, grant=grant_log_source),
    AlarmSource: _SourceKind(wire=wire_alarm, grant=grant_alarm_source),
    CognitoSource: _SourceKind(wire=wire_cognito, grant=grant_cognito_source, invokes="synchronously"),
}

# Of the sources whose problems do not depend on the function's time-out.
_PROBLEMS: Final[Mapping[type[Source], Callable[[str, Any], Iterator[Diagnostic]]]] = {
    S3Source: s3_problems,
    SnsSource: sns_problems,
    EventRuleSource: event_rule_problems,
    ScheduleSource: schedule_problems,
    IotRuleSource: iot_rule_problems,
    ConfigRuleSource: config_rule_problems,
    LogSource: log_problems,
    AlarmSource: alarm_problems,
}


def wire_source(wiring: Wiring, source: Source) -> EventSource:
    """The source, a new one or the existing one, and what lets it start the handler."""
    return _KINDS[type(source)].wire(wiring, source)


def grant_source(source: Source, wired: EventSource, handler: lambda_.IFunction) -> None:
    """Allows the function exactly what handling the source's events needs."""
    _KINDS[type(source)].grant(source, wired, handler)


def invokes(source: Source) -> Literal["asynchronously", "from_queue", "synchronously"]:
    """How the source starts the function, on which the failure path depends."""
    return _KINDS[type(source)].invokes


def keeps_undelivered(source: Source) -> bool:
    """Whether the trigger can put into a queue what it could not hand over."""
    if isinstance(source, S3Source) and source.via == "notification":
        return False
    return _KINDS[type(source)].keeps_undelivered


def source_outputs(source: Source, wired: EventSource) -> Iterator[tuple[str, str]]:
    """How the output of what was made is called behind the pattern's name, and its value."""
    match source:
        case S3Source(bucket=None) if wired.bucket is not None:
            yield "BucketName", wired.bucket.bucket_name
        case SqsSource(queue=None) if wired.queue is not None:
            yield "QueueUrl", wired.queue.queue_url
        case SnsSource(topic=None) if wired.topic is not None:
            yield "TopicArn", wired.topic.topic_arn
        case LogSource(log_group=None) if wired.log_group is not None:
            yield "LogGroupName", wired.log_group.log_group_name
        case CognitoSource(user_pool=None) if wired.user_pool is not None:
            yield "UserPoolId", wired.user_pool.user_pool_id


def source_problems(pointer: str, source: Source, timeout_seconds: float | None) -> Iterator[Diagnostic]:
    """What AWS would refuse of the source.

    timeout_seconds: the function's; None when it is not known.
    """
    if isinstance(source, SqsSource):
        yield from sqs_problems(pointer, source, timeout_seconds)
    elif isinstance(source, CognitoSource):
        yield from cognito_problems(pointer, source, timeout_seconds)
    else:
        yield from _PROBLEMS[type(source)](pointer, source)
