"""One leaf of a pattern: what a single value of an event has to be.

A test takes a value that is a string, a `JsonNumber`, a Boolean or None.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.event_pattern.dialect import Dialect
from lambdakit.harness.event_pattern.json_values import JsonNumber

Test = Callable[[Any], bool]

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LOWER: Final = frozenset({">", ">="})
_UPPER: Final = frozenset({"<", "<="})


class InvalidPattern(ValueError):
    """A pattern that the service refuses. The text is its reason, without what the service writes around it."""


def equals(expected: Any) -> Test:
    """The same string, number as written, Boolean or null."""
    return lambda value: type(value) is type(expected) and value == expected


def expression_test(name: str, given: Any, dialect: Dialect) -> Test:
    """The test of `{name: given}`. InvalidPattern when the dialect has no such expression, or not with that value."""
    if name not in _EXPRESSIONS or name not in dialect.operators:
        raise InvalidPattern(f"Unrecognized match type {name}")
    return _EXPRESSIONS[name](given, dialect)


def _affix(name: str, holds: Callable[[str, str], bool]) -> Callable[[Any, Dialect], Test]:
    def test_of(given: Any, dialect: Dialect) -> Test:
        if isinstance(given, dict) and dialect.cased:
            folded = _only(given, "equals-ignore-case", f"{name} match pattern must be a string")
            lowered = _text(folded, f"{name} match pattern must be a string").casefold()
            return lambda value: isinstance(value, str) and holds(value.casefold(), lowered)
        text = _text(given, f"{name} match pattern must be a string")
        return lambda value: isinstance(value, str) and holds(value, text)

    return test_of


def _equals_ignore_case(given: Any, dialect: Dialect) -> Test:
    del dialect
    lowered = _text(given, "equals-ignore-case match pattern must be a string").casefold()
    return lambda value: isinstance(value, str) and value.casefold() == lowered


def _wildcard(given: Any, dialect: Dialect) -> Test:
    del dialect
    return wildcard_test(_text(given, "wildcard match pattern must be a string"))


def wildcard_test(text: str) -> Test:
    """`*` stands for any characters; a backslash takes the meaning from `*` and from itself."""
    pieces, position = [""], 0
    while position < len(text):
        character = text[position]
        if character == "*":
            if text[position + 1 : position + 2] == "*":
                raise InvalidPattern(f"Consecutive wildcard characters at pos {position}")
            pieces.append("")
        elif character == "\\":
            position += 1
            if text[position : position + 1] not in ("*", "\\"):
                raise InvalidPattern(f"Invalid escape character at pos {position - 1}")
            pieces[-1] += text[position]
        else:
            pieces[-1] += character
        position += 1
    return lambda value: isinstance(value, str) and _has_pieces(value, pieces)


def _has_pieces(value: str, pieces: list[str]) -> bool:
    """Whether the pieces follow each other in `value`, from its beginning to its end. Linear in both."""
    if len(pieces) == 1:
        return value == pieces[0]
    first, *middle, last = pieces
    if not value.startswith(first) or not value.endswith(last) or len(value) < len(first) + len(last):
        return False
    position, end = len(first), len(value) - len(last)
    for piece in middle:
        found = value.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _numeric(given: Any, dialect: Dialect) -> Test:
    del dialect
    if not isinstance(given, list):
        raise InvalidPattern("Value of numeric must be an array.")
    if not given:
        raise InvalidPattern("Invalid member in numeric match: ]")
    conditions = [_condition(given, position) for position in range(0, len(given), 2)]
    _check_range(conditions)
    compared = [(_COMPARISONS[sign], bound) for sign, bound in conditions]
    return lambda value: isinstance(value, JsonNumber) and all(holds(value.value, bound) for holds, bound in compared)


def _condition(given: list[Any], position: int) -> tuple[str, float]:
    """A sign and the number after it."""
    sign = given[position]
    if not isinstance(sign, str):
        raise InvalidPattern("Bad value in numeric range: " + _shown(sign))
    if sign not in _COMPARISONS:
        raise InvalidPattern(f"Unrecognized numeric range operator: {sign}")
    bound = given[position + 1] if position + 1 < len(given) else None
    if not isinstance(bound, JsonNumber):
        raise InvalidPattern(f"Value of {'equals' if sign == '=' else sign} must be numeric")
    return sign, bound.value


def _check_range(conditions: list[tuple[str, float]]) -> None:
    signs = [sign for sign, _ in conditions]
    if len(signs) > 2 or (len(signs) == 2 and "=" in signs):
        raise InvalidPattern("Too many elements in numeric expression")
    if len(signs) == 2:
        (low_sign, low), (high_sign, high) = conditions
        if low_sign not in _LOWER or high_sign not in _UPPER:
            raise InvalidPattern(f"Bad numeric range operator: {high_sign}")
        if low >= high:
            raise InvalidPattern("Bottom must be less than top")


def _cidr(given: Any, dialect: Dialect) -> Test:
    del dialect
    text = _text(given, "prefix match pattern must be a string")
    if "/" not in text:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidPattern(f"Malformed CIDR, '{text}' is not a range of addresses") from None

    def within(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return within


def _anything_but(given: Any, dialect: Dialect) -> Test:
    if isinstance(given, dict):
        tests = _nested_tests(given, dialect)
    else:
        tests = [equals(value) for value in _plain_values(given)]
    return lambda value: not any(test(value) for test in tests)


def _nested_tests(given: Mapping[str, Any], dialect: Dialect) -> list[Test]:
    if not given:
        raise InvalidPattern("Anything-But expression name not found")
    name = next(iter(given))
    if name not in dialect.nested:
        raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
    inner = _only(given, name, "")
    texts = inner if isinstance(inner, list) else [inner]
    if not texts:
        raise InvalidPattern("Empty arrays are not allowed")
    if "" in texts and name in ("prefix", "suffix"):
        raise InvalidPattern("Null prefix/suffix not allowed")
    for text in texts:
        if not isinstance(text, str):
            raise InvalidPattern(f"Inside anything but/{name} list, either all values are number or string")
    return [expression_test(name, text, dialect) for text in texts]


def _plain_values(given: Any) -> list[Any]:
    values = given if isinstance(given, list) else [given]
    if isinstance(given, bool) or given is None:
        raise InvalidPattern("Value of anything-but must be an array or single string/number value.")
    if not values:
        raise InvalidPattern("Empty arrays are not allowed")
    if not (all(isinstance(value, str) for value in values) or all(isinstance(value, JsonNumber) for value in values)):
        raise InvalidPattern(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    return values


def _only(given: Mapping[str, Any], name: str, otherwise: str) -> Any:
    if name not in given:
        raise InvalidPattern(otherwise)
    if len(given) > 1:
        raise InvalidPattern("Only one key allowed in match expression")
    return given[name]


def _text(given: Any, otherwise: str) -> str:
    if not isinstance(given, str):
        raise InvalidPattern(otherwise)
    return given


def _shown(value: Any) -> str:
    return value.literal if isinstance(value, JsonNumber) else re.sub(r"\s+", " ", str(value))


_EXPRESSIONS: Final[Mapping[str, Callable[[Any, Dialect], Test]]] = {
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
