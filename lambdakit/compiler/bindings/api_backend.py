"""The document's `api_backend` as the construct `ApiBackend`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb

from lambdakit.compiler.bindings.function import function_properties
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.constructs.api_backend import ApiBackend
from lambdakit.constructs.http_api import Cors
from lambdakit.constructs.output_names import pascal_case
from lambdakit.constructs.routes import Route
from lambdakit.constructs.table import TableProperties
from lambdakit.spec.api import Cors as CorsSettings
from lambdakit.spec.function import effective
from lambdakit.spec.patterns import ApiBackend as ApiBackendSettings
from lambdakit.spec.patterns import Route as RouteSettings
from lambdakit.spec.patterns import SharedRoute, route_function_name
from lambdakit.spec.table import KeyAttribute, Table

_ATTRIBUTE_TYPES: Final[Mapping[str, dynamodb.AttributeType]] = {
    "string": dynamodb.AttributeType.STRING,
    "number": dynamodb.AttributeType.NUMBER,
    "binary": dynamodb.AttributeType.BINARY,
}
_REMOVAL_POLICIES: Final[Mapping[str, RemovalPolicy]] = {
    "retain": RemovalPolicy.RETAIN,
    "destroy": RemovalPolicy.DESTROY,
}


def bind(scope: BindingScope, key: str, settings: ApiBackendSettings) -> None:
    """Adds the pattern called `key` to the stack."""
    _record_places(scope, key, settings)
    ApiBackend(
        scope.stack,
        key,
        routes={route_key: _route(scope, route_key, route) for route_key, route in settings.routes.items()},
        table=None if settings.table is None else _table(settings.table),
        cors=None if settings.api.cors is None else _cors(settings.api.cors),
    )


def _record_places(scope: BindingScope, key: str, settings: ApiBackendSettings) -> None:
    stack, pointer = scope.stack.node.path, ("patterns", key)
    path = f"{stack}/{key}"
    scope.source_map.record(path, pointer)
    scope.source_map.record(f"{path}/Api", (*pointer, "api"))
    scope.source_map.record(f"{stack}/{pascal_case(key)}Url", (*pointer, "api"))
    scope.source_map.record(f"{path}/Table", (*pointer, "table"))
    scope.source_map.record(f"{stack}/{pascal_case(key)}TableName", (*pointer, "table"))
    for route_key, route in settings.routes.items():
        place = (*pointer, "routes", route_key)
        # The CDK's construct id of a route: its key, with -- for slashes.
        scope.source_map.record(f"{path}/Api/{route_key.replace(' ', '').replace('/', '--')}", place)
        if isinstance(route, RouteSettings):
            scope.source_map.record(f"{path}/{route_function_name(route_key, route)}", place)


def _route(scope: BindingScope, route_key: str, route: RouteSettings | SharedRoute) -> Route:
    if isinstance(route, SharedRoute):
        return Route(function=route.function)
    properties = function_properties(effective(route, scope.defaults), directory=scope.directory, layers=scope.layers)
    return Route(
        function=properties,
        name=route_function_name(route_key, route),
        table_access=None if route.table_access == "none" else route.table_access,
    )


def _table(settings: Table) -> TableProperties:
    return TableProperties(
        partition_key=_attribute(settings.partition_key),
        sort_key=None if settings.sort_key is None else _attribute(settings.sort_key),
        time_to_live_attribute=settings.time_to_live_attribute,
        point_in_time_recovery=settings.point_in_time_recovery,
        removal_policy=_REMOVAL_POLICIES[settings.removal_policy],
    )


def _attribute(key: KeyAttribute) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=key.name, type=_ATTRIBUTE_TYPES[key.type])


def _cors(settings: CorsSettings) -> Cors:
    return Cors(
        allow_origins=settings.allow_origins,
        # What the document leaves out, the construct chooses.
        allow_methods=settings.allow_methods or None,
        allow_headers=settings.allow_headers or None,
        expose_headers=settings.expose_headers,
        allow_credentials=settings.allow_credentials,
        max_age=settings.max_age,
    )
