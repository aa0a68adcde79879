"""Requests to DynamoDB that `@aws-appsync/utils/dynamodb` makes of plain objects.

Source: AppSync Developer Guide, "Built-in modules" ("DynamoDB module functions"); the types of `@aws-appsync/utils`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.evaluation.functions.dynamodb_values import DYNAMODB_VALUES, item_values
from lambdakit.harness.routing.graphql.evaluation.functions.failed import FunctionFailed
from lambdakit.harness.routing.graphql.evaluation.functions.filter_expressions import (
    Placeholders,
    filter_expression,
    key_expression,
)
from lambdakit.harness.routing.graphql.evaluation.functions.update_expressions import update_expression

_OF_WRITES: Final = ("customPartitionKey", "populateIndexFields", "_version")
_OF_READS: Final = ("index", "limit", "nextToken", "consistentRead", "scanIndexForward", "select")
_OF_SCANS: Final = ("totalSegments", "segment")
_OF_SYNC: Final = ("basePartitionKey", "deltaIndexName", "limit", "nextToken", "lastSync")
_STEP: Final = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)")


def _get(payload: Any) -> dict[str, Any]:
    given = _object(payload, "get")
    return {
        "operation": "GetItem",
        "key": item_values(given.get("key"), "key"),
        **_some(given, ("consistentRead",)),
        **_projected(given),
    }


def _put(payload: Any) -> dict[str, Any]:
    given = _object(payload, "put")
    return {"operation": "PutItem", **_written(given), **_conditioned(given), **_some(given, _OF_WRITES)}


def _update(payload: Any) -> dict[str, Any]:
    given = _object(payload, "update")
    return {"operation": "UpdateItem", **_updated(given), **_conditioned(given), **_some(given, _OF_WRITES)}


def _remove(payload: Any) -> dict[str, Any]:
    given = _object(payload, "remove")
    key = item_values(given.get("key"), "key")
    return {"operation": "DeleteItem", "key": key, **_conditioned(given), **_some(given, _OF_WRITES)}


def _query(payload: Any) -> dict[str, Any]:
    given = _object(payload, "query")
    query = _without_empty(key_expression(given.get("query")))
    return {"operation": "Query", "query": query, **_filtered(given), **_some(given, _OF_READS), **_projected(given)}


def _scan(payload: Any) -> dict[str, Any]:
    given = _object({} if payload is None else payload, "scan")
    return {
        "operation": "Scan",
        **_filtered(given),
        **_some(given, (*_OF_READS, *_OF_SCANS)),
        **_projected(given),
    }


def _sync(payload: Any) -> dict[str, Any]:
    given = _object({} if payload is None else payload, "sync")
    return {"operation": "Sync", **_filtered(given), **_some(given, _OF_SYNC)}


def _batch_get(payload: Any) -> dict[str, Any]:
    tables = {}
    for table, asked in _tables(payload, "batchGet"):
        asked = _object(asked, f"batchGet: {table}")
        keys = [item_values(key, "keys") for key in _list(asked.get("keys"), f"batchGet: {table}.keys")]
        tables[table] = {"keys": keys, **_some(asked, ("consistentRead",)), **_projected(asked)}
    return {"operation": "BatchGetItem", "tables": tables}


def _batch(operation: str, name: str) -> Callable[[Any], dict[str, Any]]:
    def make(payload: Any) -> dict[str, Any]:
        tables = {
            table: [item_values(each, f"{name}: {table}") for each in _list(items, f"{name}: {table}")]
            for table, items in _tables(payload, name)
        }
        return {"operation": operation, "tables": tables}

    return make


def _transact_get(payload: Any) -> dict[str, Any]:
    items = []
    for each in _list(_object(payload, "transactGet").get("items"), "transactGet: items"):
        given = _object(each, "transactGet: items")
        items.append({"table": _table(given), "key": item_values(given.get("key"), "key"), **_projected(given)})
    return {"operation": "TransactGetItems", "transactItems": items}


def _transact_write(payload: Any) -> dict[str, Any]:
    items = []
    for each in _list(_object(payload, "transactWrite").get("items"), "transactWrite: items"):
        given = _object(each, "transactWrite: items")
        if len(given) != 1:
            raise FunctionFailed("transactWrite: an item is one of putItem, updateItem, deleteItem and conditionCheck")
        (kind, inner), *_ = given.items()
        if kind not in _TRANSACTED:
            raise FunctionFailed(f"transactWrite: {kind} is none of {', '.join(_TRANSACTED)}")
        operation, content = _TRANSACTED[kind]
        inner = _object(inner, f"transactWrite: {kind}")
        items.append({"table": _table(inner), "operation": operation, **content(inner), **_conditioned(inner)})
    return {"operation": "TransactWriteItems", "transactItems": items}


def _written(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": item_values(given.get("key"), "key"),
        "attributeValues": item_values(given.get("item"), "item"),
    }


def _updated(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": item_values(given.get("key"), "key"), "update": update_expression(given.get("update"))}


def _keyed(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": item_values(given.get("key"), "key")}


_TRANSACTED: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]]] = {
    "putItem": ("PutItem", _written),
    "updateItem": ("UpdateItem", _updated),
    "deleteItem": ("DeleteItem", _keyed),
    "conditionCheck": ("ConditionCheck", _keyed),
}


def _conditioned(given: Mapping[str, Any]) -> dict[str, Any]:
    return _expressed("condition", given.get("condition"))


def _filtered(given: Mapping[str, Any]) -> dict[str, Any]:
    return _expressed("filter", given.get("filter"))


def _expressed(name: str, conditions: Any) -> dict[str, Any]:
    if conditions is None:
        return {}
    expression = filter_expression(conditions)
    return {name: _without_empty(expression)} if expression["expression"] else {}


def _without_empty(expression: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB takes no empty names and values."""
    return {name: value for name, value in expression.items() if value or name == "expression"}


def _projected(given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes to read, each a path such as `nested.object[1]`."""
    if given.get("projection") is None:
        return {}
    built = Placeholders()
    paths = []
    for path in _list(given["projection"], "projection"):
        steps = str(path).split(".")
        matches = [_STEP.fullmatch(step) for step in steps]
        named = [f"{built.name(match[1])}{match[2]}" for match in matches if match is not None]
        if len(named) != len(steps):
            raise FunctionFailed(f"projection: {path} is no path")
        paths.append(".".join(named))
    return {"projection": {"expression": ", ".join(paths), "expressionNames": built.names}}


def _some(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if given.get(name) is not None}


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise FunctionFailed(f"{what}: an object is wanted")
    return value


def _tables(payload: Any, name: str) -> list[tuple[str, Any]]:
    return list(_object(_object(payload, name).get("tables"), f"{name}: tables").items())


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise FunctionFailed(f"{what}: a list is wanted")
    return value


def _table(given: Mapping[str, Any]) -> str:
    if not isinstance(given.get("table"), str):
        raise FunctionFailed("the name of a table is wanted")
    return str(given["table"])


# By the names of the module.
DYNAMODB_REQUESTS: Final[Mapping[str, Callable[..., Any]]] = {
    "get": _get,
    "put": _put,
    "update": _update,
    "remove": _remove,
    "query": _query,
    "scan": _scan,
    "sync": _sync,
    "batchGet": _batch_get,
    "batchPut": _batch("BatchPutItem", "batchPut"),
    "batchDelete": _batch("BatchDeleteItem", "batchDelete"),
    "transactGet": _transact_get,
    "transactWrite": _transact_write,
    **{name: DYNAMODB_VALUES[name] for name in ("toStringSet", "toNumberSet", "toBinarySet")},
}
