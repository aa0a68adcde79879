"""Cognito authorizers: whether the token of a user pool lets a request in.

Source: API Gateway Developer Guide, "Control access to REST APIs using Amazon Cognito user pools as an authorizer" and
"Integrate a REST API with an Amazon Cognito user pool"; API Gateway API Reference, "Authorizer".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lambdakit.harness.moto_state.rest_definition import RestAuthorizer
from lambdakit.harness.routing.authorizers.json_web_token import (
    TokenExpired,
    TokenRefused,
    claim_texts,
    scopes_of,
    verified_claims,
)
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.rest.exchange import RestAuthorized, RestExchange
from lambdakit.harness.routing.rest.refusal import Refused
from lambdakit.harness.routing.rest.request_values import request_value
from lambdakit.harness.routing.rest.token_pattern import fits

_KIND: Final = "COGNITO_USER_POOLS"
_HEADER: Final = "method.request.header.Authorization"
_POOL: Final = re.compile(r"arn:([^:]+):cognito-idp:([^:]+):[0-9]*:userpool/([\w-]+)")
# As events of deployed APIs show them; every other number is a number in text.
_MOMENTS: Final = ("exp", "iat")


def authorize_by_pool(
    exchange: RestExchange,
    authorizer: RestAuthorizer,
    scopes: Sequence[str],
    *,
    key_sets: KeySets,
    now: Callable[[], float],
) -> RestAuthorized:
    """The claims of the request's token. Refused when the request is not let in.

    scopes: of which an access token has to have one; none: it has to be an identity token. now: real time, in seconds
    since 1970: tokens do not follow the harness's clock.
    """
    source = authorizer.identity_sources[0] if authorizer.identity_sources else _HEADER
    token = request_value(exchange, source) or ""
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    if not token:
        raise _unauthorized(f"the request has no token in {source}")
    claims = _claims(token, authorizer, key_sets, now)
    _check_audience(claims, authorizer)
    use = claims.get("token_use")
    if not scopes and use != "id":
        raise _unauthorized(f"the token is no identity token, but {use!r}, and the method names no scopes")
    if scopes and not (use == "access" and set(scopes) & set(scopes_of(claims))):
        raise _unauthorized(f"the token is no access token with one of the scopes {', '.join(scopes)}")
    return RestAuthorized(kind=_KIND, context={"claims": _texts(claims)})


def _claims(token: str, authorizer: RestAuthorizer, key_sets: KeySets, now: Callable[[], float]) -> Mapping[str, Any]:
    """The claims of a token that one of the pools issued."""
    problem: TokenRefused | None = None
    for issuer in _issuers(authorizer):
        try:
            return verified_claims(token, issuer=issuer, audience=None, key_sets=key_sets, now=now)
        except TokenExpired:
            raise Refused("UNAUTHORIZED", "the token has expired", message="The incoming token has expired") from None
        except TokenRefused as refused:
            problem = refused
    if problem is None:
        raise Refused(
            "AUTHORIZER_CONFIGURATION_ERROR", f"the authorizer {authorizer.name} names no user pool by its ARN"
        )
    raise _unauthorized(f"the token is refused: {problem}")


def _issuers(authorizer: RestAuthorizer) -> Iterator[str]:
    for arn in authorizer.provider_arns:
        pool = _POOL.fullmatch(arn)
        if pool is not None:
            suffix = ".cn" if pool[1] == "aws-cn" else ""
            yield f"https://cognito-idp.{pool[2]}.amazonaws.com{suffix}/{pool[3]}"


def _check_audience(claims: Mapping[str, Any], authorizer: RestAuthorizer) -> None:
    """An access token has no `aud`, so that no expression fits it.

    Source: API Gateway Developer Guide, "Integrate a REST API with an Amazon Cognito user pool" ("Token validation").
    """
    expression = authorizer.validation_expression
    if expression and not fits(expression, str(claims.get("aud", "")), authorizer):
        raise _unauthorized(f"the token's audience does not fit {expression}")


def _texts(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as functions get them: lists with commas, moments as `Mon Jan  1 00:00:00 UTC 2026`."""
    plain = {name: ",".join(map(_item, value)) if isinstance(value, list) else value for name, value in claims.items()}
    return {**claim_texts(plain), **{name: _moment(claims[name]) for name in _MOMENTS if name in claims}}


def _item(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _moment(seconds: Any) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    except (TypeError, ValueError, OverflowError, OSError):
        return str(seconds)


def _unauthorized(problem: str) -> Refused:
    return Refused("UNAUTHORIZED", problem)
