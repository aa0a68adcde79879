"""The expressions that say where a request's arguments come from: jmespath, with six functions of our own.

where(list, name, value): the first item whose member `name` is `value`. after(text, mark): what follows `mark`.
part(text, mark, index): one of the parts between marks. with_each(list, object): each item with the object's members.
entries(object): its members, each as an object of `Key` and `Value`. lower(text): it in lower case.
Source: https://jmespath.org/specification.html
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import jmespath


def evaluate(expression: str, scope: Mapping[str, Any]) -> Any:
    """What the expression gives over `scope`; None where something of it is not known."""
    try:
        found = jmespath.search(expression, scope, options=jmespath.Options(custom_functions=_Functions()))
    except jmespath.exceptions.JMESPathTypeError:  # a function is given something that is not known: so is the whole
        return None
    return found.isoformat() if isinstance(found, datetime.datetime) else found


class _Functions(jmespath.functions.Functions):  # type: ignore[misc]  # jmespath has no types
    """The functions beside jmespath's own."""

    @jmespath.functions.signature({"types": ["array", "null"]}, {"types": ["string"]}, {"types": []})  # type: ignore[untyped-decorator]
    def _func_where(self, items: list[dict[str, Any]] | None, name: str, value: Any) -> Any:
        return next((item for item in items or () if item.get(name) == value), None)

    @jmespath.functions.signature({"types": ["string", "null"]}, {"types": ["string"]})  # type: ignore[untyped-decorator]
    def _func_after(self, text: str | None, mark: str) -> str | None:
        return None if text is None else text.partition(mark)[2]

    @jmespath.functions.signature({"types": ["string", "null"]}, {"types": ["string"]}, {"types": ["number"]})  # type: ignore[untyped-decorator]
    def _func_part(self, text: str | None, mark: str, index: int) -> str | None:
        parts = (text or "").split(mark)
        return parts[index] if index < len(parts) else None

    @jmespath.functions.signature({"types": ["array", "null"]}, {"types": ["object"]})  # type: ignore[untyped-decorator]
    def _func_with_each(self, items: list[dict[str, Any]] | None, more: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**item, **more} for item in items or ()]

    @jmespath.functions.signature({"types": ["object", "null"]})  # type: ignore[untyped-decorator]
    def _func_entries(self, members: dict[str, Any] | None) -> list[dict[str, Any]]:
        return [{"Key": key, "Value": value} for key, value in (members or {}).items()]

    @jmespath.functions.signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_lower(self, text: str | None) -> str | None:
        return None if text is None else text.lower()
