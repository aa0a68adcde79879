"""The `Invoke` operation over HTTP: a request in, checked; the function's answer out, with AWS's headers.

Source: AWS Lambda API Reference, "Invoke".
"""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qs, unquote

from lambdakit.harness.invocation.invoke import Event, InvocationResult, Invoker
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.runtime.runtimes.family import RuntimeUnavailable
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import CLIENT_CONTEXT_BYTES_MAX, SYNC_REQUEST_BYTES_MAX, TAIL_LOG_BYTES

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class InvokeApi:
    """Answers `POST /2015-03-31/functions/{name}/invocations`."""

    def __init__(self, store: FunctionStore, invoker: Invoker) -> None:
        self._store = store
        self._invoker = invoker

    @staticmethod
    def matches(request: Request) -> bool:
        """Whether this operation is meant."""
        return request.method == "POST" and _PATH.fullmatch(request.path) is not None

    def serve(self, request: Request) -> Response:
        """The function's answer. ServiceFault when the function is not run."""
        match = _PATH.fullmatch(request.path)
        assert match is not None
        qualifier = parse_qs(request.query).get("Qualifier", [""])[0]
        target = self._store.resolve(unquote(match[1]), qualifier)
        invocation_type = request.headers.get("x-amz-invocation-type") or "RequestResponse"
        _check_body(request.body)
        if invocation_type == "DryRun":
            return Response(status=204)
        if invocation_type == "Event":
            raise ServiceFault("NotImplementedException", "asynchronous invocation is not built yet in this harness")
        if invocation_type != "RequestResponse":
            raise ServiceFault("InvalidParameterValueException", f"Invalid invocation type: {invocation_type}")
        event = Event(
            payload=request.body,
            qualifier=target.qualifier,
            client_context=_client_context(request),
            trace_id=request.headers.get("x-amzn-trace-id"),
        )
        try:
            result = self._invoker.invoke(target.configuration, event)
        except RuntimeUnavailable as unavailable:
            raise ServiceFault("InvalidRuntimeException", str(unavailable)) from None
        return _answer(result, tail=request.headers.get("x-amz-log-type") == "Tail")


def _check_body(body: bytes) -> None:
    if len(body) > SYNC_REQUEST_BYTES_MAX:
        raise ServiceFault(
            "RequestTooLargeException",
            f"Request must be smaller than {SYNC_REQUEST_BYTES_MAX} bytes for the InvokeFunction operation",
        )
    if not body:
        return
    try:
        json.loads(body.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ServiceFault(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"Unrecognized token '{name}'")  # NaN and Infinity are Python's, not JSON's


def _client_context(request: Request) -> str | None:
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


def _answer(result: InvocationResult, *, tail: bool) -> Response:
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", result.request_id),
        ("X-Amz-Executed-Version", result.executed_version),
    ]
    if result.outcome.fault is not None:
        # API Invoke says only that the header is present; "Unhandled" is what today's runtimes give.
        headers.append(("X-Amz-Function-Error", "Unhandled"))
    if tail:
        log = "\n".join([*result.log, ""]).encode()[-TAIL_LOG_BYTES:]
        headers.append(("X-Amz-Log-Result", base64.b64encode(log).decode()))
    return Response(status=200, headers=headers, body=result.outcome.payload)
