"""Strings as literals in the quotes and escapes that formatters leave as they are."""

from __future__ import annotations

import re
from collections.abc import Callable

# After a space, a comma or a line end, so that no word is broken.
_WORDS = re.compile(r"[^ ,\n]*[ ,\n]+|[^ ,\n]+")


def text_literal(text: str, *, prefix: str = "") -> str:
    """The literal of `text`, in double quotes unless single ones need fewer escapes.

    prefix: `f` for a text that is a format already.
    """
    body = repr(f"'{text}\"")[1:-1]  # both quotes inside, so that repr takes single ones and escapes those
    body = body.removeprefix("\\'").removesuffix('"').replace("\\'", "'")
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{prefix}{quote}{body.replace(quote, chr(92) + quote)}{quote}"


def text_pieces(text: str, width: int, columns: Callable[[str], int]) -> list[str]:
    """Literals that make up `text`, each within `width` where its words allow it; lines of text end pieces."""
    pieces: list[str] = []
    current = ""
    for word in _split(text, width // 2):
        if current and (current.endswith("\n") or columns(text_literal(current + word)) > width):
            pieces.append(current)
            current = ""
        current += word
    return [text_literal(piece) for piece in (*pieces, current) if piece]


def _split(text: str, longest: int) -> list[str]:
    """Words with what separates them; a long one in parts."""
    words: list[str] = []
    for word in _WORDS.findall(text):
        lines = re.findall(r"[^\n]*\n|[^\n]+", word)
        words += [line[start : start + longest] for line in lines for start in range(0, len(line), longest)]
    return words
