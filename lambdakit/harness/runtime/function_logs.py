"""What the process of a function writes, as lines."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from lambdakit.harness.runtime.brief_calls import Buffer

LogSink = Callable[[str, str], None]
"""Takes a line and the request id it belongs to; the id is empty outside an invocation."""

_LOOK_BYTES = 1024
_READ_BYTES = 64 * 1024
_LINE_BYTES_MAX = 256 * 1024 - 26  # CloudWatch Logs API Reference, "InputLogEvent"
# A process that never stops writing must not keep an invocation from ending: what it wrote before its last word is
# within what a pipe holds, which takes two reads.
_READS_AT_LEAST = 2
_SECONDS_AT_ONCE = 0.05


class OutputReader:
    """Lines out of a process's output pipe."""

    def __init__(self, descriptor: int, sink: LogSink) -> None:
        self._descriptor = descriptor
        self._sink = sink
        self._rest = b""
        self._buffer = Buffer(_LOOK_BYTES)
        self.request_id = ""

    def read_available(self) -> bool:
        """Passes on the whole lines that are there now, as far as time allows; False once the pipe is at its end."""
        deadline, reads = time.perf_counter() + _SECONDS_AT_ONCE, 0
        while reads < _READS_AT_LEAST or time.perf_counter() < deadline:
            reads += 1
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                self.flush()
                return False
            self._take(data)
        return True

    def read_if_any(self) -> None:
        """The same, for when there most likely is nothing: at the end of every invocation."""
        data = self._buffer.read(self._descriptor)
        if data:
            self._take(data)
            self.read_available()

    def flush(self) -> None:
        """Passes on a last line that has no line break."""
        if self._rest:
            self._pass_on(self._rest)
            self._rest = b""

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            for piece in _pieces(line):
                self._pass_on(piece)
        *pieces, self._rest = _pieces(self._rest)  # output without a line break would else be kept for ever
        for piece in pieces:
            self._pass_on(piece)

    def _pass_on(self, line: bytes) -> None:
        # The Python runtime client writes a traceback as one line with carriage returns in it.
        self._sink(line.decode("utf-8", "replace").replace("\r", "\n").rstrip("\n"), self.request_id)


def _pieces(line: bytes) -> list[bytes]:
    """A line as log events can hold it: one piece, or several that end between characters."""
    pieces = []
    while len(line) > _LINE_BYTES_MAX:
        end = _LINE_BYTES_MAX
        while end > _LINE_BYTES_MAX - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(line[:end])
        line = line[end:]
    return [*pieces, line]
