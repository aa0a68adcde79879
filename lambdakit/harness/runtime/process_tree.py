"""Processes seen through /proc: what they started, their memory, and how they are stopped and let go on.

On systems without /proc there is nothing to see: memory reads as 0, and nothing is known of descendants.
Source: proc(5), `status` (VmHWM), `statm`, `task/TID/children`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MIB = 1024 * 1024


def peak_mib(pids: Sequence[int]) -> int:
    """The most memory that any one of them had resident at once, in whole MiB, rounded up."""
    return max((_peak_mib(pid) for pid in pids), default=0)


def resident_mib(pids: Sequence[int]) -> int:
    """The memory that all of them have resident now, in whole MiB, rounded up."""
    pages = 0
    for pid in pids:
        fields = _read(f"/proc/{pid}/statm").split()
        pages += int(fields[1]) if len(fields) > 1 else 0
    return -(-pages * _PAGE_BYTES // _MIB)


def descendants(pid: int) -> list[int]:
    """The pids of all that a process started and that is still there; parents stand before children."""
    found: list[int] = []
    pending = [pid]
    while pending:
        started = children(pending.pop())
        found += started
        pending += started
    return found


def signal_all(pids: Sequence[int], number: int) -> None:
    """Signals each of them; those that are gone meanwhile do not matter."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _peak_mib(pid: int) -> int:
    _, found, rest = _read(f"/proc/{pid}/status").partition(b"VmHWM:")
    return -(-int(rest.split(maxsplit=1)[0]) // 1024) if found else 0


def children(pid: int) -> list[int]:
    """The pids of what a process itself started, in the order of its threads and then of their start."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  # a Path for each would cost more than the read
            found += [int(text) for text in _read(f"/proc/{pid}/task/{thread}/children").split()]
    return found


def _read(path: str) -> bytes:
    """What a file of /proc says; nothing when its process is gone. Read at every invocation, so without a Path."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 64 * 1024)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
