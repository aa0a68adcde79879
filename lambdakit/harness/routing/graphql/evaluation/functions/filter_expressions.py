"""Conditions written as objects, `{"title": {"contains": "Hello"}}`, as expressions of DynamoDB.

`util.transform.toDynamoDBFilterExpression` and `toDynamoDBConditionExpression`, and the filters, conditions and keys of
`@aws-appsync/utils/dynamodb`. Several conditions hold together unless `or` says else.
Source: AppSync Developer Guide, "Transformation helpers in util.transform" (one condition, whose placeholders are
`#title` and `:title_contains`); the types of `@aws-appsync/utils` (operators, `and`, `or`, `not`, maps in maps). How
placeholders in `and` and `or` are named is not confirmed by a page; here each condition has its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_values import to_dynamodb
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_COMPARED: Final = {"eq": "=", "ne": "<>", "le": "<=", "lt": "<", "ge": ">=", "gt": ">"}
_CALLED: Final = {"contains": "contains", "beginsWith": "begins_with"}
_OF_KEYS: Final = frozenset({"eq", "le", "lt", "ge", "gt", "between", "beginsWith"})
_OPERATORS: Final = frozenset(
    {*_COMPARED, *_CALLED, "notContains", "in", "between", "attributeType", "attributeExists", "size"}
)
_ATTRIBUTE_TYPES: Final = {
    **{"_null": "NULL", "string": "S", "stringSet": "SS", "number": "N", "numberSet": "NS", "binary": "B"},
    **{"binarySet": "BS", "boolean": "BOOL", "list": "L", "map": "M"},
}
_NOT_OF_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")
_DEPTH_MAX: Final = 50


def filter_expression(conditions: Any) -> dict[str, Any]:
    """The expression of a filter or condition: `expression`, `expressionNames` and `expressionValues`.

    Of no conditions the expression is empty.
    """
    built = Placeholders()
    expression = " AND ".join(_conditions(conditions, built, "", 0))
    return built.expression(expression)


def key_expression(keys: Any) -> dict[str, Any]:
    """The expression of a query's keys."""
    if not isinstance(keys, Mapping) or not keys:
        raise FunctionFailed("query: an object of key conditions is wanted")
    built = Placeholders()
    parts: list[str] = []
    for name, operations in keys.items():
        if not isinstance(operations, Mapping) or not operations:
            raise FunctionFailed(f"query.{name}: an object such as {{eq: value}} is wanted")
        for operator, operand in operations.items():
            if operator not in _OF_KEYS:
                raise FunctionFailed(f"query.{name}: {operator} is no operator of key conditions")
            parts.append(_condition([str(name)], str(operator), operand, built, ""))
    return built.expression(" AND ".join(parts))


class Placeholders:
    """The names and values of an expression, each by a placeholder of its own."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._by_name: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def name(self, name: str) -> str:
        """The placeholder of an attribute's name."""
        if name not in self._by_name:
            placeholder = self._free(f"#{_NOT_OF_NAMES.sub('_', name)}", self.names)
            self.names[placeholder] = name
            self._by_name[name] = placeholder
        return self._by_name[name]

    def path(self, path: list[str]) -> str:
        """The placeholders of an attribute within maps."""
        return ".".join(self.name(each) for each in path)

    def value(self, wanted: str, value: Any) -> str:
        """The placeholder of a value, called as wanted where that is free."""
        placeholder = self._free(f":{_NOT_OF_NAMES.sub('_', wanted)}", self.values)
        self.values[placeholder] = value
        return placeholder

    def _free(self, wanted: str, taken: Mapping[str, Any]) -> str:
        """`wanted`, or with a number behind it that nothing has yet."""
        placeholder, number = wanted, self._numbers.get(wanted, 1)
        while placeholder in taken:
            number += 1
            placeholder = f"{wanted}_{number}"
        self._numbers[wanted] = number
        return placeholder

    def expression(self, text: str) -> dict[str, Any]:
        """All of it."""
        return {"expression": text, "expressionNames": self.names, "expressionValues": self.values}


