"""A document's event sources as the constructs'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import aws_events as events
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from lambdakit.compiler.bindings.removal_policies import REMOVAL_POLICIES
from lambdakit.compiler.bindings.resources import shared
from lambdakit.constructs.event_sources.alarm import AlarmSource
from lambdakit.constructs.event_sources.cognito import CognitoSource
from lambdakit.constructs.event_sources.config_rule import ConfigRuleSource
from lambdakit.constructs.event_sources.event_rule import EventRuleSource
from lambdakit.constructs.event_sources.iot_rule import IotRuleSource
from lambdakit.constructs.event_sources.kinds import Source
from lambdakit.constructs.event_sources.logs import LogSource
from lambdakit.constructs.event_sources.s3 import S3Source
from lambdakit.constructs.event_sources.schedule import ScheduleSource
from lambdakit.constructs.event_sources.sns import SnsSource
from lambdakit.constructs.event_sources.sqs import SqsSource
from lambdakit.spec.event_sources.alarm import AlarmSource as AlarmSettings
from lambdakit.spec.event_sources.cognito import CognitoSource as CognitoSettings
from lambdakit.spec.event_sources.config_rule import ConfigRuleSource as ConfigRuleSettings
from lambdakit.spec.event_sources.event_rule import EventPattern
from lambdakit.spec.event_sources.event_rule import EventRuleSource as EventRuleSettings
from lambdakit.spec.event_sources.iot_rule import IotRuleSource as IotRuleSettings
from lambdakit.spec.event_sources.logs import LogSource as LogSettings
from lambdakit.spec.event_sources.s3 import S3Source as S3Settings
from lambdakit.spec.event_sources.schedule import ScheduleSource as ScheduleSettings
from lambdakit.spec.event_sources.sns import SnsSource as SnsSettings
from lambdakit.spec.event_sources.sqs import SqsSource as SqsSettings

if TYPE_CHECKING:
    from lambdakit.compiler.bindings.scope import BindingScope


def event_source(scope: BindingScope, key: str, settings: object) -> Source:
    """What `source` of the pattern called `key` says. What it names, and others made, is imported into the stack."""
    return _SOURCES[type(settings)](scope, f"{key}:source", settings)


def bound_sources() -> frozenset[type[object]]:
    """Every model of a source that has a construct."""
    return frozenset(_SOURCES)


def _s3(scope: BindingScope, id: str, settings: S3Settings) -> S3Source:
    name = settings.bucket_name
    return S3Source(
        bucket=shared(scope, settings.bucket) if name is None else s3.Bucket.from_bucket_name(scope.stack, id, name),
        events=settings.events,
        prefix=settings.prefix,
        suffix=settings.suffix,
        via=settings.via,
        object_access=None if settings.object_access == "none" else settings.object_access,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
        retry_attempts=settings.retry_attempts,
        max_event_age=settings.max_event_age,
    )


def _sqs(scope: BindingScope, id: str, settings: SqsSettings) -> SqsSource:
    arn = settings.queue_arn
    return SqsSource(
        queue=shared(scope, settings.queue) if arn is None else sqs.Queue.from_queue_arn(scope.stack, id, arn),
        batch_size=settings.batch_size,
        max_batching_window=settings.max_batching_window,
        max_concurrency=settings.max_concurrency,
        report_batch_item_failures=settings.report_batch_item_failures,
        filters=settings.filters,
        enabled=settings.enabled,
        fifo=settings.fifo,
        content_based_deduplication=settings.content_based_deduplication,
        visibility_timeout=settings.visibility_timeout,
        retention_period=settings.retention_period,
        max_receive_count=settings.max_receive_count,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
    )


def _sns(scope: BindingScope, id: str, settings: SnsSettings) -> SnsSource:
    arn = settings.topic_arn
    return SnsSource(
        topic=shared(scope, settings.topic) if arn is None else sns.Topic.from_topic_arn(scope.stack, id, arn),
        filter_policy=settings.filter_policy,
        filter_policy_scope=settings.filter_policy_scope,
    )


def _event_rule(scope: BindingScope, id: str, settings: EventRuleSettings) -> EventRuleSource:
    name = settings.event_bus_name
    return EventRuleSource(
        event_pattern=_pattern(settings.event_pattern),
        event_bus=shared(scope, settings.event_bus)
        if name is None
        else events.EventBus.from_event_bus_name(scope.stack, id, name),
        enabled=settings.enabled,
        retry_attempts=settings.retry_attempts,
        max_event_age=settings.max_event_age,
    )


def _schedule(scope: BindingScope, id: str, settings: ScheduleSettings) -> ScheduleSource:
    return ScheduleSource(
        schedule=settings.schedule,
        timezone=settings.timezone,
        input=settings.input,
        flexible_time_window=settings.flexible_time_window,
        enabled=settings.enabled,
        retry_attempts=settings.retry_attempts,
        max_event_age=settings.max_event_age,
    )


def _iot_rule(scope: BindingScope, id: str, settings: IotRuleSettings) -> IotRuleSource:
    return IotRuleSource(sql=settings.sql, aws_iot_sql_version=settings.aws_iot_sql_version, enabled=settings.enabled)


def _config_rule(scope: BindingScope, id: str, settings: ConfigRuleSettings) -> ConfigRuleSource:
    return ConfigRuleSource(
        configuration_changes=settings.configuration_changes,
        maximum_execution_frequency=settings.maximum_execution_frequency,
        resource_types=settings.resource_types,
        input_parameters=settings.input_parameters,
    )


def _logs(scope: BindingScope, id: str, settings: LogSettings) -> LogSource:
    name = settings.log_group_name
    return LogSource(
        log_group=None if name is None else logs.LogGroup.from_log_group_name(scope.stack, id, name),
        filter_pattern=settings.filter_pattern or "",
        log_retention=settings.log_retention,
    )


def _alarm(scope: BindingScope, id: str, settings: AlarmSettings) -> AlarmSource:
    return AlarmSource(
        namespace=settings.namespace,
        metric_name=settings.metric_name,
        dimensions=settings.dimensions,
        statistic=settings.statistic,
        period=settings.period,
        threshold=settings.threshold,
        comparison_operator=settings.comparison_operator,
        evaluation_periods=settings.evaluation_periods,
        datapoints_to_alarm=settings.datapoints_to_alarm,
        treat_missing_data=settings.treat_missing_data,
        states=settings.states,
    )


def _cognito(scope: BindingScope, id: str, settings: CognitoSettings) -> CognitoSource:
    return CognitoSource(
        triggers=settings.triggers,
        self_sign_up_enabled=settings.self_sign_up_enabled,
        removal_policy=REMOVAL_POLICIES[settings.removal_policy],
    )


def _pattern(settings: EventPattern) -> dict[str, Any]:
    """The pattern in EventBridge's own keys: `detail-type` for `detail_type`."""
    written = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {name.replace("_", "-"): value for name, value in written.items() if value is not None}


_SOURCES: Final[Mapping[type[object], Callable[[BindingScope, str, Any], Source]]] = {
    S3Settings: _s3,
    SqsSettings: _sqs,
    SnsSettings: _sns,
    EventRuleSettings: _event_rule,
    ScheduleSettings: _schedule,
    IotRuleSettings: _iot_rule,
    ConfigRuleSettings: _config_rule,
    LogSettings: _logs,
    AlarmSettings: _alarm,
    CognitoSettings: _cognito,
}
