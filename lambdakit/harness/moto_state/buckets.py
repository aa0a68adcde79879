"""moto's buckets: told of every object that comes, changes or goes, at the end of the request that does it.

moto tells of some operations, with an event too many (an upload in parts is also a put and a change of tags) or too few
(no delete markers, no versions that are deleted one by one) and before the object has its metadata. So what moto tells
is collected for the length of a request and set right, and deletions are watched where they happen.

Private surface used: of `moto.s3.notifications` `send_event`; of `moto.s3.responses` `S3Response.key_response` and
`bucket_response`; of `moto.s3.models` `S3Backend.delete_object`, `delete_bucket`, `tagger` and
`get_bucket`, `FakeBucket.keys` and `is_versioned`,
`FakeDeleteMarker`, and `name`, `size`, `etag`, `version_id`, `storage_class`, `status` and `_expiry` of `FakeKey`.
Canary: tests/unit/harness/test_harness_moto_pushers.py.
"""

from __future__ import annotations

import base64
import functools
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.bucket_notifications import (
    BucketPlace,
    NotificationRule,
    place_of,
    rules_of,
    tells_event_bridge,
)
from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

_CREDENTIAL: Final = re.compile(r"Credential=([A-Za-z0-9]+)")
_CREATED: Final = "ObjectCreated:"
_REMOVED: Final = "ObjectRemoved:"
_FIRST_ERROR: Final = 300
# The entity tag of nothing, which is what a delete marker holds.
_EMPTY_TAG: Final = "d41d8cd98f00b204e9800998ecf8427e"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Request:
    """The request behind a change.

    access_key_id: whom it is signed by; empty for nobody. trace_id: its X-Ray header; empty without one.
    request_id, host_id: as the answer's headers `x-amz-request-id` and `x-amz-id-2` have them.
    """

    access_key_id: str = ""
    source_ip: str = "127.0.0.1"
    trace_id: str = ""
    skips_validation: bool = False
    request_id: str = field(default_factory=lambda: secrets.token_hex(8).upper())
    host_id: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(48)).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """Something that was done to an object.

    event: such as `ObjectCreated:Put`. key: as it is. size: in bytes; None where there is none. etag: without quotes.
    version_id: empty in a bucket without versions. storage_class, restored_until: of an object that is restored.
    rules: what the bucket is to notify of. tells_event_bridge: whether that is told too.
    """

    event: str
    bucket: BucketPlace
    key: str
    size: int | None
    etag: str
    version_id: str
    storage_class: str
    restored_until: datetime | None
    rules: Sequence[NotificationRule]
    tells_event_bridge: bool
    request: S3Request


Changed = Callable[[ObjectChange], None]


class Buckets:
    """Tells of changes, in the thread of who makes them and before they have their answer."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._requests = threading.local()
        change_when_loaded(self._change)

    @property
    def request(self) -> S3Request:
        """The one that this thread is answering."""
        held: tuple[S3Request, list[ObjectChange]] | None = getattr(self._requests, "held", None)
        return S3Request() if held is None else held[0]

    def _change(self, module: ModuleType) -> None:
        loaded: Any = module
        if module.__name__ == "moto.s3.notifications":
            loaded.send_event = self._told
        elif module.__name__ == "moto.s3.responses":
            for name in ("key_response", "bucket_response"):
                setattr(loaded.S3Response, name, self._collecting(_original(getattr(loaded.S3Response, name))))
        elif module.__name__ == "moto.s3.models":
            self._change_deletions(loaded)

    def _told(self, account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        """Instead of moto's `send_event`."""
        del account_id
        event = str(event_name.value).removeprefix("s3:")
        if key is None or event.startswith(_REMOVED):
            return
        self._note(_change_of(event, bucket, key, self.request))
        if event == "ObjectRestore:Post":
            _ = key.status  # moto restores when it is asked, and tells of it then

    def _note(self, change: ObjectChange) -> None:
        held = getattr(self._requests, "held", None)
        if held is None:
            self._changed(change)
        else:
            held[1].append(change)

    def _collecting(self, own: Any) -> Any:
        @functools.wraps(own)
        def respond(response: Any, request: Any, full_url: str, headers: Any) -> Any:
            if getattr(self._requests, "held", None) is not None:
                return own(response, request, full_url, headers)
            about = _request(request)
            changes: list[ObjectChange] = []
            self._requests.held = (about, changes)
            try:
                answer = own(response, request, full_url, headers)
            finally:
                self._requests.held = None
            for change in _real(changes):
                self._changed(change)
            return _with_ids(answer, about)

        return respond

    def _change_deletions(self, models: Any) -> None:
        own = _original(models.S3Backend.delete_object)

        @functools.wraps(own)
        def delete_object(
            backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
        ) -> Any:
            bucket = backend.get_bucket(bucket_name)
            versions = list(bucket.keys.getlist(key_name) or ()) if key_name in bucket.keys else []
            named = [version for version in versions if version_id in (None, str(version.version_id))]
            done, answered = own(backend, bucket_name, key_name, version_id=version_id, bypass=bypass)
            if done and named:
                marks = bucket.is_versioned and version_id is None
                changed = str(answered.get("version-id") or "") if bucket.is_versioned else ""
                self._note(_deletion(bucket, key_name, changed, self.request, marks=marks))
            return done, answered

        models.S3Backend.delete_object = delete_object
        own_of_bucket = _original(models.S3Backend.delete_bucket)

        @functools.wraps(own_of_bucket)
        def delete_bucket(backend: Any, bucket_name: str) -> Any:
            gone = own_of_bucket(backend, bucket_name)
            if gone is not None:
                # moto 5.2 keeps them for the next bucket of the name.
                backend.tagger.delete_all_tags_for_resource(gone.arn)
            return gone

        models.S3Backend.delete_bucket = delete_bucket


