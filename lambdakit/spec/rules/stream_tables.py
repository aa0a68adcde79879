"""The changes that a pattern handles are those of one table, a new one or one that exists."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_sources.dynamo_stream import DynamoStreamSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def stream_tables(context: RuleContext) -> Iterator[Finding]:
    """A finding for each source that names no table, or two."""
    for key, pattern in context.stream_processings():
        source, pointer = pattern.source, ("patterns", key, "source")
        if not isinstance(source, DynamoStreamSource):
            continue
        if source.table is not None and source.table_stream_arn is not None:
            yield Finding(
                code="LK183",
                pointer=(*pointer, "table_stream_arn"),
                at_key=True,
                problem="table makes or names one table, and table_stream_arn names the stream of another",
                hint="leave one of the two out",
            )
        elif source.table is None and source.table_stream_arn is None:
            if all(context.pruned.spares(*pointer, name) for name in ("table", "table_stream_arn")):
                yield Finding(
                    code="LK183",
                    pointer=pointer,
                    problem="neither table nor table_stream_arn says whose changes are handled",
                    hint="add table: {partition_key: id}, or table_stream_arn",
                )
