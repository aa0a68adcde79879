"""API Gateway, a function's own address or a load balancer -> Lambda -> DynamoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from constructs import Construct

from lambdakit.constructs.acknowledgements import acknowledge_wildcard
from lambdakit.constructs.api_acknowledgements import INDEXES
from lambdakit.constructs.api_backend_problems import api_backend_problems
from lambdakit.constructs.api_doors import ApiSettings
from lambdakit.constructs.api_outputs import api_outputs
from lambdakit.constructs.authorizers import Authorizer, CognitoAuthorizer, LambdaAuthorizer
from lambdakit.constructs.caches.made_cache import grant_cache
from lambdakit.constructs.caches.make import CACHE_IDS, make_cache
from lambdakit.constructs.databases.made_database import grant_database
from lambdakit.constructs.databases.make import DATABASE_IDS, make_database
from lambdakit.constructs.existing_load_balancer import (
    ExistingListener,
    ExistingLoadBalancer,
    existing_listener_door,
    existing_load_balancer_door,
)
from lambdakit.constructs.function_acknowledgements import acknowledge_no_dead_letters
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url_api import FunctionUrlSettings, function_url_door
from lambdakit.constructs.http_api import ApiProperties, Cors, Throttle, make_http_api
from lambdakit.constructs.http_door import http_door
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.load_balancer_api import LoadBalancerSettings, load_balancer_door, make_load_balancer
from lambdakit.constructs.log_retention import LOG_RETENTION_DAYS_DEFAULT
from lambdakit.constructs.monitoring.backend_sections import backend_sections
from lambdakit.constructs.monitoring.dashboard import DASHBOARD_ID, make_dashboard
from lambdakit.constructs.monitoring.pattern_alarms import with_alarms
from lambdakit.constructs.output_names import stack_output
from lambdakit.constructs.rest_api import RestSettings, make_rest_api
from lambdakit.constructs.rest_door import rest_door
from lambdakit.constructs.routes import Route, RouteKey, function_name
from lambdakit.constructs.table import TableAccess, TableProperties, grant_table_access, make_table
from lambdakit.constructs.user_pool import UserPoolProperties, make_client, make_user_pool
from lambdakit.constructs.websocket_api import (
    CONNECTIONS_URL_VARIABLE,
    WebSocketDoor,
    WebSocketSettings,
    make_websocket_api,
    websocket_door,
)
from lambdakit.errors import SynthesisError

if TYPE_CHECKING:
    from aws_cdk import aws_apigateway as apigateway
    from aws_cdk import aws_apigatewayv2 as apigatewayv2
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_cognito as cognito
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_elasticloadbalancingv2 as elbv2
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_logs as logs

    from lambdakit.constructs.api_door import AnyApi, ApiDoor
    from lambdakit.constructs.caches.made_cache import MadeCache
    from lambdakit.constructs.caches.settings import Cache
    from lambdakit.constructs.custom_domain import CustomDomain
    from lambdakit.constructs.databases.made_database import MadeDatabase
    from lambdakit.constructs.databases.settings import Database
    from lambdakit.constructs.monitoring.dashboard import DashboardProperties
    from lambdakit.constructs.monitoring.graph import Section
    from lambdakit.constructs.monitoring.pattern_alarms import PatternAlarms

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
    """An API whose routes are answered by functions, with a table, a database or a cache behind them.

    Meant to be subclassed: override `make_table`, `make_database`, `make_cache`, `make_function`, `make_api`,
    `make_rest_api`, `make_websocket_api`, `make_load_balancer`, `make_user_pool`, `make_dashboard` or `permissions` to
    change one part and keep the rest. Requests reach each function through its alias. The stack gets the outputs
    `<Id>Url` and, where there are such, `<Id>TableName`, `<Id>UserPoolId` and `<Id>UserPoolClientId`, `<Id>ApiKeyId`,
    `<Id>ConnectionsUrl`, `<Id>DomainTarget` and `<Id>DashboardName`, the id in Pascal case.

    api: the CDK's construct of the API, of the address, of the load balancer or of an existing listener; the ARN of one
        that is known by its ARN alone.
    table, database, cache: None when the pattern has none.
    functions: those made here, by name, that of a Lambda authorizer too; existing ones are not among them.
    url: the API's address, without a slash at the end; a WebSocket API's begins with wss://.
    user_pool: of a Cognito authorizer; None without one. user_pool_client: that of a pool made here.
    alarms: those of the functions made here. dashboard: None without one.
    """

    api: AnyApi
    table: dynamodb.ITable | None
    database: MadeDatabase | None
    cache: MadeCache | None
    functions: Mapping[str, LambdaFunction]
    url: str
    user_pool: cognito.IUserPool | None
    user_pool_client: cognito.UserPoolClient | None
    alarms: Sequence[cloudwatch.CfnAlarm]
    dashboard: cloudwatch.CfnDashboard | None

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
        database: Database | None = None,
        cache: Cache | None = None,
        alarms: PatternAlarms | None = None,
        dashboard: DashboardProperties | None = None,
    ) -> None:
        """Adds the backend to `scope`. SynthesisError, with all that is wrong, for settings AWS would refuse.

        routes: by route key, `GET /orders/{order_id}` or `$default`; of a WebSocket API `$connect`, `$disconnect`,
            `$default` and the words that messages begin with.
        table: properties of a new one, or an existing one; absent, none.
        cors: absent, browsers may call the API from no other origin.
        throttle: absent, 1000 requests per second and 500 at once.
        log_retention: of the access log, `RetentionDays` or days; absent, 30. A load balancer's is a bucket.
        api: `RestSettings`, `WebSocketSettings`, `FunctionUrlSettings`, `LoadBalancerSettings`, `ExistingLoadBalancer`
            or `ExistingListener`; absent, an HTTP API.
        authorizer: who may call the routes that are not `public`; absent, everybody. A function's own address takes
            signed requests alone, even so.
        domain: a name of your own for the API; absent, the one that AWS gives.
        database: `AuroraServerless`, `DatabaseInstance` or `ExistingDatabase`, which functions of routes with
            `database_access` reach through a proxy; absent, none.
        cache: `ServerlessCache`, `ReplicationGroup` or `ExistingCache`, for routes with `cache_access`; absent, none.
        alarms: `PatternAlarms()` watches the functions made here; absent, none, as each is paid for.
        dashboard: `DashboardProperties()` shows API, functions and what is behind them; absent, none, likewise.
        """
        super().__init__(scope, id)
        if problems := api_backend_problems(
            self.node.path,
            taken_ids=_OWN_IDS
            | ({DASHBOARD_ID} if dashboard is not None else set())
            | (set(DATABASE_IDS) if database is not None else set())
            | (set(CACHE_IDS) if cache is not None else set()),
            routes=routes,
            table=table,
            cors=cors,
            throttle=throttle,
            log_retention=log_retention,
            api=api,
            authorizer=authorizer,
            domain=domain,
            database=database,
            cache=cache,
            alarms=alarms,
            dashboard=dashboard,
        ):
            raise SynthesisError(*problems)
        self.table = self.make_table(table) if isinstance(table, TableProperties) else table
        self._has_indexes = isinstance(table, TableProperties) and bool(table.global_secondary_indexes)
        self.database = None if database is None else self.make_database(database)
        self.cache = None if cache is None else self.make_cache(cache)
        self._alarms = alarms
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
        self.alarms = tuple(alarm for function in self.functions.values() for alarm in function.alarms)
        self.dashboard = (
            None
            if dashboard is None
            else self.make_dashboard(dashboard, backend_sections(self, routes, authorizer=authorizer, table=table))
        )
        for suffix, (value, description) in api_outputs(self, id, door).items():
            stack_output(self, suffix, value=value, description=description)

    def make_table(self, properties: TableProperties) -> dynamodb.ITable:
        """The pattern's table; not called for an existing one."""
        return make_table(self, _TABLE_ID, properties)

    def make_database(self, database: Database) -> MadeDatabase:
        """The database behind its proxy, or what an existing proxy needs."""
        return make_database(self, database)

    def make_cache(self, cache: Cache) -> MadeCache:
        """The cache, or what an existing one needs."""
        return make_cache(self, cache)

    def make_function(self, name: str, properties: FunctionProperties) -> LambdaFunction:
        """The function called `name`; `properties` already hold the variables of what it has access to."""
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

    def make_dashboard(self, properties: DashboardProperties, sections: Sequence[Section]) -> cloudwatch.CfnDashboard:
        """The dashboard. sections: what it shows; add to them, or leave some out."""
        return make_dashboard(self, properties, sections, alarms=self.alarms)

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
            case ExistingLoadBalancer():
                return existing_load_balancer_door(self, _API_ID, settings, list(routes))
            case ExistingListener():
                return existing_listener_door(self, _API_ID, settings, list(routes))
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
            function = self.make_function(authorizer.name, with_alarms(authorizer.function, self._alarms))
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
                functions[name] = self.make_function(name, self._completed(route, route.function, socket))
        for key, route in routes.items():
            name = function_name(key, route)
            if name is not None:
                if socket is not None:
                    socket.grant_connections(functions[name].role)
                self._allow_stores(route, functions[name].function, functions[name].role)
                self.permissions(name, functions[name], route.table_access)
            elif not isinstance(route.function, str):
                # An existing function, as its type says: the access it is given here goes to its role.
                assert not isinstance(route.function, FunctionProperties)
                self._allow_stores(route, route.function, route.function)
                if self.table is not None and route.table_access is not None:
                    grant_table_access(self.table, route.function, route.table_access)

    def _completed(
        self, route: Route, properties: FunctionProperties, socket: WebSocketDoor | None
    ) -> FunctionProperties:
        """`properties` with the variables, the network and the alarms that follow from the pattern."""
        variables: dict[str, str] = {}
        if self.table is not None and route.table_access is not None:
            variables[TABLE_NAME_VARIABLE] = self.table.table_name
        if socket is not None:
            variables[CONNECTIONS_URL_VARIABLE] = socket.connections_url
        for store in self._stores(route):
            variables.update(store.variables)
            properties = store.clients.within(properties)
        properties = with_alarms(properties, self._alarms)
        # The user's own value wins: it may mean another table.
        return replace(properties, environment={**variables, **properties.environment}) if variables else properties

    def _stores(self, route: Route) -> Sequence[MadeDatabase | MadeCache]:
        """What the route's function may connect to."""
        given = ((self.database, route.database_access), (self.cache, route.cache_access))
        return [store for store, has_access in given if store is not None and has_access]

    def _allow_stores(self, route: Route, function: lambda_.IFunction, grantee: iam.IGrantable) -> None:
        """Lets the function connect: by IAM, and by its security groups where it is not among the clients."""
        properties = route.function if isinstance(route.function, FunctionProperties) else None
        for store in self._stores(route):
            if properties is None or not store.clients.holds(properties):
                store.clients.admit(function)
        if self.database is not None and route.database_access:
            grant_database(self.database, grantee)
        if self.cache is not None and route.cache_access:
            grant_cache(self.cache, grantee)

    def _handler(self, key: str, route: Route) -> lambda_.IFunction:
        if isinstance(route.function, str):
            return self.functions[route.function].alias
        name = function_name(key, route)
        if name is not None:
            return self.functions[name].alias
        assert not isinstance(route.function, FunctionProperties)
        return route.function


def _methods(routes: Mapping[str, Route], settings: ApiSettings | None) -> list[str]:
    """The methods of the routes; messages have none."""
    if isinstance(settings, WebSocketSettings):
        return []
    return sorted({RouteKey.parse(key).method or "ANY" for key in routes})
