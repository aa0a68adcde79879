"""Lists, a page at a time.

A marker names the item that comes next, so that what is deleted or made between two pages shifts nothing.
Source: AWS Lambda API Reference, "ListFunctions" (Marker, MaxItems; at most 50 items in each response).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from lambdakit.harness.lambda_service.faults import ServiceFault

_Item = TypeVar("_Item")
_SIGN = "lambdakit:"


def page_of(
    items: Iterable[_Item], given: Mapping[str, Any], *, key: Callable[[_Item], str], most: int = 50
) -> tuple[Sequence[_Item], str | None]:
    """The page that `Marker` and `MaxItems` ask for, and the marker of the next; None after the last.

    key: what the items are sorted by, another for each. most: how many one response holds, whatever was asked for.
    """
    ordered = sorted(items, key=key)
    first = _key(given.get("Marker") or "")
    begin = next((index for index, item in enumerate(ordered) if key(item) >= first), len(ordered))
    end = begin + min(given.get("MaxItems") or most, most)
    return ordered[begin:end], _marker(key(ordered[end])) if end < len(ordered) else None


def _marker(key: str) -> str:
    return base64.urlsafe_b64encode(f"{_SIGN}{key}".encode()).decode()


def _key(marker: str) -> str:
    if not marker:
        return ""
    try:
        text = base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not text.startswith(_SIGN):
        raise ServiceFault("InvalidParameterValueException", f"Invalid Marker: {marker}")
    return text.removeprefix(_SIGN)
