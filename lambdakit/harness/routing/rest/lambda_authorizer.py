"""Lambda authorizers of REST APIs: a function says who asks, and gives a policy that is kept and asked for each method.

Source: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "Input to an API Gateway Lambda authorizer",
"Output from an API Gateway Lambda authorizer", "Configure an API Gateway Lambda authorizer"; API Gateway API Reference,
"Authorizer".
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.clock import Clock
from lambdakit.harness.iam.authorization import Authorization, Decision, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import Policies
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.rest_definition import RestAuthorizer
from lambdakit.harness.routing.arns import function_arn
from lambdakit.harness.routing.authorizers.iam import request_keys
from lambdakit.harness.routing.authorizers.lambda_authorizer import Call
from lambdakit.harness.routing.function_calls import FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.rest.authorizer_event import request_event, token_event
from lambdakit.harness.routing.rest.authorizer_output import MalformedOutput, Verdict, is_unauthorized, read_verdict
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.request_values import request_value
from lambdakit.harness.routing.rest.resource_policy import policy_of
from lambdakit.harness.routing.rest.token_pattern import fits

_HEADER: Final = "method.request.header.Authorization"
# No page names a limit of REST APIs' authorizers: it is that of the whole request.
_LIMIT_SECONDS: Final = 29.0
_KEPT_MAX: Final = 10_000

_DENIED: Final = "User is not authorized to access this resource"
# AWS re:Post Knowledge Center, "How do I troubleshoot HTTP 403 errors from API Gateway?"; older editions end at "deny".
_DENIED_BY_STATEMENT: Final = f"{_DENIED} with an explicit deny in an identity-based policy"

_Key = tuple[str, str, RestAuthorizer, tuple[str, ...]]


class RestLambdaAuthorizers:
    """The Lambda authorizers of REST APIs, and what they said so far. clock: by which that is forgotten again."""

    def __init__(self, call: Call, clock: Clock) -> None:
        self._call = call
        self._clock = clock
        self._kept: dict[_Key, tuple[datetime, Verdict]] = {}
        self._lock = threading.Lock()

    def authorize(self, exchange: RestExchange, authorizer: RestAuthorizer) -> RestAuthorized:
        """What the function tells of who asks. Refused when the request is not let in."""
        identity = _identity(exchange, authorizer)
        verdict, took_ms = self._verdict(exchange, authorizer, identity)
        decision = _decision(verdict, exchange)
        authorized = RestAuthorized(
            kind="CUSTOM",
            principal_id=verdict.principal_id,
            context={**verdict.context, "integrationLatency": took_ms},
            usage_key=verdict.usage_key,
        )
        if not decision.allowed:
            is_denied = decision.reason in (Reason.EXPLICIT_DENY_IDENTITY, Reason.EXPLICIT_DENY_RESOURCE)
            problem = f"the policy of the authorizer {authorizer.name} does not let the request in"
            message = _DENIED_BY_STATEMENT if is_denied else _DENIED
            raise Refused("ACCESS_DENIED", problem, message=message, authorized=authorized)
        return authorized

    def reset(self) -> None:
        """Forgets everything that was said."""
        with self._lock:
            self._kept.clear()

    def _verdict(
        self, exchange: RestExchange, authorizer: RestAuthorizer, identity: tuple[str, ...]
    ) -> tuple[Verdict, int]:
        """What the function said, and how many milliseconds it took for this request."""
        # Without an identity source there is nothing to know a request again by.
        if not authorizer.ttl_seconds or not identity:
            return self._asked(exchange, authorizer, identity)
        key = (exchange.api.api_id, exchange.stage, authorizer, identity)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self._clock.now() < kept[0]:
            return kept[1], 0
        verdict, took_ms = self._asked(exchange, authorizer, identity)
        with self._lock:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            self._kept[key] = (self._clock.now() + timedelta(seconds=authorizer.ttl_seconds), verdict)
        return verdict, took_ms

    def _asked(
        self, exchange: RestExchange, authorizer: RestAuthorizer, identity: tuple[str, ...]
    ) -> tuple[Verdict, int]:
        event = token_event(exchange, identity[0]) if authorizer.type == "TOKEN" else request_event(exchange)
        began = self._clock.monotonic()
        try:
            answer = self._call(
                function_arn(authorizer.uri, exchange.stage_variables),
                json.dumps(event, separators=(",", ":")).encode(),
                source_arn=_source_arn(exchange, authorizer),
                limit_seconds=_LIMIT_SECONDS,
                trace_id=exchange.request.headers.get("x-amzn-trace-id"),
                credentials_arn=authorizer.credentials_arn,
            )
        except FunctionRefused as problem:
            raise _refused("AUTHORIZER_CONFIGURATION_ERROR", authorizer, str(problem)) from None
        except FunctionTimedOut as problem:
            raise _refused("AUTHORIZER_FAILURE", authorizer, str(problem)) from None
        if answer.failed and is_unauthorized(answer.payload):
            raise Refused("UNAUTHORIZED", f"the authorizer {authorizer.name} says Unauthorized")
        if answer.failed:
            raise _refused("AUTHORIZER_FAILURE", authorizer, "the function failed")
        try:
            verdict = read_verdict(answer.payload, name=authorizer.name)
        except MalformedOutput as malformed:
            raise _refused("AUTHORIZER_CONFIGURATION_ERROR", authorizer, str(malformed)) from None
        return verdict, round((self._clock.monotonic() - began) * 1000)


def _identity(exchange: RestExchange, authorizer: RestAuthorizer) -> tuple[str, ...]:
    """The values by which the authorizer knows who asks. Refused when one is missing or blank.

    Source: API Gateway API Reference, "Authorizer" (`identitySource`: "present, not null, and non-empty").
    """
    is_token = authorizer.type == "TOKEN"
    values: list[str] = []
    for source in authorizer.identity_sources or ((_HEADER,) if is_token else ()):
        value = request_value(exchange, source)
        if not value:
            raise Refused("UNAUTHORIZED", f"the request lacks the identity source {source}")
        values.append(value)
    expression = authorizer.validation_expression
    if is_token and expression and not fits(expression, values[0], authorizer):
        raise Refused("UNAUTHORIZED", f"the token does not fit {expression}")
    return tuple(values)


def _decision(verdict: Verdict, exchange: RestExchange) -> Decision:
    """Whether the policy lets the request in, which is known by its method and path, or the API's own policy does.

    Source: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow" ("Lambda
    authorizer and resource policy", table A).
    """
    arn = exchange.method_arn()
    wanted = Authorization(action="execute-api:Invoke", resources=(arn,), context=request_keys(exchange.request))
    caller = f"arn:{partition_of(exchange.region)}:iam::{exchange.account_id}:role/authorizer"
    principal = Principal(kind="role", account_id=exchange.account_id, arn=caller, caller_arn=caller)
    return decide(
        principal, wanted, arn, policies=Policies(identity=(verdict.policy,)), resource_policy=policy_of(exchange)
    )


def _source_arn(exchange: RestExchange, authorizer: RestAuthorizer) -> str:
    """What the function's resource policy has to admit.

    Source: API Gateway Developer Guide, "Configure an API Gateway Lambda authorizer".
    """
    place = f"arn:{partition_of(exchange.region)}:execute-api:{exchange.region}:{exchange.account_id}"
    return f"{place}:{exchange.api.api_id}/authorizers/{authorizer.authorizer_id}"


def _refused(kind: str, authorizer: RestAuthorizer, problem: Any) -> Refused:
    return Refused(kind, f"the authorizer {authorizer.name}: {problem}")
