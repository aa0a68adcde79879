"""How values are named in messages: the words for what was given, and for lists of what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterable

_SHOWN_CHARACTERS = 60


def quoted(text: str) -> str:
    """The text in double quotes, control characters escaped, cut after 60 characters."""
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return json.dumps(text, ensure_ascii=False)


def given(value: object) -> str:
    """What was given, with its kind: `the text "x"`, `the number 5`, `true`, `a list`, `a mapping`."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quoted(value)}"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
    return f"a {type(value).__name__}"


def shown(value: object) -> str:
    """The value itself for the start of a sentence: text in quotes, numbers bare."""
    match value:
        case str():
            return quoted(value)
        case int() | float() if not isinstance(value, bool):
            return str(value)
    return given(value)


def one_of(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
