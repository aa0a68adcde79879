"""Payload format 2.0: an HTTP request as the event of a function, and the function's result as an HTTP response.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from lambdakit.clock import milliseconds
from lambdakit.harness.routing.event_parts import body_text, header_pairs
from lambdakit.harness.routing.exchange import JSON_CONTENT, Exchange, joined, query_pairs
from lambdakit.harness.routing.result_parts import (
    MalformedResult,
    decoded,
    read_cookies,
    read_headers,
    read_json,
    read_status,
)
from lambdakit.harness.wire import Request, Response

__all__ = ["MalformedResult", "authorizer_event", "event", "response"]


def event(exchange: Exchange) -> dict[str, Any]:
    """The event for a request."""
    body, encoded = body_text(exchange.request)
    path_parameters, stage_variables = exchange.path_parameters, exchange.stage_variables
    return {
        "version": "2.0",
        "routeKey": exchange.route_key,
        **_asked(exchange),
        "requestContext": request_context(exchange),
        **({"pathParameters": dict(path_parameters)} if path_parameters else {}),
        **({"stageVariables": dict(stage_variables)} if stage_variables else {}),
        **({} if body is None else {"body": body}),
        "isBase64Encoded": encoded,
    }


def authorizer_event(exchange: Exchange, *, route_arn: str, identity: list[str]) -> dict[str, Any]:
    """The event for a Lambda authorizer. identity: the values of its identity sources.

    Source: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers".
    """
    path_parameters, stage_variables = exchange.path_parameters, exchange.stage_variables
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": route_arn,
        "identitySource": identity or None,
        "routeKey": exchange.route_key,
        **_asked(exchange),
        "requestContext": request_context(exchange),
        **({"pathParameters": dict(path_parameters)} if path_parameters else {}),
        **({"stageVariables": dict(stage_variables)} if stage_variables else {}),
    }


def request_context(exchange: Exchange) -> dict[str, Any]:
    """What stands in `requestContext`."""
    request, authorized = exchange.request, exchange.authorized
    path = unquote(exchange.path)
    return {
        "accountId": exchange.account_id,
        "apiId": exchange.api_id,
        **({"authorizer": {authorized.kind: authorized.facts}} if authorized.kind else {}),
        "domainName": exchange.domain_name,
        "domainPrefix": exchange.domain_name.partition(".")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": request.http_version,
            "sourceIp": request.peer[0],
            "userAgent": request.headers.get("user-agent"),
        },
        "requestId": exchange.request_id,
        "routeKey": exchange.route_key,
        "stage": exchange.stage,
        "time": exchange.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": milliseconds(exchange.at),
    }


def response(payload: bytes) -> Response:
    """The HTTP response that a function's result stands for. MalformedResult when it stands for none.

    A result without `statusCode` is a body, and answered with 200; a string's text is sent as it is.
    """
    result = read_json(payload)
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result.encode("utf-8", "replace") if isinstance(result, str) else payload
        return Response(status=200, headers=[JSON_CONTENT], body=body)
    headers = [*read_headers(result), *read_cookies(result)]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(JSON_CONTENT if result.get("body") is not None else ("content-type", "text/plain;charset=UTF-8"))
    return Response(status=read_status(result["statusCode"]), headers=headers, body=_body(result))


def _asked(exchange: Exchange) -> dict[str, Any]:
    """Path, query, cookies and header fields."""
    request = exchange.request
    cookies = _cookies(request)
    query = joined(query_pairs(request.query))
    headers = [pair for pair in header_pairs(request, exchange.domain_name) if pair[0] != "cookie"]
    return {
        "rawPath": unquote(exchange.path),
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": joined(headers),
        **({"queryStringParameters": query} if query else {}),
    }


def _cookies(request: Request) -> list[str]:
    return [part.strip() for value in request.headers.all("cookie") for part in value.split(";") if part.strip()]


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body, separators=(",", ":")).encode()
    return decoded(body, is_base64=result.get("isBase64Encoded") is True)
