"""A function URL's front door: a request in, the function called, its answer out, whole or as it is made.

    request -> CORS preflight -> who asks, and both permissions -> payload 2.0 event -> function -> response -> CORS

Source: AWS Lambda Developer Guide, "Invoking Lambda function URLs", "Control access to Lambda function URLs" (two
permissions since October 2025), "Creating and managing Lambda function URLs" (CORS), "Monitoring Lambda function URLs".
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Final

from lambdakit.clock import Clock
from lambdakit.harness.iam.principal import ANONYMOUS, Principal
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.lambda_service.function_stores import FunctionStores
from lambdakit.harness.lambda_service.function_urls import FunctionUrl
from lambdakit.harness.lambda_service.invocations import Invocations
from lambdakit.harness.lambda_service.invoke_request import check_payload
from lambdakit.harness.lambda_service.store import Target
from lambdakit.harness.moto_state.http_apis import CorsConfiguration, read_cors
from lambdakit.harness.routing import cors, payload_v2
from lambdakit.harness.routing.authorizers.iam import Callers, iam_facts, request_keys, signer_of
from lambdakit.harness.routing.exchange import DEFAULT, NOBODY_ASKED, Authorized, Exchange, OwnAnswer, told
from lambdakit.harness.routing.traced_request import with_trace_id
from lambdakit.harness.routing.url_stream import UrlStream
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.records import dataclass
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_DOOR: Final = "function_url"
_ACTIONS: Final = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
_FORBIDDEN: Final = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_FAILED: Final = Response(status=502, headers=[("content-type", "application/json")], body=b"Internal Server Error")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """A request on its way. name: the function's, for the trace."""

    request: Request
    request_id: str
    name: str
    started: float
    cors: CorsConfiguration | None


