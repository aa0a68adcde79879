"""Integrations of REST APIs behind templates and mappings: a request goes through them, and the answer comes back.

    passthrough or template -> parameters -> MOCK, HTTP, AWS service or Lambda function -> selected response
      -> template -> parameters

Lambda proxies are `lambda_proxy`'s.
Source: API Gateway Developer Guide, "Integrations for REST APIs in API Gateway".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambdakit.harness.moto_state.rest_definition import RestIntegration
from lambdakit.harness.routing.function_calls import FunctionCalls
from lambdakit.harness.routing.outgoing_http import Bound
from lambdakit.harness.routing.rest.aws_integration import AskService, Assumption, AwsIntegration
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest, RestIntegrated
from lambdakit.harness.routing.rest.context import context_values
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.function_integration import FunctionIntegration, calls_function
from lambdakit.harness.routing.rest.http_integration import HttpIntegration
from lambdakit.harness.routing.rest.integration_request import integration_request
from lambdakit.harness.routing.rest.integration_response import integration_response
from lambdakit.harness.routing.rest.mock import mock_answer
from lambdakit.harness.routing.rest.proxy_result import remapped
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Response


class RestIntegrations:
    """Asks the integrations of methods.

    calls: of functions. ask: sends requests to AWS services as a role. assumption_refusal: why API Gateway may not act
    as one. localize: a URL of a front door here in place of AWS's, for any other URL itself. bound: the servers that
    tests named for hosts; absence: none. endpoint_url: where the AWS APIs are served; absence: nowhere.
    """

    def __init__(
        self,
        *,
        calls: FunctionCalls,
        ask: AskService,
        assumption_refusal: Assumption,
        localize: Callable[[str], str],
        bound: Bound = lambda: {},
        endpoint_url: Callable[[], str] = str,
    ) -> None:
        self._functions = FunctionIntegration(calls)
        self._services = AwsIntegration(ask, assumption_refusal, calls)
        self._http = HttpIntegration(localize, bound, endpoint_url)

    def answer(self, exchange: RestExchange) -> RestIntegrated:
        """The integration's answer as the client gets it. Refused when the API answers for it."""
        integration = None if exchange.method is None else exchange.method.integration
        if integration is None:
            raise Refused("API_CONFIGURATION_ERROR", "the method has no integration")
        context = context_values(exchange)
        request = integration_request(exchange, integration, context)
        answer = self._asked(exchange, integration, request)
        response = _response(exchange, integration, answer, context)
        return RestIntegrated(response=response, status=answer.status, request_id=answer.request_id)

    def _asked(self, exchange: RestExchange, integration: RestIntegration, request: BackendRequest) -> BackendAnswer:
        match integration.type:
            case "MOCK":
                return mock_answer(request)
            case "HTTP" | "HTTP_PROXY":
                return self._http.answer(exchange, integration, request)
            case "AWS" if calls_function(integration):
                return self._functions.answer(exchange, integration, request)
            case "AWS":
                return self._services.answer(exchange, integration, request)
        raise Refused("API_CONFIGURATION_ERROR", f"there is no integration type {integration.type}")


def _response(
    exchange: RestExchange, integration: RestIntegration, answer: BackendAnswer, context: Mapping[str, Any]
) -> Response:
    if integration.type == "HTTP_PROXY":
        return Response(status=answer.status, headers=remapped(answer.headers), body=answer.body)
    response = integration_response(exchange, integration, answer, context)
    return Response(status=response.status, headers=remapped(response.headers), body=response.body)
