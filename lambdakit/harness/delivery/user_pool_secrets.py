"""App clients with a secret: what they ask for carries a hash of it, and is refused without the right one.

Source: Amazon Cognito Developer Guide, "Computing secret hash values"; AWS Knowledge Center, "How do I troubleshoot
\"Unable to verify secret hash for client <client-id>\" errors".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any, Final

from lambdakit.harness.moto_state.user_pools import PoolCall

# The operations that take a hash, and the member that holds it and the user's name; empty for the request itself.
_MEMBERS: Final = {
    **dict.fromkeys(("SignUp", "ConfirmSignUp", "ForgotPassword", "ConfirmForgotPassword"), ""),
    **dict.fromkeys(("InitiateAuth", "AdminInitiateAuth"), "AuthParameters"),
    **dict.fromkeys(("RespondToAuthChallenge", "AdminRespondToAuthChallenge"), "ChallengeResponses"),
}


def check_secret_hash(call: PoolCall) -> None:
    """Raises the API's error where the app client has a secret and the request's hash is none of it."""
    secret = call.client_secret
    if not secret or call.operation not in _MEMBERS:
        return
    member = _MEMBERS[call.operation]
    given: dict[str, Any] = (call.given.get(member) or {}) if member else dict(call.given)
    client = str(call.given.get("ClientId"))
    sent = str(given.get("SECRET_HASH" if member else "SecretHash") or "")
    hashes = (_hash(secret, name + client) for name in _names(call, given))
    if not any(hmac.compare_digest(sent.encode(), each.encode()) for each in hashes):
        raise call.refuse("NotAuthorizedException", f"Unable to verify secret hash for client {client}")


def _names(call: PoolCall, given: dict[str, Any]) -> Iterator[str]:
    """What the user may be called in the hash: as the request does, by the pool's name, and by `sub`."""
    name = str(given.get("USERNAME") or given.get("Username") or "")
    name = name or call.user_of_refresh_token(str(given.get("REFRESH_TOKEN") or ""))
    yield name
    user = call.user(name)
    if user is not None:
        yield user.name
        yield user.attributes.get("sub", "")


def _hash(secret: str, message: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()
