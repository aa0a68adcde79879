"""Trace events as one line of text each, for messages and consoles."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from lambdakit.trace import TraceEvent

_VALUE_LENGTH: Final = 60
_HIDDEN = frozenset({"sequence", "at"})


def event_text(event: TraceEvent) -> str:
    """`#12 InvocationEnded request_id='…' function='shop-create' status='success' …`; long values are cut."""
    fields = (field.name for field in dataclasses.fields(event) if field.name not in _HIDDEN)
    values = (f"{name}={_short(getattr(event, name))}" for name in fields)
    return " ".join([f"#{event.sequence}", type(event).__name__, *values])


def tail_text(events: Sequence[TraceEvent], *, length: int) -> str:
    """The last `length` events, one indented line each; says so when there is none."""
    if not events:
        return "    the trace is empty"
    return "\n".join(f"    {event_text(event)}" for event in events[-length:])


def _short(value: object) -> str:
    text = f"{value:.1f}" if isinstance(value, float) else repr(value)
    return text if len(text) <= _VALUE_LENGTH else f"{text[: _VALUE_LENGTH - 1]}…"
