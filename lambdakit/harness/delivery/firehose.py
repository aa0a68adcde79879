"""Delivery streams: records wait in buffers, pass through a function, and are written to S3 or sent to servers.

    put, or a Kinesis stream -> processors -> the function's buffer -> the function -> one buffer for each partition
      -> an object, or a request;  what fails -> the buffer of failures -> an object below `processing-failed/`

S3, OpenSearch and HTTP endpoints are there. What another destination would get is told in the trace, and goes into the
bucket that such a destination has for what it does not take.

Source: Amazon Data Firehose Developer Guide, "Data delivery", "Transform source data in Amazon Data Firehose".
"""

from __future__ import annotations

import base64
import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from lambdakit.clock import Scheduler
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import DROPPED
from lambdakit.harness.delivery.firehose_buffers import Buffers
from lambdakit.harness.delivery.firehose_endpoints import EndpointDeliveries, Skipped
from lambdakit.harness.delivery.firehose_names import (
    Naming,
    PrefixFailed,
    evaluated_error_prefix,
    evaluated_prefix,
    in_zone,
    object_suffix,
)
from lambdakit.harness.delivery.firehose_objects import FirehoseObject, ObjectWriter
from lambdakit.harness.delivery.firehose_records import (
    FirehoseRecord,
    ProcessingFailed,
    after_function,
    before_function,
)
from lambdakit.harness.delivery.firehose_settings import BucketSettings, Hints, StreamSettings, read_settings
from lambdakit.harness.delivery.firehose_transformation import FailedRecord, failure_of, function_event, read_answer
from lambdakit.harness.delivery.function_calls import Caller, CallRefused, FunctionAnswer, FunctionCalls
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreams, DeliveryStreamState
from lambdakit.trace import EventNotDelivered, TraceLog

_PROCESSING_FAILED: Final = "processing-failed"
_BACKUP: Final = "backup"
_FAILURES: Final = "failures"
_UNDELIVERED: Final = "undelivered"
_RECORDS: Final = "records"
_PAUSE_SECONDS: Final = 1.0
_ID_BYTES: Final = 160
_NO_PERMISSION: Final = "AccessDeniedException"

# The stream's ARN, what kind of object, and the keys of its partition.
_Place = tuple[str, str, tuple[tuple[tuple[str, str], str], ...]]
_Written = tuple[FirehoseRecord, bytes]


