"""Settings in the CDK's enumerations and filters where this package takes plain words and mappings: either will do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any


def word(value: str | Enum) -> str:
    """`latest` for `"latest"` and for the CDK's `StartingPosition.LATEST`."""
    return value.name.lower() if isinstance(value, Enum) else value


def method(value: str | Enum) -> str:
    """A method of HTTP: `GET` for `"GET"` and for `HttpMethod.GET` of any of the CDK's modules; `*` for all of them."""
    if isinstance(value, Enum):
        return "*" if value.name in ("ANY", "ALL") else value.name
    return value


def filter_text(pattern: Mapping[str, Any]) -> str:
    """The text of an event source mapping's filter: a pattern, or what the CDK's `FilterCriteria.filter` gives.

    The latter is a mapping with the text below `pattern`. No pattern looks like it: its values are lists or mappings.
    """
    text = pattern.get("pattern")
    return text if len(pattern) == 1 and isinstance(text, str) else json.dumps(pattern)
