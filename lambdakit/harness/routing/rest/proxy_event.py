"""The event of a Lambda proxy integration of a REST API.

Source: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" ("Input format of a Lambda function for
proxy integration"), "Important notes for API Gateway" (header fields that are dropped).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

from lambdakit.clock import milliseconds
from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.rest.context import authorizer_values, identity_values, request_time
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.media_types import is_binary_request

_DROPPED: Final = frozenset(
    {"connection", "content-length", "content-md5", "expect", "host", "max-forwards", "proxy-authenticate", "server"}
    | {"te", "trailer", "transfer-encoding", "upgrade", "www-authenticate"}
    | {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}
)


def proxy_event(exchange: RestExchange) -> dict[str, Any]:
    """The event for a request."""
    return {
        **asked(exchange),
        "pathParameters": dict(exchange.path_parameters) or None,
        "stageVariables": dict(exchange.stage_variables) or None,
        "requestContext": request_context(exchange),
        **_body(exchange),
    }


def asked(exchange: RestExchange) -> dict[str, Any]:
    """Resource, path, method, header fields and query; null for no query."""
    headers = header_pairs(exchange)
    query = query_pairs(exchange.request.query)
    return {
        "resource": exchange.resource_path,
        "path": exchange.path,
        "httpMethod": exchange.request.method,
        "headers": dict(headers),
        "multiValueHeaders": lists(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": lists(query) or None,
    }


def request_context(exchange: RestExchange) -> dict[str, Any]:
    """`requestContext`."""
    authorizer = authorizer_values(exchange)
    operation = exchange.method.operation_name if exchange.method is not None else ""
    return {
        "resourceId": exchange.resource_id,
        **({} if authorizer is None else {"authorizer": authorizer}),
        "resourcePath": exchange.resource_path,
        **({"operationName": operation} if operation else {}),
        "httpMethod": exchange.request.method,
        "extendedRequestId": exchange.extended_request_id,
        "requestTime": request_time(exchange),
        "path": exchange.full_path,
        "accountId": exchange.account_id,
        "protocol": exchange.request.http_version,
        "stage": exchange.stage,
        "domainPrefix": exchange.domain_name.partition(".")[0],
        "requestTimeEpoch": milliseconds(exchange.at),
        "requestId": exchange.request_id,
        "identity": identity_values(exchange),
        "domainName": exchange.domain_name,
        "deploymentId": exchange.api.deployment_id,
        "apiId": exchange.api.api_id,
        **({"isCanaryRequest": True} if exchange.is_canary else {}),
    }


def header_pairs(exchange: RestExchange) -> list[tuple[str, str]]:
    """The request's header fields as the client spells them, with what API Gateway adds."""
    request = exchange.request
    kept = [pair for pair in request.headers.items if pair[0].lower() not in _DROPPED]
    if exchange.method is not None and exchange.method.authorization == "AWS_IAM":
        kept = [pair for pair in kept if pair[0].lower() != "authorization"]  # a signature is not passed on
    forwarded = request.headers.all("x-forwarded-for")
    added = [
        ("Host", exchange.domain_name),
        ("X-Amzn-Trace-Id", request.headers.get("x-amzn-trace-id")),
        ("X-Forwarded-For", ", ".join([*forwarded, request.peer[0]])),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]
    return [*kept, *added]


def lists(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Every value of each name."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _body(exchange: RestExchange) -> dict[str, Any]:
    body = exchange.request.body
    if not body:
        return {"body": None, "isBase64Encoded": False}
    if is_binary_request(exchange.api, exchange.request):
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {"body": body.decode("utf-8", "replace"), "isBase64Encoded": False}
