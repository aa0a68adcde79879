"""Requests for a part of what is there whole, or for it only if it changed. Source: RFC 9110, 13 and 14."""

from __future__ import annotations

import dataclasses
import re
from email.utils import parsedate_to_datetime
from typing import Final

from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, without

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
CONDITIONAL: Final = ("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since")


def as_asked(request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
    """The answer to a request, out of a whole one: 304 where nothing changed, 206 for a single range."""
    if response.status != 200 or request.method not in ("GET", "HEAD"):
        return response
    if _is_unchanged(request, response):
        return dataclasses.replace(
            response, status=304, headers=without(response.headers, "content-length", "content-type"), body=b""
        )
    wanted = _RANGE.fullmatch(request.header("range").strip())
    return response if wanted is None else _part(response, wanted[1], wanted[2])


def _is_unchanged(request: EdgeRequest, response: EdgeResponse) -> bool:
    tags = request.header("if-none-match")
    if tags:
        etag = response.header("etag").removeprefix("W/")
        listed = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool(etag) and ("*" in listed or etag in listed)
    since, modified = request.header("if-modified-since"), response.header("last-modified")
    if not since or not modified:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _part(response: EdgeResponse, begin: str, end: str) -> EdgeResponse:
    length = len(response.body)
    if not begin and not end:
        return response
    first = int(begin) if begin else max(0, length - int(end))
    last = min(int(end), length - 1) if begin and end else length - 1
    if first > last or first >= length:
        headers = (*without(response.headers, "content-length"), ("Content-Range", f"bytes */{length}"))
        return dataclasses.replace(response, status=416, headers=headers, body=b"")
    headers = (*response.headers, ("Content-Range", f"bytes {first}-{last}/{length}"))
    return dataclasses.replace(response, status=206, headers=headers, body=response.body[first : last + 1])
