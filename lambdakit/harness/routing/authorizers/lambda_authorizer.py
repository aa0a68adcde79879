"""Lambda authorizers of HTTP APIs: a function says whether a request is let in, by a flag or by an IAM policy.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers"; "Quotas for HTTP APIs"
(an authorizer has 10 seconds).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from lambdakit.arn import partition_of
from lambdakit.clock import Clock
from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.policy_json import MalformedPolicy
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.moto_state.http_apis import Authorizer
from lambdakit.harness.routing import payload_v1, payload_v2
from lambdakit.harness.routing.arns import function_arn, invoked_arn
from lambdakit.harness.routing.authorizers.identity_sources import identity_values
from lambdakit.harness.routing.exchange import Authorized, Exchange, OwnAnswer
from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionRefused, FunctionTimedOut
from lambdakit.records import dataclass

_LIMIT_SECONDS: Final = 10.0
_KEPT_MAX: Final = 10_000


class Call(Protocol):
    """Whoever calls functions; see `FunctionCalls.call`."""

    def __call__(
        self,
        function: str,
        payload: bytes,
        *,
        source_arn: str,
        limit_seconds: float,
        trace_id: str = "",
        credentials_arn: str = "",
    ) -> FunctionAnswer:
        """The function's answer. FunctionRefused, FunctionTimedOut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What a function said. is_authorized: None where a policy decides for each route."""

    context: Mapping[str, Any] | None
    is_authorized: bool | None = None
    policy: NamedPolicy | None = None
    principal_id: str = ""


class LambdaAuthorizers:
    """The Lambda authorizers of one API, and what they said so far. clock: by which that is forgotten again."""

    def __init__(self, call: Call, clock: Clock) -> None:
        self._call = call
        self._clock = clock
        self._kept: dict[tuple[str, ...], tuple[datetime, _Verdict]] = {}
        self._lock = threading.Lock()

    def authorize(self, exchange: Exchange, authorizer: Authorizer) -> Authorized:
        """What the function tells of who asks. OwnAnswer when the request is not let in."""
        identity = identity_values(exchange, authorizer.identity_sources)
        if identity is None:
            raise OwnAnswer(401, "Unauthorized", "the request lacks an identity source")
        verdict = self._verdict(exchange, authorizer, identity)
        is_authorized = verdict.is_authorized
        if is_authorized is None:
            assert verdict.policy is not None
            is_authorized = _allows(verdict.policy, exchange)
        if not is_authorized:
            raise OwnAnswer(403, "Forbidden", f"the authorizer {authorizer.name} does not let the request in")
        return Authorized(kind="lambda", facts=verdict.context, principal_id=verdict.principal_id)

    def reset(self) -> None:
        """Forgets everything that was said."""
        with self._lock:
            self._kept.clear()

    def _verdict(self, exchange: Exchange, authorizer: Authorizer, identity: list[str]) -> _Verdict:
        # Without an identity source there is nothing to know a request again by.
        if not authorizer.ttl_seconds or not identity:
            return self._asked(exchange, authorizer, identity)
        key = (authorizer.authorizer_id, exchange.stage, *identity)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self._clock.now() < kept[0]:
            return kept[1]
        verdict = self._asked(exchange, authorizer, identity)
        with self._lock:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            self._kept[key] = (self._clock.now() + timedelta(seconds=authorizer.ttl_seconds), verdict)
        return verdict

    def _asked(self, exchange: Exchange, authorizer: Authorizer, identity: list[str]) -> _Verdict:
        payload_format = payload_v1 if authorizer.payload_format_version == "1.0" else payload_v2
        event = payload_format.authorizer_event(exchange, route_arn=invoked_arn(exchange), identity=identity)
        try:
            answer = self._call(
                function_arn(authorizer.uri, exchange.stage_variables),
                json.dumps(event, separators=(",", ":")).encode(),
                source_arn=_source_arn(exchange, authorizer),
                limit_seconds=_LIMIT_SECONDS,
                trace_id=exchange.request.headers.get("x-amzn-trace-id"),
                credentials_arn=authorizer.credentials_arn,
            )
        except (FunctionRefused, FunctionTimedOut) as problem:
            raise _failure(authorizer, str(problem)) from None
        if answer.failed:
            raise _failure(authorizer, "the function failed")
        try:
            said = json.loads(answer.payload)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise _failure(authorizer, "the function's result is no object")
        context = said.get("context")
        if context is not None and not isinstance(context, dict):
            raise _failure(authorizer, "context is no object")
        read = _simple if authorizer.simple_responses else _policy
        return read(said, context, authorizer)


def _simple(said: Mapping[str, Any], context: Mapping[str, Any] | None, authorizer: Authorizer) -> _Verdict:
    is_authorized = said.get("isAuthorized")
    if not isinstance(is_authorized, bool):
        raise _failure(authorizer, "isAuthorized is not true or false")
    return _Verdict(context=context, is_authorized=is_authorized)


def _policy(said: Mapping[str, Any], context: Mapping[str, Any] | None, authorizer: Authorizer) -> _Verdict:
    principal_id, document = said.get("principalId"), said.get("policyDocument")
    if not isinstance(principal_id, str) or not isinstance(document, dict):
        raise _failure(authorizer, "the result is no principalId with a policyDocument")
    try:
        policy = NamedPolicy(name=authorizer.name, document=parse_policy(document))
    except MalformedPolicy as malformed:
        raise _failure(authorizer, f"policyDocument: {malformed}") from None
    return _Verdict(context=context, policy=policy, principal_id=principal_id)


def _allows(policy: NamedPolicy, exchange: Exchange) -> bool:
    """Whether the policy lets the request in, which is known by its method and path."""
    arn = invoked_arn(exchange)
    context = {"aws:sourceip": (exchange.request.peer[0],), "aws:securetransport": ("true",)}
    wanted = Authorization(action="execute-api:Invoke", resources=(arn,), context=context)
    caller = f"arn:{partition_of(exchange.region)}:iam::{exchange.account_id}:role/authorizer"
    principal = Principal(kind="role", account_id=exchange.account_id, arn=caller, caller_arn=caller)
    return decide(principal, wanted, arn, policies=Policies(identity=(policy,))).allowed


def _source_arn(exchange: Exchange, authorizer: Authorizer) -> str:
    """What the function's resource policy has to admit.

    Source: API Gateway Developer Guide, "Control access to HTTP APIs with AWS Lambda authorizers" (`add-permission`).
    """
    place = f"arn:{partition_of(exchange.region)}:execute-api:{exchange.region}:{exchange.account_id}"
    return f"{place}:{exchange.api_id}/authorizers/{authorizer.authorizer_id}"


def _failure(authorizer: Authorizer, problem: str) -> OwnAnswer:
    return OwnAnswer(500, "Internal Server Error", f"the authorizer {authorizer.name}: {problem}")
