"""What `$context` stands for: in mapping templates, parameter mappings, gateway responses and access logs.

Source: API Gateway Developer Guide, "Variables for data transformations for API Gateway" ("$context variables" of
mapping templates and those for access logs only).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.clock import milliseconds
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.records import dataclass

# What `requestContext.identity` always has, whoever asks.
IDENTITY_MEMBERS: Final = (
    *("cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey"),
    *("cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "userAgent", "user"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOutcome:
    """How a request was answered, as far as that is known.

    refused: why the API answers for itself; None when it does not. error_message: what it says then.
    integration_status: of the integration's answer; for functions what the Lambda service said of the call is in
    `integration_service_status`. None where none was asked. *_ms: durations.
    """

    status: int | None = None
    response_bytes: int | None = None
    duration_ms: float | None = None
    refused: Refused | None = None
    error_message: str = ""
    error_type: str = ""
    integration_status: int | None = None
    integration_service_status: int | None = None
    integration_ms: float | None = None
    integration_request_id: str = ""
    integration_error: str = ""
    authorizer_ms: float | None = None
    authorizer_error: str = ""


def context_values(exchange: RestExchange, outcome: RestOutcome | None = None) -> dict[str, Any]:
    """The variables, nested: `$context.identity.sourceIp` is `["identity"]["sourceIp"]`; None where there is none.

    The caller may change it. outcome: absence for a request that is not answered yet.
    """
    authorized = exchange.authorized
    values: dict[str, Any] = {
        "accountId": exchange.account_id,
        "apiId": exchange.api.api_id,
        "deploymentId": exchange.api.deployment_id,
        "domainName": exchange.domain_name,
        "domainPrefix": exchange.domain_name.partition(".")[0],
        "endpointType": exchange.api.endpoint_type,
        "extendedRequestId": exchange.extended_request_id,
        "httpMethod": exchange.request.method,
        "identity": identity_values(exchange),
        "isCanaryRequest": exchange.is_canary,
        "path": exchange.full_path,
        "protocol": exchange.request.http_version,
        "requestId": exchange.request_id,
        "requestTime": request_time(exchange),
        "requestTimeEpoch": milliseconds(exchange.at),
        "resourceId": exchange.resource_id,
        "resourcePath": exchange.resource_path,
        "stage": exchange.stage,
        "xrayTraceId": _trace_root(exchange),
    }
    if exchange.method is not None and exchange.method.operation_name:
        values["operationName"] = exchange.method.operation_name
    authorizer = authorizer_values(exchange)
    if authorizer is not None:
        values["authorizer"] = authorizer
    if outcome is not None:
        _add_outcome(values, outcome, asked=authorized.kind != "")
    return values


def identity_values(exchange: RestExchange) -> dict[str, str | None]:
    """Who asks: `requestContext.identity`. The API key is there only where there is one."""
    values: dict[str, str | None] = {
        **dict.fromkeys(IDENTITY_MEMBERS),
        "sourceIp": exchange.request.peer[0],
        "userAgent": exchange.request.headers.get("user-agent") or None,
        **exchange.authorized.identity,
    }
    if exchange.key is not None:
        values |= {"apiKey": exchange.key.value, "apiKeyId": exchange.key.key_id}
    return values


def authorizer_values(exchange: RestExchange) -> dict[str, Any] | None:
    """What an authorizer said: `requestContext.authorizer`; None where it said nothing."""
    authorized = exchange.authorized
    if authorized.context is None and not authorized.principal_id:
        return None
    principal = {"principalId": authorized.principal_id} if authorized.principal_id else {}
    return {**principal, **(authorized.context or {})}


def request_time(exchange: RestExchange) -> str:
    """When the request came, in the form of the Common Log Format."""
    return exchange.at.strftime("%d/%b/%Y:%H:%M:%S +0000")


def _trace_root(exchange: RestExchange) -> str | None:
    for part in exchange.request.headers.get("x-amzn-trace-id").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "Root":
            return value
    return None


def _add_outcome(values: dict[str, Any], outcome: RestOutcome, *, asked: bool) -> None:
    integration_ms = _rounded(outcome.integration_ms)
    status = outcome.integration_status
    values |= {
        "integration": {
            "error": outcome.integration_error or None,
            "integrationStatus": status,
            "latency": integration_ms,
            "requestId": outcome.integration_request_id or None,
            "status": outcome.integration_service_status if outcome.integration_service_status is not None else status,
        },
        "integrationErrorMessage": outcome.integration_error or None,
        "integrationLatency": integration_ms,
        "integrationStatus": status,
        "responseLatency": _rounded(outcome.duration_ms),
        "responseLength": outcome.response_bytes,
        "status": outcome.status,
    }
    if asked or outcome.authorizer_error or outcome.authorizer_ms is not None:
        said: Mapping[str, Any] = values.get("authorizer") or {}
        told = {"error": outcome.authorizer_error or None, "latency": _rounded(outcome.authorizer_ms)}
        values["authorizer"] = {**told, "integrationLatency": told["latency"], **said}
    if outcome.refused is not None:
        values["error"] = {
            "message": outcome.error_message,
            "messageString": json.dumps(outcome.error_message),
            "responseType": outcome.error_type or outcome.refused.kind,
            **outcome.refused.details,
        }


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
