"""What a function is given has a variable of its own."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.finding import Finding
from lambdakit.spec.grants import FUNCTION, SUFFIXES
from lambdakit.spec.names import snake_case
from lambdakit.spec.pointer import Pointer, render_pointer
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext


def function_variables(context: RuleContext) -> Iterator[Finding]:
    """A finding for each variable that two settings give; environment may say a grant's otherwise."""
    for function in context.functions:
        seen: dict[str, Pointer] = {}
        for variable, pointer in _variables(context, function):
            first = seen.setdefault(variable, pointer)
            if first != pointer:
                yield Finding(
                    code="LK146",
                    pointer=pointer,
                    at_key=True,
                    problem=f"{variable} is the variable of {render_pointer(first)} already",
                    hint="give one of the two another name",
                )
        yield from _targets_too(context, function)


def _variables(context: RuleContext, function: PlacedFunction) -> Iterator[tuple[str, Pointer]]:
    written = function.written
    for variable in function.settings.environment:
        place = function.pointer if variable in written.environment else ("defaults",)
        yield variable, (*place, "environment", variable)
    for key, group in (("secrets", written.secrets), ("ssm_parameters", written.ssm_parameters)):
        for variable in group:
            yield variable, (*function.pointer, key, variable)
    for name, variable in _of_grants(context, function):
        if variable not in (function.settings.environment | written.secrets | written.ssm_parameters):
            yield variable, (*function.pointer, "grants", name)


def _of_grants(context: RuleContext, function: PlacedFunction) -> Iterator[tuple[str, str]]:
    """Each name of a grant that stands for something, with its variable."""
    resources = context.application.resources
    functions = {each.name for each in context.functions}
    for name in function.written.grants:
        if name in resources or name in functions:
            kind = resources[name].kind if name in resources else FUNCTION
            yield name, f"{snake_case(name)}_{SUFFIXES[kind]}".upper()


def _targets_too(context: RuleContext, function: PlacedFunction) -> Iterator[Finding]:
    """Grants that have the name of a target, whatever the two are: a variable would say one of them."""
    pattern = context.application.patterns.get(str(function.pointer[1])) if function.pointer[0] == "patterns" else None
    targets = {snake_case(each): each for each in pattern.targets} if isinstance(pattern, EventProcessing) else {}
    for name in function.written.grants:
        if (target := targets.get(snake_case(name))) is not None:
            yield Finding(
                code="LK146",
                pointer=(*function.pointer, "grants", name),
                at_key=True,
                problem=f"the pattern has a target called {target}, which its function knows by the same name",
                hint="give the target another name, or leave the grant out where the two are the same",
            )
