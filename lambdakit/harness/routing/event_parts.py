"""What both payload formats take from a request: header fields, and the body as text or base64.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

from __future__ import annotations

import base64
from typing import Final

from lambdakit.harness.wire import Request

# Content whose bytes are text; everything else reaches the function as base64.
_TEXT_TYPES: Final = ("text/", "application/json", "application/javascript", "application/xml", "application/graphql")
# Of the connection, or said by the door itself.
_NOT_PASSED_ON: Final = frozenset({"connection", "transfer-encoding", "expect", "host", "content-length"})


def header_pairs(request: Request, domain_name: str) -> list[tuple[str, str]]:
    """The request's header fields, names in lower case, with what the front door adds; sorted by name."""
    pairs = [(name.lower(), value) for name, value in request.headers.items]
    kept = [(name, value) for name, value in pairs if name not in _NOT_PASSED_ON and name not in _ADDED]
    forwarded = [value for name, value in pairs if name == "x-forwarded-for"]
    added = [
        ("content-length", str(len(request.body))),
        ("host", domain_name),
        # A client's own is kept before the address that the door sees.
        ("x-forwarded-for", ", ".join([*forwarded, request.peer[0]])),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ]
    return sorted([*kept, *added], key=lambda pair: pair[0])


_ADDED: Final = frozenset({"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})


def body_text(request: Request) -> tuple[str | None, bool]:
    """The body and whether it stands in base64; None for no body."""
    if not request.body:
        return None, False
    if _is_text(request):
        return request.body.decode("utf-8", "replace"), False
    return base64.b64encode(request.body).decode(), True


def _is_text(request: Request) -> bool:
    media_type = request.headers.get("content-type").partition(";")[0].strip().lower()
    if media_type:  # a form counts as binary: it arrives as base64 on HTTP APIs
        return media_type.endswith(("+json", "+xml")) or media_type.startswith(_TEXT_TYPES)
    try:
        request.body.decode()
    except UnicodeDecodeError:
        return False
    return True
