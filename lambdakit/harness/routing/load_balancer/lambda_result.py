"""A function's result as the answer of a load balancer.

A null where a member has a value is malformed, and so is a header that is no text; a member that is left out is not.
Source: Application Load Balancers guide, "Use Lambda functions as targets of an Application Load Balancer", "Respond to
the load balancer"; "Access logs for your Application Load Balancer", "Error reason codes" (`LambdaInvalidResponse`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.result_parts import MalformedResult, decoded, read_json
from lambdakit.harness.wire import Response, header_value

# What a client gets when the function names no type.
_UNNAMED_TYPE: Final = ("content-type", "application/octet-stream")
_OF_CONNECTION: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


def lambda_response(payload: bytes, *, multi_value_headers: bool) -> Response:
    """The answer. MalformedResult for what is none.

    multi_value_headers: of the target group: then `multiValueHeaders` counts, and else `headers`; the other does not.
    """
    result = read_json(payload)
    if not isinstance(result, dict):
        raise MalformedResult("it is not an object")
    status = _status(result)
    _text_of(result, "statusDescription")
    is_base64 = _member(result, "isBase64Encoded", bool, False)
    body = decoded(_text_of(result, "body"), is_base64=is_base64)
    headers = _repeated(result) if multi_value_headers else _single(result)
    kept = [(name, value) for name, value in headers if name.lower() not in _OF_CONNECTION]
    if not any(name.lower() == "content-type" for name, _ in kept):
        kept.append(_UNNAMED_TYPE)
    return Response(status=status, headers=kept, body=body)


def unread_headers(payload: bytes, *, multi_value_headers: bool) -> str:
    """The member of a well-formed result whose headers are not read because of the target group; empty for none."""
    result = read_json(payload)
    wanted, other = "headers", "multiValueHeaders"
    if multi_value_headers:
        wanted, other = other, wanted
    return other if result.get(other) and not result.get(wanted) else ""


def _status(result: Mapping[str, Any]) -> int:
    status = result.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int):
        raise MalformedResult("statusCode is not a number")
    if not 200 <= status <= 599:
        raise MalformedResult(f"statusCode {status} is not from 200 to 599")
    return status


def _single(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = _member(result, "headers", dict, {})
    return [(_name(name), _value(name, value)) for name, value in headers.items()]


def _repeated(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name, values in _member(result, "multiValueHeaders", dict, {}).items():
        if not isinstance(values, list):
            raise MalformedResult(f"the values of the header {name} are not a list")
        pairs += [(_name(name), _value(name, value)) for value in values]
    return pairs


def _name(name: str) -> str:
    if not name or not all(33 <= ord(letter) < 127 and letter not in '"(),/:;<=>?@[\\]{}' for letter in name):
        raise MalformedResult(f"{name!r} is no name of a header")
    return name


def _value(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise MalformedResult(f"the header {name} is not a text")
    if value != header_value(value):
        raise MalformedResult(f"the header {name} has a line break")
    return value


def _text_of(result: Mapping[str, Any], member: str) -> str:
    text: str = _member(result, member, str, "")
    return text


def _member(result: Mapping[str, Any], member: str, kind: type, absent: Any) -> Any:
    value = result.get(member, absent)
    if not isinstance(value, kind):
        words = {str: "a text", bool: "true or false", dict: "an object"}
        raise MalformedResult(f"{member} is not {words[kind]}")
    return value
