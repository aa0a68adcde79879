"""Models: what a request's body has to look like, by JSON Schema of draft 4.

Source: API Gateway Developer Guide, "Data models for REST APIs in API Gateway" (draft 4; a model refers to another by
`https://apigateway.amazonaws.com/restapis/API/models/NAME`).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from lambdakit.harness.routing.rest.model_problems import problem_text

_OF_MODEL: Final = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([^/#]+)(#.*)?")
# As OpenAPI documents refer to the models that become the API's.
_OF_DOCUMENT: Final = re.compile(r"#/(definitions|components/schemas)/([^/]+)")
# Every API has these. CDK API Reference, "Model" (`EMPTY_MODEL`, `ERROR_MODEL`).
_OWN: Final = MappingProxyType(
    {
        "Empty": '{"title": "Empty Schema", "type": "object"}',
        "Error": '{"title": "Error Schema", "type": "object", "properties": {"message": {"type": "string"}}}',
    }
)
_UNREADABLE: Final = "Unknown error parsing request body"
_KEPT: Final = 512


class SchemaProblem(Exception):
    """A model that no body can be held against; the text says why."""


def body_problems(body: bytes, name: str, models: Mapping[str, str]) -> Sequence[str]:
    """What is wrong with a body; nothing for one that is as the model says. SchemaProblem.

    models: by name, each a schema as text.
    """
    known = {**_OWN, **models}
    if name not in known:
        raise SchemaProblem("there is no such model")
    validator = _validator(name, tuple(sorted(known.items())))
    try:
        document = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return (_UNREADABLE,)
    from referencing.exceptions import Unresolvable

    try:
        errors = sorted(validator.iter_errors(document), key=lambda error: [str(step) for step in error.absolute_path])
        # A property that is missing is an error of its own, and the sentence names them all.
        return tuple(dict.fromkeys(problem_text(error) for error in errors))
    except Unresolvable as missing:
        raise SchemaProblem(f"it refers to {missing.ref}, which is not there") from None
    except re.error as error:
        raise SchemaProblem(f"its pattern {error.pattern!r}: {error}") from None
    except RecursionError:
        return (_UNREADABLE,)


@functools.lru_cache(maxsize=_KEPT)
def _validator(name: str, models: tuple[tuple[str, str], ...]) -> Any:
    """The compiled model, which finds the others by their names and nothing elsewhere."""
    import jsonschema
    from referencing import Registry
    from referencing.jsonschema import DRAFT4

    schemas = {each: _schema(each, text) for each, text in models if each == name or _is_schema(text)}
    known = frozenset(schemas)
    resources = [
        (_uri(each), DRAFT4.create_resource(_referring(schema, schema, known))) for each, schema in schemas.items()
    ]
    registry = Registry().with_resources(resources)
    own: Any = dict(resources)[_uri(name)].contents
    try:
        jsonschema.Draft4Validator.check_schema(own)
    except jsonschema.SchemaError as error:
        raise SchemaProblem(error.message) from None
    return jsonschema.Draft4Validator({"$ref": _uri(name)}, registry=registry)


def _schema(name: str, text: str) -> Any:
    try:
        schema = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise SchemaProblem(f"{name} is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise SchemaProblem(f"{name} is no JSON object")
    # An `id` would move what its references are relative to.
    return {key: value for key, value in schema.items() if key != "id" or not isinstance(value, str)}


def _is_schema(text: str) -> bool:
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except (ValueError, RecursionError):
        return False


def _uri(name: str) -> str:
    return f"urn:model:{name}"


def _referring(node: Any, whole: Mapping[str, Any], known: frozenset[str]) -> Any:
    """The schema with references to models in the one form under which they are found."""
    if isinstance(node, list):
        return [_referring(each, whole, known) for each in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _referring(value, whole, known) for key, value in node.items()}
    reference = node.get("$ref")
    if isinstance(reference, str):
        changed["$ref"] = _reference(reference, whole, known)
    return changed


def _reference(reference: str, whole: Mapping[str, Any], known: frozenset[str]) -> str:
    model = _OF_MODEL.fullmatch(reference)
    if model is not None:
        return _uri(model[1]) + (model[2] or "")
    document = _OF_DOCUMENT.fullmatch(reference)
    if document is not None and document[2] in known and document[2] not in (whole.get("definitions") or {}):
        return _uri(document[2])
    return reference


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
