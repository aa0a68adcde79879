"""What is wrong with an API backend's settings, all at once, before the CDK sees any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdakit.constructs.api_doors import ApiSettings, api_problems
from lambdakit.constructs.authorizers import Authorizer, LambdaAuthorizer
from lambdakit.constructs.caches.problems import cache_problems
from lambdakit.constructs.databases.problems import database_problems
from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.log_retention import retention_problems
from lambdakit.constructs.monitoring.dashboard import DashboardProperties, dashboard_problems
from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms, pattern_alarm_problems
from lambdakit.constructs.routes import Route, function_name, route_pointer, route_problems
from lambdakit.constructs.table import TableProperties, table_problems
from lambdakit.constructs.websocket_api import WebSocketSettings
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_logs as logs

    from lambdakit.constructs.caches.settings import Cache
    from lambdakit.constructs.custom_domain import CustomDomain
    from lambdakit.constructs.databases.settings import Database
    from lambdakit.constructs.http_api import Cors, Throttle


def api_backend_problems(
    path: str,
    *,
    taken_ids: frozenset[str],
    routes: Mapping[str, Route],
    table: TableProperties | dynamodb.ITable | None,
    cors: Cors | None,
    throttle: Throttle,
    log_retention: logs.RetentionDays | int,
    api: ApiSettings | None,
    authorizer: Authorizer | None,
    domain: CustomDomain | None,
    database: Database | None,
    cache: Cache | None,
    alarms: PatternAlarms | None,
    dashboard: DashboardProperties | None,
) -> list[Diagnostic]:
    """Everything that AWS would refuse of `ApiBackend`'s arguments, with pointers below the construct at `path`.

    taken_ids: construct ids of the pattern itself.
    """
    of_pattern = [
        *route_problems(
            routes,
            has_table=table is not None,
            taken_ids=taken_ids,
            of_messages=isinstance(api, WebSocketSettings),
        ),
        *(table_problems("table", table) if isinstance(table, TableProperties) else ()),
        *(() if database is None else database_problems("database", database)),
        *(() if cache is None else cache_problems("cache", cache)),
        *_store_problems(routes, has_database=database is not None, has_cache=cache is not None),
        *api_problems(
            api,
            routes,
            taken_ids=taken_ids,
            cors=cors,
            throttle=throttle,
            authorizer=authorizer,
            domain=domain,
        ),
        *retention_problems("log_retention", log_retention),
        *(() if alarms is None else pattern_alarm_problems("alarms", alarms)),
        *(() if dashboard is None else dashboard_problems("dashboard", dashboard)),
    ]
    return [*located(path, of_pattern), *_function_problems(path, routes, authorizer)]


def _store_problems(routes: Mapping[str, Route], *, has_database: bool, has_cache: bool) -> Iterator[Diagnostic]:
    """Access to a store that is not there, or that another route gives the same function."""
    for key, route in routes.items():
        for name, has_store in (("database", has_database), ("cache", has_cache)):
            if not getattr(route, f"{name}_access"):
                continue
            pointer = f"{route_pointer(key)}.{name}_access"
            if isinstance(route.function, str):
                yield Diagnostic(
                    pointer=pointer,
                    problem=f"{name}_access belongs to the route that makes the function {route.function!r}",
                    code="LK405",
                    hint="move it there",
                )
            elif not has_store:
                yield Diagnostic(
                    pointer=pointer,
                    problem=f"access to a {name}, but the pattern has none",
                    code="LK412",
                    hint=f"give the pattern a {name}, or leave {name}_access out",
                )


def _function_problems(path: str, routes: Mapping[str, Route], authorizer: Authorizer | None) -> Iterator[Diagnostic]:
    for key, route in routes.items():
        name = function_name(key, route)
        if name is not None and isinstance(route.function, FunctionProperties):
            yield from located(f"{path}/{name}", function_problems(route.function))
    if isinstance(authorizer, LambdaAuthorizer) and isinstance(authorizer.function, FunctionProperties):
        yield from located(f"{path}/{authorizer.name}", function_problems(authorizer.function))
