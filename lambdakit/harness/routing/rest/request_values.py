"""Values of a request by the expressions that name them: `method.request.…`, `stageVariables.…` and `context.…`.

Source: API Gateway API Reference, "CreateAuthorizer" (`identitySource`); API Gateway Developer Guide, "Parameter
mapping source reference for REST APIs in API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.rest.context import context_values
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.proxy_event import header_pairs


def request_value(exchange: RestExchange, expression: str) -> str | None:
    """What an expression such as `method.request.header.X-Token` stands for; None where the request has no such thing.

    Of repeated header fields and query parameters the last one counts.
    """
    source, _, name = expression.strip().removeprefix("$").partition(".")
    if source == "stageVariables":
        return exchange.stage_variables.get(name)
    if source == "context":
        return _within(context_values(exchange), name)
    if source == "method":
        kind, _, name = name.removeprefix("request.").partition(".")
        return parameter(exchange, kind, name)
    return None


def parameter(exchange: RestExchange, kind: str, name: str) -> str | None:
    """The last value of a parameter. kind: `header`, `querystring` or `path`, or `multivalue…` of the first two."""
    kind = kind.lower().removeprefix("multivalue")
    if kind == "path":
        return exchange.path_parameters.get(name)
    values: list[str] = []
    if kind == "header":
        # "Input to an API Gateway Lambda authorizer": with what API Gateway adds, `X-Forwarded-Proto` and the like.
        # What functions are not shown, such as a signature, can be mapped all the same.
        seen = [value for key, value in header_pairs(exchange) if key.lower() == name.lower()]
        values = seen or list(exchange.request.headers.all(name.lower()))
    elif kind == "querystring":
        values = [value for key, value in query_pairs(exchange.request.query) if key == name]
    return values[-1] if values else None


def _within(values: Mapping[str, Any], path: str) -> str | None:
    found: Any = values
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return None if found is None or isinstance(found, Mapping | list) else str(found)
