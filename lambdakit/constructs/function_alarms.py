"""The alarms of one function: what is watched, and from which value on.

Metrics: Lambda Developer Guide, "Types of metrics for Lambda functions".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_cloudwatch as cloudwatch

from lambdakit.constructs.service_use import let_alarms_publish
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns
    from constructs import Construct

_PERIOD_SECONDS: Final = 300
_NAMESPACE: Final = "AWS/Lambda"
# Source: API PutMetricAlarm.AlarmActions, OKActions
_TOPICS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionAlarms:
    """Alarms on a function, each over five minutes. None for a value leaves its alarm out.

    errors: failed invocations; absent, 1.
    throttles: refused invocations; absent, 1.
    duration_share: of the time-out, above 0 to 1, which the slowest hundredth reaches; absent, 0.9.
    async_event_age_seconds: how long asynchronous events wait; absent, not watched.
    iterator_age_seconds: how far a stream's records are behind; absent, not watched.
    concurrent_executions: how many run at once; absent, not watched.
    topics: at most 5, told when an alarm goes off and when it is over; absent, nobody, and the console shows the state.
    """

    errors: int | None = 1
    throttles: int | None = 1
    duration_share: float | None = 0.9
    async_event_age_seconds: int | None = None
    iterator_age_seconds: int | None = None
    concurrent_executions: int | None = None
    topics: Sequence[sns.ITopic] = ()


def make_function_alarms(
    scope: Construct, alarms: FunctionAlarms, *, function_name: str, timeout_ms: float | None
) -> tuple[cloudwatch.CfnAlarm, ...]:
    """The alarms, as children of `scope`: `ErrorsAlarm`, `ThrottlesAlarm`, `DurationAlarm` ….

    timeout_ms: None when only the deployment knows it, and there is no alarm on the duration.
    """
    made: list[cloudwatch.CfnAlarm] = []
    actions = [topic.topic_arn for topic in alarms.topics] or None
    for topic in alarms.topics:
        let_alarms_publish(topic)

    def make(id: str, metric: str, threshold: float | None, text: str, **measured: Any) -> None:
        if threshold is None:
            return
        # The CDK's own construct would cost four more round trips to Node.js.
        made.append(
            cloudwatch.CfnAlarm(
                scope,
                id,
                alarm_description=text,
                namespace=_NAMESPACE,
                metric_name=metric,
                dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="FunctionName", value=function_name)],
                period=_PERIOD_SECONDS,
                evaluation_periods=1,
                comparison_operator="GreaterThanOrEqualToThreshold",
                threshold=threshold,
                treat_missing_data="notBreaching",
                alarm_actions=actions,
                ok_actions=actions,
                **measured,
            )
        )

    make("ErrorsAlarm", "Errors", alarms.errors, "Invocations failed", statistic="Sum")
    make("ThrottlesAlarm", "Throttles", alarms.throttles, "Invocations were refused for concurrency", statistic="Sum")
    if timeout_ms is not None and alarms.duration_share is not None:
        threshold = round(timeout_ms * alarms.duration_share, 3)
        make("DurationAlarm", "Duration", threshold, "Invocations come near the time-out", extended_statistic="p99")
    age = _milliseconds(alarms.async_event_age_seconds)
    make("AsyncEventAgeAlarm", "AsyncEventAge", age, "Asynchronous events wait too long", statistic="Maximum")
    age = _milliseconds(alarms.iterator_age_seconds)
    make("IteratorAgeAlarm", "IteratorAge", age, "The function falls behind its stream", statistic="Maximum")
    text = "Executions come near the function's concurrency"
    make("ConcurrencyAlarm", "ConcurrentExecutions", alarms.concurrent_executions, text, statistic="Maximum")
    return tuple(made)


def alarm_problems(pointer: str, alarms: FunctionAlarms) -> Iterator[Diagnostic]:
    """What would never go off, or always."""
    for name in ("errors", "throttles", "async_event_age_seconds", "iterator_age_seconds", "concurrent_executions"):
        value = getattr(alarms, name)
        if value is not None and value < 1:
            yield Diagnostic(
                pointer=f"{pointer}.{name}",
                problem=f"{value} is below 1: the alarm would always be on",
                code="LK401",
                hint=f"{name}: 1, or None for no alarm",
            )
    share = alarms.duration_share
    if share is not None and not 0 < share <= 1:
        yield Diagnostic(
            pointer=f"{pointer}.duration_share",
            problem=f"{share:g} is no share of the time-out: above 0, at most 1",
            code="LK401",
            hint="duration_share: 0.9",
        )
    if len(alarms.topics) > _TOPICS_MAX:
        yield Diagnostic(
            pointer=f"{pointer}.topics",
            problem=f"{len(alarms.topics)} topics are above {_TOPICS_MAX}, the most that an alarm tells",
            code="LK401",
            hint="tell one topic, and subscribe the others to it",
        )


def _milliseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000
