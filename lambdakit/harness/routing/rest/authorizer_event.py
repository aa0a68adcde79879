"""What a Lambda authorizer's function is given: a token, or the request without its body.

Source: API Gateway Developer Guide, "Input to an API Gateway Lambda authorizer".
"""

from __future__ import annotations

from typing import Any

from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.proxy_event import asked, request_context


def token_event(exchange: RestExchange, token: str) -> dict[str, Any]:
    """The event of a TOKEN authorizer. token: as the header has it."""
    return {"type": "TOKEN", "methodArn": exchange.method_arn(), "authorizationToken": token}


def request_event(exchange: RestExchange) -> dict[str, Any]:
    """The event of a REQUEST authorizer: what there is none of is an empty object."""
    return {
        "type": "REQUEST",
        "methodArn": exchange.method_arn(),
        **{name: {} if value is None else value for name, value in asked(exchange).items()},
        "pathParameters": dict(exchange.path_parameters),
        "stageVariables": dict(exchange.stage_variables),
        "requestContext": request_context(exchange),
    }
