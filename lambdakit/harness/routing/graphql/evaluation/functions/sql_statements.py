"""Requests to the RDS Data API that `@aws-appsync/utils/rds` makes of plain objects.

What code may decide is quoted, and every value is a parameter: `:P0`, `:P1` and so on. How the service calls parameters
is not confirmed by a page; the guide's comments show the form of statements alone.
Source: AppSync Developer Guide, "Built-in modules" ("Amazon RDS module functions"), "JavaScript resolver function
reference for Amazon RDS"; the types of `@aws-appsync/utils`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.sql_conditions import AGGREGATES, conditions

_KIND: Final = "_sql"  # what statements, aggregates and hints are while the code runs; see `inside_node/modules.js`
_HINTS: Final = frozenset({"DATE", "DECIMAL", "JSON", "TIME", "TIMESTAMP", "UUID"})
_STATEMENTS_MAX: Final = 2  # JavaScript resolver function reference for Amazon RDS, "Creating statements"
_DEPTH_MAX: Final = 20
_JOINS: Final[Mapping[str, str]] = {
    "join": "JOIN",
    "innerJoin": "INNER JOIN",
    "leftJoin": "LEFT JOIN",
    "leftOuterJoin": "LEFT OUTER JOIN",
    "rightJoin": "RIGHT JOIN",
    "rightOuterJoin": "RIGHT OUTER JOIN",
    "fullOuterJoin": "FULL OUTER JOIN",
    "crossJoin": "CROSS JOIN",
    "joinNatural": "NATURAL JOIN",
    "innerJoinNatural": "NATURAL INNER JOIN",
    "leftJoinNatural": "NATURAL LEFT JOIN",
    "leftOuterJoinNatural": "NATURAL LEFT OUTER JOIN",
    "rightJoinNatural": "NATURAL RIGHT JOIN",
    "rightOuterJoinNatural": "NATURAL RIGHT OUTER JOIN",
    "fullOuterJoinNatural": "NATURAL FULL OUTER JOIN",
}


def postgres_request(statements: Any) -> dict[str, Any]:
    """The request of `createPgStatement`."""
    return _Request('"', returns=True).of(statements)


def mysql_request(statements: Any) -> dict[str, Any]:
    """The request of `createMySQLStatement`."""
    return _Request("`", returns=False).of(statements)


class _Request:
    """Collects the parameters of the statements of a request. mark: what quotes names. returns: whether rows may be."""

    def __init__(self, mark: str, *, returns: bool) -> None:
        self._mark = mark
        self._returns = returns
        self._values: dict[str, Any] = {}
        self._hints: dict[str, str] = {}
        self._depth = 0

    def of(self, statements: Any) -> dict[str, Any]:
        """The request."""
        given = [each for each in statements or () if each is not None]
        if not 1 <= len(given) <= _STATEMENTS_MAX:
            raise FunctionFailed(f"a request has one or two statements, not {len(given)}")
        texts = [each if isinstance(each, str) else self._statement(each) for each in given]
        return {"statements": texts, "variableMap": self._values, "variableTypeHintMap": self._hints}

    def quoted(self, name: Any) -> str:
        """A name such as `schema.table`, each of its parts in quotes."""
        if not isinstance(name, str) or not name:
            raise FunctionFailed("the name of a table or column is a text")
        mark = self._mark
        parts = [part if part == "*" else f"{mark}{part.replace(mark, mark * 2)}{mark}" for part in name.split(".")]
        return ".".join(parts)

    def parameter(self, value: Any) -> str:
        """The placeholder of a value, or the value of a statement within a statement."""
        if _is(value, "select", "raw"):
            return f"({self._statement(value)})" if _is(value, "select") else self._statement(value)
        placeholder = f":P{len(self._values)}"
        hint = None
        if _is(value, "hint"):
            hint = value.get("hint")
            if hint not in _HINTS:
                raise FunctionFailed(f"typeHint.{hint} is none of {', '.join(sorted(_HINTS))}")
            value = value.get("value")
        if isinstance(value, Mapping | list):
            hint, value = hint or "JSON", json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        elif hint == "JSON" and value is not None:
            value = json.dumps(value, ensure_ascii=False)
        self._values[placeholder] = value
        if hint is not None:
            self._hints[placeholder] = str(hint)
        return placeholder

    def aggregate(self, value: Any) -> str:
        """Such as `COUNT("id")`."""
        form = AGGREGATES.get(str(value.get("name")))
        if form is None:
            raise FunctionFailed(f"agg.{value.get('name')} is none of {', '.join(AGGREGATES)}")
        return form.format(self.quoted(value.get("column")))

    def _statement(self, statement: Any) -> str:
        if not isinstance(statement, Mapping) or statement.get(_KIND) not in self._forms:
            raise FunctionFailed("a statement is made by sql, select, insert, update or remove")
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise FunctionFailed("statements are nested too deep")
        text = self._forms[str(statement[_KIND])](statement)
        self._depth -= 1
        return text

    @property
    def _forms(self) -> Mapping[str, Callable[[Mapping[str, Any]], str]]:
        return {
            "raw": self._raw,
            "select": lambda made: self._select(_payload(made)),
            "insert": lambda made: self._insert(_payload(made)),
            "update": lambda made: self._update(_payload(made)),
            "remove": lambda made: self._remove(_payload(made)),
        }

    def _raw(self, statement: Mapping[str, Any]) -> str:
        texts, values = statement.get("texts") or [], statement.get("values") or []
        parts = [str(texts[0])] if texts else []
        for text, value in zip(texts[1:], values, strict=False):
            parts += [self.parameter(value), str(text)]
        return "".join(parts)

    def _select(self, payload: Mapping[str, Any]) -> str:
        parts = [f"SELECT {self._columns(payload.get('columns'))} FROM {self._table(payload)}"]
        for name, words in _JOINS.items():
            parts += [self._join(words, each) for each in payload.get(name) or ()]
        parts += self._where(payload)
        if payload.get("groupBy"):
            grouped = [str(each) if isinstance(each, int) else self.quoted(each) for each in payload["groupBy"]]
            parts.append(f"GROUP BY {', '.join(grouped)}")
        if payload.get("having") is not None:
            parts.append(f"HAVING {conditions(payload['having'], self)}")
        if payload.get("orderBy"):
            parts.append(f"ORDER BY {', '.join(self._order(each) for each in payload['orderBy'])}")
        parts += [f"{name.upper()} {self.parameter(payload[name])}" for name in ("limit", "offset") if name in payload]
        return " ".join(parts)

    def _insert(self, payload: Mapping[str, Any]) -> str:
        values = _values(payload)
        names = ", ".join(self.quoted(name) for name in values)
        placed = ", ".join(self.parameter(value) for value in values.values())
        return " ".join([f"INSERT INTO {self._table(payload)} ({names}) VALUES ({placed})", *self._returning(payload)])

    def _update(self, payload: Mapping[str, Any]) -> str:
        placed = [f"{self.quoted(name)} = {self.parameter(value)}" for name, value in _values(payload).items()]
        parts = [f"UPDATE {self._table(payload)} SET {', '.join(placed)}"]
        return " ".join([*parts, *self._where(payload), *self._returning(payload)])

    def _remove(self, payload: Mapping[str, Any]) -> str:
        return " ".join(
            [f"DELETE FROM {self._table(payload)}", *self._where(payload), *self._returning(payload)],
        )

    def _table(self, payload: Mapping[str, Any]) -> str:
        named = payload.get("table") if payload.get("table") is not None else payload.get("from")
        return self._aliased(named)

    def _aliased(self, named: Any) -> str:
        """A name or statement, or `{alias: name or statement}`."""
        if _is(named, "aggregate"):
            return self.aggregate(named)
        if isinstance(named, Mapping) and _KIND not in named:
            if len(named) != 1:
                raise FunctionFailed("an alias is an object of one name")
            (alias, inner), *_ = named.items()
            return f"{self._aliased(inner)} AS {self.quoted(alias)}"
        return self.parameter(named) if isinstance(named, Mapping) else self.quoted(named)

    def _columns(self, columns: Any) -> str:
        if columns is None or columns == "*":
            return "*"
        if not isinstance(columns, list) or not columns:
            raise FunctionFailed("columns: a list of columns, or '*', is wanted")
        return ", ".join(self._aliased(each) for each in columns)

    def _join(self, words: str, joined: Any) -> str:
        if not isinstance(joined, Mapping):
            raise FunctionFailed("a join is an object")
        text = f"{words} {self._table(joined)}"
        if joined.get("using"):
            return f"{text} USING ({', '.join(self._aliased(each) for each in joined['using'])})"
        if joined.get("on") is None:
            return text
        return f"{text} ON {conditions(joined['on'], self)}"

    def _where(self, payload: Mapping[str, Any]) -> list[str]:
        text = "" if payload.get("where") is None else conditions(payload["where"], self)
        return [f"WHERE {text}"] if text else []

    def _order(self, order: Any) -> str:
        if not isinstance(order, Mapping) or str(order.get("dir", "ASC")).upper() not in ("ASC", "DESC"):
            raise FunctionFailed("orderBy: objects such as {column: 'name', dir: 'DESC'} are wanted")
        column = self.quoted(order.get("column"))
        return f"{column} {str(order['dir']).upper()}" if "dir" in order else column

    def _returning(self, payload: Mapping[str, Any]) -> list[str]:
        if payload.get("returning") is None:
            return []
        if not self._returns:
            raise FunctionFailed("returning: MySQL returns no rows of what it changes")
        return [f"RETURNING {self._columns(payload['returning'])}"]


def _is(value: Any, *kinds: str) -> bool:
    return isinstance(value, Mapping) and value.get(_KIND) in kinds


def _payload(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = statement.get("payload")
    if not isinstance(payload, Mapping):
        raise FunctionFailed(f"{statement[_KIND]}: an object is wanted")
    return payload


def _values(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    values = payload.get("values")
    if not isinstance(values, Mapping) or not values:
        raise FunctionFailed("values: an object of columns and their values is wanted")
    return values


SQL_REQUESTS: Final[Mapping[str, Callable[..., Any]]] = {
    "createPgStatement": postgres_request,
    "createMySQLStatement": mysql_request,
}
