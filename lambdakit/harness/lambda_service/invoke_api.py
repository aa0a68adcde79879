"""The `Invoke` operation over HTTP: a request in, checked; the function's answer out, with AWS's headers.

So is the older `InvokeAsync`, which only queues.
Source: AWS Lambda API Reference, "Invoke", "InvokeAsync".
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

from lambdakit.harness.invocation.invoke import Event, InvocationResult
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_name import check_region
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.invocation_rules import check_invocation
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload, client_context, log_tail, refusal, wants_tail
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.limits import ASYNC_REQUEST_BYTES_MAX, SYNC_REQUEST_BYTES_MAX

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_ASYNC_PATH = re.compile(r"/2014-11-13/functions/([^/]+)/invoke-async/?")
_TYPES = frozenset({"RequestResponse", "Event", "DryRun"})


class InvokeApi:
    """Answers `POST /2015-03-31/functions/{name}/invocations`, and the older `/2014-11-13/…/invoke-async`."""

    def __init__(self, stores: FunctionStores, invocations: Invocations) -> None:
        self._stores = stores
        self._invocations = invocations

    @staticmethod
    def matches(request: Request) -> bool:
        """Whether one of these operations is meant."""
        return request.method == "POST" and _function_of(request) is not None

    def serve(
        self, request: Request, *, region: str = "", account_id: str = "", answers_first: bool = False
    ) -> Response:
        """The function's answer; at once and without one for `Event`. ServiceFault when the function is not run.

        region, account_id: the caller's, where a bare name is looked for; empty: the harness's own.
        answers_first: what is written down of the invocation may follow its answer, which then runs the function when
        it is sent; not for a caller who wants the log.
        """
        match = _function_of(request)
        assert match is not None
        name = unquote(match[1])
        qualifier = parse_qs(request.query).get("Qualifier", [""])[0] if request.query else ""
        check_region(name, region)
        target = self._stores.resolve(name, qualifier, region=region, account_id=account_id)
        invocation_type = request.headers.get("x-amz-invocation-type") or "RequestResponse"
        if match.re is _ASYNC_PATH:
            invocation_type = "Event"
        if invocation_type not in _TYPES:
            raise ServiceFault("InvalidParameterValueException", f"Invalid invocation type: {invocation_type}")
        later = invocation_type == "Event"
        check_payload(request.body, bytes_max=ASYNC_REQUEST_BYTES_MAX if later else SYNC_REQUEST_BYTES_MAX)
        event = Event(
            payload=request.body,
            qualifier=target.qualifier,
            # API Invoke: Lambda passes it to the function for synchronous invocations only.
            client_context=None if later else client_context(request),
            trace_id=request.headers.get("x-amzn-trace-id"),
            durable_execution_name=request.headers.get("x-amz-durable-execution-name"),
            tenant_id=request.headers.get("x-amz-tenant-id"),
        )
        if invocation_type == "DryRun":
            check_invocation(target.configuration, event)
            return Response(status=204, headers=[("x-amzn-RequestId", event.request_id)])
        if later:
            durable = self._invocations.invoke_later(target, event)
            headers = [("X-Amz-Durable-Execution-Arn", durable)] if durable else []
            return Response(status=202, headers=[("x-amzn-RequestId", event.request_id), *headers])
        tail = wants_tail(request)
        if answers_first and not tail:
            return Response(status=200, stream=lambda answer: self._run(target.configuration, event, answer))
        return _answer(self._invocations.invoke(target.configuration, event), tail=tail)

    def _run(self, configuration: FunctionConfiguration, event: Event, answer: OpenAnswer) -> None:
        def respond(result: InvocationResult) -> None:
            answer.respond(_answer(result, tail=False))

        try:
            result = self._invocations.invoke(configuration, event, on_answer=respond)
        except ServiceFault as fault:
            answer.respond(refusal(fault, event.request_id))
        else:
            if not answer.status:
                respond(result)


def _function_of(request: Request) -> re.Match[str] | None:
    return _PATH.fullmatch(request.path) or _ASYNC_PATH.fullmatch(request.path)


def _answer(result: InvocationResult, *, tail: bool) -> Response:
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", result.request_id),
        ("X-Amz-Executed-Version", result.executed_version),
    ]
    if result.outcome.fault is not None:
        # API Invoke says only that the header is present; "Unhandled" is what today's runtimes give.
        headers.append(("X-Amz-Function-Error", "Unhandled"))
    if result.durable_execution_arn:
        headers.append(("X-Amz-Durable-Execution-Arn", result.durable_execution_arn))
    if tail:
        headers.append(("X-Amz-Log-Result", log_tail(result.log)))
    return Response(status=200, headers=headers, body=result.outcome.payload)
