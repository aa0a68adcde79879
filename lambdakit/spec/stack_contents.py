"""What each stack of an application has of its own beside its parts: the layers and parameters that are used in it.

What nothing uses stands in the first of them, which is the application's own where anything is in that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lambdakit.spec.cloudformation_calls import calls, places
from lambdakit.spec.cloudformation_calls import references as references_of
from lambdakit.spec.parameter_texts import references, texts_of
from lambdakit.spec.placed_functions import placed_functions
from lambdakit.spec.stacks import parts_in, stacks_of

if TYPE_CHECKING:
    from lambdakit.spec.application import Application, Layer
    from lambdakit.spec.parameters import Parameter


def layers_in(application: Application, stack: str) -> dict[str, Layer]:
    """The layers of the stack, in the document's order."""
    names = _needed(application, stack, _layers)
    return {name: layer for name, layer in application.layers.items() if names is None or name in names}


def parameters_in(application: Application, stack: str) -> dict[str, Parameter]:
    """The parameters of the stack, in the document's order."""
    names = _needed(application, stack, _parameters)
    return {name: parameter for name, parameter in application.parameters.items() if names is None or name in names}


def _needed(
    application: Application, stack: str, names: Callable[[Application], Iterator[str]]
) -> frozenset[str] | None:
    """The names that stand in the stack; None for all there are. names: those that are used in a part of it."""
    stacks = stacks_of(application)
    if stacks == (stack,):
        return None
    used = {each: frozenset(names(parts_in(application, each))) for each in stacks}
    if stack != stacks[0]:
        return used[stack]
    everywhere = frozenset().union(*used.values())
    return used[stack] | (frozenset((*application.layers, *application.parameters)) - everywhere)


def _layers(parts: Application) -> Iterator[str]:
    for function in placed_functions(parts):
        yield from function.settings.layers


def _parameters(parts: Application) -> Iterator[str]:
    has_functions = bool(parts.patterns or parts.functions)
    for pointer, text in texts_of(parts):
        # The defaults are the functions'; layers have no texts of their own.
        if pointer[0] != "defaults" or has_functions:
            yield from references(text)
    values = [*places(parts), *((("conditions", name), each) for name, each in parts.conditions.items())]
    for place, value in values:
        for call in calls(value, place):
            yield from (reference.name for reference in references_of(call))
