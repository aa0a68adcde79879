"""Which attributes and partition keys a DynamoDB request touches.

Source: DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control" (`dynamodb:Attributes`:
the top-level attributes that a request names; `dynamodb:LeadingKeys`: the values of the partition key) and "Using
expressions in DynamoDB".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_EXPRESSIONS: Final = (
    *("ProjectionExpression", "FilterExpression", "ConditionExpression", "KeyConditionExpression", "UpdateExpression"),
)
_MAPS: Final = ("Key", "Item", "AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter")
_NAME: Final = re.compile(r"(?<![\w.:#-])(#?[A-Za-z_][\w-]*)(\s*\()?")
_WORDS: Final = frozenset({"and", "or", "not", "between", "in", "set", "remove", "add", "delete"})
_EXPRESSION_LENGTH_MAX: Final = 4096  # API Reference: an expression's length


def requested_attributes(members: Mapping[str, Any]) -> tuple[str, ...]:
    """The top-level attributes that a request, or one part of a transaction, names."""
    found: dict[str, None] = {}
    for member in _MAPS:
        value = members.get(member)
        if isinstance(value, dict):
            found.update(dict.fromkeys(str(name) for name in value))
    named = members.get("AttributesToGet")
    if isinstance(named, list):
        found.update(dict.fromkeys(name for name in named if isinstance(name, str)))
    names = members.get("ExpressionAttributeNames")
    names = names if isinstance(names, dict) else {}
    for member in _EXPRESSIONS:
        expression = members.get(member)
        if isinstance(expression, str):
            found.update(dict.fromkeys(_names_in(expression[:_EXPRESSION_LENGTH_MAX], names)))
    return tuple(found)


def leading_keys_of_query(members: Mapping[str, Any], partition_key: str) -> tuple[str, ...]:
    """The partition key's value that a query asks for; none for a scan, or when the key's name is not known."""
    if not partition_key:
        return ()
    conditions = members.get("KeyConditions")
    if isinstance(conditions, dict):
        condition = conditions.get(partition_key)
        values = condition.get("AttributeValueList") if isinstance(condition, dict) else None
        text = value_text(values[0]) if isinstance(values, list) and values else ""
        return (text,) if text else ()
    expression = members.get("KeyConditionExpression")
    values = members.get("ExpressionAttributeValues")
    if not isinstance(expression, str) or not isinstance(values, dict):
        return ()
    names = members.get("ExpressionAttributeNames")
    names = names if isinstance(names, dict) else {}
    spellings = [partition_key, *(short for short, name in names.items() if name == partition_key)]
    either = "|".join(re.escape(str(spelling)) for spelling in spellings)
    match = re.search(
        rf"(?<![\w.#-])(?:{either})\s*=\s*(:\w+)|(:\w+)\s*=\s*(?:{either})(?![\w-])",
        expression[:_EXPRESSION_LENGTH_MAX],
    )
    text = value_text(values.get(match[1] or match[2])) if match is not None else ""
    return (text,) if text else ()


def value_text(value: Any) -> str:
    """A key's value, `{"S": "a"}`, as conditions compare it; empty for what is none."""
    if isinstance(value, dict) and len(value) == 1:
        only = next(iter(value.values()))
        if isinstance(only, str | int) and not isinstance(only, bool):
            return str(only)
    return ""


def _names_in(expression: str, names: Mapping[str, Any]) -> Iterator[str]:
    for match in _NAME.finditer(expression):
        name = match[1]
        if match[2] or name.lower() in _WORDS:
            continue
        yield str(names.get(name, name)) if name.startswith("#") else name
