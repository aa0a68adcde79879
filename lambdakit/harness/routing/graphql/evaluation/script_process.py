"""The Node.js process that runs resolvers' code: started, asked, and gone with the harness.

It has no environment, may read its own files and nothing else (Node.js's permission model: no other file, no process,
no thread, no addon), and ends when its standard input does. Code of a resolver's runs in a context from which nothing
leads out; see `inside_node/main.mjs`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from lambdakit.harness.runtime.bundled_node import bundled_node

_INSIDE: Final = Path(__file__).resolve().with_name("inside_node")
_HEAP_MIB: Final = 256
_LINE_BYTES_MAX: Final = 64 * 1024 * 1024
_READ_BYTES: Final = 1024 * 1024

# What a function that the code calls gives: its name and arguments in, a value or `{"failed": why}` out.
Answer = Callable[[str, Any], str]


class ProcessLost(Exception):
    """The process ended, or was ended, before it answered; the text says why."""


class ScriptProcess:
    """One process. Whoever asks it waits: it does one thing at a time.

    inside: the directory of its script, `main.mjs`, and of all else that it may read.
    """

    def __init__(self, inside: Path = _INSIDE) -> None:
        command = [
            str(bundled_node().executable),
            "--permission",
            f"--allow-fs-read={inside}/",
            "--disallow-code-generation-from-strings",
            "--expose-internals",  # for the parser that Node.js brings
            "--no-warnings",
            f"--max-old-space-size={_HEAP_MIB}",
            str(inside / "main.mjs"),
        ]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        self._waiting = b""

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], answer: Answer, seconds: float) -> Any:
        """What it makes of a request. answer: called for each function that the code calls meanwhile.

        ProcessLost when it ends, or takes longer than it may and is ended.
        """
        deadline = time.monotonic() + seconds
        self._write(json.dumps(request, separators=(",", ":")))
        while True:
            try:
                message = json.loads(self._line(deadline))
            except (ValueError, RecursionError):
                raise ProcessLost("the code gave a value that is nested too deep, or that nobody reads") from None
            if "done" in message:
                return message["done"]
            self._write(answer(str(message.get("call")), message.get("given")))

    def end(self) -> None:
        """Has it end at once, from any thread: whoever waits for it finds it lost."""
        if self._process.poll() is None:
            self._process.kill()

    def kill(self) -> None:
        """Ends it, and lets go of what leads to it. Idempotent; not while somebody asks it."""
        self.end()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _write(self, line: str) -> None:
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.write(line.encode() + b"\n")
            stream.flush()
        except (OSError, ValueError):
            raise ProcessLost("the process that runs resolvers' code ended") from None

    def _line(self, deadline: float) -> bytes:
        stream = self._process.stdout
        assert stream is not None
        arrived = select.poll()  # select() itself knows no descriptor above 1023
        arrived.register(stream.fileno(), select.POLLIN)
        parts = [self._waiting]
        size = len(self._waiting)
        while b"\n" not in parts[-1]:
            left = deadline - time.monotonic()
            if left <= 0 or not arrived.poll(left * 1000):
                raise ProcessLost("the code took longer than it may")
            part = os.read(stream.fileno(), _READ_BYTES)
            if not part:
                raise ProcessLost(
                    "the process that runs resolvers' code ended; the code may have taken too much memory"
                )
            parts.append(part)
            size += len(part)
            if size > _LINE_BYTES_MAX:
                raise ProcessLost("the code gave more than can be read")
        line, _, self._waiting = b"".join(parts).partition(b"\n")
        return line