def _conditions(conditions: Any, built: Placeholders, prefix: str, depth: int) -> list[str]:
    """The conditions that hold together."""
    if conditions is None:
        return []
    if not isinstance(conditions, Mapping):
        raise FunctionFailed("a filter: an object of conditions is wanted")
    if depth > _DEPTH_MAX:
        raise FunctionFailed("a filter is nested too deep")
    parts: list[str] = []
    for name, each in conditions.items():
        if each is None:
            continue
        if name in ("and", "or"):
            parts += _joined(str(name), each, built, prefix, depth)
        elif name == "not":
            negated = [
                part for group in _groups(each) for part in _conditions(group, built, f"{prefix}not_", depth + 1)
            ]
            parts += [f"NOT {_in_parentheses(_together(negated))}"] if negated else []
        else:
            parts += _of_attribute([str(name)], each, built, prefix, depth)
    return parts


def _joined(word: str, given: Any, built: Placeholders, prefix: str, depth: int) -> list[str]:
    groups = []
    for number, group in enumerate(_groups(given)):
        inner = _conditions(group, built, f"{prefix}{word}_{number}_", depth + 1)
        if inner:
            groups.append(_together(inner))
    return [_together(groups, word.upper())] if groups else []


def _together(terms: list[str], word: str = "AND") -> str:
    """Terms as one: in parentheses where they are several. DynamoDB refuses parentheses that change nothing."""
    return terms[0] if len(terms) == 1 else f"({f' {word} '.join(terms)})"


def _in_parentheses(term: str) -> str:
    """Only several terms together begin with a parenthesis."""
    return term if term.startswith("(") else f"({term})"


def _groups(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list | tuple) else [given]


def _of_attribute(path: list[str], operations: Any, built: Placeholders, prefix: str, depth: int) -> list[str]:
    where = ".".join(path)
    if not isinstance(operations, Mapping):
        raise FunctionFailed(f"{where}: an object such as {{eq: value}} is wanted")
    if depth + len(path) > _DEPTH_MAX:
        raise FunctionFailed("a filter is nested too deep")
    parts: list[str] = []
    for operator, operand in operations.items():
        if operator in _OPERATORS:
            parts.append(_condition(path, str(operator), operand, built, prefix))
        elif isinstance(operand, Mapping):
            parts += _of_attribute([*path, str(operator)], operand, built, prefix, depth)
        else:
            raise FunctionFailed(f"{where}: {operator} is no operator of filters")
    return parts


def _condition(path: list[str], operator: str, operand: Any, built: Placeholders, prefix: str) -> str:
    name = built.path(path)
    called = f"{prefix}{'_'.join(path)}_{operator}"
    if operator == "size":
        if not isinstance(operand, Mapping) or not operand:
            raise FunctionFailed(f"{'.'.join(path)}.size: an object such as {{gt: 3}} is wanted")
        sizes = [_compared(f"size({name})", str(key), each, built, f"{called}_{key}") for key, each in operand.items()]
        return _together(sizes)
    if operator == "attributeExists":
        return f"attribute_{'exists' if operand else 'not_exists'}({name})"
    if operator == "attributeType":
        if operand not in _ATTRIBUTE_TYPES:
            raise FunctionFailed(f"{'.'.join(path)}.attributeType: {operand} is none of {', '.join(_ATTRIBUTE_TYPES)}")
        return f"attribute_type({name}, {built.value(called, {'S': _ATTRIBUTE_TYPES[operand]})})"
    if operator in _CALLED:
        return f"{_CALLED[operator]}({name}, {built.value(called, to_dynamodb(operand))})"
    if operator == "notContains":
        return f"NOT contains({name}, {built.value(called, to_dynamodb(operand))})"
    return _compared(name, operator, operand, built, called)


def _compared(left: str, operator: str, operand: Any, built: Placeholders, called: str) -> str:
    if operator in _COMPARED:
        return f"{left} {_COMPARED[operator]} {built.value(called, to_dynamodb(operand))}"
    if operator not in ("in", "between"):
        raise FunctionFailed(f"{operator} is no comparison")
    if not isinstance(operand, list | tuple) or (operator == "between" and len(operand) != 2) or not operand:
        raise FunctionFailed(f"{operator}: a list of {'two ' if operator == 'between' else ''}values is wanted")
    placed = [built.value(f"{called}_{number}", to_dynamodb(each)) for number, each in enumerate(operand)]
    if operator == "in":
        return f"{left} IN ({', '.join(placed)})"
    return f"{left} BETWEEN {placed[0]} AND {placed[1]}"
