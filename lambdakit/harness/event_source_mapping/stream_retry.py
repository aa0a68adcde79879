"""What becomes of a batch of a stream: what is settled, what is tried again and when, what is given up.

Source: AWS Lambda Developer Guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda"
(only function errors count, and splitting does not) and "Configuring partial batch response with Kinesis Data Streams
and Lambda" (the lowest sequence number is the checkpoint; together with bisecting, the batch is cut there).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from lambdakit.harness.event_source_mapping.batch_response import BatchReport
from lambdakit.harness.event_source_mapping.calls import Answer
from lambdakit.harness.event_source_mapping.stream_settings import StreamSettings
from lambdakit.harness.event_source_mapping.stream_source import Record
from lambdakit.records import dataclass

_PAUSE_SECONDS_MAX: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records that go to the function together.

    failures: how often the function failed for them, splits not counted. calls: how often it ran for them, as a part
    of a larger batch included. refusals: how often in a row it did not even run.
    purpose: `records`, or for a tumbling window `final` or `early`, which have none.
    """

    records: tuple[Record, ...]
    failures: int = 0
    calls: int = 0
    refusals: int = 0
    last: Answer | None = None
    purpose: str = "records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """done: how many of the first records are settled. again: what is tried again, in order. pause: before that.

    given_up: the batch that is not tried any more; None for none. is_state_too_large: of the tumbling window.
    """

    done: int = 0
    again: tuple[Batch, ...] = ()
    pause: timedelta = timedelta()
    given_up: Batch | None = None
    is_state_too_large: bool = False


def after_call(batch: Batch, report: BatchReport, settings: StreamSettings) -> Verdict:
    """What follows when the function ran. batch: with this call counted. report: what it says of the records."""
    if not report.whole and not report.failed:
        return Verdict(done=len(batch.records))
    done = 0 if report.whole else _first_failed(batch.records, report.failed)
    rest = replace(batch, records=batch.records[done:], refusals=0)
    if settings.bisects and done:
        return Verdict(done=done, again=(rest,))
    if settings.bisects and len(rest.records) > 1:
        # "The batch is bisected regardless of your ReportBatchItemFailures setting."
        middle = len(rest.records) // 2
        halves = (replace(rest, records=rest.records[:middle]), replace(rest, records=rest.records[middle:]))
        return Verdict(again=halves)
    failed = replace(rest, failures=rest.failures + 1)
    if settings.retries is not None and failed.failures > settings.retries:
        return Verdict(done=done, given_up=failed)
    return Verdict(done=done, again=(failed,), pause=_pause(failed.failures))


def after_refusal(batch: Batch) -> Verdict:
    """What follows when the function could not be run: the batch stays, until its records are too old."""
    refused = replace(batch, refusals=batch.refusals + 1)
    return Verdict(again=(refused,), pause=_pause(refused.refusals))


def _first_failed(records: Sequence[Record], failed: frozenset[str]) -> int:
    return next(at for at, record in enumerate(records) if record.identifier in failed)


def _pause(times: int) -> timedelta:
    """Doubles from a second on; AWS says that it backs off, and not how."""
    return timedelta(seconds=min(_PAUSE_SECONDS_MAX, 2 ** min(times - 1, 10)))
