"""`TestInvokeMethod` and `TestInvokeAuthorizer`: a method, or an authorizer, of an API as it is now, without a stage.

No authorizer, no key and no throttle stands before a method that is tried; the request validator does. What a function
sees of such a request (the stage, the address, the key and the domain), the stage in an authorizer's `methodArn` and
the form of the log are on no page: they are those of events and logs that people publish. The log has no lines of the
integration's request and answer but its status.

Source: API Gateway API Reference, "TestInvokeMethod", "TestInvokeAuthorizer"; API Gateway Developer Guide, "Use the API
Gateway console to test a REST API method".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from lambdakit.clock import Clock
from lambdakit.harness.moto_state.rest_apis import read_draft
from lambdakit.harness.moto_state.rest_definition import Method, RestApiDefinition, RestAuthorizer, RestResource
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.function_calls import FunctionAnswer
from lambdakit.harness.routing.rest.cognito_authorizer import authorize_by_pool
from lambdakit.harness.routing.rest.context import RestOutcome
from lambdakit.harness.routing.rest.exchange import RestExchange, UsedKey
from lambdakit.harness.routing.rest.gates import Integrated, Integrations
from lambdakit.harness.routing.rest.gateway_responses import gateway_response
from lambdakit.harness.routing.rest.lambda_authorizer import RestLambdaAuthorizers
from lambdakit.harness.routing.rest.lambda_proxy import LambdaProxy
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.routes import match_method
from lambdakit.harness.routing.traced_request import request_id_of_api, with_trace_id
from lambdakit.harness.runtime.random_ids import random_uuid
from lambdakit.harness.wire import Headers, Request, Response

STAGE: Final = "test-invoke-stage"
AUTHORIZER_STAGE: Final = "ESTestInvoke-stage"
_METHOD: Final = re.compile(r"/restapis/([^/]+)/resources/([^/]+)/methods/([^/]+)/?")
_AUTHORIZER: Final = re.compile(r"/restapis/([^/]+)/authorizers/([^/]+)/?")
_PEER: Final = ("test-invoke-source-ip", 0)
_DOMAIN: Final = "testPrefix.testDomainName"
_KEY: Final = UsedKey(key_id="test-invoke-api-key-id", value="test-invoke-api-key")
_MISSING: Final = "NotFoundException"
Given = Mapping[str, Any]


class RestTrials:
    """Tries methods and authorizers. call: of a function, as an authorizer's door makes it. validate: see `Gates`."""

    def __init__(
        self,
        *,
        call: Callable[..., FunctionAnswer],
        functions: LambdaProxy,
        integrations: Integrations,
        key_sets: KeySets,
        validate: Callable[[RestExchange], None],
        clock: Clock,
        now: Callable[[], float],
    ) -> None:
        self._call = call
        self._functions = functions
        self._integrations = integrations
        self._key_sets = key_sets
        self._validate = validate
        self._clock = clock
        self._now = now

    def serve(self, request: Request, account_id: str, region: str) -> Response | None:
        """The answer to one of the two operations; None for any other request."""
        method, authorizer = _METHOD.fullmatch(request.path), _AUTHORIZER.fullmatch(request.path)
        if request.method != "POST" or (method is None and authorizer is None):
            return None
        try:
            given = _given(request.body)
            if method is not None:
                api_id, resource_id, verb = (unquote(part) for part in method.groups())
                return _json(200, self._try_method(_draft(account_id, region, api_id), resource_id, verb, given))
            assert authorizer is not None
            api_id, authorizer_id = (unquote(part) for part in authorizer.groups())
            return _json(200, self._try_authorizer(_draft(account_id, region, api_id), authorizer_id, given))
        except _NotTried as problem:
            return _json(problem.status, {"message": str(problem)}, problem.code)

    def _try_method(self, draft: _Draft, resource_id: str, verb: str, given: Given) -> Given:
        resource = draft.api.resources.get(resource_id)
        if resource is None:
            raise _NotTried(404, _MISSING, "Invalid Resource identifier specified")
        method = resource.methods.get(verb) or resource.methods.get("ANY")
        if method is None:
            raise _NotTried(404, _MISSING, "Invalid Method identifier specified")
        exchange = self._exchange(draft, given, verb=verb, path=resource.path, stage=STAGE)
        exchange = _placed(exchange, resource, method)
        log = _Log(exchange, self._clock.now)
        began = self._clock.monotonic()
        try:
            self._validate(exchange)
            answer = self._integrated(exchange, log)
        except Refused as refused:
            log.add(f"Execution failed: {refused.problem}")
            answer = gateway_response(refused, exchange, RestOutcome(refused=refused))
        body = answer.body.decode("utf-8", "replace")
        several: dict[str, list[str]] = {}
        for name, value in answer.headers:
            several.setdefault(name, []).append(value)
        log.add(f"Method completed with status: {answer.status}")
        return {
            "status": answer.status,
            "body": body,
            "headers": {name: values[-1] for name, values in several.items()},
            "multiValueHeaders": several,
            "log": log.text(),
            "latency": round((self._clock.monotonic() - began) * 1000),
        }

    def _integrated(self, exchange: RestExchange, log: _Log) -> Response:
        integration = None if exchange.method is None else exchange.method.integration
        if integration is None:
            raise Refused("API_CONFIGURATION_ERROR", "the method has no integration")
        if integration.transfer_mode == "STREAM":
            raise _NotTried(501, "NotImplemented", "methods that stream their answers are not tried here")
        began = self._clock.monotonic()
        if integration.type == "AWS_PROXY":
            answer: Integrated = self._functions.answer(exchange, integration)
        else:
            answer = self._integrations.answer(exchange)
        took_ms = round((self._clock.monotonic() - began) * 1000)
        if answer.status is not None:
            log.add(f"Received response. Status: {answer.status}, Integration latency: {took_ms} ms")
        trace_id = ("X-Amzn-Trace-Id", exchange.request.headers.get("x-amzn-trace-id"))
        response = answer.response
        log.add(f"Method response body after transformations: {response.body.decode('utf-8', 'replace')}")
        log.add(f"Method response headers: {_shown([*response.headers, trace_id])}")
        log.add("Successfully completed execution")
        return Response(status=response.status, headers=[*response.headers, trace_id], body=response.body)

    def _try_authorizer(self, draft: _Draft, authorizer_id: str, given: Given) -> Given:
        authorizer = draft.api.authorizers.get(authorizer_id)
        if authorizer is None:
            raise _NotTried(404, _MISSING, "Invalid Authorizer identifier specified")
        exchange = self._exchange(draft, given, verb="GET", path="/", stage=AUTHORIZER_STAGE)
        exchange = exchange.having(resource_path="/", method=Method(http_method="GET"))
        log = _Log(exchange, self._clock.now)
        began = self._clock.monotonic()
        said = self._asked(exchange, authorizer, log)
        log.add(f"Authorizer completed with status: {said.get('clientStatus', 0)}")
        latency = round((self._clock.monotonic() - began) * 1000)
        return {"clientStatus": 0, **said, "log": log.text(), "latency": latency}

    def _asked(self, exchange: RestExchange, authorizer: RestAuthorizer, log: _Log) -> Given:
        """What comes of it. `clientStatus`: 0, or absent, when the authorizer told of who asks, whatever it allows."""
        payloads: list[bytes] = []

        def call(*arguments: Any, **named: Any) -> FunctionAnswer:
            answer = self._call(*arguments, **named)
            payloads.append(answer.payload)
            return answer

        try:
            if authorizer.type == "COGNITO_USER_POOLS":
                told = authorize_by_pool(exchange, authorizer, (), key_sets=self._key_sets, now=self._now)
                return {"claims": dict((told.context or {}).get("claims") or {})}
            RestLambdaAuthorizers(call, self._clock).authorize(exchange, authorizer)
        except Refused as refused:
            if refused.kind != "ACCESS_DENIED":
                log.add(f"Execution failed: {refused.problem}")
                return {"clientStatus": gateway_response(refused, exchange, RestOutcome(refused=refused)).status}
        said = json.loads(payloads[0])
        return {"principalId": said["principalId"], "policy": json.dumps(said["policyDocument"], separators=(",", ":"))}

    def _exchange(self, draft: _Draft, given: Given, *, verb: str, path: str, stage: str) -> RestExchange:
        now = self._clock.now()
        request = Request(
            method=verb,
            target=str(given.get("pathWithQueryString") or path),
            headers=Headers(_fields(given)),
            body=str(given.get("body") or "").encode(),
            peer=_PEER,
        )
        request = with_trace_id(request, now)
        return RestExchange(
            request=request,
            api=draft.api,
            request_id=random_uuid(),
            extended_request_id=request_id_of_api(),
            account_id=draft.account_id,
            region=draft.region,
            domain_name=_DOMAIN,
            stage=stage,
            path=request.path,
            full_path=request.path,
            at=now,
            stage_variables=_texts(given.get("stageVariables")),
            key=_KEY,
        )


