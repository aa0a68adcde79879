"""AWS services behind a WebSocket API, and functions that are no proxies: the request is what a template makes.

Source: API Gateway Developer Guide, "Set up a WebSocket API integration request" (`AWS`).
"""

from __future__ import annotations

import json
import re
from typing import Final

from lambdakit.harness.moto_state.rest_definition import RestApiDefinition, RestIntegration
from lambdakit.harness.moto_state.websocket_apis import SocketIntegration
from lambdakit.harness.routing.arns import function_arn
from lambdakit.harness.routing.authorizers.lambda_authorizer import Call
from lambdakit.harness.routing.function_calls import FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.rest import backend as rest
from lambdakit.harness.routing.rest.aws_integration import AwsIntegration
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.websocket.backend_integration import BackendAnswer, BackendRequest
from lambdakit.harness.routing.websocket.socket_answer import FAILED, TIMED_OUT, SocketRefused
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange
from lambdakit.harness.wire import Headers, Request

_OF_FUNCTION: Final = re.compile(r"arn:[^:]+:apigateway:[^:]+:lambda:path/.*/functions/.*/invocations")


class AwsBackend:
    """Asks the service, or the function, that an integration names."""

    def __init__(self, call: Call, services: AwsIntegration) -> None:
        self._call = call
        self._services = services

    def __call__(
        self, exchange: SocketExchange, integration: SocketIntegration, request: BackendRequest
    ) -> BackendAnswer:
        """The answer, a service's error included; see `Backend`."""
        if _OF_FUNCTION.fullmatch(integration.uri):
            return self._of_function(exchange, integration, request)
        named = RestIntegration(
            type="AWS",
            uri=integration.uri,
            credentials_arn=integration.credentials_arn,
            timeout_seconds=integration.timeout_seconds,
        )
        asked = rest.BackendRequest(
            method=integration.method or "POST",
            path=request.parameters.get("path", {}),
            query=tuple(request.parameters.get("querystring", {}).items()),
            headers=tuple(request.parameters.get("header", {}).items()),
            body=request.body,
        )
        try:
            answer = self._services.answer(_seen(exchange), named, asked)
        except Refused as refused:
            kind = TIMED_OUT if refused.kind == "INTEGRATION_TIMEOUT" else FAILED
            raise SocketRefused(kind, refused.problem) from None
        error = answer.body.decode("utf-8", "replace") if answer.status >= 400 else ""
        return BackendAnswer(status=answer.status, headers=answer.headers, body=answer.body, error=error)

    def _of_function(
        self, exchange: SocketExchange, integration: SocketIntegration, request: BackendRequest
    ) -> BackendAnswer:
        try:
            answer = self._call(
                function_arn(integration.uri, exchange.stage_variables),
                request.body or b"{}",
                source_arn=exchange.route_arn(),
                limit_seconds=integration.timeout_seconds,
                trace_id=exchange.trace_id,
                credentials_arn=integration.credentials_arn,
            )
        except FunctionRefused as refused:
            raise SocketRefused(FAILED, str(refused)) from None
        except FunctionTimedOut as late:
            raise SocketRefused(TIMED_OUT, str(late)) from None
        error = str(json.loads(answer.payload).get("errorMessage", "")) if answer.failed else ""
        return BackendAnswer(status=200, body=answer.payload, error=error)


def _seen(exchange: SocketExchange) -> RestExchange:
    """As much of the exchange as the integrations with services, which REST APIs have as well, look at."""
    return RestExchange(
        request=exchange.request or Request(method="POST", target="/", headers=Headers(())),
        api=RestApiDefinition(api_id=exchange.api_id, name=exchange.api_id, resources={}),
        request_id=exchange.request_id,
        extended_request_id=exchange.request_id,
        account_id=exchange.account_id,
        region=exchange.region,
        domain_name=exchange.client.domain_name,
        stage=exchange.client.stage,
        path="/",
        full_path="/",
        at=exchange.at,
        stage_variables=exchange.stage_variables,
    )
