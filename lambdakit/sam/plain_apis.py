"""APIs of a template whose routes all call functions, as SAM's APIs and events; any other stays as it is.

Source: CloudFormation Template Reference, "Amazon API Gateway V2", "Amazon API Gateway"; API Gateway Developer Guide,
"Set up Lambda proxy integrations" (the integration's URI) and "Enable CORS on a resource" (the answers of a mock).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.records import dataclass
from lambdakit.sam.plain_parts import PlainParts
from lambdakit.sam.policies import referred
from lambdakit.sam.references import mentions
from lambdakit.spec.pointer import Pointer

_V2: Final = "AWS::ApiGatewayV2::"
_V1: Final = "AWS::ApiGateway::"
_SERVICE: Final = "apigateway"
_OF_HTTP_APIS: Final = frozenset({"Name", "ProtocolType", "CorsConfiguration", "Description", "Target", "RouteKey"})
_OF_REST_APIS: Final = frozenset(
    {"Name", "Description", "EndpointConfiguration", "BinaryMediaTypes", "MinimumCompressionSize"}
)
_OF_METHODS: Final = frozenset(
    {"RestApiId", "ResourceId", "HttpMethod", "AuthorizationType", "Integration", "MethodResponses", "ApiKeyRequired"}
)
_OF_REST_INTEGRATIONS: Final = frozenset(
    {"Type", "IntegrationHttpMethod", "Uri", "PassthroughBehavior", "IntegrationResponses"}
)
_OF_ROUTES: Final = frozenset({"ApiId", "RouteKey", "Target", "AuthorizationType", "AuthorizerId", "OperationName"})
_OF_HTTP_INTEGRATIONS: Final = frozenset(
    {"ApiId", "IntegrationType", "IntegrationMethod", "IntegrationUri", "PayloadFormatVersion", "Description"}
)
_OF_AUTHORIZERS: Final = frozenset({"ApiId", "AuthorizerType", "IdentitySource", "JwtConfiguration", "Name"})
_TOKEN: Final = "$request.header.Authorization"
_OF_STAGES: Final = frozenset(
    {"ApiId", "RestApiId", "StageName", "AutoDeploy", "DeploymentId", "Description", "TracingEnabled"}
)
_CORS_HEADERS: Final = {
    "AllowOrigin": "Access-Control-Allow-Origin",
    "AllowMethods": "Access-Control-Allow-Methods",
    "AllowHeaders": "Access-Control-Allow-Headers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """function: its logical id. path: None for every path. authorizer: as SAM names it. origin: what writes it."""

    function: str
    method: str
    path: str | None
    authorizer: str = ""
    properties: Mapping[str, Any]
    origin: str


class PlainApis:
    """The APIs of one template."""

    def __init__(self, parts: PlainParts) -> None:
        self._parts = parts

    def read(self) -> None:
        """Makes SAM's of those whose routes all call functions."""
        for logical_id, properties in list(self._parts.of_type(f"{_V2}Api")):
            if properties.get("ProtocolType") == "HTTP" and properties.keys() <= _OF_HTTP_APIS:
                self._http_api(logical_id, properties)
        for logical_id, properties in list(self._parts.of_type(f"{_V1}RestApi")):
            if properties.keys() <= _OF_REST_APIS and _is_public(properties.get("EndpointConfiguration")):
                self._rest_api(logical_id, properties)

    def _of(self, type_name: str, key: str, logical_id: str) -> dict[str, Mapping[str, Any]]:
        """The resources of a type that belong to an API."""
        found = self._parts.of_type(type_name)
        return {name: properties for name, properties in found if referred(properties.get(key)) == logical_id}

    def _http_api(self, logical_id: str, properties: Mapping[str, Any]) -> None:
        integrations = self._of(f"{_V2}Integration", "ApiId", logical_id)
        authorizers = self._of(f"{_V2}Authorizer", "ApiId", logical_id)
        written = self._of(f"{_V2}Route", "ApiId", logical_id)
        routes = [_http_route(self._parts, name, route, integrations, authorizers) for name, route in written.items()]
        if "Target" in properties:
            routes.append(self._quick(logical_id, properties))
        jwt = {name: _jwt(authorizer) for name, authorizer in authorizers.items()}
        if not routes or None in routes or None in jwt.values():
            return
        stages = self._of(f"{_V2}Stage", "ApiId", logical_id)
        deployments = self._of(f"{_V2}Deployment", "ApiId", logical_id)
        gone = (*integrations, *authorizers, *written, *stages, *deployments)
        if self._is_named(gone) or any(map(self._parts.is_bound, (logical_id, *gone))):
            return
        settings: dict[str, Any] = {}
        if "CorsConfiguration" in properties:
            settings["CorsConfiguration"] = properties["CorsConfiguration"]
        found = [route for route in routes if route is not None]
        self._authorize(settings, found, jwt)
        self._note_stages(stages, "$default")
        self._replace(logical_id, "AWS::Serverless::HttpApi", settings, found, kind="HttpApi", name="ApiId")
        self._parts.consume(*gone)

    def _quick(self, logical_id: str, properties: Mapping[str, Any]) -> _Route | None:
        """The one route of an API that names its target itself."""
        function = self._parts.function(properties["Target"])
        method, path = _split(str(properties.get("RouteKey", "$default")))
        if function is None:
            return None
        return _Route(function=function, method=method, path=path, properties={}, origin=logical_id)

    def _rest_api(self, logical_id: str, properties: Mapping[str, Any]) -> None:
        resources = self._of(f"{_V1}Resource", "RestApiId", logical_id)
        methods = self._of(f"{_V1}Method", "RestApiId", logical_id)
        deployments = self._of(f"{_V1}Deployment", "RestApiId", logical_id)
        stages = self._of(f"{_V1}Stage", "RestApiId", logical_id)
        routes = []
        cors: dict[str, str] = {}
        for name, method in methods.items():
            if method.get("HttpMethod") == "OPTIONS" and _integration(method).get("Type") == "MOCK":
                cors |= _cors(method)
            else:
                routes.append(_rest_route(self._parts, name, method, resources, logical_id))
        apart = self._of(f"{_V1}Authorizer", "RestApiId", logical_id) or self._of(
            f"{_V1}RequestValidator", "RestApiId", logical_id
        )
        gone = (*resources, *methods, *deployments, *stages)
        is_bound = any(map(self._parts.is_bound, (logical_id, *gone)))
        if not routes or None in routes or apart or is_bound or self._is_named(gone):
            return
        settings = {key: value for key, value in properties.items() if key not in ("Name", "Description")}
        if cors:
            settings["Cors"] = cors
        for stage in stages.values():
            if "TracingEnabled" in stage:
                settings["TracingEnabled"] = stage["TracingEnabled"]
        found = [route for route in routes if route is not None]
        self._authorize(settings, found, {})
        self._note_stages(stages, "prod")
        self._replace(logical_id, "AWS::Serverless::Api", settings, found, kind="Api", name="RestApiId")
        self._parts.consume(*gone)

    def _is_named(self, gone: tuple[str, ...]) -> bool:
        """Whether anything but these, and addresses in outputs, names one of them."""
        for name in gone:
            for place in self._parts.users(name):
                user = str(place[0])
                if user in gone or self._parts.type_of(user) in ("", "AWS::Lambda::Permission"):
                    continue
                return True
        return False

    def _note_stages(self, stages: Mapping[str, Mapping[str, Any]], name: str) -> None:
        for logical_id, stage in stages.items():
            here: Pointer = ("Resources", logical_id, "Properties")
            if stage.get("StageName") != name:
                problem = f"not carried over: a document's API has one stage, {name}"
                self._parts.note((*here, "StageName"), problem, "see the pattern's output, which has the address")
            for key in stage.keys() - _OF_STAGES:
                self._parts.note((*here, key), "not carried over", "see `throttle`, `tracing` and overrides of the API")

    def _authorize(self, settings: dict[str, Any], routes: list[_Route], jwt: Mapping[str, Any]) -> None:
        """Writes an authorizer that any route has as that of the whole API; routes without one say so."""
        names = {route.authorizer for route in routes if route.authorizer}
        if not names:
            return
        name = sorted(names)[0]
        auth: dict[str, Any] = {"DefaultAuthorizer": name}
        if jwt:
            auth["Authorizers"] = dict(jwt)
        settings["Auth"] = auth

    def _replace(
        self, logical_id: str, type_name: str, settings: dict[str, Any], routes: list[_Route], *, kind: str, name: str
    ) -> None:
        is_guarded = "Auth" in settings
        self._parts.replace(logical_id, type_name, settings)
        for route in routes:
            event: dict[str, Any] = {name: {"Ref": logical_id}, **route.properties}
            if route.path is not None:
                event |= {"Path": route.path, "Method": route.method}
            if is_guarded and route.authorizer != settings["Auth"]["DefaultAuthorizer"]:
                event["Auth"] = {"Authorizer": route.authorizer or "NONE"}
            self._parts.add_event(route.function, route.origin, kind, event, ("Resources", route.origin), _SERVICE)


