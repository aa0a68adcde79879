"""Wildcards: patterns in, tests of a text out.

A pattern carries `ANY` and `ONE` where the policy has the wildcards `*` and `?`, so that a star which stands for itself
(`${*}`, or inside of a variable's value) stays a star. No pattern makes a test slow: every test takes at most time in
proportion to the pattern's length times the text's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

Matcher = Callable[[str], bool]

ANY: Final = "\0"
ONE: Final = "\1"
_ARN_PARTS: Final = 6


def wildcards(text: str) -> str:
    """The pattern that a policy's text means."""
    return text.replace("*", ANY).replace("?", ONE)


def as_written(pattern: str) -> str:
    """The text of a pattern, as a policy has it."""
    return pattern.replace(ANY, "*").replace(ONE, "?")


def is_plain(text: str) -> bool:
    """Whether a text may become part of a pattern: none that holds `ANY` or `ONE` may."""
    return ANY not in text and ONE not in text


def like(pattern: str) -> Matcher:
    """Whether the whole text fits; a wildcard matches every character, colons and slashes too."""
    pieces = pattern.split(ANY)
    if ONE in pattern or len(pieces) > 2:
        return _expression(pieces)
    if len(pieces) == 1:
        return lambda text: text == pattern
    before, after = pieces
    if not after:
        return (lambda text: text.startswith(before)) if before else _always
    least = len(before) + len(after)
    return lambda text: len(text) >= least and text.startswith(before) and text.endswith(after)


def resource_like(pattern: str) -> Matcher:
    """Whether a resource's ARN fits the pattern of a `Resource` element.

    A wildcard stays inside its segment, between two colons, unless it is a star that ends it: that one goes on behind
    the colon as well. The sixth segment is all that follows the fifth colon.
    Source: IAM User Guide, "IAM JSON policy elements: Resource" ("Using wildcards in resource ARNs").
    """
    segments = pattern.split(":", _ARN_PARTS - 1)
    bounded = segments if len(segments) < _ARN_PARTS else segments[:-1]
    before = ":".join(bounded)
    if not pattern.strip(ANY) or is_plain(before):
        return like(pattern)
    if len(segments) < _ARN_PARTS and is_plain(before[:-1]) and before.endswith(ANY):
        return like(pattern)
    return _segmented(segments)


def arn_like(pattern: str) -> Matcher:
    """Whether an ARN fits the pattern of `ArnLike` or `ArnEquals`: each of the six parts is compared for itself.

    Only a star alone fits a text that is no ARN.
    Source: IAM User Guide, "IAM JSON policy elements: Condition operators" ("ARN condition operators").
    """
    if pattern == ANY:
        return _always
    if is_plain(pattern) and pattern.count(":") >= _ARN_PARTS - 1:
        return lambda text: text == pattern
    parts = [like(part) for part in pattern.split(":", _ARN_PARTS - 1)]

    def fits(text: str) -> bool:
        values = text.split(":", _ARN_PARTS - 1)
        if len(values) != _ARN_PARTS or len(parts) != _ARN_PARTS:
            return False
        return all(part(value) for part, value in zip(parts, values, strict=True))

    return fits


def any_of(matchers: Sequence[Matcher], exact: frozenset[str]) -> Matcher:
    """Whether a text is one of `exact` or fits one of `matchers`."""
    if not matchers:
        return exact.__contains__
    if len(matchers) == 1 and not exact:
        return matchers[0]
    return lambda text: text in exact or any(matches(text) for matches in matchers)


def _always(text: str) -> bool:
    return True


def _expression(pieces: Sequence[str]) -> Matcher:
    """A regular expression that never comes back to a star: the first place at which the next piece fits is as good as
    any later one, because only stars follow.
    """
    first, *others = ("".join("." if letter == ONE else re.escape(letter) for letter in piece) for piece in pieces)
    if not others:
        return _full_match(first)
    steps = "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece)
    # The last piece is looked for at the end alone, behind what the others took.
    return _full_match(f"{first}{steps}(?=.{{{len(pieces[-1])}}}).*+(?<={others[-1]})")


def _full_match(expression: str) -> Matcher:
    compiled = re.compile(expression, re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


def _segmented(segments: Sequence[str]) -> Matcher:
    """A test that follows, segment by segment, the parts of the text at which the next segment may begin."""
    *heads, tail = [(like(segment), segment.endswith(ANY)) for segment in segments]
    is_whole = len(segments) == _ARN_PARTS

    def fits(text: str) -> bool:
        parts = text.split(":")
        starts: Sequence[int] = (0,)
        for matches, goes_on in heads:
            found = (start + 1 for start in starts if matches(parts[start]))
            if goes_on:
                starts = range(next(found, len(parts)), len(parts))
            else:
                starts = [start for start in found if start < len(parts)]
            if not starts:
                return False
        matches, goes_on = tail
        if is_whole:
            return any(matches(":".join(parts[start:])) for start in starts)
        if goes_on:
            return any(matches(parts[start]) for start in starts)
        return starts[-1] == len(parts) - 1 and matches(parts[-1])

    return fits
