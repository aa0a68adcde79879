"""What a runtime and its environment say to each other through the Runtime API, and the state that follows from it.

Calls come in, one at a time, from whoever polls the sockets; the lifecycle's table says which of them may come when.
Knows nothing of processes or time.
Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".
"""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass

from lambdakit.harness.runtime import faults
from lambdakit.harness.runtime.extensions import PREFIX as EXTENSION_CALLS
from lambdakit.harness.runtime.extensions import Extensions
from lambdakit.harness.runtime.faults import Fault
from lambdakit.harness.runtime.lifecycle import TRANSITIONS, Event, InvalidTransition, State, next_state
from lambdakit.harness.runtime.runtime_api import Call, accepted, refusal
from lambdakit.harness.wire import Response, ascii_json, header_value
from lambdakit.limits import SYNC_RESPONSE_BYTES_MAX

_INVOCATION_CALL = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
_ERROR_TYPE = "lambda-runtime-function-error-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRequest:
    """An event for the function.

    invoked_arn: as the caller named the function, qualifier included.
    trace_id: the X-Ray header's value.
    client_context: JSON; absent when the caller sent none.
    """

    request_id: str
    invoked_arn: str
    payload: bytes
    trace_id: str
    client_context: str | None = None


class RuntimeConversation:
    """The Runtime API's side of one environment.

    result: what the runtime posted; fault: what ended the init phase or the invocation instead. None until then.
    """

    def __init__(self) -> None:
        self.state = State.CREATED
        self.extensions: Extensions | None = None  # known once the processes are there
        self.request_id = ""
        self.result: bytes | None = None
        self.fault: Fault | None = None
        self._invocation_id = ""  # of the one attempt; the request id may come again
        self._waiting: Call | None = None  # the runtime's `next`

    def restart(self) -> None:
        """Forgets the processes that are gone, and all they said."""
        self._waiting = None
        self.extensions = None

    def begin(self, request_id: str) -> None:
        """Forgets the last invocation. request_id: empty for an init phase that nobody waits for."""
        self.request_id, self.result, self.fault = request_id, None, None

    def move(self, event: Event) -> None:
        """Takes the lifecycle's step for `event`. InvalidTransition when there is none."""
        self.state = next_state(self.state, event)

    def settle(self) -> None:
        """Ends the init phase, or the invocation, once the runtime and every extension wait for what comes next."""
        everybody = self._waiting is not None and (self.extensions is None or self.extensions.all_ready)
        if everybody and self.state in (State.INITIALIZING, State.ANSWERED):
            self.move(Event.NEXT)

    def fail(self, error_type: str, event: Event) -> None:
        """An extension ended the environment."""
        self.fault = self.fault or faults.extension_failed(self.request_id, error_type)
        if (self.state, event) in TRANSITIONS:
            self.move(event)

    def deliver(self, request: InvocationRequest, *, limit_seconds: float) -> None:
        """Answers the runtime's `next` with the event. limit_seconds: until the function times out."""
        assert self._waiting is not None
        self.move(Event.INVOKE)
        self._invocation_id = str(uuid.uuid4())
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", request.request_id),
            ("Lambda-Runtime-Invocation-Id", self._invocation_id),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + limit_seconds) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", request.invoked_arn),
            ("Lambda-Runtime-Trace-Id", request.trace_id),
        ]
        if request.client_context is not None:
            headers.append(("Lambda-Runtime-Client-Context", header_value(ascii_json(request.client_context))))
        if self.extensions is not None:
            self.extensions.closed_for_registration = True
            self.extensions.tell_invoke(
                deadline_ms=int((time.time() + limit_seconds) * 1000),
                request_id=request.request_id,
                arn=request.invoked_arn,
                trace_id=request.trace_id,
            )
        waiting, self._waiting = self._waiting, None
        response = Response(status=200, headers=headers, body=request.payload)
        # A runtime that does not read what it asked for must not outlast the time-out.
        waiting.answer(response, limit_seconds=limit_seconds)

    def on_call(self, call: Call) -> None:
        """Answers a call of the runtime's, or keeps it until there is an event."""
        try:
            if self.extensions is not None and call.request.path.startswith(EXTENSION_CALLS):
                self.extensions.on_call(call)
            else:
                self._route(call)
        except InvalidTransition as refused:
            call.answer(refusal(403, "InvalidStateTransition", f"State transition is not allowed: {refused}"))

    def _route(self, call: Call) -> None:
        request = call.request
        match request.method, request.path:
            case "GET", "/2018-06-01/runtime/invocation/next":
                if self.state is not State.READY:
                    next_state(self.state, Event.NEXT)  # out of order is refused, whoever else is still busy
                self._waiting = call
                self.settle()
            case "POST", "/2018-06-01/runtime/init/error":
                self.move(Event.INIT_ERROR)
                self.fault = faults.reported(request.body, request.headers.get(_ERROR_TYPE))
                call.answer(accepted())
            case _, "/2018-06-01/runtime/restore/next" | "/2018-06-01/runtime/restore/error":
                # DG "Using the Lambda runtime API": 404 where SnapStart is off.
                call.answer(refusal(404, "SnapStartNotEnabled", "SnapStart is not enabled for this function"))
            case "POST", path if (match := _INVOCATION_CALL.fullmatch(path)) is not None:
                self._report(call, match[1], match[2])
            case _:
                call.answer(refusal(404, "NotFound", f"no such call: {request.method} {request.path}"))

    def _report(self, call: Call, request_id: str, kind: str) -> None:
        next_state(self.state, Event.RESPONSE)  # out of order is refused before the id is looked at
        if request_id != self.request_id:
            call.answer(refusal(400, "InvalidRequestID", "Invalid request ID"))
            return
        # DG "Using the Lambda runtime API": the runtime may echo it, and need not.
        if call.request.headers.get("lambda-runtime-invocation-id") not in ("", self._invocation_id):
            call.answer(refusal(400, "InvalidInvocationId", "Invalid invocation ID"))
            return
        body = call.request.body
        if kind == "error":
            self.fault = faults.reported(body, call.request.headers.get(_ERROR_TYPE))
            self.move(Event.ERROR)
            call.answer(accepted())
            return
        self.result = body
        self.move(Event.RESPONSE)
        if len(body) > SYNC_RESPONSE_BYTES_MAX:
            message = f"Exceeded maximum allowed payload size ({SYNC_RESPONSE_BYTES_MAX} bytes)."
            call.answer(refusal(413, "RequestEntityTooLarge", message))
            return
        call.answer(accepted())
