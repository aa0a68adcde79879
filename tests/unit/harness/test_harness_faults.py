"""The error objects that Lambda answers with for itself, word for word as the reference has them."""

from __future__ import annotations

import json
import signal

import pytest

from lambdakit.harness.runtime import faults


@pytest.mark.parametrize(("seconds", "text"), [(1, "1.00"), (3, "3.00"), (30, "30.00"), (900, "900.00"), (0.5, "0.50")])
def test_a_time_out_names_the_configured_seconds_with_two_decimals(seconds: float, text: str) -> None:
    fault = faults.timed_out("r-1", seconds)

    assert json.loads(fault.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: r-1 Error: Task timed out after {text} seconds",
    }
    assert (fault.error_type, fault.status) == ("Sandbox.Timedout", "timeout")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (255, "Runtime exited with error: exit status 255"),
        (-signal.SIGKILL, "Runtime exited with error: signal: killed"),
        (-signal.SIGSEGV, "Runtime exited with error: signal: segmentation fault"),
        (-signal.SIGABRT, "Runtime exited with error: signal: aborted"),
        (-signal.SIGTERM, "Runtime exited with error: signal: terminated"),
        (-signal.SIGBUS, "Runtime exited with error: signal: bus error"),
        (-signal.SIGRTMIN, f"Runtime exited with error: signal: signal {int(signal.SIGRTMIN)}"),
        (-200, "Runtime exited with error: signal: signal 200"),
    ],
)
def test_an_exit_says_how(code: int, reason: str) -> None:
    fault = faults.exited("r-1", code)

    assert json.loads(fault.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: r-1 Error: {reason}",
    }
    assert fault.status == "crash"


def test_too_large_an_answer_says_how_much_would_have_done() -> None:
    fault = faults.response_too_large()

    assert json.loads(fault.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert fault.status == "error"


def test_too_much_memory_has_a_type_of_its_own() -> None:
    fault = faults.out_of_memory("r-1")

    assert fault.error_type == "Runtime.OutOfMemory"
    assert fault.status == "crash"
    assert json.loads(fault.payload)["errorMessage"].startswith("RequestId: r-1 Error: ")


@pytest.mark.parametrize(
    ("payload", "header", "error_type"),
    [
        (b'{"errorType": "ValueError", "errorMessage": "m"}', "Unhandled", "ValueError"),
        (b'{"errorMessage": "m"}', "Function.Mine", "Function.Mine"),
        (b'{"errorType": 7}', "", "Runtime.Unknown"),
        (b"[]", "", "Runtime.Unknown"),
        (b"", "", "Runtime.Unknown"),
        (b"\xff\xfe", "Runtime.X", "Runtime.X"),
        (b"[" * 100_000, "", "Runtime.Unknown"),
    ],
)
def test_a_report_of_the_runtime_is_passed_on_as_received(payload: bytes, header: str, error_type: str) -> None:
    fault = faults.reported(payload, header)

    assert fault.payload == payload
    assert fault.error_type == error_type
    assert fault.status == "error"
