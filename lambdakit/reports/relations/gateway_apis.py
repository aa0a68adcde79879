"""Function URLs, load balancers and GraphQL APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lambdakit.reports.node_kinds import Kind
from lambdakit.reports.relations.relation import End, Key, Relation, Verb
from lambdakit.reports.rendered_value import rendered
from lambdakit.reports.world import Resource, World

_SOURCES: Final = (
    *("LambdaConfig", "DynamoDBConfig", "EventBridgeConfig", "OpenSearchServiceConfig", "RelationalDatabaseConfig"),
)
_EVERY_REQUEST: Final = "$default"


def gateway_apis(world: World) -> Iterator[Relation]:
    """API -> function, or API -> route -> function or table."""
    for url in world.of_type("AWS::Lambda::Url"):
        for end in world.ends(url, url.properties.get("TargetFunctionArn"), kind=Kind.FUNCTION):
            yield Relation(start=End(kind=Kind.API, resource=url.key), verb=Verb.TRIGGERS, end=end)
    yield from _load_balancers(world)
    yield from _graphql(world)


def _load_balancers(world: World) -> Iterator[Relation]:
    groups = _target_groups(world)
    for listener in world.of_type("AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"):
        properties = listener.properties
        actions = properties.get("Actions", properties.get("DefaultActions"))
        owner = properties.get("LoadBalancerArn", properties.get("ListenerArn"))
        ends = [end for key in world.referred(listener.key[0], actions) for end in groups.get(key, ())]
        conditions = properties.get("Conditions")
        label = _condition(conditions) if isinstance(conditions, list) else ""
        for balancer in world.ends(listener, owner):
            if balancer.kind is not Kind.API:
                continue
            for end in ends:
                if label:
                    route = End(kind=Kind.ROUTE, resource=balancer.resource, name=label)
                    yield Relation(start=balancer, verb=Verb.TRIGGERS, end=route)
                    yield Relation(start=route, verb=Verb.TRIGGERS, end=end)
                else:
                    yield Relation(start=balancer, verb=Verb.TRIGGERS, end=end)


def _condition(conditions: list[object]) -> str:
    """What requests a rule takes: its methods, then its paths or hosts."""
    found: dict[str, str] = {}
    for condition in conditions:
        if isinstance(condition, Mapping):
            values = next(
                (
                    value.get("Values")
                    for name, value in condition.items()
                    if name.endswith("Config") and isinstance(value, Mapping)
                ),
                condition.get("Values"),
            )
            texts = [rendered(value) for value in values] if isinstance(values, list) else []
            found[rendered(condition.get("Field"))] = ", ".join(texts)
    order = ("http-request-method", "path-pattern", "host-header")
    return " ".join(found[name] for name in order if found.get(name)) or _EVERY_REQUEST


def _target_groups(world: World) -> Mapping[Key, tuple[End, ...]]:
    found: dict[Key, tuple[End, ...]] = {}
    for group in world.of_type("AWS::ElasticLoadBalancingV2::TargetGroup"):
        found[group.key] = world.ends(group, group.properties.get("Targets"))
    for service in world.of_type("AWS::ECS::Service"):
        for key in world.referred(service.key[0], service.properties.get("LoadBalancers")):
            if key in found:
                found[key] = (*found[key], End(kind=Kind.SERVICE, resource=service.key))
    return found


def _graphql(world: World) -> Iterator[Relation]:
    sources: dict[Key, tuple[End, ...]] = {}
    for source in world.of_type("AWS::AppSync::DataSource"):
        found = [end for name in _SOURCES for end in _named(world, source, name)]
        sources[source.key] = tuple(dict.fromkeys(found))
    answered: set[Key] = set()
    for resolver in world.of_type("AWS::AppSync::Resolver"):
        name = resolver.properties.get("DataSourceName")
        keys = world.referred(resolver.key[0], name) or tuple(
            key for key in sources if key[0] == resolver.key[0] and world.resources[key].properties.get("Name") == name
        )
        answered.update(keys)
        yield from _resolved(world, resolver, [end for key in keys for end in sources.get(key, ())])
    for key, ends in sources.items():
        if key not in answered:
            for api in _apis(world, world.resources[key]):
                for end in ends:
                    yield Relation(start=api, verb=Verb.TRIGGERS, end=end)


def _resolved(world: World, resolver: Resource, ends: Sequence[End]) -> Iterator[Relation]:
    field = f"{rendered(resolver.properties.get('TypeName'))}.{rendered(resolver.properties.get('FieldName'))}"
    for api in _apis(world, resolver) if ends else ():
        route = End(kind=Kind.ROUTE, resource=api.resource, name=field)
        yield Relation(start=api, verb=Verb.TRIGGERS, end=route)
        for end in ends:
            yield Relation(start=route, verb=Verb.TRIGGERS, end=end)


def _named(world: World, source: Resource, name: str) -> tuple[End, ...]:
    settings = source.properties.get(name)
    return world.ends(source, dict(settings)) if isinstance(settings, Mapping) else ()


def _apis(world: World, resource: Resource) -> Iterator[End]:
    return (end for end in world.ends(resource, resource.properties.get("ApiId")) if end.kind is Kind.API)
