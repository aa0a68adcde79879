"""Triggers of user pools, from the call of the API to what the function's answer changes.

Source, unless a test says another: Amazon Cognito Developer Guide, "Customizing user pool workflows with Lambda
triggers" and the page of each trigger.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import refusal
from tests.fakes.user_pools import PASSWORD, Pool, claims
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cognito")


@pytest.fixture
def pool(harness: WiredHarness) -> Iterator[Pool]:
    made = Pool(harness)
    yield made
    made.remove()


def test_a_function_sees_who_signs_up_and_confirms_them(pool: Pool) -> None:
    wishes = {"PreSignUp_SignUp": {"response": {"autoConfirmUser": True, "autoVerifyEmail": True}}}
    pool.make("PreSignUp", "PostConfirmation", wishes=wishes)

    answer = pool.sign_up(ValidationData=[{"Name": "captcha", "Value": "ok"}], ClientMetadata={"from": "web"})

    assert answer["UserConfirmed"] is True
    first, second = pool.events()
    assert first == {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": pool.id,
        "userName": "ann",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": pool.client},
        "triggerSource": "PreSignUp_SignUp",
        "request": {
            "userAttributes": {"email": "ann@example.com"},
            "validationData": {"captcha": "ok"},
            "clientMetadata": {"from": "web"},
        },
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert second["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert second["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert second["request"]["userAttributes"]["email_verified"] == "true"
    assert second["response"] == {}
    assert pool.sign_in()["AuthenticationResult"]["AccessToken"]


def test_a_client_with_a_secret_has_to_send_a_hash_of_it(pool: Pool) -> None:
    pool.make(client={"GenerateSecret": True, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})
    described = pool.cognito.describe_user_pool_client(UserPoolId=pool.id, ClientId=pool.client)["UserPoolClient"]
    pool.person()

    def sign_in(hashed: str) -> dict[str, Any]:
        given = {"USERNAME": "ann", "PASSWORD": PASSWORD, **({"SECRET_HASH": hashed} if hashed else {})}
        answer: dict[str, Any] = pool.cognito.initiate_auth(
            ClientId=pool.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
        )
        return answer

    def hash_of(name: str) -> str:
        made = hmac.new(described["ClientSecret"].encode(), f"{name}{pool.client}".encode(), hashlib.sha256)
        return base64.b64encode(made.digest()).decode()

    refused = [refusal(sign_in, hashed=given) for given in ("", hash_of("bob"))]
    refused.append(refusal(pool.sign_up, name="eve", SecretHash="wrong"))
    problem = f"Unable to verify secret hash for client {pool.client}"
    assert refused == [(400, "NotAuthorizedException", problem)] * 3
    tokens = sign_in(hash_of("ann"))["AuthenticationResult"]
    assert tokens["AccessToken"]
    again = {"REFRESH_TOKEN": tokens["RefreshToken"], "SECRET_HASH": hash_of("ann")}
    renewed = pool.cognito.initiate_auth(ClientId=pool.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=again)
    assert renewed["AuthenticationResult"]["AccessToken"]
    assert pool.sign_up("eve", SecretHash=hash_of("eve"))["UserSub"]


def test_a_sign_up_that_the_function_refuses_makes_no_user(pool: Pool) -> None:
    pool.make("PreSignUp", wishes={"PreSignUp_SignUp": {"raise": "no such domain"}})

    refused = refusal(pool.sign_up)

    assert refused == (400, "UserLambdaValidationException", "PreSignUp failed with error no such domain.")
    assert pool.cognito.list_users(UserPoolId=pool.id)["Users"] == []


@pytest.mark.parametrize("instead", ["fine", None, {"answer": 1}, []], ids=["text", "null", "other", "list"])
def test_an_answer_that_is_no_event_is_refused(pool: Pool, instead: object) -> None:
    pool.make("PreSignUp", wishes={"PreSignUp_SignUp": {"instead": instead}})

    assert refusal(pool.sign_up) == (400, "InvalidLambdaResponseException", "Unrecognizable lambda output")


def test_a_function_that_is_gone_is_told(pool: Pool) -> None:
    pool.make(LambdaConfig={"PreSignUp": f"{pool.function}-gone"})

    status, code, text = refusal(pool.sign_up)

    assert (status, code) == (400, "UnexpectedLambdaException")
    assert text == "PreSignUp invocation failed due to error ResourceNotFoundException."


def test_a_function_that_does_not_answer_in_time_is_called_three_times(pool: Pool) -> None:
    pool.make("PreSignUp", wishes={"PreSignUp_SignUp": {"sleep": 6}})

    _, code, text = refusal(pool.sign_up)

    assert code == "UnexpectedLambdaException"
    assert text == "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function."
    assert pool.sources() == ["PreSignUp_SignUp"] * 3


def test_a_password_that_the_pool_refuses_is_not_shown_to_the_function(pool: Pool) -> None:
    pool.make("PreSignUp")

    _, code, _ = refusal(pool.sign_up, Password="short1")

    assert code == "InvalidPasswordException"
    assert pool.sources() == []


def test_a_user_named_by_address_has_the_name_that_the_function_was_told(pool: Pool) -> None:
    pool.make("PreSignUp", "PostConfirmation", UsernameAttributes=["email"])

    sub = pool.sign_up("ann@example.com", UserAttributes=[])["UserSub"]
    pool.cognito.confirm_sign_up(ClientId=pool.client, Username="ann@example.com", ConfirmationCode="1")

    first, second = pool.events()
    assert (first["userName"], second["userName"]) == (sub, sub)
    assert first["request"]["userAttributes"] == {"email": "ann@example.com"}
    assert second["request"]["userAttributes"]["sub"] == sub
    assert pool.cognito.admin_get_user(UserPoolId=pool.id, Username="ann@example.com")["Username"] == sub


def test_administrators_make_users_past_the_flags_of_the_function(pool: Pool) -> None:
    wishes = {"PreSignUp_AdminCreateUser": {"response": {"autoConfirmUser": True}}}
    pool.make("PreSignUp", "CustomMessage", wishes=wishes)

    user = pool.cognito.admin_create_user(UserPoolId=pool.id, Username="ann")["User"]

    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    first, second = pool.events()
    assert (first["triggerSource"], first["callerContext"]["clientId"]) == (
        "PreSignUp_AdminCreateUser",
        "CLIENT_ID_NOT_APPLICABLE",
    )
    assert second["triggerSource"] == "CustomMessage_AdminCreateUser"
    assert second["request"]["codeParameter"] == "{####}"
    assert second["request"]["usernameParameter"] == "{username}"


def test_a_message_without_its_code_is_refused(pool: Pool) -> None:
    wishes = {"CustomMessage_SignUp": {"response": {"emailMessage": "welcome", "emailSubject": "hello"}}}
    pool.make("CustomMessage", AutoVerifiedAttributes=["email"], wishes=wishes)

    _, code, text = refusal(pool.sign_up)

    assert code == "InvalidLambdaResponseException"
    assert "{####}" in text


@pytest.mark.parametrize("confirm", ["ConfirmSignUp", "AdminConfirmSignUp"])
def test_who_confirms_is_told_of_afterwards(pool: Pool, confirm: str) -> None:
    pool.make("PostConfirmation", wishes={"PostConfirmation_ConfirmSignUp": {"raise": "no room"}})
    pool.sign_up()

    if confirm == "ConfirmSignUp":
        refused = refusal(pool.cognito.confirm_sign_up, ClientId=pool.client, Username="ann", ConfirmationCode="123456")
    else:
        refused = refusal(pool.cognito.admin_confirm_sign_up, UserPoolId=pool.id, Username="ann")

    assert refused[1:] == ("UserLambdaValidationException", "PostConfirmation failed with error no room.")
    assert pool.cognito.admin_get_user(UserPoolId=pool.id, Username="ann")["UserStatus"] == "CONFIRMED"


def test_a_forgotten_password_is_written_about_and_confirmed(pool: Pool) -> None:
    pool.make("CustomMessage", "PostConfirmation")
    pool.person()

    pool.cognito.forgot_password(ClientId=pool.client, Username="ann")
    pool.cognito.confirm_forgot_password(
        ClientId=pool.client, Username="ann", ConfirmationCode="123456", Password="Other-1234"
    )

    assert pool.sources() == ["CustomMessage_ForgotPassword", "PostConfirmation_ConfirmForgotPassword"]


def test_a_sign_in_asks_before_and_tells_after(pool: Pool) -> None:
    pool.make("PreAuthentication", "PostAuthentication", "PreTokenGeneration")
    pool.person()

    pool.sign_in(ClientMetadata={"device": "tv"})

    assert pool.sources() == [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
    ]
    before, after, tokens = (event["request"] for event in pool.events())
    assert (before["validationData"], before["userNotFound"]) == ({"device": "tv"}, False)
    assert after["newDeviceUsed"] is False
    assert "clientMetadata" not in after
    assert tokens["groupConfiguration"] == {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}


def test_a_function_keeps_somebody_from_signing_in(pool: Pool) -> None:
    pool.make("PreAuthentication", "PostAuthentication", wishes={"PreAuthentication_Authentication": {"raise": "late"}})
    pool.person()

    assert refusal(pool.sign_in)[1:] == ("UserLambdaValidationException", "PreAuthentication failed with error late.")
    assert pool.sources() == ["PreAuthentication_Authentication"]


def test_a_wrong_password_is_told_to_nobody_after(pool: Pool) -> None:
    pool.make("PreAuthentication", "PostAuthentication", "PreTokenGeneration")
    pool.person()

    assert refusal(pool.sign_in, password="wrong")[1] == "NotAuthorizedException"
    assert pool.sources() == ["PreAuthentication_Authentication"]


@pytest.mark.parametrize(
    ("hides", "code", "sources"),
    [("LEGACY", "UserNotFoundException", []), ("ENABLED", "NotAuthorizedException", [True])],
)
def test_whoever_is_not_there_is_seen_only_where_that_is_hidden(
    pool: Pool, hides: str, code: str, sources: list[bool]
) -> None:
    pool.make("PreAuthentication", client={"PreventUserExistenceErrors": hides})

    assert refusal(pool.sign_in, name="nobody")[1] == code
    assert [event["request"]["userNotFound"] for event in pool.events()] == sources


def test_the_first_version_changes_the_id_token(pool: Pool) -> None:
    details = {
        "claimsToAddOrOverride": {"plan": "gold", "sub": "forged", "name": "x"},
        "claimsToSuppress": ["name", "iss"],
        "groupOverrideDetails": {"groupsToOverride": ["editors"], "preferredRole": "arn:aws:iam::1:role/e"},
    }
    wishes = {"TokenGeneration_Authentication": {"response": {"claimsOverrideDetails": details}}}
    pool.make("PreTokenGeneration", wishes=wishes)
    pool.person()

    tokens = pool.sign_in()["AuthenticationResult"]

    told, access = claims(tokens["IdToken"]), claims(tokens["AccessToken"])
    assert (told["plan"], told["cognito:groups"]) == ("gold", ["editors"])
    assert told["cognito:preferred_role"] == "arn:aws:iam::1:role/e"
    assert told["sub"] == pool.events()[0]["request"]["userAttributes"]["sub"]
    assert "name" not in told
    assert told["iss"].endswith(pool.id)
    assert "plan" not in access
    assert access["cognito:groups"] == ["editors"]
    assert pool.cognito.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ann"


def test_the_second_version_changes_both_tokens(pool: Pool) -> None:
    details = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"plan": {"name": "gold", "seats": 3}}},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"tenant": "t1"},
            "scopesToAdd": ["orders/read"],
            "scopesToSuppress": ["aws.cognito.signin.user.admin"],
        },
    }
    wishes = {
        source: {"response": {"claimsAndScopeOverrideDetails": details}}
        for source in ("TokenGeneration_Authentication", "TokenGeneration_RefreshTokens")
    }
    config = {"PreTokenGenerationConfig": {"LambdaArn": pool.function, "LambdaVersion": "V2_0"}}
    pool.make(LambdaConfig=config, wishes=wishes)
    pool.person()

    first = pool.sign_in()["AuthenticationResult"]
    again = pool.cognito.initiate_auth(
        ClientId=pool.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": first["RefreshToken"]},
    )["AuthenticationResult"]

    for tokens in (first, again):
        assert claims(tokens["IdToken"])["plan"] == {"name": "gold", "seats": 3}
        assert claims(tokens["AccessToken"])["tenant"] == "t1"
        assert claims(tokens["AccessToken"])["scope"] == "orders/read"
    assert pool.sources() == ["TokenGeneration_Authentication", "TokenGeneration_RefreshTokens"]
    assert pool.events()[0]["version"] == "2"
    assert pool.events()[0]["request"]["scopes"] == ["aws.cognito.signin.user.admin"]


def test_a_new_password_issues_tokens_of_its_own_kind(pool: Pool) -> None:
    pool.make("PreTokenGeneration", "PreAuthentication")
    pool.cognito.admin_create_user(
        UserPoolId=pool.id, Username="ann", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )

    challenge = pool.sign_in()
    pool.cognito.respond_to_auth_challenge(
        ClientId=pool.client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "ann", "NEW_PASSWORD": "Other-1234"},
        ClientMetadata={"step": "2"},
    )

    assert pool.sources() == ["PreAuthentication_Authentication", "TokenGeneration_NewPasswordChallenge"]
    assert pool.events()[1]["request"]["clientMetadata"] == {"step": "2"}


def test_a_user_is_taken_over_with_their_password(pool: Pool) -> None:
    attributes = {"email": "old@example.com", "email_verified": "true"}
    response = {"userAttributes": attributes, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS"}
    pool.make("UserMigration", wishes={"UserMigration_Authentication": {"response": response}})

    assert pool.sign_in("old")["AuthenticationResult"]["IdToken"]
    assert pool.sign_in("old")["AuthenticationResult"]["IdToken"]

    assert pool.sources() == ["UserMigration_Authentication"]
    assert pool.events()[0]["request"]["password"] == PASSWORD
    user = pool.cognito.admin_get_user(UserPoolId=pool.id, Username="old")
    assert {"Name": "email", "Value": "old@example.com"} in user["UserAttributes"]


def test_whom_the_migration_does_not_know_is_not_there(pool: Pool) -> None:
    pool.make("UserMigration")

    assert refusal(pool.sign_in, name="who")[1] == "UserNotFoundException"


def test_the_function_has_to_let_the_pool_in() -> None:
    with WiredHarness(enforce_iam="on") as harness:
        pool = Pool(harness)
        pool.make("PreSignUp")

        refused = refusal(pool.sign_up)
        grant = {"FunctionName": "trigger", "StatementId": "s", "Action": "lambda:InvokeFunction"}
        pool.lambda_.add_permission(**grant, Principal="cognito-idp.amazonaws.com", SourceArn=pool.arn)
        allowed = pool.sign_up()

    assert refused[1:] == (
        "UnexpectedLambdaException",
        "PreSignUp invocation failed due to error AccessDeniedException.",
    )
    assert allowed["UserConfirmed"] is False
