"""Integrations with AWS services: a request to a service's API is made, and sent as the integration's role.

    arn:aws:apigateway:REGION:SERVICE:action/NAME    an operation, in the protocol of the service
    arn:aws:apigateway:REGION:SERVICE:path/PATH      a path of the service's API; SERVICE may be `HOST.SERVICE`

Source: API Gateway API Reference, "Integration" (`uri`, `credentials`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from lambdakit.harness.iam.api_services import ApiService, apis_signed_for
from lambdakit.harness.moto_state.rest_definition import CALLERS_OWN, RestIntegration
from lambdakit.harness.routing.arns import with_stage_variables
from lambdakit.harness.routing.function_calls import FunctionTimedOut
from lambdakit.harness.routing.rest.backend import BackendAnswer, BackendRequest
from lambdakit.harness.routing.rest.http_integration import with_path
from lambdakit.harness.routing.rest.query_answers import as_json
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.wire import Headers, Request, Response
from lambdakit.records import dataclass

_Made = TypeVar("_Made")

_URI: Final = re.compile(r"arn:[^:]+:apigateway:([a-z0-9-]+):(?:([^:]+)\.)?([^:.]+):(path|action)/(.*)", re.DOTALL)
_FORM: Final = "application/x-www-form-urlencoded"
# Signing names by the names that URIs have, where they differ: those are of endpoints.
_SIGNED_AS: Final[Mapping[str, str]] = {"email": "ses", "data.iot": "iotdata", "runtime.lex": "lex"}
# SQS speaks the query protocol with whoever asks in it, and its integrations do.
_QUERY: Final[Mapping[str, str]] = {"sqs": "2012-11-05"}
_NOT_SENT: Final = frozenset({"host", "authorization", "content-length", "x-amz-date", "x-amz-security-token"})


class Staged(Protocol):
    """A request at a stage."""

    @property
    def stage_variables(self) -> Mapping[str, str]:
        """The stage's, which stand in URIs and roles."""


class AskService(Protocol):
    """Sends a request to the AWS APIs of the harness in a session of a role."""

    def __call__(self, request: Request, role_arn: str) -> Response:
        """The service's answer, its refusals included. role_arn: empty for nobody."""


class Waiting(Protocol):
    """Waits for calls."""

    def within(self, limit_seconds: float, call: Callable[[], _Made]) -> _Made:
        """What a call gives. FunctionTimedOut when it takes too long."""


class Assumption(Protocol):
    """Whether API Gateway may act as a role."""

    def __call__(self, role_arn: str) -> str | None:
        """Why not; None when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a URI leads to. host: what stands before the service in its host name; empty for nothing."""

    region: str
    host: str
    service: str
    is_action: bool
    rest: str


class AwsIntegration:
    """Asks the services that integrations name. calls: waits for them no longer than it may."""

    def __init__(self, ask: AskService, assumption_refusal: Assumption, calls: Waiting) -> None:
        self._ask = ask
        self._calls = calls
        self._assumption_refusal = assumption_refusal

    def answer(self, exchange: Staged, integration: RestIntegration, request: BackendRequest) -> BackendAnswer:
        """The service's answer, its errors included. Refused when there is nobody to ask, or no role to ask as."""
        uri = with_path(with_stage_variables(integration.uri, exchange.stage_variables), request.path)
        match = _URI.fullmatch(uri)
        if match is None:
            raise Refused("API_CONFIGURATION_ERROR", f"{integration.uri} is no URI of an AWS service's action or path")
        place = _Place(
            region=match[1], host=match[2] or "", service=match[3], is_action=match[4] == "action", rest=match[5]
        )
        role_arn = with_stage_variables(integration.credentials_arn, exchange.stage_variables)
        self._check_role(role_arn)
        asked, is_query = _asked(place, request)
        if not _is_readable(asked):
            return BackendAnswer(status=400, headers=[_JSON], body=_UNREADABLE)
        signed = _signed(place, asked)
        try:
            response = self._calls.within(integration.timeout_seconds, lambda: self._ask(signed, role_arn))
        except FunctionTimedOut as late:
            raise Refused("INTEGRATION_TIMEOUT", f"{place.service}: {late}") from None
        if is_query and "xml" not in request.header("accept"):
            response = as_json(response)
        request_id = next((value for name, value in response.headers if name.lower() in _REQUEST_IDS), "")
        return BackendAnswer(
            status=response.status, headers=response.headers, body=response.body, request_id=request_id
        )

    def _check_role(self, role_arn: str) -> None:
        if role_arn == CALLERS_OWN:
            raise Refused("API_CONFIGURATION_ERROR", "services are not asked with the caller's own credentials here")
        refused = self._assumption_refusal(role_arn) if role_arn else None
        if refused is not None:
            raise Refused("API_CONFIGURATION_ERROR", refused)


