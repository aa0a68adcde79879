"""Lambda proxy integrations of HTTP APIs.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs"; "Troubleshooting issues with
HTTP API Lambda integrations" for the answers that the door gives itself.
"""

from __future__ import annotations

import json

from lambdakit.harness.iam.service_calls import http_api_source_arn
from lambdakit.harness.moto_state.http_apis import Integration
from lambdakit.harness.routing import payload_v1, payload_v2
from lambdakit.harness.routing.arns import function_arn
from lambdakit.harness.routing.authorizers.lambda_authorizer import Call
from lambdakit.harness.routing.exchange import Exchange, OwnAnswer
from lambdakit.harness.routing.function_calls import FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.integrations import Integrated
from lambdakit.harness.routing.result_parts import MalformedResult


class LambdaIntegration:
    """Calls the function that an integration names."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __call__(self, exchange: Exchange, integration: Integration) -> Integrated:
        """The function's answer; see `Integrate`."""
        payload_format = payload_v2 if integration.payload_format_version == "2.0" else payload_v1
        event = payload_format.event(exchange)
        try:
            answer = self._call(
                function_arn(integration.uri, exchange.stage_variables),
                json.dumps(event, separators=(",", ":")).encode(),
                trace_id=exchange.request.headers.get("x-amzn-trace-id"),
                source_arn=http_api_source_arn(
                    region=exchange.region,
                    account_id=exchange.account_id,
                    api_id=exchange.api_id,
                    stage=exchange.stage,
                    route_key=exchange.route_key,
                    method=exchange.method,
                ),
                limit_seconds=integration.timeout_seconds,
                credentials_arn=integration.credentials_arn,
            )
        except FunctionRefused as refused:
            raise OwnAnswer(500, "Internal Server Error", str(refused)) from None
        except FunctionTimedOut as late:
            raise OwnAnswer(503, "Service Unavailable", str(late)) from None
        if answer.failed:
            raise OwnAnswer(500, "Internal Server Error", "the function failed")
        try:
            return Integrated(response=payload_format.response(answer.payload), request_id=answer.request_id)
        except MalformedResult as malformed:
            raise OwnAnswer(500, "Internal Server Error", f"the function's result: {malformed}") from None
