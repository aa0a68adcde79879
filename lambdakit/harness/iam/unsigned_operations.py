"""The operations that AWS serves without a signature, whoever asks.

Source: botocore's service models, `"authtype": "none"` (a test compares them); Amazon SNS API Reference,
"ConfirmSubscription", "Unsubscribe".
"""

from __future__ import annotations

from typing import Final

_SNS: Final = frozenset({"ConfirmSubscription", "Unsubscribe"})
_STS: Final = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
_COGNITO_IDENTITY: Final = frozenset({"GetCredentialsForIdentity", "GetId", "GetOpenIdToken", "UnlinkIdentity"})
_COGNITO_IDP: Final = frozenset(
    {"AssociateSoftwareToken", "ChangePassword", "CompleteWebAuthnRegistration", "ConfirmDevice"}
    | {"ConfirmForgotPassword", "ConfirmSignUp", "DeleteUser", "DeleteUserAttributes", "DeleteWebAuthnCredential"}
    | {"ForgetDevice", "ForgotPassword", "GetDevice", "GetTokensFromRefreshToken", "GetUser"}
    | {"GetUserAttributeVerificationCode", "GetUserAuthFactors", "GlobalSignOut", "InitiateAuth", "ListDevices"}
    | {"ListUserSessions", "ListWebAuthnCredentials", "ResendConfirmationCode", "RespondToAuthChallenge"}
    | {"RevokeToken", "RevokeUserSession", "SetUserMFAPreference", "SetUserSettings", "SignUp"}
    | {"StartWebAuthnRegistration", "UpdateAuthEventFeedback", "UpdateDeviceStatus", "UpdateUserAttributes"}
    | {"VerifySoftwareToken", "VerifyUserAttribute"}
)

UNSIGNED_OPERATIONS: Final = _SNS | _STS | _COGNITO_IDENTITY | _COGNITO_IDP
