"""Patterns, compiled once: every field of a pattern has to match, by any of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.event_pattern.dialect import RULE, Dialect
from lambdakit.harness.event_pattern.json_values import as_json_values, read_json
from lambdakit.harness.event_pattern.operators import InvalidPattern, Test, equals, expression_test
from lambdakit.records import dataclass

__all__ = ["EventPattern", "InvalidPattern", "compile_pattern"]

# What a `$or` may multiply to.
# Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns", "Or matching".
OR_COMBINATIONS_MAX: Final = 1000

_OR: Final = "$or"
_ABSENT: Final = object()
_Node = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPattern:
    """A compiled pattern. keys: the fields that it names at the top."""

    keys: frozenset[str]
    _matches: _Node

    def matches(self, event: str | bytes | Mapping[str, Any]) -> bool:
        """Whether an event, as JSON text or as an object, is meant. Text that is no JSON object is not."""
        if isinstance(event, str | bytes):
            try:
                values = read_json(event)
            except ValueError:
                return False
        else:
            values = as_json_values(event)
        return self.matches_values(values)

    def matches_values(self, values: Any) -> bool:
        """The same of what `read_json` gave, which saves reading it for each pattern."""
        return isinstance(values, dict) and self._matches(values)


def compile_pattern(given: str | bytes | Mapping[str, Any], dialect: Dialect = RULE) -> EventPattern:
    """The pattern that `given` says. InvalidPattern with the reason when the dialect does not take it."""
    if isinstance(given, str | bytes):
        try:
            document = read_json(given)
        except ValueError as error:
            raise InvalidPattern(f"Filter is not a valid JSON document: {error}") from None
    else:
        document = as_json_values(given)
    if not isinstance(document, dict):
        raise InvalidPattern("Filter is not an object")
    if _combinations(document) > OR_COMBINATIONS_MAX:
        raise InvalidPattern(f"The number of combinations of $or is above {OR_COMBINATIONS_MAX}")
    return EventPattern(keys=frozenset(_names(document)), _matches=_object(document, dialect))


def _object(document: Mapping[str, Any], dialect: Dialect) -> _Node:
    if not document:
        raise InvalidPattern("Empty objects are not allowed")
    parts: list[_Node] = []
    for name, given in document.items():
        if _is_or(name, given):
            alternatives = [_object(one, dialect) for one in given]
            parts.append(_any_of(alternatives))
        else:
            parts.append(_at(name, _field(name, given, dialect)))
    return parts[0] if len(parts) == 1 else lambda values: all(part(values) for part in parts)


def _is_or(name: str, given: Any) -> bool:
    """An array of at least two patterns; anything else makes `$or` the name of a field.

    Source: github.com/aws/event-ruler, README, "OR Matching".
    """
    return (
        name == _OR
        and isinstance(given, list)
        and len(given) > 1
        and all(isinstance(one, dict) and one for one in given)
    )


def _any_of(alternatives: Sequence[_Node]) -> _Node:
    return lambda values: any(alternative(values) for alternative in alternatives)


def _at(name: str, node: _Node) -> _Node:
    return lambda values: node(values.get(name, _ABSENT))


def _field(name: str, given: Any, dialect: Dialect) -> _Node:
    if isinstance(given, dict):
        if not dialect.deep:
            raise InvalidPattern("Filter policy scope MessageAttributes does not support nested filter policy")
        return _nested(_object(given, dialect))
    if isinstance(given, list):
        return _leaf(given, dialect)
    raise InvalidPattern(f'"{name}" must be an object or an array')


def _nested(node: _Node) -> _Node:
    """A field's own fields; of an array, those of one of its elements."""

    def matches(value: Any) -> bool:
        if isinstance(value, dict):
            return node(value)
        if isinstance(value, list) and value:
            return any(matches(element) for element in value)
        return node({})  # no field of it is there, which is what `exists` may ask for

    return matches


def _leaf(given: Sequence[Any], dialect: Dialect) -> _Node:
    if not given:
        raise InvalidPattern("Empty arrays are not allowed")
    tests: list[Test] = []
    wanted: set[bool] = set()
    for one in given:
        if isinstance(one, dict):
            if _is_exists(one, dialect):
                wanted.add(one["exists"])
            else:
                tests.append(_expression(one, dialect))
        elif isinstance(one, list):
            raise InvalidPattern("Match value must be String, number, true, false, or null")
        else:
            tests.append(equals(one))

    def matches(value: Any) -> bool:
        leaves = list(_leaves(value))
        if bool(leaves) in wanted:
            return True
        return any(test(leaf) for leaf in leaves for test in tests)

    return matches


def _is_exists(expression: Mapping[str, Any], dialect: Dialect) -> bool:
    if next(iter(expression), None) != "exists" or "exists" not in dialect.operators:
        return False
    if not isinstance(expression["exists"], bool):
        raise InvalidPattern("exists match pattern must be either true or false.")
    if len(expression) > 1:
        raise InvalidPattern("Only one key allowed in match expression")
    return True


def _expression(expression: Mapping[str, Any], dialect: Dialect) -> Test:
    if not expression:
        raise InvalidPattern("Match expression name not found")
    name, given = next(iter(expression.items()))
    test = expression_test(name, given, dialect)
    if len(expression) > 1:
        raise InvalidPattern("Only one key allowed in match expression")
    return test


def _leaves(value: Any) -> Iterator[Any]:
    """The values that stand at a field: itself, or those in an array; none where it is absent or an object."""
    if isinstance(value, list):
        for element in value:
            yield from _leaves(element)
    elif value is not _ABSENT and not isinstance(value, dict):
        yield value


def _names(document: Mapping[str, Any]) -> Iterator[str]:
    for name, given in document.items():
        if _is_or(name, given):
            for one in given:
                yield from _names(one)
        else:
            yield name


def _combinations(document: Mapping[str, Any]) -> int:
    """How many patterns without `$or` say the same."""
    product = 1
    for name, given in document.items():
        if _is_or(name, given):
            product *= sum(_combinations(one) for one in given)
        elif isinstance(given, dict):
            product *= _combinations(given)
    return product
