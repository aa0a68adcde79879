"""AWS's query protocol, by botocore's service model: a form in, XML out.

Source: Smithy documentation, "AWS query protocol".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from lambdakit.clock import iso_milliseconds

# botocore has no types: an operation and a shape of its model.
Operation = Any
Shape = Any

Form = Mapping[str, str]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_SHOWN_MAX = 100
# XML 1.0, "Characters": what may not stand in a document, be it written as a reference. A class of all that may would
# take a hundredth of the harness's start to compile.
_NO_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


class MalformedQuery(Exception):
    """A form that does not fit the operation. The text is for the caller."""


def read_form(body: bytes) -> Form:
    """The fields of a request's body."""
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    except ValueError as error:
        raise MalformedQuery(f"the form cannot be read: {error}") from None


def read_input(operation: Operation, form: Form) -> dict[str, Any]:
    """The operation's input. MalformedQuery when a required member is missing or a value is of another type."""
    shape = operation.input_shape
    if shape is None:
        return {}
    given: dict[str, Any] = _structure(shape, form, "")
    for name in shape.required_members:
        if name not in given:
            raise MalformedQuery(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must not be null"
            )
    return given


def write_output(operation: Operation, output: Mapping[str, Any], *, namespace: str, request_id: str) -> bytes:
    """The answer of a call that went well."""
    name = operation.name
    shape = operation.output_shape
    result = ""
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        result = f"<{wrapper}>{''.join(_members(shape, output))}</{wrapper}>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    return f'<{name}Response xmlns="{namespace}">{result}{metadata}</{name}Response>'.encode()


def write_error(code: str, message: str, *, namespace: str, request_id: str) -> bytes:
    """The answer of a call that was refused."""
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{_text(code)}</Code>'
        f"<Message>{_text(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _structure(shape: Shape, form: Form, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        place = f"{prefix}{member.serialization.get('name', name)}"
        value = _value(member, form, place)
        if value is not None:
            found[name] = value
    return found


def _value(shape: Shape, form: Form, place: str) -> Any:
    if shape.type_name == "structure":
        inside = f"{place}."
        return _structure(shape, form, inside) if any(key.startswith(inside) for key in form) else None
    if shape.type_name == "list":
        return _list(shape, form, place)
    if shape.type_name == "map":
        return _map(shape, form, place)
    text = form.get(place)
    return None if text is None else _scalar(shape, text, place)


def _list(shape: Shape, form: Form, place: str) -> list[Any] | None:
    if form.get(place) == "":
        return []
    name = shape.member.serialization.get("name", "member")
    prefix = place if shape.serialization.get("flattened") else f"{place}.{name}"
    numbers = sorted(_numbers(form, f"{prefix}."), key=int)
    items = [_value(shape.member, form, f"{prefix}.{number}") for number in numbers]
    return [item for item in items if item is not None] if numbers else None


def _map(shape: Shape, form: Form, place: str) -> dict[str, Any] | None:
    flattened = shape.serialization.get("flattened")
    key = shape.key.serialization.get("name", "key")
    value = shape.value.serialization.get("name", "value")
    prefix = f"{place}." if flattened else f"{place}.entry."
    numbers = sorted(_numbers(form, prefix), key=int)
    found = {}
    for number in numbers:
        if f"{prefix}{number}.{key}" not in form:
            raise MalformedQuery(f"{prefix}{number}: a map's entry has no key")
        found[form[f"{prefix}{number}.{key}"]] = _value(shape.value, form, f"{prefix}{number}.{value}")
    return found if numbers else None


def _numbers(form: Form, prefix: str) -> set[str]:
    """The numbers behind `prefix`, as they are written."""
    digits = (key[len(prefix) :].partition(".")[0] for key in form if key.startswith(prefix))
    return {text for text in digits if _NUMBER.fullmatch(text)}


def _scalar(shape: Shape, text: str, place: str) -> Any:
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
        if shape.type_name == "timestamp":
            return datetime.fromisoformat(text)
        if shape.type_name == "blob":
            return base64.b64decode(text, validate=True)
        if shape.type_name == "boolean":
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, LookupError):
        raise MalformedQuery(f"{place}: {text[:_SHOWN_MAX]!r} is not of the type {shape.type_name}") from None
    return text


def _members(shape: Shape, value: Mapping[str, Any]) -> Iterator[str]:
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield _element(member.serialization.get("name", name), member, value[name])


def _element(name: str, shape: Shape, value: Any) -> str:
    if shape.type_name == "structure":
        inside = "".join(_members(shape, value))
    elif shape.type_name == "list":
        inside = "".join(_element(_member_name(shape), shape.member, item) for item in value)
    elif shape.type_name == "map":
        key = shape.key.serialization.get("name", "key")
        of = shape.value.serialization.get("name", "value")
        inside = "".join(
            f"<entry>{_element(key, shape.key, k)}{_element(of, shape.value, v)}</entry>" for k, v in value.items()
        )
    else:
        inside = _text(value)
    return f"<{name}>{inside}</{name}>"


def _member_name(shape: Shape) -> str:
    return str(shape.member.serialization.get("name", "member"))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return iso_milliseconds(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    # A carriage return would be read as a line feed, and what XML does not have would end the parser.
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", str(value)), {"\r": "&#13;"})
