"""An integration's answer becomes the method's: selected by status or error message, mapped, converted.

Source: API Gateway Developer Guide, "Set up an integration response in API Gateway", "Handle standard Lambda errors in
API Gateway"; API Gateway API Reference, "IntegrationResponse".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.rest_definition import IntegrationResponse, Method, RestIntegration
from lambdakit.harness.routing.rest.backend import BackendAnswer
from lambdakit.harness.routing.rest.content_handling import answer_body, finished_body
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.java_patterns import PatternRefused, matches
from lambdakit.harness.routing.rest.mapping import mapped_to_response, request_params
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.velocity import Rendered, TemplateFailed, override_text, render
from lambdakit.harness.wire import Response, header_value, may_have_body

_JSON: Final = "application/json"
_CONFIGURATION: Final = "API_CONFIGURATION_ERROR"


def integration_response(
    exchange: RestExchange, integration: RestIntegration, answer: BackendAnswer, context: Mapping[str, Any]
) -> Response:
    """The method's answer. Refused when none is configured for what the integration answered, or cannot be made."""
    chosen = _selected(integration, answer)
    _check_declared(exchange.method, chosen.status)
    content_type, template = _template(exchange, answer, chosen)
    body = answer_body(exchange, answer, chosen.content_handling, has_template=template is not None)
    rendered = None if template is None else _rendered(exchange, template, body, context)
    if rendered is not None:
        body = rendered.text.encode("utf-8", "replace")
    body = finished_body(exchange, answer, body, chosen.content_handling)
    status = chosen.status if rendered is None or rendered.response_status is None else rendered.response_status
    headers = _headers(exchange, answer, chosen, rendered, context)
    if may_have_body(status) and not any(name.lower() == "content-type" for name, _ in headers):
        headers = [("Content-Type", content_type), *headers]
    return Response(status=status, headers=headers, body=body)


def _selected(integration: RestIntegration, answer: BackendAnswer) -> IntegrationResponse:
    """The response whose pattern matches a function's error message, or any other integration's status; or the default.

    A function that did not fail has no error message, which no pattern matches.
    """
    subject = answer.error_message if answer.is_function else str(answer.status)
    try:
        for response in integration.responses.values():
            if response.selection_pattern and subject and matches(response.selection_pattern, subject):
                return response
    except PatternRefused as problem:
        raise Refused(_CONFIGURATION, f"selectionPattern: {problem}") from None
    default = next((each for each in integration.responses.values() if not each.selection_pattern), None)
    if default is None:
        what = "the function's answer" if answer.is_function else f"the status {answer.status}"
        raise Refused(_CONFIGURATION, f"no integration response is for {what}, and there is no default one")
    return default


def _check_declared(method: Method | None, status: int) -> None:
    if method is not None and str(status) not in method.responses:
        raise Refused(
            _CONFIGURATION, f"the integration response names the method response {status}, which there is not"
        )


def _template(exchange: RestExchange, answer: BackendAnswer, chosen: IntegrationResponse) -> tuple[str, str | None]:
    """Content type and template: the one that the client accepts, else the answer's own, JSON's or the first.

    None for an empty template, which lets the body through: AWS CLI Command Reference, "put-integration-response"; it
    is shown as null from then on.
    """
    templates = chosen.templates
    accepted = [_media_type(part) for part in exchange.request.headers.get("accept").split(",")]
    by_type = {_media_type(key): key for key in templates}
    for wanted in (*accepted, _media_type(answer.header("content-type")), _JSON, *by_type):
        if wanted in by_type:
            return by_type[wanted], templates[by_type[wanted]] or None
    return _JSON, None


def _rendered(exchange: RestExchange, template: str, body: bytes, context: Mapping[str, Any]) -> Rendered:
    try:
        return render(
            template,
            body=body.decode("utf-8", "replace"),
            params=request_params(exchange),
            context=context,
            stage_variables=exchange.stage_variables,
        )
    except TemplateFailed as failed:
        raise Refused(_CONFIGURATION, f"the template of the integration response: {failed}") from None


def _headers(
    exchange: RestExchange,
    answer: BackendAnswer,
    chosen: IntegrationResponse,
    rendered: Rendered | None,
    context: Mapping[str, Any],
) -> list[tuple[str, str]]:
    mapped = list(mapped_to_response(exchange, answer, chosen.parameters, context))
    overrides = {} if rendered is None else rendered.response_headers
    replaced = {name.lower() for name in overrides}
    kept = [(name, value) for name, value in mapped if name.lower() not in replaced]
    kept += [(name, override_text(value)) for name, value in overrides.items()]
    return [(name, header_value(value)) for name, value in kept]


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()
