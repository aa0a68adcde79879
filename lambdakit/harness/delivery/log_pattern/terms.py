"""Terms: `ERROR -Exiting`, `?ERROR ?WARN`, `"a phrase"`, `%a|b%`.

Source: Amazon CloudWatch Logs User Guide, "Using filter patterns to match terms in unstructured log events".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from lambdakit.harness.delivery.log_pattern.scanner import Scanner
from lambdakit.records import dataclass

# "Enclose exact phrases and terms that include non-alphanumeric characters in double quotation marks."
_WORD: Final = re.compile(r"[\w*./@#+][\w*./@#+\-]*")

Holds = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a line must, may and must not hold."""

    wanted: Sequence[Holds]
    optional: Sequence[Holds]
    excluded: Sequence[Holds]

    def match(self, message: str) -> bool:
        """Whether a line is meant."""
        if any(holds(message) for holds in self.excluded) or not all(holds(message) for holds in self.wanted):
            return False
        # "If you combine ? with other filter patterns, all question mark terms will be ignored."
        if self.wanted or self.excluded or not self.optional:
            return True
        return any(holds(message) for holds in self.optional)


def read_terms(text: str) -> Terms:
    """The terms of a pattern. InvalidLogPattern."""
    scanner = Scanner(text)
    read: dict[str, list[Holds]] = {"": [], "?": [], "-": []}
    while not scanner.is_at_end:
        kind = scanner.take("?", "-")
        read[kind].append(_term(scanner))
    return Terms(wanted=read[""], optional=read["?"], excluded=read["-"])


def _term(scanner: Scanner) -> Holds:
    following = scanner.peek()
    if following == "%":
        expression = scanner.regular_expression()
        return lambda message: expression.search(message) is not None
    if following == '"':
        phrase = scanner.quoted()
        # The guide's pattern for every event is a space between quotes, which not every line holds.
        return lambda message: phrase in message or not phrase.strip()
    word = scanner.match(_WORD)
    if not word:
        raise scanner.unexpected()
    return lambda message: word in message
