"""What a rule is: a function that yields what is wrong across the fields of an application whose shape is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lambdakit.records import dataclass
from lambdakit.spec.application import Application
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import ApiBackend, SharedRoute
from lambdakit.spec.placed_functions import PlacedFunction as PlacedFunction
from lambdakit.spec.placed_functions import placed_functions
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.stacks import stacked_parts
from lambdakit.spec.stream_processing import StreamProcessing
from lambdakit.spec.validation import Pruned


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What rules look at.

    application: the valid part of the document. functions: every one that it defines, in its order.
    directory: the project's, which is the document's.
    pruned: what was invalid; a rule about something absent asks `pruned.spares(*pointer)` first.
    declared: the names of parameters that the document or any of its environments has.
    """

    application: Application
    functions: tuple[PlacedFunction, ...]
    directory: Path
    pruned: Pruned
    declared: frozenset[str] = frozenset()

    def shared_routes(self) -> Iterator[tuple[str, SharedRoute, Pointer]]:
        """Every route that names another route's function: its pattern's key, itself, its place."""
        for pattern_key, pattern in self.api_backends():
            for route_key, route in pattern.routes.items():
                if isinstance(route, SharedRoute):
                    yield pattern_key, route, ("patterns", pattern_key, "routes", route_key)

    def api_backends(self) -> Iterator[tuple[str, ApiBackend]]:
        """Every pattern of that kind, with its key."""
        for key, pattern in self.application.patterns.items():
            if isinstance(pattern, ApiBackend):
                yield key, pattern

    def event_processings(self) -> Iterator[tuple[str, EventProcessing]]:
        """Every pattern of that kind, with its key."""
        for key, pattern in self.application.patterns.items():
            if isinstance(pattern, EventProcessing):
                yield key, pattern

    def stream_processings(self) -> Iterator[tuple[str, StreamProcessing]]:
        """Every pattern of that kind, with its key."""
        for key, pattern in self.application.patterns.items():
            if isinstance(pattern, StreamProcessing):
                yield key, pattern

    def knows(self, function: PlacedFunction, setting: str) -> bool:
        """Whether the function's setting is what the document says: no part of it, or of the defaults', was invalid."""
        return self.pruned.spares(*function.pointer, setting) and self.pruned.spares("defaults", setting)

    def knows_stacks(self) -> bool:
        """Whether every part stands in the stack that the document says: none was written wrongly."""
        return all(self.pruned.spares(*pointer, "stack") for pointer, _ in stacked_parts(self.application))


def rule_context(
    application: Application, directory: Path, pruned: Pruned, declared: frozenset[str] = frozenset()
) -> RuleContext:
    """The context of an application, with its functions' settings worked out once for all rules."""
    functions = placed_functions(application)
    return RuleContext(application, functions, directory, pruned, declared)


Rule = Callable[[RuleContext], Iterator[Finding]]
