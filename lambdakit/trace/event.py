"""What every trace event carries."""

from __future__ import annotations

from datetime import datetime

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent:
    """One thing that happened.

    sequence: counts from 1 within one harness, without gaps.
    at: the harness's time.
    """

    sequence: int = 0
    at: datetime = datetime.min
