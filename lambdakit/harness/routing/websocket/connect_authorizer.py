"""Authorization of a WebSocket API's `$connect`: by signature, or by a Lambda authorizer, whose answer is never kept.

Source: API Gateway Developer Guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers", "Control
access to WebSocket APIs with IAM authorization"; CloudFormation Template Reference, "AWS::ApiGatewayV2::Authorizer"
(`AuthorizerResultTtlInSeconds` is for HTTP APIs).
"""

from __future__ import annotations

import json
from typing import Final

from lambdakit.arn import partition_of
from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import Policies
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.http_apis import Authorizer
from lambdakit.harness.moto_state.websocket_apis import SocketRoute, WebSocketApiDefinition
from lambdakit.harness.routing.arns import function_arn
from lambdakit.harness.routing.authorizers.iam import Callers, iam_facts, request_keys, signer_of
from lambdakit.harness.routing.authorizers.lambda_authorizer import Call
from lambdakit.harness.routing.exchange import NOBODY_ASKED, Authorized
from lambdakit.harness.routing.function_calls import FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.rest.authorizer_output import (
    MalformedOutput,
    Verdict,
    is_unauthorized,
    read_verdict,
)
from lambdakit.harness.routing.websocket.socket_answer import FAILED, FORBIDDEN, UNAUTHORIZED, SocketRefused
from lambdakit.harness.routing.websocket.socket_event import authorizer_event
from lambdakit.harness.routing.websocket.socket_exchange import SocketExchange
from lambdakit.harness.routing.websocket.socket_values import socket_value
from lambdakit.harness.wire import Response

_LIMIT_SECONDS: Final = 10.0
_INVOKE: Final = "execute-api:Invoke"


class ConnectAuthorizer:
    """Decides who may connect."""

    def __init__(self, *, callers: Callers, call: Call) -> None:
        self._callers = callers
        self._call = call

    def authorize(
        self, api: WebSocketApiDefinition, route: SocketRoute, exchange: SocketExchange, environment: str
    ) -> Authorized:
        """What is known of who asks. SocketRefused when they are not let in."""
        if route.authorization == "AWS_IAM":
            return self._by_signature(exchange, environment)
        if route.authorization == "NONE":
            return NOBODY_ASKED
        authorizer = api.authorizers.get(route.authorizer_id)
        if authorizer is None or authorizer.type != "REQUEST":
            raise SocketRefused(FAILED, f"the route {route.key} asks for an authorizer that is not there")
        for source in authorizer.identity_sources:
            if not socket_value(exchange, source):
                raise SocketRefused(UNAUTHORIZED, f"the request has nothing for {source}")
        return self._by_function(exchange, authorizer)

    def _by_signature(self, exchange: SocketExchange, environment: str) -> Authorized:
        request = exchange.request
        assert request is not None
        signer = signer_of(request, "execute-api", self._callers, environment)
        if signer is None:
            raise SocketRefused(FORBIDDEN, "the request is not signed for execute-api")
        if isinstance(signer, Response):
            raise SocketRefused(FORBIDDEN, f"the signature: {signer.body.decode('utf-8', 'replace')}")
        refused = self._callers.action_refusal(signer, _INVOKE, exchange.route_arn(), request_keys(request))
        if refused is not None:
            raise SocketRefused(FORBIDDEN, refused)
        return Authorized(kind="iam", facts=iam_facts(request, signer))

    def _by_function(self, exchange: SocketExchange, authorizer: Authorizer) -> Authorized:
        place = f"arn:{partition_of(exchange.region)}:execute-api:{exchange.region}:{exchange.account_id}"
        try:
            answer = self._call(
                function_arn(authorizer.uri, exchange.stage_variables),
                json.dumps(authorizer_event(exchange), separators=(",", ":")).encode(),
                source_arn=f"{place}:{exchange.api_id}/authorizers/{authorizer.authorizer_id}",
                limit_seconds=_LIMIT_SECONDS,
                trace_id=exchange.trace_id,
                credentials_arn=authorizer.credentials_arn,
            )
        except (FunctionRefused, FunctionTimedOut) as problem:
            raise _failure(authorizer, str(problem)) from None
        if answer.failed:
            if is_unauthorized(answer.payload):
                raise SocketRefused(UNAUTHORIZED, f"the authorizer {authorizer.name} says Unauthorized")
            raise _failure(authorizer, "the function failed")
        try:
            return _judged(exchange, authorizer, read_verdict(answer.payload, name=authorizer.name))
        except MalformedOutput as malformed:
            raise _failure(authorizer, str(malformed)) from None


def _judged(exchange: SocketExchange, authorizer: Authorizer, verdict: Verdict) -> Authorized:
    assert exchange.request is not None
    arn, keys = exchange.route_arn(), request_keys(exchange.request)
    caller = f"arn:{partition_of(exchange.region)}:iam::{exchange.account_id}:role/authorizer"
    principal = Principal(kind="role", account_id=exchange.account_id, arn=caller, caller_arn=caller)
    wanted = Authorization(action=_INVOKE, resources=(arn,), context=keys)
    if not decide(principal, wanted, arn, policies=Policies(identity=(verdict.policy,))).allowed:
        raise SocketRefused(FORBIDDEN, f"the authorizer {authorizer.name} does not let the request in")
    return Authorized(kind="lambda", facts=verdict.context, principal_id=verdict.principal_id)


def _failure(authorizer: Authorizer, problem: str) -> SocketRefused:
    return SocketRefused(FAILED, f"the authorizer {authorizer.name}: {problem}")
