"""Items and expressions on their way to DynamoDB, and items on their way back.

Source: AppSync Developer Guide, "Type system (request mapping)" and "Type system (response mapping)": sets come back
as lists, binary values in base64, numbers as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.routing.graphql.errors import FieldFault

_KINDS: Final = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})


def given_map(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object that a document has to have."""
    found = document.get(name)
    if not isinstance(found, Mapping):
        raise FieldFault(f"Value for field '$[{name}]' not found.", "MappingTemplate")
    return found


def wanted(document: Mapping[str, Any], name: str, what: str) -> str:
    """A text that a document has to have."""
    found = document.get(name)
    if not isinstance(found, str) or not found.strip():
        raise FieldFault(f"Value for field '$[{what}][{name}]' not found.", "MappingTemplate")
    return found


def typed_map(document: Mapping[str, Any], name: str, *, optional: bool = False) -> dict[str, Any]:
    """An object of typed values. FieldFault for one that is missing, or whose values have no types."""
    if optional and document.get(name) is None:
        return {}
    found = given_map(document, name)
    for key, value in found.items():
        if not isinstance(value, Mapping) or len(value) != 1 or not _KINDS.issuperset(value):
            raise FieldFault(
                f'Expected a DynamoDB value with its type at \'$[{name}][{key}]\', such as {{"S": "text"}}.',
                "MappingTemplate",
            )
    return {key: _sent(value) for key, value in found.items()}


def expression_fields(found: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names and values of an expression."""
    names = found.get("expressionNames")
    return (
        {str(key): value for key, value in names.items()} if isinstance(names, Mapping) else {},
        typed_map(found, "expressionValues", optional=True),
    )


def plain_item(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An item as handlers see it."""
    return None if item is None else {name: _plain(value) for name, value in item.items()}


def _sent(value: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers may be written as such in templates."""
    kind, content = next(iter(value.items()))
    match kind:
        case "N":
            return {kind: _number_text(content)}
        case "NS":
            return {kind: [_number_text(each) for each in content or ()]}
        case "M" if isinstance(content, Mapping):
            return {kind: typed_map({"M": content}, "M")}
        case "L" if isinstance(content, list):
            return {kind: [typed_map({"L": {"item": each}}, "L")["item"] for each in content]}
        case "NULL":
            return {kind: True}
    return {kind: content}


def _number_text(content: Any) -> str:
    return content if isinstance(content, str) else str(content)


def _plain(value: Mapping[str, Any]) -> Any:
    kind, content = next(iter(value.items()))
    match kind:
        case "N":
            return _number(content)
        case "NS":
            return [_number(each) for each in content]
        case "M":
            return plain_item(content)
        case "L":
            return [_plain(each) for each in content]
        case "NULL":
            return None
    return content


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        number = float(text)
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
