"""Payload format 2.0: an HTTP request as the event of a function, and the function's result as an HTTP response.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambdakit.clock import milliseconds
from lambdakit.harness.wire import Request, Response, header_value

JSON_CONTENT = ("content-type", "application/json")

# Content whose bytes are text; everything else reaches the function as base64.
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml", "application/graphql")


class MalformedResult(Exception):
    """A function's result that is no response."""


def event(
    request: Request,
    *,
    account_id: str,
    api_id: str,
    domain_name: str,
    route_key: str,
    stage: str,
    path: str,
    path_parameters: Mapping[str, str],
    stage_variables: Mapping[str, str],
    request_id: str,
    at: datetime,
) -> dict[str, Any]:
    """The event for `request`. path: percent-encoded, as the client sent it, a named stage included."""
    headers = _headers(request, domain_name)
    cookies = [part.strip() for value in request.headers.all("cookie") for part in value.split(";") if part.strip()]
    query = _joined(parse_qsl(request.query, keep_blank_values=True))
    body: dict[str, Any] = {}
    encoded = bool(request.body) and not _is_text(request)
    if request.body:
        body["body"] = base64.b64encode(request.body).decode() if encoded else request.body.decode("utf-8", "replace")
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": unquote(path),
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": account_id,
            "apiId": api_id,
            "domainName": domain_name,
            "domainPrefix": domain_name.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": request.http_version,
                "sourceIp": request.peer[0],
                "userAgent": request.headers.get("user-agent"),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": stage,
            "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": milliseconds(at),
        },
        **({"pathParameters": dict(path_parameters)} if path_parameters else {}),
        **({"stageVariables": dict(stage_variables)} if stage_variables else {}),
        **body,
        "isBase64Encoded": encoded,
    }


def response(payload: bytes) -> Response:
    """The HTTP response that a function's result stands for. MalformedResult when it stands for none.

    A result without `statusCode` is a body, and answered with 200; a string's text is sent as it is.
    """
    try:
        result = json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedResult(f"not JSON: {error}") from None
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result.encode("utf-8", "replace") if isinstance(result, str) else payload
        return Response(status=200, headers=[JSON_CONTENT], body=body)
    headers = [(name.lower(), value) for name, value in _result_headers(result)]
    cookies = [] if result.get("cookies") is None else result["cookies"]
    if not isinstance(cookies, list):
        raise MalformedResult("cookies is not a list")
    headers += [("set-cookie", header_value(str(cookie))) for cookie in cookies]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(JSON_CONTENT if result.get("body") is not None else ("content-type", "text/plain;charset=UTF-8"))
    return Response(status=_status(result["statusCode"]), headers=headers, body=_body(result))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is none of its values")  # Python writes NaN and Infinity


def _status(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise MalformedResult("statusCode is not a number")
    try:
        status = int(value)
    except ValueError:
        raise MalformedResult("statusCode is not a number") from None
    if not HTTPStatus.OK <= status <= 599:
        raise MalformedResult(f"statusCode {status} is not from 200 to 599")
    return status


def _result_headers(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = {} if result.get("headers") is None else result["headers"]
    if not isinstance(headers, dict):
        raise MalformedResult("headers is not an object")
    pairs = []
    for name, value in headers.items():
        if isinstance(value, dict | list):
            raise MalformedResult(f"the header {name} is not a text")
        if value is not None and name and all(33 <= ord(letter) < 127 and letter not in ':"(),/' for letter in name):
            text = json.dumps(value) if isinstance(value, bool) else str(value)
            pairs.append((name, header_value(text)))
    return pairs


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body, separators=(",", ":")).encode()
    if result.get("isBase64Encoded") is True:
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            raise MalformedResult("body is not base64") from None
    return body.encode("utf-8", "replace")


def _headers(request: Request, domain_name: str) -> dict[str, str]:
    """Names in lower case, repeated values joined; what the front door itself adds; no cookies."""
    pairs = [(name.lower(), value) for name, value in request.headers.items]
    skipped = ("cookie", "connection", "transfer-encoding", "expect", "host", "content-length")
    headers = _joined([(name, value) for name, value in pairs if name not in skipped])
    added = {
        "content-length": str(len(request.body)),
        "host": domain_name,
        "x-forwarded-for": request.peer[0],
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    return dict(sorted({**headers, **added}.items()))


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _is_text(request: Request) -> bool:
    media_type = request.headers.get("content-type").partition(";")[0].strip().lower()
    if media_type:  # a form counts as binary: it arrives as base64 on HTTP APIs
        return media_type.endswith(("+json", "+xml")) or media_type.startswith(_TEXT_TYPES)
    try:
        request.body.decode()
    except UnicodeDecodeError:
        return False
    return True
