"""A function that decides who is let in.

Source: AppSync Developer Guide, "AWS_LAMBDA authorization" (the event, the answer's members, ten seconds, tokens of at
most 2,048 characters, answers kept for 300 seconds where nothing else is said); AWS AppSync API Reference,
"LambdaAuthorizerConfig".
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.harness.routing.function_calls import FunctionAnswer, FunctionRefused, FunctionTimedOut
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.definition import GraphqlDefinition, Provider
from lambdakit.harness.routing.graphql.errors import RequestRefused, unauthorized
from lambdakit.harness.routing.graphql.execution.operation import Asked

_LIMIT_SECONDS: Final = 10.0
_TOKEN_LENGTH_MAX: Final = 2_048
_CONTEXT_BYTES_MAX: Final = 5 * 1024 * 1024
_KEPT_SECONDS: Final = 300
_KEPT_SECONDS_MAX: Final = 3_600
_KEPT_MAX: Final = 10_000
_REFUSED: Final = "You are not authorized to make this call."
_FIELD_ARN: Final = re.compile(r"arn:[^:]+:appsync:[^:]*:[^:]*:apis/([^/]+)/types/([^/]+)/fields/([^/]+)")

Call = Callable[..., FunctionAnswer]


class LambdaAuthorization:
    """Asks functions, and keeps what they said. seconds: by the harness's clock, since 1970."""

    def __init__(self, call: Call, seconds: Callable[[], float]) -> None:
        self._call = call
        self._seconds = seconds
        self._kept: dict[tuple[str, str], tuple[float, Authorized | None]] = {}
        self._lock = threading.Lock()

    def authorize(
        self,
        definition: GraphqlDefinition,
        provider: Provider,
        token: str,
        headers: Mapping[str, str],
        asked: Asked | None,
        request_id: str,
    ) -> Authorized:
        """Who asks, as the function says. RequestRefused."""
        expression = provider.settings.get("identityValidationExpression")
        if len(token) > _TOKEN_LENGTH_MAX or (expression and not _fits(str(expression), token)):
            raise unauthorized(_REFUSED, "the token is not one that the function is asked about")
        function = str(provider.settings.get("authorizerUri", ""))
        kept = self._known(function, token)
        if kept is None:
            kept = (self._asked(definition, provider, token, headers, asked, request_id),)
        if kept[0] is None:
            raise unauthorized(_REFUSED, f"{function} refuses the token")
        return kept[0]

    def reset(self) -> None:
        """Forgets what functions said."""
        with self._lock:
            self._kept.clear()

    def _known(self, function: str, token: str) -> tuple[Authorized | None] | None:
        with self._lock:
            until, kept = self._kept.get((function, token), (0.0, None))
        return (kept,) if until > self._seconds() else None

    def _asked(
        self,
        definition: GraphqlDefinition,
        provider: Provider,
        token: str,
        headers: Mapping[str, str],
        asked: Asked | None,
        request_id: str,
    ) -> Authorized | None:
        record, function = definition.record, str(provider.settings.get("authorizerUri", ""))
        event = {
            "authorizationToken": token,
            "requestContext": {
                "apiId": record.api_id,
                "accountId": record.account_id,
                "requestId": request_id,
                "queryString": "" if asked is None else asked.query,
                "operationName": None if asked is None else asked.name,
                "variables": {} if asked is None else dict(asked.variables),
            },
            "requestHeaders": dict(headers),
        }
        try:
            answer = self._call(
                function,
                json.dumps(event, separators=(",", ":")).encode(),
                source_arn=record.arn,
                limit_seconds=_LIMIT_SECONDS,
                trace_id=headers.get("x-amzn-trace-id", ""),
            )
        except (FunctionRefused, FunctionTimedOut) as problem:
            raise _failed(function, str(problem)) from None
        said = _said(function, answer)
        authorized = _authorized(record.api_id, said) if said["isAuthorized"] else None
        self._keep(function, token, authorized, _kept_seconds(provider, said))
        return authorized

    def _keep(self, function: str, token: str, authorized: Authorized | None, seconds: float) -> None:
        if seconds <= 0:
            return
        with self._lock:
            if len(self._kept) >= _KEPT_MAX:
                self._kept.clear()
            self._kept[function, token] = (self._seconds() + seconds, authorized)


def _said(function: str, answer: FunctionAnswer) -> Mapping[str, Any]:
    """The answer's members. RequestRefused for what is no answer."""
    if answer.failed:
        raise _failed(function, "it failed")
    try:
        said = json.loads(answer.payload)
    except (ValueError, RecursionError):
        raise _failed(function, "its answer is not JSON") from None
    if not isinstance(said, dict) or not isinstance(said.get("isAuthorized"), bool):
        raise _failed(function, "its answer does not say isAuthorized")
    if len(json.dumps(said.get("resolverContext"))) > _CONTEXT_BYTES_MAX:
        raise _failed(function, "its resolverContext is over 5 MB")
    return said


def _authorized(api_id: str, said: Mapping[str, Any]) -> Authorized:
    context = said.get("resolverContext")
    denied = said.get("deniedFields")
    names = (_field(str(each), api_id) for each in (denied if isinstance(denied, list) else ()))
    return Authorized(
        provider="AWS_LAMBDA",
        identity={"resolverContext": context if isinstance(context, dict) else {}},
        denied=frozenset(name for name in names if name),
    )


def _field(text: str, api_id: str) -> str:
    """`Type.field`; empty for a field of another API."""
    arn = _FIELD_ARN.fullmatch(text)
    if arn is None:
        return text
    return f"{arn[2]}.{arn[3]}" if arn[1] == api_id else ""


def _kept_seconds(provider: Provider, said: Mapping[str, Any]) -> float:
    override, configured = said.get("ttlOverride"), provider.settings.get("authorizerResultTtlInSeconds")
    if isinstance(override, int | float) and not isinstance(override, bool):
        return min(float(override), _KEPT_SECONDS_MAX)
    return _KEPT_SECONDS if configured is None else float(configured)


def _fits(expression: str, token: str) -> bool:
    try:
        return re.search(expression, token) is not None
    except re.error:
        return False


def _failed(function: str, why: str) -> RequestRefused:
    """No page says how AppSync answers for a function that fails; clients of it tell of a status 500."""
    return RequestRefused(500, "LambdaAuthorizationException", "Failed to authorize.", problem=f"{function}: {why}")
