"""The JSON Schema of the document, from the models; editors complete and explain by it.

It says all that can be said of a value by itself. Rules across fields, and bounds of durations and sizes written
with a unit, are the loader's. `application.schema.json` beside this file is the same, published;
`python -m lambdakit.spec.schema` writes it anew.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from lambdakit.spec.application import Application
from lambdakit.spec.function import RELATIVE_PATH
from lambdakit.spec.quantities import DURATION_SCHEMA
from lambdakit.spec.resource_name import RESOURCE_NAME

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FILE: Final = Path(__file__).with_name("application.schema.json")
# Of a reference, and of a definition, beside its name.
_REFERENCE_CHARACTERS: Final = len('{"$ref": "#/$defs/"}')
_DEFINITION_CHARACTERS: Final = len('  "": ,\n')
# Forms of text that dozens of settings have, by the names of their definitions, which no model has.
_TEXTS: Final[dict[str, dict[str, Any]]] = {
    "a_duration": dict(DURATION_SCHEMA),
    "a_name": dict(RESOURCE_NAME.schema),
    "a_path": dict(RELATIVE_PATH.schema),
}
# What a setting says of itself beside its form.
_NOTES: Final = frozenset({"default", "description", "examples"})
# The definitions' models, their `properties`, and each of these.
_LINES_DEPTH: Final = 3

_EXAMPLE: Final[dict[str, Any]] = {
    "application": "shop",
    "patterns": {
        "orders": {
            "kind": "api_backend",
            "table": {"partition_key": "order_id"},
            "routes": {
                "GET /orders/{order_id}": {"code": "functions/orders", "handler": "app.read", "table_access": "read"}
            },
        }
    },
}


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    generated = Application.model_json_schema(mode="validation", schema_generator=GenerateJsonSchema)
    definitions = {name: _named(_tidied(schema)) for name, schema in sorted(generated.pop("$defs").items())}
    root = _named(_tidied(generated))
    # Editors announce the schema by this key in JSON; in YAML it is a comment, which no schema sees.
    return {
        "$schema": DIALECT,
        "title": "lambdakit application",
        **root,
        "examples": [_EXAMPLE],
        "$defs": {**_once(definitions), **_TEXTS},
    }


def schema_text() -> str:
    """The schema as the published file has it."""
    return _lines(json_schema(), 0) + "\n"


def _lines(value: Any, depth: int) -> str:
    """JSON with each setting of a model on one line, so that a change is seen and the file is no longer than it has to.

    depth: how deep the value stands in the schema.
    """
    if not isinstance(value, dict) or not value or depth > _LINES_DEPTH:
        return json.dumps(value, ensure_ascii=False, separators=(",", ": "))
    indent = "\n" + " " * (depth + 1)
    inner = (f"{json.dumps(name)}: {_lines(each, depth + 1)}" for name, each in value.items())
    return "{" + indent + f",{indent}".join(inner) + indent[:-1] + "}"


def _once(definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions, where a setting that several models have alike stands once, if that is shorter."""
    settings = [
        (name, json.dumps(setting, sort_keys=True))
        for model in definitions.values()
        for name, setting in model.get("properties", {}).items()
    ]
    shared: dict[tuple[str, str], str] = {}
    for (name, text), number in Counter(settings).items():
        if number * (len(text) - len(name) - _REFERENCE_CHARACTERS) > len(text) + len(name) + _DEFINITION_CHARACTERS:
            same_name = sum(1 for other, _ in shared if other == name)
            shared[name, text] = f"{name}_{same_name + 1}" if same_name else name
    for model in definitions.values():
        for name, setting in model.get("properties", {}).items():
            if (key := (name, json.dumps(setting, sort_keys=True))) in shared:
                model["properties"][name] = {"$ref": f"#/$defs/{shared[key]}"}
    return {**definitions, **{each: json.loads(text) for (_, text), each in shared.items()}}


def _named(schema: Any) -> Any:
    """The schema with the forms of text that it has most often under their names."""
    if isinstance(schema, list):
        return [_named(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    form = {key: value for key, value in schema.items() if key not in _NOTES}
    name = next((name for name, text in _TEXTS.items() if text == form), None)
    if name is not None:
        return {"$ref": f"#/$defs/{name}", **{key: schema[key] for key in schema if key in _NOTES}}
    return {key: value if key in _NOTES else _named(value) for key, value in schema.items()}


def _tidied(schema: Any) -> Any:
    """The schema without what only repeats the key (`title`), without null, and closed to unknown keys."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidied: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties", "$defs"):
            tidied[key] = {name: _tidied(inner) for name, inner in value.items()}
        elif key in ("default", "examples", "enum", "const"):
            tidied[key] = value
        elif key != "title":
            tidied[key] = _tidied(value)
    return _first_line(_closed(_without_null(tidied)))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Absence is the only way to say nothing: an empty value is refused."""
    if "default" in schema and schema["default"] is None:
        del schema["default"]
    members = schema.get("anyOf")
    if members is None or {"type": "null"} not in members:
        return schema
    kept = [member for member in members if member != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**kept[0], **rest} if len(kept) == 1 else {"anyOf": kept, **rest}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """An object whose keys have a form has no other keys."""
    if "patternProperties" in schema:
        schema.setdefault("additionalProperties", False)
    return schema


def _first_line(schema: dict[str, Any]) -> dict[str, Any]:
    """A model's docstring goes into the schema with its first paragraph; the rest speaks of Python."""
    if isinstance(schema.get("description"), str):
        schema["description"] = schema["description"].partition("\n\n")[0].partition(". ")[0].rstrip(".")
    return schema


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
