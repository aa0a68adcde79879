"""A schema of requests is one that the API checks by."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.api import RestApi
from lambdakit.spec.finding import Finding
from lambdakit.spec.rules.rule import RuleContext


def request_schemas(context: RuleContext) -> Iterator[Finding]:
    """A finding for each schema that nothing would read."""
    for key, pattern in context.api_backends():
        is_rest = isinstance(pattern.api, RestApi)
        if (isinstance(pattern.api, RestApi) and pattern.api.request_validation) or not context.pruned.spares(
            "patterns", key, "api"
        ):
            continue
        for route_key, route in pattern.routes.items():
            if route.request_schema is not None:
                yield Finding(
                    code="LK195",
                    pointer=("patterns", key, "routes", route_key, "request_schema"),
                    problem="the API checks no requests"
                    if is_rest
                    else f"type: {pattern.api.type} checks no requests, as type: rest can",
                    hint="add request_validation: true to the api, or leave it out"
                    if is_rest
                    else "leave it out, and let the function check",
                )
