"""An HTTP API's front door: a request in, the route's integration asked, its answer out.

    request -> limits -> stage -> CORS preflight -> route -> throttle -> authorizer -> request mapping -> integration
      -> response mapping -> CORS -> access log

Source: API Gateway Developer Guide, "Work with HTTP APIs"; "Quotas for HTTP APIs"; "Troubleshoot issues with HTTP API
Lambda integrations" for the answers that the door gives itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Final

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.http_apis import HttpApiDefinition, Integration, Route, Stage
from lambdakit.harness.routing import cors
from lambdakit.harness.routing.access_log import WriteLine, write_access_log
from lambdakit.harness.routing.authorizers.authorize import Authorizers
from lambdakit.harness.routing.context_variables import Outcome
from lambdakit.harness.routing.exchange import Exchange, OwnAnswer
from lambdakit.harness.routing.http_routes import choose_stage, match_route
from lambdakit.harness.routing.integrations import Integrate, Integrated
from lambdakit.harness.routing.parameter_mapping import mapped_request, mapped_response
from lambdakit.harness.routing.throttle import Throttles, seconds_of
from lambdakit.harness.routing.traced_request import request_id_of_api, with_trace_id
from lambdakit.harness.wire import Request, Response
from lambdakit.limits import HTTP_API_HEAD_BYTES_MAX, HTTP_API_PAYLOAD_BYTES_MAX
from lambdakit.records import dataclass
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_DOOR: Final = "http_api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How a custom domain led to an API. base_path: the mapping's key, without slashes; empty for the whole domain."""

    domain_name: str
    base_path: str
    stage: str


@dataclass(slots=True, kw_only=True)
class _Visit:
    """What is known of a request so far. exchange: None until there is a stage."""

    request: Request
    request_id: str
    environment: str
    mapped: Mapped | None
    stage: Stage | None = None
    exchange: Exchange | None = None
    integration_status: int | None = None
    integration_ms: float | None = None
    integration_request_id: str = ""
    integration_problem: str = ""
    authorizer_problem: str = ""


