"""Threads that run jobs: as few as keep up.

A worker is added when jobs wait and none was taken for a while, because all workers are busy with long ones. So short
jobs share few workers, and long ones get one each, up to the most there may be.
"""

from __future__ import annotations

import collections
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 0.01
_JOIN_SECONDS: Final = 5.0

Job = Callable[[], None]


class Workers:
    """Runs jobs in the order given, on at most `most` threads. name: of the threads."""

    def __init__(self, name: str, *, most: int) -> None:
        self._name = name
        self._most = most
        self._jobs: collections.deque[Job] = collections.deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._taken_at = 0.0
        self._closed = False
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._busy = threading.Condition(self._lock)

    def submit(self, job: Job) -> None:
        """Runs `job` soon; never, once this was stopped."""
        with self._lock:
            if self._closed:
                return
            self._jobs.append(job)
            if not self._threads:
                self._start_locked("growth", self._grow)
                self._start_locked("1", self._work)
            if self._idle:
                self._arrived.notify()
            else:
                self._busy.notify()

    @property
    def count(self) -> int:
        """How many workers there are."""
        with self._lock:
            return max(0, len(self._threads) - 1)

    def stop(self) -> None:
        """Lets go of every job that was not begun. Idempotent."""
        with self._lock:
            self._closed = True
            self._jobs.clear()
            self._arrived.notify_all()
            self._busy.notify_all()

    def join(self) -> None:
        """Waits for the jobs that were begun, but not for ever: what keeps one busy may be stopped by others only."""
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in list(self._threads):
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _start_locked(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=f"{self._name}-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                job()
            except Exception:  # the boundary of a thread: the next job is none the worse for it
                logger.exception("%s", self._name)

    def _take(self) -> Job | None:
        with self._lock:
            self._idle += 1
            self._arrived.wait_for(lambda: self._jobs or self._closed)
            self._idle -= 1
            if self._closed:
                return None
            self._taken_at = time.monotonic()
            return self._jobs.popleft()

    def _grow(self) -> None:
        with self._lock:
            while not self._closed and len(self._threads) <= self._most:
                if not self._jobs:
                    self._busy.wait()
                    continue
                patience = self._taken_at + _PATIENCE_SECONDS - time.monotonic()
                if patience > 0:
                    self._busy.wait(patience)
                elif not self._idle:
                    self._start_locked(str(len(self._threads)), self._work)
                    self._busy.wait(_PATIENCE_SECONDS)
                else:
                    self._busy.wait(_PATIENCE_SECONDS)
