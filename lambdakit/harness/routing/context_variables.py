"""What `$context.…` stands for: in parameter mappings, identity sources and the format of access logs.

Source: API Gateway Developer Guide, "Customize HTTP API access logs" ("$context variables"), "Transform API requests
and responses for HTTP APIs".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.clock import milliseconds
from lambdakit.harness.routing.exchange import Exchange
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a request was answered, for the access log.

    integration_status: of the integration's answer; None where none was asked. *_ms: durations. problem: why the door
    answered for itself; empty when it did not.
    """

    status: int
    response_bytes: int
    duration_ms: float
    integration_status: int | None = None
    integration_ms: float | None = None
    integration_request_id: str = ""
    problem: str = ""
    integration_problem: str = ""
    authorizer_problem: str = ""


def context_value(exchange: Exchange, name: str, outcome: Outcome | None = None) -> str | None:
    """What a variable stands for, by its name behind `$context.`; None when it has no value.

    outcome: absence for a request that is not answered yet.
    """
    read = _OF_REQUEST.get(name)
    if read is not None:
        return read(exchange)
    if name.startswith("authorizer."):
        return _of_authorizer(exchange, name.removeprefix("authorizer."), outcome)
    of_outcome = _OF_OUTCOME.get(name)
    return None if outcome is None or of_outcome is None else of_outcome(outcome)


def as_text(value: Any) -> str | None:
    """A value of a JSON document as the text that stands for it; None for null."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _of_authorizer(exchange: Exchange, name: str, outcome: Outcome | None) -> str | None:
    authorized = exchange.authorized
    if name == "error":
        return (outcome.authorizer_problem or None) if outcome is not None else None
    facts: Mapping[str, Any] = authorized.facts or {}
    if authorized.kind == "jwt" and name.startswith("claims."):
        return as_text(facts["claims"].get(name.removeprefix("claims.")))
    if authorized.kind == "lambda":
        if name == "principalId":
            return authorized.principal_id or None
        return as_text(facts.get(name))
    return None


def _identity(member: str) -> Callable[[Exchange], str | None]:
    def read(exchange: Exchange) -> str | None:
        facts = exchange.authorized.facts or {}
        return as_text(facts.get(member)) if exchange.authorized.kind == "iam" else None

    return read


_OF_REQUEST: Final[Mapping[str, Callable[[Exchange], str | None]]] = {
    "accountId": lambda exchange: exchange.account_id,
    "apiId": lambda exchange: exchange.api_id,
    "domainName": lambda exchange: exchange.domain_name,
    "domainPrefix": lambda exchange: exchange.domain_name.partition(".")[0],
    "extendedRequestId": lambda exchange: exchange.request_id,
    "httpMethod": lambda exchange: exchange.method,
    "identity.accessKey": _identity("accessKey"),
    "identity.accountId": _identity("accountId"),
    "identity.caller": _identity("callerId"),
    "identity.principalOrgId": _identity("principalOrgId"),
    "identity.sourceIp": lambda exchange: exchange.request.peer[0],
    "identity.user": _identity("userId"),
    "identity.userAgent": lambda exchange: exchange.request.headers.get("user-agent") or None,
    "identity.userArn": _identity("userArn"),
    "path": lambda exchange: unquote(exchange.path),
    "protocol": lambda exchange: exchange.request.http_version,
    "requestId": lambda exchange: exchange.request_id,
    "requestTime": lambda exchange: exchange.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
    "requestTimeEpoch": lambda exchange: str(milliseconds(exchange.at)),
    "resourcePath": lambda exchange: exchange.resource_path,
    "routeKey": lambda exchange: exchange.route_key,
    "stage": lambda exchange: exchange.stage,
}


def _milliseconds(value: float | None) -> str | None:
    return None if value is None else str(round(value))


def _status(outcome: Outcome) -> str | None:
    return None if outcome.integration_status is None else str(outcome.integration_status)


def _own(outcome: Outcome) -> str | None:
    return outcome.problem or None


_RESPONSE_TYPES: Final[Mapping[int, str]] = {
    401: "UNAUTHORIZED",
    403: "ACCESS_DENIED",
    404: "RESOURCE_NOT_FOUND",
    413: "REQUEST_TOO_LARGE",
    429: "THROTTLED",
    500: "INTEGRATION_FAILURE",
    503: "INTEGRATION_TIMEOUT",
}
_OF_OUTCOME: Final[Mapping[str, Callable[[Outcome], str | None]]] = {
    "dataProcessed": lambda outcome: str(outcome.response_bytes),
    "error.message": _own,
    "error.messageString": lambda outcome: json.dumps(outcome.problem) if outcome.problem else None,
    "error.responseType": lambda outcome: _RESPONSE_TYPES.get(outcome.status) if outcome.problem else None,
    "integration.error": lambda outcome: outcome.integration_problem or None,
    "integration.integrationStatus": _status,
    "integration.latency": lambda outcome: _milliseconds(outcome.integration_ms),
    "integration.requestId": lambda outcome: outcome.integration_request_id or None,
    "integration.status": _status,
    "integrationErrorMessage": lambda outcome: outcome.integration_problem or None,
    "integrationLatency": lambda outcome: _milliseconds(outcome.integration_ms),
    "integrationStatus": _status,
    "responseLatency": lambda outcome: _milliseconds(outcome.duration_ms),
    "responseLength": lambda outcome: str(outcome.response_bytes),
    "status": lambda outcome: str(outcome.status),
}
