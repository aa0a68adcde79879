"""A function's own address as the door of a pattern with one route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aws_cdk import Fn
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.cdk_words import word
from lambdakit.constructs.function_url import FunctionUrl, make_function_url
from lambdakit.constructs.routes import DEFAULT_ROUTE, route_pointer
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from lambdakit.constructs.http_api import Cors

InvokeMode: TypeAlias = Literal["buffered", "response_stream"]

_ROUTES: Final = (DEFAULT_ROUTE, "ANY /{proxy+}")
_MODES: Final[Mapping[str, lambda_.InvokeMode]] = {
    "buffered": lambda_.InvokeMode.BUFFERED,
    "response_stream": lambda_.InvokeMode.RESPONSE_STREAM,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionUrlSettings:
    """The address of one function, which costs nothing of its own; requests are signed unless the route is public.

    invoke_mode: `response_stream` sends the answer while it is made, also as the CDK's `InvokeMode`; absent,
        `buffered`.
    """

    invoke_mode: InvokeMode | lambda_.InvokeMode = "buffered"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionUrlDoor:
    """See `ApiDoor`."""

    api: lambda_.FunctionUrl
    url: str
    domain_target: str | None = None

    def add_route(self, key: str, handler: lambda_.IFunction, *, public: bool) -> None:
        """See `ApiDoor`; the address has its one function already."""


def function_url_door(
    handler: lambda_.IFunction, settings: FunctionUrlSettings, *, public: bool, cors: Cors | None
) -> FunctionUrlDoor:
    """The door to `handler`. public: requests need no signature."""
    kinds = lambda_.FunctionUrlAuthType
    made = make_function_url(
        handler,
        FunctionUrl(
            auth_type=kinds.NONE if public else kinds.AWS_IAM, cors=cors, invoke_mode=_MODES[word(settings.invoke_mode)]
        ),
    )
    # What Lambda gives ends with a slash.
    parts = Fn.split("/", made.url)
    return FunctionUrlDoor(api=made, url=f"{Fn.select(0, parts)}//{Fn.select(2, parts)}")


def function_url_route_problems(keys: Sequence[str]) -> Iterator[Diagnostic]:
    """Routes that one function's address cannot have."""
    for key in keys:
        if key not in _ROUTES:
            yield Diagnostic(
                pointer=route_pointer(key),
                problem=f"{key!r} would be one of several routes, and a function's address has {_ROUTES[0]} alone",
                code="LK417",
                hint="write $default and let the function look at rawPath, or choose api type http",
            )
    if len(keys) > 1:
        yield Diagnostic(
            pointer="routes",
            problem=f"{len(keys)} routes, and a function's address has one function and one route",
            code="LK417",
            hint="keep one, or choose api type http",
        )
