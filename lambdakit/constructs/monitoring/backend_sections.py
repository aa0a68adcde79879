"""The sections of an API backend's dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lambdakit.constructs.authorizers import Authorizer, LambdaAuthorizer
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.monitoring.function_graphs import WatchedFunction, function_section
from lambdakit.constructs.monitoring.sections import api_section, table_section
from lambdakit.constructs.monitoring.store_graphs import cache_section, database_section
from lambdakit.constructs.routes import Route, function_name
from lambdakit.constructs.table import TableProperties

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb

    from lambdakit.constructs.api_backend import ApiBackend
    from lambdakit.constructs.monitoring.graph import Section


def backend_sections(
    backend: ApiBackend,
    routes: Mapping[str, Route],
    *,
    authorizer: Authorizer | None,
    table: TableProperties | dynamodb.ITable | None,
) -> Sequence[Section]:
    """The API, its functions, and what is behind them; `backend` has them all by now."""
    functions = list(_functions(backend, routes, authorizer))
    sections = [api_section(backend.api, functions), function_section(functions)]
    if backend.table is not None:
        indexes = table.global_secondary_indexes if isinstance(table, TableProperties) else ()
        sections.append(table_section(backend.table.table_name, [each.index_name for each in indexes]))
    if backend.database is not None:
        sections.append(database_section(backend.database))
    if backend.cache is not None:
        sections.append(cache_section(backend.cache))
    return sections


def _functions(
    backend: ApiBackend, routes: Mapping[str, Route], authorizer: Authorizer | None
) -> Iterator[WatchedFunction]:
    """Those of routes, in their order, then the authorizer's."""
    for key, route in routes.items():
        name = function_name(key, route)
        if name is not None and isinstance(route.function, FunctionProperties):
            yield WatchedFunction.made(name, backend.functions[name], route.function)
        elif not isinstance(route.function, str | FunctionProperties):
            yield WatchedFunction.existing(key, route.function)
    if isinstance(authorizer, LambdaAuthorizer) and isinstance(authorizer.function, FunctionProperties):
        yield WatchedFunction.made(authorizer.name, backend.functions[authorizer.name], authorizer.function)
