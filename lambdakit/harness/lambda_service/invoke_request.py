"""What `Invoke` and `InvokeWithResponseStream` have in common: the checks of a request, and the tail of the log.

Source: AWS Lambda API Reference, "Invoke" and "InvokeWithResponseStream".
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Sequence

from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import CLIENT_CONTEXT_BYTES_MAX, SYNC_REQUEST_BYTES_MAX, TAIL_LOG_BYTES


def check_payload(body: bytes, *, bytes_max: int = SYNC_REQUEST_BYTES_MAX) -> None:
    """Refuses an event that is too large or no JSON; nothing at all is allowed."""
    if len(body) > bytes_max:
        raise ServiceFault(
            "RequestTooLargeException",
            f"Request must be smaller than {bytes_max} bytes for the InvokeFunction operation",
        )
    if not body:
        return
    try:
        _JSON.decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise ServiceFault(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None


def client_context(request: Request) -> str | None:
    """The caller's client context, JSON; None when there is none. InvalidRequestContentException for what is none."""
    encoded = request.headers.get("x-amz-client-context")
    if not encoded:
        return None
    if len(encoded) > CLIENT_CONTEXT_BYTES_MAX:
        raise ServiceFault("InvalidRequestContentException", "Client context must be at most 3583 bytes of base64")
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        json.loads(text)
    except ValueError:
        raise ServiceFault(
            "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object."
        ) from None
    return text


def wants_tail(request: Request) -> bool:
    """Whether the caller asks for the end of the log."""
    return request.headers.get("x-amz-log-type") == "Tail"


def log_tail(log: Sequence[str]) -> str:
    """The last 4 KB of the lines, in base64."""
    return base64.b64encode("\n".join([*log, ""]).encode()[-TAIL_LOG_BYTES:]).decode()


def refusal(fault: ServiceFault, request_id: str) -> Response:
    """The answer to a request that is refused."""
    refused = fault.response()
    return dataclasses.replace(refused, headers=[*refused.headers, ("x-amzn-RequestId", request_id)])


def _no_constant(name: str) -> None:
    raise ValueError(f"Unrecognized token '{name}'")  # NaN and Infinity are Python's, not JSON's


_JSON = json.JSONDecoder(parse_constant=_no_constant)
