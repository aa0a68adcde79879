"""The compiler's child process, seen from its parent: one request at a time, one line of JSON each way.

The child runs in a session of its own, so that Ctrl-C reaches only the parent, and its process group holds
Node.js, too: ending the group leaves nothing behind. Its input's end is its signal to go, so it does not outlive
a parent that was killed.
Threads: `lambdakit-compiler-output` turns lines into queue entries, `lambdakit-compiler-errors` keeps the last
lines of stderr; both end with the child.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from lambdakit.compiler.child_environment import child_variables

_LEAVE_SECONDS: Final = 1.0
_ERROR_LINES: Final = 30


class ChildDied(Exception):
    """The child ended, or did not answer in time. `str()` is the last of what it wrote to stderr, maybe empty."""


class ChildProcess:
    """A running child. Requests are sent by one thread at a time; `close` may be called by any, more than once."""

    def __init__(self, *, directory: Path, validation: bool) -> None:
        """Starts the child in `directory`, which it and Node.js have for their temporary files."""
        temporary_directory = directory / "tmp"
        temporary_directory.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            # -P: a module of the working directory must not stand in for one of Python's.
            [sys.executable, "-P", "-m", "lambdakit.compiler", "on" if validation else "off", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env=child_variables(os.environ, temporary_directory=temporary_directory),
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._answers: queue.Queue[dict[str, object] | None] = queue.Queue()
        self._error_lines: deque[str] = deque(maxlen=_ERROR_LINES)
        self._threads = (
            threading.Thread(target=self._read_answers, name="lambdakit-compiler-output", daemon=True),
            threading.Thread(target=self._read_errors, name="lambdakit-compiler-errors", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The child's process id, which is its process group's id, too."""
        return self._process.pid

    def ask(self, request: Mapping[str, object], *, timeout_seconds: float) -> dict[str, object]:
        """The child's answer to `request`. ChildDied when none comes; the child is then to be closed."""
        try:
            _stream(self._process.stdin).write(json.dumps(request) + "\n")
            _stream(self._process.stdin).flush()
        except (OSError, ValueError) as error:
            raise ChildDied(self._last_words()) from error
        try:
            answer = self._answers.get(timeout=timeout_seconds)
        except queue.Empty:
            raise ChildDied(f"no answer within {timeout_seconds:g} seconds") from None
        if answer is None:
            raise ChildDied(self._last_words())
        return answer

    def close(self, *, at_once: bool = False) -> None:
        """Ends the child and Node.js, and waits for them.

        at_once: without the second that the child otherwise has to finish by itself.
        """
        with contextlib.suppress(OSError, ValueError):
            _stream(self._process.stdin).close()
        if not at_once:
            # Its output ends with it. Not `wait`: that would free the process id, which the group is killed by.
            self._threads[0].join(timeout=_LEAVE_SECONDS)
        if self._process.returncode is None:
            # Also when the child is gone by now: Node.js may be left of its group.
            self._kill_group()
        self._process.wait()
        for thread in self._threads:
            thread.join()

    def _kill_group(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read_answers(self) -> None:
        with _stream(self._process.stdout) as lines:
            for line in lines:
                # What Python itself or a .pth file prints before the child could move stdout away is no answer.
                if (answer := _object(line)) is not None:
                    self._answers.put(answer)
        self._answers.put(None)

    def _read_errors(self) -> None:
        with _stream(self._process.stderr) as lines:
            self._error_lines.extend(lines)

    def _last_words(self) -> str:
        # The stream ends with the last process that holds it; Node.js may need a moment longer than the child.
        self._threads[1].join(timeout=_LEAVE_SECONDS)
        return "".join(self._error_lines).strip()


def _object(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
