"""The pattern of an API, its functions and their table."""

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from lambdakit import limits
from lambdakit.spec.acknowledged import ACKNOWLEDGE_EXAMPLES, ACKNOWLEDGE_SAYS, Acknowledged
from lambdakit.spec.api import AnyRequestApi, HttpApi, WebSocketApi
from lambdakit.spec.authorizers import FunctionName, WebSocketLambdaAuthorizer
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.json_value import JsonObject
from lambdakit.spec.model import Model
from lambdakit.spec.monitoring import Monitored
from lambdakit.spec.names import snake_case
from lambdakit.spec.route_key import RouteKey
from lambdakit.spec.socket_route_key import SocketRouteKey
from lambdakit.spec.stores import AnyCache, AnyDatabase
from lambdakit.spec.table import AnyTable

TableAccess = Literal["none", "read", "write", "read_write"]
_KIND: Final = "which pattern it is: an API, its functions and their table"
_TABLE: Final = "the table of the routes' functions"
_AUTHORIZER: Final = "none: everybody may call this route"
_SCHEMA: Final = "JSON Schema, draft 4, that a body has to fit, where a REST API validates requests"
_SCHEMA_EXAMPLE: Final[dict[str, Any]] = {"type": "object", "required": ["customer"]}


class Route(FunctionSettings):
    """A route with a function of its own. name: None when it follows from the route key.

    authorizer: None when the API's authorizer is asked.
    """

    name: FunctionName | None = Field(
        default=None, description="name of the function; else method and path in snake case", examples=["create_order"]
    )
    table_access: TableAccess = Field(default="none", description="what the function may do with the pattern's table")
    database_access: bool = Field(default=False, description="whether the function may use the pattern's database")
    cache_access: bool = Field(default=False, description="whether the function may use the pattern's cache")
    authorizer: Literal["none"] | None = Field(default=None, description=_AUTHORIZER)
    request_schema: JsonObject | None = Field(default=None, description=_SCHEMA, examples=[_SCHEMA_EXAMPLE])


class SharedRoute(Model):
    """A route that another route's function answers. authorizer: None when the API's authorizer is asked."""

    function: FunctionName = Field(description="name of another route's function", examples=["create_order"])
    authorizer: Literal["none"] | None = Field(default=None, description=_AUTHORIZER)
    request_schema: JsonObject | None = Field(default=None, description=_SCHEMA, examples=[_SCHEMA_EXAMPLE])


def _route_tag(value: object) -> str:
    if isinstance(value, dict):
        return "shared" if "function" in value else "own"
    return "shared" if isinstance(value, SharedRoute) else "own"


AnyRoute = Annotated[Annotated[Route, Tag("own")] | Annotated[SharedRoute, Tag("shared")], Discriminator(_route_tag)]


class _Backend(Monitored):
    database: AnyDatabase | None = Field(
        default=None, description="the database of the routes' functions", examples=[{"kind": "aurora_serverless"}]
    )
    cache: AnyCache | None = Field(
        default=None, description="the cache of the routes' functions", examples=[{"kind": "serverless"}]
    )


class RequestBackend(_Backend):
    """API Gateway, a function's address or a load balancer -> Lambda -> DynamoDB. table: None when there is none."""

    kind: Literal["api_backend"] = Field(description=_KIND)
    api: AnyRequestApi = Field(default_factory=lambda: HttpApi(), description="the API in front of the routes")
    table: AnyTable | None = Field(default=None, description=_TABLE)
    routes: Annotated[dict[RouteKey, AnyRoute], Field(min_length=1, max_length=limits.HTTP_API_ROUTES_MAX)] = Field(
        description="METHOD /path, or $default, and the function that answers"
    )
    acknowledge: Acknowledged = Field(default_factory=dict, description=ACKNOWLEDGE_SAYS, examples=ACKNOWLEDGE_EXAMPLES)


class WebSocketBackend(_Backend):
    """A WebSocket API -> Lambda -> DynamoDB. table: None when there is none."""

    kind: Literal["api_backend"] = Field(description=_KIND)
    api: WebSocketApi = Field(description="the API in front of the routes")
    table: AnyTable | None = Field(default=None, description=_TABLE)
    routes: Annotated[dict[SocketRouteKey, AnyRoute], Field(min_length=1, max_length=limits.HTTP_API_ROUTES_MAX)] = (
        Field(description="$connect, $disconnect, $default or a message's word, and the function that answers")
    )
    acknowledge: Acknowledged = Field(default_factory=dict, description=ACKNOWLEDGE_SAYS, examples=ACKNOWLEDGE_EXAMPLES)


def _backend_tag(value: object) -> str:
    if isinstance(value, dict):
        api: Any = value.get("api")
        return "websocket" if isinstance(api, dict) and api.get("type") == "websocket" else "request"
    return "websocket" if isinstance(value, WebSocketBackend) else "request"


ApiBackend = RequestBackend | WebSocketBackend
AnyApiBackend = Annotated[
    Annotated[RequestBackend, Tag("request")] | Annotated[WebSocketBackend, Tag("websocket")],
    Discriminator(_backend_tag),
]


def route_function_name(route_key: str, route: Route | SharedRoute) -> str:
    """The name of the function that answers a route: the one written, else method and path in snake case."""
    if isinstance(route, SharedRoute):
        return route.function
    return snake_case(route_key) if route.name is None else route.name


def lambda_authorizer(pattern: ApiBackend) -> WebSocketLambdaAuthorizer | None:
    """The authorizer of the pattern that is a function; None when it has another, or none."""
    authorizer = getattr(pattern.api, "authorizer", None)
    return authorizer if isinstance(authorizer, WebSocketLambdaAuthorizer) else None


def authorizer_name(pattern_key: str, authorizer: WebSocketLambdaAuthorizer) -> str:
    """The name of an authorizer's function: the one written, else that of the pattern's key."""
    name = authorizer.function.name
    return f"{pattern_key}_authorizer" if name is None else name
