"""Processes seen through /proc: what they started, their memory, and how they are stopped and let go on.

On systems without /proc there is nothing to see: memory reads as 0, and nothing is known of descendants.
Source: proc(5), `status` (VmHWM, VmRSS, RssFile), `smaps_rollup`, `task/TID/children`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from lambdakit.records import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of some processes, in whole MiB, rounded up.

    resident: all that they have in memory. held: without the pages of files, which the kernel takes back when it needs
    room: code and mapped data, of which Node.js brings 50 MiB. Out of memory is who holds too much.
    """

    resident: int = 0
    held: int = 0


def peak_memory(pids: Sequence[int]) -> Memory:
    """The most memory that any one of them had at once."""
    found = [peak_of(_read(f"/proc/{pid}/status")) for pid in pids]
    return Memory(
        resident=max((memory.resident for memory in found), default=0),
        held=max((memory.held for memory in found), default=0),
    )


def memory(pids: Sequence[int]) -> Memory:
    """The memory that all of them have now.

    Of all but the largest only what is their own counts: a fork shares its parent's pages until one of them writes.
    """
    sizes = {pid: _sizes(pid) for pid in pids}
    largest = max(sizes, key=lambda pid: sizes[pid][0], default=None)
    resident = held = 0
    for pid, (everything, of_files) in sizes.items():
        if pid == largest:
            resident, held = resident + everything, held + everything - of_files
        else:
            own = _private_bytes(pid, everything)
            resident, held = resident + own, held + own
    return Memory(resident=-(-resident // _MIB), held=-(-held // _MIB))


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


def all_sleep(pids: Sequence[int]) -> bool:
    """Whether each of them waits for something, or is gone: none runs, and none is stopped. Source: proc(5), `stat`."""
    return all(_read(f"/proc/{pid}/stat").rpartition(b") ")[2][:1] in (b"S", b"") for pid in pids)


def peak_of(status: bytes) -> Memory:
    """The most memory that the process with this `status` had at once.

    The high-water mark is of everything; the pages of files change little once they are loaded.
    """
    resident, of_files = _kib(status, b"VmHWM:"), _kib(status, b"RssFile:")
    return Memory(resident=-(-resident // 1024), held=-(-max(0, resident - of_files) // 1024))


def _kib(status: bytes, name: bytes) -> int:
    start = status.find(name)
    return int(status[start + len(name) : status.find(b" kB", start)]) if start >= 0 else 0


def _sizes(pid: int) -> tuple[int, int]:
    """Bytes resident, and how many of them are pages of files; memory that is shared is no file's."""
    status = _read(f"/proc/{pid}/status")
    return _kib(status, b"VmRSS:") * 1024, _kib(status, b"RssFile:") * 1024


def _private_bytes(pid: int, resident: int) -> int:
    """What a process shares with no other; all that it has resident where the system does not tell."""
    lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
    private = [int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Private_")]
    return sum(private) if private else resident


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
