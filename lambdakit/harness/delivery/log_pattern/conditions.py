"""What is asked of a value: that it equals, or is more or less than, something.

Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log
events, and Live Tail".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from lambdakit.harness.delivery.log_pattern.scanner import Scanner
from lambdakit.records import dataclass

NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_WORD: Final = re.compile(r"[^\s,()\[\]{}<>=!&|\"%:`\\]+")
# The longer ones stand before those that they begin with.
_OPERATORS: Final = ("!=", ">=", "<=", "=", ">", "<")
_ORDERS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something asked of a value. operator: one of `=`, `!=`, `<`, `>`, `<=`, `>=`.

    number: what it is compared with as a number; None where it is none. expression: what it is compared with as a text.
    """

    operator: str
    number: Decimal | None
    expression: re.Pattern[str]
    is_regex: bool

    def holds(self, text: str, number: Decimal | None) -> bool:
        """Whether a value is as asked. text: how it is written. number: None for a value that is none."""
        order = _ORDERS.get(self.operator)
        if order is not None:
            return self.number is not None and number is not None and order(number, self.number)
        return self._equals(text, number) is (self.operator == "=")

    def _equals(self, text: str, number: Decimal | None) -> bool:
        if self.number is not None and number is not None:
            return number == self.number
        find = self.expression.search if self.is_regex else self.expression.fullmatch
        return find(text) is not None


def read_condition(scanner: Scanner) -> Condition | None:
    """An operator and what follows it; None when no operator comes next."""
    asked = scanner.take(*_OPERATORS)
    if not asked:
        return None
    following = scanner.peek()
    if following == "%" and asked in ("=", "!="):
        return Condition(operator=asked, number=None, expression=scanner.regular_expression(), is_regex=True)
    if following == '"' and asked in ("=", "!="):
        return Condition(operator=asked, number=None, expression=wildcard(scanner.quoted()), is_regex=False)
    word = scanner.match(_WORD)
    number = read_number(word)
    if not word or (asked in _ORDERS and number is None):
        raise scanner.unexpected()
    return Condition(operator=asked, number=number, expression=wildcard(word), is_regex=False)


def read_number(text: str) -> Decimal | None:
    """The number that a text is; None for any other text."""
    return Decimal(text) if NUMBER.fullmatch(text) else None


def wildcard(text: str) -> re.Pattern[str]:
    """A text in which each asterisk stands for any text."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
