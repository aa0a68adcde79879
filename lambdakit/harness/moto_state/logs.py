"""moto's CloudWatch Logs: lines go in without HTTP, behind the caller's back.

Private surface used: `moto.logs.logs_backends[account][region]` with `groups`, `create_log_group`,
`create_log_stream` and `put_log_events`. Canary: tests/unit/harness/test_harness_moto_state.py.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from lambdakit.clock import milliseconds
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """A log stream."""

    account_id: str
    region: str
    group: str
    stream: str


_Line = tuple[LogPlace, str, int, Callable[[bool], bool]]
_INTERVAL_SECONDS = 0.25
_LINES_AT_ONCE = 50  # an invocation that comes meanwhile waits for no more than these
_PAUSE_SECONDS = 0.001
_EVENT_CHARACTERS_MAX = 256 * 1024 - 26  # CloudWatch Logs API Reference, "InputLogEvent"


def _always(has_group: bool) -> bool:
    return True


class LogWriter:
    """Writes lines into log groups, in order, a little later: a write costs more than the invocation it tells of.

    A log group that does not exist is made, as Lambda does with the default role
    (DG "Sending Lambda function logs to CloudWatch Logs"). Whoever reads logs calls `flush` first.
    settle: waits for the lines of what counts as done already; absence: they are all there.
    """

    def __init__(self, settle: Callable[[], None] = lambda: None) -> None:
        self._settle = settle
        self._lines: collections.deque[_Line] = collections.deque()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def write(self, place: LogPlace, line: str, at: datetime, may: Callable[[bool], bool] = _always) -> None:
        """Takes a line to write. may: whether its writer is allowed to, when there is a log group or there is none."""
        self._lines.append((place, line, milliseconds(at), may))

    def has_group(self, place: LogPlace) -> bool:
        """Whether the log group of a place is there."""
        from moto.logs.models import logs_backends

        return place.group in logs_backends[place.account_id][place.region].groups

    def flush(self) -> None:
        """Writes every line taken so far. Raises what a write before it did."""
        self._settle()
        while self._lines:
            self._write_some()
        with self._writing:
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Writes what is left and ends the thread. Idempotent."""
        self._closing.set()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        while not self._closing.wait(_INTERVAL_SECONDS):
            while self._lines and not self._closing.wait(_PAUSE_SECONDS):
                self._write_some()

    def _write_some(self) -> None:
        with self._writing:
            batch = [self._lines.popleft() for _ in range(min(_LINES_AT_ONCE, len(self._lines)))]
            self._write(batch)

    def _write(self, batch: list[_Line]) -> None:
        streams: dict[LogPlace, list[dict[str, Any]]] = {}
        groups: dict[LogPlace, bool] = {}
        try:
            for place, line, at, may in batch:
                has_group = groups.get(place)
                if has_group is None:
                    has_group = groups[place] = self.has_group(place)
                if may(has_group):
                    message = line[:_EVENT_CHARACTERS_MAX] or " "
                    streams.setdefault(place, []).append({"timestamp": at, "message": message})
        except Exception as error:  # a thread's boundary, as below
            self._failure = error
        for place, events in streams.items():
            try:
                # A real clock may be set back, and the API refuses events out of order.
                _put(place, sorted(events, key=lambda event: event["timestamp"]))
            except Exception as error:  # a thread's boundary: the next flush or close raises it
                self._failure = error


def _put(place: LogPlace, events: list[dict[str, Any]]) -> None:
    from moto.logs.models import logs_backends

    backend = logs_backends[place.account_id][place.region]
    if place.group not in backend.groups:
        backend.create_log_group(place.group, {})
    if place.stream not in backend.groups[place.group].streams:
        backend.create_log_stream(place.group, place.stream)
    backend.put_log_events(place.group, place.stream, events)
