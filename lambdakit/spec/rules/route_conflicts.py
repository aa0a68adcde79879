"""No two routes of an API match the same requests, and no path names two variables alike.

Source: API Gateway Developer Guide, "Create routes for HTTP APIs": the name of a variable has no part in the
choice of a route.
"""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import WebSocketBackend
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.route_key import split_route_key
from lambdakit.spec.rules.rule import RuleContext


def route_conflicts(context: RuleContext) -> Iterator[Finding]:
    """A finding for each route that an earlier one stands in the way of, or whose variables share a name."""
    for pattern_key, pattern in context.api_backends():
        if isinstance(pattern, WebSocketBackend):
            continue
        seen: dict[str, str] = {}
        for route_key in pattern.routes:
            pointer: Pointer = ("patterns", pattern_key, "routes", route_key)
            parts = split_route_key(route_key)
            first = seen.setdefault(parts.shape, route_key)
            if first != route_key:
                problem = f"{route_key} matches the same requests as {first}"
                hint = "keep one of the two; the names of variables do not tell routes apart"
                yield Finding(code="LK134", pointer=pointer, at_key=True, problem=problem, hint=hint)
            for variable in sorted({name for name in parts.variables if parts.variables.count(name) > 1}):
                problem = f"{route_key} names two variables {variable}, of which the function would see one"
                yield Finding(
                    code="LK134", pointer=pointer, at_key=True, problem=problem, hint="give each a name of its own"
                )