class HttpApi:
    """Serves one HTTP API.

    definition: the API as it is now; None once it is deleted. integrations: by type; `AWS_PROXY` with a subtype is
    `AWS`. write_line: takes a line of an access log.
    """

    def __init__(
        self,
        *,
        api_id: str,
        account_id: str,
        region: str,
        definition: Callable[[], HttpApiDefinition | None],
        authorizers: Authorizers,
        integrations: Mapping[str, Integrate],
        write_line: WriteLine,
        trace: TraceLog,
        clock: Clock,
    ) -> None:
        self._api_id = api_id
        self._account_id = account_id
        self._region = region
        self._domain_name = f"{api_id}.execute-api.{region}.amazonaws.com"
        self._definition = definition
        self._authorizers = authorizers
        self._integrations = integrations
        self._throttles = Throttles(seconds_of(clock))
        self._write_line = write_line
        self._trace = trace
        self._clock = clock

    def serve(self, request: Request, environment: str = "", *, mapped: Mapped | None = None) -> Response:
        """The API's answer, whatever the request.

        environment: the execution environment that it comes from; empty for others. mapped: how a custom domain led
        here; None for the API's own name.
        """
        started = self._clock.monotonic()
        api = self._definition()
        name = self._api_id if api is None else api.name
        visit = _Visit(
            request=with_trace_id(request, self._clock.now()),
            request_id=request_id_of_api(),
            environment=environment,
            mapped=mapped,
        )
        method, path = request.method, request.target
        self._trace.append(
            RequestReceived(request_id=visit.request_id, door=_DOOR, resource=name, method=method, path=path)
        )
        problem = ""
        try:
            _check_size(request)  # as it came: what the door adds does not count
            response = self._answer(api, visit)
        except OwnAnswer as own:
            response, problem = own.response, own.problem
        if api is not None and api.cors is not None and not cors.is_preflight(request):
            response = cors.apply(api.cors, request, response)
        duration_ms = (self._clock.monotonic() - started) * 1000
        self._trace.append(
            RequestAnswered(
                request_id=visit.request_id,
                door=_DOOR,
                resource=name,
                method=method,
                path=path,
                status=response.status,
                duration_ms=duration_ms,
                problem=problem,
            )
        )
        self._log(visit, response, duration_ms, problem)
        return dataclasses.replace(response, headers=[*response.headers, ("apigw-requestid", visit.request_id)])

    def reset(self) -> None:
        """Forgets what authorizers said and who was throttled."""
        self._authorizers.reset()
        self._throttles.reset()

    def _answer(self, api: HttpApiDefinition | None, visit: _Visit) -> Response:
        request = visit.request
        if api is None:
            raise OwnAnswer(404, "Not Found", "the API is gone")
        if visit.mapped is None and not api.own_endpoint:
            raise OwnAnswer(404, "Not Found", "DisableExecuteApiEndpoint leaves custom domains only")
        stage, route_path = _place(api, request, visit.mapped)
        visit.stage = stage
        visit.exchange = exchange = Exchange(
            request=request,
            request_id=visit.request_id,
            account_id=self._account_id,
            region=self._region,
            api_id=self._api_id,
            domain_name=self._domain_name if visit.mapped is None else visit.mapped.domain_name,
            stage=stage.name,
            route_key="",
            path=request.path,
            route_path=route_path,
            at=self._clock.now(),
            stage_variables=stage.variables,
        )
        if api.cors is not None and cors.is_preflight(request):
            return cors.preflight(api.cors, request)
        match = match_route(api.routes, request.method, route_path)
        if match is None:
            raise OwnAnswer(404, "Not Found", f"no route for {request.method} {route_path}")
        route = match.route
        exchange = dataclasses.replace(exchange, route_key=route.key, path_parameters=match.path_parameters)
        visit.exchange = exchange
        if not self._throttles.admits(stage, route.key):
            raise OwnAnswer(429, "Too Many Requests", f"the stage's limit for {route.key} is reached")
        if route.authorization != "NONE":
            exchange = visit.exchange = self._authorized(api, route, exchange, visit)
        return self._integrated(route, exchange, visit)

    def _authorized(self, api: HttpApiDefinition, route: Route, exchange: Exchange, visit: _Visit) -> Exchange:
        try:
            authorized = self._authorizers.authorize(api, route, exchange, visit.environment)
        except OwnAnswer as refused:
            visit.authorizer_problem = refused.problem
            raise
        return dataclasses.replace(exchange, authorized=authorized)

    def _integrated(self, route: Route, exchange: Exchange, visit: _Visit) -> Response:
        integration = route.integration
        integrate = None if integration is None else self._integrations.get(_kind(integration))
        if integration is None or integrate is None:
            raise OwnAnswer(500, "Internal Server Error", f"the route {route.key} leads to nothing that is served here")
        started = self._clock.monotonic()
        try:
            # A service's parameters are no changes of the request.
            changes = {} if integration.subtype else integration.request_parameters
            integrated: Integrated = integrate(mapped_request(exchange, changes), integration)
        except OwnAnswer as own:
            visit.integration_problem = own.problem
            raise
        finally:
            visit.integration_ms = (self._clock.monotonic() - started) * 1000
        response = integrated.response
        visit.integration_status, visit.integration_request_id = response.status, integrated.request_id
        return mapped_response(exchange, response, integration.response_parameters)

    def _log(self, visit: _Visit, response: Response, duration_ms: float, problem: str) -> None:
        if visit.stage is None or visit.exchange is None or visit.stage.access_log is None:
            return
        outcome = Outcome(
            status=response.status,
            response_bytes=len(response.body),
            duration_ms=duration_ms,
            integration_status=visit.integration_status,
            integration_ms=visit.integration_ms,
            integration_request_id=visit.integration_request_id,
            problem=_message_of(response) if problem else "",
            integration_problem=visit.integration_problem,
            authorizer_problem=visit.authorizer_problem,
        )
        write_access_log(self._write_line, visit.stage, visit.exchange, outcome)


def _kind(integration: Integration) -> str:
    return "AWS" if integration.type == "AWS_PROXY" and integration.subtype else integration.type


def _place(api: HttpApiDefinition, request: Request, mapped: Mapped | None) -> tuple[Stage, str]:
    """The stage, and the path behind it."""
    if mapped is None:
        chosen = choose_stage(api, request.path)
        if chosen is None:
            raise OwnAnswer(404, "Not Found", "no stage has this path")
        return chosen
    stage = api.stages.get(mapped.stage)
    if stage is None:
        raise OwnAnswer(404, "Not Found", f"there is no stage {mapped.stage}")
    path = request.path.removeprefix(f"/{mapped.base_path}") if mapped.base_path else request.path
    return stage, path if path.startswith("/") else f"/{path}"


def _check_size(request: Request) -> None:
    """Source: API Gateway Developer Guide, "Quotas for HTTP APIs": request line and header values, and the payload."""
    if len(request.target) > HTTP_API_HEAD_BYTES_MAX:
        raise OwnAnswer(414, "Request-URI Too Long", f"the URL has {len(request.target)} characters")
    line = len(request.method) + len(request.target) + len(request.http_version) + 2
    if line + sum(len(value) for _, value in request.headers.items) > HTTP_API_HEAD_BYTES_MAX:
        raise OwnAnswer(431, "Request Header Fields Too Large", "request line and headers are over 10,240 bytes")
    if len(request.body) > HTTP_API_PAYLOAD_BYTES_MAX:
        raise OwnAnswer(413, "Request Entity Too Large", "the body is over 10 MB")


def _message_of(response: Response) -> str:
    return response.body.decode("utf-8", "replace").removeprefix('{"message":"').removesuffix('"}')
