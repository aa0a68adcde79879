"""The routes of API Gateway's APIs: which request goes where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Key, Relation, Verb
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.world import Resource, World

_APIS: Final = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
_INTEGRATION: Final = "x-amazon-apigateway-integration"
_DEPTH_MAX: Final = 64


def api_routes(world: World) -> Iterator[Relation]:
    """API -> route -> function, queue or whatever else answers; API -> who says who may call."""
    for route in world.of_type("AWS::ApiGatewayV2::Route"):
        for api in _apis(world, route, "ApiId"):
            yield from _of_route(api, rendered(route.properties.get("RouteKey")), _route_ends(world, route))
    for api_resource in world.of_type(*_APIS):
        own = End(kind=Kind.API, resource=api_resource.key)
        yield from _of_body(world, api_resource, own)
        for end in world.ends(api_resource, api_resource.properties.get("Target")):
            yield Relation(start=own, verb=Verb.TRIGGERS, end=end)
    for method in world.of_type("AWS::ApiGateway::Method"):
        integration = method.properties.get("Integration")
        if isinstance(integration, Mapping) and integration.get("Type") != "MOCK":
            key = f"{rendered(method.properties.get('HttpMethod'))} {_path(world, method)}"
            for api in _apis(world, method, "RestApiId"):
                yield from _of_route(api, key, _integration_ends(world, method, integration, "Uri"))
    yield from _authorizers(world)


def _of_route(api: End, key: str, ends: tuple[End, ...]) -> Iterator[Relation]:
    route = End(kind=Kind.ROUTE, resource=api.resource, name=key)
    if ends:
        yield Relation(start=api, verb=Verb.TRIGGERS, end=route)
    for end in ends:
        yield Relation(start=route, verb=Verb.TRIGGERS, end=end)


def _apis(world: World, resource: Resource, name: str) -> Iterator[End]:
    return (end for end in world.ends(resource, resource.properties.get(name)) if end.kind is Kind.API)


def _route_ends(world: World, route: Resource) -> tuple[End, ...]:
    found: list[End] = []
    for key in world.referred(route.key[0], route.properties.get("Target")):
        integration = world.resources[key]
        if integration.type == "AWS::ApiGatewayV2::Integration":
            found += _integration_ends(world, integration, integration.properties, "IntegrationUri")
    return tuple(dict.fromkeys(found))


def _integration_ends(
    world: World, resource: Resource, integration: Mapping[str, object], name: str
) -> tuple[End, ...]:
    """What answers; of a service's own action, what the request to it names."""
    address = integration.get(name)
    found = world.ends(resource, address) or world.ends(resource, dict(integration))
    if found:
        return found
    host = urlsplit(text).hostname if (text := rendered(address)).startswith(("http://", "https://")) else None
    return (End(kind=Kind.OUTSIDE, name=host),) if host and "$" not in host else ()


def _path(world: World, method: Resource) -> str:
    """The path of a REST API's method: the parts of the resources that lead to it."""
    parts: list[str] = []
    value: object = method.properties.get("ResourceId")
    stack = method.key[0]
    for _ in range(_DEPTH_MAX):
        keys = world.referred(stack, value)
        resource = world.resources[keys[0]] if keys else None
        if resource is None or resource.type != "AWS::ApiGateway::Resource":
            break
        parts.insert(0, rendered(resource.properties.get("PathPart")))
        stack, value = resource.key[0], resource.properties.get("ParentId")
    return "/" + "/".join(parts)


def _of_body(world: World, resource: Resource, api: End) -> Iterator[Relation]:
    """The routes of an API that is written as an OpenAPI document."""
    body = resource.properties.get("Body")
    paths = body.get("paths") if isinstance(body, Mapping) else None
    for path, methods in paths.items() if isinstance(paths, Mapping) else ():
        for method, operation in methods.items() if isinstance(methods, Mapping) else ():
            integration = operation.get(_INTEGRATION) if isinstance(operation, Mapping) else None
            if isinstance(integration, Mapping) and rendered(integration.get("type")).lower() != "mock":
                verb = "ANY" if "any" in method.lower() else method.upper()
                yield from _of_route(api, f"{verb} {path}", _integration_ends(world, resource, integration, "uri"))


def _authorizers(world: World) -> Iterator[Relation]:
    for authorizer in world.of_type("AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer"):
        properties = authorizer.properties
        asked: dict[Key | None, End] = {}
        for name in ("AuthorizerUri", "ProviderARNs", "JwtConfiguration"):
            for end in world.ends(authorizer, properties.get(name)):
                if end.kind in (Kind.FUNCTION, Kind.USER_POOL):
                    asked[end.resource] = end
        for api in (*_apis(world, authorizer, "RestApiId"), *_apis(world, authorizer, "ApiId")):
            for end in asked.values():
                yield Relation(start=api, verb=Verb.ASKS, end=end)
