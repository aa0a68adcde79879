"""What both payload formats read of a function's result: JSON, status, header fields and body.

Source: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs", "Lambda function response
format".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from lambdakit.harness.wire import header_value


class MalformedResult(Exception):
    """A function's result that is no response."""


def read_json(payload: bytes) -> Any:
    """The result as a value. MalformedResult for what is no JSON."""
    try:
        return json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedResult(f"not JSON: {error}") from None


def read_status(value: object) -> int:
    """A status code, given as a number or as the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise MalformedResult("statusCode is not a number")
    try:
        status = int(value)
    except ValueError:
        raise MalformedResult("statusCode is not a number") from None
    if not HTTPStatus.OK <= status <= 599:
        raise MalformedResult(f"statusCode {status} is not from 200 to 599")
    return status


def read_headers(result: Mapping[str, Any], member: str = "headers") -> list[tuple[str, str]]:
    """The fields of `headers`, names in lower case; those that no answer can carry are left out."""
    return [(name, text) for name, value in _object(result, member).items() for text in _text(name, value)]


def read_repeated_headers(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields of `multiValueHeaders`."""
    pairs = []
    for name, values in _object(result, "multiValueHeaders").items():
        if not isinstance(values, list):
            raise MalformedResult(f"the values of the header {name} are not a list")
        pairs += [(name, text) for value in values for text in _text(name, value)]
    return pairs


def read_cookies(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A `set-cookie` for each of `cookies`."""
    cookies = [] if result.get("cookies") is None else result["cookies"]
    if not isinstance(cookies, list):
        raise MalformedResult("cookies is not a list")
    return [("set-cookie", header_value(str(cookie))) for cookie in cookies]


def decoded(body: str, *, is_base64: bool) -> bytes:
    """The body as it is sent."""
    if not is_base64:
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        raise MalformedResult("body is not base64") from None


def _object(result: Mapping[str, Any], member: str) -> dict[str, Any]:
    """A member's object, its names in lower case and fit for a header."""
    found = {} if result.get(member) is None else result[member]
    if not isinstance(found, dict):
        raise MalformedResult(f"{member} is not an object")
    return {name.lower(): value for name, value in found.items() if _is_field_name(name)}


def _is_field_name(name: str) -> bool:
    return bool(name) and all(33 <= ord(letter) < 127 and letter not in ':"(),/' for letter in name)


def _text(name: str, value: object) -> list[str]:
    if isinstance(value, dict | list):
        raise MalformedResult(f"the header {name} is not a text")
    if value is None:
        return []
    return [header_value(json.dumps(value) if isinstance(value, bool) else str(value))]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is none of its values")  # Python writes NaN and Infinity
