"""Bodies and queries of HTTP requests as state machines write them: forms from JSON, and pairs from JSON.

Source: AWS Step Functions Developer Guide, "Call HTTPS APIs in Step Functions workflows" ("Applying URL-encoding on
request body", `QueryParameters`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote

Pairs = Iterable[tuple[str, str]]

# How an array's members are called, by the name of its format: of the array's name and the member's place.
ARRAY_FORMATS: Final[Mapping[str, Callable[[str, int], str]]] = {
    "INDICES": lambda name, at: f"{name}[{at}]",
    "REPEAT": lambda name, at: name,
    "COMMAS": lambda name, at: name,
    "BRACKETS": lambda name, at: f"{name}[]",
}
ARRAY_FORMAT: Final = "INDICES"


def form(value: Mapping[str, Any], array_format: str = ARRAY_FORMAT) -> str:
    """A value as `application/x-www-form-urlencoded`. array_format: one of ARRAY_FORMATS."""
    return encoded(pair for name, member in value.items() for pair in _fields(str(name), member, array_format))


def encoded(pairs: Pairs) -> str:
    """Pairs of a query or a form; spaces are `%20`."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe=',')}" for name, value in pairs)


def query_pairs(given: object) -> list[tuple[str, str]]:
    """The pairs of query parameters: an object, an array of them, or a text in the form of a query.

    A parameter with an array has each of its values. ValueError for anything else.
    """
    if given is None:
        return []
    if isinstance(given, str):
        return parse_qsl(given, keep_blank_values=True)
    if isinstance(given, list):
        return [pair for one in given for pair in query_pairs(one)]
    if not isinstance(given, Mapping):
        raise ValueError(f"{text(given)} is neither an object nor a text")
    return [(str(name), text(one)) for name, value in given.items() for one in _values(value)]


def text(value: object) -> str:
    """A value in a query, a header or a form: a text as it is, null as nothing, all else as its JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _values(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fields(name: str, value: object, array_format: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _fields(f"{name}[{key}]", member, array_format)
    elif isinstance(value, list) and array_format == "COMMAS":
        yield name, ",".join(text(member) for member in value)
    elif isinstance(value, list):
        for at, member in enumerate(value):
            yield from _fields(ARRAY_FORMATS[array_format](name, at), member, array_format)
    else:
        yield name, text(value)
