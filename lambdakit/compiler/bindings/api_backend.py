"""The document's `api_backend` as the construct `ApiBackend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lambdakit.compiler.bindings.api import bound_api
from lambdakit.compiler.bindings.function import function_properties
from lambdakit.compiler.bindings.monitoring import dashboard_properties, pattern_alarms
from lambdakit.compiler.bindings.resources import shared
from lambdakit.compiler.bindings.scope import BindingScope
from lambdakit.compiler.bindings.stores import cache, database
from lambdakit.compiler.bindings.table import existing_table, table_properties
from lambdakit.constructs.api_backend import API_IDS, API_OUTPUTS, ApiBackend
from lambdakit.constructs.caches.make import CACHE_IDS
from lambdakit.constructs.databases.make import DATABASE_IDS
from lambdakit.constructs.monitoring.dashboard import DASHBOARD_ID
from lambdakit.constructs.output_names import pascal_case
from lambdakit.constructs.rest_api import rest_keys
from lambdakit.constructs.routes import Route, RouteKey
from lambdakit.spec.api import RestApi
from lambdakit.spec.api_backend import ApiBackend as ApiBackendSettings
from lambdakit.spec.api_backend import Route as RouteSettings
from lambdakit.spec.api_backend import SharedRoute, authorizer_name, lambda_authorizer, route_function_name
from lambdakit.spec.table import ExistingTable

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.constructs.table import TableProperties

_POOL_OUTPUTS: Final = ("UserPoolId", "UserPoolClientId")


def bind(scope: BindingScope, key: str, settings: ApiBackendSettings) -> dict[str, lambda_.IFunction]:
    """Adds the pattern called `key` to the stack; the aliases of its functions by their names."""
    _record_places(scope, key, settings)
    bound = bound_api(scope, key, settings.api)
    backend = ApiBackend(
        scope.stack,
        key,
        routes={
            route_key: _route(scope, key, route_key, route, public=bound.public)
            for route_key, route in settings.routes.items()
        },
        table=_table(scope, key, settings),
        cors=bound.cors,
        throttle=bound.throttle,
        log_retention=bound.log_retention,
        api=bound.api,
        authorizer=bound.authorizer,
        domain=bound.domain,
        database=None if settings.database is None else database(scope, key, settings.database),
        cache=None if settings.cache is None else cache(scope, key, settings.cache),
        alarms=pattern_alarms(scope, key, settings),
        dashboard=dashboard_properties(settings),
    )
    return {name: function.alias for name, function in backend.functions.items()}


def _table(scope: BindingScope, key: str, settings: ApiBackendSettings) -> TableProperties | dynamodb.ITable | None:
    if isinstance(settings.table, ExistingTable):
        # No pattern's key holds a colon, so that what exists already never meets it in the stack.
        return existing_table(scope.stack, f"{key}:table", settings.table, scope.resources)
    if isinstance(settings.table, str):
        table: dynamodb.ITable = shared(scope, settings.table)
        return table
    return None if settings.table is None else table_properties(settings.table, scope.resources)


def _record_places(scope: BindingScope, key: str, settings: ApiBackendSettings) -> None:
    stack, pointer = scope.stack.node.path, ("patterns", key)
    path, outputs = f"{stack}/{key}", f"{stack}/{pascal_case(key)}"
    record = scope.source_map.record
    record(path, pointer)
    for id in API_IDS:
        record(f"{path}/{id}", (*pointer, "api"))
    for suffix in API_OUTPUTS:
        record(f"{outputs}{suffix}", (*pointer, "api"))
    record(f"{path}/Api/Authorizer", (*pointer, "api", "authorizer"))
    record(f"{path}/UserPool", (*pointer, "api", "authorizer"))
    for suffix in _POOL_OUTPUTS:
        record(f"{outputs}{suffix}", (*pointer, "api", "authorizer"))
    record(f"{path}/Table", (*pointer, "table"))
    for id in DATABASE_IDS:
        record(f"{path}/{id}", (*pointer, "database"))
    for id in CACHE_IDS:
        record(f"{path}/{id}", (*pointer, "cache"))
    record(f"{path}/{DASHBOARD_ID}", (*pointer, "dashboard"))
    record(f"{outputs}DashboardName", (*pointer, "dashboard"))
    record(f"{outputs}TableName", (*pointer, "table"))
    if (authorizer := lambda_authorizer(settings)) is not None:
        record(f"{path}/{authorizer_name(key, authorizer)}", (*pointer, "api", "authorizer", "function"))
    for route_key, route in settings.routes.items():
        place = (*pointer, "routes", route_key)
        # The CDK's construct id of a route: its key, with -- for slashes.
        record(f"{path}/Api/{route_key.replace(' ', '').replace('/', '--')}", place)
        record(f"{path}/Api/{route_key}-Route", place)
        record(f"{path}/Api/Listener/Rule{route_key.replace(' ', '').replace('/', '--')}", place)
        for method in rest_keys(RouteKey.parse(route_key)) if isinstance(settings.api, RestApi) else ():
            record(f"{path}/Api/Default{(method.path or '').rstrip('/')}/{method.method}", place)
        record(f"{path}/Api/Model{route_key.replace(' ', '').replace('/', '--')}", (*place, "request_schema"))
        if isinstance(route, RouteSettings):
            record(f"{path}/{route_function_name(route_key, route)}", place)


def _route(scope: BindingScope, key: str, route_key: str, route: RouteSettings | SharedRoute, *, public: bool) -> Route:
    if isinstance(route, SharedRoute):
        return Route(
            function=route.function, public=public or route.authorizer == "none", request_schema=route.request_schema
        )
    name = route_function_name(route_key, route)
    return Route(
        function=function_properties(scope, f"{key}:function:{name}", ("patterns", key, "routes", route_key), route),
        name=name,
        table_access=None if route.table_access == "none" else route.table_access,
        database_access=route.database_access,
        cache_access=route.cache_access,
        public=public or route.authorizer == "none",
        request_schema=route.request_schema,
    )
