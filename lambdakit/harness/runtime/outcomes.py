"""What becomes of an init phase and of an invocation."""

from __future__ import annotations

from dataclasses import dataclass

from lambdakit.harness.runtime.faults import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationOutcome:
    """What became of an invocation. fault: None on success; its payload is then the result's."""

    payload: bytes
    fault: Fault | None
    duration_ms: float
    max_memory_mib: int

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
