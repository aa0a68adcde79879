"""Ids that front doors give to requests, their own and that of the trace; and what our own trace tells of an answer.

Source: AWS X-Ray Developer Guide, "Tracing header"; API Gateway Developer Guide, "$context variables".
"""

from __future__ import annotations

import dataclasses
import random
import string
from datetime import datetime
from typing import Final

from lambdakit.harness.runtime.random_ids import random_hex
from lambdakit.harness.wire import Headers, Request
from lambdakit.trace import RequestAnswered, RequestReceived

_TRACE_ID: Final = "x-amzn-trace-id"
_LETTERS: Final = string.ascii_letters + string.digits + "-_"


def with_trace_id(request: Request, at: datetime) -> Request:
    """The request with the header by which X-Ray knows it; a client's own stays."""
    if _TRACE_ID in request.headers:
        return request
    root = f"Root=1-{int(at.timestamp()):08x}-{random_hex(24)}"
    return dataclasses.replace(request, headers=Headers([*request.headers.items, (_TRACE_ID, root)]))


def request_id_of_api() -> str:
    """An id in the form of API Gateway's: 15 characters of base64 and a sign."""
    return "".join(random.choices(_LETTERS, k=15)) + "="


def answer_to(received: RequestReceived, *, status: int, duration_ms: float, problem: str) -> RequestAnswered:
    """The event of a request's answer. problem: why the door answered for itself; empty where what is behind it did."""
    return RequestAnswered(
        request_id=received.request_id,
        door=received.door,
        resource=received.resource,
        method=received.method,
        path=received.path,
        status=status,
        duration_ms=duration_ms,
        problem=problem,
    )
