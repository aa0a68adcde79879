"""Lambda functions behind templates: integrations of type AWS that call a function, at once or later.

Source: API Gateway Developer Guide, "Set up Lambda custom integrations in API Gateway", "Set up asynchronous invocation
of the backend Lambda function".
"""

from __future__ import annotations

import json
from typing import Any, Final

from lambdakit.harness.iam.service_calls import rest_api_source_arn
from lambdakit.harness.moto_state.rest_definition import RestIntegration
from lambdakit.harness.routing.arns import function_arn, with_stage_variables
from lambdakit.harness.routing.function_calls import FunctionCalls, FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.callers_own import calls_with
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused

_TOO_LARGE: Final = 413
_JSON: Final = ("Content-Type", "application/json")


def calls_function(integration: RestIntegration) -> bool:
    """Whether an integration of type AWS calls a function."""
    return ":lambda:path/" in integration.uri and integration.uri.partition("?")[0].endswith("/invocations")


class FunctionIntegration:
    """Calls the functions that integrations name."""

    def __init__(self, calls: FunctionCalls) -> None:
        self._calls = calls

    def answer(self, exchange: RestExchange, integration: RestIntegration, request: BackendRequest) -> BackendAnswer:
        """The function's answer, or that it will run. Refused when the API answers for it."""
        payload = request.body or b"{}"
        _check_json(payload)
        function = function_arn(integration.uri, exchange.stage_variables)
        source_arn = rest_api_source_arn(
            region=exchange.region,
            account_id=exchange.account_id,
            api_id=exchange.api.api_id,
            stage=exchange.stage,
            method=exchange.request.method,
            resource=exchange.resource_path,
        )
        trace_id = exchange.request.headers.get("x-amzn-trace-id")
        credentials = with_stage_variables(integration.credentials_arn, exchange.stage_variables)
        caller = calls_with(exchange, credentials)
        if request.header("x-amz-invocation-type") == "Event":
            try:
                request_id = self._calls.send(
                    function,
                    payload,
                    source_arn=source_arn,
                    trace_id=trace_id,
                    credentials_arn=credentials,
                    caller=caller,
                    tenant_id=request.header("x-amz-tenant-id"),
                )
            except FunctionRefused as refused:
                raise _not_run(refused) from None
            return BackendAnswer(status=202, is_function=True, request_id=request_id)
        try:
            answer = self._calls.call(
                function,
                payload,
                source_arn=source_arn,
                limit_seconds=integration.timeout_seconds,
                trace_id=trace_id,
                credentials_arn=credentials,
                caller=caller,
                tenant_id=request.header("x-amz-tenant-id"),
            )
        except FunctionRefused as refused:
            raise _not_run(refused) from None
        except FunctionTimedOut as late:
            raise Refused("INTEGRATION_TIMEOUT", str(late)) from None
        return BackendAnswer(
            status=200,
            headers=[_JSON, ("x-amzn-RequestId", answer.request_id)],
            body=answer.payload,
            is_function=True,
            error_message=_error_message(answer.payload) if answer.failed else "",
            request_id=answer.request_id,
        )


def _check_json(payload: bytes) -> None:
    """Lambda takes JSON alone: API Reference, "Invoke", `InvalidRequestContentException`."""
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        raise Refused("BAD_REQUEST_BODY", message, message=message) from None


def _error_message(payload: bytes) -> str:
    try:
        error: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    message = error.get("errorMessage") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _not_run(refused: FunctionRefused) -> Refused:
    kind = "REQUEST_TOO_LARGE" if refused.status == _TOO_LARGE else "API_CONFIGURATION_ERROR"
    return Refused(kind, str(refused))
