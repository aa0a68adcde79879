"""Functions, state machines and patterns can be made one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.dependencies import Use, dependencies, in_order
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext


def circles(context: RuleContext) -> Iterator[Finding]:
    """A finding for each function that uses itself, or its own pattern, and for the first circle of several."""
    needed = {part: dict(others) for part, others in dependencies(context.application, context.directory).items()}
    for part, others in needed.items():
        if (use := others.pop(part, None)) is not None:
            yield _of_itself(part, use)
    try:
        in_order(needed)
    except ValueError as circle:
        parts: tuple[Pointer, ...] = circle.args
        yield Finding(
            code="LK147",
            pointer=needed[parts[-2]][parts[-1]].pointer,
            problem=f"each would be made after the next: {' → '.join(str(part[1]) for part in parts)}",
            hint="let one of them send to a queue or an event bus, which starts the other",
        )


def _of_itself(part: Pointer, use: Use) -> Finding:
    if part[0] != "patterns" or use.name == part[1]:
        problem, hint = f"{use.name} would be made after itself", "leave it out"
    else:
        problem = f"{use.name} is a function of {part[1]} itself, whose functions are made together"
        hint = "move what both do to a function below functions, or to a module that they share"
    return Finding(code="LK147", pointer=use.pointer, problem=problem, hint=hint)
