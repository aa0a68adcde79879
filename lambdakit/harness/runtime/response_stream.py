"""A result that the runtime sends while it makes it: where it goes, how much there was, and how it ended.

Bytes come in from whoever polls the Runtime API, and go on to the caller's outlet at once, or are collected where the
caller waits for all of them. Knows nothing of sockets, processes or states.
Source: AWS Lambda Developer Guide, "Building a custom runtime for AWS Lambda", section "Implementing response streaming
in a custom runtime", and "Lambda quotas".
"""

from __future__ import annotations

import time
from typing import Final, Protocol

from lambdakit.harness.runtime.faults import TRUNCATED, Fault
from lambdakit.limits import STREAMED_RESPONSE_BYTES_MAX, SYNC_RESPONSE_BYTES_MAX
from lambdakit.records import dataclass

DEFAULT_CONTENT_TYPE: Final = "application/octet-stream"
TRACED_BYTES: Final = 64 * 1024  # of a result that went on to its caller, what is kept for the trace


class Outlet(Protocol):
    """Where a streamed result goes, at the pace of whoever takes it. None of its methods waits."""

    @property
    def waiting(self) -> int:
        """Bytes that it took and that could not be sent yet; 0 once the client is gone."""

    @property
    def client_left(self) -> bool:
        """Whether the client went away; what is written from then on is let go."""

    def begin(self, content_type: str) -> None:
        """The function's response begins. content_type: as the runtime gave it."""

    def write(self, data: bytes) -> None:
        """Takes a part of the result, and sends what can be sent at once."""

    def send_waiting(self) -> None:
        """Sends what is waiting, as far as that goes."""

    def fileno(self) -> int:
        """A descriptor that turns writable when more of what is waiting can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOutcome:
    """How a streamed result ended.

    latency_ms: from the event to the beginning of the response. duration_ms: from there to its end.
    error_code, error_details: what the caller of a stream is told of an error; both empty when it is complete.
    client_left: whether the caller went away before it had all. collected: whether the caller waited for all of it.
    """

    produced_bytes: int
    latency_ms: float
    duration_ms: float
    error_code: str
    error_details: str
    client_left: bool
    collected: bool


class ResponseStream:
    """One streamed result. outlet: absence means that the caller waits for the whole result.

    started: `time.perf_counter` when the event went to the function; began, ended: when the response did. ended: None
    before.
    """

    def __init__(self, outlet: Outlet | None, *, content_type: str, started: float) -> None:
        self.outlet = outlet
        self.produced_bytes = 0
        self.broke_off = False
        self.reported: tuple[str, str] | None = None  # type and details of an error that the runtime told at the end
        self._started = started
        self.began = time.perf_counter()
        self.ended: float | None = None
        self._kept = bytearray()
        self.limit = SYNC_RESPONSE_BYTES_MAX if outlet is None else STREAMED_RESPONSE_BYTES_MAX
        self._kept_max = SYNC_RESPONSE_BYTES_MAX if outlet is None else TRACED_BYTES
        if outlet is not None:
            outlet.begin(content_type or DEFAULT_CONTENT_TYPE)

    @property
    def payload(self) -> bytes:
        """The result of a caller that waits for all of it; else the first `TRACED_BYTES`."""
        return bytes(self._kept)

    @property
    def too_large(self) -> bool:
        """Whether there was more than the caller can be given."""
        return self.produced_bytes > self.limit

    def take(self, data: bytes) -> None:
        """Passes on the next part."""
        if self.outlet is not None:
            room = self.limit - self.produced_bytes
            if room > 0:
                self.outlet.write(data if len(data) <= room else data[:room])
        self._kept += data[: self._kept_max - len(self._kept)]
        self.produced_bytes += len(data)

    def end(self) -> None:
        """There is no more."""
        self.ended = time.perf_counter()

    def outcome(self, fault: Fault | None) -> StreamOutcome:
        """How it ended. fault: what the invocation ended with; None on success."""
        code, details = self._error(fault)
        return StreamOutcome(
            produced_bytes=self.produced_bytes,
            latency_ms=(self.began - self._started) * 1000,
            duration_ms=((time.perf_counter() if self.ended is None else self.ended) - self.began) * 1000,
            error_code=code,
            error_details=details,
            client_left=self.outlet is not None and self.outlet.client_left,
            collected=self.outlet is None,
        )

    def _error(self, fault: Fault | None) -> tuple[str, str]:
        if fault is None:
            return "", ""
        if self.reported is not None:
            return self.reported
        if self.broke_off or fault.status == "crash":
            # Callers see no details: "failed with error code Runtime.TruncatedResponse: undefined", as users of
            # Remotion Lambda report it for functions that ran out of memory (remotion-dev/remotion, pull request 4795).
            return TRUNCATED, ""
        return fault.error_type, fault.message
