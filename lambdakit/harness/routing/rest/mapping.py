"""Parameter mapping of REST APIs: where the parameters of an integration's request, and an answer's headers, come from.

Source: API Gateway Developer Guide, "Parameter mapping source reference for REST APIs in API Gateway".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.rest.backend import BackendAnswer
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.json_path import PathRefused, found
from lambdakit.harness.routing.rest.proxy_event import header_pairs
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.velocity import Params, parsed_body
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Work

_TO_REQUEST: Final = re.compile(r"integration\.request\.(header|querystring|path)\.(.+)")
_TO_RESPONSE: Final = re.compile(r"method\.response\.header\.(.+)")

# What an expression stands for: every value, none where there is none.
_Read = Callable[[str], list[str]]
# Kind (`header`, `querystring`, `path`), name, values.
Mapped = tuple[str, str, list[str]]


def request_params(exchange: RestExchange) -> Params:
    """The parameters of the method request, for templates."""
    return Params(
        path=dict(exchange.path_parameters),
        querystring=dict(query_pairs(exchange.request.query)),
        header=dict(header_pairs(exchange)),
    )


def mapped_to_request(
    exchange: RestExchange, mappings: Mapping[str, str], context: Mapping[str, Any]
) -> Sequence[Mapped]:
    """The parameters that mappings give an integration's request; those that come to nothing are left out."""

    def read(expression: str) -> list[str]:
        if expression.startswith("method.request."):
            return _of_request(exchange, expression.removeprefix("method.request."))
        return _of_surroundings(expression, exchange.stage_variables, context)

    return _mapped(_TO_REQUEST, mappings, read)


def mapped_to_response(
    exchange: RestExchange, answer: BackendAnswer, mappings: Mapping[str, str], context: Mapping[str, Any]
) -> Sequence[tuple[str, str]]:
    """The header fields that mappings give an answer."""

    def read(expression: str) -> list[str]:
        if expression.startswith("integration.response."):
            return _of_answer(answer, expression.removeprefix("integration.response."))
        return _of_surroundings(expression, exchange.stage_variables, context)

    found_values = _mapped(_TO_RESPONSE, {key: value for key, value in mappings.items()}, read)
    return [(name, value) for _, name, values in found_values for value in values]


def _mapped(targets: re.Pattern[str], mappings: Mapping[str, str], read: _Read) -> list[Mapped]:
    results: list[Mapped] = []
    for target, expression in mappings.items():
        match = targets.fullmatch(target)
        if match is None:
            continue
        values = read(expression.strip())
        if values:
            results.append(("header" if match.lastindex == 1 else match[1], match[match.lastindex or 1], values))
    return results


def _of_request(exchange: RestExchange, name: str) -> list[str]:
    kind, _, key = name.partition(".")
    if kind in ("header", "multivalueheader"):
        values = [value for other, value in header_pairs(exchange) if other.lower() == key.lower()]
        return values if kind.startswith("multi") else values[-1:]
    if kind in ("querystring", "multivaluequerystring"):
        values = [value for other, value in query_pairs(exchange.request.query) if other == key]
        return values if kind.startswith("multi") else values[-1:]
    if kind == "path":
        value = exchange.path_parameters.get(key)
        return [] if value is None else [value]
    return _of_body(exchange.request.body, name)


def _of_answer(answer: BackendAnswer, name: str) -> list[str]:
    kind, _, key = name.partition(".")
    if kind in ("header", "multivalueheader"):
        values = [value for other, value in answer.headers if other.lower() == key.lower()]
        return values if kind.startswith("multi") else values[-1:]
    return _of_body(answer.body, name)


def _of_surroundings(expression: str, stage_variables: Mapping[str, str], context: Mapping[str, Any]) -> list[str]:
    if len(expression) > 1 and expression[0] == expression[-1] == "'":
        return [expression[1:-1]]
    source, _, name = expression.partition(".")
    if source == "stageVariables":
        return [stage_variables[name]] if name in stage_variables else []
    if source != "context":
        return []
    value: Any = context
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return _texts(value)


def _of_body(body: bytes, name: str) -> list[str]:
    """The whole body, or what the JSONPath behind `body` leads to."""
    if name == "body":
        return [body.decode("utf-8", "replace")]
    if not name.startswith(("body.", "body[")):
        return []
    path = name.removeprefix("body").removeprefix(".")
    try:
        is_there, value = found(path, parsed_body(body.decode("utf-8", "replace")), Work().spend)
    except (PathRefused, TemplateFailed) as problem:
        raise Refused("API_CONFIGURATION_ERROR", f"{name}: {problem}") from None
    return _texts(value) if is_there else []


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)]
