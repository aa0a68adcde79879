"""Tokens of the CDK that a synthesis left in a template, where the value that they stand for should be.

They come of texts that the CDK never saw, as one of `json.dumps` over a construct's attribute, and would be deployed as
they are. Source: aws-cdk-lib 2.275, core/lib/private/encoding.ts: `${Token[name.1]}`, `#{Token[name.1]}`, and numbers
near -1.888e289.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Optional, TypeAlias

from lambdakit.assembly.place import Place
from lambdakit.errors import Diagnostic

# The way to a value: that of what holds it, and where it is in there; None for the outermost.
_Path: TypeAlias = Optional[tuple["_Path", str | int]]  # noqa: UP045  # it names itself

_SIGN: Final = "{Token["
_TEXT: Final = re.compile(r"[$#]\{Token\[[\w.:-]{1,200}\.[0-9]{1,10}\]\}")
_NUMBERS: Final = (-1.9e289, -1.8e289)
_HINT: Final = "give the CDK the value itself, as by Stack.to_json_string or Fn.join, and synthesize again"


def left_tokens(value: object, place: Place) -> Iterator[Diagnostic]:
    """What stands in `value` and was never resolved."""
    # Places are made of what is found only: a template holds many values.
    pending: list[tuple[object, _Path]] = [(value, None)]
    while pending:
        found, path = pending.pop()
        if isinstance(found, dict):
            pending += [(item, (path, str(key))) for key, item in found.items()]
        elif isinstance(found, list):
            pending += [(item, (path, index)) for index, item in enumerate(found)]
        elif token := _token(found):
            yield from _at(place, path).error(f"the token {token} of the CDK was not resolved", hint=_HINT).diagnostics


def _at(place: Place, path: _Path) -> Place:
    keys = []
    while path is not None:
        path, key = path
        keys.append(key)
    for key in reversed(keys):
        place = place / key
    return place


def _token(value: object) -> str:
    if isinstance(value, float):
        return str(value) if _NUMBERS[0] <= value <= _NUMBERS[1] else ""
    match = _TEXT.search(value) if isinstance(value, str) and _SIGN in value else None
    return match[0] if match else ""
