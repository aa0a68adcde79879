"""A service's operation called with a template's properties: those that it takes, in the form that it takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.deployment.request_shapes import convert, input_shape, matching

_NOTHING: Final[Mapping[str, Any]] = {}


def call(client: Any, method: str, properties: Mapping[str, Any] = _NOTHING, /, **arguments: Any) -> dict[str, Any]:
    """Calls `method` of a boto3 client with those of `properties` that it has a member for, `arguments` before them.

    The names may differ in case, the values be of a neighbouring form: `"5"` for 5. ValueError or TypeError for a value
    that cannot be meant.
    """
    shape = input_shape(client, method)
    values = {**properties, **arguments}
    request = {
        member: convert(shape.members[member], values[name])
        for member, name in matching(shape, values, {})
        if values[name] is not None
    }
    answer: dict[str, Any] = getattr(client, method)(**request)
    return answer


def as_flag(value: object) -> bool:
    """A Boolean, given as one or as its name; absence is false."""
    return value if isinstance(value, bool) else str(value).lower() == "true"


def as_text(value: object) -> str:
    """A string; of a number, a Boolean, an object or a list its JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def tag_map(tags: object) -> dict[str, str]:
    """Tags by key, of CloudFormation's list of pairs or its map; empty without any."""
    if isinstance(tags, Mapping):
        return {str(key): as_text(value) for key, value in tags.items()}
    return {str(tag["Key"]): as_text(tag.get("Value", "")) for tag in (tags if isinstance(tags, list) else ())}
