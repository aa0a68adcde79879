"""A method's request becomes its integration's: template or passthrough, parameters, overrides.

Source: API Gateway Developer Guide, "Method request behavior for payloads without mapping templates for REST APIs in
API Gateway"; "Mapping template transformations for REST APIs in API Gateway"; "Override your API's request and response
parameters and status codes for REST APIs in API Gateway".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.moto_state.rest_definition import RestIntegration
from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.rest.backend import BackendRequest
from lambdakit.harness.routing.rest.content_handling import made_by_template, request_body
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.mapping import Mapped, mapped_to_request, request_params
from lambdakit.harness.routing.rest.proxy_event import header_pairs
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.velocity import Rendered, TemplateFailed, override_text, render
from lambdakit.harness.wire import header_value

_JSON: Final = "application/json"
# RFC 9110, 7.6.1, and what the integration's own request says for itself.
_NOT_PASSED_ON: Final = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)


def integration_request(
    exchange: RestExchange, integration: RestIntegration, context: Mapping[str, Any]
) -> BackendRequest:
    """The request as the integration gets it. Refused when there is none to make.

    context: `$context` as `context_values` gives it.
    """
    if integration.type == "HTTP_PROXY":
        return _proxied(exchange, integration, context)
    content_type = _media_type(exchange.request.headers.get("content-type")) or _JSON
    template = _template(integration, content_type)
    handling = integration.content_handling
    body = request_body(exchange, handling, has_template=template is not None)
    rendered = None
    if template is not None:
        rendered = _rendered(exchange, template, body, context)
        body = made_by_template(rendered.text.encode("utf-8", "replace"), handling)
    mapped = mapped_to_request(exchange, integration.request_parameters, context)
    given = [("Content-Type", exchange.request.headers.get("content-type") or content_type)]
    return BackendRequest(
        method=_method(exchange, integration),
        path=_path(mapped, rendered),
        query=_changed([], mapped, rendered, "querystring"),
        headers=_changed(given, mapped, rendered, "header"),
        body=body,
    )


def _proxied(exchange: RestExchange, integration: RestIntegration, context: Mapping[str, Any]) -> BackendRequest:
    """The client's own request, with what mappings change."""
    mapped = mapped_to_request(exchange, integration.request_parameters, context)
    headers = [pair for pair in header_pairs(exchange) if pair[0].lower() not in _NOT_PASSED_ON]
    return BackendRequest(
        method=_method(exchange, integration),
        path=_path(mapped, None),
        query=_changed(query_pairs(exchange.request.query), mapped, None, "querystring"),
        headers=_changed(headers, mapped, None, "header"),
        body=exchange.request.body,
    )


def _template(integration: RestIntegration, content_type: str) -> str | None:
    """The template for a content type; None when the body is passed through. Refused when it may not be."""
    templates = {_media_type(key): template for key, template in integration.request_templates.items()}
    if content_type in templates:
        return templates[content_type]
    behaviour = integration.passthrough_behavior or "WHEN_NO_MATCH"
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
        raise Refused(
            "UNSUPPORTED_MEDIA_TYPE", f"no template is for {content_type}, and passthroughBehavior is {behaviour}"
        )
    return None


def _rendered(exchange: RestExchange, template: str, body: bytes, context: Mapping[str, Any]) -> Rendered:
    try:
        return render(
            template,
            # Of no payload `$input.body` is an empty map, as `$input.json('$')` is. Source: AWS CDK API Reference,
            # "aws-apigateway", "StepFunctions backed APIs": a GET without one gives the state machine `"body": {}`.
            body=body.decode("utf-8", "replace") or "{}",
            params=request_params(exchange),
            context=context,
            stage_variables=exchange.stage_variables,
        )
    except TemplateFailed as failed:
        raise Refused("API_CONFIGURATION_ERROR", f"the template of the integration request: {failed}") from None


def _method(exchange: RestExchange, integration: RestIntegration) -> str:
    return integration.http_method if integration.http_method not in ("", "ANY") else exchange.request.method


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _path(mapped: Sequence[Mapped], rendered: Rendered | None) -> dict[str, str]:
    values = {name: found[-1] for kind, name, found in mapped if kind == "path"}
    overrides = {} if rendered is None else rendered.request.get("path", {})
    return values | {name: override_text(value) for name, value in overrides.items()}


def _changed(
    pairs: Sequence[tuple[str, str]], mapped: Sequence[Mapped], rendered: Rendered | None, kind: str
) -> list[tuple[str, str]]:
    """The parameters of a kind with those that mappings and overrides give in place; overrides win."""
    overrides = {} if rendered is None else rendered.request.get(kind, {})
    changes = [(name, values) for where, name, values in mapped if where == kind]
    changes += [(name, [override_text(value)]) for name, value in overrides.items()]
    result = list(pairs)
    for name, values in changes:
        fit = [header_value(value) for value in values] if kind == "header" else values
        same = name.lower() if kind == "header" else name
        kept = [pair for pair in result if (pair[0].lower() if kind == "header" else pair[0]) != same]
        result = [*kept, *((name, value) for value in fit)]
    return result
