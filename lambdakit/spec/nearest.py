"""The known word that a mistyped one most likely stands for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 64  # difflib takes quadratic time; nobody mistypes a longer word


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to `word`, ignoring case and word separators; None when none is close."""
    if len(word) > _LONGEST:
        return None
    by_letters = {_letters(candidate): candidate for candidate in known if len(candidate) <= _LONGEST}
    close = difflib.get_close_matches(_letters(word), by_letters, n=1, cutoff=0.65)
    return by_letters[close[0]] if close else None


def _letters(word: str) -> str:
    return "".join(character for character in word.casefold() if character not in "_- ")
