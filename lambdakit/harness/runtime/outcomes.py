"""What becomes of an init phase and of an invocation."""

from __future__ import annotations

from lambdakit.harness.runtime.faults import Fault
from lambdakit.harness.runtime.response_stream import StreamOutcome
from lambdakit.records import dataclass


class EnvironmentGone(Exception):
    """The environment died before the event was handed to the function: nothing ran, another one can take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationOutcome:
    """What became of an invocation. fault: None on success; its payload is then the result's.

    payload: of a streamed result that went on to its caller, no more than the beginning.
    stream: how a streamed result ended; None when the function did not begin one.
    """

    payload: bytes
    fault: Fault | None
    duration_ms: float
    max_memory_mib: int
    stream: StreamOutcome | None = None

    @property
    def produced_bytes(self) -> int | None:
        """How long the function's response is; None when there is none."""
        if self.stream is not None:
            return self.stream.produced_bytes
        return len(self.payload) if self.fault is None else None

    @property
    def status(self) -> str:
        """As in `trace.InvocationEnded`."""
        return "success" if self.fault is None else self.fault.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialization:
    """What became of the init phase. fault: None when the runtime asked for its first event."""

    fault: Fault | None
    duration_ms: float

    @property
    def status(self) -> str:
        """As in `trace.EnvironmentStarted`."""
        return "success" if self.fault is None else self.fault.status