def _http_route(
    parts: PlainParts,
    logical_id: str,
    route: Mapping[str, Any],
    integrations: Mapping[str, Mapping[str, Any]],
    authorizers: Mapping[str, Mapping[str, Any]],
) -> _Route | None:
    named = [name for name, _ in mentions(route.get("Target")) if name in integrations]
    integration = integrations[named[0]] if len(named) == 1 else {}
    function = _function(parts, integration.get("IntegrationUri"))
    if function is None or integration.get("IntegrationType") != "AWS_PROXY":
        return None
    if not (route.keys() <= _OF_ROUTES and integration.keys() <= _OF_HTTP_INTEGRATIONS):
        return None
    kind = route.get("AuthorizationType", "NONE")
    authorizer = referred(route.get("AuthorizerId")) or ""
    if (kind == "JWT" and authorizer not in authorizers) or kind not in ("NONE", "JWT", "AWS_IAM"):
        return None
    method, path = _split(str(route.get("RouteKey")))
    properties = {"PayloadFormatVersion": integration.get("PayloadFormatVersion", "1.0")}
    return _Route(
        function=function,
        method=method,
        path=path,
        authorizer={"JWT": authorizer, "AWS_IAM": "AWS_IAM"}.get(str(kind), ""),
        properties=properties,
        origin=logical_id,
    )


