"""A GraphQL API as its front door reads it: providers, resolvers and where they lead.

Source: AWS AppSync API Reference, "GraphqlApi", "Resolver", "FunctionConfiguration", "DataSource".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Final

from lambdakit.harness.routing.graphql.api_record import ApiRecord, Given
from lambdakit.records import dataclass

DEFAULT_RESOLVERS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A way to be let in. kind: as AppSync's API calls it. settings: what its kind needs, by the API's names."""

    kind: str
    settings: Given = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Where resolvers ask. kind: as AppSync's API calls it. place: what its kind needs. role_arn: empty for none."""

    name: str
    kind: str
    role_arn: str = ""
    place: Given = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Two handlers around a data source: of a resolver that is a unit, of a function of a pipeline, or around it all.

    source: None around a pipeline. code: JavaScript; None for templates. request, response: templates; None for none.
    version: of templates that say none themselves. batch_max: how many of a field's calls are put in one; 0 for none.
    """

    name: str
    source: DataSource | None
    code: str | None = None
    request: str | None = None
    response: str | None = None
    batch_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """What resolves a field. functions: of a pipeline; None for a unit."""

    type_name: str
    field_name: str
    step: Step
    functions: tuple[Step, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlDefinition:
    """An API as it is now.

    providers: the default one first. keys: when each expires, in seconds since 1970. depth_max: 0 for any depth.
    log_config: None for no log.
    """

    record: ApiRecord
    name: str
    schema_text: str
    providers: tuple[Provider, ...]
    keys: Mapping[str, int]
    resolvers: Mapping[tuple[str, str], Resolver]
    environment: Mapping[str, str]
    introspects: bool = True
    depth_max: int = 0
    resolvers_max: int = DEFAULT_RESOLVERS_MAX
    log_config: Given | None = None


def kept_definition(find: Callable[[], ApiRecord | None]) -> Callable[[], GraphqlDefinition | None]:
    """Gives the API as it is now, and reads it again only after it was changed."""
    kept: list[tuple[ApiRecord | None, int, GraphqlDefinition | None]] = [(None, -1, None)]

    def definition() -> GraphqlDefinition | None:
        record = find()
        if record is None:
            return None
        known, version, found = kept[0]
        if known is not record or version != record.version:
            version, found = record.version, read_definition(record)
            kept[0] = (record, version, found)
        return found

    return definition


def read_definition(record: ApiRecord) -> GraphqlDefinition:
    """The API that a record holds."""
    settings = record.settings
    sources = {name: _source(source) for name, source in list(record.sources.items())}
    functions = {key: _step(function["name"], function, sources) for key, function in list(record.functions.items())}
    return GraphqlDefinition(
        record=record,
        name=settings["name"],
        schema_text=record.definition,
        providers=tuple(
            _provider(each) for each in (settings, *(settings.get("additionalAuthenticationProviders") or ()))
        ),
        keys={key: int(each["expires"]) for key, each in list(record.keys.items())},
        resolvers={
            place: _resolver(resolver, sources, functions) for place, resolver in list(record.resolvers.items())
        },
        environment=dict(record.environment),
        introspects=settings.get("introspectionConfig", "ENABLED") != "DISABLED",
        depth_max=int(settings.get("queryDepthLimit") or 0),
        resolvers_max=int(settings.get("resolverCountLimit") or 0) or DEFAULT_RESOLVERS_MAX,
        log_config=settings.get("logConfig"),
    )


def _provider(given: Given) -> Provider:
    named = ("userPoolConfig", "openIDConnectConfig", "lambdaAuthorizerConfig")
    kind = str(given["authenticationType"])
    wanted = {"AMAZON_COGNITO_USER_POOLS": named[0], "OPENID_CONNECT": named[1], "AWS_LAMBDA": named[2]}.get(kind)
    return Provider(kind=kind, settings=dict(given.get(wanted) or {}) if wanted is not None else {})


def _source(given: Given) -> DataSource:
    place: dict[str, Any] = {}
    for name, value in given.items():
        if name.endswith("Config") and isinstance(value, Mapping):
            place |= value
    return DataSource(name=given["name"], kind=given["type"], role_arn=given.get("serviceRoleArn") or "", place=place)


def _step(name: str, given: Given, sources: Mapping[str, DataSource]) -> Step:
    return Step(
        name=name,
        source=sources.get(given.get("dataSourceName") or ""),
        code=given.get("code"),
        request=given.get("requestMappingTemplate") or None,
        response=given.get("responseMappingTemplate") or None,
        batch_max=int(given.get("maxBatchSize") or 0),
    )


def _resolver(given: Given, sources: Mapping[str, DataSource], functions: Mapping[str, Step]) -> Resolver:
    type_name, field_name = given["typeName"], given["fieldName"]
    ids = (given.get("pipelineConfig") or {}).get("functions") or ()
    return Resolver(
        type_name=type_name,
        field_name=field_name,
        step=_step(f"{type_name}.{field_name}", given, sources),
        functions=None if given["kind"] == "UNIT" else tuple(functions[each] for each in ids if each in functions),
    )
