"""API Gateway -> Lambda -> DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from constructs import Construct

from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.http_api import (
    ApiProperties,
    Cors,
    Throttle,
    add_route,
    cors_problems,
    make_http_api,
    throttle_problems,
)
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention_problems
from lambdakit.constructs.output_names import stack_output
from lambdakit.constructs.routes import Route, RouteKey, function_name, route_problems
from lambdakit.constructs.table import TableAccess, TableProperties, grant_table_access, make_table, table_problems
from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from aws_cdk import aws_apigatewayv2 as apigatewayv2
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs

TABLE_NAME_VARIABLE: Final = "TABLE_NAME"

_TABLE_ID: Final = "Table"
_API_ID: Final = "Api"
_OWN_IDS: Final = frozenset({_TABLE_ID, _API_ID, "AccessLog"})


class ApiBackend(Construct):
    """An HTTP API whose routes are answered by functions, with a table behind them.

    Meant to be subclassed: override `make_table`, `make_function`, `make_api` or `permissions` to change one part
    and keep the rest. Requests reach each function through its alias. The stack gets the outputs `<Id>Url` and, with
    a table, `<Id>TableName`, the id in Pascal case.

    api: the HTTP API.
    table: the table; None when the pattern has none.
    functions: those made here, by name; existing functions of routes are not among them.
    url: the API's address, without a slash at the end.
    """

    api: apigatewayv2.HttpApi
    table: dynamodb.ITable | None
    functions: Mapping[str, LambdaFunction]
    url: str

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        routes: Mapping[str, Route],
        table: TableProperties | dynamodb.ITable | None = None,
        cors: Cors | None = None,
        throttle: Throttle = Throttle(),  # noqa: B008  frozen, so it may be shared
        log_retention: logs.RetentionDays | int = LOG_RETENTION_DAYS_DEFAULT,
    ) -> None:
        """Adds the backend to `scope`. SynthesisError, with all that is wrong, for settings AWS would refuse.

        routes: by route key, `GET /orders/{order_id}` or `$default`.
        table: properties of a new one, or an existing one; absent, none.
        cors: absent, browsers may call the API from no other origin.
        throttle: absent, 1000 requests per second and 500 at once.
        log_retention: of the access log, `RetentionDays` or days; absent, 30.
        """
        super().__init__(scope, id)
        problems = [
            *route_problems(routes, has_table=table is not None, taken_ids=_OWN_IDS),
            *(table_problems("table", table) if isinstance(table, TableProperties) else ()),
            *(cors_problems("cors", cors) if cors is not None else ()),
            *throttle_problems("throttle", throttle),
            *retention_problems("log_retention", log_retention),
        ]
        path = self.node.path
        if located_problems := [*located(path, problems), *_function_problems(path, routes)]:
            raise SynthesisError(*located_problems)
        keys = {text: RouteKey.parse(text) for text in routes}
        self.table = self.make_table(table) if isinstance(table, TableProperties) else table
        self.functions = MappingProxyType(self._make_functions(routes))
        methods = sorted({key.method or "ANY" for key in keys.values()})
        self.api = self.make_api(
            ApiProperties(cors=cors, throttle=throttle, log_retention=log_retention, methods=methods)
        )
        for text, route in routes.items():
            add_route(self.api, keys[text], self._handler(text, route))
        self.url = self.api.api_endpoint
        stack_output(self, "Url", value=self.url, description=f"Address of the API of {id}")
        if self.table is not None:
            stack_output(self, "TableName", value=self.table.table_name, description=f"Name of the table of {id}")

    def make_table(self, properties: TableProperties) -> dynamodb.ITable:
        """The pattern's table; not called for an existing one."""
        return make_table(self, _TABLE_ID, properties)

    def make_function(self, name: str, properties: FunctionProperties) -> LambdaFunction:
        """The function called `name`; `properties` already hold the table's name where it has access."""
        return LambdaFunction(self, name, **properties.keywords())

    def make_api(self, properties: ApiProperties) -> apigatewayv2.HttpApi:
        """The API, without routes."""
        return make_http_api(self, _API_ID, properties)

    def permissions(self, name: str, function: LambdaFunction, table_access: TableAccess | None) -> None:
        """Grants what the function called `name` needs; called once for each, after table and functions exist."""
        if table_access is not None and self.table is not None:
            grant_table_access(self.table, function.role, table_access)

    def _make_functions(self, routes: Mapping[str, Route]) -> dict[str, LambdaFunction]:
        functions: dict[str, LambdaFunction] = {}
        for key, route in routes.items():
            name = function_name(key, route)
            if name is not None and isinstance(route.function, FunctionProperties):
                functions[name] = self.make_function(name, self._with_table_name(route, route.function))
        for key, route in routes.items():
            name = function_name(key, route)
            if name is not None:
                self.permissions(name, functions[name], route.table_access)
            elif self.table is not None and route.table_access is not None and not isinstance(route.function, str):
                # An existing function, as its type says: the access it is given here goes to its role.
                assert not isinstance(route.function, FunctionProperties)
                grant_table_access(self.table, route.function, route.table_access)
        return functions

    def _with_table_name(self, route: Route, properties: FunctionProperties) -> FunctionProperties:
        if self.table is None or route.table_access is None:
            return properties
        # The user's own value wins: it may mean another table.
        environment = {TABLE_NAME_VARIABLE: self.table.table_name, **properties.environment}
        return replace(properties, environment=environment)

    def _handler(self, key: str, route: Route) -> lambda_.IFunction:
        if isinstance(route.function, str):
            return self.functions[route.function].alias
        name = function_name(key, route)
        if name is not None:
            return self.functions[name].alias
        assert not isinstance(route.function, FunctionProperties)
        return route.function


def _function_problems(path: str, routes: Mapping[str, Route]) -> Iterator[Diagnostic]:
    for key, route in routes.items():
        name = function_name(key, route)
        if name is not None and isinstance(route.function, FunctionProperties):
            yield from located(f"{path}/{name}", function_problems(route.function))