class Firehose:
    """Delivers what is put into delivery streams. watch: told of each one that is made, deleted or to begin anew."""

    def __init__(
        self,
        calls: FunctionCalls,
        writer: ObjectWriter,
        endpoints: EndpointDeliveries,
        *,
        submit: Callable[[Callable[[], None]], None],
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self._calls = calls
        self._writer = writer
        self._endpoints = endpoints
        self._submit = submit
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._numbers = itertools.count(1)
        self._generation = 0
        self._for_function: Buffers[str, FirehoseRecord] = Buffers(
            clock, self._begin_transformation, label="records for a delivery stream's function"
        )
        self._for_objects: Buffers[_Place, _Written] = Buffers(
            clock, self._write, label="records for a delivery stream's destination"
        )
        self.watch: Callable[[str], None] = lambda arn: None
        self.streams = DeliveryStreams(self.put, lambda arn: self.watch(arn))
        endpoints.find = self.streams.find
        endpoints.keep = self._keep_skipped

    def put(self, arn: str, data: Sequence[bytes]) -> Sequence[str]:
        """Takes records that were put into a delivery stream; their ids."""
        now = self._clock.now()
        self.take(
            arn,
            [FirehoseRecord(id=self._next_id(), arrived_at=now, raw=one, data=one) for one in data],
        )
        return [base64.b64encode(secrets.token_bytes(_ID_BYTES)).decode() for _ in data]

    def take(self, arn: str, records: Sequence[FirehoseRecord]) -> None:
        """Takes records for a delivery stream; those for one that is gone are let go."""
        stream = self.streams.find(arn)
        if stream is None or not records:
            return
        settings = read_settings(stream)
        if settings.backup is not None:
            self._keep((arn, _BACKUP, ()), [(record, record.raw) for record in records], settings.backup.hints)
        ready: list[FirehoseRecord] = []
        for record in records:
            try:
                ready += before_function(record, settings.processors)
            except ProcessingFailed as failed:
                self._fail(stream, settings, [(record, failed.code, failed.message)], attempts=0)
        if settings.function is None:
            self._deliver(stream, settings, ready)
        elif ready:
            self._for_function.add(arn, [(one, len(one.data)) for one in ready], settings.function.hints)

    def reset(self) -> None:
        """Lets go of what waits, and begins anew."""
        self._generation += 1
        self._for_function.forget()
        self._for_objects.forget()
        self._writer.reset()
        self._endpoints.reset()
        for arn in self.streams.all():
            self.watch(arn)

    def _next_id(self) -> str:
        """As those in AWS's samples: 56 digits of a number that grows, and six more."""
        return f"{next(self._numbers) + (1 << 184):056d}000000"

    def _begin_transformation(self, arn: str, records: Sequence[FirehoseRecord], attempt: int = 1) -> None:
        what = f"records of {arn.rpartition('/')[2]}"

        def run() -> None:
            try:
                self._transform(arn, records, attempt)
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(run)

    def _transform(self, arn: str, records: Sequence[FirehoseRecord], attempt: int) -> None:
        stream = self.streams.find(arn)
        settings = None if stream is None else read_settings(stream)
        if stream is None or settings is None or settings.function is None:
            return
        function = settings.function
        caller = Caller(role_arn=function.role_arn, session=stream.name)
        met: FunctionAnswer | CallRefused
        try:
            met = self._calls.call(function.arn, function_event(stream, records), caller)
        except CallRefused as refused:
            met = refused
        if isinstance(met, FunctionAnswer) and not met.failed:
            verdict = read_answer(met, records)
            self._fail(stream, settings, verdict.failed, attempts=attempt)
            self._deliver(stream, settings, verdict.transformed)
            return
        code, message = failure_of(met)
        is_final = isinstance(met, CallRefused) and met.code == _NO_PERMISSION
        if attempt <= function.retries and not is_final:
            self._call_again(arn, records, attempt + 1)
            return
        told = met.message if isinstance(met, CallRefused) else f"{met.error_type}: {met.error_message}"
        self._tell(stream, function.arn, f"{len(records)} records", f"{code}: {told}", attempt, _PROCESSING_FAILED)
        self._fail(stream, settings, [(record, code, message) for record in records], attempts=attempt)

    def _call_again(self, arn: str, records: Sequence[FirehoseRecord], attempt: int) -> None:
        due = self._clock.now() + timedelta(seconds=_PAUSE_SECONDS * 2 ** (attempt - 2))
        generation = self._generation

        def again() -> None:
            if generation == self._generation:
                self._begin_transformation(arn, records, attempt)

        self._clock.schedule(due, again, label=f"function of {arn.rpartition('/')[2]}, again")

    def _deliver(
        self, stream: DeliveryStreamState, settings: StreamSettings, records: Sequence[FirehoseRecord]
    ) -> None:
        """Puts records into the buffers of their partitions."""
        if settings.bucket is None or not records:
            if records:
                self._refuse(stream, len(records))
            return
        partitions: dict[_Place, list[_Written]] = {}
        for record in records:
            try:
                ready = after_function(record, settings.processors)
                keys = ready.keys if settings.partitions else {}
                evaluated_prefix(settings.bucket.prefix, Naming(moment=record.arrived_at, keys=keys))
            except ProcessingFailed as failed:
                self._fail(stream, settings, [(record, failed.code, failed.message)], attempts=0)
            except PrefixFailed as failed:
                self._fail(
                    stream, settings, [(record, "DynamicPartitioning.PrefixEvaluationFailed", str(failed))], attempts=0
                )
            else:
                place = (stream.arn, _RECORDS, tuple(sorted(keys.items())))
                partitions.setdefault(place, []).append((ready, ready.data + settings.delimiter))
        for place, written in partitions.items():
            self._keep(place, written, settings.hints)

    def _fail(
        self,
        stream: DeliveryStreamState,
        settings: StreamSettings,
        failed: Sequence[tuple[FirehoseRecord, str, str]],
        *,
        attempts: int,
    ) -> None:
        """Puts records that failed into the buffer of failures."""
        if not failed:
            return
        if settings.bucket is None:
            self._refuse(stream, len(failed))
            return
        now = self._clock.now()
        lines = [
            FailedRecord(
                record=record,
                code=code,
                message=message,
                attempts=attempts,
                ended_at=now,
                function_arn=settings.function.arn if settings.function is not None and attempts else "",
            )
            for record, code, message in failed
        ]
        written = [(one.record, one.line()) for one in lines]
        self._keep((stream.arn, _FAILURES, ()), written, settings.bucket.hints)

    def _keep_skipped(self, stream: DeliveryStreamState, skipped: Sequence[Skipped]) -> None:
        """Puts records that a server did not take into the buffer of those."""
        bucket = read_settings(stream).bucket
        if bucket is None:
            self._refuse(stream, len(skipped))
            return
        lines = [(one.undelivered.record, self._as_skipped(one)) for one in skipped]
        self._keep((stream.arn, _UNDELIVERED, ()), lines, bucket.hints)

    def _as_skipped(self, one: Skipped) -> bytes:
        failed = one.undelivered
        return FailedRecord(
            record=replace(failed.record, raw=failed.record.data),
            code=failed.code,
            message=failed.message,
            attempts=one.attempts,
            ended_at=self._clock.now(),
            more=one.more,
        ).line()

    def _keep(self, place: _Place, written: Sequence[_Written], hints: Hints) -> None:
        self._for_objects.add(place, [((record, data), len(data)) for record, data in written], hints)

    def _write(self, place: _Place, written: Sequence[_Written]) -> None:
        arn, kind, keys = place
        stream = self.streams.find(arn)
        if stream is None:
            return
        if kind == _RECORDS and self._endpoints.serves(stream):
            self._endpoints.deliver(stream, [record for record, _ in written])
            return
        settings = read_settings(stream)
        bucket = settings.backup if kind == _BACKUP else settings.bucket
        if bucket is None:
            return
        error_type = {_FAILURES: _PROCESSING_FAILED, _UNDELIVERED: settings.failed}.get(kind, "")
        if kind == _RECORDS and (settings.failed or settings.refusal):
            reason = settings.refusal or f"nothing runs there: {stream.kind} destinations are told in the trace only"
            goes_on = bool(settings.failed)
            self._tell(
                stream, _target(stream), f"{len(written)} records", reason, 1, settings.failed if goes_on else ""
            )
            if not goes_on:
                return
            error_type, written = settings.failed, self._as_failed(stream, written)
        oldest = min(record.arrived_at for record, _ in written)
        naming = Naming(moment=in_zone(oldest, bucket.zone), error_type=error_type, keys=dict(keys))
        self._writer.write(
            FirehoseObject(
                stream=stream,
                bucket=bucket,
                key=_key(stream, bucket, naming),
                content=b"".join(data for _, data in written),
                records=len(written),
                since=self._clock.now(),
            )
        )

    def _as_failed(self, stream: DeliveryStreamState, written: Sequence[_Written]) -> list[_Written]:
        """What a destination would not take, as its bucket has it."""
        now = self._clock.now()
        code, message = f"{stream.kind}.ConnectionFailed", "Nothing runs at the destination"
        return [
            (
                record,
                FailedRecord(
                    record=replace(record, raw=record.data), code=code, message=message, attempts=1, ended_at=now
                ).line(),
            )
            for record, _ in written
        ]

    def _refuse(self, stream: DeliveryStreamState, records: int) -> None:
        self._tell(stream, _target(stream), f"{records} records", f"nothing runs there: {stream.kind}", 1, "")

    def _tell(
        self, stream: DeliveryStreamState, target: str, what: str, reason: str, attempts: int, settled: str
    ) -> None:
        self._trace.append(
            EventNotDelivered(
                source=stream.arn,
                target=target,
                what=what,
                reason=reason,
                attempts=attempts,
                settled=settled or DROPPED,
            )
        )


def _target(stream: DeliveryStreamState) -> str:
    """What a destination is called: its address or ARN, else its kind."""
    settings = stream.settings
    endpoint = settings.get("EndpointConfiguration") or {}
    for name in ("DomainARN", "ClusterEndpoint", "HECEndpoint", "ClusterJDBCURL", "AccountUrl", "BucketARN"):
        if settings.get(name):
            return str(settings[name])
    return str(endpoint.get("Url") or stream.kind)


def _key(stream: DeliveryStreamState, bucket: BucketSettings, naming: Naming) -> str:
    if naming.error_type:
        prefix = evaluated_error_prefix(bucket.prefix, bucket.error_prefix, naming)
    else:
        prefix = evaluated_prefix(bucket.prefix, naming)
    moment: datetime = naming.moment
    return prefix + object_suffix(
        stream.name, stream.version, moment, compression=bucket.compression, extension=bucket.extension
    )
