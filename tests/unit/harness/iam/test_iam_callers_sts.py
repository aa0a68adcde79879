"""The sessions that STS gives: who they are, what limits them, when they end."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from lambdakit.harness.iam.credentials import Credentials
from lambdakit.harness.iam.principal import Principal, administrator
from lambdakit.harness.iam.sign_in import SignInRefused
from lambdakit.harness.iam.sts_api import caller_identity_response
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Response
from tests.fakes.known_identities import ACCOUNT_ID, KnownAccount
from tests.fakes.signed_requests import signed

pytestmark = pytest.mark.xdist_group("moto")

ADMINISTRATOR = Credentials(access_key_id="LAMBDAKITADMINISTRATOR", secret_access_key="lambdakit", session_token="")
POLICY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def called(known: KnownAccount, key: Credentials, action: str, **fields: str) -> Response:
    body = urlencode({"Action": action, "Version": "2011-06-15", **fields}).encode()
    request = signed(key, body=body, service="sts", headers=FORM)
    named = read_service_request(request)
    response = known.sts.serve(request, named, known.callers.identify(request, service="sts"))
    assert response is not None
    return response


def told(response: Response) -> dict[str, str]:
    """Every leaf of an answer, by its name."""
    return {
        leaf.tag.rpartition("}")[2]: leaf.text or "" for leaf in ET.fromstring(response.body).iter() if not len(leaf)
    }


def session(known: KnownAccount, key: Credentials, action: str, **fields: str) -> Credentials:
    response = called(known, key, action, **fields)
    found = told(response)
    assert response.status == 200, found
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=found["SecretAccessKey"],
        session_token=found["SessionToken"],
    )


def principal(known: KnownAccount, key: Credentials) -> Principal:
    return known.callers.identify(signed(key), service="dynamodb")


def assume(known: KnownAccount, role: str, key: Credentials = ADMINISTRATOR, **fields: str) -> Credentials:
    return session(known, key, "AssumeRole", RoleArn=role, RoleSessionName="visit", **fields)


def test_a_role_s_session_carries_tags_and_policies(known: KnownAccount) -> None:
    role = known.role("r", Path="/p/", Tags=[{"Key": "team", "Value": "a"}, {"Key": "cost", "Value": "1"}])
    managed = known.iam.create_policy(PolicyName="m", PolicyDocument=POLICY)["Policy"]["Arn"]
    fields = {
        "Policy": POLICY,
        "PolicyArns.member.1.arn": managed,
        "Tags.member.1.Key": "team",
        "Tags.member.1.Value": "b",
        "SourceIdentity": "ana",
    }

    who = principal(known, assume(known, role, ADMINISTRATOR, **fields))

    assert who.arn == role
    assert who.caller_arn == f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/r/visit"
    assert who.user_id == known.iam.get_role(RoleName="r")["Role"]["RoleId"] + ":visit"
    assert who.session_policies == (POLICY, POLICY)
    assert who.tags == {"team": "b", "cost": "1"}
    assert who.context["aws:sourceidentity"] == ("ana",)
    assert "aws:tokenissuetime" in who.context


def test_only_transitive_tags_go_on_to_the_next_role(known: KnownAccount) -> None:
    first, second = known.role("first"), known.role("second")
    tags = {"Tags.member.1.Key": "a", "Tags.member.1.Value": "1", "Tags.member.2.Key": "b", "Tags.member.2.Value": "2"}

    handed_on = {"TransitiveTagKeys.member.1": "a", "SourceIdentity": "ana"}
    key = assume(known, first, ADMINISTRATOR, **tags, **handed_on)
    who = principal(known, assume(known, second, key))
    conflict = called(known, key, "AssumeRole", RoleArn=second, RoleSessionName="visit", **tags)

    assert who.tags == {"a": "1"}
    assert who.context["aws:sourceidentity"] == ("ana",)
    assert told(conflict)["Code"] == "InvalidParameterValue"


def test_a_session_ends_in_real_time(known: KnownAccount) -> None:
    key = assume(known, known.role("brief"), DurationSeconds="900")
    request = signed(key)

    known.now.ahead = timedelta(seconds=899)
    still = known.callers.identify(request, service="dynamodb")
    known.now.ahead = timedelta(seconds=901)

    assert still.kind == "role"
    with pytest.raises(SignInRefused, match="ExpiredTokenException: The security token included in the request is exp"):
        known.callers.identify(request, service="dynamodb")


@pytest.mark.parametrize(
    ("seconds", "code"), [("899", "ValidationError"), ("900", ""), ("7200", ""), ("7201", "ValidationError")]
)
def test_a_session_lasts_as_long_as_the_role_allows(known: KnownAccount, seconds: str, code: str) -> None:
    role = known.role("long", MaxSessionDuration=7200)

    response = called(
        known, ADMINISTRATOR, "AssumeRole", RoleArn=role, RoleSessionName="visit", DurationSeconds=seconds
    )

    assert told(response).get("Code", "") == code


@pytest.mark.parametrize(("seconds", "code"), [("3600", ""), ("3601", "ValidationError")])
def test_a_session_begun_by_another_lasts_an_hour_at_most(known: KnownAccount, seconds: str, code: str) -> None:
    role = known.role("chained", MaxSessionDuration=7200)

    response = called(
        known, assume(known, role), "AssumeRole", RoleArn=role, RoleSessionName="visit", DurationSeconds=seconds
    )

    assert told(response).get("Code", "") == code


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        (
            {"RoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/absent"},
            "AccessDenied",
            "is not authorized to perform: sts:Ass",
        ),
        ({"RoleSessionName": "a b"}, "ValidationError", "Value 'a b' at 'roleSessionName' failed to satisfy"),
        ({"Policy": "{"}, "MalformedPolicyDocument", ""),
        ({"Policy": " " * 2_049}, "ValidationError", "less than or equal to 2048"),
        ({"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/Absent"}, "InvalidParameterValue", "does not exist"),
        (
            {"Tags.member.1.Key": "a", "Tags.member.2.Key": "A"},
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ],
    ids=["no such role", "name", "policy", "long policy", "policy's ARN", "tags"],
)
def test_what_cannot_be_is_refused(known: KnownAccount, fields: dict[str, str], code: str, words: str) -> None:
    role = known.role("strict")

    response = called(known, ADMINISTRATOR, "AssumeRole", **{"RoleArn": role, "RoleSessionName": "visit", **fields})

    assert told(response)["Code"] == code
    assert words in told(response)["Message"]


def test_a_session_token_is_its_user(known: KnownAccount) -> None:
    arn, key = known.user("ana")

    who = principal(known, session(known, key, "GetSessionToken"))

    assert (who.kind, who.arn, who.caller_arn) == ("user", arn, arn)
    assert who.context["aws:multifactorauthpresent"] == ("false",)


def test_a_federated_user_may_what_both_policies_allow(known: KnownAccount) -> None:
    arn, key = known.user("broker")

    limited = principal(known, session(known, key, "GetFederationToken", Name="guest", Policy=POLICY))
    nothing = principal(known, session(known, key, "GetFederationToken", Name="guest"))

    assert limited.arn == arn
    assert limited.caller_arn == f"arn:aws:sts::{ACCOUNT_ID}:federated-user/guest"
    assert limited.user_id == f"{ACCOUNT_ID}:guest"
    assert limited.session_policies == (POLICY,)
    assert [json.loads(document)["Statement"] for document in nothing.session_policies] == [[]]


@pytest.mark.parametrize("action", ["GetSessionToken", "GetFederationToken"])
def test_a_role_s_session_gets_no_such_token(known: KnownAccount, action: str) -> None:
    response = called(known, assume(known, known.role("r")), action, Name="guest")

    assert (response.status, told(response)["Code"]) == (403, "AccessDenied")


def test_the_administrator_s_token_is_the_administrator_s(known: KnownAccount) -> None:
    who = principal(known, session(known, ADMINISTRATOR, "GetSessionToken"))

    assert (who.kind, who.arn) == ("root", administrator(ACCOUNT_ID).arn)


def test_a_web_identity_becomes_a_session_of_the_role(known: KnownAccount) -> None:
    role = known.role("web")
    fields = {"RoleArn": role, "RoleSessionName": "visit", "WebIdentityToken": "token"}

    assert principal(known, session(known, ADMINISTRATOR, "AssumeRoleWithWebIdentity", **fields)).arn == role


@pytest.mark.parametrize("who", ["environment", "user", "administrator"])
def test_everybody_learns_who_they_are(known: KnownAccount, who: str) -> None:
    role = known.role("worker")
    user, user_key = known.user("ana")
    key, arn = {
        "environment": (known.environment(role), f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/worker/resize"),
        "user": (user_key, user),
        "administrator": (ADMINISTRATOR, f"arn:aws:iam::{ACCOUNT_ID}:root"),
    }[who]

    found = told(called(known, key, "GetCallerIdentity"))

    assert (found["Arn"], found["Account"]) == (arn, ACCOUNT_ID)
    assert found["UserId"]
    request = signed(key, service="sts")
    alone = caller_identity_response(request, known.callers.identify(request, service="sts"))
    assert told(alone)["Arn"] == arn


def test_the_rest_is_moto_s(known: KnownAccount) -> None:
    request = signed(ADMINISTRATOR, body=b"Action=GetAccessKeyInfo&AccessKeyId=AKIA", service="sts", headers=FORM)

    assert known.sts.serve(request, read_service_request(request), administrator(ACCOUNT_ID)) is None
