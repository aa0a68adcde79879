"""How values are named in messages: the words for what was given, and for lists of what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

_SHOWN_CHARACTERS = 60
# Without width, or turning the direction of what stands behind them: soft hyphens, joiners, marks, byte order marks.
_UNSEEN = re.compile("[\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


def quoted(text: str) -> str:
    """The text in double quotes, control characters and others that nobody sees escaped, cut after 60 characters."""
    if len(text) > _SHOWN_CHARACTERS:
        text = text[:_SHOWN_CHARACTERS] + "…"
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


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


def in_yaml(value: object) -> str:
    """An example as the document would say it, on one line. Texts are taken to need no quotes but those they have."""
    match value:
        case Mapping():
            return f"{{{', '.join(f'{key}: {in_yaml(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(in_yaml(item) for item in value)}]"
        case bool():
            return "true" if value else "false"
    return str(value)


def one_of(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
