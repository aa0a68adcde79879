"""The processes of one environment as they are at the end of an invocation: who is there, and what they held.

Looked at with every invocation, so that the files of /proc stay open, and nothing is read that cannot have changed.
Source: proc(5), `status` (Threads, SigCgt, VmHWM) and `task/TID/children`.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence

from lambdakit.harness.runtime import process_tree
from lambdakit.harness.runtime.brief_calls import Buffer, KeptFile
from lambdakit.harness.runtime.process_tree import Memory
from lambdakit.records import dataclass

_STATUS_BYTES = 8 * 1024  # it has 1.5 KiB, more on machines with many processors
# What wakes a process that has set a timer: the only thing that runs by itself in one with a single thread.
_TIMERS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, *range(32, 65))
_TIMER_MASK = sum(1 << (number - 1) for number in _TIMERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """pids: of all of them. peak: the most that any one of them has ever held.

    need_freezing: whether something in them could run while the runtime waits for its next event. One thread that
    waits for it, alone and with no timer, does nothing at all.
    """

    pids: Sequence[int]
    peak: Memory
    need_freezing: bool


class EnvironmentProcesses:
    """The processes below `first`. includes_first: whether it is one of the function's own."""

    def __init__(self, first: int, *, includes_first: bool) -> None:
        self._first = first
        self._includes_first = includes_first
        self._buffer = Buffer(_STATUS_BYTES)
        self._started = _children_of(first)
        self._runtime = 0
        self._status = self._children = self._started

    def look(self) -> Processes:
        """Those that are there now."""
        started = [self._first] if self._includes_first else _pids(self._started.read(self._buffer))
        if len(started) == 1:
            alone = self._look_at_one(started[0])
            if alone is not None:
                return alone
        pids = started + [pid for each in started for pid in process_tree.descendants(each)]
        return Processes(pids=pids, peak=process_tree.peak_memory(pids), need_freezing=True)

    def members(self) -> list[int]:
        """The pids of those that are there now."""
        started = [self._first] if self._includes_first else _pids(self._started.read(self._buffer))
        return started + [pid for each in started for pid in process_tree.descendants(each)]

    def close(self) -> None:
        """Closes what is kept open. Idempotent."""
        for kept in (self._started, self._status, self._children):
            kept.close()

    def _look_at_one(self, runtime: int) -> Processes | None:
        """The runtime, if it has one thread and started nothing; None if it did."""
        if runtime != self._runtime:
            self._status.close()
            self._children.close()
            self._runtime = runtime
            self._status, self._children = KeptFile(f"/proc/{runtime}/status"), _children_of(runtime)
        status = self._status.read(self._buffer)
        if b"\nThreads:\t1\n" not in status or self._children.read(self._buffer):
            return None
        caught = status.find(b"SigCgt:") + 7
        has_timer = int(status[caught : status.find(b"\n", caught)], 16) & _TIMER_MASK
        return Processes(pids=[runtime], peak=process_tree.peak_of(status), need_freezing=bool(has_timer))


def _children_of(pid: int) -> KeptFile:
    """What the main thread of a process started."""
    return KeptFile(f"/proc/{pid}/task/{pid}/children")


def _pids(text: bytes) -> list[int]:
    return [int(pid) for pid in text.split()]
