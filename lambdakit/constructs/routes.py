"""Routes of an API: `GET /orders/{order_id}`, of a WebSocket API `$connect`, and the function behind each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.table import TableAccess
from lambdakit.errors import Diagnostic
from lambdakit.limits import FUNCTION_NAME_LENGTH_MAX, HTTP_API_ROUTES_MAX

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

DEFAULT_ROUTE: Final = "$default"

# Source: API Gateway Developer Guide, "Routes for HTTP APIs in API Gateway"
METHODS: Final = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SEGMENT = re.compile(r"\{[A-Za-z0-9._:-]+\}|[^{}\s/]+")
_GREEDY = re.compile(r"\{[A-Za-z0-9._:-]+\+\}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]")
FUNCTION_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Source: API Gateway Developer Guide, "Create routes for WebSocket APIs in API Gateway"
_SOCKET_KEY = re.compile(r"\$connect|\$disconnect|\$default|[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What answers one route.

    function: `FunctionProperties` make a function of the route's own; an existing `IFunction` is wired as it is,
        so hand over an alias; a name stands for the function that another route makes.
    name: of the function made here, and its construct id; absent, method and path in snake case
        (`get_orders_order_id`).
    table_access: what that function may do with the pattern's table; absent, nothing.
    database_access, cache_access: it may connect to the pattern's database or cache; absent, no.
    public: everybody may call it, whatever the API's authorizer says; absent, no.
    request_schema: JSON Schema, draft 4, that a JSON body has to fit; REST APIs with request validation alone read it;
        absent, any body goes to the function.
    """

    function: FunctionProperties | lambda_.IFunction | str
    name: str | None = None
    table_access: TableAccess | None = None
    database_access: bool = False
    cache_access: bool = False
    public: bool = False
    request_schema: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteKey:
    """A route key, taken apart. The default route, which catches the rest, has neither method nor path."""

    method: str | None
    path: str | None

    @staticmethod
    def parse(text: str) -> RouteKey:
        """The parts of `METHOD /path` or `$default`. ValueError when it is neither."""
        if text == DEFAULT_ROUTE:
            return RouteKey(method=None, path=None)
        method, _, path = text.partition(" ")
        if method not in METHODS or not _is_path(path):
            raise ValueError(f"not a route key: {text!r}")
        return RouteKey(method=method, path=path)

    @property
    def signature(self) -> tuple[str | None, str | None]:
        """What two routes must not have in common: parameters count by their place, not by their name."""
        return self.method, None if self.path is None else re.sub(r"\{[^{}]+?(\+?)\}", r"{\1}", self.path)

    @property
    def resource(self) -> str:
        """The route in the ARN of a permission, method and path with `*` for its parameters.

        Source: API Gateway Developer Guide, "Control access for invoking an API", resource format.
        """
        if self.method is None or self.path is None:
            return "*"
        method = "*" if self.method == "ANY" else self.method
        return method + re.sub(r"\{[^{}]+\}", "*", self.path)


def function_name(route_key: str, route: Route) -> str | None:
    """The name of the function that the route makes; None when it uses one made elsewhere."""
    if not isinstance(route.function, FunctionProperties):
        return None
    return route.name or "_".join(word.lower() for word in _WORD.findall(route_key))


def route_pointer(key: str) -> str:
    """Where a route stands, for messages."""
    # In double quotes where a dot or a quote would make the end of the key uncertain.
    quoted = json.dumps(key) if set(key) & set('."[]') else key
    return f"routes.{quoted}"


def route_problems(
    routes: Mapping[str, Route], *, has_table: bool, taken_ids: frozenset[str], of_messages: bool = False
) -> Iterator[Diagnostic]:
    """What is wrong with the routes themselves; pointers are `routes.<key>`.

    taken_ids: construct ids that a function's name would collide with.
    of_messages: they are those of a WebSocket API.
    """
    if not routes:
        yield Diagnostic(
            pointer="routes", problem="there is no route, so nothing could be called", code="LK410", hint="add one"
        )
    if len(routes) > HTTP_API_ROUTES_MAX:
        yield Diagnostic(
            pointer="routes",
            problem=f"{len(routes)} routes are above {HTTP_API_ROUTES_MAX}, the most an API may have",
            code="LK410",
            hint="let one function answer several paths through a route with {proxy+}",
        )
    yield from _socket_key_problems(routes) if of_messages else _key_problems(routes)
    yield from _name_problems(routes, taken_ids)
    for key, route in routes.items():
        yield from _access_problems(route_pointer(key), route, has_table=has_table)


