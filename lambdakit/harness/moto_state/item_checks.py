"""Requests to DynamoDB that no table can answer, refused as DynamoDB refuses them: moto fails at them.

A value of no type is what a JavaScript client sends for `{S: undefined}`. Where it is answered with 500, as moto's
faults are, an SDK tries again until the function's time is over; the service's answer is a ValidationException.

Private surface used: `moto.dynamodb.responses.DynamoHandler.call_action` with `params`, `_get_action` and
`dynamodb_backend`, whose `tables` have `schema`, `attr`, and `indexes` and `global_indexes` with `name` and `schema`;
`moto.dynamodb.exceptions.MockValidationException`.
Canary: tests/behaviour/test_behaviour_item_checks.py.

Source: Amazon DynamoDB API Reference, "AttributeValue" (one member, of the data types there) and "GetItem" (`Key` has
all attributes of the primary key, in their types). The wording: of values, https://github.com/aws/aws-sdk-js/issues/381;
of keys, re:Post, "The provided key element does not match the schema".
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.item_numbers import plain_number
from lambdakit.harness.moto_state.loaded import change_when_loaded

_RESPONSES: Final = "moto.dynamodb.responses"
_TYPES: Final = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DIGITS_MAX: Final = 38
_BATCH_MAX: Final = 25
_EXPRESSIONS: Final = ("KeyConditionExpression", "FilterExpression")
# What compares keys is joined by AND alone.
_NOT_OF_KEYS: Final = re.compile(r"(?<![#:\w])(?:OR|NOT|IN)(?!\w)", re.IGNORECASE)
# At the beginning of a path, and no function.
_ATTRIBUTE_NAME: Final = re.compile(r"(?<![:#\w.])#?[A-Za-z_]\w*(?!\w*\s*\()")
_VALUE_NAME: Final = re.compile(r":[^\s,()=<>]+")
_EXPONENT_MAX: Final = 125
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
    found = (_problems_of_batch(operation, members), _problems_of_use(operation, members), _problems(members))
    return next(itertools.chain.from_iterable(found), "")


def _problems_of_batch(operation: str, members: Mapping[str, Any]) -> Iterator[str]:
    """API "BatchWriteItem": up to 25 requests in all. The wording is that of other services' constraints."""
    if operation == "BatchWriteItem":
        asked = [one for one in _values(members.get("RequestItems")) if isinstance(one, list)]
        if sum(map(len, asked)) > _BATCH_MAX or not all(asked):
            yield (
                "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must "
                f"satisfy constraint: [Member must have length less than or equal to {_BATCH_MAX}, Member must have "
                "length greater than or equal to 1]"
            )


def _problems_of_use(operation: str, members: Mapping[str, Any]) -> Iterator[str]:
    """Values that no expression of a query or scan uses. The text is moto's, of names that are not used."""
    if operation in ("Query", "Scan"):
        used = {name for text in _EXPRESSIONS for name in _VALUE_NAME.findall(str(members.get(text) or ""))}
        unused = [name for name in members.get("ExpressionAttributeValues") or {} if name not in used]
        if unused:
            yield f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{', '.join(unused)}}}"
    operator = _NOT_OF_KEYS.search(str(members.get("KeyConditionExpression") or ""))
    if operator is not None:
        yield f"Invalid operator used in KeyConditionExpression: {operator[0].upper()}"


def key_in_filter(members: Mapping[str, Any], keys: Collection[str]) -> str:
    """The first of the key attributes that the filter of a query names; empty when it names none.

    Developer Guide, "Filter expressions for the Query operation": "A filter expression cannot contain partition key or
    sort key attributes."
    """
    names = members.get("ExpressionAttributeNames") or {}
    for name in _ATTRIBUTE_NAME.findall(str(members.get("FilterExpression") or "")):
        if names.get(name, name) in keys:
            return str(names.get(name, name))
    return ""


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
        case "N" if isinstance(content, str):
            yield from _problems_of_number(content)
        case "SS" | "NS" | "BS" if isinstance(content, list):
            yield from _problems_of_set(kind, content)
        case "M":
            for member in _values(content):
                yield from _problems_of_value(member)
        case "L":
            for element in content:
                yield from _problems_of_value(element)


def _problems_of_set(kind: str, elements: Sequence[Any]) -> Iterator[str]:
    """The text of duplicates is as DynamoDB's users quote it; no page confirms it."""
    if kind == "NS":
        for element in elements:
            yield from _problems_of_value({"N": element})
    if len({plain_number(str(element)) if kind == "NS" else element for element in elements}) < len(elements):
        told = ", ".join(map(str, elements))
        yield f"One or more parameter values were invalid: Input collection [{told}] contains duplicates."


def _problems_of_number(text: str) -> Iterator[str]:
    """DG "Supported data types and naming rules": up to 38 digits, magnitudes of 1E-130 to 9.99…E+125.

    The texts: of digits, warpstreamlabs/bento, pull request 909; of magnitudes, as moto has them.
    """
    if not _NUMBER.fullmatch(text):
        yield f"The parameter cannot be converted to a numeric value{f': {text}' * bool(text)}"
        return
    number = Decimal(text)
    if number and number.adjusted() > _EXPONENT_MAX:
        yield "Number overflow. Attempting to store a number with magnitude larger than supported range"
    elif number and len("".join(map(str, number.as_tuple().digits)).strip("0")) > _DIGITS_MAX:
        yield "Attempting to store more than 38 significant digits in a Number"


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
        if operation == "Query":
            key_name = key_in_filter(members, _key_names(tables, members))
            if key_name:
                told = (
                    f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {key_name}"
                )
                return _told(MockValidationException(told))
        return own(handler)

    responses.DynamoHandler.call_action = call_action


def _key_names(tables: Mapping[str, Any], members: Mapping[str, Any]) -> set[str]:
    """The key attributes of the table or index that a query is of; none where there is none."""
    table = tables.get(str(members["TableName"]).rpartition("/")[2])
    if table is None:
        return set()
    index = members.get("IndexName")
    schemas = [kept.schema for kept in (*table.indexes, *table.global_indexes) if kept.name == index]
    if index is None:
        schemas = [table.schema]
    return {attribute["AttributeName"] for schema in schemas for attribute in schema}


def _fits(table: Any, key: Mapping[str, Any]) -> bool:
    """Whether a key has the table's key attributes, all of them and no others, in their types."""
    types = {attribute["AttributeName"]: attribute["AttributeType"] for attribute in table.attr}
    wanted = {attribute["AttributeName"]: types.get(attribute["AttributeName"]) for attribute in table.schema}
    return {name: next(iter(value)) for name, value in key.items()} == wanted


def _told(refusal: Any) -> Any:
    """moto's refusal as its answer to a request."""
    return refusal.code, dict(refusal.get_headers()), refusal.get_body()
