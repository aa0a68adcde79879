"""Words that the document language has and this version does not build."""

from __future__ import annotations

from typing import Final

from lambdakit.spec.pointer import Pointer

KINDS: Final[tuple[str, ...]] = ()
API_TYPES: Final[tuple[str, ...]] = ()
TOP_LEVEL_KEYS: Final = ("environments", "resources", "include", "parameters")


def is_unbuilt_key(pointer: Pointer) -> bool:
    """Whether the key at the pointer is one that a later version brings."""
    return len(pointer) == 1 and pointer[0] in TOP_LEVEL_KEYS


def is_unbuilt_word(pointer: Pointer, value: object) -> bool:
    """Whether the value at the pointer is a kind or type that a later version brings."""
    match pointer:
        case ("patterns", _, "kind"):
            return isinstance(value, str) and value in KINDS
        case ("patterns", _, "api", "type"):
            return isinstance(value, str) and value in API_TYPES
    return False