# What the services of the JSON protocols say, which all have it from one library: Amazon DynamoDB Developer Guide,
# "Error handling with DynamoDB" lists it among the codes.
_UNREADABLE: Final = b'{"__type":"com.amazon.coral.service#SerializationException"}'
_JSON: Final = ("Content-Type", "application/x-amz-json-1.1")
_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id")


def _is_readable(request: Request) -> bool:
    """Whether a service can read its request, as far as that is one of the JSON protocols."""
    if "x-amz-target" not in request.headers:
        return True
    try:
        return isinstance(json.loads(request.body), dict)
    except (ValueError, RecursionError):
        return False


def _asked(place: _Place, request: BackendRequest) -> tuple[Request, bool]:
    """The request to the service, unsigned, and whether it is one of the query protocol."""
    rest, _, own_query = place.rest.partition("?")
    if place.is_action:
        rest, _, more = rest.partition("&")
        own_query = "&".join(part for part in (own_query, more) if part)
    query = [*parse_qsl(own_query, keep_blank_values=True), *request.query]
    headers = [(name, value) for name, value in request.headers if name.lower() not in _NOT_SENT]
    if place.is_action:
        return _action(place, rest, query, headers, request)
    path = quote("/" + rest.lstrip("/"), safe="/%-._~!$&'()*+,;=:@")
    form = _form(request)
    if any(name == "Action" for name, _ in (*query, *form)) and not request.header("x-amz-target"):
        return _query_request(path, [*query, *form], headers), True
    target = path + (f"?{urlencode(query)}" if query else "")
    return Request(method=request.method, target=target, headers=Headers(headers), body=request.body), False


def _action(
    place: _Place,
    action: str,
    query: Sequence[tuple[str, str]],
    headers: Sequence[tuple[str, str]],
    request: BackendRequest,
) -> tuple[Request, bool]:
    api = _api(place.service)
    version = _QUERY.get(place.service)
    if version is not None or (api is not None and not api.target and "query" in api.protocols):
        own = [("Action", action), *([("Version", version)] if version else [])]
        given = [(name, value) for name, value in (*query, *_form(request)) if name not in ("Action", "Version")]
        return _query_request("/", [*own, *given], headers), True
    if api is None or not api.target:
        problem = f"the actions of {place.service} are not known: name a path of its API, or set X-Amz-Target"
        raise Refused("API_CONFIGURATION_ERROR", problem)
    kept = [(name, value) for name, value in headers if name.lower() not in ("content-type", "x-amz-target")]
    fields = [*kept, ("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", f"{api.target}.{action}")]
    target = "/" + (f"?{urlencode(query)}" if query else "")
    return Request(method="POST", target=target, headers=Headers(fields), body=request.body or b"{}"), False


def _query_request(path: str, form: Sequence[tuple[str, str]], headers: Sequence[tuple[str, str]]) -> Request:
    kept = [(name, value) for name, value in headers if name.lower() not in ("content-type", "accept")]
    fields = Headers([*kept, ("Content-Type", _FORM)])
    return Request(method="POST", target=path, headers=fields, body=urlencode(form).encode())


def _form(request: BackendRequest) -> list[tuple[str, str]]:
    if not request.header("content-type").lower().startswith(_FORM):
        return []
    return parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)


def _api(service: str) -> ApiService | None:
    """The API of a service with actions; None for one that has none, or is not known."""
    apis = apis_signed_for(_SIGNED_AS.get(service, service))
    ranked = sorted(apis, key=lambda api: (api.name != service, not api.target))
    return ranked[0] if ranked else None


def _signed(place: _Place, request: Request) -> Request:
    """The request as the harness's own APIs tell whom it is for."""
    scope = f"APIGATEWAY/20200101/{place.region}/{_SIGNED_AS.get(place.service, place.service)}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=-"
    host = f"{place.host}.{place.service}" if place.host else place.service
    fields = [
        *request.headers.items,
        ("Host", f"{host}.{place.region}.amazonaws.com"),
        ("Authorization", authorization),
    ]
    return Request(method=request.method, target=request.target, headers=Headers(fields), body=request.body)