def _is_path(path: str) -> bool:
    if path == "/":
        return True
    if not path.startswith("/"):
        return False
    *inner, last = path[1:].split("/")
    return all(_SEGMENT.fullmatch(segment) for segment in inner) and bool(
        _SEGMENT.fullmatch(last) or _GREEDY.fullmatch(last)
    )


def _key_problems(routes: Mapping[str, Route]) -> Iterator[Diagnostic]:
    seen: dict[tuple[str | None, str | None], str] = {}
    for text in routes:
        try:
            signature = RouteKey.parse(text).signature
        except ValueError:
            yield Diagnostic(
                pointer=route_pointer(text),
                problem=f"{text!r} is no route: a method ({', '.join(METHODS)}), a space and a path, or $default",
                code="LK410",
                hint="write it like GET /orders/{order_id}, no slash at the end; only the last part may be {all+}",
            )
            continue
        if signature in seen:
            yield Diagnostic(
                pointer=route_pointer(text),
                problem=f"matches the same requests as {seen[signature]}",
                code="LK410",
                hint="remove one of the two",
            )
        seen.setdefault(signature, text)


def _socket_key_problems(routes: Mapping[str, Route]) -> Iterator[Diagnostic]:
    for key in routes:
        if _SOCKET_KEY.fullmatch(key) is None:
            yield Diagnostic(
                pointer=route_pointer(key),
                problem=f"{key!r} is no route of a WebSocket API: $connect, $disconnect, $default or a message's word",
                code="LK410",
                hint="write the word that messages have in the part that route_selection_expression names",
            )


def _name_problems(routes: Mapping[str, Route], taken_ids: frozenset[str]) -> Iterator[Diagnostic]:
    made: dict[str, str] = {}
    for key, route in routes.items():
        name = function_name(key, route)
        if name is None:
            continue
        if name in made or name in taken_ids:
            yield Diagnostic(
                pointer=f"{route_pointer(key)}.name",
                problem=f"{name!r} is taken by {made.get(name, 'a part of the pattern itself')}",
                code="LK411",
                hint=f"choose another name, or share the function: function: {name}",
            )
        elif FUNCTION_NAME.fullmatch(name) is None:
            yield Diagnostic(
                pointer=f"{route_pointer(key)}.name",
                problem=f"{name!r} is no name for a function: letters, digits, _ and -, "
                f"at most {FUNCTION_NAME_LENGTH_MAX}",
                code="LK411",
                hint="give the route a name of its own",
            )
        made.setdefault(name, key)
    for key, route in routes.items():
        if isinstance(route.function, str) and route.function not in made:
            yield Diagnostic(
                pointer=f"{route_pointer(key)}.function",
                problem=f"no route makes a function called {route.function!r}; there are: {', '.join(made) or 'none'}",
                code="LK411",
                hint="name one of them, or give the route code and a handler",
            )


def _access_problems(pointer: str, route: Route, *, has_table: bool) -> Iterator[Diagnostic]:
    if isinstance(route.function, str) and (route.table_access is not None or route.name is not None):
        given = "name" if route.table_access is None else "table_access"
        yield Diagnostic(
            pointer=f"{pointer}.{given}",
            problem=f"{given} belongs to the route that makes the function {route.function!r}",
            code="LK405",
            hint="move it there",
        )
    elif route.table_access is not None and not has_table:
        yield Diagnostic(
            pointer=f"{pointer}.table_access",
            problem=f"{route.table_access} access to a table, but the pattern has none",
            code="LK412",
            hint="give the pattern a table, or leave table_access out",
        )
