"""The pages that S3 makes for a website by itself: errors and redirects in HTML.

That they are HTML, with code and message of the REST API's errors, is what the pages below say; how they are laid out
is not confirmed by a page.
Source: Amazon S3 User Guide, "Website endpoints" ("Key differences between a website endpoint and a REST API
endpoint"), "Configuring a custom error document".
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.harness.wire import Headers, Response
from lambdakit.records import dataclass

_ELEMENT: Final = re.compile(r"<(Code|Message|Key|BucketName|RequestId|HostId)>([^<]*)</")
_PHRASES: Final[Mapping[int, str]] = {
    301: "Moved Permanently",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    416: "Requested Range Not Satisfiable",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_HTML: Final = ("Content-Type", "text/html; charset=utf-8")
_IDS: Final = ("x-amz-request-id", "x-amz-id-2")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebsiteError:
    """An error of the REST API's, for a page. facts: what is told beside code and message, in order."""

    status: int
    code: str
    message: str
    facts: Sequence[tuple[str, str]] = ()
    ids: Sequence[tuple[str, str]] = ()


def error_of(answer: Response, *, key: str) -> WebsiteError:
    """What S3 answered instead of an object. key: that was asked for."""
    found = {name: html.unescape(value) for name, value in _ELEMENT.findall(answer.body.decode("utf-8", "replace"))}
    headers = Headers(answer.headers)
    code = found.get("Code") or ("AccessDenied" if answer.status == 403 else "NoSuchKey")
    ids = [(name, headers.get(name)) for name in _IDS if name in headers]
    facts = [("Key", key)] if code == "NoSuchKey" else []
    return WebsiteError(status=answer.status, code=code, message=found.get("Message", ""), facts=facts, ids=ids)


def page(error: WebsiteError, *, about_document: WebsiteError | None = None) -> Response:
    """The page for an error. about_document: why there is no error document in its place."""
    title = f"{error.status} {_PHRASES.get(error.status, '')}".rstrip()
    lines = ["<html>", f"<head><title>{title}</title></head>", "<body>", f"<h1>{title}</h1>", *_listed(error)]
    if about_document is not None:
        lines += [
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>",
            *_listed(about_document),
        ]
    body = "\n".join([*lines, "<hr/>", "</body>", "</html>", ""]).encode()
    headers = [*error.ids, ("x-amz-error-code", error.code), ("x-amz-error-message", error.message), _HTML]
    return Response(status=error.status, headers=headers, body=body)


def moved(status: int, location: str) -> Response:
    """A redirect."""
    return Response(status=status, headers=[("Location", location)])


def _listed(error: WebsiteError) -> list[str]:
    facts = [("Code", error.code), ("Message", error.message), *error.facts]
    facts += [(name, value) for name, (_, value) in zip(("RequestId", "HostId"), error.ids, strict=False) if value]
    return ["<ul>", *(f"<li>{html.escape(name)}: {html.escape(value)}</li>" for name, value in facts), "</ul>"]
