"""The record of an asynchronous invocation, as its destination gets it.

Source: AWS Lambda Developer Guide, "Retaining records of asynchronous invocations".
"""

from __future__ import annotations

import json
from datetime import datetime

from lambdakit.clock import iso_milliseconds
from lambdakit.harness.invocation.asynchronous_event import QueuedEvent, Verdict


def destination_record(queued: QueuedEvent, verdict: Verdict, *, at: datetime) -> str:
    """The record as JSON. Both payloads stand in it as they were sent, number for number."""
    members = {
        "version": json.dumps("1.0"),
        "timestamp": json.dumps(iso_milliseconds(at)),
        "requestContext": json.dumps(
            {
                "requestId": queued.event.request_id,
                "functionArn": qualified_arn(queued),
                "condition": verdict.condition,
                "approximateInvokeCount": queued.runs,
            },
        ),
        "requestPayload": _json(queued.event.payload or b"{}"),
    }
    answer = queued.answer
    if answer is not None:
        context: dict[str, object] = {"statusCode": 200, "executedVersion": answer.executed_version}
        if answer.error_type is not None:
            context["functionError"] = "Unhandled"
        members["responseContext"] = json.dumps(context)
        members["responsePayload"] = _json(answer.payload or b"null")
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def qualified_arn(queued: QueuedEvent) -> str:
    """The ARN that was invoked; `:$LATEST` for a call without a qualifier."""
    return f"{queued.arn}:{queued.event.qualifier or '$LATEST'}"


def _json(payload: bytes) -> str:
    """The payload, or its text as a JSON string when it is no JSON, as a custom runtime may answer."""
    text = payload.decode("utf-8", "replace")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return json.dumps(text)
    return text
