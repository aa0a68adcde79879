"""How API Gateway words what is wrong with a body, for `$context.error.validationErrorString` and the execution log.

Source: API Gateway Developer Guide, "Request validation for REST APIs in API Gateway" (sample logs); the wording of
json-schema-validator (com.github.java-json-tools), in which deployed APIs are seen to answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_TYPES: Final = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))


def problem_text(error: Any) -> str:
    """The sentence for an error of `jsonschema`; the library's own where there is no other."""
    worded = _WORDING.get(error.validator)
    if worded is not None:
        return worded(error.validator_value, error.instance)
    whole = _OF_SCHEMAS.get(error.validator)
    return str(error.message) if whole is None else whole(error)


def _type(allowed: Any, instance: Any) -> str:
    names = sorted(allowed if isinstance(allowed, list) else [allowed])
    return f"instance type ({_type_of(instance)}) does not match any allowed primitive type (allowed: {_json(names)})"


def _required(names: Any, instance: Any) -> str:
    return f"object has missing required properties ({_json(sorted(set(names) - set(instance)))})"


def _enum(values: Any, instance: Any) -> str:
    return f"instance value ({_json(instance)}) not found in enum (possible values: {_json(values)})"


def _pattern(expression: Any, instance: Any) -> str:
    return f"ECMA 262 regex {_json(expression)} does not match input string {_json(instance)}"


def _min_length(least: Any, instance: Any) -> str:
    return f"string {_json(instance)} is too short (length: {len(instance)}, required minimum: {least})"


def _max_length(most: Any, instance: Any) -> str:
    return f"string {_json(instance)} is too long (length: {len(instance)}, maximum allowed: {most})"


def _minimum(least: Any, instance: Any) -> str:
    if instance == least:
        return f"numeric instance is not strictly greater than the required minimum {_json(least)}"
    return f"numeric instance is lower than the required minimum (minimum: {_json(least)}, found: {_json(instance)})"


def _maximum(most: Any, instance: Any) -> str:
    if instance == most:
        return f"numeric instance is not strictly lower than the required maximum {_json(most)}"
    return f"numeric instance is greater than the required maximum (maximum: {_json(most)}, found: {_json(instance)})"


def _multiple(divisor: Any, instance: Any) -> str:
    return f"remainder of division is not zero ({_json(instance)} / {_json(divisor)})"


def _min_items(least: Any, instance: Any) -> str:
    return f"array is too short: must have at least {least} elements but instance has {len(instance)} elements"


def _max_items(most: Any, instance: Any) -> str:
    return f"array is too long: must have at most {most} elements but instance has {len(instance)} elements"


def _min_properties(least: Any, instance: Any) -> str:
    return f"object has too few properties (found {len(instance)} but schema requires at least {least})"


def _max_properties(most: Any, instance: Any) -> str:
    return f"object has too many properties (found {len(instance)} but schema requires at most {most})"


_WORDING: Final[Mapping[str, Callable[[Any, Any], str]]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minimum": _minimum,
    "maximum": _maximum,
    "multipleOf": _multiple,
    "minItems": _min_items,
    "maxItems": _max_items,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
    "uniqueItems": lambda wanted, instance: "array must not contain duplicate elements",
}


def _additional_properties(error: Any) -> str:
    known, patterns = error.schema.get("properties") or {}, error.schema.get("patternProperties") or {}
    others = sorted(name for name in set(error.instance) - set(known) if not any(re.search(p, name) for p in patterns))
    return f"object instance has properties which are not allowed by the schema: {_json(others)}"


def _any_of(error: Any) -> str:
    return f"instance failed to match at least one required schema among {len(error.validator_value)}"


def _one_of(error: Any) -> str:
    """The library says what is wrong by each schema only where none matches; how many match it does not say."""
    if not error.context:
        return "instance failed to match exactly one schema (more than one matched)"
    return f"instance failed to match exactly one schema (matched 0 out of {len(error.validator_value)})"


def _not(error: Any) -> str:
    del error
    return "instance matched a schema which it should not have"


_OF_SCHEMAS: Final[Mapping[str, Callable[[Any], str]]] = {
    "additionalProperties": _additional_properties,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}


def _type_of(instance: Any) -> str:
    if instance is None:
        return "null"
    return next((name for kind, name in _TYPES if isinstance(instance, kind)), "object")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
