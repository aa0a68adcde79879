"""The document's `event_processing` as the construct `EventProcessing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdakit.compiler.bindings.event_sources import event_source
from lambdakit.compiler.bindings.failure import failure_path
from lambdakit.compiler.bindings.function import function_properties
from lambdakit.compiler.bindings.monitoring import dashboard_properties, pattern_alarms
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.compiler.bindings.targets import event_target
from lambdakit.constructs.event_processing import FUNCTION_ID, EventProcessing
from lambdakit.constructs.event_sources.s3 import NOTIFICATIONS_HANDLER_ID
from lambdakit.constructs.event_sources.sqs import QUEUE_ID
from lambdakit.constructs.event_sources.wiring import SOURCE_IDS
from lambdakit.constructs.failure_destinations import FAILURE_IDS
from lambdakit.constructs.monitoring.dashboard import DASHBOARD_ID
from lambdakit.constructs.monitoring.pattern_alarms import QUEUE_ALARMS
from lambdakit.constructs.output_names import pascal_case
from lambdakit.constructs.targets.sqs import dead_letters_id
from lambdakit.spec.event_processing import EventProcessing as EventProcessingSettings
from lambdakit.spec.event_sources.s3 import S3Source

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

_SOURCE_OUTPUTS = ("BucketName", "QueueUrl", "TopicArn", "LogGroupName", "UserPoolId")
_FAILURE_OUTPUTS = ("QueueUrl", "TopicArn", "BucketName", "EventBusName")
_TARGET_OUTPUTS = ("BucketName", "TableName", "QueueUrl", "TopicArn", "EventBusName", "StateMachineArn")


def bind(scope: BindingScope, key: str, settings: EventProcessingSettings) -> dict[str, lambda_.IFunction]:
    """Adds the pattern called `key` to the stack; its function's alias, by the pattern's key."""
    _record_places(scope, key, settings)
    written = "on_failure" in settings.model_fields_set
    pattern = EventProcessing(
        scope.stack,
        key,
        source=event_source(scope, key, settings.source),
        function=function_properties(scope, f"{key}:function", ("patterns", key, "function"), settings.function),
        targets={
            name: event_target(scope, f"{key}:target:{name}", target) for name, target in settings.targets.items()
        },
        on_failure=failure_path(scope, key, settings.on_failure) if written else None,
        alarms=pattern_alarms(scope, key, settings),
        dashboard=dashboard_properties(settings),
    )
    return {key: pattern.handler}


def _record_places(scope: BindingScope, key: str, settings: EventProcessingSettings) -> None:
    stack, pointer = scope.stack.node.path, ("patterns", key)
    path, outputs = f"{stack}/{key}", f"{stack}/{pascal_case(key)}"
    record = scope.source_map.record
    record(path, pointer)
    record(f"{path}/{DASHBOARD_ID}", (*pointer, "dashboard"))
    record(f"{outputs}DashboardName", (*pointer, "dashboard"))
    queues = (QUEUE_ID, *sorted(FAILURE_IDS), *(dead_letters_id(name) for name in settings.targets))
    for id in (f"{queue}{kind}" for queue in queues for kind in QUEUE_ALARMS):
        record(f"{path}/{id}", (*pointer, "alarms"))
    for id in SOURCE_IDS:
        record(f"{path}/{id}", (*pointer, "source"))
    if isinstance(settings.source, S3Source) and settings.source.via == "notification":
        record(f"{stack}/{NOTIFICATIONS_HANDLER_ID}", (*pointer, "source"))
    for suffix in _SOURCE_OUTPUTS:
        record(f"{outputs}{suffix}", (*pointer, "source"))
    record(f"{path}/{FUNCTION_ID}", (*pointer, "function"))
    for id in sorted(FAILURE_IDS):
        record(f"{path}/{id}", (*pointer, "on_failure"))
    for suffix in _FAILURE_OUTPUTS:
        record(f"{outputs}Failure{suffix}", (*pointer, "on_failure"))
    _record_targets(scope, key, settings)


def _record_targets(scope: BindingScope, key: str, settings: EventProcessingSettings) -> None:
    stack, record = scope.stack.node.path, scope.source_map.record
    for name in settings.targets:
        place = ("patterns", key, "targets", name)
        for id in (name, dead_letters_id(name), f"{name}-log"):
            record(f"{stack}/{key}/{id}", place)
        for suffix in _TARGET_OUTPUTS:
            record(f"{stack}/{pascal_case(key)}{pascal_case(name)}{suffix}", place)
