"""What a runtime and its environment say to each other through the Runtime API, and the state that follows from it.

Calls come in, one at a time, from whoever polls the sockets; the lifecycle's table says which of them may come when.
Knows nothing of processes or time.
Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable

from lambdakit.harness.runtime import faults
from lambdakit.harness.runtime.extensions import ExtensionFailure, Extensions
from lambdakit.harness.runtime.faults import Fault
from lambdakit.harness.runtime.lifecycle import TRANSITIONS, Event, InvalidTransition, State, next_state
from lambdakit.harness.runtime.outcomes import InvocationOutcome
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.runtime.response_stream import Outlet, ResponseStream
from lambdakit.harness.runtime.runtime_api import RESPONSE_MODE, Call, error_of_trailers, refusal
from lambdakit.harness.wire import Response, ascii_json, header_value
from lambdakit.limits import SYNC_RESPONSE_BYTES_MAX
from lambdakit.records import dataclass

_INVOCATION_CALL = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")
_ERROR_TYPE = "lambda-runtime-function-error-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationRequest:
    """An event for the function.

    invoked_arn: as the caller named the function, qualifier included.
    trace_id: the X-Ray header's value.
    client_context: JSON; absent when the caller sent none. tenant_id: empty where tenants share environments.
    """

    request_id: str
    invoked_arn: str
    payload: bytes
    trace_id: str
    client_context: str | None = None
    tenant_id: str = ""


class RuntimeConversation:
    """The Runtime API's side of one environment.

    result: what the runtime posted; fault: what ended the init phase or the invocation instead. None until then.
    undelivered: the runtime was gone before it read the event.
    on_next: called when the runtime asks for its next event.
    """

    def __init__(self, on_next: Callable[[], None]) -> None:
        self._on_next = on_next
        self.state = State.CREATED
        self.extensions: Extensions | None = None  # known once the processes are there
        self.request_id = ""
        self.result: bytes | None = None
        self.fault: Fault | None = None
        self.stream: ResponseStream | None = None
        self.undelivered = False
        self._outlet: Outlet | None = None
        self._delivered = 0.0
        self._delivered_on: socket.socket | None = None
        self._invocation_id = ""  # of the one attempt; the request id may come again
        self._waiting: Call | None = None  # the runtime's `next`

    def restart(self) -> None:
        """Forgets the processes that are gone, and all they said."""
        self._waiting = None
        self.extensions = None

    def begin(self, request_id: str, outlet: Outlet | None = None) -> None:
        """Forgets the last invocation. request_id: empty for an init phase that nobody waits for.

        outlet: where a streamed result goes; absence: it is collected.
        """
        self.request_id, self.result, self.fault = request_id, None, None
        self.stream, self._outlet = None, outlet
        self.undelivered = False

    def move(self, event: Event) -> None:
        """Takes the lifecycle's step for `event`. InvalidTransition when there is none."""
        self.state = next_state(self.state, event)

    def settle(self) -> None:
        """Ends the init phase, or the invocation, once the runtime and every extension wait for what comes next."""
        everybody = self._waiting is not None and (self.extensions is None or self.extensions.all_ready)
        if everybody and self.state in (State.INITIALIZING, State.ANSWERED):
            self.move(Event.NEXT)
            if self.extensions is not None:
                self.extensions.init_is_over = True

    def fail(self, failure: ExtensionFailure) -> None:
        """An extension ended the environment."""
        self.fault = self.fault or faults.extension_failed(self.request_id, failure.error_type, failure.reason)
        if (self.state, Event.EXIT) in TRANSITIONS:
            self.move(Event.EXIT)

    def deliver(self, request: InvocationRequest, *, limit_seconds: float) -> None:
        """Answers the runtime's `next` with the event. limit_seconds: until the function times out."""
        assert self._waiting is not None
        self.move(Event.INVOKE)
        self._delivered = time.perf_counter()
        self._invocation_id = random_uuid()
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
        if request.tenant_id:
            headers.append(("Lambda-Runtime-Aws-Tenant-Id", request.tenant_id))
        if self.extensions is not None and self.extensions.any:
            self.extensions.tell_invoke(
                deadline_ms=int((time.time() + limit_seconds) * 1000),
                request_id=request.request_id,
                arn=request.invoked_arn,
                trace_id=request.trace_id,
            )
        waiting, self._waiting = self._waiting, None
        self._delivered_on = waiting.connection
        response = Response(status=200, headers=headers, body=request.payload)
        # A runtime that does not read what it asked for must not outlast the time-out.
        self.undelivered = not waiting.answer(response, limit_seconds=limit_seconds)

    def outcome(self, duration_ms: float, *, max_memory_mib: int) -> InvocationOutcome:
        """What came of the invocation. Both numbers are its environment's."""
        if self.fault is None and self.result is not None and len(self.result) > SYNC_RESPONSE_BYTES_MAX:
            self.fault = faults.response_too_large()
        fault = self.fault
        return InvocationOutcome(
            payload=fault.payload if fault is not None else self.result or b"",
            fault=fault,
            duration_ms=duration_ms,
            max_memory_mib=max_memory_mib,
            stream=None if self.stream is None else self.stream.outcome(fault),
        )

    def on_call(self, call: Call) -> None:
        """Answers a call of the runtime's, or keeps it until there is an event."""
        try:
            if self.extensions is not None and self.extensions.serves(call.request.path):
                self.extensions.on_call(call)
            else:
                self._route(call)
        except InvalidTransition as refused:
            call.answer(_out_of_order(refused))

    def begin_stream(self, call: Call) -> ResponseStream | None:
        """The stream for a result that begins to come in; None when it is refused."""
        try:
            next_state(self.state, Event.STREAM)  # out of order is refused before the id is looked at
        except InvalidTransition as refused:
            call.answer(_out_of_order(refused))
            return None
        match = _INVOCATION_CALL.fullmatch(call.request.path)
        if match is None:
            call.answer(_unknown(call))
            return None
        if not self._concerns_this(call, match[1]):
            return None
        self.move(Event.STREAM)
        content_type = call.request.headers.get("content-type")
        self.stream = ResponseStream(self._outlet, content_type=content_type, started=self._delivered)
        return self.stream

    def end_stream(self, call: Call) -> None:
        """A streamed result is complete; its trailers may tell of an error.

        DG "Building a custom runtime for AWS Lambda": Lambda forwards such an error to the client of the stream.
        """
        if self.stream is None or self.state is not State.STREAMING:
            return
        self.stream.end()
        reported = error_of_trailers(call.request)
        if self.fault is None and self.stream.too_large:
            self.fault = faults.response_too_large(streamed=self._outlet is not None)
        elif self.fault is None and reported is not None:
            error_type, body = reported
            self.stream.reported = error_type, body.decode("utf-8", "replace")
            self.fault = faults.reported(body, error_type)
        self.result = self.stream.payload
        self.move(Event.STREAM_END)
        if self.stream.too_large:
            call.answer(_too_large(self.stream.limit))
        else:
            call.accept()

    def on_unread(self, connection: socket.socket) -> None:
        """The other side of a connection is gone, and did not read the answer that was sent last."""
        if connection is self._delivered_on and self.state is State.INVOKING:
            self.undelivered = True

    def break_stream(self) -> None:
        """The connection of a streamed result ended before the result did."""
        if self.stream is not None and self.state is State.STREAMING:
            self.stream.end()
            self.stream.broke_off = True
            self.fault = self.fault or faults.truncated(self.request_id)
            self.move(Event.STREAM_END)

    def _route(self, call: Call) -> None:
        request = call.request
        match request.method, request.path:
            case "GET", "/2018-06-01/runtime/invocation/next":
                if self.state is not State.READY:
                    next_state(self.state, Event.NEXT)  # out of order is refused, whoever else is still busy
                self._waiting = call
                if self.extensions is not None:
                    self.extensions.closed_for_registration = True
                self._on_next()
                self.settle()
            case "POST", "/2018-06-01/runtime/init/error":
                self.move(Event.INIT_ERROR)
                self.fault = faults.reported(request.body, request.headers.get(_ERROR_TYPE))
                call.accept()
            case _, "/2018-06-01/runtime/restore/next" | "/2018-06-01/runtime/restore/error":
                # DG "Using the Lambda runtime API": 404 where SnapStart is off.
                call.answer(refusal(404, "SnapStartNotEnabled", "SnapStart is not enabled for this function"))
            case "POST", path if (match := _INVOCATION_CALL.fullmatch(path)) is not None:
                self._report(call, match[1], match[2])
            case _:
                call.answer(_unknown(call))

    def _report(self, call: Call, request_id: str, kind: str) -> None:
        next_state(self.state, Event.RESPONSE)  # out of order is refused before the id is looked at
        if not self._concerns_this(call, request_id):
            return
        body = call.request.body
        if kind == "error" and len(body) > SYNC_RESPONSE_BYTES_MAX:
            # RIE, rapidcore/server.go: what is sent for an error is held to the same size.
            self.fault = faults.response_too_large()
            self.move(Event.ERROR)
            call.answer(_too_large(SYNC_RESPONSE_BYTES_MAX))
            return
        if kind == "error":
            self.fault = faults.reported(body, call.request.headers.get(_ERROR_TYPE))
            self.move(Event.ERROR)
            call.accept()
            return
        mode = call.request.headers.get(RESPONSE_MODE)
        if mode:  # `streaming`, the only one there is, does not come this way
            self.fault = faults.invalid_response_mode(self.request_id)
            self.move(Event.ERROR)
            call.answer(refusal(400, "InvalidFunctionResponseMode", f"Invalid function response mode: {mode}"))
            return
        self.result = body
        self.move(Event.RESPONSE)
        if len(body) > SYNC_RESPONSE_BYTES_MAX:
            call.answer(_too_large(SYNC_RESPONSE_BYTES_MAX))
        else:
            call.accept()

    def _concerns_this(self, call: Call, request_id: str) -> bool:
        """Whether a call speaks of the invocation that runs; one that does not is refused."""
        if request_id != self.request_id:
            call.answer(refusal(400, "InvalidRequestID", "Invalid request ID"))
            return False
        # DG "Using the Lambda runtime API": the runtime may echo it, and need not.
        if call.request.headers.get("lambda-runtime-invocation-id") not in ("", self._invocation_id):
            call.answer(refusal(400, "InvalidInvocationId", "Invalid invocation ID"))
            return False
        return True


def _out_of_order(refused: InvalidTransition) -> Response:
    return refusal(403, "InvalidStateTransition", f"State transition is not allowed: {refused}")


def _unknown(call: Call) -> Response:
    return refusal(404, "NotFound", f"no such call: {call.request.method} {call.request.path}")


def _too_large(most: int) -> Response:
    return refusal(413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({most} bytes).")
