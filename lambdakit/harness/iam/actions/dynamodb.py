"""DynamoDB and its streams.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; DynamoDB
Developer Guide, "Using IAM policy conditions for fine-grained access control", "Amazon DynamoDB transactions: IAM" and
"IAM security policies with PartiQL for DynamoDB".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.iam.actions.dynamodb_attributes import leading_keys_of_query, requested_attributes, value_text
from lambdakit.harness.iam.actions.dynamodb_statements import read_statement
from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.lazy_keys import LazyKeys
from lambdakit.harness.iam.rules import Need, Reader, Rules

Members = Mapping[str, Any]
Keys = dict[str, tuple[str, ...]]

_ENTRIES_MAX: Final = 100  # API Reference: TransactWriteItems, BatchGetItem


def table_arn(call: ApiCall, name: Any) -> str:
    """The ARN of a table by its name or its ARN; empty for what is neither."""
    if not isinstance(name, str) or not name:
        return ""
    return name if name.startswith("arn:") else call.arn("dynamodb", f"table/{name}")


def _of_one_item(action: str) -> Reader:
    def read(call: ApiCall) -> Sequence[Need] | None:
        table = table_arn(call, call.members.get("TableName"))
        if not table:
            return None
        return [_item_need(call, action, table, [call.members])]

    return read


def _of_query(action: str) -> Reader:
    """An index is a resource of its own: allowing the table does not allow it."""

    def read(call: ApiCall) -> Sequence[Need] | None:
        table = table_arn(call, call.members.get("TableName"))
        if not table:
            return None
        index = call.text("IndexName")
        keys = LazyKeys(functools.partial(_query_keys, call, table, index))
        return [Need(action=action, resources=(f"{table}/index/{index}" if index else table,), keys=keys)]

    return read


def _query_keys(call: ApiCall, table: str, index: str) -> Keys:
    attributes = requested_attributes(call.members)
    keys: Keys = {"dynamodb:attributes": attributes} if attributes else {}
    leading = leading_keys_of_query(call.members, call.lookups.partition_key(table, index))
    if leading:
        keys["dynamodb:leadingkeys"] = leading
    return keys


def _item_need(call: ApiCall, action: str, table: str, items: Sequence[Members], enclosing: str = "") -> Need:
    """One action on one table, with the leading keys and the attributes of everything that it touches there."""
    keys = LazyKeys(functools.partial(_item_keys, call, table, items, enclosing))
    return Need(action=action, resources=(table,), keys=keys)


def _item_keys(call: ApiCall, table: str, items: Sequence[Members], enclosing: str) -> Keys:
    keys: Keys = {}
    partition_key = call.lookups.partition_key(table, "")
    leading: dict[str, None] = {}
    attributes: dict[str, None] = {}
    for item in items[:_ENTRIES_MAX]:
        values = item.get("Key") or item.get("Item")
        if isinstance(values, dict):
            text = value_text(values.get(partition_key) if partition_key else _only(values))
            if text:
                leading[text] = None
        attributes.update(dict.fromkeys(requested_attributes(item)))
    if leading:
        keys["dynamodb:leadingkeys"] = tuple(leading)
    if attributes:
        keys["dynamodb:attributes"] = tuple(attributes)
    if enclosing:
        keys["dynamodb:enclosingoperation"] = (enclosing,)
    return keys


def _only(values: Members) -> Any:
    return next(iter(values.values())) if len(values) == 1 else None


def _batch_get(call: ApiCall) -> Sequence[Need] | None:
    tables = call.members.get("RequestItems")
    if not isinstance(tables, dict):
        return None
    needs = []
    for name, wanted in tables.items():
        wanted = wanted if isinstance(wanted, dict) else {}
        entries = wanted.get("Keys")
        items: list[Members] = [{"Key": key} for key in entries] if isinstance(entries, list) else []
        needs.append(
            _item_need(call, "dynamodb:BatchGetItem", table_arn(call, name), [*items, {**wanted, "Keys": None}])
        )
    return needs or None


def _batch_write(call: ApiCall) -> Sequence[Need] | None:
    tables = call.members.get("RequestItems")
    if not isinstance(tables, dict):
        return None
    needs = []
    for name, requests in tables.items():
        items = [
            item
            for request in (requests if isinstance(requests, list) else [])
            if isinstance(request, dict)
            for item in request.values()
            if isinstance(item, dict)
        ]
        needs.append(_item_need(call, "dynamodb:BatchWriteItem", table_arn(call, name), items))
    return needs or None


_TRANSACTED: Final[Mapping[str, str]] = {
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _transaction(call: ApiCall) -> Sequence[Need] | None:
    """A transaction has no action of its own: what it does to each item has to be allowed."""
    items: dict[tuple[str, str], list[Members]] = {}
    for entry in call.entries("TransactItems")[:_ENTRIES_MAX]:
        for verb, item in entry.items():
            if verb in _TRANSACTED and isinstance(item, dict):
                items.setdefault((_TRANSACTED[verb], table_arn(call, item.get("TableName"))), []).append(item)
    if not items or any(not table for _, table in items):
        return None
    return [_item_need(call, action, table, parts, call.operation) for (action, table), parts in items.items()]


def _statements(member: str) -> Reader:
    def read(call: ApiCall) -> Sequence[Need] | None:
        if member:
            texts = [entry.get("Statement") for entry in call.entries(member)[:_ENTRIES_MAX]]
        else:
            texts = [call.members.get("Statement")]
        needs = [_statement(call, text) for text in texts]
        return [need for need in needs if need is not None] if needs and None not in needs else None

    return read


def _statement(call: ApiCall, text: Any) -> Need | None:
    statement = read_statement(text) if isinstance(text, str) else None
    if statement is None:
        return None
    table = table_arn(call, statement.table)
    keys: Keys = {}
    if call.operation == "ExecuteTransaction":
        keys["dynamodb:enclosingoperation"] = ("ExecuteTransaction",)
    if statement.action == "PartiQLSelect":
        partition_key = call.lookups.partition_key(table, statement.index)
        keys["dynamodb:fulltablescan"] = ("false" if statement.names(partition_key) else "true",)
    resource = f"{table}/index/{statement.index}" if statement.index else table
    return Need(action=f"dynamodb:{statement.action}", resources=(resource,), keys=keys)


def _both_tables(action: str, *members: str) -> Reader:
    def read(call: ApiCall) -> Sequence[Need] | None:
        tables = [table_arn(call, call.members.get(member)) for member in members]
        found = tuple(dict.fromkeys(table for table in tables if table))
        return [Need(action=action, resources=found)] if found else None

    return read


def _import(call: ApiCall) -> Sequence[Need] | None:
    parameters = call.members.get("TableCreationParameters")
    table = table_arn(call, parameters.get("TableName") if isinstance(parameters, dict) else None)
    return [Need(action="dynamodb:ImportTable", resources=(table,))] if table else None


def _records(call: ApiCall) -> Sequence[Need] | None:
    """An iterator begins with its stream's ARN. Source: DynamoDB Streams API Reference, "GetShardIterator", example."""
    stream, bar, _ = call.text("ShardIterator").partition("|")
    return [Need(action="dynamodb:GetRecords", resources=(stream,))] if bar and stream.startswith("arn:") else None


_READERS: Final[Mapping[str, Callable[[ApiCall], Sequence[Need] | None]]] = {
    **{name: _of_one_item(f"dynamodb:{name}") for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")},
    **{name: _of_query(f"dynamodb:{name}") for name in ("Query", "Scan")},
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
    "TransactGetItems": _transaction,
    "TransactWriteItems": _transaction,
    "ExecuteStatement": _statements(""),
    "BatchExecuteStatement": _statements("Statements"),
    "ExecuteTransaction": _statements("TransactStatements"),
    "ImportTable": _import,
    "RestoreTableToPointInTime": _both_tables(
        "dynamodb:RestoreTableToPointInTime", "SourceTableArn", "SourceTableName", "TargetTableName"
    ),
}

DYNAMODB: Final = Rules(
    readers=_READERS,
    members={
        "global-table.GlobalTableName": ("GlobalTableName",),
        "table.TableName": ("TableName", "TableArn", "ResourceArn", "GlobalTableName"),
    },
)

STREAMS: Final = Rules(readers={"GetRecords": _records})
