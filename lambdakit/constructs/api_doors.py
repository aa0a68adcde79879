"""The kinds of APIs by their settings: what each would refuse of a pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from lambdakit.constructs.authorizers import ApiType, Authorizer, LambdaAuthorizer, authorizer_problems
from lambdakit.constructs.custom_domain import CustomDomain, domain_problems
from lambdakit.constructs.existing_load_balancer import (
    ExistingListener,
    ExistingLoadBalancer,
    existing_listener_problems,
    existing_load_balancer_problems,
)
from lambdakit.constructs.function_properties import FunctionProperties
from lambdakit.constructs.function_url_api import FunctionUrlSettings, function_url_route_problems
from lambdakit.constructs.http_api import Cors, Throttle, cors_problems, throttle_problems
from lambdakit.constructs.load_balancer_api import (
    LoadBalancerSettings,
    load_balancer_problems,
    load_balancer_route_problems,
)
from lambdakit.constructs.rest_api import RestSettings, rest_problems, rest_route_problems
from lambdakit.constructs.routes import FUNCTION_NAME, Route, function_name, route_pointer
from lambdakit.constructs.websocket_api import WebSocketSettings, websocket_problems
from lambdakit.errors import Diagnostic
from lambdakit.limits import FUNCTION_NAME_LENGTH_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

ApiSettings: TypeAlias = (
    RestSettings
    | WebSocketSettings
    | FunctionUrlSettings
    | LoadBalancerSettings
    | ExistingLoadBalancer
    | ExistingListener
)

_TYPES: Final[Mapping[type[ApiSettings], ApiType]] = {
    RestSettings: "rest",
    WebSocketSettings: "websocket",
    FunctionUrlSettings: "function_url",
    LoadBalancerSettings: "load_balancer",
    ExistingLoadBalancer: "load_balancer",
    ExistingListener: "load_balancer",
}
# Settings of every pattern that an API of a type has no place for.
_WITHOUT: Final[Mapping[ApiType, Sequence[str]]] = {
    "http": (),
    "rest": (),
    "websocket": ("cors",),
    "function_url": ("throttle", "domain"),
    "load_balancer": ("cors", "throttle", "domain"),
}


def api_type(settings: ApiSettings | None) -> ApiType:
    """The type's name, as documents have it; an HTTP API's for None."""
    return "http" if settings is None else _TYPES[type(settings)]


def api_problems(
    settings: ApiSettings | None,
    routes: Mapping[str, Route],
    *,
    taken_ids: frozenset[str],
    cors: Cors | None,
    throttle: Throttle,
    authorizer: Authorizer | None,
    domain: CustomDomain | None,
) -> Iterator[Diagnostic]:
    """What the API would refuse of the pattern beside its functions and the form of its routes.

    taken_ids: construct ids that the name of an authorizer's function would collide with.
    """
    kind = api_type(settings)
    given = {"cors": cors is not None, "throttle": throttle != Throttle(), "domain": domain is not None}
    for name in _WITHOUT[kind]:
        if given[name]:
            yield Diagnostic(
                pointer=name, problem=f"an API of type {kind} has no {name}", code="LK417", hint=f"leave {name} out"
            )
    if cors is not None:
        yield from cors_problems("cors", cors)
    yield from throttle_problems("throttle", throttle)
    if authorizer is not None:
        yield from authorizer_problems("authorizer", authorizer, kind)
        yield from _name_problems(authorizer, routes, taken_ids)
    if domain is not None:
        yield from domain_problems("domain", domain)
    yield from _settings_problems(settings, list(routes))
    for key, route in routes.items():
        properties = route.function if isinstance(route.function, FunctionProperties) else None
        if kind == "function_url" and properties is not None and properties.function_url is not None:
            yield Diagnostic(
                pointer=f"{route_pointer(key)}.function.function_url",
                problem="the function has its address by the API already",
                code="LK405",
                hint="leave it out, and say cors and invoke_mode of the API",
            )
        if route.request_schema is not None and not (
            isinstance(settings, RestSettings) and settings.request_validation
        ):
            yield Diagnostic(
                pointer=f"{route_pointer(key)}.request_schema",
                problem="nothing checks requests by it: that takes a REST API with request_validation",
                code="LK417",
                hint="api=RestSettings(request_validation=True), or leave it out",
            )
        if route.public and authorizer is None and kind != "function_url":
            yield Diagnostic(
                pointer=f"{route_pointer(key)}.public",
                problem="the API has no authorizer, so that every route is public",
                code="LK405",
                hint="leave it out, or give the API an authorizer",
            )


def _settings_problems(settings: ApiSettings | None, keys: Sequence[str]) -> Iterator[Diagnostic]:
    match settings:
        case RestSettings():
            yield from rest_problems("api", settings)
            yield from rest_route_problems(keys)
        case WebSocketSettings():
            yield from websocket_problems("api", settings)
        case FunctionUrlSettings():
            yield from function_url_route_problems(keys)
        case LoadBalancerSettings():
            yield from load_balancer_problems("api", settings)
            yield from load_balancer_route_problems(keys)
        case ExistingLoadBalancer():
            yield from existing_load_balancer_problems("api", settings)
            yield from load_balancer_route_problems(keys)
        case ExistingListener():
            yield from existing_listener_problems("api", settings, keys)
            yield from load_balancer_route_problems(keys)
        case None:
            pass


def _name_problems(
    authorizer: Authorizer, routes: Mapping[str, Route], taken_ids: frozenset[str]
) -> Iterator[Diagnostic]:
    if not isinstance(authorizer, LambdaAuthorizer) or not isinstance(authorizer.function, FunctionProperties):
        return
    names = dict.fromkeys(taken_ids, "taken by a part of the pattern itself")
    for key, route in routes.items():
        if (name := function_name(key, route)) is not None:
            names[name] = "the name of a route's function"
    if FUNCTION_NAME.fullmatch(authorizer.name) is None:
        yield Diagnostic(
            pointer="authorizer.name",
            problem=f"{authorizer.name!r} is no name for a function: letters, digits, _ and -, at most "
            f"{FUNCTION_NAME_LENGTH_MAX}",
            code="LK411",
            hint="name: authorizer",
        )
    if authorizer.name in names:
        yield Diagnostic(
            pointer="authorizer.name",
            problem=f"{authorizer.name!r} is {names[authorizer.name]}",
            code="LK411",
            hint="choose another name",
        )
