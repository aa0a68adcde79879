"""Every function that a document defines, with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdakit.records import dataclass
from lambdakit.spec.api_backend import authorizer_name, lambda_authorizer
from lambdakit.spec.function import FunctionSettings, effective
from lambdakit.spec.patterns import ApiBackend, Pattern, Route, route_function_name

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer


@dataclass(frozen=True, slots=True)
class PlacedFunction:
    """A function of the application.

    written: as the document has it, a `Route` where a route makes it. settings: with the defaults in.
    pointer: the place where it is written.
    """

    name: str
    written: FunctionSettings
    settings: FunctionSettings
    pointer: Pointer


def placed_functions(application: Application) -> tuple[PlacedFunction, ...]:
    """The functions, those of no pattern first, then those of the patterns, each in the document's order."""
    return tuple(
        PlacedFunction(name, written, effective(written, application.defaults), pointer)
        for name, written, pointer in written_functions(application)
    )


def written_functions(application: Application) -> Iterator[tuple[str, FunctionSettings, Pointer]]:
    """The same functions as they are written: the name, the settings without the defaults, the place."""
    for name, settings in application.functions.items():
        yield name, settings, ("functions", name)
    for key, pattern in application.patterns.items():
        yield from _functions_of(key, pattern)


def _functions_of(key: str, pattern: Pattern) -> Iterator[tuple[str, FunctionSettings, Pointer]]:
    """Name, settings and place of each function that the pattern defines."""
    if isinstance(pattern, ApiBackend):
        for route_key, route in pattern.routes.items():
            if isinstance(route, Route):
                yield route_function_name(route_key, route), route, ("patterns", key, "routes", route_key)
        if (authorizer := lambda_authorizer(pattern)) is not None:
            place: Pointer = ("patterns", key, "api", "authorizer", "function")
            yield authorizer_name(key, authorizer), authorizer.function, place
    else:
        yield key, pattern.function, ("patterns", key, "function")
