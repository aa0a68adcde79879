"""Request validation: whether a request has what its method requires, before it is passed on.

Source: API Gateway Developer Guide, "Request validation for REST APIs in API Gateway".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.harness.moto_state.rest_definition import Method
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.models import SchemaProblem, body_problems
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.request_values import parameter

_DEFAULT: Final = "$default"
_JSON: Final = "application/json"


def validate(exchange: RestExchange) -> None:
    """Refused for a request that lacks a required parameter, or whose body is not as its model says."""
    method = exchange.method
    validator = None if method is None else exchange.api.validators.get(method.validator_id)
    if method is None or validator is None:
        return
    if validator.parameters:
        missing = list(_missing(exchange, method))
        if missing:
            text = f"Missing required request parameters: [{', '.join(missing)}]"
            raise Refused(
                "BAD_REQUEST_PARAMETERS",
                text,
                message=text,
                details={"validationErrorString": f"[{', '.join(missing)}]"},
            )
    if validator.body:
        _check_body(exchange, method)


def _missing(exchange: RestExchange, method: Method) -> Iterator[str]:
    """The names of required parameters that are not there, or blank."""
    for expression, is_required in method.request_parameters.items():
        kind, _, name = expression.removeprefix("method.request.").partition(".")
        if is_required and not (parameter(exchange, kind, name) or "").strip():
            yield name


def _check_body(exchange: RestExchange, method: Method) -> None:
    """By the model for the body's content type, else that of `$default`; without either no body is looked at."""
    content_type = exchange.request.headers.get("content-type").partition(";")[0].strip().lower() or _JSON
    by_type = {name.partition(";")[0].strip().lower(): model for name, model in method.request_models.items()}
    name = by_type.get(content_type) or by_type.get(_DEFAULT)
    if name is None:
        return
    try:
        problems = body_problems(exchange.request.body, name, exchange.api.models)
    except SchemaProblem as problem:
        raise Refused("API_CONFIGURATION_ERROR", f"the model {name} cannot be applied: {problem}") from None
    if problems:
        told = f"[{', '.join(problems)}]"
        raise Refused(
            "BAD_REQUEST_BODY",
            f"the body is not as the model {name} says: {told}",
            message="Invalid request body",
            details={"validationErrorString": told},
        )
