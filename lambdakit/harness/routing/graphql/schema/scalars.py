"""AWS's scalars: which values they take, and what becomes of them on their way in and out.

Source: AppSync Developer Guide, "Scalar types in GraphQL". Where the page gives a standard (RFC 5322, ISO 8601, RFC
1738) the check follows the page's examples: it is no full parser of the standard.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from graphql import GraphQLError, GraphQLScalarType, ValueNode, value_from_ast_untyped

_OFFSET: Final = r"(?:Z|[+-](?:0\d|1[0-8]):[0-5]\d(?::[0-5]\d)?)"
_DATE: Final = re.compile(rf"(-?\d{{4}}-\d{{2}}-\d{{2}})({_OFFSET})?")
_TIME: Final = re.compile(rf"(\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?)({_OFFSET})?")
_DATE_TIME: Final = re.compile(
    rf"(-?\d{{4}}-\d{{2}}-\d{{2}})T(\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?)({_OFFSET})"
)
_EMAIL: Final = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
_PHONE: Final = re.compile(r"\+?[\d() .-]{3,24}")
_TIMESTAMP_MAX: Final = 2**63 - 1


class BadValue(ValueError):
    """A value that is none of a scalar."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadValue
    return value


def _date(value: object) -> str:
    text = _text(value)
    match = _DATE.fullmatch(text)
    if match is None:
        raise BadValue
    datetime.date.fromisoformat(match[1].lstrip("-"))
    return text


def _time(value: object) -> str:
    text = _text(value)
    match = _TIME.fullmatch(text)
    if match is None:
        raise BadValue
    _check_time(match[1])
    return text


def _date_time(value: object) -> str:
    text = _text(value)
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise BadValue
    datetime.date.fromisoformat(match[1].lstrip("-"))
    _check_time(match[2])
    return text


def _check_time(text: str) -> None:
    datetime.time.fromisoformat(text.partition(".")[0])


def _timestamp(value: object) -> int:
    """Seconds since 1970, also before it."""
    if isinstance(value, bool):
        raise BadValue
    if isinstance(value, str) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if not isinstance(value, int) or abs(value) > _TIMESTAMP_MAX:
        raise BadValue
    return value


def _email(value: object) -> str:
    text = _text(value)
    if not _EMAIL.fullmatch(text) or ".." in text:
        raise BadValue
    return text


def _url(value: object) -> str:
    """A URL with a scheme and a host, and without two slashes in its path."""
    text = _text(value)
    parts = urlsplit(text)
    if not parts.scheme or not parts.hostname or "//" in parts.path or any(letter.isspace() for letter in text):
        raise BadValue
    return text


def _phone(value: object) -> str:
    """Digits parted by spaces, hyphens, dots or brackets; a country code may stand before them."""
    text = _text(value)
    if not _PHONE.fullmatch(text) or sum(letter.isdigit() for letter in text) < 3:
        raise BadValue
    return text


def _address(value: object) -> str:
    """An address of IPv4 or IPv6, or a block of them in CIDR notation."""
    text = _text(value)
    ipaddress.ip_interface(text)
    return text


def _json_in(value: object) -> Any:
    """What the text says: resolvers get the value, not the text."""
    return json.loads(_text(value))


def _json_out(value: object) -> str:
    """A text is the value's JSON already; what it cannot be is said as the text that it is."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# Name -> what becomes of a value that comes in, and of one that goes out.
_FORMS: Final[Mapping[str, tuple[Callable[[object], Any], Callable[[object], Any]]]] = {
    "AWSDate": (_date, _date),
    "AWSTime": (_time, _time),
    "AWSDateTime": (_date_time, _date_time),
    "AWSTimestamp": (_timestamp, _timestamp),
    "AWSEmail": (_email, _email),
    "AWSJSON": (_json_in, _json_out),
    "AWSURL": (_url, _url),
    "AWSPhone": (_phone, _phone),
    "AWSIPAddress": (_address, _address),
}
NAMES: Final = tuple(_FORMS)
_BAD: Final = (BadValue, ValueError, TypeError, RecursionError)


def equip(scalar: GraphQLScalarType) -> None:
    """Has a scalar of a schema behave as AWS's of that name; others stay as they are."""
    forms = _FORMS.get(scalar.name)
    if forms is None:
        return
    name, (taken, given) = scalar.name, forms

    def parse_value(value: Any) -> Any:
        try:
            return taken(value)
        except _BAD:
            raise GraphQLError(f"Unable to parse `{value}` as a valid {name}.") from None

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        return parse_value(value_from_ast_untyped(node, variables))

    def serialize(value: Any) -> Any:
        try:
            return given(value)
        except _BAD:
            raise GraphQLError(f"Unable to serialize `{value}` as a valid {name}.") from None

    scalar.parse_value = parse_value  # type: ignore[method-assign]  # as the library has it for schemas from text
    scalar.parse_literal = parse_literal  # type: ignore[method-assign]
    scalar.serialize = serialize  # type: ignore[method-assign]
