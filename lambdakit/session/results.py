"""What came of an invocation: the answer of the Lambda API, joined with the trace's account of it."""

from __future__ import annotations

import json
from dataclasses import field
from datetime import datetime
from typing import Any

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.records import dataclass


class FunctionFailed(HarnessError):
    """A function answered with an error of its own, timed out or crashed.

    result: the whole result of the invocation.
    """

    def __init__(self, diagnostic: Diagnostic, *, result: InvocationResult) -> None:
        super().__init__(diagnostic)
        self.result = result


class LambdaApiError(HarnessError):
    """The Lambda API refused a request; the function did not run.

    error_code: the service's, `ResourceNotFoundException` …
    message: the service's.
    request_id: empty when the service gave none.
    """

    def __init__(
        self, diagnostic: Diagnostic, *, error_code: str, message: str, status_code: int, request_id: str
    ) -> None:
        super().__init__(diagnostic)
        self.error_code = error_code
        self.message = message
        self.status_code = status_code
        self.request_id = request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationResult:
    """The answer to one invocation.

    raw_payload: the function's answer, byte for byte; empty for `Event` and `DryRun`.
    function_error: None when the function succeeded; any text means that it failed.
    status_code: 200, 202 (`Event`) or 204 (`DryRun`).
    executed_version: the version an alias led to; None where the API does not say.
    duration_ms, billed_duration_ms, init_duration_ms, max_memory_used_mb: what the REPORT line says; None where no
        function ran before the answer, and `init_duration_ms` also for a warm start.
    durable_execution_arn: of a durable function; None for others. What REPORT says is of its first invocation then.
    log: every line of the invocation; empty for `Event` and `DryRun`.
    """

    function: str
    raw_payload: bytes
    function_error: str | None
    status_code: int
    executed_version: str | None
    request_id: str
    duration_ms: float | None = None
    billed_duration_ms: int | None = None
    init_duration_ms: float | None = None
    max_memory_used_mb: int | None = None
    durable_execution_arn: str | None = None
    log: str = field(default="", repr=False)

    @property
    def payload(self) -> Any:
        """The function's answer as JSON; None where there is none. ValueError when it is not JSON."""
        return json.loads(self.raw_payload) if self.raw_payload else None

    def raise_for_error(self) -> InvocationResult:
        """The result itself. FunctionFailed when the function failed."""
        if self.function_error is None:
            return self
        lines = "".join(f"\n    {line}" for line in self.log.splitlines())
        raise FunctionFailed(
            Diagnostic(
                pointer=self.function,
                problem=f"the function failed: {_error_text(self.raw_payload)}",
                code="LK531",
                hint=f"its log:{lines}" if lines else "",
            ),
            result=self,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of a function, as the trace tells it: by whomever, an event source included.

    qualifier: as the caller named it; empty for an unqualified call.
    event: what the function was given.
    status: `success`, `error`, `timeout` or `crash`; None while it runs. So are result and the durations.
    result: what the function answered; its error object when it failed.
    """

    request_id: str
    at: datetime
    version: str
    qualifier: str
    cold_start: bool
    event: Any
    status: str | None = None
    result: Any = None
    error_type: str | None = None
    duration_ms: float | None = None
    init_duration_ms: float | None = None
    log: str = field(default="", repr=False)


def _error_text(payload: bytes) -> str:
    """`ValueError: no such sku`, of the error object that every runtime answers; else the payload's beginning."""
    try:
        error = json.loads(payload)
        return f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return payload[:200].decode(errors="replace")
