"""What triggers do around a sign-in: who may try, who is told, and what the tokens say.

Source: Amazon Cognito Developer Guide, "Pre authentication Lambda trigger", "Post authentication Lambda trigger", "Pre
token generation Lambda trigger"; API Reference, "InitiateAuth" (`ClientMetadata`: which triggers get it, and as what).
"""

from __future__ import annotations

from typing import Any, Final

from lambdakit.harness.delivery.user_pool_tokens import access_claims, id_claims
from lambdakit.harness.delivery.user_pool_triggers import Triggers, attributes_of, token_event_version, with_metadata
from lambdakit.harness.moto_state.user_pools import PoolCall, PoolUser

AUTHENTICATION: Final = "TokenGeneration_Authentication"
_INITIATING: Final = frozenset({"InitiateAuth", "AdminInitiateAuth"})


class SignIn:
    """The triggers of every way to sign in."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers

    def begin(self, call: PoolCall, user: PoolUser | None, name: str) -> None:
        """Asks whether a user may try. user: None for one that is not there, which must not be told."""
        request = {
            "userAttributes": {} if user is None else attributes_of(user),
            # API Reference, "InitiateAuth": the client metadata comes as validation data here.
            "validationData": call.given.get("ClientMetadata") or {},
            "userNotFound": user is None,
        }
        user_name = name if user is None else user.name
        self._triggers.run(call, "PreAuthentication", "PreAuthentication_Authentication", user_name, request)

    def finish(self, call: PoolCall, answer: dict[str, Any], name: str, source: str = AUTHENTICATION) -> dict[str, Any]:
        """The answer for somebody who has proved who they are; what asks for more is left as it is."""
        user = call.user(name)
        if "AuthenticationResult" not in answer or user is None:
            return answer
        request = {"userAttributes": attributes_of(user), "newDeviceUsed": False}
        self._triggers.run(
            call, "PostAuthentication", "PostAuthentication_Authentication", user.name, _after(call, request)
        )
        return self.issue(call, answer, user, source)

    def issue(self, call: PoolCall, answer: dict[str, Any], user: PoolUser, source: str) -> dict[str, Any]:
        """The answer with the tokens as the pre token generation trigger wants them."""
        request: dict[str, Any] = {
            "userAttributes": attributes_of(user),
            "groupConfiguration": {
                "groupsToOverride": list(user.groups),
                "iamRolesToOverride": list(user.roles),
                "preferredRole": user.preferred_role,
            },
        }
        if token_event_version(call) != "1":
            request["scopes"] = ["aws.cognito.signin.user.admin"]
        response = self._triggers.run(call, "PreTokenGeneration", source, user.name, _after(call, request))
        result = answer.get("AuthenticationResult")
        if response is None or result is None:
            return answer
        tokens = {
            "IdToken": call.reissue(result["IdToken"], lambda claims: id_claims(claims, response)),
            "AccessToken": call.reissue(result["AccessToken"], lambda claims: access_claims(claims, response)),
        }
        return {**answer, "AuthenticationResult": {**result, **tokens}}


def _after(call: PoolCall, request: dict[str, Any]) -> Any:
    """API Reference, "InitiateAuth": these triggers get the metadata of later answers alone."""
    return request if call.operation in _INITIATING else with_metadata(call, request)
