"""A REST API's front door: a request in, the method's integration asked, its answer out.

    request -> stage -> size limits -> resource and method -> resource policy -> authorizer -> API key and usage plan
      -> throttle -> validation -> integration -> answer or gateway response -> access log, metrics

Source: API Gateway Developer Guide, "Develop REST APIs in API Gateway"; "Quotas for configuring and running a REST API
in API Gateway"; "Gateway response types for API Gateway".
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.rest_apis import DeployedRestApi
from lambdakit.harness.moto_state.rest_definition import RestIntegration, RestStage
from lambdakit.harness.routing.access_log import WriteLine
from lambdakit.harness.routing.exchange import OwnAnswer
from lambdakit.harness.routing.http_api import Mapped
from lambdakit.harness.routing.rest.context import RestOutcome
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.gates import Gates, Integrated, Integrations
from lambdakit.harness.routing.rest.gateway_responses import error_message, gateway_response
from lambdakit.harness.routing.rest.lambda_proxy import LambdaProxy
from lambdakit.harness.routing.rest.media_types import compressed, decompressed
from lambdakit.harness.routing.rest.proxy_result import remapped
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.resource_policy import check_arn, check_policy, check_policy_after
from lambdakit.harness.routing.rest.routes import match_method
from lambdakit.harness.routing.rest.stage_settings import (
    MetricStore,
    measure,
    write_access_log,
    write_execution_log,
)
from lambdakit.harness.routing.traced_request import request_id_of_api, with_trace_id
from lambdakit.harness.routing.url_stream import UrlStream
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.wire import OpenAnswer, Request, Response
from lambdakit.limits import (
    HTTP_API_PAYLOAD_BYTES_MAX,
    REST_API_EDGE_URL_CHARACTERS_MAX,
    REST_API_HEADER_BYTES_MAX,
    REST_API_URL_CHARACTERS_MAX,
)
from lambdakit.trace import RequestAnswered, RequestReceived, TraceLog

_DOOR: Final = "rest_api"
_FORBIDDEN: Final = ("x-amzn-ErrorType", "ForbiddenException")


@dataclass(slots=True, kw_only=True)
class _Visit:
    """What is known of a request so far. stage, exchange: None until there is a stage."""

    request: Request
    request_id: str
    environment: str
    mapped: Mapped | None
    started: float
    name: str
    stage: RestStage | None = None
    exchange: RestExchange | None = None
    refused: Refused | None = None
    integration_status: int | None = None
    integration_ms: float | None = None
    integration_request_id: str = ""
    integration_error: str = ""
    authorizer_ms: float | None = None
    authorizer_error: str = ""


class RestApi:
    """Serves one REST API.

    definition: the API as it is now; None once it is deleted. write_line: takes a line of a log.
    chance: a number from 0 to 1 for each request, which a canary takes its part of.
    """

    def __init__(
        self,
        *,
        api_id: str,
        account_id: str,
        region: str,
        definition: Callable[[], DeployedRestApi | None],
        gates: Gates,
        functions: LambdaProxy,
        integrations: Integrations,
        write_line: WriteLine,
        metrics: MetricStore,
        trace: TraceLog,
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._api_id = api_id
        self._account_id = account_id
        self._region = region
        self._domain_name = f"{api_id}.execute-api.{region}.amazonaws.com"
        self._definition = definition
        self._gates = gates
        self._functions = functions
        self._integrations = integrations
        self._write_line = write_line
        self._metrics = metrics
        self._trace = trace
        self._clock = clock
        self._chance = chance

    def serve(self, request: Request, environment: str = "", *, mapped: Mapped | None = None) -> Response:
        """The API's answer, whatever the request.

        environment: the execution environment that it comes from; empty for others. mapped: how a custom domain led
        here; None for the API's own name.
        """
        api = self._definition()
        visit = _Visit(
            request=with_trace_id(request, self._clock.now()),
            request_id=random_uuid(),
            environment=environment,
            mapped=mapped,
            started=self._clock.monotonic(),
            name=self._api_id if api is None else api.name,
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
            response = self._answer(api, visit)
        except OwnAnswer as own:
            return self._told(visit, self._identified(visit, own.response), own.problem)
        except Refused as refused:
            response = self._refused(visit, refused)
        # What is streamed is told of once it is over.
        return response if response.stream is not None else self._finished(visit, response)

    def reset(self) -> None:
        """Forgets what authorizers said and who was throttled."""
        self._gates.reset()

    def _answer(self, api: DeployedRestApi | None, visit: _Visit) -> Response:
        exchange = self._placed(api, visit)
        exchange = visit.exchange = _sized(exchange)
        match = match_method(exchange.api.resources.values(), exchange.request.method, _route_path(exchange))
        if match is None:
            problem = f"no method for {exchange.request.method} {_route_path(exchange)}"
            raise Refused("MISSING_AUTHENTICATION_TOKEN", problem)
        exchange = visit.exchange = exchange.having(
            resource_id=match.resource.resource_id,
            resource_path=match.resource.path,
            method=match.method,
            path_parameters=match.path_parameters,
        )
        exchange = visit.exchange = self._admitted(exchange, visit)
        return self._integrated(exchange, visit)

    def _placed(self, api: DeployedRestApi | None, visit: _Visit) -> RestExchange:
        """The request at its stage, with what was deployed there. OwnAnswer where there is none."""
        if api is None:
            raise _forbidden("the API is gone")
        request, mapped = visit.request, visit.mapped
        named, route_path = _stage_and_path(request.path, mapped)
        stage = api.stages.get(named)
        if stage is None:
            raise _forbidden(f"there is no stage {named!r}")
        is_canary = stage.canary is not None and self._chance() * 100 < stage.canary.percent
        deployment_id, variables = stage.deployment_id, stage.variables
        if is_canary and stage.canary is not None:
            deployment_id = stage.canary.deployment_id
            variables = {**variables, **stage.canary.variable_overrides}
        definition = api.deployments.get(deployment_id)
        if definition is None:
            raise _forbidden(f"nothing is deployed to the stage {named}")
        if mapped is None and not definition.own_endpoint:
            raise _forbidden("DisableExecuteApiEndpoint leaves custom domains only")
        visit.stage = stage
        path = route_path if mapped is None else request.path
        visit.exchange = RestExchange(
            request=request,
            api=definition,
            request_id=visit.request_id,
            extended_request_id=request_id_of_api(),
            account_id=self._account_id,
            region=self._region,
            domain_name=self._domain_name if mapped is None else mapped.domain_name,
            stage=stage.name,
            path=path,
            full_path=request.path,
            route_path="" if mapped is None else route_path,
            at=self._clock.now(),
            stage_variables=variables,
            is_canary=is_canary,
            environment=visit.environment,
        )
        return visit.exchange

    def _admitted(self, exchange: RestExchange, visit: _Visit) -> RestExchange:
        check_arn(exchange)
        check_policy(exchange)
        if exchange.method is not None and exchange.method.authorization != "NONE":
            started = self._clock.monotonic()
            try:
                exchange = exchange.having(authorized=self._gates.authorization.authorize(exchange))
            except Refused as refused:
                visit.authorizer_error = refused.problem
                if refused.authorized is not None:
                    visit.exchange = exchange.having(authorized=refused.authorized)
                raise
            finally:
                visit.authorizer_ms = (self._clock.monotonic() - started) * 1000
            visit.exchange = exchange
            check_policy_after(exchange)
        assert visit.stage is not None  # without one there is nothing to admit to
        return self._gates.pass_on(exchange, visit.stage)

    def _integrated(self, exchange: RestExchange, visit: _Visit) -> Response:
        integration = None if exchange.method is None else exchange.method.integration
        if integration is None:
            raise Refused("API_CONFIGURATION_ERROR", "the method has no integration")
        if integration.type == "AWS_PROXY" and integration.transfer_mode == "STREAM":
            return Response(status=200, stream=lambda answer: self._stream(exchange, integration, visit, answer))
        started = self._clock.monotonic()
        try:
            if integration.type == "AWS_PROXY":
                answer: Integrated = self._functions.answer(exchange, integration)
            else:
                answer = self._integrations.answer(exchange)
        except Refused as refused:
            visit.integration_error = refused.problem
            raise
        finally:
            visit.integration_ms = (self._clock.monotonic() - started) * 1000
        visit.integration_status, visit.integration_request_id = answer.status, answer.request_id
        trace_id = ("X-Amzn-Trace-Id", exchange.request.headers.get("x-amzn-trace-id"))
        return dataclasses.replace(answer.response, headers=[*answer.response.headers, trace_id])

    def _stream(self, exchange: RestExchange, integration: RestIntegration, visit: _Visit, answer: OpenAnswer) -> None:
        def finish(response: Response) -> Response:
            visit.integration_status = response.status
            return self._identified(visit, dataclasses.replace(response, headers=remapped(response.headers)))

        broken = Refused("API_CONFIGURATION_ERROR", "the function's stream is no answer")
        failed = self._identified(visit, gateway_response(broken, exchange, RestOutcome()))
        stream = UrlStream(answer, finish=finish, failed=failed, says_status=True)
        started = self._clock.monotonic()
        try:
            visit.integration_request_id = self._functions.stream(exchange, integration, stream)
        except Refused as refused:
            visit.integration_error = refused.problem
            answer.respond(self._identified(visit, self._refused(visit, refused)))
            stream.problem = refused.problem
        visit.integration_ms = (self._clock.monotonic() - started) * 1000
        self._told(visit, Response(status=answer.status), stream.problem)

    def _refused(self, visit: _Visit, refused: Refused) -> Response:
        visit.refused = refused
        assert visit.exchange is not None  # nothing refuses before there is a stage
        return gateway_response(refused, visit.exchange, self._outcome(visit, None))

    def _finished(self, visit: _Visit, response: Response) -> Response:
        """The answer as it goes out, told to the logs."""
        if visit.exchange is not None:
            response = compressed(visit.exchange.api, visit.request, response)
        problem = "" if visit.refused is None else visit.refused.problem
        return self._told(visit, self._identified(visit, response), problem)

    @staticmethod
    def _identified(visit: _Visit, response: Response) -> Response:
        own = [("x-amzn-RequestId", visit.request_id)]
        if visit.exchange is not None:
            own.append(("x-amz-apigw-id", visit.exchange.extended_request_id))
        return dataclasses.replace(response, headers=[*response.headers, *own])

    def _told(self, visit: _Visit, response: Response, problem: str) -> Response:
        outcome = self._outcome(visit, response)
        self._trace.append(
            RequestAnswered(
                request_id=visit.request_id,
                door=_DOOR,
                resource=visit.name,
                method=visit.request.method,
                path=visit.request.target,
                status=response.status,
                duration_ms=outcome.duration_ms or 0,
                problem=problem,
            )
        )
        stage, exchange = visit.stage, visit.exchange
        if stage is not None and exchange is not None:
            write_access_log(self._write_line, stage, exchange, outcome)
            write_execution_log(self._write_line, self._clock.now, stage, exchange, outcome)
            measure(self._metrics, stage, exchange, outcome)
        return response

    def _outcome(self, visit: _Visit, response: Response | None) -> RestOutcome:
        return RestOutcome(
            status=None if response is None else response.status,
            response_bytes=None if response is None else len(response.body),
            duration_ms=(self._clock.monotonic() - visit.started) * 1000,
            refused=visit.refused,
            error_message="" if visit.refused is None else error_message(visit.refused),
            integration_status=visit.integration_status,
            integration_ms=visit.integration_ms,
            integration_request_id=visit.integration_request_id,
            integration_error=visit.integration_error,
            authorizer_ms=visit.authorizer_ms,
            authorizer_error=visit.authorizer_error,
        )


def _stage_and_path(path: str, mapped: Mapped | None) -> tuple[str, str]:
    """The stage's name and the path behind it, as resources are matched."""
    if mapped is not None:
        path = path.removeprefix(f"/{mapped.base_path}") if mapped.base_path else path
        if mapped.stage:
            return mapped.stage, path if path.startswith("/") else f"/{path}"
    name, _, rest = path.removeprefix("/").partition("/")
    return unquote(name), f"/{rest}"


