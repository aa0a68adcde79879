"""The cache of one distribution: what was answered, for how long by the harness's clock, until it is invalidated.

One cache stands for all edge locations. Answers are kept whole; what was kept longest without being asked for goes
first. An answer that has expired is asked for anew, without a conditional request.
Source: Amazon CloudFront Developer Guide, "Manage how long content stays in the cache (expiration)" (the table of
headers and times), "How CloudFront processes and caches HTTP 4xx and 5xx status codes from your origin", "Invalidate
files to remove content".
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from lambdakit.harness.routing.distribution.messages import EdgeResponse
from lambdakit.harness.routing.distribution.policies import CachePolicy
from lambdakit.records import dataclass

_ENTRIES_MAX: Final = 2_048
_BYTES_MAX: Final = 256 * 1024 * 1024
_AGE: Final = re.compile(r"(?:^|,)\s*(s-maxage|max-age)\s*=\s*\"?(\d{1,10})")
_NOT_KEPT: Final = re.compile(r"(?:^|,)\s*(?:no-cache|no-store|private)\s*(?:,|$)", re.IGNORECASE)
_ALWAYS: Final = frozenset({404, 414, 500, 501, 502, 503, 504})
_WITH_AGE: Final = frozenset({400, 403, 405, 412, 415})
_FIRST_ERROR: Final = 400
_NOT_WHOLE: Final = 206

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    response: EdgeResponse
    path: str
    since: float
    until: float


class Cache:
    """now: seconds of the harness's clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: Key) -> tuple[EdgeResponse, int] | None:
        """What was kept and has not expired, and its age in whole seconds; None without that."""
        now = self._now().timestamp()
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.until <= now:
                self._drop_locked(key)
                return None
            self._kept.move_to_end(key)
        return kept.response, int(now - kept.since)

    def keep(self, key: Key, path: str, response: EdgeResponse, seconds: float) -> None:
        """Keeps an answer. path: with its query, by which invalidations name it."""
        if seconds <= 0 or len(response.body) > _BYTES_MAX:
            return
        now = self._now().timestamp()
        with self._lock:
            self._drop_locked(key)
            self._kept[key] = _Kept(response=response, path=path, since=now, until=now + seconds)
            self._bytes += len(response.body)
            while self._bytes > _BYTES_MAX or len(self._kept) > _ENTRIES_MAX:
                self._drop_locked(next(iter(self._kept)))

    def invalidate(self, paths: Iterable[str]) -> None:
        """Forgets what stands at the paths. A star at the end stands for anything; elsewhere it is a star.

        Source: "Specify the files to invalidate" ("When you use the * wildcard … it must be the last character").
        """
        wanted = [path if path.startswith("/") else f"/{path}" for path in paths]
        with self._lock:
            gone = [key for key, kept in self._kept.items() if any(_is_meant(kept.path, path) for path in wanted)]
            for key in gone:
                self._drop_locked(key)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _drop_locked(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.response.body)


def kept_seconds(response: EdgeResponse, policy: CachePolicy, now: datetime, *, error_seconds: float) -> float:
    """How long an answer to a request by GET or HEAD is kept; 0 for not at all.

    error_seconds: the error caching minimum TTL of the status.
    """
    if response.status == _NOT_WHOLE:
        return 0
    control = ", ".join(value for name, value in response.headers if name.lower() == "cache-control")
    told = _told_seconds(response, control, now)
    if response.status >= _FIRST_ERROR:
        is_kept = response.status in _ALWAYS or (response.status in _WITH_AGE and told is not None)
        return max(error_seconds, told or 0) if is_kept else 0
    if _NOT_KEPT.search(control):
        return policy.least
    if told is None:
        return min(max(policy.least, policy.usual), policy.most)
    return min(max(policy.least, told), policy.most)


def _told_seconds(response: EdgeResponse, control: str, now: datetime) -> float | None:
    """What `s-maxage`, else `max-age`, else `Expires` says; None where none of them does."""
    ages = {name: float(seconds) for name, seconds in _AGE.findall(control.lower())}
    for name in ("s-maxage", "max-age"):
        if name in ages:
            return ages[name]
    expires = response.header("expires")
    if not expires:
        return None
    try:
        return max(0.0, parsedate_to_datetime(expires).timestamp() - now.timestamp())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _is_meant(path: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return path.startswith(wanted[:-1])
    return path == wanted
