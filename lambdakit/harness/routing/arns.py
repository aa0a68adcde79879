"""ARNs that front doors make and read: of functions in integrations, and of what is invoked.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with IAM authorization", "Use stage variables for HTTP
APIs in API Gateway"; CloudFormation Template Reference, "AWS::ApiGatewayV2::Authorizer" (`AuthorizerUri`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from lambdakit.arn import partition_of
from lambdakit.harness.routing.exchange import Exchange

_FUNCTION_IN_URI: Final = re.compile(r"arn:[^:]+:apigateway:[^:]+:lambda:path/[^/]+/functions/(.+)/invocations")
_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_-]+)\}")


def function_arn(uri: str, stage_variables: Mapping[str, str]) -> str:
    """The function that a URI of API Gateway's calls, qualifier included."""
    uri = with_stage_variables(uri, stage_variables)
    match = _FUNCTION_IN_URI.fullmatch(uri)
    return uri if match is None else match[1]


def with_stage_variables(text: str, stage_variables: Mapping[str, str]) -> str:
    """`text` with each `${stageVariables.name}` in place; nothing for a variable that is not there."""
    if "${stageVariables." not in text:
        return text
    return _STAGE_VARIABLE.sub(lambda match: stage_variables.get(match[1], ""), text)


def invoked_arn(exchange: Exchange) -> str:
    """What a request invokes, as policies name it: `…:api/stage/METHOD/path`."""
    place = f"arn:{partition_of(exchange.region)}:execute-api:{exchange.region}:{exchange.account_id}"
    path = unquote(exchange.route_path).removeprefix("/")
    return f"{place}:{exchange.api_id}/{exchange.stage}/{exchange.method}/{path}"
