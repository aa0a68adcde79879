"""moto's CloudWatch Logs: lines go in without HTTP, behind the caller's back.

Private surface used: `moto.logs.logs_backends[account][region]` with `groups`, `create_log_group`,
`create_log_stream` and `put_log_events`. Canary: tests/unit/harness/test_harness_moto_state.py.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdakit.clock import milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPlace:
    """A log stream."""

    account_id: str
    region: str
    group: str
    stream: str


_Line = tuple[LogPlace, str, int]
_EVENT_CHARACTERS_MAX = 256 * 1024 - 26  # CloudWatch Logs API Reference, "InputLogEvent"


class LogWriter:
    """Writes lines into log groups from a thread of its own, in order.

    A log group that does not exist is made, as Lambda does with the default role
    (DG "Sending Lambda function logs to CloudWatch Logs").
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[_Line | threading.Event | None] = queue.Queue()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def write(self, place: LogPlace, line: str, at: datetime) -> None:
        """Takes a line to write."""
        self._lines.put((place, line, milliseconds(at)))

    def flush(self, timeout_seconds: float) -> bool:
        """Whether every line taken so far is written, once that is so or the time is over. Raises what a write did."""
        done = threading.Event()
        self._lines.put(done)
        written = done.wait(timeout_seconds)
        self._raise_failure()
        return written

    def close(self) -> None:
        """Writes what is left and ends the thread. Idempotent."""
        self._lines.put(None)
        self._thread.join()
        self._raise_failure()

    def _run(self) -> None:
        while (entry := self._lines.get()) is not None:
            if isinstance(entry, threading.Event):
                entry.set()
                continue
            batch = [entry]
            while not self._lines.empty() and len(batch) < 1_000:
                following = self._lines.get()
                if not isinstance(following, tuple):
                    self._write(batch)
                    batch = []
                    if following is None:
                        return
                    following.set()
                    break
                batch.append(following)
            self._write(batch)

    def _write(self, batch: list[_Line]) -> None:
        streams: dict[LogPlace, list[dict[str, Any]]] = {}
        for place, line, at in batch:
            message = line[:_EVENT_CHARACTERS_MAX] or " "
            streams.setdefault(place, []).append({"timestamp": at, "message": message})
        for place, events in streams.items():
            try:
                _put(place, events)
            except Exception as error:  # a thread's boundary: the next flush or close raises it
                self._failure = error

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


def _put(place: LogPlace, events: list[dict[str, Any]]) -> None:
    from moto.logs.models import logs_backends

    backend = logs_backends[place.account_id][place.region]
    if place.group not in backend.groups:
        backend.create_log_group(place.group, {})
    if place.stream not in backend.groups[place.group].streams:
        backend.create_log_stream(place.group, place.stream)
    backend.put_log_events(place.group, place.stream, events)
