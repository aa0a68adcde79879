"""A name that follows from a route key is one that Lambda takes."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.limits import FUNCTION_NAME_LENGTH_MAX
from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import Route
from lambdakit.spec.rules.rule import RuleContext


def derived_names(context: RuleContext) -> Iterator[Finding]:
    """A finding for each derived name that is too long."""
    for function in context.functions:
        length = len(function.name)
        if isinstance(function.written, Route) and function.written.name is None and length > FUNCTION_NAME_LENGTH_MAX:
            problem = (
                f"the name that follows from the route, {function.name[:40]}…, "
                f"has {length} characters, {FUNCTION_NAME_LENGTH_MAX} are allowed"
            )
            yield Finding(
                code="LK140", pointer=function.pointer, at_key=True, problem=problem, hint="add a name of your own"
            )
