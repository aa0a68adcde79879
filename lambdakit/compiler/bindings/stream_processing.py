"""The document's `stream_processing` as the construct `StreamProcessing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdakit.compiler.bindings.deliveries import stream_delivery
from lambdakit.compiler.bindings.failure import failure_path
from lambdakit.compiler.bindings.function import function_properties
from lambdakit.compiler.bindings.monitoring import dashboard_properties, pattern_alarms
from lambdakit.compiler.bindings.stream_sources import stream_source
from lambdakit.constructs.delivery.firehose import (
    DELIVERY_BUCKET_ID,
    DELIVERY_LOG_ID,
    DELIVERY_ROLE_ID,
    DELIVERY_STREAM_ID,
)
from lambdakit.constructs.delivery.stream import TARGET_STREAM_ID
from lambdakit.constructs.delivery.table import DELIVERY_TABLE_ID
from lambdakit.constructs.event_sources.dynamo_stream import TABLE_ID
from lambdakit.constructs.event_sources.kinesis import CONSUMER_ID, STREAM_ID
from lambdakit.constructs.event_sources.stream_reading import MAPPING_ID
from lambdakit.constructs.failure_destinations import FAILURE_IDS
from lambdakit.constructs.monitoring.dashboard import DASHBOARD_ID
from lambdakit.constructs.monitoring.pattern_alarms import QUEUE_ALARMS
from lambdakit.constructs.output_names import pascal_case
from lambdakit.constructs.stream_processing import FUNCTION_ID, StreamProcessing

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.compiler.bindings.scope import BindingScope
    from lambdakit.spec.stream_processing import StreamProcessing as StreamProcessingSettings

# By the key that they come from: construct ids below the pattern, and how its outputs end.
_IDS: Final = {
    "source": (STREAM_ID, CONSUMER_ID, TABLE_ID, MAPPING_ID),
    "function": (FUNCTION_ID,),
    "delivery": (
        *(DELIVERY_STREAM_ID, DELIVERY_BUCKET_ID, DELIVERY_ROLE_ID, DELIVERY_LOG_ID),
        *(DELIVERY_TABLE_ID, TARGET_STREAM_ID),
    ),
    "on_failure": tuple(sorted(FAILURE_IDS)),
    "alarms": tuple(f"{id}{kind}" for id in sorted(FAILURE_IDS) for kind in QUEUE_ALARMS),
    "dashboard": (DASHBOARD_ID,),
}
_OUTPUTS: Final = {
    "source": ("StreamName", "TableName"),
    "delivery": ("DeliveryStreamName", "DeliveryBucketName", "DeliveryTableName", "TargetStreamName"),
    "on_failure": ("FailureQueueUrl", "FailureTopicArn", "FailureBucketName"),
    "dashboard": ("DashboardName",),
}


def bind(scope: BindingScope, key: str, settings: StreamProcessingSettings) -> dict[str, lambda_.IFunction]:
    """Adds the pattern called `key` to the stack; its function's alias, by the pattern's key."""
    _record_places(scope, key)
    delivery = settings.delivery
    pattern = StreamProcessing(
        scope.stack,
        key,
        source=stream_source(scope, key, settings.source),
        function=function_properties(scope, f"{key}:function", ("patterns", key, "function"), settings.function),
        delivery=None if delivery is None else stream_delivery(scope, key, delivery),
        on_failure=failure_path(scope, key, settings.on_failure),
        alarms=pattern_alarms(scope, key, settings),
        dashboard=dashboard_properties(settings),
    )
    return {key: pattern.handler}


def _record_places(scope: BindingScope, key: str) -> None:
    stack, pointer = scope.stack.node.path, ("patterns", key)
    record = scope.source_map.record
    record(f"{stack}/{key}", pointer)
    for part, ids in _IDS.items():
        for id in ids:
            record(f"{stack}/{key}/{id}", (*pointer, part))
    for part, suffixes in _OUTPUTS.items():
        for suffix in suffixes:
            record(f"{stack}/{pascal_case(key)}{suffix}", (*pointer, part))
