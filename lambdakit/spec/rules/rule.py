"""What a rule is: a function that yields what is wrong across the fields of an application whose shape is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lambdakit.spec.application import Application
from lambdakit.spec.finding import Finding
from lambdakit.spec.function import FunctionSettings, effective
from lambdakit.spec.patterns import Route, SharedRoute, route_function_name
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.validation import Pruned


@dataclass(frozen=True, slots=True)
class PlacedFunction:
    """A function of the application. settings: with the defaults in. pointer: the place where it is written."""

    name: str
    route: Route
    settings: FunctionSettings
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What rules look at.

    application: the valid part of the document. functions: every one that it defines, in its order.
    directory: the project's, which is the document's.
    pruned: what was invalid; a rule about something absent asks `pruned.spares(*pointer)` first.
    """

    application: Application
    functions: tuple[PlacedFunction, ...]
    directory: Path
    pruned: Pruned

    def shared_routes(self) -> Iterator[tuple[str, SharedRoute, Pointer]]:
        """Every route that names another route's function: its pattern's key, itself, its place."""
        for pattern_key, pattern in self.application.patterns.items():
            for route_key, route in pattern.routes.items():
                if isinstance(route, SharedRoute):
                    yield pattern_key, route, ("patterns", pattern_key, "routes", route_key)

    def knows(self, function: PlacedFunction, setting: str) -> bool:
        """Whether the function's setting is what the document says: no part of it, or of the defaults', was invalid."""
        return self.pruned.spares(*function.pointer, setting) and self.pruned.spares("defaults", setting)


def rule_context(application: Application, directory: Path, pruned: Pruned) -> RuleContext:
    """The context of an application, with its functions' settings worked out once for all rules."""
    functions = tuple(
        PlacedFunction(
            name=route_function_name(route_key, route),
            route=route,
            settings=effective(route, application.defaults),
            pointer=("patterns", pattern_key, "routes", route_key),
        )
        for pattern_key, pattern in application.patterns.items()
        for route_key, route in pattern.routes.items()
        if isinstance(route, Route)
    )
    return RuleContext(application, functions, directory, pruned)


Rule = Callable[[RuleContext], Iterator[Finding]]
