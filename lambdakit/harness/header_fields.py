"""Header fields of HTTP/1.1 messages: read, looked up, and made fit to be sent.

Source: RFC 9110, section 5; RFC 9112, section 5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # RFC 9110, 5.6.2

# Each behind the line break before it. Possessive: nothing is kept to go back to, however many there are.
_FIELDS = re.compile(rb"(?:\r\n" + TOKEN + rb":[^\r\n\x00]*+)*+")
_ENDS_A_FIELD = re.compile(r"[\r\n\x00]+")


class BadRequest(Exception):
    """Bytes that are no request. status: what to answer before closing the connection."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem


class Headers:
    """Header fields in the order received; names compare without case."""

    __slots__ = ("_first", "items")

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self.items: Sequence[tuple[str, str]] = tuple(items)
        self._first = {name.lower(): value for name, value in reversed(self.items)}

    def get(self, name: str, default: str = "") -> str:
        """The first value of `name`, which is given in lower case; `default` when there is none."""
        return self._first.get(name, default)

    def all(self, name: str) -> list[str]:
        """Every value of `name`, given in lower case, in order."""
        if name not in self._first:
            return []
        if len(self._first) == len(self.items):  # no name is repeated
            return [self._first[name]]
        return [value for key, value in self.items if key.lower() == name]

    def __contains__(self, name: str) -> bool:
        return name in self._first


NO_HEADERS = Headers(())


def read_fields(text: bytes) -> list[tuple[str, str]]:
    """The fields in `text`, in which each one stands behind a line break. BadRequest for anything else."""
    if not _FIELDS.fullmatch(text):
        raise BadRequest(400, "malformed header")
    parts = [line.partition(":") for line in text.decode("latin-1").split("\r\n")[1:]]
    return [(name, value.strip(" \t")) for name, _, value in parts]


def header_value(text: str) -> str:
    """`text` as a header can carry it: no line breaks, no NUL, nothing that ends the field early."""
    return _ENDS_A_FIELD.sub(" ", text)


def joined(lines: Sequence[str]) -> str:
    """The first line and the fields of a head, each fit to be sent, with line breaks between."""
    text = "\r\n".join(lines)
    if text.count("\r") + text.count("\n") == 2 * (len(lines) - 1) and "\0" not in text:
        return text
    return "\r\n".join(header_value(line) for line in lines)


def ascii_json(text: str) -> str:
    """A JSON document with every other character escaped, so that a header can carry it."""
    return "".join(letter if letter.isascii() else json.dumps(letter)[1:-1] for letter in text)
