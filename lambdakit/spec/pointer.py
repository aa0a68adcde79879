"""Pointers: the dotted path of a value within a document, as text and as its steps.

A step is a key (text) or a place in a list (a number, from 0). As text, keys are joined by dots and list places stand
in brackets: `patterns.orders.routes.GET /orders/{order_id}.layers[0]`. Spaces, slashes and braces need no
quotes. A key is written in double quotes, with JSON's escapes, when it is empty, holds a dot, a bracket, a
double quote or a control character, or begins or ends with a space: `routes."GET /v1.0/orders".code`.
"""

from __future__ import annotations

import json
import re

Pointer = tuple[str | int, ...]

_NEEDS_QUOTES = re.compile(r'[."\[\]\x00-\x1f\x7f]|^ | $|^$')
_STEP = re.compile(r'\[(?P<place>[0-9]{1,9})\]|\.?(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<key>[^."\[\]]+))')


def render_pointer(pointer: Pointer) -> str:
    """The pointer as text; empty for the whole document."""
    text = ""
    for step in pointer:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = json.dumps(step, ensure_ascii=False) if _NEEDS_QUOTES.search(step) else step
            text += f".{key}" if text else key
    return text


def parse_pointer(text: str) -> Pointer:
    """The steps that `render_pointer` wrote; reading stops where the text is no pointer any more."""
    steps: list[str | int] = []
    position = 0
    while position < len(text) and (found := _STEP.match(text, position)):
        if found["place"] is not None:
            steps.append(int(found["place"]))
        elif found["quoted"] is not None:
            try:
                steps.append(str(json.loads(found["quoted"])))
            except ValueError:
                break
        else:
            steps.append(found["key"])
        position = found.end()
    return tuple(steps)
