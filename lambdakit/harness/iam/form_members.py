"""The body of the query protocols (`Action=SendMessage&Entry.1.Id=a`) as nested members.

Source: AWS Query protocol and EC2 Query protocol of the Smithy specification: `Name.member.1`, `Name.1`,
`Name.entry.1.key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

_FIELDS_MAX: Final = 10_000
_DEPTH_MAX: Final = 12


def read_form(text: str) -> Mapping[str, Any]:
    """Members by name: texts, lists (of what is numbered) and mappings; empty for what is no form.

    A map is the list of its entries, each with `key` and `value` or `Name` and `Value`.
    """
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return {}
    tree: dict[str, Any] = {}
    for name, value in fields:
        if "." in name:
            _enter(tree, name.split(".")[:_DEPTH_MAX], value)
        else:
            tree.setdefault(name, value)
    return {name: _collapsed(value) for name, value in tree.items()}


def _enter(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree.setdefault(path[-1], value)


def _collapsed(value: Any) -> Any:
    """Numbered parts as lists; what only says that a list follows (`member`, `entry`, the items' name) is left out."""
    if not isinstance(value, dict):
        return value
    if all(name.isascii() and name.isdigit() for name in value):
        return [_collapsed(value[name]) for name in sorted(value, key=lambda name: (len(name), name))]
    below = {name: _collapsed(part) for name, part in value.items()}
    if len(below) == 1:
        only = next(iter(below.values()))
        if isinstance(only, list):
            return only
    return below
