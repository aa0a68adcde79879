"""Results of the RDS Data API, as lists of rows: `util.rds.toJsonObject` and that of `@aws-appsync/utils/rds`.

Source: AppSync Developer Guide, "Amazon RDS helpers in $util.rds"; "Tutorial: Aurora Serverless" (a list for each
statement, `[1][0]`); RDS Data API Reference, "Field".
"""

from __future__ import annotations

import json
from typing import Any

from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed


def rows(result: Any) -> list[list[dict[str, Any]]]:
    """For each statement its rows, by the names of their columns; no rows for a statement that changes something."""
    if isinstance(result, str):
        try:
            result = json.loads(result)
        except (ValueError, RecursionError):
            raise FunctionFailed("toJsonObject: a result of the RDS Data API is wanted") from None
    statements = result.get("sqlStatementResults") if isinstance(result, dict) else None
    if not isinstance(statements, list):
        raise FunctionFailed("toJsonObject: a result of the RDS Data API is wanted")
    return [_rows(statement) if isinstance(statement, dict) else [] for statement in statements]


def _rows(statement: dict[str, Any]) -> list[dict[str, Any]]:
    columns = [
        str(column.get("label") or column.get("name") or "") if isinstance(column, dict) else ""
        for column in statement.get("columnMetadata") or ()
    ]
    return [
        {name: _value(field) for name, field in zip(columns, record, strict=False)}
        for record in statement.get("records") or ()
        if isinstance(record, list)
    ]


def _value(field: Any) -> Any:
    """What is in `{"stringValue": "a"}`."""
    if not isinstance(field, dict) or field.get("isNull") is True:
        return None
    for name, value in field.items():
        if name == "arrayValue" and isinstance(value, dict):
            return _array(value)
        if name != "isNull":
            return value
    return None


def _array(array: dict[str, Any]) -> list[Any]:
    inner = array.get("arrayValues")
    if isinstance(inner, list):
        return [_array(each) if isinstance(each, dict) else each for each in inner]
    return next((list(values) for values in array.values() if isinstance(values, list)), [])
