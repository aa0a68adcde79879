"""A request's parts as the input that its operation's shape describes.

Text of the path and the query, and JSON of the body, become Python values: bytes, datetimes, numbers, truth values.
Source: Smithy's "AWS restJson1 protocol", as botocore's rest-json serializer sends it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lambdakit.harness.lambda_service.api_model import Call, Shape
from lambdakit.harness.lambda_service.faults import ServiceFault
from lambdakit.harness.wire import Request

Input = dict[str, Any]


def read_input(call: Call, request: Request) -> Input:
    """The operation's input, not validated yet. SerializationException when a value is of another type."""
    shape = call.operation.input_shape
    if shape is None:
        return {}
    values: Input = {}
    whole = shape.serialization.get("payload")
    if whole is not None and request.body:
        member = shape.members[whole]
        found = request.body if member.type_name == "blob" else _from_json(member, _body(request))
        if found:  # without the member a structure is sent as an empty one
            values[whole] = found
    body = (
        _body(request) if whole is None and any(_location(member) is None for member in shape.members.values()) else {}
    )
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match _location(member):
            case "uri":
                found = _from_text(member, [call.path[wire_name]])
            case "querystring":
                found = _from_text(member, [text for key, text in call.query if key == wire_name])
            case "header":
                found = _from_text(member, request.headers.all(wire_name.lower()))
            case _:
                found = None if name == whole else _from_json(member, body.get(wire_name))
        if found is not None:
            values[name] = found
    return values


def _location(member: Shape) -> str | None:
    location: str | None = member.serialization.get("location")
    return location


def _body(request: Request) -> Mapping[str, Any]:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ServiceFault(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from None
    if not isinstance(body, dict):
        raise _misfit("Unexpected value where an object was expected")
    return body


def _from_text(shape: Shape, texts: Sequence[str]) -> object:
    if shape.type_name == "list":
        return [_scalar_from_text(shape.member, text) for text in texts] or None
    return _scalar_from_text(shape, texts[0]) if texts else None


def _scalar_from_text(shape: Shape, text: str) -> object:
    try:
        match shape.type_name:
            case "integer" | "long":
                return int(text)
            case "double" | "float":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                return _moment(text)
    except (ValueError, KeyError):
        raise _misfit(f"'{text}' can not be converted to {_article(shape)}") from None
    return text


def _from_json(shape: Shape, value: Any) -> Any:
    if value is None:
        return None
    expected, convert = _CONVERSIONS[shape.type_name]
    fits = isinstance(value, expected) and (shape.type_name == "boolean" or not isinstance(value, bool))
    if not fits:
        raise _misfit(f"{_token(value)} can not be converted to {_article(shape)}")
    try:
        return convert(shape, value)
    except (ValueError, OverflowError) as error:
        raise _misfit(str(error)) from None


def _structure(shape: Shape, value: Mapping[str, Any]) -> Input:
    read = {}
    for name, member in shape.members.items():
        found = _from_json(member, value.get(member.serialization.get("name", name)))
        if found is not None:
            read[name] = found
    return read


def _list(shape: Shape, value: Sequence[Any]) -> list[Any]:
    return [_from_json(shape.member, item) for item in value]


def _map(shape: Shape, value: Mapping[str, Any]) -> Input:
    return {key: _from_json(shape.value, item) for key, item in value.items()}


def _blob(shape: Shape, value: str) -> bytes:
    del shape
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"a blob is not base64: {error}") from None


def _integer(shape: Shape, value: float) -> int:
    del shape
    if value != int(value):
        raise ValueError(f"{value} is not a whole number")
    return int(value)


def _timestamp(shape: Shape, value: object) -> datetime:
    del shape
    return _moment(value)


def _as_it_is(shape: Shape, value: object) -> object:
    del shape
    return value


# Shape type -> what JSON gives for it, and what becomes of that.
_CONVERSIONS: Mapping[str, tuple[type | tuple[type, ...], Callable[[Shape, Any], Any]]] = {
    "blob": (str, _blob),
    "boolean": (bool, _as_it_is),
    "double": ((int, float), lambda shape, value: float(value)),
    "float": ((int, float), lambda shape, value: float(value)),
    "integer": ((int, float), _integer),
    "list": (list, _list),
    "long": ((int, float), _integer),
    "map": (dict, _map),
    "string": (str, _as_it_is),
    "structure": (dict, _structure),
    "timestamp": ((int, float, str), _timestamp),
}


def _moment(value: object) -> datetime:
    """Seconds since 1970, or ISO 8601."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    text = str(value)
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _token(value: object) -> str:
    """What the service's parser calls a value of the wrong type."""
    match value:
        case True:
            return "TRUE_VALUE"
        case False:
            return "FALSE_VALUE"
        case str():
            return "STRING_VALUE"
        case int():
            return "NUMBER_VALUE"
        case float():
            return "DECIMAL_VALUE"
        case list():
            return "START_ARRAY"
    return "START_OBJECT"


def _article(shape: Shape) -> str:
    name = str(shape.type_name).capitalize()
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def _misfit(problem: str) -> ServiceFault:
    return ServiceFault("SerializationException", problem)
