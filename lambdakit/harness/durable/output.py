"""What a durable function's handler gives back, and what the caller of one gets.

Source: `aws-durable-execution-sdk-python` 3.0.0, lambda_service.py, `DurableExecutionInvocationOutput`; AWS Lambda API
Reference, "ErrorObject".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.durable.operation import Error
from lambdakit.harness.runtime.faults import Fault
from lambdakit.records import dataclass

STATUSES: Final = ("SUCCEEDED", "FAILED", "PENDING")
_ERROR_NAMES: Final = {"ErrorMessage": "errorMessage", "ErrorType": "errorType", "StackTrace": "stackTrace"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What an invocation ended with. status: `SUCCEEDED`, `FAILED` or `PENDING`. result: JSON text; None for none."""

    status: str
    result: str | None = None
    error: Error | None = None


class MalformedOutput(Exception):
    """A handler gave back something else, as a function does that is not written for durable executions."""


def read_output(payload: bytes) -> Output:
    """What an invocation ended with. MalformedOutput."""
    try:
        document = json.loads(payload or b"null")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("Status") not in STATUSES:
        raise MalformedOutput(f"the handler's result has no Status of {', '.join(STATUSES)}")
    result, error = document.get("Result"), document.get("Error")
    if not isinstance(result, str | None):
        raise MalformedOutput("the Result of the handler's result is no text")
    if not isinstance(error, Mapping | None):
        raise MalformedOutput("the Error of the handler's result is no object")
    return Output(status=document["Status"], result=result, error=error)


def error_object(message: str, kind: str) -> dict[str, Any]:
    """An ErrorObject of the service's own."""
    return {"ErrorMessage": message, "ErrorType": kind}


def error_of_function(payload: bytes, fault: Fault) -> dict[str, Any]:
    """The ErrorObject for an error as functions report it."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return error_object(fault.message or payload.decode("utf-8", "replace"), fault.error_type)
    members = {name: document[told] for name, told in _ERROR_NAMES.items() if document.get(told)}
    return {"ErrorType": fault.error_type, **members}


def fault_of_execution(error: Error | None) -> Fault:
    """What the caller gets of an execution that failed: an error as functions report it.

    The guide says no more than that errors come in the payload; this is the form that it has for every function.
    """
    given = error or {}
    document = {told: given[name] for name, told in _ERROR_NAMES.items() if name in given}
    if "ErrorData" in given:
        document["errorData"] = given["ErrorData"]
    payload = json.dumps(document, separators=(",", ":")).encode()
    return Fault(error_type=str(given.get("ErrorType") or "Unhandled"), payload=payload, status="error")
