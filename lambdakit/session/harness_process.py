"""The harness's own process, seen from the process that started it.

In: the options, one JSON line on its stdin. Out: one JSON line on its stdout with the port, or with the error.
It ends when its stdin reaches EOF, so it never outlives the caller, whatever happens to the caller.
This file knows nothing of the API behind the port.

Three threads belong to a process: one reads stdout (the answer is its first line), one keeps the last lines of
stderr, one waits for the end. Every wait here is on a thread or an event, never on the time of day: a caller that
freezes or moves `time` changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO, Final

from lambdakit.errors import Diagnostic, HarnessError, LambdakitError, error_from_wire
from lambdakit.records import dataclass
from lambdakit.session.child_environment import harness_variables

HARNESS_COMMAND: Final = (sys.executable, "-P", "-m", "lambdakit.harness")

_START_SECONDS: Final = 60.0
_END_SECONDS: Final = 10.0
_REPORT_SECONDS: Final = 1.0
_TERMINATE_SECONDS: Final = 3.0
_READER_SECONDS: Final = 2.0
_STDERR_LINES: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessEnd:
    """How a harness's process ended. status: as `subprocess` counts it, negative for a signal."""

    status: int
    last_lines: tuple[str, ...]

    def diagnostic(self, *, when: str) -> Diagnostic:
        """What to tell the user. when: `before it was ready`, `while it was in use` …"""
        how = f"signal {-self.status}" if self.status < 0 else f"exit status {self.status}"
        lines = "".join(f"\n    {line}" for line in self.last_lines)
        return Diagnostic(
            problem=f"the harness's process ended with {how} {when}",
            code="LK540",
            hint=f"the last lines it wrote:{lines}" if lines else "",
        )


class HarnessProcess:
    """A running harness. Starting returns at once; `port` waits until it is ready.

    command: what is executed.
    """

    def __init__(self, start_line: dict[str, object], *, command: Sequence[str] = HARNESS_COMMAND) -> None:
        self._owner = os.getpid()
        self._port: int | None = None
        self._answered = threading.Event()
        self._answer = ""
        self._last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=harness_variables(os.environ),
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._stdin, stdout, stderr = _pipes(self._process)
        self._readers = [
            _thread("lambdakit-harness-stdout", self._read_answer, stdout),
            _thread("lambdakit-harness-stderr", self._read_last_lines, stderr),
        ]
        self._reaper = _thread("lambdakit-harness-end", self._process.wait)
        # The process may be gone already; what it wrote then says more than a broken pipe.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(start_line) + "\n")
            self._stdin.flush()

    @property
    def pid(self) -> int:
        """The process, which also leads its process group."""
        return self._process.pid

    def port(self) -> int:
        """Where the harness listens, once it is ready.

        Its own error when it refused to start; HarnessError when it ended, or is not ready in time.
        """
        if self._port is None:
            self._port = self._read_port()
        return self._port

    def end(self) -> HarnessEnd | None:
        """How it ended; None while it runs."""
        if self._process.returncode is None:
            return None
        return HarnessEnd(status=self._process.returncode, last_lines=tuple(self._last_lines))

    def wait_for_end(self, timeout_seconds: float) -> HarnessEnd | None:
        """As `end`, after at most `timeout_seconds`."""
        self._reaper.join(timeout_seconds)
        if self.end() is not None:
            self._readers[1].join(_READER_SECONDS)
        return self.end()

    def close(self) -> None:
        """Ends the process and all it started, and returns when they are gone. Harmless when repeated."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        if os.getpid() != self._owner:
            return  # a fork of the caller: the harness is not its to end
        self._reaper.join(_END_SECONDS)
        if self._reaper.is_alive():
            # A fork of the caller still holds the pipe, or the harness is stuck.
            self._process.terminate()
            self._reaper.join(_TERMINATE_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._reaper.join()
        for reader, pipe in zip(self._readers, (self._process.stdout, self._process.stderr), strict=True):
            reader.join(_READER_SECONDS)
            if pipe is not None and not reader.is_alive():
                pipe.close()

    def _read_port(self) -> int:
        if not self._answered.wait(_START_SECONDS):
            problem = f"the harness's process was not ready after {_START_SECONDS:.0f} s"
            raise HarnessError(Diagnostic(problem=problem, code="LK540"))
        try:
            answer = json.loads(self._answer)
        except ValueError:
            raise self._start_failure() from None
        if answer.get("ready") is True:
            return int(answer["port"])
        raise error_from_wire(str(answer.get("error")), answer.get("diagnostics", []))

    def _start_failure(self) -> LambdakitError:
        end = self.wait_for_end(_REPORT_SECONDS)
        if end is not None:
            return HarnessError(end.diagnostic(when="before it was ready"))
        problem = f"the harness's process did not say that it is ready, but {self._answer[:200]!r}"
        return HarnessError(Diagnostic(problem=problem, code="LK540"))

    def _read_answer(self, stdout: IO[str]) -> None:
        self._answer = stdout.readline()
        self._answered.set()
        while stdout.read(65_536):
            pass  # nobody reads it, and a full pipe would stop the harness

    def _read_last_lines(self, stderr: IO[str]) -> None:
        for line in stderr:
            self._last_lines.append(line.rstrip())


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("the harness's process was started without pipes")
    return process.stdin, process.stdout, process.stderr


def _thread(name: str, target: Callable[..., object], *arguments: object) -> threading.Thread:
    # Daemons, as the process is ended by a finalizer that runs after the interpreter has joined all others.
    thread = threading.Thread(target=target, name=name, args=arguments, daemon=True)
    thread.start()
    return thread
