"""Patterns of names and paths: `*` stands for any letters, `?` for one."""

from __future__ import annotations

import functools
import re

_PATTERNS_MAX = 1_024


@functools.lru_cache(maxsize=_PATTERNS_MAX)
def expression(pattern: str) -> re.Pattern[str]:
    """Each star goes as far as it has to and never back, so that no text takes long."""
    pieces = [_piece(piece) for piece in re.sub(r"\*+", "*", pattern).split("*")]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    between = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1])
    return re.compile(f"{pieces[0]}{between}.*{pieces[-1]}", re.DOTALL)


def _piece(text: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in text)
