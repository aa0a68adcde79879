"""Objects that a delivery stream writes into its bucket, with its own role, until they are there.

Source: Amazon Data Firehose Developer Guide, "Handle data delivery failures" (Amazon S3): "keeps retrying for up to 24
hours until the delivery succeeds"; "Grant Firehose access to an Amazon S3 destination".
"""

from __future__ import annotations

import gzip
import io
import threading
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError, ParamValidationError

from lambdakit.clock import Scheduler, Timer
from lambdakit.harness.activity import Activity
from lambdakit.harness.delivery.deliveries import DROPPED
from lambdakit.harness.delivery.firehose_errors import ACCESS_DENIED, DeliveryErrors, error_code
from lambdakit.harness.delivery.firehose_settings import BucketSettings
from lambdakit.harness.delivery.targets import Clients, Permissions
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.records import dataclass
from lambdakit.trace import EventDelivered, EventNotDelivered, TraceLog

_AGE_MAX: Final = timedelta(hours=24)
_FIRST_PAUSE_SECONDS: Final = 5.0
_PAUSE_SECONDS_MAX: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FirehoseObject:
    """An object to be written. content: not compressed yet. records: how many it holds. since: when it was tried."""

    stream: DeliveryStreamState
    bucket: BucketSettings
    key: str
    content: bytes
    records: int
    since: datetime


class ObjectWriter:
    """Writes objects."""

    def __init__(
        self,
        *,
        clients: Clients,
        permissions: Permissions,
        submit: Callable[[Callable[[], None]], None],
        clock: Scheduler,
        activity: Activity,
        trace: TraceLog,
    ) -> None:
        self._clients = clients
        self._permissions = permissions
        self._errors = DeliveryErrors(clients=clients, permissions=permissions, now=clock.now)
        self._submit = submit
        self._clock = clock
        self._activity = activity
        self._trace = trace
        self._timers: set[Timer] = set()
        self._lock = threading.Lock()

    def write(self, wanted: FirehoseObject, attempt: int = 1) -> None:
        """Writes an object soon, and again until it is there or a day is over. Returns at once."""
        what = f"object of {wanted.stream.name}"

        def run() -> None:
            try:
                self._try(wanted, attempt)
            finally:
                self._activity.end(what)

        self._activity.begin(what)
        self._submit(run)

    def reset(self) -> None:
        """Forgets what waits to be written again."""
        with self._lock:
            timers, self._timers = self._timers, set()
        for timer in timers:
            timer.cancel()

    def _try(self, wanted: FirehoseObject, attempt: int) -> None:
        target = f"{wanted.bucket.bucket_arn}/{wanted.key}"
        what = f"{wanted.records} records"
        refused = self._refusal(wanted, target)
        if refused is None:
            self._trace.append(EventDelivered(source=wanted.stream.arn, target=target, what=what))
            return
        code, reason = refused
        self._errors.write(wanted.stream, wanted.bucket.log, code=code, message=reason)
        pause = timedelta(seconds=min(_PAUSE_SECONDS_MAX, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)))
        due = self._clock.now() + pause
        is_over = due - wanted.since > _AGE_MAX
        self._trace.append(
            EventNotDelivered(
                source=wanted.stream.arn,
                target=target,
                what=what,
                reason=reason,
                attempts=attempt,
                settled=DROPPED if is_over else "",
            )
        )
        if not is_over:
            self._schedule(wanted, attempt + 1, due)

    def _refusal(self, wanted: FirehoseObject, target: str) -> tuple[str, str] | None:
        """Firehose's code, and why the object is not there; None once it is."""
        if wanted.bucket.role_arn:
            reason = self._permissions.role_refusal(wanted.bucket.role_arn, wanted.stream.name, "s3:PutObject", target)
            if reason is not None:
                return ACCESS_DENIED, reason
        client = self._clients("s3", wanted.stream.region, wanted.stream.account_id)
        bucket = wanted.bucket.bucket_arn.rpartition(":")[2]
        try:
            client.put_object(Bucket=bucket, Key=wanted.key, Body=_compressed(wanted), **_headers(wanted))
        except (ClientError, ParamValidationError) as error:
            return error_code(error), str(error)
        return None

    def _schedule(self, wanted: FirehoseObject, attempt: int, due: datetime) -> None:
        def again() -> None:
            with self._lock:
                self._timers.discard(timer)
            self.write(wanted, attempt)

        with self._lock:
            timer = self._clock.schedule(due, again, label=f"object of {wanted.stream.name}, again")
            self._timers.add(timer)


def _compressed(wanted: FirehoseObject) -> bytes:
    form = wanted.bucket.compression.upper()
    if form == "GZIP":
        return gzip.compress(wanted.content)
    if form == "ZIP":
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(wanted.key.rpartition("/")[2].removesuffix(".zip"), wanted.content)
        return made.getvalue()
    return wanted.content


def _headers(wanted: FirehoseObject) -> dict[str, str]:
    content_type = {"ContentType": "application/octet-stream"}
    return {**content_type, "ContentEncoding": "gzip"} if wanted.bucket.compression.upper() == "GZIP" else content_type
