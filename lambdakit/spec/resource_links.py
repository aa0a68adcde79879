"""Which resource of a stack is made after which: as far as the document itself says so, and nothing but what is sure.

A resource is known by its place: `("cloudformation", "Budget")`, `("resources", "jobs")`, that of a function, and for
what one of those or a pattern consists of, its place with the construct's path: `("patterns", "orders", "Table")`.
Source: CloudFormation Template Reference, "DependsOn attribute": Ref and Fn::GetAtt are dependencies as well
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lambdakit.records import dataclass
from lambdakit.spec.cloudformation_calls import calls, overridable, places, references
from lambdakit.spec.placed_functions import written_functions
from lambdakit.spec.references_across import named_places
from lambdakit.spec.resources.queue import NO_QUEUE, QueueResource
from lambdakit.spec.stacks import is_existing, stack_at

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer

# Which stand for the construct that they are below; a `LambdaFunction` is known by its function.
_DEFAULTS: Final = re.compile("/(Resource|Default)$")
_FUNCTION: Final = "Function"
_ITSELF: Final = "."
# What of a resource is no reason to make another one first.
_NOT_FOLLOWED: Final = "Metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLink:
    """A resource that is made after another. name, other: what the document calls the two. pointer: where it does."""

    after: Pointer
    name: str
    first: Pointer
    other: str
    pointer: Pointer


def resource_links(application: Application) -> Iterator[ResourceLink]:
    """Every link within a stack, those that CloudFormation's own words make first."""
    known = _Known(application)
    for name, raw in application.cloudformation.items():
        for number, other in enumerate(raw.DependsOn):
            below: Pointer = (number,) if len(raw.DependsOn) > 1 else ()
            yield from known.link(("cloudformation", name), name, other, ("cloudformation", name, "DependsOn", *below))
    for pointer, value in places(application):
        owner = known.written_by(pointer)
        if owner is None or _NOT_FOLLOWED in pointer[2:3]:
            continue
        for call in calls(value, pointer):
            for reference in references(call):
                yield from known.link(*owner, reference.name, reference.pointer)
    yield from _of_names(application, known)


def _of_names(application: Application, known: _Known) -> Iterator[ResourceLink]:
    """What functions and queues name: a role names what it is granted, and is made before its function."""
    for name, function, place in written_functions(application):
        for granted in function.grants:
            yield from known.link(place, name, granted, (*place, "grants", granted))
        for section in ("secrets", "ssm_parameters"):
            for variable, used in getattr(function, section).items():
                yield from known.link(place, name, used, (*place, section, variable))
        for setting in ("dead_letter_queue", "dead_letter_topic", "environment_encryption"):
            if (used := getattr(function, setting)) is not None:
                yield from known.link(place, name, used, (*place, setting))
    for name, resource in application.resources.items():
        if isinstance(resource, QueueResource) and resource.dead_letter_queue not in (None, NO_QUEUE):
            pointer: Pointer = ("resources", name, "dead_letter_queue")
            yield from known.link(("resources", name), name, str(resource.dead_letter_queue), pointer)


class _Known:
    """What names of one application mean."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._places: Mapping[str, Pointer] = named_places(application)
        # Below its pattern, a route's function is called by its name, and the only one `Function`.
        self._functions = {
            (*place[:2], _FUNCTION if place[2:] == ("function",) else name): place
            for name, _, place in written_functions(application)
        }
        self._overridable = {pointer for pointer, _ in overridable(application)}

    def link(self, after: Pointer, name: str, other: str, pointer: Pointer) -> Iterator[ResourceLink]:
        """The link by the name `other`; none where that means no resource of the same stack."""
        first = self._meant(other)
        if first is not None and stack_at(self._application, after) == stack_at(self._application, first):
            yield ResourceLink(after=after, name=name, first=first, other=other, pointer=pointer)

    def written_by(self, pointer: Pointer) -> tuple[Pointer, str] | None:
        """The resource in whose properties a value stands, and its name; None for a value of no resource."""
        if pointer[0] == "cloudformation":
            return pointer[:2], str(pointer[1])
        for length in (1, 2):
            if pointer[:length] in self._overridable and pointer[length : length + 1] == ("overrides",):
                path = str(pointer[length + 1])
                owner = str(pointer[length - 1])
                name = owner if path == _ITSELF else f"{owner}/{path}"
                return self._below(pointer[:length], "" if path == _ITSELF else path), name
        return None

    def _meant(self, name: str) -> Pointer | None:
        first, slash, rest = name.partition("/")
        place: Pointer | None = self._places.get(first)
        if slash and first in self._application.patterns:
            place = ("patterns", first)
        if place is None or (place[0] == "resources" and is_existing(self._application.resources[str(place[1])])):
            return None
        return self._below(place, rest)

    def _below(self, place: Pointer, path: str) -> Pointer:
        path = _DEFAULTS.sub("", f"/{path}").strip("/")
        id, _, rest = path.partition("/")
        if place[0] == "patterns" and len(place) == 2 and (function := self._functions.get((*place, id))) is not None:
            place, path = function, rest
        is_function = place[0] == "functions" or len(place) > 2
        return place if not path or (is_function and path == _FUNCTION) else (*place, path)
