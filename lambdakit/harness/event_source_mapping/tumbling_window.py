"""Tumbling windows: which one a record belongs to, what the event says of it, and the state that the function returns.

Source: AWS Lambda Developer Guide, "Implementing stateful Kinesis Data Streams processing in Lambda"; the members of
the event: aws/aws-lambda-go, events/time_window.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdakit.limits import WINDOW_STATE_BYTES_MAX
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` on, until just before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnswer:
    """What a function returned for a window. is_too_large: the state exceeds what Lambda keeps."""

    state: Any
    is_too_large: bool


def window_of(moment: datetime, length: timedelta) -> Window:
    """The window of a record, by when it was put into the stream; windows are aligned with 1970."""
    seconds = int(length.total_seconds())
    begin = int(moment.timestamp()) // seconds * seconds
    start = datetime.fromtimestamp(begin, UTC)
    return Window(start=start, end=start + length)


def window_members(
    window: Window, *, state: Any, shard_id: str, source_arn: str, is_final: bool, is_early: bool
) -> Mapping[str, Any]:
    """What the event has beside its records."""
    return {
        "window": {"start": _iso(window.start), "end": _iso(window.end)},
        "state": state,
        "shardId": shard_id,
        "eventSourceARN": source_arn,
        "isFinalInvokeForWindow": is_final,
        "isWindowTerminatedEarly": is_early,
    }


def read_window_answer(payload: bytes) -> WindowAnswer | None:
    """The state that a function returned; None when there is none, which is a failure."""
    try:
        answer = json.loads(payload) if payload.strip() else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or "state" not in answer:
        return None
    state = answer["state"] if answer["state"] is not None else {}
    size = len(json.dumps(state, separators=(",", ":")).encode())
    return WindowAnswer(state=state, is_too_large=size > WINDOW_STATE_BYTES_MAX)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
