"""What the processes of one environment write: the function's output, and beside it that of its external extensions."""

from __future__ import annotations

import selectors
from collections.abc import Mapping

from lambdakit.harness.runtime.function_logs import LogSink, OutputReader


class ProcessOutput:
    """Reads each descriptor for as long as it has not ended, whenever the selector says so or `drain` is called.

    sinks: who takes the lines, by descriptor.
    """

    def __init__(self, sinks: Mapping[int, LogSink], selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._readers = {descriptor: OutputReader(descriptor, sink) for descriptor, sink in sinks.items()}
        for descriptor in sinks:
            selector.register(descriptor, selectors.EVENT_READ, lambda it=descriptor: self._read(it))

    def belongs_to(self, request_id: str) -> None:
        """Lines that come from now on belong to this invocation; to none when it is empty."""
        for reader in self._readers.values():
            reader.request_id = request_id

    def drain(self) -> None:
        """Passes on every whole line that is there now."""
        for reader in self._readers.values():
            reader.read_if_any()

    def flush(self) -> None:
        """Passes on all that is there, and last lines without a line break."""
        self.drain()
        for reader in self._readers.values():
            reader.flush()

    def _read(self, descriptor: int) -> None:
        if not self._readers[descriptor].read_available():
            self._selector.unregister(descriptor)
