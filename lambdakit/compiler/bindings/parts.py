"""The parts of an application that use each other, one after the other: functions, state machines, patterns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from lambdakit.compiler.bindings import api_backend, event_processing, functions, state_machines, stream_processing
from lambdakit.compiler.bindings.scope import BindingScope, BoundStack, bound_stack
from lambdakit.constructs.acknowledgements import acknowledge
from lambdakit.constructs.named_acknowledgements import acknowledge_named
from lambdakit.spec.construct_paths import construct_paths
from lambdakit.spec.dependencies import dependencies, in_order
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.patterns import Pattern, RequestBackend, WebSocketBackend
from lambdakit.spec.stacks import stack_at
from lambdakit.spec.stream_processing import StreamProcessing

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from lambdakit.spec.application import Application

# Each adds its pattern to the stack, and gives the aliases of the pattern's functions by their names.
_BINDINGS: Final[Mapping[type[Pattern], Callable[[BindingScope, Any, Any], Mapping[str, lambda_.IFunction]]]] = {
    RequestBackend: api_backend.bind,
    WebSocketBackend: api_backend.bind,
    EventProcessing: event_processing.bind,
    StreamProcessing: stream_processing.bind,
}


def bind_parts(
    scope: BindingScope, stacks: Mapping[str, BoundStack], application: Application, *, acknowledges: bool
) -> None:
    """Adds every part to its stack, behind what it names, so that this is there when it is named.

    stacks: by their names in the document. application: all of it, in which the parts' stacks and order are read.
    acknowledges: as for the application.
    """
    reasons: list[tuple[BoundStack, str, Mapping[str, str]]] = []
    for part in in_order(dependencies(application, scope.directory)):
        section, name = part
        bound = bound_stack(stacks, stack_at(application, part))
        scope = replace(scope, stack=bound.stack, layers=bound.layers, defaults=bound.application.defaults)
        match section, str(name):
            case "functions", key:
                function = bound.application.functions[key]
                scope = replace(scope, functions={**scope.functions, key: functions.bind(scope, key, function)})
                reasons.append((bound, key, function.acknowledge))
            case "resources", key:
                machine = state_machines.bind(
                    scope, key, bound.application.resources.get(key, application.resources[key])
                )
                scope = replace(scope, resources={**scope.resources, key: machine})
            case "patterns", key:
                pattern = bound.application.patterns[key]
                scope = replace(scope, functions={**scope.functions, **_BINDINGS[type(pattern)](scope, key, pattern)})
                reasons.append((bound, key, pattern.acknowledge))
    # Once everything is there that a reason can name.
    for bound, key, each in reasons if acknowledges else ():
        _acknowledge(bound, key, each)


def _acknowledge(bound: BoundStack, key: str, reasons: Mapping[str, str]) -> None:
    """Says the reasons of the part of that key."""
    if not reasons:
        return
    construct = bound.stack.node.find_child(key)
    if any("<" in rule for rule in reasons):
        acknowledge_named(construct, reasons, construct_paths(bound.application))
    else:
        acknowledge(construct, reasons)
