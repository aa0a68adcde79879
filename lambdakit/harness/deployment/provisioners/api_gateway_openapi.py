"""An OpenAPI document made into the resources and methods of a REST API.

In: a document, Swagger 2.0 or OpenAPI 3. Out: in the account, what API Gateway imports from it: paths, methods with
their `x-amazon-apigateway-integration`, authorizers, validators, models and gateway responses.
Source: API Gateway Developer Guide, "OpenAPI extensions for API Gateway" and "Develop REST APIs using OpenAPI".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from lambdakit.harness.deployment.provisioners.api_gateway_methods import put_method
from lambdakit.harness.deployment.request_shapes import request

_EXTENSION: Final = "x-amazon-apigateway"
_VERBS: Final = ("get", "put", "post", "delete", "options", "head", "patch", f"{_EXTENSION}-any-method")


def import_document(client: Any, api_id: str, document: Mapping[str, Any], region: str) -> None:
    """Makes what the document says. The caller deletes the API when this fails."""
    validators = _import_validators(client, api_id, document)
    authorizers = _import_authorizers(client, api_id, document)
    for name, schema in {**_inline_models(document), **_schemas(document)}.items():
        client.create_model(
            restApiId=api_id,
            name=name,
            contentType="application/json",
            **request(client, "create_model", {"schema": schema}),
        )
    for kind, response in (document.get(f"{_EXTENSION}-gateway-responses") or {}).items():
        client.put_gateway_response(
            restApiId=api_id, responseType=kind, **request(client, "put_gateway_response", response)
        )
    known = client.get_rest_api(restApiId=api_id).get("binaryMediaTypes") or ()
    patches = [*_settings(document, known)]
    if patches:
        client.update_rest_api(restApiId=api_id, patchOperations=patches)
    places = _Places(client, api_id)
    for path, item in (document.get("paths") or {}).items():
        resource_id = places.resource(path)
        for verb, operation in item.items():
            if verb.lower() in _VERBS:
                properties = _method(document, item, operation, validators, authorizers)
                http_method = "ANY" if verb.lower() == _VERBS[-1] else verb.upper()
                put_method(
                    client, {**properties, "RestApiId": api_id, "ResourceId": resource_id, "HttpMethod": http_method}
                )


def _settings(document: Mapping[str, Any], known: Collection[str]) -> Iterator[dict[str, str]]:
    """What a document says of the API itself. known: the binary media types that it has."""
    for media_type in document.get(f"{_EXTENSION}-binary-media-types") or ():
        if media_type not in known:
            path = f"/binaryMediaTypes/{media_type.replace('/', '~1')}"
            yield {"op": "add", "path": path, "value": media_type}
    policy = document.get(f"{_EXTENSION}-policy")
    values = {
        "/apiKeySource": document.get(f"{_EXTENSION}-api-key-source"),
        "/minimumCompressionSize": document.get(f"{_EXTENSION}-minimum-compression-size"),
        "/policy": None if policy is None else json.dumps(policy),
    }
    for path, value in values.items():
        if value is not None:
            yield {"op": "replace", "path": path, "value": str(value)}


def clear(client: Any, api_id: str) -> None:
    """Deletes what an import made, but for what stands beside the resources."""
    resources = client.get_resources(restApiId=api_id, limit=500)["items"]
    for resource in resources:
        for http_method in resource.get("resourceMethods") or ():
            client.delete_method(restApiId=api_id, resourceId=resource["id"], httpMethod=http_method)
    for resource in sorted(resources, key=lambda each: -len(each["path"])):
        if resource["path"] != "/":
            client.delete_resource(restApiId=api_id, resourceId=resource["id"])
    for model in client.get_models(restApiId=api_id)["items"]:
        client.delete_model(restApiId=api_id, modelName=model["name"])
    for validator in client.get_request_validators(restApiId=api_id)["items"]:
        client.delete_request_validator(restApiId=api_id, requestValidatorId=validator["id"])
    for authorizer in client.get_authorizers(restApiId=api_id)["items"]:
        client.delete_authorizer(restApiId=api_id, authorizerId=authorizer["id"])


def make_room(client: Any, api_id: str, document: Mapping[str, Any]) -> None:
    """Deletes the methods and models that a document defines anew, before it is merged into an API.

    Source: API Gateway API Reference, "PutRestApi" (`mode`): what the document names replaces what is there.
    """
    paths = {f"/{path.strip('/')}": item for path, item in (document.get("paths") or {}).items()}
    for resource in client.get_resources(restApiId=api_id, limit=500)["items"]:
        named = {"ANY" if verb.lower() == _VERBS[-1] else verb.upper() for verb in paths.get(resource["path"]) or ()}
        for http_method in named & set(resource.get("resourceMethods") or ()):
            client.delete_method(restApiId=api_id, resourceId=resource["id"], httpMethod=http_method)
    models = {**_inline_models(document), **_schemas(document)}
    for model in client.get_models(restApiId=api_id)["items"]:
        if model["name"] in models:
            client.delete_model(restApiId=api_id, modelName=model["name"])


class _Places:
    """The resources of an API by their paths, made when they are first asked for."""

    def __init__(self, client: Any, api_id: str) -> None:
        self._client = client
        self._api_id = api_id
        resources = client.get_resources(restApiId=api_id, limit=500)["items"]
        self._ids: dict[str, str] = {resource["path"]: resource["id"] for resource in resources}

    def resource(self, path: str) -> str:
        """The id of a path's resource."""
        path = "/" + path.strip("/")
        if path not in self._ids:
            above, _, part = path.rpartition("/")
            parent = self.resource(above)
            made = self._client.create_resource(restApiId=self._api_id, parentId=parent, pathPart=part)
            self._ids[path] = made["id"]
        return self._ids[path]


