"""XML bodies as nested members.

Document types are refused: what entities they declare could grow without bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree

_BYTES_MAX: Final = 4 * 1024 * 1024
_DEPTH_MAX: Final = 32


def read_xml(body: bytes) -> Mapping[str, Any]:
    """What stands below the root element, by name: texts, mappings, and lists of what is repeated; empty for no XML."""
    if len(body) > _BYTES_MAX or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return {}
    try:
        value = _value(ElementTree.fromstring(body), 0)
    except (ElementTree.ParseError, ValueError, LookupError):
        return {}
    return value if isinstance(value, dict) else {}


def _value(element: ElementTree.Element, depth: int) -> Any:
    if not len(element) or depth > _DEPTH_MAX:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        value = _value(child, depth + 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
