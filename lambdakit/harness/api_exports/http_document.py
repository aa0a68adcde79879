"""An HTTP API as an OpenAPI 3.0 document.

Source: API Gateway Developer Guide, "Export HTTP APIs from API Gateway", "x-amazon-apigateway-any-method object" (the
`$default` route), "x-amazon-apigateway-authorizer object", "x-amazon-apigateway-cors object",
"x-amazon-apigateway-integration object", "x-amazon-apigateway-importexport-version". That responses are described as
`Default response for …`, parts of the path as `Generated path parameter for …`, and that JWT authorizers are `oauth2`
with empty `flows`, is as documents look that people exported and published; no page says it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from lambdakit.harness.api_exports.rest_document import ANY
from lambdakit.harness.moto_state.http_apis import (
    Authorizer,
    CorsConfiguration,
    HttpApiDefinition,
    Integration,
    Route,
)

_DEFAULT: Final = "$default"
_SIGNATURE: Final = "sigv4"
_VARIABLE: Final = re.compile(r"\{([^}]+)\}")
_FUNCTION: Final = re.compile(r"arn:[^:]+:lambda:([^:]+):\d+:function:.+")


def http_document(api: HttpApiDefinition, *, host: str, stage: str, version: str, extensions: bool) -> dict[str, Any]:
    """The document. stage: `$default` or its name; empty for none. extensions: whether those of AWS's are told."""
    base_path = "" if stage in ("", _DEFAULT) else stage
    document: dict[str, Any] = {"openapi": "3.0.1", "info": {"title": api.name, "version": version}}
    document["servers"] = [{"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": base_path}}}]
    paths: dict[str, Any] = {}
    for route in sorted(api.routes, key=lambda route: route.key):
        verb, path = _place(route.key)
        operations = paths.setdefault(path, {})
        operations[verb] = _operation(route, api, extensions)
        names = _VARIABLE.findall(path)
        if names:
            operations["parameters"] = [_parameter(name) for name in names]
    document["paths"] = paths
    schemes = _schemes(api, extensions)
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    if extensions:
        if api.cors is not None:
            document["x-amazon-apigateway-cors"] = _cors(api.cors)
        document["x-amazon-apigateway-importexport-version"] = "1.0"
    return document


def _place(key: str) -> tuple[str, str]:
    if key == _DEFAULT:
        return ANY, f"/{_DEFAULT}"
    verb, _, path = key.partition(" ")
    return ANY if verb == "ANY" else verb.lower(), path


def _operation(route: Route, api: HttpApiDefinition, extensions: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {"responses": {"default": {"description": f"Default response for {route.key}"}}}
    if route.key == _DEFAULT:
        operation["isDefaultRoute"] = True
    if route.authorization == "AWS_IAM":
        operation["security"] = [{_SIGNATURE: []}]
    elif route.authorizer_id in api.authorizers:
        operation["security"] = [{_scheme_name(api.authorizers[route.authorizer_id]): list(route.scopes)}]
    if extensions and route.integration is not None:
        operation["x-amazon-apigateway-integration"] = _integration(route.integration)
    return operation


def _parameter(name: str) -> dict[str, Any]:
    described = f"Generated path parameter for {name}"
    return {"name": name, "in": "path", "description": described, "required": True, "schema": {"type": "string"}}


def _integration(integration: Integration) -> dict[str, Any]:
    function = _FUNCTION.fullmatch(integration.uri)
    uri = integration.uri
    if function is not None:
        partition = uri.split(":")[1]
        uri = f"arn:{partition}:apigateway:{function[1]}:lambda:path/2015-03-31/functions/{uri}/invocations"
    told: dict[str, Any] = {"payloadFormatVersion": integration.payload_format_version}
    texts = {
        "type": ("aws_proxy" if integration.subtype else integration.type.lower()),
        "subtype": integration.subtype,
        "httpMethod": integration.method or ("POST" if function is not None else ""),
        "uri": uri,
        "credentials": integration.credentials_arn,
        "connectionType": integration.connection_type,
    }
    told |= {name: text for name, text in texts.items() if text}
    if integration.request_parameters:
        told["requestParameters"] = dict(integration.request_parameters)
    if integration.response_parameters:
        told["responseParameters"] = {code: dict(each) for code, each in integration.response_parameters.items()}
    return told | {"timeoutInMillis": round(integration.timeout_seconds * 1000)}


def _schemes(api: HttpApiDefinition, extensions: bool) -> dict[str, Any]:
    schemes = {_scheme_name(each): _scheme(each, extensions) for each in api.authorizers.values()}
    if any(route.authorization == "AWS_IAM" for route in api.routes):
        header = {"type": "apiKey", "name": "Authorization", "in": "header"}
        schemes[_SIGNATURE] = header | {"x-amazon-apigateway-authtype": "awsSigv4"}
    return dict(sorted(schemes.items()))


def _scheme_name(authorizer: Authorizer) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", authorizer.name) or authorizer.authorizer_id


def _scheme(authorizer: Authorizer, extensions: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"identitySource": ", ".join(authorizer.identity_sources)}
    if authorizer.type == "JWT":
        scheme: dict[str, Any] = {"type": "oauth2", "flows": {}}
        told["jwtConfiguration"] = {"issuer": authorizer.issuer, "audience": list(authorizer.audience)}
        told["type"] = "jwt"
    else:
        scheme = {"type": "apiKey", "name": "Unused", "in": "header"}
        if len(authorizer.identity_sources) == 1:
            kind, _, name = authorizer.identity_sources[0].removeprefix("$request.").partition(".")
            if kind in ("header", "querystring"):
                scheme |= {"name": name, "in": "query" if kind == "querystring" else "header"}
        told |= {"authorizerUri": authorizer.uri, "type": "request"}
        told["authorizerPayloadFormatVersion"] = authorizer.payload_format_version
        told["authorizerResultTtlInSeconds"] = authorizer.ttl_seconds
        told["enableSimpleResponses"] = authorizer.simple_responses
        if authorizer.credentials_arn:
            told["authorizerCredentials"] = authorizer.credentials_arn
    return scheme | ({"x-amazon-apigateway-authorizer": told} if extensions else {})


def _cors(cors: CorsConfiguration) -> dict[str, Any]:
    lists = {
        "allowOrigins": cors.allow_origins,
        "allowMethods": cors.allow_methods,
        "allowHeaders": cors.allow_headers,
        "exposeHeaders": cors.expose_headers,
    }
    told: dict[str, Any] = {name: list(values) for name, values in lists.items() if values}
    if cors.max_age_seconds is not None:
        told["maxAge"] = cors.max_age_seconds
    return told | ({"allowCredentials": True} if cors.allow_credentials else {})
