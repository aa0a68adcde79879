"""Lambda proxy integrations of WebSocket APIs.

Source: API Gateway Developer Guide, "Set up a WebSocket API integration request" (`AWS_PROXY`).
"""

from __future__ import annotations

import json

from lambdakit.harness.moto_state.websocket_apis import SocketIntegration
from lambdakit.harness.routing.arns import function_arn
from lambdakit.harness.routing.authorizers.lambda_authorizer import Call
from lambdakit.harness.routing.function_calls import FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.result_parts import MalformedResult
from lambdakit.harness.routing.websocket.socket_answer import BAD_GATEWAY, FAILED, TIMED_OUT, SocketRefused
from lambdakit.harness.routing.websocket.socket_event import SocketResult, event, result
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange


class SocketLambda:
    """Calls the function that an integration names."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __call__(self, exchange: SocketExchange, integration: SocketIntegration) -> SocketResult:
        """What the function said. SocketRefused when it said nothing."""
        try:
            answer = self._call(
                function_arn(integration.uri, exchange.stage_variables),
                json.dumps(event(exchange), separators=(",", ":")).encode(),
                source_arn=exchange.route_arn(),
                limit_seconds=integration.timeout_seconds,
                trace_id=exchange.trace_id,
                credentials_arn=integration.credentials_arn,
            )
        except FunctionRefused as refused:
            raise SocketRefused(FAILED, str(refused)) from None
        except FunctionTimedOut as late:
            raise SocketRefused(TIMED_OUT, str(late)) from None
        if answer.failed:
            raise SocketRefused(BAD_GATEWAY, "the function failed")
        try:
            return result(answer.payload)
        except MalformedResult as malformed:
            raise SocketRefused(BAD_GATEWAY, f"the function's result: {malformed}") from None
