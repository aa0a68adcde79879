"""A stage of a REST API as an OpenAPI 3.0 document.

Source: API Gateway Developer Guide, "Export a REST API from API Gateway", "OpenAPI definitions of sample API integrated
with a Lambda function" (an export), "x-amazon-apigateway-any-method object"; API Reference, "GetExport".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.api_exports.rest_extensions import integration, of_the_api, validator_name
from lambdakit.harness.api_exports.rest_security import requirements, security_schemes
from lambdakit.harness.api_exports.schemas import NoSchema, component_schemas, reference
from lambdakit.harness.moto_state.rest_definition import Method, MethodResponse, RestApiDefinition, RestResource

ANY: Final = "x-amazon-apigateway-any-method"
EVERYTHING: Final = "apigateway"

_JSON: Final = "application/json"
_PLACES: Final = {"querystring": "query", "header": "header", "path": "path"}
_VARIABLE: Final = re.compile(r"\{([^}+]+)\+?\}")
_STRING: Final = {"type": "string"}


def rest_document(
    api: RestApiDefinition, *, host: str, stage: str, extensions: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The document. extensions: `integrations`, `authorizers` or `apigateway`, which is both and all others.

    NoSchema for models that a document cannot show.
    """
    paths = {resource.path: _path(resource, api, extensions) for resource in api.resources.values() if resource.methods}
    document: dict[str, Any] = {"openapi": "3.0.1", "info": _info(api)}
    # The stage with its slash is how exports have it.
    document["servers"] = [{"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": f"/{stage}"}}}]
    document["paths"] = dict(sorted(paths.items()))
    schemes = security_schemes(api, with_authorizers=bool({"authorizers", EVERYTHING} & extensions))
    components = {"schemas": component_schemas(api.models, _used(api)), "securitySchemes": schemes}
    document["components"] = {name: each for name, each in components.items() if each}
    return document | (of_the_api(api) if EVERYTHING in extensions else {})


def _info(api: RestApiDefinition) -> dict[str, str]:
    info = {"title": api.name}
    if api.description:
        info["description"] = api.description
    deployed = api.deployed
    return info | {"version": "1.0" if deployed is None else deployed.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _path(resource: RestResource, api: RestApiDefinition, extensions: frozenset[str]) -> dict[str, Any]:
    return {
        ANY if verb == "ANY" else verb.lower(): _operation(resource, method, api, extensions)
        for verb, method in sorted(resource.methods.items())
    }


def _operation(
    resource: RestResource, method: Method, api: RestApiDefinition, extensions: frozenset[str]
) -> dict[str, Any]:
    operation: dict[str, Any] = {}
    if method.operation_name:
        operation["operationId"] = method.operation_name
    parameters = _parameters(resource, method)
    if parameters:
        operation["parameters"] = parameters
    if method.request_models:
        operation["requestBody"] = _body(resource, method)
    # OpenAPI wants one at least.
    operation["responses"] = {str(each.status): _response(each) for _, each in sorted(method.responses.items())} or {
        "default": {"description": "Default response"}
    }
    security = requirements(method, api)
    if security:
        operation["security"] = security
    if EVERYTHING in extensions and validator_name(method, api):
        operation["x-amazon-apigateway-request-validator"] = validator_name(method, api)
    if {"integrations", EVERYTHING} & extensions and method.integration is not None:
        operation["x-amazon-apigateway-integration"] = integration(method.integration)
    return operation


def _parameters(resource: RestResource, method: Method) -> list[dict[str, Any]]:
    """Those of the method, and every part of the path that is one."""
    in_path = _VARIABLE.findall(resource.path)
    found = {("path", name): True for name in in_path}
    for expression, is_required in method.request_parameters.items():
        kind, _, name = expression.removeprefix("method.request.").partition(".")
        if kind in _PLACES and (kind != "path" or name in in_path):
            found[_PLACES[kind], name] = is_required or kind == "path"
    return [
        {"name": name, "in": place, **({"required": True} if is_required else {}), "schema": dict(_STRING)}
        for (place, name), is_required in found.items()
    ]


def _body(resource: RestResource, method: Method) -> dict[str, Any]:
    if _JSON not in method.request_models:
        raise NoSchema(f"Only found non-JSON body models for {method.http_method} {resource.path}")
    content = {content_type: {"schema": reference(name)} for content_type, name in method.request_models.items()}
    return {"content": content, "required": True}


def _response(response: MethodResponse) -> dict[str, Any]:
    told: dict[str, Any] = {"description": f"{response.status} response"}
    names = [name.removeprefix("method.response.header.") for name in response.parameters]
    if names:
        told["headers"] = {name: {"schema": dict(_STRING)} for name in names}
    if response.models:
        told["content"] = {kind: {"schema": reference(name)} for kind, name in response.models.items()}
    return told


def _used(api: RestApiDefinition) -> frozenset[str]:
    methods = [method for resource in api.resources.values() for method in resource.methods.values()]
    mapped: list[Mapping[str, str]] = [method.request_models for method in methods]
    mapped += [response.models for method in methods for response in method.responses.values()]
    return frozenset(name for models in mapped for name in models.values())