def _split(route_key: str) -> tuple[str, str | None]:
    method, _, path = route_key.partition(" ")
    return (method, path) if path else ("ANY", None)


def _function(parts: PlainParts, uri: object) -> str | None:
    """The one function that an integration's address names."""
    names = {name for name, _ in mentions(uri) if not name.startswith("AWS::")}
    return parts.function({"Ref": names.pop()}) if len(names) == 1 else None


def _jwt(authorizer: Mapping[str, Any]) -> dict[str, Any] | None:
    settings = authorizer.get("JwtConfiguration")
    if authorizer.get("AuthorizerType") != "JWT" or not isinstance(settings, Mapping):
        return None
    is_usual = authorizer.get("IdentitySource", _TOKEN) in (_TOKEN, [_TOKEN])
    if not is_usual or not (authorizer.keys() <= _OF_AUTHORIZERS and settings.keys() <= {"Issuer", "Audience"}):
        return None
    return {"JwtConfiguration": {"issuer": settings.get("Issuer"), "audience": settings.get("Audience")}}


def _integration(method: Mapping[str, Any]) -> Mapping[str, Any]:
    found = method.get("Integration")
    return found if isinstance(found, Mapping) else {}


def _rest_route(
    parts: PlainParts,
    logical_id: str,
    method: Mapping[str, Any],
    resources: Mapping[str, Mapping[str, Any]],
    api: str,
) -> _Route | None:
    integration = _integration(method)
    function = _function(parts, integration.get("Uri"))
    kind = method.get("AuthorizationType", "NONE")
    path = _path(method.get("ResourceId"), resources, api)
    if function is None or path is None or integration.get("Type") != "AWS_PROXY" or kind not in ("NONE", "AWS_IAM"):
        return None
    if not (method.keys() <= _OF_METHODS and integration.keys() <= _OF_REST_INTEGRATIONS):
        return None
    if method.get("ApiKeyRequired") not in (None, False, "false"):
        return None
    return _Route(
        function=function,
        method=str(method.get("HttpMethod")),
        path=path,
        authorizer="AWS_IAM" if kind == "AWS_IAM" else "",
        properties={},
        origin=logical_id,
    )


def _is_public(endpoint: object) -> bool:
    """Whether everybody may reach an API by its endpoint, as by one of a document's."""
    if endpoint is None:
        return True
    types = endpoint.get("Types") if isinstance(endpoint, Mapping) and endpoint.keys() == {"Types"} else None
    return isinstance(types, list) and all(each in ("EDGE", "REGIONAL") for each in types)


def _path(value: object, resources: Mapping[str, Mapping[str, Any]], api: str) -> str | None:
    """The path of a resource, from its parts; None where one of them is not in the template."""
    segments: list[str] = []
    name = referred(value)
    while name is not None and name != api:
        resource = resources.get(name)
        part = resource.get("PathPart") if resource is not None else None
        if resource is None or not isinstance(part, str) or len(segments) > len(resources):
            return None
        segments.insert(0, part)
        name = referred(resource.get("ParentId"))
    return f"/{'/'.join(segments)}" if name == api else None


def _cors(method: Mapping[str, Any]) -> dict[str, str]:
    """What an answer without a function lets browsers do."""
    found: dict[str, str] = {}
    responses = _integration(method).get("IntegrationResponses")
    for response in responses if isinstance(responses, list) else ():
        written = response.get("ResponseParameters") if isinstance(response, Mapping) else None
        for name, header in _CORS_HEADERS.items():
            value = written.get(f"method.response.header.{header}") if isinstance(written, Mapping) else None
            if isinstance(value, str):
                found[name] = value
    return found
