"""An `AWS::Serverless::Api` or `HttpApi` as the API of a pattern.

Source: AWS SAM Developer Guide, "AWS::Serverless::HttpApi", "AWS::Serverless::Api".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.sam.function_settings import Settings
from lambdakit.sam.properties import Properties

# What of an API's Auth refuses requests, and a document says otherwise or not at all.
_KEEPS_OUT: Final = ("ApiKeyRequired", "ResourcePolicy")
_STAND_IN: Final = "until it is written in the document, only signed requests (authorizer: {kind: iam}) are let in"


def http_api(properties: Properties) -> Settings:
    """The settings of an HTTP API."""
    settings: Settings = {"type": "http"}
    cors = properties.raw("CorsConfiguration")
    if isinstance(cors, Mapping):
        below = properties.below("CorsConfiguration")
        if found := _cors(below, "AllowOrigins", "AllowMethods", "AllowHeaders"):
            settings["cors"] = found
        below.finish()
    elif cors is not None:
        properties.gap("CorsConfiguration", "which origins may call is not said", "write cors: {allow_origins: […]}")
    _authorizer(properties, settings, jwt=True)
    # A document's API has one stage, with the default's name.
    properties.leave("StageName", "Name")
    properties.finish()
    return settings


def rest_api(properties: Properties) -> Settings:
    """The settings of a REST API."""
    settings: Settings = {"type": "rest"}
    cors = properties.raw("Cors")
    if isinstance(cors, Mapping):
        below = properties.below("Cors")
        if found := _cors(below, "AllowOrigin", "AllowMethods", "AllowHeaders"):
            settings["cors"] = found
        below.finish()
    elif (origin := properties.text("Cors")) is not None:
        settings["cors"] = {"allow_origins": _words(origin)}
    if (types := properties.texts("BinaryMediaTypes")) is not None:
        settings["binary_media_types"] = [name.replace("~1", "/") for name in types]
    if (size := properties.number("MinimumCompressionSize")) is not None:
        settings["minimum_compression_size"] = size
    if (tracing := properties.truth("TracingEnabled")) is not None:
        settings["tracing"] = tracing
    _authorizer(properties, settings, jwt=False)
    properties.leave("StageName", "Name", "OpenApiVersion")
    properties.finish()
    return settings


def _authorizer(properties: Properties, settings: Settings, *, jwt: bool) -> None:
    """Who may call. What cannot be carried over lets nobody in rather than everybody."""
    auth = properties.below("Auth")
    default = auth.text("DefaultAuthorizer")
    is_iam = default == "AWS_IAM" or auth.truth("EnableIamAuthorizer")
    found: Settings | None = {"kind": "iam"} if is_iam else None
    if default is not None and not is_iam:
        found = _jwt(auth.below("Authorizers").below(default)) if jwt else None
        if found is None:
            auth.gap("DefaultAuthorizer", f"the authorizer {default} is not carried over", _STAND_IN)
            found = {"kind": "iam"}
    elif default is None and not is_iam and "Authorizers" in auth:
        auth.gap("Authorizers", "authorizers of single routes are not carried over", _STAND_IN)
        found = {"kind": "iam"}
    closed = next((name for name in _KEEPS_OUT if name in auth), None)
    if found is None and closed is not None:
        auth.gap(closed, f"{closed} is not carried over", _STAND_IN)
        found = {"kind": "iam"}
    if found is None and _is_private(properties):
        found = {"kind": "iam"}
    if found is not None:
        settings["authorizer"] = found
    auth.leave("Authorizers", "AddDefaultAuthorizerToCorsPreflight")
    auth.finish()


def _is_private(properties: Properties) -> bool:
    """Whether not everybody reaches the API, though it asks nobody; which is noted."""
    endpoint, domain = properties.raw("EndpointConfiguration"), properties.raw("Domain")
    is_mutual = isinstance(domain, Mapping) and "MutualTlsAuthentication" in domain
    is_private = "PRIVATE" in str(endpoint)
    if endpoint is not None and (is_private or "EDGE" in str(endpoint)):
        problem = "a document's REST API is regional, and reached from everywhere"
        properties.gap("EndpointConfiguration", problem, _STAND_IN if is_private else "")
    if domain is not None:
        properties.gap("Domain", "not carried over", _STAND_IN if is_mutual else "see `domain` of the API")
    return is_private or is_mutual


def _jwt(authorizer: Properties) -> Settings | None:
    settings = authorizer.below("JwtConfiguration")
    issuer, audience = settings.text("issuer"), settings.texts("audience")
    if issuer is None or not audience:
        return None
    found: Settings = {"kind": "jwt", "issuer": issuer, "audience": audience}
    if scopes := authorizer.texts("AuthorizationScopes"):
        found["scopes"] = scopes
    return found


def _cors(cors: Properties, origins: str, methods: str, headers: str) -> Settings:
    found: Settings = {}
    for name, key in (
        (origins, "allow_origins"),
        (methods, "allow_methods"),
        (headers, "allow_headers"),
        ("ExposeHeaders", "expose_headers"),
    ):
        if (texts := cors.texts(name)) is not None:
            words = [word for text in texts for word in _words(text)]
            found[key] = ["ANY" if key == "allow_methods" and word == "*" else word for word in words]
    if "allow_origins" not in found:
        return {}
    if cors.truth("AllowCredentials"):
        found["allow_credentials"] = True
    if (age := cors.number("MaxAge")) is not None:
        found["max_age"] = f"{age}s"
    return found


def _words(text: str) -> list[str]:
    """What a REST API's CORS says: `"'GET,POST'"`, quotes within quotes."""
    return [word.strip() for word in text.strip("'\" ").split(",") if word.strip()]
