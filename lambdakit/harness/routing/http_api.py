"""An HTTP API's front door: a request in, the route's function called, its answer out.

    request -> stage -> CORS preflight -> route -> integration -> payload 2.0 event -> function -> response -> CORS

Source: API Gateway Developer Guide, "Work with HTTP APIs"; "Troubleshoot issues with HTTP API Lambda integrations" for
the answers that the door gives itself.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lambdakit.clock import Clock
from lambdakit.harness.iam.service_calls import http_api_source_arn
from lambdakit.harness.moto_state.http_apis import HttpApiDefinition, Integration, Stage
from lambdakit.harness.routing import cors, payload_v2
from lambdakit.harness.routing.http_routes import RouteMatch, choose_stage, match_route
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import HTTP_API_PAYLOAD_BYTES_MAX
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_FUNCTION_IN_URI = re.compile(r"arn:[^:]+:apigateway:[^:]+:lambda:path/[^/]+/functions/(.+)/invocations")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionAnswer:
    """What a function gave. failed: its error object stands in `payload`."""

    payload: bytes
    failed: bool


class FunctionCaller(Protocol):
    """Whoever invokes functions for a front door."""

    def __call__(self, arn: str, payload: bytes, *, trace_id: str, source_arn: str) -> FunctionAnswer:
        """The function's answer. FunctionRefused when it is not run.

        source_arn: the API's route, which the function's resource policy has to admit.
        """


class FunctionRefused(Exception):
    """The function was not run; the text says why."""


class _OwnAnswer(Exception):
    """The door answers for itself."""

    def __init__(self, status: int, message: str, problem: str) -> None:
        super().__init__(problem)
        self.response = _message(status, message)
        self.problem = problem


class HttpApi:
    """Serves one HTTP API.

    definition: the API as it is now; None once it is deleted.
    """

    def __init__(
        self,
        *,
        api_id: str,
        account_id: str,
        region: str,
        definition: Callable[[], HttpApiDefinition | None],
        call: FunctionCaller,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._api_id = api_id
        self._account_id = account_id
        self._region = region
        self._domain_name = f"{api_id}.execute-api.{region}.amazonaws.com"
        self._definition = definition
        self._call = call
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request) -> Response:
        """The API's answer, whatever the request."""
        started = self._clock.monotonic()
        api = self._definition()
        name = self._api_id if api is None else api.name
        # The form of API Gateway's own ids: 15 characters of base64 and a sign.
        request_id = secrets.token_urlsafe(11)[:15] + "="
        received = self._trace.append(
            RequestReceived(
                request_id=request_id, door="http_api", resource=name, method=request.method, path=request.target
            )
        )
        problem = ""
        try:
            response = self._answer(api, request, request_id)
        except _OwnAnswer as own:
            response, problem = own.response, own.problem
        if api is not None and api.cors is not None and not cors.is_preflight(request):
            response = cors.apply(api.cors, request, response)
        self._trace.append(
            RequestAnswered(
                request_id=request_id,
                door=received.door,
                resource=name,
                method=request.method,
                path=request.target,
                status=response.status,
                duration_ms=(self._clock.monotonic() - started) * 1000,
                problem=problem,
            )
        )
        headers = [*response.headers, ("apigw-requestid", request_id)]
        return Response(status=response.status, headers=headers, body=response.body)

    def _answer(self, api: HttpApiDefinition | None, request: Request, request_id: str) -> Response:
        if api is None:
            raise _OwnAnswer(404, "Not Found", "the API is gone")
        if len(request.body) > HTTP_API_PAYLOAD_BYTES_MAX:
            raise _OwnAnswer(413, "Request Entity Too Large", "the body is over 10 MB")
        chosen = choose_stage(api, request.path)
        if chosen is None:
            raise _OwnAnswer(404, "Not Found", "no stage has this path")
        if api.cors is not None and cors.is_preflight(request):
            return cors.preflight(api.cors, request)
        stage, path = chosen
        match = match_route(api.routes, request.method, path)
        if match is None:
            raise _OwnAnswer(404, "Not Found", f"no route for {request.method} {path}")
        return self._integrate(request, request_id, stage, match)

    def _integrate(self, request: Request, request_id: str, stage: Stage, match: RouteMatch) -> Response:
        integration = match.route.integration
        if integration is None or integration.type != "AWS_PROXY":
            raise _OwnAnswer(500, "Internal Server Error", f"the route {match.route.key} has no Lambda integration")
        event = payload_v2.event(
            request,
            account_id=self._account_id,
            api_id=self._api_id,
            domain_name=self._domain_name,
            route_key=match.route.key,
            stage=stage.name,
            path=request.path,
            path_parameters=match.path_parameters,
            stage_variables=stage.variables,
            request_id=request_id,
            at=self._clock.now(),
        )
        payload = json.dumps(event, separators=(",", ":")).encode()
        try:
            source_arn = http_api_source_arn(
                region=self._region,
                account_id=self._account_id,
                api_id=self._api_id,
                stage=stage.name,
                route_key=match.route.key,
                method=request.method,
            )
            trace_id = request.headers.get("x-amzn-trace-id")
            answer = self._call(function_arn(integration), payload, trace_id=trace_id, source_arn=source_arn)
        except FunctionRefused as refused:
            raise _OwnAnswer(500, "Internal Server Error", str(refused)) from None
        if answer.failed:
            raise _OwnAnswer(500, "Internal Server Error", "the function failed")
        try:
            return payload_v2.response(answer.payload)
        except payload_v2.MalformedResult as malformed:
            raise _OwnAnswer(500, "Internal Server Error", f"the function's result: {malformed}") from None


def function_arn(integration: Integration) -> str:
    """The function that a Lambda integration calls, qualifier included."""
    match = _FUNCTION_IN_URI.fullmatch(integration.uri)
    return integration.uri if match is None else match[1]


def _message(status: int, message: str) -> Response:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status=status, headers=[payload_v2.JSON_CONTENT], body=body)