def _route_path(exchange: RestExchange) -> str:
    return exchange.route_path or exchange.path


def _sized(exchange: RestExchange) -> RestExchange:
    """The request with its body as it is meant. Refused, or OwnAnswer, for one that is too large.

    Source: API Gateway Developer Guide, "Quotas for configuring and running a REST API in API Gateway".
    """
    request = exchange.request
    url = f"https://{exchange.domain_name}{request.target}"
    is_regional = exchange.api.endpoint_type == "REGIONAL"
    if len(url) > (REST_API_URL_CHARACTERS_MAX if is_regional else REST_API_EDGE_URL_CHARACTERS_MAX):
        raise OwnAnswer(414, "Request-URI Too Long", f"the URL has {len(url)} characters")
    if sum(len(name) + len(value) for name, value in request.headers.items) > REST_API_HEADER_BYTES_MAX:
        raise OwnAnswer(431, "Request Header Fields Too Large", "the headers are too large")
    if len(request.body) > HTTP_API_PAYLOAD_BYTES_MAX:
        raise Refused("REQUEST_TOO_LARGE", "the body is over 10 MB")
    return exchange.having(request=decompressed(request))


def _forbidden(problem: str) -> OwnAnswer:
    return OwnAnswer(403, "Forbidden", problem, headers=[_FORBIDDEN])
