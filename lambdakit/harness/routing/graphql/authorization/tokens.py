"""Tokens of user pools and of OpenID Connect providers.

Source: AppSync Developer Guide, "AMAZON_COGNITO_USER_POOLS authorization", "OPENID_CONNECT authorization"; AWS AppSync
API Reference, "UserPoolConfig" (`appIdClientRegex`), "OpenIDConnectConfig" (`clientId` is a regular expression, the
times are in milliseconds); "JavaScript resolver context object reference" (identities).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.authorizers.json_web_token import TokenExpired, TokenRefused, verified_claims
from lambdakit.harness.routing.authorizers.key_sets import KeySets
from lambdakit.harness.routing.graphql.authorization.authorized import Authorized
from lambdakit.harness.routing.graphql.definition import Provider
from lambdakit.harness.routing.graphql.errors import RequestRefused, unauthorized

_POOLS: Final = "AMAZON_COGNITO_USER_POOLS"
_OIDC: Final = "OPENID_CONNECT"


def issuer_of(provider: Provider) -> str:
    """Who issues a provider's tokens; empty for a provider without any."""
    settings = provider.settings
    if provider.kind == _POOLS:
        return f"https://cognito-idp.{settings.get('awsRegion')}.amazonaws.com/{settings.get('userPoolId')}"
    return str(settings.get("issuer", "")) if provider.kind == _OIDC else ""


class TokenAuthorization:
    """Checks tokens. now: real time, in seconds since 1970."""

    def __init__(self, key_sets: KeySets, now: Callable[[], float]) -> None:
        self._key_sets = key_sets
        self._now = now

    @staticmethod
    def chosen(providers: Sequence[Provider], authorization: str) -> Provider | None:
        """The provider that a token says it is of; None for none of them, and for what is no token."""
        issuer = _unverified(_token(authorization)).get("iss")
        return next((each for each in providers if _same(issuer_of(each), issuer)), None)

    def authorize(self, provider: Provider, authorization: str, source_ip: str) -> Authorized:
        """Whose token it is. RequestRefused."""
        token = _token(authorization)
        claimed = _unverified(token)
        if not claimed:
            raise unauthorized("Unable to parse JWT token.")
        issuer = issuer_of(provider)
        if _same(issuer, claimed.get("iss")):
            issuer = str(claimed["iss"])  # with the slash at its end, or without it
        try:
            claims = verified_claims(token, issuer=issuer, audience=None, key_sets=self._key_sets, now=self._now)
        except TokenExpired:
            raise unauthorized("Token has expired.") from None
        except TokenRefused as refused:
            raise unauthorized("Unauthorized", f"the token is refused: {refused}") from None
        if provider.kind == _POOLS:
            return _of_pool(provider, claims, source_ip)
        self._check_ages(provider, claims)
        _check_client(provider.settings.get("clientId"), claims.get("aud"), claims.get("azp"))
        identity = {"claims": dict(claims), "issuer": claims.get("iss"), "sub": claims.get("sub")}
        return Authorized(provider=_OIDC, identity=identity)

    def _check_ages(self, provider: Provider, claims: Mapping[str, Any]) -> None:
        for setting, claim in (("iatTTL", "iat"), ("authTTL", "auth_time")):
            allowed, at = provider.settings.get(setting), claims.get(claim)
            if not allowed:
                continue
            if not isinstance(at, int | float) or at + int(allowed) / 1000 < self._now():
                raise unauthorized("Token has expired.", f"{claim} is longer ago than {setting} allows")


def _of_pool(provider: Provider, claims: Mapping[str, Any], source_ip: str) -> Authorized:
    _check_client(provider.settings.get("appIdClientRegex"), claims.get("aud"), claims.get("client_id"))
    found = claims.get("cognito:groups")
    groups = [str(group) for group in found] if isinstance(found, list) else None
    action = str(provider.settings.get("defaultAction") or "ALLOW")
    identity = {
        "claims": dict(claims),
        "defaultAuthStrategy": action,
        "groups": groups,
        "issuer": claims.get("iss"),
        "sourceIp": [source_ip],
        "sub": claims.get("sub"),
        "username": claims.get("cognito:username", claims.get("username")),
    }
    return Authorized(provider=_POOLS, identity=identity, groups=groups or (), default_denies=action == "DENY")


def _check_client(expression: object, *clients: object) -> None:
    """RequestRefused for a token of a client that the expression does not fit."""
    if not expression:
        return
    named = [each for client in clients for each in (client if isinstance(client, list) else [client])]
    try:
        fits = any(isinstance(name, str) and re.fullmatch(str(expression), name) for name in named)
    except re.error:
        raise RequestRefused(
            500, "InternalFailureException", f"the expression {expression} is none that can be read"
        ) from None
    if not fits:
        raise unauthorized("Unauthorized", "the token is of a client that the provider does not allow")


def _token(authorization: str) -> str:
    return authorization[7:].strip() if authorization[:7].lower() == "bearer " else authorization.strip()


def _unverified(token: str) -> Mapping[str, Any]:
    """The claims as they stand there; nothing for what is no token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _same(issuer: str, other: object) -> bool:
    return bool(issuer) and isinstance(other, str) and issuer.rstrip("/") == other.rstrip("/")
