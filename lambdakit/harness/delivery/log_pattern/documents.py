"""JSON patterns: `{ ($.level = "ERROR") && ($.latency > 100 || $.user NOT EXISTS) }`.

Source: Amazon CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from lambdakit.harness.delivery.log_pattern.conditions import Condition, read_condition
from lambdakit.harness.delivery.log_pattern.scanner import InvalidLogPattern, Scanner
from lambdakit.harness.delivery.log_pattern.selector import Selector, read_selector
from lambdakit.records import dataclass

_NOT_EXISTS: Final = re.compile(r"NOT\s+EXISTS\b", re.IGNORECASE)
_IS: Final = re.compile(r"IS\s+(NULL|TRUE|FALSE)\b", re.IGNORECASE)
_KEYWORDS: Final = {"NULL": None, "TRUE": True, "FALSE": False}
# "Up to three wildcard selectors in a filter pattern with compound expressions."
_WILDCARDS_MAX: Final = 3
_NO_DOCUMENT: Final = object()

Test = Callable[[object], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """A pattern for lines that are JSON. selectors: that it names."""

    test: Test
    selectors: Sequence[Selector]

    def match(self, message: str) -> bool:
        """Whether a line is meant; one that is not JSON never is."""
        document = read_document(message)
        return document is not _NO_DOCUMENT and self.test(document)


def read_documents(text: str) -> Documents:
    """The pattern of a text in braces. InvalidLogPattern."""
    scanner = Scanner(text)
    selectors: list[Selector] = []
    scanner.need("{")
    test = _either(scanner, selectors)
    scanner.need("}")
    if not scanner.is_at_end or sum(selector.wildcards for selector in selectors) > _WILDCARDS_MAX:
        raise InvalidLogPattern("Invalid filter pattern")
    return Documents(test=test, selectors=selectors)


def read_document(message: str) -> object:
    """The document that a line is; something that no selector finds anything in when it is none."""
    try:
        return json.loads(message, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        return _NO_DOCUMENT


def text_of(value: object) -> str | None:
    """How a value node is written; None for an object or array, and for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | Decimal) else None


def _either(scanner: Scanner, selectors: list[Selector]) -> Test:
    tests = [_both(scanner, selectors)]
    while scanner.take("||"):
        tests.append(_both(scanner, selectors))
    return lambda document: any(test(document) for test in tests)


def _both(scanner: Scanner, selectors: list[Selector]) -> Test:
    tests = [_one(scanner, selectors)]
    while scanner.take("&&"):
        tests.append(_one(scanner, selectors))
    return lambda document: all(test(document) for test in tests)


def _one(scanner: Scanner, selectors: list[Selector]) -> Test:
    if scanner.take("("):
        inner = _either(scanner, selectors)
        scanner.need(")")
        return inner
    selector = read_selector(scanner)
    selectors.append(selector)
    condition = read_condition(scanner)
    if condition is not None:
        return _comparison(selector, condition)
    if scanner.match(_NOT_EXISTS):
        return lambda document: not selector.find(document)
    keyword = scanner.match(_IS)
    if not keyword:
        # `EXISTS` and `IS NOT` among others: "currently aren't supported".
        raise InvalidLogPattern("Invalid filter pattern")
    wanted = _KEYWORDS[keyword.split()[1].upper()]
    return lambda document: any(value is wanted for value in selector.find(document))


def _comparison(selector: Selector, condition: Condition) -> Test:
    """Of values only: of an object or array, and of what is not there, neither `=` nor `!=` holds."""

    def holds(value: object) -> bool:
        text = text_of(value)
        if text is None:
            return False
        return condition.holds(text, value if isinstance(value, Decimal) else None)

    return lambda document: any(holds(value) for value in selector.find(document))
