"""JSON as patterns see it: a number keeps the characters it was written with.

Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns": 300, 300.0 and 3.0e2 are not
equal.
"""

from __future__ import annotations

import json
from typing import Any

from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """A number. literal: as it is written. Two are equal when they are written alike."""

    literal: str

    @property
    def value(self) -> float:
        """The number itself, as a double."""
        return float(self.literal)


def read_json(text: str | bytes) -> Any:
    """What `text` holds: objects, lists, strings, booleans, null, and `JsonNumber`. ValueError when it is no JSON."""
    try:
        return json.loads(text, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def as_json_values(value: Any) -> Any:
    """The same of plain Python data."""
    return read_json(json.dumps(value))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
