"""Tables as data sources: each operation of a request handler's document, as a call of DynamoDB's.

Source: AppSync Developer Guide, "AWS AppSync resolver mapping template reference for DynamoDB", and each operation of
it; "Condition expressions" (what happens when a condition does not hold).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.routing.graphql.definition import DataSource
from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls, ServiceRefusal
from lambdakit.harness.routing.graphql.sources.dynamodb_conditions import condition_fields, settled
from lambdakit.harness.routing.graphql.sources.dynamodb_values import (
    expression_fields,
    given_map,
    plain_item,
    typed_map,
    wanted,
)
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault

# The errors that DynamoDB's model has; others are the SDK's general one.
_MODELLED: Final = frozenset(
    {"ConditionalCheckFailedException", "ProvisionedThroughputExceededException", "ResourceNotFoundException"}
    | {"ItemCollectionSizeLimitExceededException", "TransactionConflictException", "RequestLimitExceeded"}
    | {"TransactionCanceledException", "InternalServerError", "TransactionInProgressException"}
    | {"IdempotentParameterMismatchException", "LimitExceededException"}
)
Document = Mapping[str, Any]


class Table:
    """The table of a data source, asked as somebody. call: an operation of DynamoDB's with its input."""

    def __init__(self, aws: AwsCalls, source: DataSource, principal: Principal) -> None:
        self._aws = aws
        self._principal = principal
        self.name = str(source.place.get("tableName", ""))
        self._region = str(source.place.get("awsRegion", ""))

    def call(self, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an operation gives. ServiceRefusal."""
        return self._aws.call(
            self._principal,
            service="dynamodb",
            region=self._region,
            target=f"DynamoDB_20120810.{operation}",
            version="1.0",
            given={name: value for name, value in given.items() if value not in (None, {}, "")},
        )


def ask_table(aws: AwsCalls, source: DataSource, principal: Principal, document: Document) -> Any:
    """What an operation gives, as handlers see it. SourceFault."""
    operation = document.get("operation")
    perform = _OPERATIONS.get(str(operation))
    if operation == "Sync":
        raise FieldFault("Sync is for versioned data sources, which the harness does not keep", "DynamoDB:Sync")
    if perform is None:
        raise FieldFault(
            f"Unsupported operation '{operation}'. Expected one of {', '.join(_OPERATIONS)}.", "MappingTemplate"
        )
    try:
        return perform(Table(aws, source, principal), document)
    except ServiceRefusal as refused:
        raise fault_of(refused) from None


def fault_of(refused: ServiceRefusal, data: Any = None) -> SourceFault:
    """DynamoDB's error as handlers see it."""
    kind = refused.code if refused.code in _MODELLED else "DynamoDbException"
    return SourceFault(f"{refused.message} (Service: DynamoDb)", f"DynamoDB:{kind}", data=data)


def _get(table: Table, document: Document) -> Any:
    answer = table.call(
        "GetItem",
        {
            "TableName": table.name,
            "Key": typed_map(document, "key"),
            "ConsistentRead": bool(document.get("consistentRead", False)),
            **_projection(document),
        },
    )
    return plain_item(answer.get("Item"))


def _put(table: Table, document: Document) -> Any:
    item = {**typed_map(document, "attributeValues", optional=True), **typed_map(document, "key")}
    request = {"TableName": table.name, "Item": item, **condition_fields(document)}
    with settled(table, document, expected=item) as outcome:
        table.call("PutItem", request)
        outcome.item = item
    return plain_item(outcome.item)


def _update(table: Table, document: Document) -> Any:
    update = given_map(document, "update")
    condition = condition_fields(document)
    names = {**expression_fields(update)[0], **condition.pop("ExpressionAttributeNames", {})}
    values = {**expression_fields(update)[1], **condition.pop("ExpressionAttributeValues", {})}
    request = {
        "TableName": table.name,
        "Key": typed_map(document, "key"),
        "UpdateExpression": wanted(update, "expression", "update"),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
        **condition,
    }
    with settled(table, document, expected=None) as outcome:
        outcome.item = table.call("UpdateItem", request).get("Attributes")
    return plain_item(outcome.item)


def _delete(table: Table, document: Document) -> Any:
    request = {
        "TableName": table.name,
        "Key": typed_map(document, "key"),
        "ReturnValues": "ALL_OLD",
        **condition_fields(document),
    }
    with settled(table, document, expected=None, gone_is_done=True) as outcome:
        outcome.item = table.call("DeleteItem", request).get("Attributes")
    return plain_item(outcome.item)


def _query(table: Table, document: Document) -> Any:
    query = given_map(document, "query")
    names, values = expression_fields(query)
    request = {
        **_page(table, document, names, values),
        "KeyConditionExpression": wanted(query, "expression", "query"),
        "ScanIndexForward": bool(document.get("scanIndexForward", True)),
    }
    return _items(table.call("Query", request))


def _scan(table: Table, document: Document) -> Any:
    request = _page(table, document, {}, {})
    segments = {"TotalSegments": document.get("totalSegments"), "Segment": document.get("segment")}
    return _items(table.call("Scan", {**request, **segments}))


def _page(table: Table, document: Document, names: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a query and a scan have in common."""
    found = document.get("filter")
    filtered: Document = found if isinstance(found, Mapping) else {}
    more_names, more_values = expression_fields(filtered)
    projection = _projection(document)
    return {
        "TableName": table.name,
        "IndexName": document.get("index"),
        "Limit": document.get("limit"),
        "ConsistentRead": bool(document.get("consistentRead", False)),
        "Select": document.get("select"),
        "FilterExpression": filtered.get("expression"),
        "ExclusiveStartKey": _start_key(document.get("nextToken")),
        **projection,
        "ExpressionAttributeNames": {**names, **more_names, **projection.get("ExpressionAttributeNames", {})},
        "ExpressionAttributeValues": {**values, **more_values},
    }


def _items(answer: Mapping[str, Any]) -> dict[str, Any]:
    key = answer.get("LastEvaluatedKey")
    token = base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode() if key else None
    return {
        "items": [plain_item(item) for item in answer.get("Items", ())],
        "nextToken": token,
        "scannedCount": answer.get("ScannedCount", 0),
    }


def _start_key(token: Any) -> Any:
    if token is None or token == "":
        return None
    try:
        key = json.loads(base64.b64decode(str(token), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, dict):
        raise FieldFault("Invalid pagination token given.", "BadRequestException")
    return key


def _batch_get(table: Table, document: Document) -> Any:
    tables = given_map(document, "tables")
    asked = {
        name: {
            "Keys": [typed_map({"key": key}, "key") for key in _list(each, "keys", name)],
            "ConsistentRead": bool(each.get("consistentRead", False)),
            **_projection(each),
        }
        for name, each in tables.items()
    }
    answer = table.call("BatchGetItem", {"RequestItems": asked})
    data: dict[str, Any] = {}
    for name, each in asked.items():
        items = answer.get("Responses", {}).get(name, [])
        # "an item that is not there is null": the answer is in the order of the keys, where items show theirs.
        data[name] = [plain_item(_with_key(items, key)) for key in each["Keys"]]
    unprocessed = {
        name: [plain_item(key) for key in each.get("Keys", ())]
        for name, each in answer.get("UnprocessedKeys", {}).items()
    }
    return {"data": data, "unprocessedKeys": {**{name: [] for name in asked}, **unprocessed}}


def _with_key(items: list[Mapping[str, Any]], key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((item for item in items if all(item.get(name) == value for name, value in key.items())), None)


def _batch_put(table: Table, document: Document) -> Any:
    return _batch_write(table, document, "Put", "Item", "unprocessedItems")


def _batch_delete(table: Table, document: Document) -> Any:
    return _batch_write(table, document, "Delete", "Key", "unprocessedKeys")


def _batch_write(table: Table, document: Document, verb: str, member: str, left: str) -> Any:
    tables = given_map(document, "tables")
    wanted_items: dict[str, list[dict[str, Any]]] = {}
    for name, items in tables.items():
        if not isinstance(items, list):
            raise FieldFault(f"the table {name} has to have a list", "MappingTemplate")
        wanted_items[name] = [typed_map({"item": item}, "item") for item in items]
    asked = {name: [{f"{verb}Request": {member: item}} for item in items] for name, items in wanted_items.items()}
    answer = table.call("BatchWriteItem", {"RequestItems": asked})
    unprocessed = {
        name: [plain_item(each[f"{verb}Request"][member]) for each in requests]
        for name, requests in answer.get("UnprocessedItems", {}).items()
    }
    return {
        "data": {name: [plain_item(item) for item in items] for name, items in wanted_items.items()},
        left: {**{name: [] for name in asked}, **unprocessed},
    }


def _transact_get(table: Table, document: Document) -> Any:
    asked = [
        {"Get": {"TableName": each.get("table"), "Key": typed_map(each, "key"), **_projection(each)}}
        for each in _list(document, "transactItems", "TransactGetItems")
    ]
    try:
        answer = table.call("TransactGetItems", {"TransactItems": asked})
    except ServiceRefusal as refused:
        return _cancelled(refused, "items")
    return {
        "items": [plain_item(each.get("Item")) for each in answer.get("Responses", ())],
        "cancellationReasons": None,
    }


def _transact_write(table: Table, document: Document) -> Any:
    given = _list(document, "transactItems", "TransactWriteItems")
    asked = [_transact_item(each) for each in given]
    try:
        table.call("TransactWriteItems", {"TransactItems": asked})
    except ServiceRefusal as refused:
        return _cancelled(refused, "keys")
    return {"keys": [plain_item(typed_map(each, "key")) for each in given], "cancellationReasons": None}


def _transact_item(each: Document) -> dict[str, Any]:
    """One item of a transaction, whose condition says less than that of an item alone."""
    key, condition = typed_map(each, "key"), condition_fields(each)
    found = each.get("condition")
    if isinstance(found, Mapping) and found.get("returnValuesOnConditionCheckFailure"):
        condition["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    place = {"TableName": each.get("table"), **condition}
    match each.get("operation"):
        case "PutItem":
            return {"Put": {**place, "Item": {**typed_map(each, "attributeValues", optional=True), **key}}}
        case "UpdateItem":
            update = given_map(each, "update")
            names, values = expression_fields(update)
            merged = {
                **place,
                "Key": key,
                "UpdateExpression": wanted(update, "expression", "update"),
                "ExpressionAttributeNames": {**names, **condition.get("ExpressionAttributeNames", {})},
                "ExpressionAttributeValues": {**values, **condition.get("ExpressionAttributeValues", {})},
            }
            return {"Update": {name: value for name, value in merged.items() if value != {}}}
        case "DeleteItem":
            return {"Delete": {**place, "Key": key}}
        case "ConditionCheck":
            return {"ConditionCheck": {**place, "Key": key}}
    raise FieldFault(f"Unsupported operation '{each.get('operation')}' of a transaction.", "MappingTemplate")


def _cancelled(refused: ServiceRefusal, member: str) -> Any:
    """The error of a transaction: its reasons are the result, for the response handler to look at."""
    if refused.code != "TransactionCanceledException":
        raise refused
    reasons = [
        {
            "type": each.get("Code"),
            "message": each.get("Message"),
            **({"item": plain_item(each["Item"])} if each.get("Item") else {}),
        }
        for each in refused.body.get("CancellationReasons", ())
    ]
    raise fault_of(refused, data={member: None, "cancellationReasons": reasons})


def _projection(document: Document) -> dict[str, Any]:
    found = document.get("projection")
    if not isinstance(found, Mapping):
        return {}
    names, _ = expression_fields(found)
    fields: dict[str, Any] = {"ProjectionExpression": found.get("expression")}
    return {**fields, "ExpressionAttributeNames": names} if names else fields


def _list(document: Document, name: str, what: str) -> list[Any]:
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise FieldFault(f"{name} of {what} has to be a list of objects", "MappingTemplate")
    return found


_OPERATIONS: Final[Mapping[str, Callable[[Table, Document], Any]]] = {
    "GetItem": _get,
    "PutItem": _put,
    "UpdateItem": _update,
    "DeleteItem": _delete,
    "Query": _query,
    "Scan": _scan,
    "BatchGetItem": _batch_get,
    "BatchPutItem": _batch_put,
    "BatchDeleteItem": _batch_delete,
    "TransactGetItems": _transact_get,
    "TransactWriteItems": _transact_write,
}
