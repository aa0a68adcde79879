"""Payloads between text and bytes, as `contentHandling` and the API's binary media types have it.

Source: API Gateway Developer Guide, "Content type conversions in API Gateway".
"""

from __future__ import annotations

import base64
import binascii

from lambdakit.harness.routing.rest.backend import BackendAnswer
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.media_types import is_binary, is_binary_request
from lambdakit.harness.routing.rest.refusal import Refused

_TO_BINARY = "CONVERT_TO_BINARY"
_TO_TEXT = "CONVERT_TO_TEXT"


def request_body(exchange: RestExchange, handling: str, *, has_template: bool) -> bytes:
    """The request's body as its template or its integration gets it.

    Refused for bytes that would go through a template. What a template makes is converted by `made_by_template`.
    """
    body = exchange.request.body
    if is_binary_request(exchange.api, exchange.request):
        if handling == _TO_TEXT:
            return base64.b64encode(body)
        if has_template and body:
            raise Refused("API_CONFIGURATION_ERROR", "a body of a binary media type goes through no template")
        return body
    return body if has_template else made_by_template(body, handling)


def made_by_template(body: bytes, handling: str) -> bytes:
    """What a template made of a text, or a text that went through none."""
    return _decoded(body) if handling == _TO_BINARY else body


def answer_body(exchange: RestExchange, answer: BackendAnswer, handling: str, *, has_template: bool) -> bytes:
    """An integration's payload, before its template. Refused for bytes that would go through one."""
    content_type = answer.header("content-type")
    if not content_type or not is_binary(exchange.api, content_type):
        return answer.body
    accepted = _accepted(exchange)
    if handling == _TO_TEXT or (not handling and not is_binary(exchange.api, accepted)):
        return base64.b64encode(answer.body)
    if has_template and answer.body:
        raise Refused("API_CONFIGURATION_ERROR", "an answer of a binary media type goes through no template")
    return answer.body


def finished_body(exchange: RestExchange, answer: BackendAnswer, body: bytes, handling: str) -> bytes:
    """The payload for the client, behind its template: a text becomes the bytes it stands for where that is asked."""
    content_type = answer.header("content-type")
    if content_type and is_binary(exchange.api, content_type):
        return body
    wants_bytes = handling == _TO_BINARY or (not handling and is_binary(exchange.api, _accepted(exchange)))
    return _decoded(body) if wants_bytes and body else body


def _accepted(exchange: RestExchange) -> str:
    """The first media type that the client accepts; of a client that takes anything, JSON."""
    accepted = exchange.request.headers.get("accept").partition(",")[0].partition(";")[0].strip()
    return "application/json" if accepted in ("", "*/*") else accepted


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Refused("API_CONFIGURATION_ERROR", "the payload is no base64, as CONVERT_TO_BINARY wants it") from None
