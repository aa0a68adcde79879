"""How many of the records that wait make a batch.

Source: AWS Lambda Developer Guide, "How Lambda processes records from stream and queue-based event sources": a batch
ends when the window does, at the batch size, or at 6 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.limits import SYNC_REQUEST_BYTES_MAX

# `{"Records": []}`, and what the event of a tumbling window has beside them, but for the state.
_FRAME_BYTES: Final = 1024


def fitting(waiting: Iterable[Record], *, most: int, other_bytes: int = 0) -> tuple[int, bool]:
    """How many of the first records go into one event, at least one of any, and whether it is full with them.

    other_bytes: what the event carries beside them.
    """
    left = SYNC_REQUEST_BYTES_MAX - _FRAME_BYTES - other_bytes
    count = 0
    for record in waiting:
        if count == most:
            return count, True
        left -= record.size
        if left < 0 and count:
            return count, True
        count += 1
    return count, count == most
