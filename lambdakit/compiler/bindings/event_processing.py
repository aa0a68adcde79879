"""The document's `event_processing` as the construct `EventProcessing`."""

from __future__ import annotations

from lambdakit.compiler.bindings.event_sources import event_source
from lambdakit.compiler.bindings.failure import failure_path
from lambdakit.compiler.bindings.function import function_properties
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.compiler.bindings.targets import event_target
from lambdakit.constructs.event_processing import FUNCTION_ID, EventProcessing
from lambdakit.constructs.event_sources.s3 import NOTIFICATIONS_HANDLER_ID
from lambdakit.constructs.event_sources.wiring import SOURCE_IDS
from lambdakit.constructs.failure_destinations import FAILURE_IDS
from lambdakit.constructs.output_names import pascal_case
from lambdakit.spec.event_processing import EventProcessing as EventProcessingSettings
from lambdakit.spec.event_sources.s3 import S3Source
from lambdakit.spec.function import effective

_SOURCE_OUTPUTS = ("BucketName", "QueueUrl", "TopicArn", "LogGroupName", "UserPoolId")
_FAILURE_OUTPUTS = ("QueueUrl", "TopicArn", "BucketName", "EventBusName")
_TARGET_OUTPUTS = ("BucketName", "TableName", "QueueUrl", "TopicArn", "EventBusName", "StateMachineArn")


def bind(scope: BindingScope, key: str, settings: EventProcessingSettings) -> None:
    """Adds the pattern called `key` to the stack."""
    _record_places(scope, key, settings)
    written = "on_failure" in settings.model_fields_set
    EventProcessing(
        scope.stack,
        key,
        source=event_source(scope.stack, key, settings.source),
        function=function_properties(
            effective(settings.function, scope.defaults),
            directory=scope.directory,
            layers=scope.layers,
            network=scope.network,
        ),
        targets={
            name: event_target(scope.stack, f"{key}:target:{name}", target, directory=scope.directory)
            for name, target in settings.targets.items()
        },
        on_failure=failure_path(scope.stack, key, settings.on_failure) if written else None,
    )


def _record_places(scope: BindingScope, key: str, settings: EventProcessingSettings) -> None:
    stack, pointer = scope.stack.node.path, ("patterns", key)
    path, outputs = f"{stack}/{key}", f"{stack}/{pascal_case(key)}"
    record = scope.source_map.record
    record(path, pointer)
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
    for name in settings.targets:
        for id in (name, f"{name}-dead-letters", f"{name}-log"):
            record(f"{path}/{id}", (*pointer, "targets", name))
        for suffix in _TARGET_OUTPUTS:
            record(f"{outputs}{pascal_case(name)}{suffix}", (*pointer, "targets", name))
