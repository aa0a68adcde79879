"""Who may call a REST API, as a document's security schemes and the requirements of its operations.

Source: API Gateway Developer Guide, "x-amazon-apigateway-authorizer object", "x-amazon-apigateway-authtype property",
"Integrate a REST API with an Amazon Cognito user pool" (`cognito_user_pools`), "Set up API keys using OpenAPI".
"""

from __future__ import annotations

from typing import Any, Final

from lambdakit.harness.moto_state.rest_definition import Method, RestApiDefinition, RestAuthorizer

_KEY: Final = "api_key"
_SIGNATURE: Final = "sigv4"
_AUTHTYPE: Final = "x-amazon-apigateway-authtype"
_PLACES: Final = {"header": "header", "querystring": "query"}


def requirements(method: Method, api: RestApiDefinition) -> list[dict[str, list[str]]]:
    """The requirements of an operation: all of them at once, as API Gateway asks for them."""
    together: dict[str, list[str]] = {}
    if method.authorization == "AWS_IAM":
        together[_SIGNATURE] = []
    elif method.authorizer_id in api.authorizers:
        together[scheme_name(api.authorizers[method.authorizer_id])] = list(method.scopes)
    if method.api_key_required:
        together[_KEY] = []
    return [together] if together else []


def security_schemes(api: RestApiDefinition, *, with_authorizers: bool) -> dict[str, Any]:
    """The schemes by name. with_authorizers: whether the API's own extensions are told."""
    methods = [method for resource in api.resources.values() for method in resource.methods.values()]
    schemes: dict[str, Any] = {}
    for authorizer in api.authorizers.values():
        schemes[scheme_name(authorizer)] = _scheme(authorizer, with_authorizers)
    if any(method.authorization == "AWS_IAM" for method in methods):
        schemes[_SIGNATURE] = _in_header("Authorization") | {_AUTHTYPE: "awsSigv4"}
    if any(method.api_key_required for method in methods):
        schemes[_KEY] = _in_header("x-api-key")
    return dict(sorted(schemes.items()))


def scheme_name(authorizer: RestAuthorizer) -> str:
    """What the authorizer is called; OpenAPI allows fewer letters than API Gateway."""
    allowed = (
        letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in authorizer.name
    )
    return "".join(allowed) or authorizer.authorizer_id


def _scheme(authorizer: RestAuthorizer, with_authorizers: bool) -> dict[str, Any]:
    place, name = "header", "Unused"
    if len(authorizer.identity_sources) == 1:
        kind, _, rest = authorizer.identity_sources[0].removeprefix("method.request.").partition(".")
        if kind in _PLACES:
            place, name = _PLACES[kind], rest
    scheme: dict[str, Any] = {"type": "apiKey", "name": name, "in": place}
    pools = authorizer.type == "COGNITO_USER_POOLS"
    scheme[_AUTHTYPE] = "cognito_user_pools" if pools else "custom"
    if not with_authorizers:
        return scheme
    extension: dict[str, Any] = {"type": authorizer.type.lower()}
    if pools:
        extension["providerARNs"] = list(authorizer.provider_arns)
    else:
        extension["authorizerUri"] = authorizer.uri
        extension["authorizerResultTtlInSeconds"] = authorizer.ttl_seconds
    if authorizer.credentials_arn:
        extension["authorizerCredentials"] = authorizer.credentials_arn
    if authorizer.type == "REQUEST":
        extension["identitySource"] = ", ".join(authorizer.identity_sources)
    if authorizer.validation_expression:
        extension["identityValidationExpression"] = authorizer.validation_expression
    return scheme | {"x-amazon-apigateway-authorizer": extension}


def _in_header(name: str) -> dict[str, Any]:
    return {"type": "apiKey", "name": name, "in": "header"}
