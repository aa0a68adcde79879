"""Who a request comes from: roles, users, sessions, the administrator, nobody."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, administrator
from lambdakit.harness.iam.sign_in import SignInRefused
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Headers, Request
from tests.fakes.known_identities import ACCOUNT_ID, FUNCTION_ARN, KnownAccount
from tests.fakes.signed_requests import HOST, changed, signed

pytestmark = pytest.mark.xdist_group("moto")

STRANGER = Credentials(access_key_id="AKIASTRANGERSTRANGER", secret_access_key="secret", session_token="")

LIST_TABLES = {"X-Amz-Target": "DynamoDB_20120810.ListTables"}


def identify(known: KnownAccount, request: Request, environment: str = "") -> Principal:
    service = read_service_request(request).service
    return known.callers.identify(request, service=service, environment=environment)


def refusal(known: KnownAccount, request: Request, environment: str = "") -> tuple[str, str, int]:
    with pytest.raises(SignInRefused) as refused:
        identify(known, request, environment)
    return refused.value.code, refused.value.message, refused.value.status


def test_an_environment_is_a_session_of_its_role(known: KnownAccount) -> None:
    role = known.role("resizer", Path="/service/", Tags=[{"Key": "team", "Value": "images"}])
    key = known.environment(role)
    role_id = known.iam.get_role(RoleName="resizer")["Role"]["RoleId"]

    principal = identify(known, signed(key), environment="e-1")

    assert principal.kind == "role"
    assert principal.account_id == ACCOUNT_ID
    assert principal.arn == f"arn:aws:iam::{ACCOUNT_ID}:role/service/resizer"
    assert principal.caller_arn == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/resizer/resize"
    assert principal.user_id == f"{role_id}:resize"
    assert principal.tags == {"team": "images"}
    assert principal.context["lambda:sourcefunctionarn"] == (FUNCTION_ARN,)
    assert (principal.function, principal.environment) == ("resize", "e-1")


def test_a_user_s_key_is_the_user(known: KnownAccount) -> None:
    arn, key = known.user("ana", Tags=[{"Key": "team", "Value": "images"}])

    principal = identify(known, signed(key))

    assert (principal.kind, principal.arn, principal.caller_arn) == ("user", arn, arn)
    assert principal.user_id == known.iam.get_user(UserName="ana")["User"]["UserId"]
    assert principal.tags == {"team": "images"}


def test_a_session_that_moto_gave_is_known(known: KnownAccount) -> None:
    role = known.role("visited")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    given: Any = known.account.client("sts").assume_role(RoleArn=role, RoleSessionName="visit", Policy=policy)
    key = given["Credentials"]
    credentials = Credentials(
        access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"], session_token=key["SessionToken"]
    )

    principal = identify(known, signed(credentials))
    known.now.ahead = timedelta(hours=2)
    late = refusal(known, signed(credentials))

    assert principal.caller_arn == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/visited/visit"
    assert principal.session_policies == (policy,)
    # The request itself was signed two hours before what is taken for now, and the session is looked at first.
    assert late[0] == "ExpiredTokenException"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(signed(STRANGER), id="a key that nobody was given"),
        pytest.param(changed(signed(STRANGER), body=b"changed"), id="a wrong signature of such a key"),
        pytest.param(
            changed(signed(STRANGER), headers={"authorization": "AWS4-HMAC-SHA256 Credential=x"}), id="half a signature"
        ),
        pytest.param(
            Request(method="POST", target="/", headers=Headers([("X-Amz-Target", "DynamoDB_20120810.ListTables")])),
            id="no signature",
        ),
        pytest.param(Request(method="GET", target="/2015-03-31/functions/", headers=Headers([])), id="the Lambda API"),
    ],
)
def test_whoever_has_no_credentials_of_the_harness_s_is_the_administrator(
    known: KnownAccount, request_: Request
) -> None:
    assert identify(known, request_) == administrator(ACCOUNT_ID)


def test_who_asks_s3_without_a_signature_is_nobody(known: KnownAccount) -> None:
    request = Request(method="GET", target="/bucket/key", headers=Headers([("Host", HOST)]))

    assert identify(known, request) is ANONYMOUS
    assert identify(known, request, environment="e-1") is ANONYMOUS


@pytest.mark.parametrize("operation", ["GetId", "InitiateAuth"])
def test_an_environment_may_ask_without_a_signature_what_anybody_may(known: KnownAccount, operation: str) -> None:
    request = Request(method="POST", target="/", headers=Headers([("X-Amz-Target", f"AWSCognito.{operation}")]))

    assert identify(known, request, environment="e-1") is ANONYMOUS


def test_an_environment_is_never_the_administrator(known: KnownAccount) -> None:
    unsigned = Request(
        method="POST", target="/", headers=Headers([("X-Amz-Target", "DynamoDB_20120810.ListTables")]), body=b"{}"
    )

    assert refusal(known, unsigned, "e-1")[0] == "MissingAuthenticationTokenException"
    assert refusal(known, signed(STRANGER, headers=LIST_TABLES), "e-1") == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        400,
    )


def test_credentials_of_a_deleted_role_are_refused(known: KnownAccount) -> None:
    role = known.role("gone")
    key = known.environment(role)
    session = known.sessions.begin(arn=role, identity_id="AROAOTHER", name="s", duration_seconds=900).credentials

    of_another_role = refusal(known, signed(session))
    known.iam.delete_role(RoleName="gone")

    assert refusal(known, signed(key))[0] == "UnrecognizedClientException"
    assert of_another_role[0] == "UnrecognizedClientException"


def test_a_session_s_key_with_another_session_s_token_is_refused(known: KnownAccount) -> None:
    role = known.role("swapped")
    key, other = known.environment(role), known.environment(role, environment="e-2")
    mixed = Credentials(
        access_key_id=key.access_key_id, secret_access_key=key.secret_access_key, session_token=other.session_token
    )

    assert refusal(known, signed(mixed))[0] == "UnrecognizedClientException"


def test_a_signature_that_leaves_the_host_out_is_refused(known: KnownAccount) -> None:
    _, key = known.user("anywhere")
    sent = signed(key, headers=LIST_TABLES)
    elsewhere = sent.headers.get("authorization").replace("SignedHeaders=host;", "SignedHeaders=")

    code, message, _ = refusal(known, changed(sent, headers={"authorization": elsewhere}))

    assert code == "IncompleteSignatureException"
    assert "'Host' or ':authority' must be a 'SignedHeader'" in message


def test_a_body_that_is_not_the_one_that_was_signed_is_refused(known: KnownAccount) -> None:
    _, key = known.user("tampered")
    sent = signed(key, method="PUT", path="/shelf/a", body=b"text", service="s3", signer="s3 header")

    assert refusal(known, changed(sent, body=b"other"))[0] == "XAmzContentSHA256Mismatch"


def test_an_environment_of_a_role_that_never_was_is_let_in_and_may_do_nothing(known: KnownAccount) -> None:
    key = known.environment(f"arn:aws:iam::{ACCOUNT_ID}:role/imagined")

    principal = identify(known, signed(key), environment="e-1")

    assert principal.arn == f"arn:aws:iam::{ACCOUNT_ID}:role/imagined"
    assert principal.user_id == "AROAUNKNOWN:resize"


def test_credentials_of_a_role_that_was_made_anew_are_refused(known: KnownAccount) -> None:
    key = known.environment(known.role("renewed"))

    known.iam.delete_role(RoleName="renewed")
    known.role("renewed")

    assert refusal(known, signed(key))[0] == "UnrecognizedClientException"


def test_credentials_of_an_environment_that_is_no_more_are_refused_everywhere(known: KnownAccount) -> None:
    key = known.environment(known.role("ended"), environment="e-9")
    known.credentials.revoke("e-9")

    assert refusal(known, signed(key))[0] == "ExpiredTokenException"
    assert refusal(
        known, changed(signed(key), headers={"authorization": f"AWS4-HMAC-SHA256 Credential={key.access_key_id}/x"})
    )


@pytest.mark.parametrize("change", ["inactive", "deleted key", "deleted user", "token"])
def test_a_key_that_is_not_good_any_more_is_refused(known: KnownAccount, change: str) -> None:
    _, key = known.user("leaver")
    if change == "inactive":
        known.iam.update_access_key(UserName="leaver", AccessKeyId=key.access_key_id, Status="Inactive")
    elif change == "deleted user":
        known.iam.delete_user(UserName="leaver")
    elif change == "token":
        key = Credentials(
            access_key_id=key.access_key_id, secret_access_key=key.secret_access_key, session_token="made up"
        )
    else:
        known.iam.delete_access_key(UserName="leaver", AccessKeyId=key.access_key_id)

    if change == "deleted key":  # moto forgets it: nobody was given it
        assert identify(known, signed(key)).kind == "root"
    else:
        assert refusal(
            known, signed(key, service="sts", headers={"Content-Type": "application/x-www-form-urlencoded"})
        ) == (
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            403,
        )


class TestPresignedForS3:
    """What boto3 presigns, over the wire formats that it chooses."""

    @pytest.fixture
    def key(self, known: KnownAccount) -> Credentials:
        return known.environment(known.role("signer"))

    def client(self, key: Credentials, version: str | None) -> Any:
        return boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=f"http://{HOST}",
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
            aws_session_token=key.session_token,
            config=Config(signature_version=version),
        )

    def sent(self, url: str, method: str = "GET", headers: list[tuple[str, str]] | None = None) -> Request:
        target = url.removeprefix(f"http://{HOST}")
        return Request(method=method, target=target, headers=Headers([("Host", HOST), *(headers or [])]))

    @pytest.mark.parametrize("version", [None, "s3v4", "s3"])
    def test_link_is_of_who_signed_it(self, known: KnownAccount, key: Credentials, version: str | None) -> None:
        url = self.client(key, version).generate_presigned_url(
            "get_object", Params={"Bucket": "b", "Key": "a b/ü+(1)", "ResponseContentType": "text/plain"}, ExpiresIn=60
        )

        assert identify(known, self.sent(url)).function == "resize"
        assert refusal(known, self.sent(url.replace("/b/", "/c/")))[0] == "SignatureDoesNotMatch"
        known.now.ahead = timedelta(seconds=62)
        assert refusal(known, self.sent(url)) == ("AccessDenied", "Request has expired", 403)

    @pytest.mark.parametrize("version", ["s3v4", "s3"])
    def test_put_is_good_for_its_content_type_only(self, known: KnownAccount, key: Credentials, version: str) -> None:
        url = self.client(key, version).generate_presigned_url(
            "put_object", Params={"Bucket": "b", "Key": "k", "ContentType": "text/plain"}
        )

        right = self.sent(url, "PUT", [("Content-Type", "text/plain")])
        wrong = self.sent(url, "PUT", [("Content-Type", "text/html")])

        assert identify(known, right).function == "resize"
        if version == "s3v4":  # Version 2 has it in the link itself
            assert refusal(known, wrong)[0] == "SignatureDoesNotMatch"

    @pytest.mark.parametrize("version", ["s3v4", "s3"])
    def test_posted_form_is_of_who_signed_its_policy(self, known: KnownAccount, key: Credentials, version: str) -> None:
        made = self.client(key, version).generate_presigned_post("b", "k", ExpiresIn=60)

        assert identify(known, self.form(made["fields"])).function == "resize"
        forged = base64.b64encode(json.dumps({"expiration": "2099-01-01T00:00:00Z"}).encode()).decode()
        assert refusal(known, self.form({**made["fields"], "policy": forged}))[0] == "SignatureDoesNotMatch"
        known.now.ahead = timedelta(seconds=62)
        assert refusal(known, self.form(made["fields"]))[1] == "Invalid according to Policy: Policy expired."

    def form(self, fields: dict[str, str]) -> Request:
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        ]
        parts.append('--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\npolicy\r\n--x--\r\n')
        kind = ("Content-Type", "multipart/form-data; boundary=x")
        return Request(
            method="POST", target="/b", headers=Headers([("Host", HOST), kind]), body="".join(parts).encode()
        )

    def test_link_for_more_than_a_week_is_refused(self, known: KnownAccount, key: Credentials) -> None:
        request = signed(key, method="GET", path="/b/k", service="s3", signer="s3 query")

        longer = changed(request, target=request.target.replace("Expires=3600", "Expires=604801"))

        assert refusal(known, longer)[0] == "AuthorizationQueryParametersError"

    def test_version_2_in_a_header_is_read_too(self, known: KnownAccount, key: Credentials) -> None:
        request = signed(key, method="GET", path="/b/k", query="acl", service="s3", signer="version 2 header")

        assert identify(known, request).function == "resize"
        assert refusal(known, changed(request, target="/b/k"))[0] == "SignatureDoesNotMatch"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_of_another_time_is_refused(known: KnownAccount, minutes: int) -> None:
    key = known.environment(known.role("clockless"))
    known.now.ahead = timedelta(minutes=minutes)
    words = "Signature expired: " if minutes > 0 else "Signature not yet current: "

    code, message, status = refusal(known, signed(key, headers=LIST_TABLES))

    assert (code, status) == ("InvalidSignatureException", 400)
    assert message.startswith(words)
    assert refusal(known, signed(key, method="GET", path="/b", service="s3", signer="s3 header")) == (
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        403,
    )


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_request_of_nearly_now_is_taken(known: KnownAccount, minutes: int) -> None:
    key = known.environment(known.role("nearly"))
    known.now.ahead = timedelta(minutes=minutes)

    assert identify(known, signed(key)).function == "resize"
