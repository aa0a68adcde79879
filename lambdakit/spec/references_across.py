"""References in CloudFormation's own words to what is in another of the application's stacks.

Such a value is exported there and imported here, as what a grant or a source names is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lambdakit.records import dataclass
from lambdakit.spec.cloudformation_calls import calls, places, references
from lambdakit.spec.placed_functions import written_functions
from lambdakit.spec.stacks import stack_at

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.pointer import Pointer

_NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceAcross:
    """A reference of one stack to something in another. user, used: the stacks, by their names in the document.

    name: as it is written, a name or a path that begins with one. target: the place of what that names.
    pointer: where it is written. depends: whether only the order of deployment is meant, as in DependsOn.
    """

    name: str
    target: Pointer
    pointer: Pointer
    user: str
    used: str
    depends: bool = False


def references_across(application: Application) -> Iterator[ReferenceAcross]:
    """Every such reference, those of the document's own resources first."""
    known = named_places(application)
    for name, raw in application.cloudformation.items():
        for number, other in enumerate(raw.DependsOn):
            pointer: Pointer = ("cloudformation", name, "DependsOn", *([number] if len(raw.DependsOn) > 1 else []))
            yield from _of_name(application, known, other, pointer, depends=True)
    for pointer, value in places(application):
        for call in calls(value, pointer):
            for reference in references(call):
                yield from _of_name(application, known, reference.name, reference.pointer)


def named_places(application: Application) -> Mapping[str, Pointer]:
    """By every name that a reference can begin with, the place of what it means."""
    return {
        **({_NETWORK: (_NETWORK,)} if application.network is not None else {}),
        **{name: ("cloudformation", name) for name in application.cloudformation},
        **{key: ("patterns", key) for key in application.patterns},
        **{name: pointer for name, _, pointer in written_functions(application)},
        **{name: ("resources", name) for name in application.resources},
    }


def target_of(name: str, known: Mapping[str, Pointer]) -> Pointer | None:
    """The place of what a name, or the beginning of a path, means; None for a parameter and what is not known."""
    first = name.partition("/")[0]
    return known.get(name, known.get(first))


def _of_name(
    application: Application, known: Mapping[str, Pointer], name: str, pointer: Pointer, *, depends: bool = False
) -> Iterator[ReferenceAcross]:
    target = target_of(name, known)
    if target is None:
        return
    user, used = stack_at(application, pointer), stack_at(application, target)
    if user != used:
        yield ReferenceAcross(name=name, target=target, pointer=pointer, user=user, used=used, depends=depends)
