"""A Cognito authorizer has a new user pool or an existing one."""

from __future__ import annotations

from collections.abc import Iterator

from lambdakit.spec.api import HttpApi
from lambdakit.spec.authorizers import CognitoAuthorizer
from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.rules.rule import RuleContext


def user_pools(context: RuleContext) -> Iterator[Finding]:
    """A finding for each setting that belongs to the other of the two, and for clients that are missing."""
    for key, pattern in context.api_backends():
        authorizer = getattr(pattern.api, "authorizer", None)
        if not isinstance(authorizer, CognitoAuthorizer):
            continue
        place: Pointer = ("patterns", key, "api", "authorizer")
        if not context.pruned.spares(*place):
            continue
        if authorizer.user_pool_id is None:
            if authorizer.client_ids:
                yield Finding(
                    code="LK193",
                    pointer=(*place, "client_ids"),
                    problem="a new user pool has no clients yet: one is made",
                    hint="leave client_ids out, or add the user_pool_id of an existing pool",
                )
            continue
        if authorizer.user_pool is not None:
            yield Finding(
                code="LK193",
                pointer=(*place, "user_pool"),
                problem=f"settings of a new user pool beside the existing one {authorizer.user_pool_id}",
                hint="keep user_pool or user_pool_id",
            )
        if isinstance(pattern.api, HttpApi) and not authorizer.client_ids:
            yield Finding(
                code="LK193",
                pointer=(*place, "user_pool_id"),
                problem="an existing user pool without client_ids, and an HTTP API takes tokens of named clients alone",
                hint="add client_ids: [the id of your application's client]",
            )
