"""Patterns of dates, `yyyy-MM-dd'T'HH:mm:ss[XXX]`, as Java reads them: the letters of a pattern, one after the other.

Source: Java SE 8 API, `java.time.format.DateTimeFormatter` ("Patterns for Formatting and Parsing"), which the AppSync
Developer Guide's "Time helpers in $util.time" names.
"""

from __future__ import annotations

import functools
from typing import Final

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.records import dataclass

_LENGTH_MAX: Final = 512
_KNOWN: Final = frozenset("GuyDMLdQqYwWEecaFhHkKmsSAnNVzOXxZ")
_DEPTH_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Letters:
    """A letter that is there `count` times."""

    letter: str
    count: int


@dataclass(frozen=True, slots=True)
class Optional:
    """What stands in brackets."""

    parts: tuple[Letters | Optional | str, ...]


Part = Letters | Optional | str


@functools.lru_cache(maxsize=256)
def parts_of(pattern: str) -> tuple[Part, ...]:
    """Letters, brackets and plain text. FunctionFailed for what is no pattern."""
    if len(pattern) > _LENGTH_MAX:
        raise FunctionFailed(f"a date pattern of more than {_LENGTH_MAX} characters")
    parts, end = _parts(pattern, 0, 0)
    if end < len(pattern):
        raise FunctionFailed(f"the date pattern {pattern!r} closes a bracket that it did not open")
    return parts


def _parts(pattern: str, start: int, depth: int) -> tuple[tuple[Part, ...], int]:
    if depth > _DEPTH_MAX:
        raise FunctionFailed("a date pattern is nested too deep")
    found: list[Part] = []
    at = start
    while at < len(pattern):
        letter = pattern[at]
        if letter == "]":
            break
        if letter == "[":
            inner, end = _parts(pattern, at + 1, depth + 1)
            found.append(Optional(inner))
            at = end + 1
        elif letter == "'":
            text, at = _quoted(pattern, at)
            found.append(text)
        elif letter.isascii() and letter.isalpha():
            count = len(pattern[at:]) - len(pattern[at:].lstrip(letter))
            if letter not in _KNOWN:
                raise FunctionFailed(f"the date pattern {pattern!r} has the letter {letter}, which is not served")
            found.append(Letters(letter, count))
            at += count
        elif letter in "{}#":
            raise FunctionFailed(f"the date pattern {pattern!r} has {letter}, which is reserved")
        else:
            found.append(letter)
            at += 1
    return tuple(found), at


def _quoted(pattern: str, start: int) -> tuple[str, int]:
    """Text in quotes, and where it ends; two quotes are one."""
    if pattern[start + 1 : start + 2] == "'":
        return "'", start + 2
    text, at = "", start + 1
    while at < len(pattern):
        if pattern[at] != "'":
            text += pattern[at]
            at += 1
        elif pattern[at + 1 : at + 2] == "'":
            text += "'"
            at += 2
        else:
            return text, at + 1
    raise FunctionFailed(f"the date pattern {pattern!r} has a quote without an end")
