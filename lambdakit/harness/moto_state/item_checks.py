"""Requests to DynamoDB that no table can answer, refused as DynamoDB refuses them: moto fails at them.

A value of no type is what a JavaScript client sends for `{S: undefined}`. Where it is answered with 500, as moto's
faults are, an SDK tries again until the function's time is over; the service's answer is a ValidationException.

Private surface used: `moto.dynamodb.responses.DynamoHandler.call_action` with `params`, `_get_action` and
`dynamodb_backend`, whose `tables` have `schema` and `attr`; `moto.dynamodb.exceptions.MockValidationException`.
Canary: tests/behaviour/test_behaviour_item_checks.py.

Source: Amazon DynamoDB API Reference, "AttributeValue" (one member, of the data types there) and "GetItem" (`Key` has
all attributes of the primary key, in their types). The wording: of values, https://github.com/aws/aws-sdk-js/issues/381;
of keys, re:Post, "The provided key element does not match the schema".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

_RESPONSES: Final = "moto.dynamodb.responses"
_TYPES: Final = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_EMPTY: Final = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_SEVERAL: Final = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)
_NO_SUCH_KEY: Final = "The provided key element does not match the schema"
# Members that are a map of attributes' names to values, and those whose elements hold such values.
_VALUES: Final = ("Key", "Item", "ExclusiveStartKey")
_CONDITIONS: Final = ("AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter")
_KEYED: Final = frozenset({"GetItem", "DeleteItem", "UpdateItem"})
# What an operation cannot do without, where an SDK for JavaScript sends it all the same.
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "GetItem": ("TableName", "Key"),
    "DeleteItem": ("TableName", "Key"),
    "UpdateItem": ("TableName", "Key"),
    "PutItem": ("TableName", "Item"),
    "Query": ("TableName",),
    "Scan": ("TableName",),
    "BatchGetItem": ("RequestItems",),
    "BatchWriteItem": ("RequestItems",),
    "TransactGetItems": ("TransactItems",),
    "TransactWriteItems": ("TransactItems",),
}


def check_items() -> None:
    """From now on such requests are refused. Idempotent."""
    change_when_loaded(_change)


def problem_of_request(operation: str, members: Mapping[str, Any]) -> str:
    """What DynamoDB refuses the request for, before it looks at a table; empty where it does not."""
    missing = [name for name in _REQUIRED.get(operation, ()) if members.get(name) is None]
    if missing:
        told = [
            f"Value null at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: Member must not be null"
            for name in missing
        ]
        return f"{len(told)} validation error{'s' * (len(told) > 1)} detected: {'; '.join(told)}"
    return next(_problems(members), "")


def keys_of_request(operation: str, members: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Tables, by name or ARN, and the primary keys that are asked for in them."""
    if operation in _KEYED:
        yield members["TableName"], members["Key"]
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        for table, asked in members["RequestItems"].items():
            written = [one.get("DeleteRequest") or {} for one in asked] if isinstance(asked, list) else ()
            keys = (asked or {}).get("Keys") or () if isinstance(asked, dict) else [one.get("Key") for one in written]
            yield from ((table, key) for key in keys if key is not None)
    elif operation in ("TransactGetItems", "TransactWriteItems"):
        for part in _parts(members):
            if part.get("Key") is not None and part.get("TableName") is not None:
                yield part["TableName"], part["Key"]


def _problems(members: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the values of a request, or of one part of it."""
    for name in _VALUES:
        for value in _values(members.get(name)):
            yield from _problems_of_value(value)
    for name, value in (members.get("ExpressionAttributeValues") or {}).items():
        for problem in _problems_of_value(value):
            yield f"ExpressionAttributeValues contains invalid value: {problem} for key {name}"
    for value in (*_values_of_conditions(members), *(members.get("Parameters") or ())):
        yield from _problems_of_value(value)
    for part in _parts(members):
        yield from _problems(part)


def _values_of_conditions(members: Mapping[str, Any]) -> Iterator[Any]:
    """What the older members, which expressions took the place of, compare with or write."""
    for name in _CONDITIONS:
        for condition in _values(members.get(name)):
            if isinstance(condition, Mapping):
                yield from (condition["Value"],) if condition.get("Value") is not None else ()
                yield from condition.get("AttributeValueList") or ()


def _parts(members: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The requests that a batch or a transaction consists of."""
    batches = members.get("RequestItems")
    for asked in _values(batches):
        if isinstance(asked, Mapping):
            yield from ({"Key": key} for key in asked.get("Keys") or ())
        for one in asked if isinstance(asked, list) else ():
            yield from (part for part in _values(one) if isinstance(part, Mapping))
    for one in members.get("TransactItems") or ():
        yield from (part for part in _values(one) if isinstance(part, Mapping))


def _values(found: Any) -> Iterator[Any]:
    yield from found.values() if isinstance(found, Mapping) else ()


def _problems_of_value(value: Any) -> Iterator[str]:
    """What is wrong with a value, and with those within it. Members that are null are none."""
    given = (
        {kind: content for kind, content in value.items() if content is not None and kind in _TYPES} if value else {}
    )
    if not given:
        yield _EMPTY
        return
    if len(given) > 1:
        yield _SEVERAL
        return
    ((kind, content),) = given.items()
    match kind:
        case "N" if isinstance(content, str) and not _NUMBER.fullmatch(content):
            yield f"The parameter cannot be converted to a numeric value{f': {content}' * bool(content)}"
        case "M":
            for member in _values(content):
                yield from _problems_of_value(member)
        case "L":
            for element in content:
                yield from _problems_of_value(element)


def _change(module: ModuleType) -> None:
    if module.__name__ != _RESPONSES:
        return
    responses: Any = module
    own = responses.DynamoHandler.call_action

    @functools.wraps(own)
    def call_action(handler: Any) -> Any:
        from moto.dynamodb.exceptions import MockValidationException

        operation, members = handler._get_action(), getattr(handler, "params", {})
        problem = problem_of_request(operation, members)
        if problem:
            return _told(MockValidationException(problem))
        tables = handler.dynamodb_backend.tables
        for name, key in keys_of_request(operation, members):
            table = tables.get(str(name).rpartition("/")[2])
            if table is not None and not _fits(table, key):
                return _told(MockValidationException(_NO_SUCH_KEY))
        return own(handler)

    responses.DynamoHandler.call_action = call_action


def _fits(table: Any, key: Mapping[str, Any]) -> bool:
    """Whether a key has the table's key attributes, all of them and no others, in their types."""
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
    wanted = {attribute["AttributeName"]: types.get(attribute["AttributeName"]) for attribute in table.schema}
    return {name: next(iter(value)) for name, value in key.items()} == wanted


def _told(refusal: Any) -> Any:
    """moto's refusal as its answer to a request."""
    return refusal.code, dict(refusal.get_headers()), refusal.get_body()
