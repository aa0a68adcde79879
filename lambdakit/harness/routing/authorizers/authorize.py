"""Which authorizer decides about a request to an HTTP API."""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness.moto_state.http_apis import HttpApiDefinition, Route
from lambdakit.harness.routing.authorizers.iam import Callers, authorize_by_signature
from lambdakit.harness.routing.authorizers.jwt import authorize_by_token
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.authorizers.lambda_authorizer import LambdaAuthorizers
from lambdakit.harness.routing.exchange import Authorized, Exchange, OwnAnswer


class Authorizers:
    """The authorizers of one API. now: real time, in seconds since 1970."""

    def __init__(
        self, *, callers: Callers, functions: LambdaAuthorizers, key_sets: KeySets, now: Callable[[], float]
    ) -> None:
        self._callers = callers
        self._functions = functions
        self._key_sets = key_sets
        self._now = now

    def authorize(self, api: HttpApiDefinition, route: Route, exchange: Exchange, environment: str) -> Authorized:
        """What is known of who asks. OwnAnswer when the request is not let in."""
        if route.authorization == "AWS_IAM":
            return authorize_by_signature(exchange, self._callers, environment)
        authorizer = api.authorizers.get(route.authorizer_id)
        if authorizer is None:
            problem = f"the route {route.key} asks for an authorizer that is not there"
            raise OwnAnswer(500, "Internal Server Error", problem)
        if authorizer.type == "JWT":
            return authorize_by_token(exchange, authorizer, route.scopes, key_sets=self._key_sets, now=self._now)
        return self._functions.authorize(exchange, authorizer)

    def reset(self) -> None:
        """Forgets what functions said."""
        self._functions.reset()
