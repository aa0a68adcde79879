"""Models, which are JSON Schemas of draft 4, as schemas of OpenAPI 3.0.

What OpenAPI cannot say is put so that it allows at least what the model allows; what a schema of OpenAPI has no word
for at all is kept behind `x-`.

Source: API Gateway Developer Guide, "Data models for REST APIs in API Gateway", "Amazon API Gateway important notes"
(models are of draft 4, not what OpenAPI has); OpenAPI Specification 3.0.3, "Schema Object".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from lambdakit.records import dataclass

SCHEMAS: Final = "#/components/schemas/"

_OF_MODEL: Final = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([^/#]+)(#.*)?")
_INNER: Final = re.compile(r"#/definitions/([^/]+)")
_OF_DOCUMENT: Final = re.compile(r"#/(?:definitions|components/schemas)/([^/]+)")
# Every API has these. CDK API Reference, "Model" (`EMPTY_MODEL`, `ERROR_MODEL`).
_OWN: Final = MappingProxyType(
    {
        "Empty": '{"title": "Empty Schema", "type": "object"}',
        "Error": '{"title": "Error Schema", "type": "object", "properties": {"message": {"type": "string"}}}',
    }
)
_SAME: Final = frozenset(
    {"title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength"}
    | {"pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties", "enum", "description"}
    | {"format", "default", "nullable", "readOnly", "writeOnly", "example", "deprecated"}
)
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf"})
_DROPPED: Final = frozenset({"$schema", "id", "definitions", "type", "items", "additionalItems", "$ref"})


class NoSchema(Exception):
    """A model that no document can show; the text says why."""


def component_schemas(models: Mapping[str, str], used: frozenset[str]) -> dict[str, Any]:
    """The schemas of a document by name: the API's models, what they define inside, and `Empty` and `Error` if used.

    models: by name, each a schema as text. NoSchema.
    """
    known = {**{name: text for name, text in _OWN.items() if name in used and name not in models}, **models}
    whole = {name: _parsed(name, text) for name, text in known.items()}
    names = _names_of_inner(whole)
    found: dict[str, Any] = {}
    for name, model in whole.items():
        reader = _Reader(model=name, models=whole, names=names)
        found |= {names[name, inner]: reader.schema(schema) for inner, schema in _definitions(model)}
        found[name] = reader.schema(model)
    return dict(sorted(found.items()))


def reference(name: str) -> dict[str, str]:
    """What stands for a model where it is used."""
    return {"$ref": SCHEMAS + name}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Reads the schemas of one model. models: all of the API. names: of what models define inside."""

    model: str
    models: Mapping[str, Mapping[str, Any]]
    names: Mapping[tuple[str, str], str]

    def schema(self, node: Any) -> Any:
        """The schema as OpenAPI has it."""
        if not isinstance(node, dict):
            return {}
        if isinstance(node.get("$ref"), str):  # beside it, neither draft 4 nor OpenAPI 3.0 reads anything
            return self._referring(node["$ref"])
        schema: dict[str, Any] = {}
        for key, value in node.items():
            if key in _SAME:
                schema[key] = value
            elif key not in _DROPPED:
                schema |= self._member(key, value)
        if "patternProperties" in node and schema.get("additionalProperties") is not True:
            schema.pop("additionalProperties", None)  # it would refuse what the patterns allow
        items = node.get("items")
        if isinstance(items, list):
            is_closed = node.get("additionalItems") is False
            schema["items"] = {"anyOf": [self.schema(each) for each in items]} if is_closed else {}
        elif items is not None:
            schema["items"] = self.schema(items)
        return _typed(schema, node.get("type"))

    def _member(self, key: str, value: Any) -> dict[str, Any]:
        if key == "required":
            return {key: list(dict.fromkeys(value))} if isinstance(value, list) and value else {}
        if key == "properties" and isinstance(value, dict):
            return {key: {name: self.schema(each) for name, each in value.items()}}
        if key == "additionalProperties":
            return {key: value if isinstance(value, bool) else self.schema(value)}
        if key == "not":
            return {key: self.schema(value)}
        if key in _LISTS and isinstance(value, list):
            return {key: [self.schema(each) for each in value]}
        return {key if key.startswith("x-") else f"x-{key}": value}

    def _referring(self, target: str) -> dict[str, str]:
        elsewhere = _OF_MODEL.fullmatch(target)
        if elsewhere is not None:
            return self._within(elsewhere[1], elsewhere[2] or "#")
        named = _OF_DOCUMENT.fullmatch(target)
        if named is not None and (self.model, named[1]) not in self.names and named[1] in self.models:
            return reference(named[1])
        return self._within(self.model, target)

    def _within(self, model: str, target: str) -> dict[str, str]:
        inner = _INNER.fullmatch(target)
        if target == "#" and model in self.models:
            return reference(model)
        if inner is not None and (model, inner[1]) in self.names:
            return reference(self.names[model, inner[1]])
        raise NoSchema(f"the model {self.model} refers to {target}, which a document cannot show")


def _parsed(name: str, text: str) -> Mapping[str, Any]:
    try:
        schema = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise NoSchema(f"the model {name} is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise NoSchema(f"the model {name} is no JSON object")
    return schema


def _definitions(model: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    inside = model.get("definitions")
    yield from inside.items() if isinstance(inside, dict) else ()


def _names_of_inner(models: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """What is defined inside a model -> its own name among the schemas. Letters and digits, as names of models are."""
    names: dict[tuple[str, str], str] = {}
    for model, whole in models.items():
        for inner, _ in _definitions(whole):
            name = re.sub(r"[^A-Za-z0-9]", "", f"{model}{inner}")
            while name in models or name in names.values():
                name += "Inner"
            names[model, inner] = name
    return names


def _typed(schema: dict[str, Any], kind: Any) -> dict[str, Any]:
    """The schema with its type, of which OpenAPI has one only, and none for null."""
    names = [kind] if isinstance(kind, str) else list(kind) if isinstance(kind, list) else []
    others = [name for name in names if name != "null"]
    if "null" in names and not others:
        return {**schema, "enum": [None], "nullable": True}
    if "array" in others:
        schema.setdefault("items", {})
    # OpenAPI Specification 3.0.3, "Fixed Fields" of a schema: `nullable` only counts beside a type.
    nullable = {"nullable": True} if "null" in names else {}
    if len(others) == 1:
        schema = {"type": others[0], **schema, **nullable}
    elif others:
        items = {"items": schema.pop("items", {})}
        choices = [{"type": each, **nullable, **(items if each == "array" else {})} for each in others]
        schema = {**schema, "allOf": [*schema.get("allOf", ()), {"anyOf": choices}]}
    return schema
