"""Requests for a part of what is there whole, or for it only under a condition. Source: RFC 9110, 13 and 14.

Conditions are decided here for what the cache has, and for what is asked for whole so that it can be kept: then the
origin is told of none. Otherwise the origin decides. A cache may pass over `If-Match` and `If-Unmodified-Since` (RFC
9110, 13.1.1 and 13.1.4); that CloudFront does not is not confirmed by a page, and the origin's 412 would be the answer.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from lambdakit.harness.routing.distribution.messages import EdgeRequest, EdgeResponse, without

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
CONDITIONAL: Final = ("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since")
_READING: Final = ("GET", "HEAD")


def as_conditioned(request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
    """The answer out of a whole one: 412 where a condition fails, 304 where nothing changed."""
    if response.status != 200 or request.method not in _READING:
        return response
    if _has_failed(request, response):
        return _bare(response, 412)
    return _bare(response, 304) if _is_unchanged(request, response) else response


def as_ranged(request: EdgeRequest, response: EdgeResponse) -> EdgeResponse:
    """The answer out of a whole one: 206 for a single range of a GET request (14.2: no other method has ranges)."""
    if response.status != 200 or request.method != "GET":
        return response
    wanted = _RANGE.fullmatch(request.header("range").strip())
    if wanted is None or not _is_same(request.header("if-range").strip(), response):
        return response
    return _part(response, wanted[1], wanted[2])


def _bare(response: EdgeResponse, status: int) -> EdgeResponse:
    headers = without(response.headers, "content-length", "content-type")
    return dataclasses.replace(response, status=status, headers=headers, body=b"")


def _has_failed(request: EdgeRequest, response: EdgeResponse) -> bool:
    """Tags are compared strongly; a date counts where no tag is named, and both dates are ones (13.1.1, 13.1.4)."""
    tags = request.header("if-match")
    if tags:
        etag, listed = response.header("etag"), _listed(tags)
        return "*" not in listed and (not _is_strong(etag) or etag not in listed)
    since, modified = _moment(request.header("if-unmodified-since")), _moment(response.header("last-modified"))
    return since is not None and modified is not None and modified > since


def _is_unchanged(request: EdgeRequest, response: EdgeResponse) -> bool:
    tags = request.header("if-none-match")
    if tags:
        etag = response.header("etag").removeprefix("W/")
        listed = {tag.removeprefix("W/") for tag in _listed(tags)}
        return "*" in listed or (bool(etag) and etag in listed)
    since, modified = _moment(request.header("if-modified-since")), _moment(response.header("last-modified"))
    return since is not None and modified is not None and modified <= since


def _is_same(validator: str, response: EdgeResponse) -> bool:
    """Whether an `If-Range`, if there is one, names what is there: its strong tag, or exactly its date (13.1.5)."""
    if not validator:
        return True
    etag = response.header("etag")
    return (_is_strong(etag) and validator == etag) or validator == response.header("last-modified")


def _is_strong(etag: str) -> bool:
    return etag.startswith('"')


def _listed(tags: str) -> set[str]:
    return {tag.strip() for tag in tags.split(",")}


def _moment(text: str) -> datetime | None:
    """The moment that a header names, without its zone, which is always GMT; None for anything else."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=None) if text else None
    except (TypeError, ValueError):
        return None


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
