"""An OpenAPI 3 document made into the routes, integrations and authorizers of an HTTP API.

Source: API Gateway Developer Guide, "Use OpenAPI definitions for HTTP APIs in API Gateway", "OpenAPI extensions for API
Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.deployment.provisioner import ResourceRefused
from lambdakit.harness.deployment.provisioners.api_gateway_v2_integrations import create_integration, create_route
from lambdakit.harness.deployment.service_call import call

_EXTENSION: Final = "x-amazon-apigateway"
_ANY: Final = f"{_EXTENSION}-any-method"
_VERBS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_DEFAULT_PATH: Final = "/$default"
# Of an integration's extension -> the property of `AWS::ApiGatewayV2::Integration`.
_INTEGRATION: Final = {
    "connectionId": "ConnectionId",
    "connectionType": "ConnectionType",
    "credentials": "CredentialsArn",
    "httpMethod": "IntegrationMethod",
    "integrationSubtype": "IntegrationSubtype",
    "payloadFormatVersion": "PayloadFormatVersion",
    "requestParameters": "RequestParameters",
    "responseParameters": "ResponseParameters",
    "timeoutInMillis": "TimeoutInMillis",
    "tlsConfig": "TlsConfig",
    "uri": "IntegrationUri",
}
_Operation = Mapping[str, Any]


def import_document(client: Any, api_id: str, document: Mapping[str, Any]) -> None:
    """Makes what the document says. The caller deletes the API, or what this made, when it fails."""
    authorizers = _import_authorizers(client, api_id, document)
    for path, item in (document.get("paths") or {}).items():
        for verb, operation in (item or {}).items():
            if verb.lower() in (*_VERBS, _ANY):
                _import_operation(
                    client, api_id, document, _route_key(path, verb.lower(), operation), operation, authorizers
                )


def cors_of(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The document's cross-origin rules; None without any."""
    found = document.get(f"{_EXTENSION}-cors")
    return found if isinstance(found, Mapping) else None


def clear(client: Any, api_id: str) -> None:
    """Deletes routes, integrations, and the authorizers that routes ask for: moto does not list them."""
    routes = client.get_routes(ApiId=api_id)["Items"]
    for route in routes:
        client.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for integration in client.get_integrations(ApiId=api_id)["Items"]:
        client.delete_integration(ApiId=api_id, IntegrationId=integration["IntegrationId"])
    for authorizer_id in {route["AuthorizerId"] for route in routes if route.get("AuthorizerId")}:
        client.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer_id)


def _route_key(path: str, verb: str, operation: _Operation) -> str:
    if path == _DEFAULT_PATH or operation.get("isDefaultRoute") is True:
        return "$default"
    return f"{'ANY' if verb == _ANY else verb.upper()} {path}"


def _import_operation(
    client: Any,
    api_id: str,
    document: Mapping[str, Any],
    route_key: str,
    operation: _Operation,
    authorizers: Mapping[str, tuple[str, str]],
) -> None:
    route = {"ApiId": api_id, "RouteKey": route_key, **_security(document, operation, authorizers)}
    extension = _resolved(document, operation.get(f"{_EXTENSION}-integration"))
    if extension is not None:
        integration = {
            "ApiId": api_id,
            "IntegrationType": str(extension.get("type", "")).upper(),
            **{name: extension[key] for key, name in _INTEGRATION.items() if extension.get(key) is not None},
        }
        try:
            integration_id = create_integration(client, integration)
        except ResourceRefused as refused:
            raise ResourceRefused(f"{route_key}: {refused.problem}", property_pointer="Body") from None
        route["Target"] = f"integrations/{integration_id}"
    create_route(client, route)


def _resolved(document: Mapping[str, Any], value: Any) -> Mapping[str, Any] | None:
    """An extension's object, or the one that its `$ref` leads to."""
    if not isinstance(value, Mapping):
        return None
    reference = value.get("$ref")
    if reference is None:
        return value
    found: Any = document
    for part in str(reference).removeprefix("#/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise ResourceRefused(f"{reference} leads to nothing in the document", property_pointer="Body")
    return found


def _security(
    document: Mapping[str, Any], operation: _Operation, authorizers: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """What a route's properties say of authorization."""
    auth = operation.get(f"{_EXTENSION}-auth")
    if isinstance(auth, Mapping) and str(auth.get("type")).upper() in ("AWS_IAM", "NONE"):
        return {"AuthorizationType": str(auth["type"]).upper()}
    for requirement in operation.get("security", document.get("security")) or ():
        for name, scopes in requirement.items():
            if name in authorizers:
                kind, authorizer_id = authorizers[name]
                scoped = {"AuthorizationScopes": list(scopes)} if scopes else {}
                return {"AuthorizationType": kind, "AuthorizerId": authorizer_id, **scoped}
            scheme = _schemes(document).get(name) or {}
            if scheme.get(f"{_EXTENSION}-authtype") == "awsSigv4":
                return {"AuthorizationType": "AWS_IAM"}
    return {}


def _import_authorizers(client: Any, api_id: str, document: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
    """By the scheme's name: the type that a route states, and the authorizer's id."""
    made = {}
    for name, scheme in _schemes(document).items():
        settings = _resolved(document, (scheme or {}).get(f"{_EXTENSION}-authorizer"))
        if settings is None:
            continue
        kind = "JWT" if str(settings.get("type")).lower() == "jwt" else "REQUEST"
        authorizer = call(
            client, "create_authorizer", _authorizer(settings), ApiId=api_id, Name=name, AuthorizerType=kind
        )
        made[name] = ("JWT" if kind == "JWT" else "CUSTOM", str(authorizer["AuthorizerId"]))
    return made


def _authorizer(settings: Mapping[str, Any]) -> dict[str, Any]:
    sources = settings.get("identitySource") or []
    named = {
        "AuthorizerCredentialsArn": settings.get("authorizerCredentials"),
        "AuthorizerPayloadFormatVersion": settings.get("authorizerPayloadFormatVersion"),
        "AuthorizerResultTtlInSeconds": settings.get("authorizerResultTtlInSeconds"),
        "AuthorizerUri": settings.get("authorizerUri"),
        "EnableSimpleResponses": settings.get("enableSimpleResponses"),
        "IdentitySource": [part.strip() for part in sources.split(",")] if isinstance(sources, str) else list(sources),
        "JwtConfiguration": settings.get("jwtConfiguration"),
    }
    return {name: value for name, value in named.items() if value is not None}


def _schemes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (document.get("components") or {}).get("securitySchemes") or {}
    return found
