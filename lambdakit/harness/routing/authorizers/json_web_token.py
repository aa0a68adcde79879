"""JSON Web Tokens as API Gateway checks them: the signature by an RSA key of the issuer, and the claims.

Source: API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers in API Gateway"; RFC 7515, RFC
7517, RFC 7519.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.routing.authorizers.key_sets import KeySets, KeysNotFound

# Algorithm -> the hash that `cryptography` names so. "Currently, only RSA-based algorithms are supported."
_HASHES: Final = {"RS256": "SHA256", "RS384": "SHA384", "RS512": "SHA512"}


class TokenRefused(Exception):
    """A token that lets nobody in. description: why, as the client is told. problem: more, for the trace."""

    def __init__(self, description: str, problem: str = "") -> None:
        super().__init__(problem or description)
        self.description = description


class TokenExpired(TokenRefused):
    """A token that was in order once."""


def verified_claims(
    token: str, *, issuer: str, audience: Sequence[str] | None, key_sets: KeySets, now: Callable[[], float]
) -> Mapping[str, Any]:
    """The claims of a token that is in order. TokenRefused.

    audience: None for whomever it was made for. now: real time, in seconds since 1970.
    """
    header, claims, signed, signature = _parts(token)
    hash_name = _HASHES.get(str(header.get("alg")))
    if hash_name is None:
        raise TokenRefused(f"signing method {header.get('alg')} is invalid")
    if claims.get("iss") != issuer:
        raise TokenRefused("the token has an invalid issuer", f"the token is of {claims.get('iss')!r}, not {issuer!r}")
    _check_signature(header, signed, signature, hash_name, issuer, key_sets)
    _check_times(claims, now())
    if audience is not None:
        _check_audience(claims, audience)
    return claims


def scopes_of(claims: Mapping[str, Any]) -> list[str]:
    """The scopes that a token has, in `scope` or `scp`."""
    found = claims.get("scope", claims.get("scp"))
    if isinstance(found, str):
        return found.split()
    return [scope for scope in found if isinstance(scope, str)] if isinstance(found, list) else []


def claim_texts(claims: Mapping[str, Any]) -> dict[str, str]:
    """The claims as functions get them: every value a text. A list is its items in brackets, parted by spaces."""
    return {name: _text(value) for name, value in claims.items()}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(_text(item) for item in value)}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_text(item)}' for name, item in sorted(value.items()))}]"
    return str(value)


def _parts(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any], bytes, bytes]:
    """Header, claims, what is signed, and the signature."""
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise TokenRefused("invalid number of segments")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, RecursionError):
        raise TokenRefused("the token cannot be decoded") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenRefused("the token cannot be decoded")
    return header, claims, f"{parts[0]}.{parts[1]}".encode(), signature


def _check_signature(
    header: Mapping[str, Any], signed: bytes, signature: bytes, hash_name: str, issuer: str, key_sets: KeySets
) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    try:
        key = key_sets.key(issuer, str(header.get("kid")))
    except KeysNotFound as missing:
        raise TokenRefused("OIDC discovery endpoint communication error", str(missing)) from None
    if key is None or key.get("kty") != "RSA":
        raise TokenRefused("kid is invalid", f"the issuer has no RSA key {header.get('kid')!r}")
    try:
        exponent, modulus = (int.from_bytes(_decoded(str(key[name])), "big") for name in ("e", "n"))
        public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, ValueError):
        raise TokenRefused('unable to decode "n" from RSA public key') from None
    try:
        public.verify(signature, signed, padding.PKCS1v15(), getattr(hashes, hash_name)())
    except InvalidSignature:
        raise TokenRefused("the token has an invalid signature") from None


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires = _seconds(claims, "exp")
    if expires is None or expires <= now:
        raise TokenExpired("the token has expired")
    not_before, issued = _seconds(claims, "nbf"), _seconds(claims, "iat")
    if not_before is not None and not_before > now:
        raise TokenRefused("the token is not valid yet")
    if issued is not None and issued > now:
        raise TokenRefused("the token is used before it was issued")


def _check_audience(claims: Mapping[str, Any], audience: Sequence[str]) -> None:
    """`client_id` counts only where there is no `aud`."""
    found = claims.get("aud", claims.get("client_id"))
    named = found if isinstance(found, list) else [found]
    if not any(isinstance(name, str) and name in audience for name in named):
        raise TokenRefused("the token does not have a valid audience")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"the claim {name} is not a number")
    return value


def _decoded(part: str) -> bytes:
    """base64url without padding. ValueError."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
