"""`DeleteObjects` of which not every object may be deleted: S3 deletes the others, and lists these as errors.

Source: Amazon S3 API Reference, "DeleteObjects" ("Example: delete objects with both successes and errors": each error
has `Key`, `VersionId`, `Code` and `Message`, and the answer's status is 200).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from lambdakit.harness.iam.api_call import ApiCall, listed
from lambdakit.harness.wire import Headers, Request, Response

_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
_END: Final = re.compile(rb"</DeleteResult>|<DeleteResult([^>]*)/>")
# What says something of a body that is another now.
_OF_THE_BODY: Final = ("content-", "x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer", "x-amz-decoded-")
_OBJECTS_MAX: Final = 1000


def is_deletion(call: ApiCall) -> bool:
    """Whether a request deletes several objects of a bucket."""
    return call.api.name == "s3" and call.operation == "DeleteObjects"


def delete_the_others(call: ApiCall, refused: Mapping[str, str], serve: Callable[[Request], Response]) -> Response:
    """The answer to a deletion. refused: ARN of an object -> why it may not be deleted. serve: what S3 answers."""
    entries = [entry for entry in listed(call.members.get("Object"))[:_OBJECTS_MAX] if isinstance(entry, dict)]
    left = [entry for entry in entries if _arn(call, entry) not in refused]
    if left:
        response = serve(_of(call.request, left, quiet=call.members.get("Quiet") == "true"))
    else:
        response = Response(status=200, headers=[("Content-Type", "application/xml")], body=_empty())
    if response.status != 200:
        return response
    errors = "".join(_error(entry, refused[_arn(call, entry)]) for entry in entries if _arn(call, entry) in refused)
    headers = [(name, value) for name, value in response.headers if name.lower() != "content-length"]
    return Response(status=200, headers=headers, body=_with_errors(response.body, errors.encode()))


def _arn(call: ApiCall, entry: Mapping[str, Any]) -> str:
    bucket = call.text("Bucket")
    if bucket.startswith("arn:"):
        return f"{bucket}/object/{entry.get('Key')}"
    return call.arn("s3", f"{bucket}/{entry.get('Key')}", region="", account_id="")


def _of(request: Request, entries: Sequence[Mapping[str, Any]], *, quiet: bool) -> Request:
    """The same request for fewer objects."""
    objects = "".join(f"<Object>{_named(entry)}</Object>" for entry in entries)
    body = f'<Delete xmlns="{_NAMESPACE}">{objects}<Quiet>{str(quiet).lower()}</Quiet></Delete>'.encode()
    headers = [(name, value) for name, value in request.headers.items if not name.lower().startswith(_OF_THE_BODY)]
    return Request(
        method=request.method,
        target=request.target,
        headers=Headers([*headers, ("content-type", "application/xml"), ("content-length", str(len(body)))]),
        body=body,
        http_version=request.http_version,
        peer=request.peer,
    )


def _named(entry: Mapping[str, Any]) -> str:
    names = ("Key", "VersionId")
    return "".join(f"<{name}>{escape(str(entry[name]))}</{name}>" for name in names if entry.get(name))


def _error(entry: Mapping[str, Any], message: str) -> str:
    return f"<Error>{_named(entry)}<Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"


def _empty() -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="{_NAMESPACE}"></DeleteResult>'.encode()


def _with_errors(body: bytes, errors: bytes) -> bytes:
    def close(end: re.Match[bytes]) -> bytes:
        opening = b"" if end[1] is None else b"<DeleteResult" + end[1] + b">"
        return opening + errors + b"</DeleteResult>"

    return _END.sub(close, body, count=1)
