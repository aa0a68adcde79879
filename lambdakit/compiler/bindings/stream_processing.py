"""The document's `stream_processing` as the construct `StreamProcessing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdakit.compiler.bindings.deliveries import stream_delivery
from lambdakit.compiler.bindings.failure import failure_path
from lambdakit.compiler.bindings.function import function_properties
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
from lambdakit.constructs.output_names import pascal_case
from lambdakit.constructs.stream_processing import FUNCTION_ID, StreamProcessing
from lambdakit.spec.function import effective

if TYPE_CHECKING:
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
}
_OUTPUTS: Final = {
    "source": ("StreamName", "TableName"),
    "delivery": ("DeliveryStreamName", "DeliveryBucketName", "DeliveryTableName", "TargetStreamName"),
    "on_failure": ("FailureQueueUrl", "FailureTopicArn", "FailureBucketName"),
}


def bind(scope: BindingScope, key: str, settings: StreamProcessingSettings) -> None:
    """Adds the pattern called `key` to the stack."""
    _record_places(scope, key)
    delivery = settings.delivery
    StreamProcessing(
        scope.stack,
        key,
        source=stream_source(scope.stack, key, settings.source),
        function=function_properties(
            effective(settings.function, scope.defaults),
            directory=scope.directory,
            layers=scope.layers,
            network=scope.network,
        ),
        delivery=None if delivery is None else stream_delivery(scope.stack, key, delivery),
        on_failure=failure_path(scope.stack, key, settings.on_failure),
    )


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
