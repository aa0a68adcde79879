"""Integrations of WebSocket APIs that are no proxy of a function: MOCK, HTTP and AWS services.

    templates and parameters make the backend's request -> the backend -> a template makes what the client gets

What a backend says is no reason to refuse a connection, unless it is a proxy: an integration response decides, and
without one it is a success.
Source: API Gateway Developer Guide, "Set up a WebSocket API integration request", "Set up WebSocket API integration
responses in API Gateway", "Data transformations for WebSocket APIs", "Set up data mapping for WebSocket APIs".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final, Protocol

from lambdakit.harness.moto_state.websocket_apis import SocketIntegration, SocketIntegrationResponse
from lambdakit.harness.routing.context_variables import as_text
from lambdakit.harness.routing.exchange import DEFAULT, query_pairs
from lambdakit.harness.routing.rest.velocity import Params, TemplateFailed, render
from lambdakit.harness.routing.websocket.selection import body_reader, selected, value_at
from lambdakit.harness.routing.websocket.socket_answer import FAILED, SocketRefused
from lambdakit.harness.routing.websocket.socket_event import SocketResult
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange, request_context
from lambdakit.harness.routing.websocket.socket_values import socket_value
from lambdakit.records import dataclass

_PARAMETER: Final = re.compile(r"integration\.request\.(header|querystring|path|multivalueheader)\.(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendRequest:
    """What goes to a backend. parameters: `header`, `querystring` and `path` -> name -> value."""

    body: bytes
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendAnswer:
    """What a backend said. error: an error's message, by which AWS's integration responses are chosen."""

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    error: str = ""


class Backend(Protocol):
    """Sends requests to one kind of backend."""

    def __call__(
        self, exchange: SocketExchange, integration: SocketIntegration, request: BackendRequest
    ) -> BackendAnswer:
        """What it said. SocketRefused when it said nothing."""


def mock(exchange: SocketExchange, integration: SocketIntegration, request: BackendRequest) -> BackendAnswer:
    """Nobody is asked: the request says the status, and it is a success where it says none."""
    del exchange, integration
    status = value_at(request.body, ".statusCode")
    is_status = isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599
    return BackendAnswer(status=status if is_status else 200)


class BackendIntegration:
    """Asks a backend. is_proxy: its status and body count as they are."""

    def __init__(self, backend: Backend, *, is_proxy: bool = False) -> None:
        self._backend = backend
        self._is_proxy = is_proxy

    def __call__(self, exchange: SocketExchange, integration: SocketIntegration) -> SocketResult:
        """What the backend said, as the client is to get it. SocketRefused."""
        try:
            request = _request(exchange, integration, is_proxy=self._is_proxy)
            answer = self._backend(exchange, integration, request)
            if self._is_proxy:
                return SocketResult(status=answer.status, headers=answer.headers, body=answer.body)
            return _answered(exchange, integration, answer)
        except TemplateFailed as failed:
            raise SocketRefused(FAILED, f"the mapping template: {failed}") from None


def _request(exchange: SocketExchange, integration: SocketIntegration, *, is_proxy: bool) -> BackendRequest:
    body = exchange.body.encode()
    if not is_proxy:
        body = _mapped_body(exchange, integration)
    if integration.content_handling == "CONVERT_TO_BINARY":
        body = _decoded(body)
    parameters: dict[str, dict[str, str]] = {"header": {}, "querystring": {}, "path": {}}
    for key, source in integration.request_parameters.items():
        match = _PARAMETER.fullmatch(key)
        value = socket_value(exchange, source)
        if match is not None and value is not None:
            parameters[match[1].removeprefix("multivalue")][match[2]] = value
    return BackendRequest(body=body, parameters=parameters)


def _mapped_body(exchange: SocketExchange, integration: SocketIntegration) -> bytes:
    template = _chosen(integration.request_templates, integration.template_selection, exchange)
    if template is not None:
        return _rendered(template, exchange.body, exchange).encode()
    behaviour = integration.passthrough
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and integration.request_templates):
        raise SocketRefused((415, "Unsupported Media Type"), f"no template takes the message, and {behaviour} is set")
    return exchange.body.encode()


def _answered(exchange: SocketExchange, integration: SocketIntegration, answer: BackendAnswer) -> SocketResult:
    response = _matching(integration, answer)
    text = answer.body
    if response is not None:
        if response.content_handling == "CONVERT_TO_TEXT":
            text = base64.b64encode(text)
        elif response.content_handling == "CONVERT_TO_BINARY":
            text = _decoded(text)
        template = _chosen(response.templates, response.template_selection, exchange, answer)
        if template is not None:
            text = _rendered(template, text.decode("utf-8", "replace"), exchange).encode()
    return SocketResult(status=200, body=text)


def _matching(integration: SocketIntegration, answer: BackendAnswer) -> SocketIntegrationResponse | None:
    """The one whose key, a pattern between slashes, is all of the status or of a service's error; else the default."""
    for response in integration.responses:
        pattern = response.key.removeprefix("/").removesuffix("/")
        if response.key.startswith("/") and _matches(pattern, answer, by_error=integration.type == "AWS"):
            return response
    return next((response for response in integration.responses if response.key == DEFAULT), None)


def _matches(pattern: str, answer: BackendAnswer, *, by_error: bool) -> bool:
    try:
        is_error = by_error and answer.error and re.fullmatch(pattern, answer.error, re.DOTALL) is not None
        return bool(is_error) or re.fullmatch(pattern, str(answer.status)) is not None
    except re.error:
        return False


def _chosen(
    templates: Mapping[str, str], expression: str, exchange: SocketExchange, answer: BackendAnswer | None = None
) -> str | None:
    """The template that an expression names, else the default; None without either."""
    of_body = body_reader(exchange.body)

    def read(name: str) -> str | None:
        kind, _, rest = name.removeprefix("integration.response.").partition(".")
        if answer is None or not name.startswith("integration.response."):
            return of_body(name)
        if kind == "statuscode":
            return str(answer.status)
        if kind == "body":
            return as_text(value_at(answer.body, f".{rest}"))
        return next((value for key, value in answer.headers if key.lower() == rest.lower()), None)

    key = selected(expression, read) if expression else None
    return templates.get(DEFAULT) if key is None or key not in templates else templates[key]


def _rendered(template: str, body: str, exchange: SocketExchange) -> str:
    asked = exchange.request
    params = Params(
        querystring=dict(query_pairs(asked.query)) if asked is not None else {},
        header=dict(asked.headers.items) if asked is not None else {},
    )
    rendered = render(
        template,
        body=body,
        params=params,
        context=request_context(exchange),
        stage_variables=exchange.stage_variables,
    )
    return rendered.text


def _decoded(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise SocketRefused(FAILED, "the message is to be binary, and is not base64") from None
