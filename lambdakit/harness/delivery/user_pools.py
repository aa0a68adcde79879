"""User pools: which triggers run for which operation of the API, and what their answers change.

Source: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers" and the page of each
trigger; API Reference, of each operation (`ClientMetadata`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from lambdakit.harness.delivery.user_pool_challenges import CHALLENGE, FLOW, CustomChallenges
from lambdakit.harness.delivery.user_pool_sign_in import AUTHENTICATION, SignIn
from lambdakit.harness.delivery.user_pool_triggers import Triggers, attributes_of, has, with_metadata
from lambdakit.harness.moto_state.user_pools import NewUser, PoolCall, new_sub

# What stands in a message where the code, the link and the name go.
_CODE: Final = "{####}"
_LINK: Final = "{##Click Here##}"
_NAME: Final = "{username}"
_REFRESHING: Final = frozenset({"REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"})


class UserPoolTriggers:
    """Serves the operations that triggers have a say in."""

    def __init__(self, triggers: Triggers, *, now: Callable[[], datetime]) -> None:
        self._triggers = triggers
        self._sign_in = SignIn(triggers)
        self._challenges = CustomChallenges(triggers, self._sign_in, now=now)
        self._operations: Mapping[str, Callable[[PoolCall], dict[str, Any]]] = {
            "SignUp": self._sign_up,
            "ConfirmSignUp": self._confirm_sign_up,
            "AdminConfirmSignUp": self._confirm_sign_up,
            "AdminCreateUser": self._create_user,
            "ForgotPassword": self._forgot_password,
            "ConfirmForgotPassword": self._confirm_forgot_password,
            "AdminResetUserPassword": self._reset_password,
            "UpdateUserAttributes": self._update_attributes,
            "AdminUpdateUserAttributes": self._update_attributes,
            "InitiateAuth": self._initiate,
            "AdminInitiateAuth": self._initiate,
            "RespondToAuthChallenge": self._respond,
            "AdminRespondToAuthChallenge": self._respond,
        }

    def serve(self, call: PoolCall) -> Mapping[str, Any]:
        """The answer's members. Raises the API's error."""
        return self._operations[call.operation](call)

    def reset(self) -> None:
        """Forgets what is under way."""
        self._challenges.reset()

    def _sign_up(self, call: PoolCall) -> dict[str, Any]:
        name = str(call.given.get("Username"))
        if call.user(name) is not None or not call.accepts_password(str(call.given.get("Password"))):
            return call.pass_on()
        sub = new_sub()
        response = self._pre_sign_up(call, "PreSignUp_SignUp", sub if call.names_by_attribute else name)
        attributes = _given_attributes(call)
        verified = {}
        for flag, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
            if response.get(flag) is True:
                if not attributes.get(attribute):
                    problem = f"{flag} is set and the user has no {attribute}"
                    raise call.refuse("InvalidLambdaResponseException", problem)
                verified[f"{attribute}_verified"] = "true"
        answer = call.pass_on()
        if call.names_by_attribute:
            call.rename(name, sub)
            answer["UserSub"] = sub
        if verified:
            call.set_attributes(name, verified)
        if response.get("autoConfirmUser") is True:
            call.confirm(name)
            answer.pop("CodeDeliveryDetails", None)
            answer["UserConfirmed"] = True
            self._confirmed(call, name, "PostConfirmation_ConfirmSignUp")
        elif any(attribute in attributes for attribute in call.verified_automatically):
            self._write(call, "CustomMessage_SignUp", name)
        return answer

    def _create_user(self, call: PoolCall) -> dict[str, Any]:
        name, action = str(call.given.get("Username")), call.given.get("MessageAction")
        if action == "RESEND":
            answer = call.pass_on()
            self._write(call, "CustomMessage_AdminCreateUser", name, for_name=True)
            return answer
        if call.user(name) is not None:
            return call.pass_on()
        sub = new_sub()
        # The guide: what the function says of confirming and verifying is ignored for users made by an administrator.
        self._pre_sign_up(call, "PreSignUp_AdminCreateUser", sub if call.names_by_attribute else name)
        answer = call.pass_on()
        if call.names_by_attribute:
            call.rename(name, sub)
            answer["User"] = _renamed(answer["User"], sub)
        if action != "SUPPRESS":
            self._write(call, "CustomMessage_AdminCreateUser", name, for_name=True)
        return answer

    def _pre_sign_up(self, call: PoolCall, source: str, user_name: str) -> dict[str, Any]:
        data = call.given.get("ValidationData")
        request = {
            "userAttributes": _given_attributes(call),
            "validationData": {one["Name"]: one.get("Value", "") for one in data} if data else None,
        }
        return self._triggers.run(call, "PreSignUp", source, user_name, with_metadata(call, request)) or {}

    def _confirm_sign_up(self, call: PoolCall) -> dict[str, Any]:
        answer = call.pass_on()
        self._confirmed(call, str(call.given.get("Username")), "PostConfirmation_ConfirmSignUp")
        return answer

    def _confirm_forgot_password(self, call: PoolCall) -> dict[str, Any]:
        answer = call.pass_on()
        self._confirmed(call, str(call.given.get("Username")), "PostConfirmation_ConfirmForgotPassword")
        return answer

    def _confirmed(self, call: PoolCall, name: str, source: str) -> None:
        user = call.user(name)
        if user is not None:
            request = with_metadata(call, {"userAttributes": attributes_of(user)})
            self._triggers.run(call, "PostConfirmation", source, user.name, request)

    def _forgot_password(self, call: PoolCall) -> dict[str, Any]:
        name = str(call.given.get("Username"))
        if call.user(name) is None and has(call, "UserMigration"):
            self._migrate(call, "UserMigration_ForgotPassword", name, password="")
        answer = call.pass_on()
        self._write(call, "CustomMessage_ForgotPassword", name)
        return answer

    def _reset_password(self, call: PoolCall) -> dict[str, Any]:
        answer = call.pass_on()
        self._write(call, "CustomMessage_ForgotPassword", str(call.given.get("Username")))
        return answer

    def _update_attributes(self, call: PoolCall) -> dict[str, Any]:
        name = str(call.given.get("Username") or call.user_of_access_token(str(call.given.get("AccessToken"))))
        answer = call.pass_on()
        if any(attribute in _given_attributes(call) for attribute in call.verified_automatically):
            self._write(call, "CustomMessage_UpdateUserAttribute", name)
        return answer

    def _initiate(self, call: PoolCall) -> dict[str, Any]:
        flow, parameters = call.given.get("AuthFlow"), call.given.get("AuthParameters") or {}
        if flow == FLOW:
            return self._challenges.begin(call)
        if flow in _REFRESHING:
            user = call.user(call.user_of_refresh_token(str(parameters.get("REFRESH_TOKEN"))))
            answer = call.pass_on()
            return answer if user is None else self._sign_in.issue(call, answer, user, "TokenGeneration_RefreshTokens")
        name, password = str(parameters.get("USERNAME") or ""), parameters.get("PASSWORD")
        if call.user(name) is None and password is not None and has(call, "UserMigration"):
            self._migrate(call, "UserMigration_Authentication", name, password=str(password))
        user = call.user(name)
        if user is None and not call.hides_missing_users:
            return call.pass_on()
        self._sign_in.begin(call, user, name)
        if user is None:
            raise call.refuse("NotAuthorizedException", "Incorrect username or password.")
        return self._sign_in.finish(call, call.pass_on(), name)

    def _respond(self, call: PoolCall) -> dict[str, Any]:
        challenge = call.given.get("ChallengeName")
        if challenge == CHALLENGE:
            return self._challenges.answer(call)
        responses = call.given.get("ChallengeResponses") or {}
        name = str(responses.get("USERNAME") or call.user_of_session(str(call.given.get("Session"))))
        answer = call.pass_on()
        first = challenge == "NEW_PASSWORD_REQUIRED"
        return self._sign_in.finish(
            call, answer, name, "TokenGeneration_NewPasswordChallenge" if first else AUTHENTICATION
        )

    def _migrate(self, call: PoolCall, source: str, name: str, *, password: str) -> None:
        """Takes over whom the function knows. Raises the API's error for somebody it does not."""
        request: dict[str, Any] = {"password": password} if password else {}
        request["validationData"] = call.given.get("ClientMetadata") or None
        response = self._triggers.run(call, "UserMigration", source, name, with_metadata(call, request)) or {}
        attributes = response.get("userAttributes")
        if not isinstance(attributes, Mapping) or not attributes:
            raise call.refuse("UserNotFoundException", "User does not exist.")
        texts = {key: str(value) for key, value in attributes.items() if key != "username"}
        # The guide: a user without `finalUserStatus` has to set a password; one who only forgot it has none to keep.
        keeps = response.get("finalUserStatus") == "CONFIRMED" or not password
        status = "CONFIRMED" if keeps else "RESET_REQUIRED"
        call.take_over(NewUser(name=name, password=password, status=status, attributes=texts))
        if not keeps:
            raise call.refuse("PasswordResetRequiredException", "Password reset required for the user")

    def _write(self, call: PoolCall, source: str, name: str, *, for_name: bool = False) -> None:
        """Asks for the text of a message. Nothing is sent: codes are not needed here."""
        user = call.user(name)
        if user is None:
            return
        request = {
            "userAttributes": attributes_of(user),
            "codeParameter": _CODE,
            "linkParameter": _LINK,
            "usernameParameter": _NAME if for_name else None,
        }
        response = self._triggers.run(call, "CustomMessage", source, user.name, with_metadata(call, request)) or {}
        for member in ("emailMessage", "smsMessage"):
            text = response.get(member)
            # DG "Custom message Lambda trigger": the message has to hold the code; an e-mail may hold the link instead.
            if text and _CODE not in str(text) and not (member == "emailMessage" and "{##" in str(text)):
                problem = f"{member} does not contain request.codeParameter, {_CODE}"
                raise call.refuse("InvalidLambdaResponseException", problem)


def _given_attributes(call: PoolCall) -> dict[str, str]:
    given = {one["Name"]: one.get("Value", "") for one in call.given.get("UserAttributes") or ()}
    name = str(call.given.get("Username") or "")
    if call.names_by_attribute and name and call.operation in ("SignUp", "AdminCreateUser"):
        given.setdefault("email" if "@" in name else "phone_number", name)
    return given


def _renamed(user: Mapping[str, Any], sub: str) -> dict[str, Any]:
    attributes = [one for one in user.get("Attributes", ()) if one["Name"] != "sub"]
    return {**user, "Username": sub, "Attributes": [*attributes, {"Name": "sub", "Value": sub}]}
