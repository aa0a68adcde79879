"""The members of a record that a test sends, read one by one: what they are, and what they must be.

Texts stand for themselves, bytes for themselves, and any other value for its JSON. Over the wire, bytes are an object
`{"$bytes": base64}`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.event_source_mapping.sent_records import NotOfForm

_BYTES: Final = "$bytes"


class Members:
    """Reads the members of one record. allowed: what it may have."""

    def __init__(self, given: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
        self._given = given
        for name in given:
            if name not in allowed:
                raise NotOfForm(str(name), "is no member of such a record", hint=f"it may have {', '.join(allowed)}")

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str | None:
        """A text."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise NotOfForm(name, f"{value!r} is not a text")
        return value

    def whole(self, name: str, default: int) -> int:
        """A whole number of 0 or more."""
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise NotOfForm(name, f"{value!r} is not a whole number of 0 or more")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false when it is not given."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, bool):
            raise NotOfForm(name, f"{value!r} is neither true nor false")
        return bool(value)

    def content(self, name: str) -> bytes | None:
        """What a text, bytes or any JSON value stands for; None when it is not given, or null."""
        value = self._given.get(name)
        return None if value is None else content_of(value, name)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object; empty when it is not given."""
        value = self._given.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise NotOfForm(name, f"{value!r} is not an object")
        return value


def content_of(value: object, pointer: str) -> bytes:
    """The bytes that a value stands for."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Mapping) and value.keys() == {_BYTES}:
        try:
            return base64.b64decode(str(value[_BYTES]), validate=True)
        except binascii.Error:
            raise NotOfForm(pointer, f"{value[_BYTES]!r} is not base64") from None
    return json.dumps(value).encode()


def is_bytes(value: object) -> bool:
    """Whether a test gave bytes, and not a text or another value."""
    return isinstance(value, bytes) or (isinstance(value, Mapping) and value.keys() == {_BYTES})


def as_text(content: bytes | None) -> str | None:
    """Content as filters see it; None where it is no text."""
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None
