"""A route is made public where it is not public already."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.finding import Finding
from lambdakit.spec.patterns import WebSocketBackend
from lambdakit.spec.rules.rule import RuleContext


def public_routes(context: RuleContext) -> Iterator[Finding]:
    """A finding for each `authorizer: none` that would say nothing."""
    for key, pattern in context.api_backends():
        guarded = getattr(pattern.api, "authorizer", None) is not None
        if not guarded and not context.pruned.spares("patterns", key, "api"):
            continue
        for route_key, route in pattern.routes.items():
            if route.authorizer is None:
                continue
            place = ("patterns", key, "routes", route_key, "authorizer")
            if not guarded:
                problem, hint = f"the API of {key} has no authorizer, so that every route is public", "leave it out"
                yield Finding(code="LK191", pointer=place, problem=problem, hint=hint)
            elif isinstance(pattern, WebSocketBackend) and route_key != "$connect":
                problem = f"a WebSocket API asks its authorizer at $connect, not at {route_key}"
                yield Finding(
                    code="LK191", pointer=place, problem=problem, hint="leave it out, or write it at $connect"
                )