class _Draft:
    """An API as it is now, and whose it is."""

    def __init__(self, api: RestApiDefinition, account_id: str, region: str) -> None:
        self.api = api
        self.account_id = account_id
        self.region = region


class _NotTried(Exception):
    """What the service says instead."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Log:
    """The execution log of one trial."""

    def __init__(self, exchange: RestExchange, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lines = [f"Execution log for request {exchange.request_id}"]
        request = exchange.request
        # The trace id is API Gateway's own, and not yet there when these lines are written.
        headers = [pair for pair in request.headers.items if pair[0].lower() != "x-amzn-trace-id"]
        self.add(f"Starting execution for request: {exchange.request_id}")
        self.add(f"HTTP Method: {request.method}, Resource Path: {exchange.path}")
        self.add(f"Method request path: {_shown(list(exchange.path_parameters.items()))}")
        self.add(f"Method request query string: {_shown(parse_qsl(request.query, keep_blank_values=True))}")
        self.add(f"Method request headers: {_shown(headers)}")
        self.add(f"Method request body before transformations: {request.body.decode('utf-8', 'replace')}")

    def add(self, line: str) -> None:
        """Writes a line."""
        self._lines.append(f"{self._now():%a %b %d %H:%M:%S UTC %Y} : {line}")

    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines) + "\n"


def _draft(account_id: str, region: str, api_id: str) -> _Draft:
    api = read_draft(account_id, region, api_id)
    if api is None:
        raise _NotTried(404, _MISSING, f"Invalid API identifier specified {account_id}:{api_id}")
    return _Draft(api, account_id, region)


def _placed(exchange: RestExchange, resource: RestResource, method: Method) -> RestExchange:
    """The request at its method. A path that is not the resource's gives no path parameters."""
    match = match_method([resource], exchange.request.method, exchange.path)
    return exchange.having(
        resource_id=resource.resource_id,
        resource_path=resource.path,
        method=method,
        path_parameters={} if match is None else match.path_parameters,
    )


def _given(body: bytes) -> Given:
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise _NotTried(400, "BadRequestException", "Invalid request input")
    return given


def _fields(given: Given) -> list[tuple[str, str]]:
    """The headers; one of several values takes the place of the one of the same name."""
    several = given.get("multiValueHeaders") or {}
    fields = [(name, str(value)) for name, values in several.items() for value in values]
    taken = {name.lower() for name in several}
    return [
        *((name, value) for name, value in _texts(given.get("headers")).items() if name.lower() not in taken),
        *fields,
    ]


def _texts(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in (values or {}).items()}


def _shown(pairs: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}={value}" for name, value in pairs) + "}"


def _json(status: int, body: Given, error: str = "") -> Response:
    headers = [("Content-Type", "application/json"), *([("x-amzn-ErrorType", error)] if error else [])]
    return Response(status=status, headers=headers, body=json.dumps(body).encode())
