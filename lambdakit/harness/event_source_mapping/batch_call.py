"""A batch of a stream with its function: what it is given, what came of it, and what is given up.

Source: AWS Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams" and its subpages.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.event_source_mapping.batch_response import FAILURE, SUCCESS, BatchReport, read_batch_response
from lambdakit.harness.event_source_mapping.calls import Answer, Outcome, Surroundings
from lambdakit.harness.event_source_mapping.failure_destination import Discarded, FailureDestination
from lambdakit.harness.event_source_mapping.positions import ShardPosition
from lambdakit.harness.event_source_mapping.stream_retry import Batch, Verdict, after_call, after_refusal
from lambdakit.harness.event_source_mapping.stream_settings import StreamSettings
from lambdakit.harness.event_source_mapping.stream_source import StreamSource
from lambdakit.harness.event_source_mapping.tumbling_window import read_window_answer, window_members
from lambdakit.harness.lambda_service.event_source_mappings import EventSourceMapping
from lambdakit.trace import RecordBatchSettled, RecordsDiscarded

_RETRIES_EXHAUSTED: Final = "RetryAttemptsExhausted"
_TOO_OLD: Final = "RecordAgeExceeded"
# The stream has them no longer: nothing is left that a destination could point to.
_EXPIRED: Final = "RecordsExpired"
_OK: Final = "OK"
_FAILED: Final = "PROBLEM: Function call failed"


class BatchCall:
    """Calls the function of one mapping."""

    def __init__(
        self, mapping: EventSourceMapping, settings: StreamSettings, source: StreamSource, around: Surroundings
    ) -> None:
        self._mapping = mapping
        self._settings = settings
        self._source = source
        self._around = around
        self._destination = FailureDestination(settings.on_failure, mapping, source, around)
        self._result = mapping.result

    def run(self, batch: Batch, shard: ShardPosition) -> Verdict:
        """What follows for a batch, once the function has answered."""
        old, batch = self._without_old(batch)
        if old is not None:
            condition = _TOO_OLD if self._is_over_age(old) else _EXPIRED
            self._give_up(replace(old, failures=0), shard, condition)
        if not batch.records and batch.purpose == "records":
            return Verdict(done=0)
        members = self._members(batch, shard)
        answer = self._around.calls.call(self._mapping, self._source.payload(batch.records, members))
        if answer.outcome in (Outcome.THROTTLED, Outcome.REFUSED):
            self._tell(batch, len(batch.records), "throttled", answer)
            return after_refusal(batch)
        called = replace(batch, calls=batch.calls + 1, last=answer)
        report, is_too_large = self._report(called, answer, shard)
        verdict = replace(after_call(called, report, self._settings), is_state_too_large=is_too_large)
        failed = len(batch.records) - verdict.done
        self._tell(batch, failed, _outcome(report, verdict), answer)
        if verdict.given_up is not None:
            self._give_up(verdict.given_up, shard, _RETRIES_EXHAUSTED)
        return verdict

    def expires_at(self, batch: Batch) -> datetime | None:
        """When the first record of a batch that waits becomes too old to be tried again; None for one without."""
        limit = self._settings.max_age
        age = self._source.retention if limit is None else min(limit, self._source.retention)
        return batch.records[0].arrived_at + age if batch.records else None

    def state_bytes(self, shard: ShardPosition) -> int:
        """How much the state of an open window takes of an event."""
        return 0 if shard.window is None else len(json.dumps(shard.state).encode())

    def _without_old(self, batch: Batch) -> tuple[Batch | None, Batch]:
        """The records that are too old to be handled, None for none; and the others."""
        now = self._around.clock.now()
        limits = [] if self._settings.max_age is None else [self._settings.max_age]
        if batch.failures or batch.refusals:
            limits.append(self._source.retention)
        if not limits or not batch.records or now - batch.records[0].arrived_at < min(limits):
            return None, batch
        old = tuple(itertools.takewhile(lambda record: now - record.arrived_at >= min(limits), batch.records))
        return replace(batch, records=old), replace(batch, records=batch.records[len(old) :])

    def _is_over_age(self, batch: Batch) -> bool:
        age = self._around.clock.now() - batch.records[-1].arrived_at
        return self._settings.max_age is not None and age >= self._settings.max_age

    def _members(self, batch: Batch, shard: ShardPosition) -> Mapping[str, Any]:
        if shard.window is None:
            return {}
        return window_members(
            shard.window,
            state=shard.state,
            shard_id=shard.id,
            source_arn=self._mapping.source_arn,
            is_final=batch.purpose == "final",
            is_early=batch.purpose == "early",
        )

    def _report(self, batch: Batch, answer: Answer, shard: ShardPosition) -> tuple[BatchReport, bool]:
        """What failed, and whether the window's state is too large now; keeps the state."""
        if answer.outcome is not Outcome.ANSWERED:
            return FAILURE, False
        is_too_large = False
        if shard.window is not None:
            returned = read_window_answer(answer.payload)
            if returned is None:
                return FAILURE, False
            is_too_large = returned.is_too_large
        report = SUCCESS
        if self._settings.reports_items and batch.records:
            identifiers = {record.identifier for record in batch.records}
            report = read_batch_response(answer.payload, identifiers, named=self._source.reported)
        if shard.window is not None and returned is not None and not report.whole:
            shard.state = returned.state
        return report, is_too_large

    def _give_up(self, batch: Batch, shard: ShardPosition, condition: str) -> None:
        reason = ""
        told = bool(self._destination.arn) and bool(batch.records) and condition != _EXPIRED
        if told:
            event = self._source.payload(batch.records, self._members(batch, shard))
            discarded = Discarded(shard_id=shard.id, batch=batch, condition=condition, event=event)
            reason = self._destination.send(discarded)
        self._around.trace.append(
            RecordsDiscarded(
                mapping=self._mapping.uuid,
                function=self._function,
                source=self._mapping.source_arn,
                records=len(batch.records),
                condition=condition,
                destination=self._destination.arn if told and not reason else "",
                reason=reason,
            )
        )

    def _tell(self, batch: Batch, failed: int, outcome: str, answer: Answer) -> None:
        self._around.trace.append(
            RecordBatchSettled(
                mapping=self._mapping.uuid,
                function=self._function,
                source=self._mapping.source_arn,
                request_id=answer.request_id,
                records=len(batch.records),
                failed=failed,
                outcome=outcome,
                reason=answer.reason,
            )
        )
        self.report(_OK if outcome == "success" else _FAILED)

    def report(self, result: str) -> None:
        """Keeps what the API tells as `LastProcessingResult`."""
        if result != self._result:
            self._result = result
            self._around.calls.report(self._mapping, result)

    @property
    def _function(self) -> str:
        return self._mapping.function_arn.split(":")[6]


def _outcome(report: BatchReport, verdict: Verdict) -> str:
    if not report.whole and not report.failed:
        return "success"
    return "partial" if verdict.done else "failed"