def _import_validators(client: Any, api_id: str, document: Mapping[str, Any]) -> Mapping[str, str]:
    """Ids by name."""
    return {
        name: client.create_request_validator(
            restApiId=api_id, name=name, **request(client, "create_request_validator", settings)
        )["id"]
        for name, settings in (document.get(f"{_EXTENSION}-request-validators") or {}).items()
    }


def _import_authorizers(client: Any, api_id: str, document: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
    """By the scheme's name: the type that a method states, and the authorizer's id."""
    made = {}
    for name, scheme in _schemes(document).items():
        settings = scheme.get(f"{_EXTENSION}-authorizer")
        if not settings:
            continue
        source = {"identitySource": f"method.request.header.{scheme['name']}"} if "name" in scheme else {}
        kind = str(settings["type"]).upper()
        authorizer = client.create_authorizer(
            restApiId=api_id, name=name, **{**source, **request(client, "create_authorizer", settings), "type": kind}
        )
        made[name] = ("COGNITO_USER_POOLS" if kind == "COGNITO_USER_POOLS" else "CUSTOM", str(authorizer["id"]))
    return made


def _method(
    document: Mapping[str, Any],
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    validators: Mapping[str, str],
    authorizers: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    """An operation as the properties of `AWS::ApiGateway::Method`."""
    properties: dict[str, Any] = {
        "RequestParameters": dict(_parameters([*(item.get("parameters") or ()), *(operation.get("parameters") or ())])),
        "RequestModels": _request_models(document, operation),
        "MethodResponses": [
            {
                "StatusCode": str(code),
                "ResponseParameters": {
                    f"method.response.header.{name}": False for name in (response or {}).get("headers") or ()
                },
                "ResponseModels": {
                    content_type: _model_name(schema)
                    for content_type, schema in _answers(document, operation, response or {})
                },
            }
            for code, response in (operation.get("responses") or {}).items()
            if str(code).isdigit()
        ],
        "OperationName": operation.get("operationId"),
    }
    validator = operation.get(f"{_EXTENSION}-request-validator", document.get(f"{_EXTENSION}-request-validator"))
    if validator in validators:
        properties["RequestValidatorId"] = validators[validator]
    properties |= _security(operation.get("security", document.get("security")) or [], _schemes(document), authorizers)
    integration = operation.get(f"{_EXTENSION}-integration", item.get(f"{_EXTENSION}-integration"))
    if integration:
        responses = integration.get("responses") or {}
        properties["Integration"] = {
            **{name: value for name, value in integration.items() if name not in ("responses", "httpMethod", "type")},
            "Type": str(integration["type"]).upper(),
            "IntegrationHttpMethod": integration.get("httpMethod"),
            "IntegrationResponses": [
                {**response, "SelectionPattern": "" if pattern == "default" else pattern}
                for pattern, response in responses.items()
            ],
        }
    return properties


def _request_models(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, str]:
    """Content type -> the name of the model that the request's body is one of."""
    return {content_type: _model_name(schema) for content_type, schema in _bodies(document, operation)}


def _bodies(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schema of the request's body for each content type that has one."""
    bodies = [each for each in operation.get("parameters") or () if each.get("in") == "body"]
    consumed = operation.get("consumes") or document.get("consumes") or ["application/json"]
    schemas = {content_type: body.get("schema") for body in bodies for content_type in consumed}
    content = (operation.get("requestBody") or {}).get("content") or {}
    schemas |= {content_type: (media or {}).get("schema") for content_type, media in content.items()}
    for content_type, schema in schemas.items():
        if schema:
            yield content_type, schema


def _answers(
    document: Mapping[str, Any], operation: Mapping[str, Any], response: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schema of a response's body for each content type that has one."""
    produced = operation.get("produces") or document.get("produces") or ["application/json"]
    schemas = {content_type: response.get("schema") for content_type in produced}
    schemas |= {kind: (media or {}).get("schema") for kind, media in (response.get("content") or {}).items()}
    for content_type, schema in schemas.items():
        if schema:
            yield content_type, schema


def _model_name(schema: Mapping[str, Any]) -> str:
    """The model that a schema refers to; for one that stands in place, a name as API Gateway makes them."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return f"MODEL{hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:6]}"


def _inline_models(document: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas of bodies that stand in place, by the names of their models."""
    operations = (
        operation
        for item in (document.get("paths") or {}).values()
        for verb, operation in item.items()
        if verb.lower() in _VERBS
    )
    schemas = [
        schema
        for operation in operations
        for _, schema in (
            *_bodies(document, operation),
            *(
                each
                for response in (operation.get("responses") or {}).values()
                for each in _answers(document, operation, response or {})
            ),
        )
    ]
    return {_model_name(schema): schema for schema in schemas if "$ref" not in schema}


def _security(
    requirements: list[Mapping[str, Any]],
    schemes: Mapping[str, Mapping[str, Any]],
    authorizers: Mapping[str, tuple[str, str]],
) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for requirement in requirements:
        for name, scopes in requirement.items():
            scheme = schemes.get(name, {})
            if name in authorizers:
                kind, identity = authorizers[name]
                properties |= {"AuthorizationType": kind, "AuthorizerId": identity}
                properties |= {"AuthorizationScopes": list(scopes)} if scopes else {}
            elif scheme.get(f"{_EXTENSION}-authtype") == "awsSigv4":
                properties["AuthorizationType"] = "AWS_IAM"
            elif scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
                properties["ApiKeyRequired"] = True
    return properties


def _parameters(parameters: list[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    places = {"query": "querystring", "header": "header", "path": "path"}
    for parameter in parameters:
        place = places.get(str(parameter.get("in")))
        if place is not None:
            yield f"method.request.{place}.{parameter['name']}", bool(parameter.get("required"))


def _schemes(document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = (
        document.get("securityDefinitions") or (document.get("components") or {}).get("securitySchemes") or {}
    )
    return found


def _schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("definitions") or (document.get("components") or {}).get("schemas") or {}
    return found
