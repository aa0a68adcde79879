"""Cognito user pools. What an app's users call is not signed, or authorized by their own tokens: no policy decides it.

Source: Service Authorization Reference, "Amazon Cognito User Pools"; Amazon Cognito Developer Guide, "Understanding
API, OIDC, and managed login pages authentication": the operations without IAM authorization; they are those that
botocore's model calls unsigned.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.rules import Rules

_UNSIGNED: Final = (
    *("AssociateSoftwareToken", "ChangePassword", "CompleteWebAuthnRegistration", "ConfirmDevice"),
    *("ConfirmForgotPassword", "ConfirmSignUp", "DeleteUser", "DeleteUserAttributes", "DeleteWebAuthnCredential"),
    *("ForgetDevice", "ForgotPassword", "GetDevice", "GetTokensFromRefreshToken", "GetUser"),
    *("GetUserAttributeVerificationCode", "GetUserAuthFactors", "GlobalSignOut", "InitiateAuth", "ListDevices"),
    *("ListUserSessions", "ListWebAuthnCredentials", "ResendConfirmationCode", "RespondToAuthChallenge"),
    *("RevokeToken", "RevokeUserSession", "SetUserMFAPreference", "SetUserSettings", "SignUp"),
    *("StartWebAuthnRegistration", "UpdateAuthEventFeedback", "UpdateDeviceStatus", "UpdateUserAttributes"),
    *("VerifySoftwareToken", "VerifyUserAttribute"),
)

COGNITO_IDP: Final = Rules(
    actions=dict.fromkeys(_UNSIGNED, ()),
    members={"userpool.UserPoolId": ("UserPoolId", "ResourceArn")},
)
