"""What a REST API answers for itself: status, header fields and body of each kind, as the API changes them.

Source: API Gateway Developer Guide, "Gateway response types for API Gateway" (kinds and statuses), "Gateway responses
for REST APIs in API Gateway" (templates are no VTL: variables are put in place, nothing is run). For `x-amzn-ErrorType`
and messages of 403: AWS re:Post Knowledge Center, "How do I troubleshoot HTTP 403 errors from API Gateway?" (access
denied, API keys), and "Set up a gateway response for a REST API using the API Gateway console" (missing authentication
token). No page has those of the other kinds: they are as clients of API Gateway report them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.moto_state.rest_definition import GatewayResponse
from lambdakit.harness.routing.exchange import query_pairs
from lambdakit.harness.routing.rest.context import RestOutcome, context_values
from lambdakit.harness.routing.rest.exchange import RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Response, header_value
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """status: where the API sets none. error_type: the header `x-amzn-ErrorType`. member: of the body's message."""

    status: int
    message: str
    error_type: str
    member: str = "message"


_FAILED: Final = "Internal server error"
_INTERNAL: Final = "InternalServerErrorException"
_KINDS: Final[Mapping[str, _Kind]] = {
    "ACCESS_DENIED": _Kind(
        status=403,
        message="User is not authorized to access this resource",
        error_type="AccessDeniedException",
        member="Message",
    ),
    "API_CONFIGURATION_ERROR": _Kind(status=500, message=_FAILED, error_type=_INTERNAL),
    "AUTHORIZER_CONFIGURATION_ERROR": _Kind(status=500, message="null", error_type="AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": _Kind(status=500, message="null", error_type="AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": _Kind(status=400, message="Invalid request body", error_type="BadRequestException"),
    "BAD_REQUEST_PARAMETERS": _Kind(
        status=400, message="Missing required request parameters", error_type="BadRequestException"
    ),
    "EXPIRED_TOKEN": _Kind(
        status=403,
        message="The security token included in the request is expired",
        error_type="ExpiredTokenException",
    ),
    "INTEGRATION_FAILURE": _Kind(status=504, message=_FAILED, error_type=_INTERNAL),
    "INTEGRATION_TIMEOUT": _Kind(status=504, message="Endpoint request timed out", error_type=_INTERNAL),
    "INVALID_API_KEY": _Kind(status=403, message="Forbidden", error_type="ForbiddenException"),
    "INVALID_SIGNATURE": _Kind(
        status=403,
        message="The request signature we calculated does not match the signature you provided.",
        error_type="InvalidSignatureException",
    ),
    "MISSING_AUTHENTICATION_TOKEN": _Kind(
        status=403, message="Missing Authentication Token", error_type="MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": _Kind(status=429, message="Limit Exceeded", error_type="LimitExceededException"),
    "REQUEST_TOO_LARGE": _Kind(status=413, message="Request Too Long", error_type="RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": _Kind(status=404, message="Not Found", error_type="NotFoundException"),
    "THROTTLED": _Kind(status=429, message="Too Many Requests", error_type="TooManyRequestsException"),
    "UNAUTHORIZED": _Kind(status=401, message="Unauthorized", error_type="UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _Kind(
        status=415, message="Unsupported Media Type", error_type="UnsupportedMediaTypeException"
    ),
    "WAF_FILTERED": _Kind(status=403, message="Forbidden", error_type="ForbiddenException"),
}
# A malformed result of a function is a failure of the API's kind `DEFAULT_5XX`, whose status no other kind has.
MALFORMED_RESULT: Final = "DEFAULT_5XX"
_UNNAMED: Final[Mapping[str, _Kind]] = {
    "DEFAULT_4XX": _Kind(status=400, message="Bad Request", error_type="BadRequestException"),
    # Developer Guide, "Amazon API Gateway quotas": of a method's ARN that is too long. No kind that an API can change.
    "REQUEST_URI_TOO_LONG": _Kind(status=414, message="Request URI too long", error_type="RequestTooLongException"),
    MALFORMED_RESULT: _Kind(status=502, message=_FAILED, error_type=_INTERNAL),
}
_JSON: Final = "application/json"
_NAME: Final = r"(?:context|stageVariables|method\.request\.(?:header|querystring|path))(?:\.[A-Za-z0-9_:-]+)+"
_TEMPLATE_VARIABLE: Final = re.compile(rf"\$(?:\{{({_NAME})\}}|({_NAME}))")


def gateway_response(refused: Refused, exchange: RestExchange, outcome: RestOutcome) -> Response:
    """The API's own answer, as its gateway response for the kind or the kind's default says it."""
    kind = _kind(refused)
    message = refused.message or kind.message
    fallback = "DEFAULT_4XX" if kind.status < 500 else "DEFAULT_5XX"
    chosen = exchange.api.gateway_responses.get(refused.kind)
    general = exchange.api.gateway_responses.get(fallback) or GatewayResponse()
    status = (chosen.status if chosen is not None else None) or general.status or kind.status
    said = chosen if chosen is not None else general
    variables = _Variables(exchange, outcome, refused, message)
    headers = [("x-amzn-ErrorType", kind.error_type)]
    for target, source in said.parameters.items():
        place, _, name = target.removeprefix("gatewayresponse.").partition(".")
        value = variables.parameter(source)
        if place == "header" and value is not None:
            headers = [pair for pair in headers if pair[0].lower() != name.lower()]
            headers.append((name, header_value(value)))
    content_type, template = _template(said.templates, exchange)
    if template is None:
        body = json.dumps({kind.member: message}, separators=(",", ":"))
        body = body.replace('"null"', "null") if message == "null" else body
    else:
        body = variables.filled(template)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", content_type))
    return Response(status=status, headers=headers, body=body.encode("utf-8", "replace"))


def error_message(refused: Refused) -> str:
    """`$context.error.message`."""
    return refused.message or _kind(refused).message


def _kind(refused: Refused) -> _Kind:
    return _KINDS.get(refused.kind) or _UNNAMED.get(refused.kind) or _UNNAMED["DEFAULT_5XX"]


def _template(templates: Mapping[str, str], exchange: RestExchange) -> tuple[str, str | None]:
    """The content type and the template for what the client accepts; JSON's where it asks for another."""
    for accepted in exchange.request.headers.get("accept").split(","):
        media_type = accepted.partition(";")[0].strip().lower()
        for content_type, template in templates.items():
            if content_type.lower() == media_type:
                return content_type, template
    if _JSON in templates:
        return _JSON, templates[_JSON]
    return next(iter(templates.items())) if templates else (_JSON, None)


class _Variables:
    """What stands for a variable in parameters and templates."""

    def __init__(self, exchange: RestExchange, outcome: RestOutcome, refused: Refused, message: str) -> None:
        self._exchange = exchange
        values = context_values(exchange, outcome)
        values["error"] = {
            "message": message,
            "messageString": json.dumps(message),
            "responseType": refused.kind,
            "validationErrorString": "",
            **refused.details,
        }
        self._context = values

    def parameter(self, source: str) -> str | None:
        """The value of a parameter: a text in single quotes, or where it comes from; None when there is nothing."""
        if len(source) >= 2 and source[0] == source[-1] == "'":
            return source[1:-1]
        return self._value(source)

    def filled(self, template: str) -> str:
        """The template with every variable in place; nothing stands for one without a value."""

        def value(match: re.Match[str]) -> str:
            return self._value(match[1] or match[2]) or ""

        return _TEMPLATE_VARIABLE.sub(value, template)

    def _value(self, name: str) -> str | None:
        first, _, rest = name.partition(".")
        if first == "context":
            return _text(_below(self._context, rest))
        if first == "stageVariables":
            return self._exchange.stage_variables.get(rest)
        _, _, part = rest.partition(".")
        place, _, key = part.partition(".")
        request = self._exchange.request
        if place == "header":
            return request.headers.get(key.lower()) if key.lower() in request.headers else None
        if place == "querystring":
            return dict(query_pairs(request.query)).get(key)
        return self._exchange.path_parameters.get(key)


def _below(values: Mapping[str, Any], name: str) -> Any:
    found: Any = values
    while name and isinstance(found, Mapping):
        if name in found:
            return found[name]
        first, _, name = name.partition(".")
        found = found.get(first)
    return found if not name else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
