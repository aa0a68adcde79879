"""How a mapping reads its stream, from the API's settings.

Source: AWS Lambda API Reference, "CreateEventSourceMapping"; AWS Lambda Developer Guide, "Lambda parameters for Amazon
Kinesis Data Streams event source mappings".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lambdakit.records import dataclass

_BATCH_SIZE: Final = 100
_ENDLESS: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """Settings with their defaults.

    starting_position: `TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`, which goes with `not_before`.
    retries: how often a failed batch is tried again; None without end. max_age: of records; None without limit.
    tumbling_window: None for none. lanes: how many batches of one shard are handled at once.
    """

    batch_size: int
    window: timedelta
    starting_position: str
    not_before: datetime | None
    lanes: int
    retries: int | None
    max_age: timedelta | None
    bisects: bool
    reports_items: bool
    tumbling_window: timedelta | None
    on_failure: str


def stream_settings(settings: Mapping[str, Any]) -> StreamSettings:
    """The settings of a mapping, as the store keeps them."""
    on_failure = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    retries, age = settings.get("MaximumRetryAttempts"), settings.get("MaximumRecordAgeInSeconds")
    tumbling = settings.get("TumblingWindowInSeconds")
    batch_size = settings.get("BatchSize")
    lanes = settings.get("ParallelizationFactor")
    return StreamSettings(
        batch_size=_BATCH_SIZE if batch_size is None else int(batch_size),
        window=timedelta(seconds=int(settings.get("MaximumBatchingWindowInSeconds") or 0)),
        starting_position=str(settings.get("StartingPosition") or "TRIM_HORIZON"),
        not_before=_moment(settings.get("StartingPositionTimestamp")),
        lanes=1 if lanes is None else int(lanes),
        retries=None if retries is None or retries == _ENDLESS else int(retries),
        max_age=None if age is None or age == _ENDLESS else timedelta(seconds=int(age)),
        bisects=bool(settings.get("BisectBatchOnFunctionError")),
        reports_items="ReportBatchItemFailures" in (settings.get("FunctionResponseTypes") or ()),
        tumbling_window=timedelta(seconds=int(tumbling)) if tumbling else None,
        on_failure=str(on_failure or ""),
    )


def _moment(given: Any) -> datetime | None:
    """A time as the API or a template gives it: seconds since 1970, or a datetime."""
    if given is None:
        return None
    if isinstance(given, datetime):
        return given if given.tzinfo is not None else given.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(given), UTC)
