"""An event of a SAM function that reads a stream as the source of a pattern.

Source: AWS SAM Developer Guide, "EventSource" (Kinesis, DynamoDB); Lambda API Reference, CreateEventSourceMapping: what
is done where the template says nothing.
"""

from __future__ import annotations

from typing import Final

from lambdakit import limits
from lambdakit.sam.event_sources import Owner, existing, filters
from lambdakit.sam.function_settings import Settings
from lambdakit.sam.properties import Properties
from lambdakit.sam.shared_resources import stream_settings
from lambdakit.sam.tables import TABLE, table_settings

STREAM_EVENTS: Final = frozenset({"Kinesis", "DynamoDB"})
_FOREVER: Final = -1
_BATCH_SIZE: Final = 100
_TABLE_HINT: Final = "write the table below resources, with a stream, and name it where it is used"


def stream_source(kind: str, event: Properties, owner: Owner) -> Settings | None:
    """The source; None with a gap when a document has none like it."""
    source = _kinesis(event, owner) if kind == "Kinesis" else _table_changes(event, owner)
    if source is None:
        return None
    source |= _reading(event)
    destination = event.raw("DestinationConfig")
    if destination is not None:
        event.gap("DestinationConfig", "the pattern's own on_failure stands for it")
    event.finish()
    return source


def _kinesis(event: Properties, owner: Owner) -> Settings | None:
    source: Settings = {"kind": "kinesis"}
    stream = owner(event.raw("Stream"), "AWS::Kinesis::Stream")
    if stream is None:
        return source if existing(event, "Stream", "stream_arn", source) else None
    return source | ({"stream": stream.name} if stream.name else stream_settings(stream.properties))


def _table_changes(event: Properties, owner: Owner) -> Settings | None:
    source: Settings = {"kind": "dynamo_stream"}
    table = owner(event.raw("Stream"), TABLE)
    if table is not None:
        if table.name:
            return source | {"table": table.name}
        if (settings := table_settings(TABLE, table.properties)) is None:
            return None
        if (view := table.properties.below("StreamSpecification").text("StreamViewType")) is not None:
            source["stream"] = view.lower()
        return source | {"table": settings}
    if isinstance(event.raw("Stream"), dict):
        event.gap("Stream", "it is neither a table of the template nor an ARN", _TABLE_HINT)
        return None
    return source if existing(event, "Stream", "table_stream_arn", source) else None


def _reading(event: Properties) -> Settings:
    source: Settings = {"batch_size": event.number("BatchSize") or _BATCH_SIZE}
    for name, key in (
        ("MaximumBatchingWindowInSeconds", "max_batching_window"),
        ("TumblingWindowInSeconds", "tumbling_window"),
    ):
        if seconds := event.number(name):
            source[key] = f"{seconds}s"
    if (factor := event.number("ParallelizationFactor")) is not None:
        source["parallelization_factor"] = factor
    if (position := event.text("StartingPosition")) is not None:
        source["starting_position"] = position.lower()
    if (stamp := event.number("StartingPositionTimestamp")) is not None:
        source["starting_position_timestamp"] = stamp
    # What a document does by default, a template asks for.
    source["bisect_batch_on_error"] = event.truth("BisectBatchOnFunctionError") or False
    source["report_batch_item_failures"] = "ReportBatchItemFailures" in (event.texts("FunctionResponseTypes") or ())
    retries, age = event.number("MaximumRetryAttempts"), event.number("MaximumRecordAgeInSeconds")
    source["retry_attempts"] = limits.STREAM_RETRIES_MAX if retries in (None, _FOREVER) else retries
    seconds = limits.STREAM_RECORD_AGE_SECONDS_MAX if age in (None, _FOREVER) else age
    source["max_record_age"] = f"{seconds}s"
    if found := filters(event):
        source["filters"] = found
    if event.truth("Enabled") is False:
        source["enabled"] = False
    return source
