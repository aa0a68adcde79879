"""The CDK's tokens: texts, lists and numbers that stand for what only a deployment knows.

Source: aws-cdk-lib 2.275, core/lib/private/encoding.ts: `${Token[name.1]}`, `#{Token[name.1]}`, and numbers near
-1.888e289.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

_TEXT: Final = "${Token["
_LIST: Final = "#{Token["
_NUMBERS_BELOW: Final = -1e289


def holds_token(text: str) -> bool:
    """Whether something in the text is known to the deployment only."""
    return _TEXT in text


def split_at(text: str, known: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The text in parts, each with whether it is one of the known texts; none for an empty text."""
    longest_first = sorted(known, key=len, reverse=True)
    pattern = "|".join(re.escape(each) for each in longest_first)
    for place, part in enumerate(re.split(f"({pattern})", text) if pattern else [text]):
        if part:
            yield part, place % 2 == 1


def tokens_in(value: Any) -> Iterator[str | float]:
    """What tells `value` from every other: the text, number or list's text that stands for it until a deployment."""
    match value:
        case str() if holds_token(value):
            yield value
        case [str() as only] if only.startswith(_LIST):
            yield only
        case float() if value < _NUMBERS_BELOW:
            yield value
