"""What functions left running on the host, found by a variable that every process of an environment has.

A process in a session of its own whose parent is gone cannot be reached through who started it, but its variables still
say which environment it came from. Not found is one that was started with other variables; nothing is found without
/proc. In a sandbox none of this is needed.

Run as a script, it watches over a harness: it reads marks, a line each, and ends what has one of them once its input
ends, as it does however the harness ended.
Source: proc(5), /proc/pid/environ.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Collection, Mapping

_ROUNDS = 50  # one that was killed is gone within a few, and one that cannot be killed is there after all of them
_VARIABLE = "AWS_LAMBDA_LOG_STREAM_NAME"  # no two environments have the same, and no user can set it


def mark_of(variables: Mapping[str, str]) -> str:
    """What the processes of an environment with these variables are known by; empty when there is nothing."""
    return f"{_VARIABLE}={variables[_VARIABLE]}" if _VARIABLE in variables else ""


def end_marked(marks: Collection[str]) -> None:
    """Kills every process with one of the marks, and what they start meanwhile."""
    wanted = {os.fsencode(mark) for mark in marks if mark}
    for _ in range(_ROUNDS if wanted else 0):
        found = [pid for pid in _processes() if not wanted.isdisjoint(_variables_of(pid))]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # numbers, not paths
    except OSError:
        return []


def _variables_of(pid: int) -> list[bytes]:
    """The variables that a process was started with; none of one that is gone, or another user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123  # of every process there is
            return file.read().split(b"\0")
    except OSError:
        return []


if __name__ == "__main__":
    end_marked({line.rstrip("\n") for line in sys.stdin})
