"""Claims of a user pool's tokens, as the pre token generation trigger changes them.

In: a token's claims and the trigger's `response`. Out: the claims of the token that is given out.

Source: Amazon Cognito Developer Guide, "Pre token generation Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Claims = dict[str, Any]

# DG "Pre token generation Lambda trigger": claims that cannot be modified.
_FIXED: Final = frozenset(
    {"acr", "amr", "aud", "at_hash", "auth_time", "azp", "client_id", "cognito:username", "event_id", "exp", "iat"}
    | {"identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use", "username"}
)
_GROUPS: Final = "cognito:groups"


def id_claims(claims: Claims, response: Mapping[str, Any]) -> Claims:
    """The claims of the ID token."""
    details, is_second = _details(response)
    part = _mapping(details.get("idTokenGeneration")) if is_second else details
    changed = _changed(claims, part)
    groups = _mapping(details.get("groupOverrideDetails"))
    if "groupsToOverride" in groups:
        changed = _with(changed, _GROUPS, groups["groupsToOverride"])
    if "iamRolesToOverride" in groups:
        changed = _with(changed, "cognito:roles", groups["iamRolesToOverride"])
    if groups.get("preferredRole"):
        changed["cognito:preferred_role"] = groups["preferredRole"]
    return changed


def access_claims(claims: Claims, response: Mapping[str, Any]) -> Claims:
    """The claims of the access token. The first version of the event changes no more than its groups."""
    details, is_second = _details(response)
    part = _mapping(details.get("accessTokenGeneration")) if is_second else {}
    changed = _changed(claims, part)
    scopes = str(changed.get("scope", "")).split()
    scopes = [scope for scope in scopes if scope not in _texts(part.get("scopesToSuppress"))]
    scopes += [scope for scope in _texts(part.get("scopesToAdd")) if scope not in scopes]
    changed["scope"] = " ".join(scopes)
    groups = _mapping(details.get("groupOverrideDetails"))
    return _with(changed, _GROUPS, groups["groupsToOverride"]) if "groupsToOverride" in groups else changed


def _details(response: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """What is to be changed, and whether it is said in the second version's form."""
    second = _mapping(response.get("claimsAndScopeOverrideDetails"))
    return (second, True) if second else (_mapping(response.get("claimsOverrideDetails")), False)


def _changed(claims: Claims, part: Mapping[str, Any]) -> Claims:
    suppressed = {name for name in _texts(part.get("claimsToSuppress")) if _is_open(name)}
    added = {name: value for name, value in _mapping(part.get("claimsToAddOrOverride")).items() if _is_open(name)}
    # DG: a claim that is both overridden and suppressed is suppressed.
    return {name: value for name, value in {**claims, **added}.items() if name not in suppressed}


def _is_open(name: str) -> bool:
    return name not in _FIXED and not name.startswith("dev:")


def _with(claims: Claims, name: str, value: object) -> Claims:
    """An empty list takes the claim away."""
    rest = {key: held for key, held in claims.items() if key != name}
    return {**rest, name: value} if value else rest


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else ()
