"""The form that a browser posts to a bucket: its fields, what its policy asks of them, and what it uploads.

Source: Amazon S3 API Reference, "POST Object", "Creating a POST policy" ("Condition matching": every field but the
signature, the file and those that begin with `x-ignore-` has to be in a condition).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from lambdakit.harness.wire import Headers, Request

_FIELD: Final = re.compile(
    rb'Content-Disposition: *form-data; *name="([^"]*)"([^\r\n]*)\r\n(?:[^\r\n]+\r\n)*\r\n', re.I
)
_FILE_NAME: Final = re.compile(rb'filename="([^"]*)"', re.I)
_HEAD_BYTES: Final = 64 * 1024  # fields come before the file, and a policy is short
_UNCONDITIONAL: Final = frozenset({"awsaccesskeyid", "signature", "x-amz-signature", "file", "policy", "submit"})
# A field of the form -> the header of an upload that says the same.
_HEADERS: Final[Mapping[str, str]] = {"acl": "x-amz-acl", "tagging": "x-amz-tagging", "content-type": "content-type"}
_CONDITIONS_MAX: Final = 1000


def is_form(request: Request) -> bool:
    """Whether a request posts a form."""
    return request.method == "POST" and request.headers.get("content-type").startswith("multipart/form-data")


def form_fields(request: Request) -> Mapping[str, str]:
    """The fields, names in lower case, without the file; `key` has the file's name for `${filename}`."""
    found: dict[str, str] = {}
    for name, more, value in _parts(request, _HEAD_BYTES):
        file_name = _FILE_NAME.search(more)
        if file_name is None:
            found.setdefault(name, value.decode("utf-8", "replace"))
        elif "key" in found:
            found["key"] = found["key"].replace("${filename}", file_name[1].decode("utf-8", "replace"))
    return found


def as_upload(request: Request, path: str) -> Request:
    """The PUT of an object that a form stands for. path: of its bucket."""
    fields = form_fields(request)
    headers = [(name, value) for name, value in request.headers.items if name.lower() in ("host", "user-agent")]
    for name, value in fields.items():
        header = _HEADERS.get(name, name if name.startswith("x-amz-") else "")
        if header:
            headers.append((header, value))
    target = f"{path.rstrip('/')}/{quote(fields.get('key', ''), safe='/')}"
    return Request(method="PUT", target=target, headers=Headers(headers), body=b"", peer=request.peer)


def violated_condition(request: Request, policy: str) -> str:
    """What a form says that its policy does not let it, in the words of the service; empty when all is well.

    policy: in Base64, as the form has it.
    """
    try:
        told = json.loads(base64.b64decode(policy))
    except (ValueError, RecursionError):
        return "Invalid JSON."
    conditions = told.get("conditions") if isinstance(told, dict) else None
    if not isinstance(conditions, list):
        return "Policy is missing conditions."
    fields = dict(form_fields(request))
    covered = {"bucket"}
    for condition in conditions[:_CONDITIONS_MAX]:
        for operator, name, value in _tests(condition):
            if operator == "content-length-range":
                continue
            covered.add(name)
            if name != "bucket" and not _holds(operator, fields.get(name, ""), value):
                return f"Policy Condition failed: {json.dumps([operator, f'${name}', value])}"
    extra = [name for name in fields if name not in covered | _UNCONDITIONAL and not name.startswith("x-ignore-")]
    return f"Extra input fields: {', '.join(extra)}" if extra else ""


def wrong_size(request: Request, policy: str) -> str:
    """`EntityTooLarge` or `EntityTooSmall` for a file outside of the policy's range; empty for all others."""
    try:
        conditions = json.loads(base64.b64decode(policy)).get("conditions")
    except (ValueError, RecursionError, AttributeError):
        return ""
    size = next((len(value) for _, more, value in _parts(request, None) if _FILE_NAME.search(more)), 0)
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, list) and len(condition) == 3 and condition[0] == "content-length-range":
            least, most = (_number(bound) for bound in condition[1:])
            if size > most:
                return "EntityTooLarge"
            if size < least:
                return "EntityTooSmall"
    return ""


def _tests(condition: Any) -> list[tuple[str, str, str]]:
    if isinstance(condition, dict):
        return [("eq", str(name).lower(), str(value)) for name, value in condition.items()]
    if isinstance(condition, list) and len(condition) == 3:
        return [(str(condition[0]).lower(), str(condition[1]).removeprefix("$").lower(), str(condition[2]))]
    return []


def _holds(operator: str, given: str, wanted: str) -> bool:
    return given.startswith(wanted) if operator == "starts-with" else given == wanted


def _number(bound: Any) -> int:
    return int(bound) if isinstance(bound, int) or (isinstance(bound, str) and bound.isdigit()) else 0


def _parts(request: Request, limit: int | None) -> list[tuple[str, bytes, bytes]]:
    """Name in lower case, the rest of its line, and the value of each part."""
    boundary = re.search(r'boundary="?([^";]+)', request.headers.get("content-type"))
    if boundary is None:
        return []
    parts = []
    for part in request.body[:limit].split(b"--" + boundary[1].encode("latin-1", "replace")):
        head = _FIELD.search(part)
        if head is not None:
            name = head[1].decode("utf-8", "replace").lower()
            parts.append((name, head[2], part[head.end() :].removesuffix(b"\r\n")))
    return parts
