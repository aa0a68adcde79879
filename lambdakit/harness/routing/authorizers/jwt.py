"""JWT authorizers: whether the token of a request lets it in.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway"; "Troubleshooting
issues with HTTP API JWT authorizers" (`www-authenticate`); RFC 6750, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lambdakit.harness.moto_state.http_apis import Authorizer
from lambdakit.harness.routing.authorizers.identity_sources import identity_values
from lambdakit.harness.routing.authorizers.json_web_token import (
    TokenRefused,
    claim_texts,
    scopes_of,
    verified_claims,
)
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.exchange import Authorized, Exchange, OwnAnswer


def authorize_by_token(
    exchange: Exchange,
    authorizer: Authorizer,
    scopes: Sequence[str],
    *,
    key_sets: KeySets,
    now: Callable[[], float],
) -> Authorized:
    """The token's claims and scopes. OwnAnswer when the request is not let in.

    scopes: of which the token has to have one; none: any token will do. now: real time: tokens do not follow the
    harness's clock.
    """
    values = identity_values(exchange, authorizer.identity_sources)
    if not values:
        raise _unauthorized("Bearer", "the request has no token")
    token = values[0]
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    try:
        claims = verified_claims(
            token, issuer=authorizer.issuer, audience=authorizer.audience, key_sets=key_sets, now=now
        )
    except TokenRefused as refused:
        challenge = f'Bearer scope="" error="invalid_token" error_description="{_quotable(refused.description)}"'
        raise _unauthorized(challenge, f"the token is refused: {refused}") from None
    found = scopes_of(claims)
    if scopes and not set(scopes) & set(found):
        challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
        raise OwnAnswer(
            403,
            "Forbidden",
            f"the token has none of the scopes {', '.join(scopes)}",
            headers=[("www-authenticate", challenge)],
        )
    return Authorized(kind="jwt", facts={"claims": claim_texts(claims), "scopes": found if scopes else None})


def _unauthorized(challenge: str, problem: str) -> OwnAnswer:
    return OwnAnswer(401, "Unauthorized", problem, headers=[("www-authenticate", challenge)])


def _quotable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "'" for letter in text)
