"""Unions of models that their `kind` or `type` tells apart."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Discriminator

KIND: Final = "kind"
TYPE: Final = "type"


def by_kind(*kinds: str) -> Discriminator:
    """The choice among models whose tags are these kinds.

    A value without a kind, or with an unknown one, is taken for the first, whose `kind` then refuses it: so the
    error is at the key, as every other.
    """
    return _by(KIND, kinds)


def by_type(*types: str) -> Discriminator:
    """The same by their `type`, where the first is what a value without one is."""
    return _by(TYPE, types)


def _by(key: str, words: tuple[str, ...]) -> Discriminator:
    def tag(value: object) -> str:
        word: Any = value.get(key) if isinstance(value, dict) else getattr(value, key, None)
        if isinstance(value, str):
            # A kind that stands alone is refused where that model says what to write for it.
            word = value
        return word if isinstance(word, str) and word in words else words[0]

    return Discriminator(tag)
