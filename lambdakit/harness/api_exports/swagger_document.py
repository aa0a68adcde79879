"""An OpenAPI 3.0 document of a REST API as one of OpenAPI 2.0, which is called Swagger.

Source: API Gateway Developer Guide, "OpenAPI definitions of sample API integrated with a Lambda function" (an export);
OpenAPI Specification 2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from lambdakit.harness.api_exports.schemas import SCHEMAS

_DEFINITIONS: Final = "#/definitions/"
_JSON: Final = "application/json"
# What a schema of OpenAPI 2.0 has no word for.
_UNKNOWN: Final = frozenset({"anyOf", "oneOf", "not", "nullable", "deprecated", "writeOnly"})
# Members whose own members are names of the user's, not keywords.
_NAMED: Final = frozenset({"properties", "definitions"})


def swagger_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document in the older form."""
    (server,) = document["servers"]
    swagger: dict[str, Any] = {"swagger": "2.0", "info": document["info"]}
    swagger["host"] = urlsplit(server["url"]).netloc
    swagger["basePath"] = server["variables"]["basePath"]["default"]
    swagger["schemes"] = ["https"]
    swagger["paths"] = {
        path: {verb: _operation(operation) for verb, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    components = document["components"]
    if "securitySchemes" in components:
        swagger["securityDefinitions"] = components["securitySchemes"]
    if "schemas" in components:
        swagger["definitions"] = {name: _schema(each) for name, each in components["schemas"].items()}
    return swagger | {name: value for name, value in document.items() if name.startswith("x-")}


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "operationId" in operation:
        told["operationId"] = operation["operationId"]
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        told["consumes"] = list(content)
    produced = [kind for response in operation["responses"].values() for kind in response.get("content", ())]
    told["produces"] = list(dict.fromkeys(produced)) or [_JSON]
    parameters = [
        {**{key: value for key, value in each.items() if key != "schema"}, "type": "string"}
        for each in operation.get("parameters", ())
    ]
    if content:
        model = content[_JSON]["schema"]
        name = model["$ref"].removeprefix(SCHEMAS)
        parameters.append({"in": "body", "name": name, "required": True, "schema": _schema(model)})
    if parameters:
        told["parameters"] = parameters
    told["responses"] = {code: _response(each) for code, each in operation["responses"].items()}
    return told | {key: value for key, value in operation.items() if key == "security" or key.startswith("x-")}


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": response["description"]}
    content = response.get("content", {})
    if content:
        told["schema"] = _schema(content.get(_JSON, next(iter(content.values())))["schema"])
    if "headers" in response:
        told["headers"] = {name: {"type": "string"} for name in response["headers"]}
    return told


def _schema(node: Any, *, are_names: bool = False) -> Any:
    """A schema in the older form. are_names: whether the members are a user's."""
    if isinstance(node, list):
        return [_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    told: dict[str, Any] = {}
    for key, value in node.items():
        if key == "$ref" and isinstance(value, str) and not are_names:
            told[key] = value.replace(SCHEMAS, _DEFINITIONS)
        elif not are_names and key in ("enum", "default", "example"):
            told[key] = value
        else:
            name = f"x-{key}" if key in _UNKNOWN and not are_names else key
            told[name] = _schema(value, are_names=not are_names and key in _NAMED)
    return told
