"""The rule of a composite alarm: which states of other alarms it holds for.

Source: CloudWatch API Reference, "PutCompositeAlarm" (`AlarmRule`): `ALARM("name")`, `OK("name or ARN")`,
`INSUFFICIENT_DATA(name)`, `TRUE`, `FALSE`, and `AND`, `OR`, `NOT` with parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

_TOKEN: Final = re.compile(
    r"\s*(?:(\()|(\))|(AND|OR|NOT|TRUE|FALSE)\b|(ALARM|OK|INSUFFICIENT_DATA)\s*\()", re.IGNORECASE
)
_QUOTED: Final = re.compile(r"\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s\"()]+))\s*\)")
_DEPTH_MAX: Final = 40

# The state of an alarm by its name or ARN; None for one that is not there.
StateOf = Callable[[str], str | None]


class InvalidRule(ValueError):
    """A rule that is none."""


class AlarmRule:
    """A rule, read. InvalidRule for a text that is none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._names: list[str] = []
        self._holds = self._either()
        if self._text[self._at :].strip():
            raise self._invalid()

    @property
    def alarms(self) -> Sequence[str]:
        """The names and ARNs that it mentions, without their doubles."""
        return list(dict.fromkeys(self._names))

    def holds(self, state_of: StateOf) -> bool:
        """Whether it holds with these states."""
        return self._holds(state_of)

    def _either(self) -> Callable[[StateOf], bool]:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise self._invalid()
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda state_of: any(part(state_of) for part in parts)

    def _both(self) -> Callable[[StateOf], bool]:
        parts = [self._single()]
        while self._take("AND"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda state_of: all(part(state_of) for part in parts)

    def _single(self) -> Callable[[StateOf], bool]:
        negated = False
        while self._take("NOT"):
            negated = not negated
        single = self._unnegated()
        return (lambda state_of: not single(state_of)) if negated else single

    def _unnegated(self) -> Callable[[StateOf], bool]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise self._invalid()
        self._at = match.end()
        opening, _, word, state = match.groups()
        if opening:
            inner = self._either()
            if not self._closes():
                raise self._invalid()
            return inner
        if state:
            return self._function(state.upper())
        match (word or "").upper():
            case "TRUE":
                return lambda state_of: True
            case "FALSE":
                return lambda state_of: False
        raise self._invalid()

    def _function(self, state: str) -> Callable[[StateOf], bool]:
        match = _QUOTED.match(self._text, self._at)
        if match is None:
            raise self._invalid()
        self._at = match.end()
        name = re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2]
        self._names.append(name)
        return lambda state_of: state_of(name) == state

    def _take(self, word: str) -> bool:
        match = _TOKEN.match(self._text, self._at)
        if match is None or (match[3] or "").upper() != word:
            return False
        self._at = match.end()
        return True

    def _closes(self) -> bool:
        match = _TOKEN.match(self._text, self._at)
        if match is None or not match[2]:
            return False
        self._at = match.end()
        return True

    def _invalid(self) -> InvalidRule:
        return InvalidRule(f"AlarmRule must not contain syntax errors: {self._text!r}, at character {self._at}")
