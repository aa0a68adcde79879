"""What functions are granted, or send their results to, is there, and can be used so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.spec.dependencies import function_names
from lambdakit.spec.finding import Finding
from lambdakit.spec.grants import ACCESSES, FUNCTION
from lambdakit.spec.nearest import nearest
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import PlacedFunction, RuleContext
from lambdakit.spec.wording import one_of, quoted

# Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"
_DESTINATIONS: Final = ("queue", "topic", "event_bus", FUNCTION)
_ARTICLES: Final = {"event_bus": "an"}


def granted_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that nothing has, and for each use that what is called so does not know."""
    kinds = _kinds(context)
    for function in context.functions:
        for pointer, name in function_names(function.written, function.pointer):
            kind = kinds.get(name)
            setting = pointer[len(function.pointer)]
            if kind is None:
                yield from _unknown(context, pointer, name, kinds)
            elif setting == "grants":
                yield from _wrong_access(function, pointer, name, kind)
            elif setting == "deployment":
                yield from _no_function(pointer, name, kind)
            elif kind not in _DESTINATIONS:
                problem = f"{quoted(name)} is {_with_article(kind)}, which takes no results of functions"
                hint = f"name {', '.join(_with_article(each) for each in _DESTINATIONS[:-1])} or a function"
                yield Finding(code="LK145", pointer=pointer, problem=problem, hint=hint)


def _kinds(context: RuleContext) -> dict[str, str]:
    """The kind of what each name stands for; a resource's name goes before a function's."""
    functions = {function.name: FUNCTION for function in context.functions}
    return functions | {name: resource.kind for name, resource in context.application.resources.items()}


def _unknown(context: RuleContext, pointer: Pointer, name: str, kinds: dict[str, str]) -> Iterator[Finding]:
    if not all(context.pruned.spares(section) for section in ("resources", "functions", "patterns")):
        return
    close = nearest(name, kinds)
    hint = f"write {close}" if close else f"add it: `resources: {{{name}: {{kind: queue}}}}`, or below functions"
    problem = f"{quoted(name)} is none of the `resources` and no function"
    yield Finding(code="LK144", pointer=pointer, at_key="grants" in pointer, problem=problem, hint=hint)


def _wrong_access(function: PlacedFunction, pointer: Pointer, name: str, kind: str) -> Iterator[Finding]:
    access = function.written.grants[name]
    allowed = ACCESSES[kind]
    if access not in allowed:
        yield Finding(
            code="LK145",
            pointer=pointer,
            problem=f"{access} is nothing that a function can do with {name}, {_with_article(kind)}: "
            f"it takes {one_of(allowed)}",
            hint=f"write {allowed[0]}",
        )


def _no_function(pointer: Pointer, name: str, kind: str) -> Iterator[Finding]:
    if kind != FUNCTION:
        problem = f"{quoted(name)} is {_with_article(kind)}, and CodeDeploy asks a function whether to go on"
        yield Finding(code="LK145", pointer=pointer, problem=problem, hint="name a function")


def _with_article(kind: str) -> str:
    return f"{_ARTICLES.get(kind, 'a')} {kind.replace('_', ' ')}"
