"""Conditions written as objects, `{"id": {"gt": 10}}`, as conditions of SQL.

Source: AppSync Developer Guide, "Built-in modules" ("Amazon RDS module functions", "Filters"); the types of
`@aws-appsync/utils` (the operators of aggregates).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed

_COMPARED: Final = {"eq": "=", "ne": "<>", "le": "<=", "lt": "<", "ge": ">=", "gt": ">"}
_LIKE: Final = {"contains": ("LIKE", "%{}%"), "notContains": ("NOT LIKE", "%{}%"), "beginsWith": ("LIKE", "{}%")}
_DEPTH_MAX: Final = 50
# By the names of `agg` and of operators.
AGGREGATES: Final[Mapping[str, str]] = {
    **{name: f"{name.upper()}({{}})" for name in ("max", "min", "count", "avg", "sum")},
    **{f"{name}Distinct": f"{name.upper()}(DISTINCT {{}})" for name in ("max", "min", "count", "avg", "sum")},
}


class Quoting(Protocol):
    """What writes names and values of a statement."""

    def quoted(self, name: Any) -> str:
        """A name in quotes."""

    def parameter(self, value: Any) -> str:
        """A value's placeholder."""


def conditions(given: Any, quoting: Quoting) -> str:
    """The conditions, which hold together; empty where there are none."""
    if isinstance(given, Mapping) and "_sql" in given:
        return quoting.parameter(given)
    return " AND ".join(_of_object(given, quoting, 0))


def _of_object(given: Any, quoting: Quoting, depth: int) -> list[str]:
    if not isinstance(given, Mapping):
        raise FunctionFailed("where: an object of conditions is wanted")
    if depth > _DEPTH_MAX:
        raise FunctionFailed("where: nested too deep")
    found: list[str] = []
    for name, each in given.items():
        if each is None:
            continue
        if name in ("and", "or", "not"):
            found += _grouped(str(name), each, quoting, depth, alone=len(given) == 1)
        else:
            found += _of_column(quoting.quoted(name), str(name), each, quoting)
    return found


def _grouped(word: str, given: Any, quoting: Quoting, depth: int, *, alone: bool) -> list[str]:
    groups = [_of_object(each, quoting, depth + 1) for each in (given if isinstance(given, list) else [given])]
    texts = [group[0] if len(group) == 1 else f"({' AND '.join(group)})" for group in groups if group]
    if not texts:
        return []
    joined = f" {'OR' if word == 'or' else 'AND'} ".join(texts)
    if word == "not":
        return [f"NOT ({joined})"]
    return [joined if alone and depth == 0 else f"({joined})"]


def _of_column(column: str, name: str, operations: Any, quoting: Quoting) -> list[str]:
    if not isinstance(operations, Mapping):
        raise FunctionFailed(f"{name}: an object such as {{eq: value}} is wanted")
    found: list[str] = []
    for operator, operand in operations.items():
        if operator == "size":
            found += _of_column(f"LENGTH({column})", f"{name}.size", operand, quoting)
        elif operator in AGGREGATES:
            found += _of_column(AGGREGATES[operator].format(column), f"{name}.{operator}", operand, quoting)
        else:
            found.append(_condition(column, name, str(operator), operand, quoting))
    return found


def _condition(column: str, name: str, operator: str, operand: Any, quoting: Quoting) -> str:
    if operator in _COMPARED:
        return f"{column} {_COMPARED[operator]} {quoting.parameter(operand)}"
    if operator in _LIKE:
        word, form = _LIKE[operator]
        return f"{column} {word} {quoting.parameter(form.format(operand))}"
    if operator == "attributeExists":
        return f"{column} IS {'NOT ' if operand else ''}NULL"
    if operator == "between":
        if not isinstance(operand, list) or len(operand) != 2:
            raise FunctionFailed(f"{name}.between: a list of two values is wanted")
        return f"{column} BETWEEN {quoting.parameter(operand[0])} AND {quoting.parameter(operand[1])}"
    raise FunctionFailed(f"{name}: {operator} is no operator of conditions")
