"""`function:` names a function that another route of the same pattern defines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.nearest import nearest
from lambdakit.spec.rules.rule import RuleContext


def function_references(context: RuleContext) -> Iterator[Finding]:
    """A finding for each name that no route's function has."""
    known: dict[str, list[str]] = defaultdict(list)
    for function in context.functions:
        if function.pointer[0] == "patterns":
            known[str(function.pointer[1])].append(function.name)
    for pattern_key, route, pointer in context.shared_routes():
        names = known[pattern_key]
        if route.function in names or not context.pruned.spares("patterns", pattern_key, "routes"):
            continue
        close = nearest(route.function, names)
        hint = f"write {close}" if close else f"functions of this pattern: {', '.join(names) or 'none'}"
        problem = f"no route of this pattern has a function called {route.function}"
        yield Finding(code="LK131", pointer=(*pointer, "function"), problem=problem, hint=hint)