class FunctionUrlDoor:
    """Serves one function URL. url: as it is now; None once it is deleted."""

    def __init__(
        self,
        *,
        url: Callable[[], FunctionUrl | None],
        stores: FunctionStores,
        invocations: Invocations,
        callers: Callers,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._url = url
        self._stores = stores
        self._invocations = invocations
        self._callers = callers
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request, environment: str = "") -> Response:
        """The function's answer, or the door's own. environment: which execution environment asks; empty for others."""
        url = self._url()
        if url is None:
            return told(404, "Not Found", member="Message")
        visit = _Visit(
            request=with_trace_id(request, self._clock.now()),
            request_id=random_uuid(),
            name=url.target_arn.partition(":function:")[2],
            started=self._clock.monotonic(),
            cors=read_cors(url.cors),
        )
        self._trace.append(
            RequestReceived(
                request_id=visit.request_id,
                door=_DOOR,
                resource=visit.name,
                method=request.method,
                path=request.target,
            )
        )
        try:
            response = self._answer(url, visit, environment)
        except OwnAnswer as own:
            return self._answered(visit, self._finished(visit, own.response), own.problem)
        # What is streamed is told of once it is over.
        return response if response.stream is not None else self._answered(visit, response, "")

    def _answer(self, url: FunctionUrl, visit: _Visit, environment: str) -> Response:
        request = visit.request
        if visit.cors is not None and cors.is_preflight(request):
            return dataclasses.replace(self._identified(visit, cors.preflight(visit.cors, request)), status=200)
        authorized = self._authorized(url, request, environment)
        event = payload_v2.event(_exchange(url, visit, authorized, self._clock))
        payload = json.dumps(event, separators=(",", ":")).encode()
        try:
            target = self._stores.resolve(url.target_arn)
            check_payload(payload)
        except ServiceFault as fault:
            raise _refused(fault) from None
        lambda_event = Event(
            payload=payload,
            qualifier=target.qualifier,
            trace_id=request.headers.get("x-amzn-trace-id"),
            request_id=visit.request_id,
        )
        if url.invoke_mode == "RESPONSE_STREAM":
            return Response(status=200, stream=lambda answer: self._stream(visit, target, lambda_event, answer))
        try:
            outcome = self._invocations.invoke(target.configuration, lambda_event).outcome
        except ServiceFault as fault:
            raise _refused(fault) from None
        if outcome.fault is not None:
            raise _failure("the function failed")
        try:
            return self._finished(visit, payload_v2.response(outcome.payload))
        except payload_v2.MalformedResult as malformed:
            raise _failure(f"the function's result: {malformed}") from None

    def _stream(self, visit: _Visit, target: Target, event: Event, answer: OpenAnswer) -> None:
        stream = UrlStream(
            answer,
            finish=lambda response: self._finished(visit, response),
            failed=self._finished(visit, _FAILED),
        )
        try:
            outcome = self._invocations.invoke(target.configuration, event, outlet=stream).outcome
        except ServiceFault as fault:
            refused = _refused(fault)
            answer.respond(self._finished(visit, refused.response))
            stream.problem = refused.problem
        else:
            if outcome.stream is not None:
                code, details = outcome.stream.error_code, outcome.stream.error_details
                stream.end(f"the function failed: {code} {details}".rstrip() if code else "")
            elif outcome.fault is not None:
                stream.fail("the function failed")
            else:
                stream.whole(outcome.payload)
        self._answered(visit, Response(status=stream.status), stream.problem)

    def _authorized(self, url: FunctionUrl, request: Request, environment: str) -> Authorized:
        """Who asks, who then may invoke the URL and the function. OwnAnswer."""
        principal, authorized = self._caller(url, request, environment)
        keys = {
            **request_keys(request),
            "lambda:functionarn": (url.target_arn,),
            "lambda:functionurlauthtype": (url.auth_type,),
            "lambda:invokedviafunctionurl": ("true",),
        }
        for action in _ACTIONS:
            refused = self._callers.action_refusal(principal, action, url.target_arn, keys)
            if refused is not None:
                raise _forbidden(refused)
        return authorized

    def _caller(self, url: FunctionUrl, request: Request, environment: str) -> tuple[Principal, Authorized]:
        if url.auth_type != "AWS_IAM":
            return ANONYMOUS, NOBODY_ASKED
        signer = signer_of(request, "lambda", self._callers, environment)
        if signer is None:
            raise _forbidden("the request is not signed for lambda")
        if isinstance(signer, Response):
            own = _forbidden(f"the signature: {signer.body.decode('utf-8', 'replace')}")
            own.response = signer
            raise own
        return signer, Authorized(kind="iam", facts=iam_facts(request, signer))

    def _finished(self, visit: _Visit, response: Response) -> Response:
        """With the header fields that the door adds, and the cross-origin ones in place of the function's."""
        response = self._identified(visit, response)
        return response if visit.cors is None else cors.apply(visit.cors, visit.request, response)

    @staticmethod
    def _identified(visit: _Visit, response: Response) -> Response:
        own = [
            ("x-amzn-RequestId", visit.request_id),
            ("X-Amzn-Trace-Id", visit.request.headers.get("x-amzn-trace-id")),
        ]
        return dataclasses.replace(response, headers=[*response.headers, *own])

    def _answered(self, visit: _Visit, response: Response, problem: str) -> Response:
        self._trace.append(
            RequestAnswered(
                request_id=visit.request_id,
                door=_DOOR,
                resource=visit.name,
                method=visit.request.method,
                path=visit.request.target,
                status=response.status,
                duration_ms=(self._clock.monotonic() - visit.started) * 1000,
                problem=problem,
            )
        )
        return response


def _exchange(url: FunctionUrl, visit: _Visit, authorized: Authorized, clock: Clock) -> Exchange:
    path = visit.request.path
    return Exchange(
        request=visit.request,
        request_id=visit.request_id,
        # Callers whom nobody asks belong to no account: as events of public URLs have it.
        account_id="anonymous" if url.auth_type == "NONE" else url.function_arn.split(":")[4],
        region=url.region,
        api_id=url.url_id,
        domain_name=f"{url.url_id}.lambda-url.{url.region}.on.aws",
        stage=DEFAULT,
        route_key=DEFAULT,
        path=path,
        route_path=path,
        at=clock.now(),
        authorized=authorized,
    )


def _refused(fault: ServiceFault) -> OwnAnswer:
    """Throttles and too large requests are told as the Lambda API tells them; all else is a failure."""
    if fault.status not in (413, 429):
        return _failure(fault.message)
    own = _failure(fault.message)
    own.response = fault.response()
    return own


def _failure(problem: str) -> OwnAnswer:
    own = OwnAnswer(502, "Internal Server Error", problem)
    own.response = _FAILED
    return own


def _forbidden(problem: str) -> OwnAnswer:
    kind = ("x-amzn-ErrorType", "AccessDeniedException")
    return OwnAnswer(403, _FORBIDDEN, problem, headers=[kind], member="Message")
