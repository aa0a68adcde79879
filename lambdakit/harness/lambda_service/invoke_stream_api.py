"""The `InvokeWithResponseStream` operation over HTTP: the function's answer as an event stream, while it is made.

What is refused before the function runs is a plain error of the Lambda API; from the first part of an answer on, errors
are told by the stream's last event.
Source: AWS Lambda API Reference, "InvokeWithResponseStream", "InvokeResponseStreamUpdate" and
"InvokeWithResponseStreamCompleteEvent".
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, unquote

from lambdakit.harness import event_stream
from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import check_region
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload, client_context, log_tail, refusal, wants_tail
from lambdakit.harness.lambda_service.store import Target
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.limits import MIB

_PATH = re.compile(r"/2021-11-15/functions/([^/]+)/response-streaming-invocations")
_DETAILS_BYTES_MAX = 3 * MIB  # as JSON up to six times as long, which still fits into one message


class InvokeStreamApi:
    """Answers `POST /2021-11-15/functions/{name}/response-streaming-invocations`."""

    def __init__(self, stores: FunctionStores, invocations: Invocations) -> None:
        self._stores = stores
        self._invocations = invocations

    @staticmethod
    def matches(request: Request) -> bool:
        """Whether this operation is meant."""
        return request.method == "POST" and _PATH.fullmatch(request.path) is not None

    def serve(self, request: Request, *, region: str = "", account_id: str = "") -> Response:
        """An answer that runs the function when it is sent. ServiceFault when the function is not run.

        region, account_id: see `InvokeApi.serve`.
        """
        match = _PATH.fullmatch(request.path)
        assert match is not None
        qualifier = parse_qs(request.query).get("Qualifier", [""])[0]
        check_region(unquote(match[1]), region)
        target = self._stores.resolve(unquote(match[1]), qualifier, region=region, account_id=account_id)
        invocation_type = request.headers.get("x-amz-invocation-type") or "RequestResponse"
        if invocation_type not in ("RequestResponse", "DryRun"):
            raise ServiceFault("InvalidParameterValueException", f"Invalid invocation type: {invocation_type}")
        check_payload(request.body)
        event = Event(
            payload=request.body,
            qualifier=target.qualifier,
            client_context=client_context(request),
            trace_id=request.headers.get("x-amzn-trace-id"),
            tenant_id=request.headers.get("x-amz-tenant-id"),
        )
        if invocation_type == "DryRun":
            return Response(status=204, headers=[("x-amzn-RequestId", event.request_id)])
        tail = wants_tail(request)
        return Response(status=200, stream=lambda answer: self._run(target, event, answer, tail=tail))

    def _run(self, target: Target, event: Event, answer: OpenAnswer, *, tail: bool) -> None:
        chunks = _PayloadChunks(answer, request_id=event.request_id, version=target.configuration.version)
        try:
            result = self._invocations.invoke(target.configuration, event, outlet=chunks)
        except ServiceFault as refused:
            answer.respond(refusal(refused, event.request_id))
        else:
            chunks.complete(result, tail=tail)


class _PayloadChunks:
    """The outlet of an invocation: each part of the result becomes an event of the stream."""

    def __init__(self, answer: OpenAnswer, *, request_id: str, version: str) -> None:
        self._answer = answer
        self._headers = [
            ("Content-Type", event_stream.CONTENT_TYPE),
            ("x-amzn-RequestId", request_id),
            ("X-Amz-Executed-Version", version),
        ]

    @property
    def waiting(self) -> int:
        """See `response_stream.Outlet`."""
        return self._answer.waiting

    @property
    def client_left(self) -> bool:
        """See `response_stream.Outlet`."""
        return self._answer.client_left

    def fileno(self) -> int:
        """See `response_stream.Outlet`."""
        return self._answer.fileno()

    def send_waiting(self) -> None:
        """See `response_stream.Outlet`."""
        self._answer.send_waiting()

    def begin(self, content_type: str) -> None:
        """The caller's headers go out; what the function says of its content is not among them."""
        del content_type
        self._answer.begin(200, self._headers)

    def write(self, data: bytes) -> None:
        """The caller gets a PayloadChunk."""
        self._answer.write(event_stream.encode_event("PayloadChunk", data, content_type="application/octet-stream"))

    def complete(self, result: InvocationResult, *, tail: bool) -> None:
        """The caller gets what a function that does not stream returned, and the InvokeComplete that ends the stream.

        Its members are left out when there is nothing to say, and an error that came instead of a response is told in
        the words of Invoke: `Unhandled`, and the error object.
        """
        outcome, members = result.outcome, {}
        if outcome.stream is None:
            self.begin("")
            if outcome.fault is None and outcome.payload:
                self.write(outcome.payload)
        if outcome.stream is not None and outcome.stream.error_code:
            members["ErrorCode"] = outcome.stream.error_code
            if outcome.stream.error_details:
                members["ErrorDetails"] = outcome.stream.error_details
        elif outcome.fault is not None:
            members["ErrorCode"] = "Unhandled"
            members["ErrorDetails"] = outcome.payload[:_DETAILS_BYTES_MAX].decode("utf-8", "replace")
        if tail:
            members["LogResult"] = log_tail(result.log)
        body = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
        self._answer.write(event_stream.encode_event("InvokeComplete", body, content_type="application/json"))
