"""The triggers of Cognito user pools.

Source: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers": "User pool Lambda
trigger event" and the page of each trigger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdakit.session.sample_events.sample import Choices, JsonObject, identifier

_CLIENT: Final = "exampleclientid0123456789"
_EMAIL: Final = "user@example.com"
_NEW_USER: Final[Mapping[str, str]] = {"email": _EMAIL}
_PASSWORD_DONE: Final = {"challengeName": "PASSWORD_VERIFIER", "challengeResult": True, "challengeMetadata": None}
_CUSTOM_DONE: Final = {
    "challengeName": "CUSTOM_CHALLENGE",
    "challengeResult": True,
    "challengeMetadata": "EXAMPLE_CHALLENGE",
}
_CHALLENGE_RESPONSE: Final = ("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata")
_MIGRATION_RESPONSE: Final = (
    *("userAttributes", "finalUserStatus", "messageAction", "desiredDeliveryMediums", "forceAliasCreation"),
)


def _user() -> dict[str, str]:
    return {
        "sub": identifier("user"),
        "email_verified": "true",
        "cognito:user_status": "CONFIRMED",
        "email": _EMAIL,
    }


def _event(choices: Choices, source: str, request: Mapping[str, Any], response: Mapping[str, Any]) -> JsonObject:
    return {
        "version": "1",
        "region": choices.region,
        "userPoolId": f"{choices.region}_Example01",
        "userName": "example-user",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": _CLIENT},
        "triggerSource": source,
        "request": dict(request),
        "response": dict(response),
    }


def pre_sign_up(choices: Choices) -> JsonObject:
    """Somebody signs up."""
    response = dict.fromkeys(("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"), False)
    return _event(choices, "PreSignUp_SignUp", {"userAttributes": _NEW_USER, "validationData": None}, response)


def post_confirmation(choices: Choices) -> JsonObject:
    """A user was confirmed."""
    return _event(choices, "PostConfirmation_ConfirmSignUp", {"userAttributes": _user()}, {})


def pre_authentication(choices: Choices) -> JsonObject:
    """A user is about to sign in."""
    request = {"userAttributes": _user(), "validationData": None, "userNotFound": False}
    return _event(choices, "PreAuthentication_Authentication", request, {})


def post_authentication(choices: Choices) -> JsonObject:
    """A user signed in."""
    request = {"userAttributes": _user(), "newDeviceUsed": False}
    return _event(choices, "PostAuthentication_Authentication", request, {})


def pre_token_generation(choices: Choices) -> JsonObject:
    """Tokens are about to be issued, event version V1_0."""
    return _event(choices, "TokenGeneration_Authentication", _token_request(), {"claimsOverrideDetails": None})


def pre_token_generation_v2(choices: Choices) -> JsonObject:
    """The same, event version V2_0: with the scopes of the access token."""
    request = {**_token_request(), "scopes": ["aws.cognito.signin.user.admin"]}
    response = {"claimsAndScopeOverrideDetails": None}
    return {**_event(choices, "TokenGeneration_Authentication", request, response), "version": "2"}


def _token_request() -> JsonObject:
    groups: JsonObject = {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}
    return {"userAttributes": _user(), "groupConfiguration": groups}


def custom_message(choices: Choices) -> JsonObject:
    """A code is about to be sent."""
    request = {
        "userAttributes": _user(),
        "codeParameter": "{####}",
        "linkParameter": "{##Click Here##}",
        "usernameParameter": None,
    }
    return _event(
        choices, "CustomMessage_SignUp", request, dict.fromkeys(("smsMessage", "emailMessage", "emailSubject"))
    )


def user_migration(choices: Choices) -> JsonObject:
    """Somebody signs in whom the pool does not know."""
    request = {"password": "example-password", "validationData": None, "userAttributes": None}
    return _event(choices, "UserMigration_Authentication", request, dict.fromkeys(_MIGRATION_RESPONSE))


def define_auth_challenge(choices: Choices) -> JsonObject:
    """What comes next in a custom sign-in."""
    request = {"userAttributes": _user(), "session": [_PASSWORD_DONE, _CUSTOM_DONE], "userNotFound": False}
    response = dict.fromkeys(("challengeName", "issueTokens", "failAuthentication"))
    return _event(choices, "DefineAuthChallenge_Authentication", request, response)


def create_auth_challenge(choices: Choices) -> JsonObject:
    """A challenge is to be made."""
    request = {
        "userAttributes": _user(),
        "challengeName": "CUSTOM_CHALLENGE",
        "session": [_PASSWORD_DONE],
        "userNotFound": False,
    }
    return _event(choices, "CreateAuthChallenge_Authentication", request, dict.fromkeys(_CHALLENGE_RESPONSE))


def verify_auth_challenge(choices: Choices) -> JsonObject:
    """A challenge was answered."""
    request = {
        "userAttributes": _user(),
        "privateChallengeParameters": {"answer": "example"},
        "challengeAnswer": "example",
        "userNotFound": False,
    }
    return _event(choices, "VerifyAuthChallengeResponse_Authentication", request, {"answerCorrect": None})


# As a pool's `LambdaConfig` names them, in the command line's letters.
TRIGGERS: Final[Mapping[str, tuple[str, Callable[[Choices], JsonObject]]]] = {
    "pre-sign-up": ("somebody signs up", pre_sign_up),
    "post-confirmation": ("a user was confirmed", post_confirmation),
    "pre-authentication": ("a user is about to sign in", pre_authentication),
    "post-authentication": ("a user signed in", post_authentication),
    "pre-token-generation": ("tokens are about to be issued, event V1_0", pre_token_generation),
    "pre-token-generation-v2": ("tokens are about to be issued, event V2_0", pre_token_generation_v2),
    "custom-message": ("a code is about to be sent", custom_message),
    "user-migration": ("an unknown user signs in", user_migration),
    "define-auth-challenge": ("what comes next in a custom sign-in", define_auth_challenge),
    "create-auth-challenge": ("a challenge is to be made", create_auth_challenge),
    "verify-auth-challenge": ("a challenge was answered", verify_auth_challenge),
}
