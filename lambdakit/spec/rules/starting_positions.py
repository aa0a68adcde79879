"""A stream is read from a time on when both are written: that position, and the time."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_sources.kinesis import KinesisSource
from lambdakit.spec.event_sources.msk import MskSource
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def starting_positions(context: RuleContext) -> Iterator[Finding]:
    """A finding for each position without its time, and each time without its position."""
    for key, pattern in context.stream_processings():
        source, pointer = pattern.source, ("patterns", key, "source")
        if not isinstance(source, KinesisSource | MskSource):
            continue
        position, time = source.starting_position, source.starting_position_timestamp
        if position == "at_timestamp" and time is None:
            if context.pruned.spares(*pointer, "starting_position_timestamp"):
                yield Finding(
                    code="LK181",
                    pointer=(*pointer, "starting_position"),
                    problem="at_timestamp needs the time to begin at",
                    hint="add starting_position_timestamp, in seconds since 1970",
                )
        elif position != "at_timestamp" and time is not None and context.pruned.spares(*pointer, "starting_position"):
            yield Finding(
                code="LK181",
                pointer=(*pointer, "starting_position_timestamp"),
                at_key=True,
                problem=f"a time goes with at_timestamp, and the stream is read from {position}",
                hint="add starting_position: at_timestamp, or leave the time out",
            )
