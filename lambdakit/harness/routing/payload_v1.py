"""Payload format 1.0 of HTTP APIs: an HTTP request as the event of a function, and the function's result as a response.

Nothing is inferred from a result: it says its status, or it is none.
Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs" ("Payload format structure",
version 1.0); "Control access to HTTP APIs with AWS Lambda authorizers".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.clock import milliseconds
from lambdakit.harness.routing.event_parts import body_text, header_pairs
from lambdakit.harness.routing.exchange import JSON_CONTENT, Authorized, Exchange, query_pairs
from lambdakit.harness.routing.result_parts import (
    MalformedResult,
    decoded,
    read_headers,
    read_json,
    read_repeated_headers,
    read_status,
)
from lambdakit.harness.wire import Response

_UNKNOWN_IDENTITY: Final = (
    *("accessKey", "accountId", "caller", "cognitoAmr", "cognitoAuthenticationProvider", "cognitoAuthenticationType"),
    *("cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId"),
)


def event(exchange: Exchange) -> dict[str, Any]:
    """The event for a request."""
    body, encoded = body_text(exchange.request)
    return {
        "version": "1.0",
        **_asked(exchange),
        "requestContext": _request_context(exchange),
        "pathParameters": dict(exchange.path_parameters) or None,
        "stageVariables": dict(exchange.stage_variables) or None,
        "body": body,
        "isBase64Encoded": encoded,
    }


def authorizer_event(exchange: Exchange, *, route_arn: str, identity: list[str]) -> dict[str, Any]:
    """The event for a Lambda authorizer. identity: the values of its identity sources."""
    sources = ",".join(identity)
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": route_arn,
        "identitySource": sources,
        "authorizationToken": sources,
        **_asked(exchange),
        "pathParameters": dict(exchange.path_parameters),
        "stageVariables": dict(exchange.stage_variables),
        "requestContext": _request_context(exchange),
    }


def response(payload: bytes) -> Response:
    """The HTTP response that a function's result stands for. MalformedResult when it stands for none."""
    result = read_json(payload)
    if not isinstance(result, dict):
        raise MalformedResult("the result is not an object")
    if "statusCode" not in result:
        raise MalformedResult("there is no statusCode")
    body = result.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedResult("body is not a text")
    headers = _merged(read_headers(result), read_repeated_headers(result))
    if not any(name == "content-type" for name, _ in headers):
        headers.append(JSON_CONTENT if body is not None else ("content-type", "text/plain;charset=UTF-8"))
    content = b"" if body is None else decoded(body, is_base64=result.get("isBase64Encoded") is True)
    return Response(status=read_status(result["statusCode"]), headers=headers, body=content)


def _merged(single: Sequence[tuple[str, str]], repeated: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Both together; a pair that both have is there once.

    Source: API Gateway Developer Guide, "Set up Lambda proxy integrations in API Gateway" (`multiValueHeaders`).
    """
    return [*(pair for pair in single if pair not in repeated), *repeated]


def _asked(exchange: Exchange) -> dict[str, Any]:
    """Resource, path, method, header fields and query; null for no query."""
    headers = header_pairs(exchange.request, exchange.domain_name)
    query = query_pairs(exchange.request.query)
    return {
        "resource": exchange.resource_path,
        "path": unquote(exchange.path),
        "httpMethod": exchange.method,
        "headers": dict(headers),
        "multiValueHeaders": _lists(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _lists(query) or None,
    }


def _request_context(exchange: Exchange) -> dict[str, Any]:
    request = exchange.request
    path = unquote(exchange.path)
    return {
        "accountId": exchange.account_id,
        "apiId": exchange.api_id,
        **_authorizer(exchange.authorized),
        "domainName": exchange.domain_name,
        "domainPrefix": exchange.domain_name.partition(".")[0],
        "extendedRequestId": exchange.request_id,
        "httpMethod": exchange.method,
        "identity": {
            **dict.fromkeys(_UNKNOWN_IDENTITY),
            **_identity(exchange.authorized),
            "sourceIp": request.peer[0],
            "userAgent": request.headers.get("user-agent"),
        },
        "path": path,
        "protocol": request.http_version,
        "requestId": exchange.request_id,
        "requestTime": exchange.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": milliseconds(exchange.at),
        "resourceId": exchange.route_key,
        "resourcePath": exchange.resource_path,
        "stage": exchange.stage,
    }


def _authorizer(authorized: Authorized) -> dict[str, Any]:
    """Claims and scopes of a token; the context of a Lambda authorizer, with whom its policy is about."""
    if authorized.kind == "jwt":
        return {"authorizer": dict(authorized.facts or {})}
    if authorized.kind == "lambda":
        principal = {"principalId": authorized.principal_id} if authorized.principal_id else {}
        return {"authorizer": {**(authorized.facts or {}), **principal}}
    return {}


def _identity(authorized: Authorized) -> Mapping[str, Any]:
    """Who signed the request."""
    if authorized.kind != "iam" or authorized.facts is None:
        return {"user": None, "userArn": None}
    facts = authorized.facts
    return {
        "accessKey": facts["accessKey"],
        "accountId": facts["accountId"],
        "caller": facts["callerId"],
        "user": facts["userId"],
        "userArn": facts["userArn"],
    }


def _lists(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
