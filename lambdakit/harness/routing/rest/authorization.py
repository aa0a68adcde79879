"""Which authorizer decides about a request to a REST API.

NONE nobody; AWS_IAM the request's signature; CUSTOM a function, by its policy; COGNITO_USER_POOLS a user pool's token.
Source: API Gateway Developer Guide, "Control and manage access to REST APIs in API Gateway".
"""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness.routing.authorizers.iam import Callers
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.rest.cognito_authorizer import authorize_by_pool
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange
from lambdakit.harness.routing.rest.iam_authorizer import authorize_by_signature
from lambdakit.harness.routing.rest.lambda_authorizer import RestLambdaAuthorizers
from lambdakit.harness.routing.rest.refusal import Refused


class RestAuthorization:
    """The authorizers of REST APIs. now: real time, in seconds since 1970."""

    def __init__(
        self, *, callers: Callers, functions: RestLambdaAuthorizers, key_sets: KeySets, now: Callable[[], float]
    ) -> None:
        self._callers = callers
        self._functions = functions
        self._key_sets = key_sets
        self._now = now

    def authorize(self, exchange: RestExchange) -> RestAuthorized:
        """What is known of who asks. Refused when the request is not let in."""
        method = exchange.method
        if method is None or method.authorization == "NONE":
            return RestAuthorized()
        if method.authorization == "AWS_IAM":
            return authorize_by_signature(exchange, self._callers)
        authorizer = exchange.api.authorizers.get(method.authorizer_id)
        if authorizer is None:
            problem = f"{method.http_method} {exchange.resource_path} asks for an authorizer that is not there"
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", problem)
        if authorizer.type == "COGNITO_USER_POOLS":
            return authorize_by_pool(exchange, authorizer, method.scopes, key_sets=self._key_sets, now=self._now)
        return self._functions.authorize(exchange, authorizer)

    def reset(self) -> None:
        """Forgets what functions said."""
        self._functions.reset()
