"""The error objects that Lambda itself answers with, when the function did not.

Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle" and "Using the Lambda
runtime API"; texts as in aws/aws-lambda-runtime-interface-emulator, `rapid/handlers.go`, `interop/model.go` and
`invoke/utils.go`.
"""

from __future__ import annotations

import json
import signal
from typing import Final

from lambdakit.limits import STREAMED_RESPONSE_BYTES_MAX, SYNC_RESPONSE_BYTES_MAX
from lambdakit.records import dataclass

TRUNCATED: Final = "Runtime.TruncatedResponse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error that an invocation ends with.

    payload: the JSON object that the caller gets.
    status: as in `trace.InvocationEnded`: `error`, `timeout` or `crash`.
    message: the platform's own text; empty for what the runtime reported.
    """

    error_type: str
    payload: bytes
    status: str
    message: str = ""


def _fault(error_type: str, message: str, status: str) -> Fault:
    payload = json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
    return Fault(error_type=error_type, payload=payload, status=status, message=message)


def timed_out(request_id: str, timeout_seconds: float) -> Fault:
    """The function ran longer than its time-out; the text carries the configured seconds, not those elapsed."""
    message = f"RequestId: {request_id} Error: Task timed out after {timeout_seconds:.2f} seconds"
    return _fault("Sandbox.Timedout", message, "timeout")


def exited(request_id: str, exit_code: int) -> Fault:
    """The runtime's process went away. exit_code: as `subprocess` counts it, negative for a signal."""
    if exit_code == 0:
        reason = "Runtime exited without providing a reason"
    elif exit_code > 0:
        reason = f"Runtime exited with error: exit status {exit_code}"
    else:
        reason = f"Runtime exited with error: signal: {signal_text(-exit_code)}"
    return _fault("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}", "crash")


def invalid_entrypoint(request_id: str, problem: str) -> Fault:
    """The function's own runtime could not be started. problem: why, in the kernel's words."""
    error_type = "Runtime.InvalidWorkingDir" if problem.startswith("chdir ") else "Runtime.InvalidEntrypoint"
    return _fault(error_type, f"RequestId: {request_id} Error: {problem}", "crash")


def out_of_memory(request_id: str) -> Fault:
    """The function and what it started held more memory than it is configured with, and were killed for it."""
    message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
    return _fault("Runtime.OutOfMemory", message, "crash")


def extension_failed(request_id: str, error_type: str, reason: str) -> Fault:
    """An extension crashed, or reported that it could not go on: the environment goes with it.

    reason: how it ended, in the platform's words. Source: elastic/apm-aws-lambda, pull request 145;
    DataDog/datadog-lambda-extension, issue 263.
    """
    return _fault(error_type, f"RequestId: {request_id} Error: {reason}", "crash")


def response_too_large(*, streamed: bool = False) -> Fault:
    """The result is over what an answer may hold. streamed: it was passed on while it was produced."""
    most = STREAMED_RESPONSE_BYTES_MAX if streamed else SYNC_RESPONSE_BYTES_MAX
    message = f"Response payload size exceeded maximum allowed payload size ({most} bytes)."
    return _fault("Function.ResponseSizeTooLarge", message, "error")


def truncated(request_id: str) -> Fault:
    """The runtime let go of its connection before a streamed result was complete, and lives on."""
    return _fault(TRUNCATED, f"RequestId: {request_id} Error: {TRUNCATED}", "error")


def invalid_response_mode(request_id: str) -> Fault:
    """The runtime named a way to respond that Lambda does not know."""
    error_type = "Runtime.InvalidResponseModeHeader"
    return _fault(error_type, f"RequestId: {request_id} Error: {error_type}", "error")


def reported(payload: bytes, header_type: str) -> Fault:
    """The runtime's own report, passed on as received.

    header_type: `Lambda-Runtime-Function-Error-Type`; it names the error when the body does not.
    """
    error_type = header_type or "Runtime.Unknown"
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict) and isinstance(body.get("errorType"), str):
        error_type = body["errorType"]
    return Fault(error_type=error_type, payload=payload, status="error")


# Go's names for the signals, as the emulator prints them: src/syscall/zerrors_linux_amd64.go.
_SIGNAL_TEXTS = {
    signal.SIGHUP: "hangup",
    signal.SIGINT: "interrupt",
    signal.SIGQUIT: "quit",
    signal.SIGILL: "illegal instruction",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGKILL: "killed",
    signal.SIGUSR1: "user defined signal 1",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGUSR2: "user defined signal 2",
    signal.SIGPIPE: "broken pipe",
    signal.SIGALRM: "alarm clock",
    signal.SIGTERM: "terminated",
}


def signal_text(number: int) -> str:
    """A signal as the platform's texts name it."""
    try:
        return _SIGNAL_TEXTS[signal.Signals(number)]
    except (ValueError, KeyError):
        return f"signal {number}"
