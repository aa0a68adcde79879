"""API Gateway, a function's own address or a load balancer -> Lambda -> DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from constructs import Construct

from lambdakit.constructs.acknowledgements import acknowledge_wildcard
from lambdakit.constructs.api_acknowledgements import INDEXES
from lambdakit.constructs.api_doors import ApiSettings, api_problems
from lambdakit.constructs.authorizers import Authorizer, CognitoAuthorizer, LambdaAuthorizer
from lambdakit.constructs.function_acknowledgements import acknowledge_no_dead_letters
from lambdakit.constructs.function_problems import function_problems, located
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url_api import FunctionUrlSettings, function_url_door
from lambdakit.constructs.http_api import ApiProperties, Cors, Throttle, make_http_api
from lambdakit.constructs.http_door import http_door
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.load_balancer_api import LoadBalancerSettings, load_balancer_door, make_load_balancer
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT, retention_problems
from lambdakit.constructs.output_names import stack_output
from lambdakit.constructs.rest_api import RestSettings, make_rest_api
from lambdakit.constructs.rest_door import RestDoor, rest_door
from lambdakit.constructs.routes import Route, RouteKey, function_name, route_problems
from lambdakit.constructs.table import TableAccess, TableProperties, grant_table_access, make_table, table_problems
from lambdakit.constructs.user_pool import UserPoolProperties, make_client, make_user_pool
from lambdakit.constructs.websocket_api import (
    CONNECTIONS_URL_VARIABLE,
    WebSocketDoor,
    WebSocketSettings,
    make_websocket_api,
    websocket_door,
)
from lambdakit.errors import Diagnostic, SynthesisError

if TYPE_CHECKING:
    from aws_cdk import aws_apigateway as apigateway
    from aws_cdk import aws_apigatewayv2 as apigatewayv2
    from aws_cdk import aws_cognito as cognito
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs

    from lambdakit.constructs.api_door import AnyApi, ApiDoor
    from lambdakit.constructs.custom_domain import CustomDomain

TABLE_NAME_VARIABLE: Final = "TABLE_NAME"

_TABLE_ID: Final = "Table"
_API_ID: Final = "Api"
_USER_POOL_ID: Final = "UserPool"
# What belongs to the API, by construct id and by the end of its outputs' names.
API_IDS: Final = (
    *(_API_ID, "AccessLog", "AccessLogBucket", "ApiGatewayLogs", "ApiGatewayLogsRole"),
    *("Certificate", "Domain", "DomainMapping", "Stage"),
)
API_OUTPUTS: Final = ("Url", "ApiKeyId", "ConnectionsUrl", "DomainTarget")
_OWN_IDS: Final = frozenset({*API_IDS, _TABLE_ID, _USER_POOL_ID})
_CALLER_WAITS: Final = "The API waits for the answer: no event is left that a dead-letter queue could take."


class ApiBackend(Construct):
    """An API whose routes are answered by functions, with a table behind them: an HTTP API unless `api` says otherwise.

    Meant to be subclassed: override `make_table`, `make_function`, `make_api`, `make_rest_api`, `make_websocket_api`,
    `make_load_balancer`, `make_user_pool` or `permissions` to change one part and keep the rest. Requests reach each
    function through its alias. The stack gets the outputs `<Id>Url` and, where there are such, `<Id>TableName`,
    `<Id>UserPoolId` and `<Id>UserPoolClientId`, `<Id>ApiKeyId`, `<Id>ConnectionsUrl` and `<Id>DomainTarget`, the id in
    Pascal case.

    api: the CDK's construct of the API, of the address or of the load balancer.
    table: the table; None when the pattern has none.
    functions: those made here, by name, that of a Lambda authorizer too; existing ones are not among them.
    url: the API's address, without a slash at the end; a WebSocket API's begins with wss://.
    user_pool: of a Cognito authorizer; None without one. user_pool_client: that of a pool made here.
    """

    api: AnyApi
    table: dynamodb.ITable | None
    functions: Mapping[str, LambdaFunction]
    url: str
    user_pool: cognito.IUserPool | None
    user_pool_client: cognito.UserPoolClient | None

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
        api: ApiSettings | None = None,
        authorizer: Authorizer | None = None,
        domain: CustomDomain | None = None,
    ) -> None:
        """Adds the backend to `scope`. SynthesisError, with all that is wrong, for settings AWS would refuse.

        routes: by route key, `GET /orders/{order_id}` or `$default`; of a WebSocket API `$connect`, `$disconnect`,
            `$default` and the words that messages begin with.
        table: properties of a new one, or an existing one; absent, none.
        cors: absent, browsers may call the API from no other origin.
        throttle: absent, 1000 requests per second and 500 at once.
        log_retention: of the access log, `RetentionDays` or days; absent, 30. A load balancer's is a bucket.
        api: `RestSettings`, `WebSocketSettings`, `FunctionUrlSettings` or `LoadBalancerSettings`; absent, an HTTP API.
        authorizer: who may call the routes that are not `public`; absent, everybody. A function's own address takes
            signed requests alone, even so.
        domain: a name of your own for the API; absent, the one that AWS gives.
        """
        super().__init__(scope, id)
        problems = [
            *route_problems(
                routes,
                has_table=table is not None,
                taken_ids=_OWN_IDS,
                of_messages=isinstance(api, WebSocketSettings),
            ),
            *(table_problems("table", table) if isinstance(table, TableProperties) else ()),
            *api_problems(
                api,
                routes,
                taken_ids=_OWN_IDS,
                cors=cors,
                throttle=throttle,
                authorizer=authorizer,
                domain=domain,
            ),
            *retention_problems("log_retention", log_retention),
        ]
        path = self.node.path
        if located_problems := [*located(path, problems), *_function_problems(path, routes, authorizer)]:
            raise SynthesisError(*located_problems)
        self.table = self.make_table(table) if isinstance(table, TableProperties) else table
        self._has_indexes = isinstance(table, TableProperties) and bool(table.global_secondary_indexes)
        self.user_pool = self.user_pool_client = None
        made: dict[str, LambdaFunction] = {}
        self.functions = MappingProxyType(made)
        properties = ApiProperties(
            cors=cors, throttle=throttle, log_retention=log_retention, methods=_methods(routes, api)
        )
        if isinstance(api, WebSocketSettings):
            # Before its functions, whose environment names it.
            door: ApiDoor = self._websocket_door(properties, api, self._existing(authorizer, made), domain)
            self._make_functions(routes, made, door)
        else:
            self._make_functions(routes, made)
            door = self._door(properties, api, self._existing(authorizer, made), domain, routes)
        for key, route in routes.items():
            door.add_route(key, self._handler(key, route), public=route.public)
        for function in self.functions.values():
            acknowledge_no_dead_letters(function, _CALLER_WAITS)
        self.api = door.api
        self.url = door.url
        self._add_outputs(id, door)

    def make_table(self, properties: TableProperties) -> dynamodb.ITable:
        """The pattern's table; not called for an existing one."""
        return make_table(self, _TABLE_ID, properties)

    def make_function(self, name: str, properties: FunctionProperties) -> LambdaFunction:
        """The function called `name`; `properties` already hold the table's name where it has access."""
        return LambdaFunction(self, name, **properties.keywords())

    def make_api(self, properties: ApiProperties) -> apigatewayv2.HttpApi:
        """The HTTP API, without routes; not called for other types."""
        return make_http_api(self, _API_ID, properties)

    def make_rest_api(self, properties: ApiProperties, settings: RestSettings) -> apigateway.RestApi:
        """The REST API, without methods."""
        return make_rest_api(self, _API_ID, properties, settings)

    def make_websocket_api(
        self, properties: ApiProperties, settings: WebSocketSettings
    ) -> tuple[apigatewayv2.WebSocketApi, apigatewayv2.WebSocketStage]:
        """The WebSocket API, without routes, and its stage."""
        return make_websocket_api(self, _API_ID, properties, settings)

    def make_load_balancer(self, settings: LoadBalancerSettings) -> elbv2.ApplicationLoadBalancer:
        """The load balancer, without listeners."""
        return make_load_balancer(self, _API_ID, settings)

    def make_user_pool(self, properties: UserPoolProperties) -> cognito.UserPool:
        """The user pool of the authorizer, without clients; not called for an existing one."""
        return make_user_pool(self, _USER_POOL_ID, properties)

    def permissions(self, name: str, function: LambdaFunction, table_access: TableAccess | None) -> None:
        """Grants what the function called `name` needs; called once for each, after table and functions exist."""
        if table_access is not None and self.table is not None:
            grant_table_access(self.table, function.role, table_access)
            if self._has_indexes:
                acknowledge_wildcard(function.role, f"{self.table.table_arn}/index/*", INDEXES)

    def _door(
        self,
        properties: ApiProperties,
        settings: ApiSettings | None,
        authorizer: Authorizer | None,
        domain: CustomDomain | None,
        routes: Mapping[str, Route],
    ) -> ApiDoor:
        match settings:
            case RestSettings():
                api = self.make_rest_api(properties, settings)
                return rest_door(
                    self,
                    api,
                    settings,
                    authorizer=authorizer,
                    domain=domain,
                    cors=properties.cors,
                    schemas={
                        key: route.request_schema for key, route in routes.items() if route.request_schema is not None
                    },
                )
            case LoadBalancerSettings():
                return load_balancer_door(self.make_load_balancer(settings), settings, list(routes))
            case FunctionUrlSettings():
                ((key, route),) = routes.items()
                handler = self._handler(key, route)
                return function_url_door(handler, settings, public=route.public, cors=properties.cors)
            case _:
                return http_door(
                    self,
                    self.make_api(properties),
                    authorizer=authorizer,
                    domain=domain,
                    answers_preflights=properties.cors is not None,
                    keys=list(routes),
                )

    def _websocket_door(
        self,
        properties: ApiProperties,
        settings: WebSocketSettings,
        authorizer: Authorizer | None,
        domain: CustomDomain | None,
    ) -> WebSocketDoor:
        api, stage = self.make_websocket_api(properties, settings)
        return websocket_door(self, api, stage, authorizer=authorizer, domain=domain)

    def _existing(self, authorizer: Authorizer | None, made: dict[str, LambdaFunction]) -> Authorizer | None:
        """The authorizer with what it makes made. made: takes its function."""
        if isinstance(authorizer, CognitoAuthorizer):
            if not isinstance(authorizer.user_pool, UserPoolProperties):
                self.user_pool = authorizer.user_pool
                return authorizer
            self.user_pool = self.make_user_pool(authorizer.user_pool)
            self.user_pool_client = make_client(self.user_pool)
            return replace(authorizer, user_pool=self.user_pool, clients=[self.user_pool_client])
        if isinstance(authorizer, LambdaAuthorizer) and isinstance(authorizer.function, FunctionProperties):
            function = self.make_function(authorizer.name, authorizer.function)
            made[authorizer.name] = function
            self.permissions(authorizer.name, function, None)
            return replace(authorizer, function=function.alias)
        return authorizer

    def _make_functions(
        self, routes: Mapping[str, Route], functions: dict[str, LambdaFunction], door: ApiDoor | None = None
    ) -> None:
        """Adds the routes' functions to `functions`. door: of a WebSocket API, to whose connections they may write."""
        socket = door if isinstance(door, WebSocketDoor) else None
        for key, route in routes.items():
            name = function_name(key, route)
            if name is not None and isinstance(route.function, FunctionProperties):
                functions[name] = self.make_function(name, self._with_variables(route, route.function, socket))
        for key, route in routes.items():
            name = function_name(key, route)
            if name is not None:
                if socket is not None:
                    socket.grant_connections(functions[name].role)
                self.permissions(name, functions[name], route.table_access)
            elif self.table is not None and route.table_access is not None and not isinstance(route.function, str):
                # An existing function, as its type says: the access it is given here goes to its role.
                assert not isinstance(route.function, FunctionProperties)
                grant_table_access(self.table, route.function, route.table_access)

    def _with_variables(
        self, route: Route, properties: FunctionProperties, socket: WebSocketDoor | None
    ) -> FunctionProperties:
        variables: dict[str, str] = {}
        if self.table is not None and route.table_access is not None:
            variables[TABLE_NAME_VARIABLE] = self.table.table_name
        if socket is not None:
            variables[CONNECTIONS_URL_VARIABLE] = socket.connections_url
        # The user's own value wins: it may mean another table.
        return replace(properties, environment={**variables, **properties.environment}) if variables else properties

    def _handler(self, key: str, route: Route) -> lambda_.IFunction:
        if isinstance(route.function, str):
            return self.functions[route.function].alias
        name = function_name(key, route)
        if name is not None:
            return self.functions[name].alias
        assert not isinstance(route.function, FunctionProperties)
        return route.function

    def _add_outputs(self, id: str, door: ApiDoor) -> None:
        outputs = {"Url": (self.url, f"Address of the API of {id}")}
        if self.table is not None:
            outputs["TableName"] = (self.table.table_name, f"Name of the table of {id}")
        if self.user_pool is not None and self.user_pool_client is not None:
            outputs["UserPoolId"] = (self.user_pool.user_pool_id, f"Id of the user pool of {id}")
            outputs["UserPoolClientId"] = (self.user_pool_client.user_pool_client_id, f"Id of the client of {id}")
        if isinstance(door, RestDoor) and door.api_key is not None:
            outputs["ApiKeyId"] = (door.api_key.key_id, f"Id of the API key of {id}")
        if isinstance(door, WebSocketDoor):
            outputs["ConnectionsUrl"] = (door.connections_url, f"Where the connections of {id} are written to")
        if door.domain_target is not None:
            outputs["DomainTarget"] = (door.domain_target, f"What the DNS record of {id} points to")
        for suffix, (value, description) in outputs.items():
            stack_output(self, suffix, value=value, description=description)


def _methods(routes: Mapping[str, Route], settings: ApiSettings | None) -> list[str]:
    """The methods of the routes; messages have none."""
    if isinstance(settings, WebSocketSettings):
        return []
    return sorted({RouteKey.parse(key).method or "ANY" for key in routes})


def _function_problems(path: str, routes: Mapping[str, Route], authorizer: Authorizer | None) -> Iterator[Diagnostic]:
    for key, route in routes.items():
        name = function_name(key, route)
        if name is not None and isinstance(route.function, FunctionProperties):
            yield from located(f"{path}/{name}", function_problems(route.function))
    if isinstance(authorizer, LambdaAuthorizer) and isinstance(authorizer.function, FunctionProperties):
        yield from located(f"{path}/{authorizer.name}", function_problems(authorizer.function))