def _real(changes: Sequence[ObjectChange]) -> Sequence[ObjectChange]:
    """What S3 would tell of one request: an object that is made is told once, by the operation that makes it."""
    created = [change for change in changes if change.event.startswith(_CREATED)]
    return created[-1:] or changes


def _change_of(event: str, bucket: Any, key: Any, request: S3Request) -> ObjectChange:
    # Whether it is restored is told by moto's status, which `storage_class` knows nothing of.
    expiry = getattr(key, "_expiry", None)
    return ObjectChange(
        event=event,
        bucket=place_of(bucket),
        key=key.name,
        size=key.size,
        etag=str(key.etag).replace('"', ""),
        version_id=str(key.version_id) if bucket.is_versioned else "",
        storage_class=str(key.storage_class or "STANDARD"),
        restored_until=None if expiry is None else expiry.replace(tzinfo=UTC),
        rules=rules_of(bucket),
        tells_event_bridge=tells_event_bridge(bucket),
        request=request,
    )


def _deletion(bucket: Any, key: str, version_id: str, request: S3Request, *, marks: bool) -> ObjectChange:
    """marks: whether a delete marker was made, instead of something being deleted for good."""
    return ObjectChange(
        event=f"{_REMOVED}DeleteMarkerCreated" if marks else f"{_REMOVED}Delete",
        bucket=place_of(bucket),
        key=key,
        size=None,
        etag=_EMPTY_TAG if marks else "",
        version_id=version_id,
        storage_class="",
        restored_until=None,
        rules=rules_of(bucket),
        tells_event_bridge=tells_event_bridge(bucket),
        request=request,
    )


def _request(request: Any) -> S3Request:
    """What is to be told of a request that moto answers."""
    headers = request.headers
    signed = _CREDENTIAL.search(f"{headers.get('Authorization', '')} {request.url}")
    return S3Request(
        access_key_id="" if signed is None else signed[1],
        source_ip=str(getattr(request, "remote_addr", None) or "127.0.0.1"),
        trace_id=str(headers.get("X-Amzn-Trace-Id", "")),
        skips_validation=str(headers.get("x-amz-skip-destination-validation", "")).lower() == "true",
    )


def _with_ids(answer: Any, about: S3Request) -> Any:
    """The answer with the ids by which an event can be told to belong to it.

    Source: Amazon S3 User Guide, "Event message structure" (`responseElements`).
    """
    if not isinstance(answer, tuple) or len(answer) != 3 or not isinstance(answer[1], dict):
        return answer
    status, headers, body = answer
    other = headers.pop("x-amzn-requestid", "")  # moto's, which the SDKs would take for the request's
    if other and status >= _FIRST_ERROR and isinstance(body, bytes):
        body = body.replace(other.encode(), about.request_id.encode())
    ids = {"x-amz-request-id": about.request_id, "x-amz-id-2": about.host_id}
    return status, {**headers, **ids}, body


def _original(function: Any) -> Any:
    """moto's own, below what another harness of this process put around it."""
    return getattr(function, "__wrapped__", function)
