"""Which parts of an application are made before which: those that a part names come first.

A part is a function of no pattern, a state machine, or a whole pattern, by its pointer. Other resources name no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lambdakit.records import dataclass
from lambdakit.spec.placed_functions import written_functions
from lambdakit.spec.policies import policy_names
from lambdakit.spec.resources.definition import stands_for
from lambdakit.spec.resources.definition_file import definition_in
from lambdakit.spec.resources.references import references
from lambdakit.spec.resources.state_machine import StateMachineResource

if TYPE_CHECKING:
    from lambdakit.spec.application import Application
    from lambdakit.spec.function import FunctionSettings
    from lambdakit.spec.pointer import Pointer

# By the part, what it needs, and how it names that.
Dependencies: TypeAlias = "Mapping[Pointer, Mapping[Pointer, Use]]"


@dataclass(frozen=True, slots=True)
class Use:
    """A name that stands for a part, and where it is written."""

    name: str
    pointer: Pointer


def dependencies(application: Application, directory: Path) -> Dependencies:
    """What each part needs, in the document's order. directory: the document's, from which definitions are read."""
    parts = part_names(application)
    found: dict[Pointer, dict[Pointer, Use]] = {part: {} for part in _parts(application)}
    for pointer, name in named_parts(application, directory):
        if name in parts:
            found[pointer[:2]].setdefault(parts[name], Use(name, pointer))
    return found


def part_names(application: Application) -> Mapping[str, Pointer]:
    """The part that a name stands for; none for other resources. A resource's name goes before a function's."""
    names: dict[str, Pointer] = {name: pointer[:2] for name, _, pointer in written_functions(application)}
    for name, resource in application.resources.items():
        if isinstance(resource, StateMachineResource):
            names[name] = ("resources", name)
        else:
            names.pop(name, None)
    return names


def in_order(needed: Dependencies) -> list[Pointer]:
    """The parts, each behind what it needs, else in the document's order.

    ValueError with the circle where there is one.
    """
    ordered: dict[Pointer, None] = {}
    for first in needed:
        # The way from `first` to where the search is, and what is left to look at of each part on it.
        way: dict[Pointer, Iterator[Pointer]] = {} if first in ordered else {first: iter(needed[first])}
        while way:
            part = next(reversed(way))
            other = next((other for other in way[part] if other not in ordered), None)
            if other is None:
                del way[part]
                ordered[part] = None
            elif other in way:
                parts = list(way)
                raise ValueError(*parts[parts.index(other) :], other)
            else:
                way[other] = iter(needed.get(other, {}))
    return list(ordered)


def _parts(application: Application) -> Iterator[Pointer]:
    for name in application.functions:
        yield "functions", name
    for name, resource in application.resources.items():
        if isinstance(resource, StateMachineResource):
            yield "resources", name
    for key in application.patterns:
        yield "patterns", key


def named_parts(application: Application, directory: Path) -> Iterator[tuple[Pointer, str]]:
    """Every name that could be a part's, or another resource's, with its place. directory: as for `dependencies`."""
    for _, written, pointer in written_functions(application):
        yield from function_names(written, pointer)
        yield from (each for each in policy_names(written, pointer) if each[1] in application.resources)
    for reference in references(application):
        if reference.kind == "state_machine":
            yield reference.pointer, reference.name
    for name, resource in application.resources.items():
        if isinstance(resource, StateMachineResource):
            for pointer, other in _of_machine(resource, directory):
                yield ("resources", name, *pointer), other


def function_names(written: FunctionSettings, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """The names of resources or functions that a function may use, with their places. pointer: the function's."""
    for name in written.grants:
        yield (*pointer, "grants", name), name
    for key in ("on_success", "on_failure"):
        if (destination := getattr(written, key)) is not None:
            yield (*pointer, key), destination
    for key in ("pre_hook", "post_hook"):
        if (hook := getattr(written.deployment, key, None)) is not None:
            yield (*pointer, "deployment", key), hook


def _of_machine(machine: StateMachineResource, directory: Path) -> Iterator[tuple[Pointer, str]]:
    for name in machine.grants:
        yield ("grants", name), name
    if machine.definition is None:
        return
    definition = definition_in(directory, machine.definition)
    for placeholder in () if definition is None else definition.placeholders:
        meant = stands_for(machine, placeholder)
        if isinstance(meant, str):
            written = placeholder in machine.substitutions
            yield ("substitutions", placeholder) if written else ("definition",), meant
