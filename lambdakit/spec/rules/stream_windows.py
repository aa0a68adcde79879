"""State is handed on from batch to batch of one shard, so there is one batch of it at once.

Source: AWS Lambda API Reference, "CreateEventSourceMapping"; AWS Lambda Developer Guide, "Implementing stateful Kinesis
Data Streams processing in Lambda".
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_sources.stream_reading import StreamReading
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def stream_windows(context: RuleContext) -> Iterator[Finding]:
    """A finding for each tumbling window beside several batches of a shard at once."""
    for key, pattern in context.stream_processings():
        source = pattern.source
        if isinstance(source, StreamReading) and source.tumbling_window and source.parallelization_factor > 1:
            yield Finding(
                code="LK180",
                pointer=("patterns", key, "source", "parallelization_factor"),
                problem=f"{source.parallelization_factor} batches of a shard at once cannot hand on a window's state",
                hint="write 1, or leave tumbling_window out",
            )
