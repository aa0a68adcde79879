"""Regular expressions that templates and selection patterns bring: Java's, run by Python's engine within bounds.

An expression can keep an engine that backtracks busy for longer than anybody waits, and nothing could stop it. So what
an expression may take at worst is reckoned before it runs, from its repetitions and the length of the text.
Source: API Gateway API Reference, "IntegrationResponse" (`selectionPattern`, a Java regular expression).
"""

from __future__ import annotations

import functools
import re
from typing import Final

from lambdakit.records import dataclass

_STEPS_MAX: Final = 1_000_000_000
_TEXT_MAX: Final = 20_000_000
_PATTERN_LENGTH_MAX: Final = 4_096
_RISKY_LENGTH_MAX: Final = 20
_ONE_LETTER: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_SET: Final = re.compile(r"(?<!\\)(?:\\\\)*\[\^?\]?(?:\\.|[^\]\\])*", re.DOTALL)
_OF_SETS: Final = re.compile(r"(?<!\\)\[|--|&&|~~|\|\|")
_GROUP_KIND: Final = re.compile(r"\(\?(?:P<\w+>|<[=!]|[:=!]|[a-z]+[:)]?)")
_NAMED_GROUP: Final = re.compile(r"\(\?<(?![=!])")
# How often what stands before may be there; the group is how often exactly.
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{(?:\d*,\d*|(\d+))\})[?+]?")
# How people say any letter at all: `(.|\n)`.
_ANY_LETTER: Final = re.compile(r"\((\?:)?(?:\.(?:\|\\[nrs])+|(?:\\[nrs]\|)+\.)\)")
# Java has classes that Python writes in another way.
_CLASSES: Final = {
    r"\p{Alpha}": "A-Za-z",
    r"\p{Digit}": "0-9",
    r"\p{Alnum}": "A-Za-z0-9",
    r"\p{Upper}": "A-Z",
    r"\p{Lower}": "a-z",
    r"\p{Space}": r"\s",
    r"\h": r" \t",
}


class PatternRefused(Exception):
    """An expression that is none, or that is not run for what it could take."""


def matches(pattern: str, text: str) -> bool:
    """Whether an expression matches a text from end to end, as `String.matches` does."""
    expression = _expression(pattern)
    return expression.check(text, max(expression.repetitions - 1, 1)).fullmatch(text) is not None


def replaced(pattern: str, replacement: str, text: str, *, count: int = 0) -> str:
    """The text with what an expression finds replaced: `$1` is a group, a backslash quotes. count: 0 is all of them."""
    expression = _expression(pattern)
    compiled = expression.check(text, expression.repetitions + 1 if expression.repetitions else 1)
    parts = _replacement(replacement)
    length = len(text)

    def put(match: re.Match[str]) -> str:
        nonlocal length
        try:
            new = "".join(part if isinstance(part, str) else match[part] or "" for part in parts)
        except IndexError:
            raise PatternRefused(f"{replacement!r} names a group that {pattern!r} does not have") from None
        length += len(new)
        if length > _TEXT_MAX:
            raise PatternRefused(f"a text of more than {_TEXT_MAX:,} characters")
        return new

    return compiled.sub(put, text, count=count)


def split(pattern: str, text: str) -> list[str]:
    """The parts of a text between what an expression finds; without the empty ones at the end."""
    expression = _expression(pattern)
    compiled = expression.check(text, expression.repetitions + 1 if expression.repetitions else 1)
    parts: list[str] = []
    start = 0
    for match in compiled.finditer(text):
        if match.end() == 0 or (match.end() == match.start() == len(text)):
            continue
        parts.append(text[start : match.start()])
        start = match.end()
    parts.append(text[start:])
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expression:
    """A compiled expression, and what makes it take long.

    repetitions: parts that may be there any number of times; choices: parts that may be there or not.
    is_risky: whether something that varies is repeated, so that the ways to match may double with every character.
    """

    compiled: re.Pattern[str]
    repetitions: int
    choices: int
    is_risky: bool

    def check(self, text: str, degree: int) -> re.Pattern[str]:
        """The expression, to be run on a text. degree: of the text's length. PatternRefused for one that may not be."""
        takes_long = (len(text) + 1) ** min(degree, 64) * 2 ** min(self.choices, 64) > _STEPS_MAX
        if takes_long or (self.is_risky and len(text) > _RISKY_LENGTH_MAX):
            raise PatternRefused(f"{self.compiled.pattern!r} may take too long on a text of {len(text)} characters")
        return self.compiled


@functools.lru_cache(maxsize=256)
def _expression(pattern: str) -> _Expression:
    if len(pattern) > _PATTERN_LENGTH_MAX:
        raise PatternRefused(f"a regular expression of {len(pattern)} characters is longer than {_PATTERN_LENGTH_MAX}")
    if any(_OF_SETS.search(match[0], 1) for match in _SET.finditer(pattern)):
        raise PatternRefused(f"{pattern!r} has a set within a set, or an operation on sets, which are not served")
    translated = _NAMED_GROUP.sub("(?P<", pattern)
    translated = _with_classes(_SET.sub(lambda match: _with_classes(match[0], "{}"), translated), "[{}]")
    translated = _ANY_LETTER.sub(lambda match: f"({match[1] or ''}[\\s\\S])", translated)
    try:
        compiled = re.compile(translated)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise PatternRefused(f"{pattern!r} is no regular expression: {error}") from None
    repetitions, choices, is_risky = _shape(translated)
    return _Expression(compiled=compiled, repetitions=repetitions, choices=choices, is_risky=is_risky)


def _with_classes(text: str, form: str) -> str:
    """A part of an expression with Java's classes in Python's way. form: how a class stands there."""
    for java, python in _CLASSES.items():
        text = text.replace(java, form.format(python))
    return text


def _shape(pattern: str) -> tuple[int, int, bool]:
    """Repetitions, choices, and whether something that varies is repeated."""
    plain = _ONE_LETTER.sub("x", pattern)
    plain = _GROUP_KIND.sub("(", plain)
    repetitions = choices = 0
    varies, is_risky = [False], False
    position = 0
    while position < len(plain):
        letter = plain[position]
        position += 1
        if letter == "(":
            varies.append(False)
            continue
        closed = varies.pop() if letter == ")" and len(varies) > 1 else False
        quantifier = _QUANTIFIER.match(plain, position)
        if quantifier is None:
            varies[-1] = varies[-1] or closed or letter == "|"
            continue
        position = quantifier.end()
        is_choice, is_fixed = quantifier[0][0] == "?", quantifier[1] is not None
        repetitions += not is_choice and not is_fixed
        choices += is_choice
        is_risky = is_risky or (closed and not is_choice)
        varies[-1] = varies[-1] or closed or not is_fixed
    return repetitions, choices, is_risky


def _replacement(replacement: str) -> list[str | int]:
    parts: list[str | int] = []
    for match in re.finditer(r"\\(.)|\$(\d)|([^\\$]+|.)", replacement, re.DOTALL):
        parts.append(int(match[2]) if match[2] else match[1] or match[3])
    return parts
