"""The result of a Lambda proxy integration of a REST API, as the HTTP response that it stands for.

Source: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" ("Output format of a Lambda function for
proxy integration"), "Handle Lambda errors in API Gateway" (502 for any other form), "Important notes for API Gateway"
(header fields that are remapped or dropped).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lambdakit.harness.routing.exchange import JSON_CONTENT
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.media_types import is_binary_answer
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.result_parts import (
    MalformedResult,
    decoded,
    read_headers,
    read_json,
    read_repeated_headers,
    read_status,
)
from lambdakit.harness.wire import Response

# The page says that fields "may be dropped, remapped, or otherwise modified", to `X-Amzn-Remapped-…`, and names
# `WWW-Authenticate`; its edition of 2018 lists all of these. Which goes which way is in a table of later editions that
# was not to be read: unconfirmed.
_REMAPPED: Final = frozenset(
    {"authorization", "connection", "content-md5", "date", "max-forwards", "server", "user-agent", "www-authenticate"}
)
_DROPPED: Final = frozenset(
    {"content-length", "expect", "host", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "via"}
)


def proxy_response(payload: bytes, exchange: RestExchange) -> Response:
    """The response. MalformedResult for a result that stands for none; Refused for bytes that are no base64."""
    result = read_json(payload)
    if not isinstance(result, dict):
        raise MalformedResult("it is no object")
    if "statusCode" not in result:
        raise MalformedResult("there is no statusCode")
    status = read_status(result["statusCode"])
    headers = merged_headers(result)
    body = result.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedResult("body is not a text")
    encoded = result.get("isBase64Encoded")
    if encoded is not None and not isinstance(encoded, bool):
        raise MalformedResult("isBase64Encoded is neither true nor false")
    is_bytes = encoded is True and is_binary_answer(exchange.api, exchange.request)
    try:
        content = b"" if body is None else decoded(body, is_base64=is_bytes)
    except MalformedResult as malformed:
        # "Gateway response types": base64 that cannot be decoded is an error of the API's configuration.
        raise Refused("API_CONFIGURATION_ERROR", f"the function's result: {malformed}") from None
    return Response(status=status, headers=remapped(headers), body=content)


def merged_headers(result: dict[str, Any]) -> list[tuple[str, str]]:
    """`headers` and `multiValueHeaders` together; a pair that both have is there once, and a content type always."""
    repeated = read_repeated_headers(result)
    headers = [*(pair for pair in read_headers(result) if pair not in repeated), *repeated]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(JSON_CONTENT)
    return headers


def remapped(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Header fields of an integration's answer as the client gets them."""
    return [
        (f"x-amzn-remapped-{name.lower()}" if name.lower() in _REMAPPED else name, value)
        for name, value in headers
        if name.lower() not in _DROPPED
    ]
