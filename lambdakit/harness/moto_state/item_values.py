"""DynamoDB items as plain values: as the API's members have them, with bytes for binary ones; and their size.

In: items as moto keeps them, with binary values as base64 or as bytes. Out: copies that nothing else changes.
Source: Amazon DynamoDB API Reference, "AttributeValue"; Developer Guide, "DynamoDB item sizes and formats".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

# Attribute name -> `{"S": "text"}` and so on; binary values are bytes.
Attributes = Mapping[str, Mapping[str, Any]]

_COLLECTION_BYTES: Final = 3
_ELEMENT_BYTES: Final = 1


def plain_item(attributes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A copy of an item's attributes."""
    return {name: plain_value(value) for name, value in attributes.items()}


def plain_value(value: Any) -> dict[str, Any]:
    """A copy of a value. value: `{"S": "text"}` and so on, or moto's object for it."""
    if not isinstance(value, Mapping):
        value = {value.type: value.value}
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return {"M": plain_item(content)}
        case "L":
            return {"L": [plain_value(element) for element in content]}
        case "B":
            return {"B": _bytes(content)}
        case "BS":
            return {"BS": [_bytes(element) for element in content]}
        case "SS" | "NS":
            return {kind: list(content)}
    return {kind: content}


def item_bytes(attributes: Attributes) -> int:
    """The size of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in attributes.items())


def encoded_item(attributes: Attributes) -> dict[str, Any]:
    """An item for JSON: binary values in base64."""
    return {name: _encoded(value) for name, value in attributes.items()}


def _encoded(value: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return {"M": encoded_item(content)}
        case "L":
            return {"L": [_encoded(element) for element in content]}
        case "B":
            return {"B": base64.b64encode(content).decode()}
        case "BS":
            return {"BS": [base64.b64encode(element).decode() for element in content]}
    return dict(value)


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "B":
            return len(content)
        case "SS":
            return sum(len(element.encode()) for element in content)
        case "NS":
            return sum(_number_bytes(element) for element in content)
        case "BS":
            return sum(len(element) for element in content)
        case "M":
            return _COLLECTION_BYTES + len(content) * _ELEMENT_BYTES + item_bytes(content)
        case "L":
            return _COLLECTION_BYTES + sum(_ELEMENT_BYTES + _value_bytes(element) for element in content)
    return 1


def _number_bytes(text: str) -> int:
    """A byte for every two significant digits, and one more; another one below zero."""
    number = Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return (len(digits) + 1) // 2 + 1 + (1 if number < 0 else 0)


def _bytes(content: Any) -> bytes:
    return base64.b64decode(content) if isinstance(content, str) else bytes(content)
