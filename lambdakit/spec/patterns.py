"""The patterns: what stands behind each `kind`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from lambdakit import limits
from lambdakit.spec.api import Api
from lambdakit.spec.function import FunctionSettings, Model
from lambdakit.spec.names import FUNCTION_NAME_PATTERN
from lambdakit.spec.refusal import patterned_text
from lambdakit.spec.route_key import RouteKey, derived_function_name
from lambdakit.spec.table import Table

FunctionName = Annotated[
    str,
    patterned_text(
        FUNCTION_NAME_PATTERN,
        allowed="a name of a function: letters, digits, - and _",
        longest=limits.FUNCTION_NAME_LENGTH_MAX,
        mend=lambda name: "_".join(name.split()),
    ),
]
TableAccess = Literal["none", "read", "write", "read_write"]


class Route(FunctionSettings):
    """A route with a function of its own. name: None when it follows from the route key."""

    name: FunctionName | None = Field(
        default=None, description="name of the function; else method and path in snake case", examples=["create_order"]
    )
    table_access: TableAccess = Field(default="none", description="what the function may do with the pattern's table")


class SharedRoute(Model):
    """A route that another route's function answers."""

    function: FunctionName = Field(description="name of another route's function", examples=["create_order"])


def _route_tag(value: object) -> str:
    if isinstance(value, dict):
        return "shared" if "function" in value else "own"
    return "shared" if isinstance(value, SharedRoute) else "own"


AnyRoute = Annotated[Annotated[Route, Tag("own")] | Annotated[SharedRoute, Tag("shared")], Discriminator(_route_tag)]


class ApiBackend(Model):
    """API Gateway -> Lambda -> DynamoDB. table: None when the pattern has none."""

    kind: Literal["api_backend"] = Field(description="which pattern it is: an API, its functions and their table")
    api: Api = Field(default_factory=Api, description="the API in front of the routes")
    table: Table | None = Field(default=None, description="the table of the routes' functions")
    routes: Annotated[dict[RouteKey, AnyRoute], Field(min_length=1, max_length=limits.HTTP_API_ROUTES_MAX)] = Field(
        description="METHOD /path, or $default, and the function that answers"
    )


# One class until the next kind is built; then a union discriminated by `kind`.
Pattern = ApiBackend
KINDS: Final = ("api_backend",)


def route_function_name(route_key: str, route: Route | SharedRoute) -> str:
    """The name of the function that answers a route: the one written, else method and path in snake case."""
    if isinstance(route, SharedRoute):
        return route.function
    return derived_function_name(route_key) if route.name is None else route.name
