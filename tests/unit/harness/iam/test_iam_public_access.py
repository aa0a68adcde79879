"""Source of every row: Amazon S3 User Guide, "Blocking public access" ("The meaning of 'public'")."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.iam.public_access import is_public, within_account
from tests.fakes.policies import ACCOUNT_ID, ROLE, document, statement


def _for_everybody(condition: dict[str, Any] | None = None, **elements: Any) -> dict[str, Any]:
    given = {"Condition": condition} if condition else {}
    return statement("*", "s3:GetObject", "arn:aws:s3:::b/*", **given, **elements)


@pytest.mark.parametrize(
    ("one", "public"),
    [
        (_for_everybody(), True),
        (statement({"AWS": "*"}, "s3:GetObject"), True),
        (statement({"AWS": [ROLE, "*"]}, "s3:GetObject"), True),
        (statement({"AWS": ROLE}, "s3:GetObject"), False),
        (statement("cloudfront.amazonaws.com", "s3:GetObject"), False),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "s3:*", "Resource": "*"}, True),
        (_for_everybody(Effect="Deny"), False),
        (_for_everybody({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}), False),
        (_for_everybody({"StringLike": {"aws:SourceVpc": "vpc-*"}}), True),
        (_for_everybody({"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}), False),
        (_for_everybody({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}), True),
        (_for_everybody({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (_for_everybody({"StringEquals": {"s3:prefix": "public/"}}), True),
        (_for_everybody({"StringLike": {"aws:UserId": "${aws:username}"}}), True),
        (_for_everybody({"ArnLike": {"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT_ID}:*"}}), False),
        (_for_everybody({"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:*:topic"}}), True),
        (_for_everybody({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), False),
        (_for_everybody({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), False),
        (_for_everybody({"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}}), True),
        (_for_everybody({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}), True),
        (_for_everybody({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}), False),
        (_for_everybody({"IpAddress": {"aws:SourceIp": "2001::/31"}}), True),
        (_for_everybody({"IpAddress": {"aws:SourceIp": "no address"}}), True),
        (_for_everybody({"StringEquals": "no block"}), True),
    ],
)
def test_a_policy_is_public_when_it_lets_in_everybody(one: dict[str, Any], public: bool) -> None:
    assert is_public(document(one)) is public
    assert is_public({"Statement": one}) is public
    assert is_public(document(statement({"AWS": ROLE}, "s3:*"), one)) is public


@pytest.mark.parametrize("document", [{}, {"Statement": None}, {"Statement": ["text"]}, {"Statement": [{}]}])
def test_what_says_nothing_is_not_public(document: dict[str, Any]) -> None:
    assert not is_public(document)


def test_a_restricted_policy_keeps_its_denials_and_conditions() -> None:
    denied = _for_everybody(Effect="Deny")
    condition = {"StringEqualsIgnoreCase": {"aws:UserAgent": "x"}, "Bool": {"aws:SecureTransport": "true"}}

    left = within_account(document(denied, _for_everybody(condition)), ACCOUNT_ID)["Statement"]

    assert left[0] == denied
    assert left[1]["Condition"] == {
        "StringEqualsIgnoreCase": {"aws:UserAgent": "x", "aws:PrincipalAccount": ACCOUNT_ID},
        "Bool": {"aws:SecureTransport": "true"},
    }
    assert left[2]["Condition"]["Bool"] == {"aws:SecureTransport": "true", "aws:PrincipalIsAWSService": "true"}
