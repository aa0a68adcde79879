"""Values that a schema of an OpenAPI document allows, and values that are nearly so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

_TEXT: Final = st.text(max_size=12)
ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-200, 200) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
"""Any JSON."""


def instances(schema: Mapping[str, Any], document: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What the schema allows, for the most part: whoever draws asks a validator. document: where references lead."""
    if "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        return instances(document["components"]["schemas"][name], document)
    found = _instances(schema, document)
    return st.none() | found if schema.get("nullable") else found


def nearly(schema: Mapping[str, Any], document: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What the schema allows, with one thing changed somewhere."""
    return instances(schema, document).flatmap(lambda value: _changed(value) | ANYTHING)


def _instances(schema: Mapping[str, Any], document: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return st.one_of([instances(each, document) for each in schema[key]])
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "object":
        members = {name: instances(each, document) for name, each in schema.get("properties", {}).items()}
        required = {name: members.pop(name, ANYTHING) for name in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional=members)
    if kind == "array":
        items = instances(schema.get("items", {}), document)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 4))
    if kind == "string":
        if "pattern" in schema:
            return st.from_regex(schema["pattern"])
        return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 20))
    if kind == "integer":
        step = schema.get("multipleOf", 1)
        low = schema.get("minimum", -50) + (1 if schema.get("exclusiveMinimum") else 0)
        return st.integers(low, schema.get("maximum", 200)).map(lambda number: number * step)
    if kind == "number":
        return st.floats(schema.get("minimum", -1e6), schema.get("maximum", 1e6), allow_nan=False)
    return st.booleans() if kind == "boolean" else ANYTHING


def _changed(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, dict) and value:
        return st.sampled_from(sorted(value)).flatmap(
            lambda name: (
                st.just({key: each for key, each in value.items() if key != name})
                | _changed(value[name]).map(lambda each: {**value, name: each})
                | ANYTHING.map(lambda each: {**value, "another": each})
            )
        )
    if isinstance(value, list) and value:
        return _changed(value[0]).map(lambda each: [each, *value[1:]]) | st.just([*value, *value, *value, *value])
    return ANYTHING
