"""The alarms of a pattern, said in one place: of its functions, and of the queues that keep what failed.

What they cost: 0.10 USD a month each in most regions, which is why there are none unless they are asked for. Source:
"Amazon CloudWatch Pricing", standard resolution alarms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_cloudwatch as cloudwatch

from lambdakit.constructs.function_alarms import FunctionAlarms, alarm_problems
from lambdakit.constructs.function_properties import seconds_of
from lambdakit.constructs.service_use import let_alarms_publish
from lambdakit.errors import Diagnostic
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from aws_cdk import Duration
    from aws_cdk import aws_sns as sns
    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lambdakit.constructs.function_properties import FunctionProperties

_PERIOD_SECONDS: Final = 300
# How the construct ids of a queue's alarms end, behind the queue's.
QUEUE_ALARMS: Final = ("DepthAlarm", "AgeAlarm")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternAlarms:
    """Alarms on all that a pattern makes, each over five minutes. None for a value leaves its alarms out.

    A function with `alarms` of its own has those, and none of these.
    errors, throttles, duration_share: of each function, as `FunctionAlarms` has them; absent, 1, 1 and 0.9.
    concurrency_share: of a function's reserved concurrency, if that is above 1, that is in use at once; absent, 0.9.
    async_event_age_seconds: how long events of a source that Lambda invokes for asynchronously wait; absent, 300, and
        at most half of the function's `max_event_age`.
    iterator_age_seconds: how far a Kinesis or DynamoDB stream's records are behind; absent, 3600, and at most half of
        the source's `max_record_age`.
    message_age_seconds: how long a message waits in a queue made as a source; absent, 3600.
    failure_queue_depth: messages in a failure queue or a dead-letter queue made here; absent, 1.
    topics: told when an alarm goes off and when it is over, at most 5; absent, nobody, and the console shows the state.
        CloudWatch is let in, to the topic's key as well, where both are the application's own: AWS's key for SNS lets
        no other service in.
    """

    errors: int | None = 1
    throttles: int | None = 1
    duration_share: float | None = 0.9
    concurrency_share: float | None = 0.9
    async_event_age_seconds: int | None = 300
    iterator_age_seconds: int | None = 3600
    message_age_seconds: int | None = 3600
    failure_queue_depth: int | None = 1
    topics: Sequence[sns.ITopic] = ()


def with_alarms(
    properties: FunctionProperties,
    alarms: PatternAlarms | None,
    *,
    asynchronous: bool = False,
    max_record_age: Duration | int | None = None,
) -> FunctionProperties:
    """`properties` with the pattern's alarms, unless the function has its own.

    asynchronous: events wait for it in Lambda's own queue. max_record_age: of the stream that it reads; None, it reads
    none.
    """
    if alarms is None or properties.alarms is not None:
        return properties
    age = None if properties.max_event_age is None else seconds_of(properties.max_event_age)
    record_age = None if max_record_age is None else seconds_of(max_record_age)
    return replace(
        properties,
        alarms=FunctionAlarms(
            errors=alarms.errors,
            throttles=alarms.throttles,
            duration_share=alarms.duration_share,
            concurrent_executions=_concurrency(properties.reserved_concurrent_executions, alarms.concurrency_share),
            async_event_age_seconds=_within(alarms.async_event_age_seconds, age) if asynchronous else None,
            iterator_age_seconds=None if max_record_age is None else _within(alarms.iterator_age_seconds, record_age),
            topics=alarms.topics,
        ),
    )


def make_queue_alarms(
    scope: Construct,
    alarms: PatternAlarms,
    *,
    failures: Mapping[str, sqs.IQueue],
    sources: Mapping[str, sqs.IQueue],
) -> list[cloudwatch.CfnAlarm]:
    """Alarms on queues, as children of `scope`: `FailureQueueDepthAlarm`, `QueueAgeAlarm`.

    failures: queues for what failed, by construct id. sources: queues that functions read, likewise.
    """
    made: list[cloudwatch.CfnAlarm] = []
    actions = [topic.topic_arn for topic in alarms.topics] or None
    for topic in alarms.topics:
        let_alarms_publish(topic)

    def make(id: str, queue: sqs.IQueue, metric: str, threshold: int | None, text: str) -> None:
        if threshold is None:
            return
        made.append(
            cloudwatch.CfnAlarm(
                scope,
                id,
                alarm_description=text,
                namespace="AWS/SQS",
                metric_name=metric,
                dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="QueueName", value=queue.queue_name)],
                statistic="Maximum",
                period=_PERIOD_SECONDS,
                evaluation_periods=1,
                comparison_operator="GreaterThanOrEqualToThreshold",
                threshold=threshold,
                # A queue that nobody touched for hours reports nothing. Source: SQS Developer Guide, "Monitoring
                # Amazon SQS queues using CloudWatch"
                treat_missing_data="notBreaching",
                alarm_actions=actions,
                ok_actions=actions,
            )
        )

    for id, queue in failures.items():
        text = "Messages wait that nobody could handle"
        make(f"{id}DepthAlarm", queue, "ApproximateNumberOfMessagesVisible", alarms.failure_queue_depth, text)
    for id, queue in sources.items():
        text = "Messages wait too long for the function"
        make(f"{id}AgeAlarm", queue, "ApproximateAgeOfOldestMessage", alarms.message_age_seconds, text)
    return made


def pattern_alarm_problems(pointer: str, alarms: PatternAlarms) -> Iterator[Diagnostic]:
    """What would never go off, or always, and what CloudWatch would refuse."""
    yield from alarm_problems(
        pointer,
        FunctionAlarms(
            errors=alarms.errors,
            throttles=alarms.throttles,
            duration_share=alarms.duration_share,
            async_event_age_seconds=alarms.async_event_age_seconds,
            iterator_age_seconds=alarms.iterator_age_seconds,
            topics=alarms.topics,
        ),
    )
    for name in ("message_age_seconds", "failure_queue_depth"):
        value = getattr(alarms, name)
        if value is not None and value < 1:
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{value} is below 1: the alarm would always be on",
                code="LK401",
                hint=f"{name}: 1, or None for no alarm",
            )
    share = alarms.concurrency_share
    if share is not None and not 0 < share <= 1:
        yield Diagnostic(
            pointer=f"{pointer}.concurrency_share",
            problem=f"{share:g} is no share of the reserved concurrency: above 0, at most 1",
            code="LK401",
            hint="concurrency_share: 0.9",
        )


def _within(seconds: int | None, age: float | None) -> int | None:
    """The threshold, within half of the age at which events are given up: behind that it would hardly go off."""
    return seconds if seconds is None or age is None else max(min(seconds, int(age / 2)), 1)


def _concurrency(reserved: int | None, share: float | None) -> int | None:
    """None for a function without a reserve, for one that is stopped, and for one of which one at a time runs."""
    return None if reserved is None or reserved < 2 or share is None else ceil(reserved * share)
