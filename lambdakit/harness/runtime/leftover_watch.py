"""A process that ends what functions left on the host, should the harness be killed before it can."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading

from lambdakit.harness.runtime import leftovers

_END_SECONDS = 10


class LeftoverWatch:
    """Outlives the harness by as long as it takes to end what is left. Started with the first mark."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._marks: list[str] = []

    def add(self, mark: str) -> None:
        """Takes a mark, before there is a process that has it. Nothing is watched where there is no /proc."""
        if sys.platform != "linux" or not mark:
            return
        with self._lock, contextlib.suppress(OSError):
            self._marks.append(mark)
            marks = [mark]
            if self._process is None or self._process.poll() is not None:
                _close(self._process)
                self._process, marks = self._start(), self._marks  # one that is gone took what it knew with it
            assert self._process.stdin is not None
            self._process.stdin.write("".join(f"{each}\n" for each in marks))
            self._process.stdin.flush()

    def close(self) -> None:
        """Ends what is left, and the watch. Idempotent."""
        with self._lock:
            process, self._process = self._process, None
            self._marks.clear()
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired, OSError):
                process.communicate(timeout=_END_SECONDS)
            process.kill()
            process.wait()

    @staticmethod
    def _start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", leftovers.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # what ends the harness from a terminal must not end it
        )


def _close(process: subprocess.Popen[str] | None) -> None:
    """Lets go of a process that has ended."""
    if process is not None and process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
