"""Lambda proxy integrations of REST APIs, whole or streamed.

Source: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway", "Handle Lambda errors in API Gateway",
"Set up a Lambda proxy integration with payload response streaming in API Gateway".
"""

from __future__ import annotations

import json
from typing import Final

from lambdakit.harness.iam.service_calls import rest_api_source_arn
from lambdakit.harness.moto_state.rest_definition import RestIntegration
from lambdakit.harness.routing.arns import function_arn
from lambdakit.harness.routing.function_calls import FunctionCalls, FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.rest.callers_own import calls_with
from lambdakit.harness.routing.rest.context import context_values
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.gateway_responses import MALFORMED_RESULT
from lambdakit.harness.routing.rest.mapping import mapped_to_request
from lambdakit.harness.routing.rest.proxy_event import proxy_event
from lambdakit.harness.routing.rest.proxy_result import proxy_response
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.result_parts import MalformedResult
from lambdakit.harness.routing.url_stream import UrlStream
from lambdakit.harness.wire import Response
from lambdakit.records import dataclass

_TOO_LARGE: Final = 413
_TENANT_PARAMETER: Final = "integration.request.header.x-amz-tenant-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAnswer:
    """A function's answer. status: the integration's. request_id: of the invocation."""

    response: Response
    status: int | None
    request_id: str = ""


class LambdaProxy:
    """Calls the functions that integrations name."""

    def __init__(self, calls: FunctionCalls) -> None:
        self._calls = calls

    def answer(self, exchange: RestExchange, integration: RestIntegration) -> ProxyAnswer:
        """The function's answer. Refused when the API answers for it."""
        try:
            answer = self._calls.call(
                _function(exchange, integration),
                _payload(exchange),
                source_arn=_source_arn(exchange),
                limit_seconds=integration.timeout_seconds,
                trace_id=exchange.request.headers.get("x-amzn-trace-id"),
                credentials_arn=integration.credentials_arn,
                caller=calls_with(exchange, integration.credentials_arn),
                tenant_id=_tenant(exchange, integration),
            )
        except FunctionRefused as refused:
            raise _not_run(refused) from None
        except FunctionTimedOut as late:
            raise Refused("INTEGRATION_TIMEOUT", str(late)) from None
        if answer.failed:
            raise Refused(MALFORMED_RESULT, "the function failed")
        try:
            response = proxy_response(answer.payload, exchange)
        except MalformedResult as malformed:
            raise Refused(MALFORMED_RESULT, f"malformed Lambda proxy response: {malformed}") from None
        return ProxyAnswer(response=response, status=response.status, request_id=answer.request_id)

    def stream(self, exchange: RestExchange, integration: RestIntegration, stream: UrlStream) -> str:
        """Has the function's answer go to `stream`, and returns the invocation's id. Refused when it did not run."""
        try:
            return self._calls.stream(
                _function(exchange, integration),
                _payload(exchange),
                source_arn=_source_arn(exchange),
                stream=stream,
                trace_id=exchange.request.headers.get("x-amzn-trace-id"),
                credentials_arn=integration.credentials_arn,
                caller=calls_with(exchange, integration.credentials_arn),
                tenant_id=_tenant(exchange, integration),
            )
        except FunctionRefused as refused:
            raise _not_run(refused) from None


def _function(exchange: RestExchange, integration: RestIntegration) -> str:
    uri = integration.uri.replace("/response-streaming-invocations", "/invocations")
    return function_arn(uri, exchange.stage_variables)


def _payload(exchange: RestExchange) -> bytes:
    return json.dumps(proxy_event(exchange), separators=(",", ":")).encode()


def _source_arn(exchange: RestExchange) -> str:
    return rest_api_source_arn(
        region=exchange.region,
        account_id=exchange.account_id,
        api_id=exchange.api.api_id,
        stage=exchange.stage,
        method=exchange.request.method,
        resource=exchange.resource_path,
    )


def _tenant(exchange: RestExchange, integration: RestIntegration) -> str:
    """For whom the function runs, as a mapping of the integration says it; empty where none does.

    Source: AWS Lambda Developer Guide, "Invoking Lambda functions with tenant isolation": the mapped header
    `X-Amz-Tenant-Id` goes with the invocation.
    """
    named = {key: value for key, value in integration.request_parameters.items() if key.lower() == _TENANT_PARAMETER}
    if not named:
        return ""
    return next((values[-1] for _, _, values in mapped_to_request(exchange, named, context_values(exchange))), "")


def _not_run(refused: FunctionRefused) -> Refused:
    kind = "REQUEST_TOO_LARGE" if refused.status == _TOO_LARGE else "API_CONFIGURATION_ERROR"
    return Refused(kind, str(refused))
