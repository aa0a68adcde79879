"""Statements on resources that are named in full, among others."""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.principal import Principal

ROLE = Principal(
    kind="role",
    account_id="123456789012",
    arn="arn:aws:iam::123456789012:role/r",
    caller_arn="arn:aws:sts::123456789012:assumed-role/r/s",
    tags={"table": "four"},
)
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/"
STATEMENTS: list[dict[str, object]] = [
    {"Sid": "Named", "Effect": "Allow", "Action": "dynamodb:*", "Resource": [f"{TABLE}one", f"{TABLE}two"]},
    {"Sid": "Mixed", "Effect": "Allow", "Action": "dynamodb:*", "Resource": [f"{TABLE}three", f"{TABLE}wild-*"]},
    {"Sid": "Variable", "Effect": "Allow", "Action": "dynamodb:*", "Resource": f"{TABLE}${{aws:PrincipalTag/table}}"},
    {"Sid": "Not", "Effect": "Allow", "Action": "dynamodb:*", "NotResource": [f"{TABLE}{n}" for n in ("five", "six")]},
    {"Sid": "Denied", "Effect": "Deny", "Action": "dynamodb:*", "Resource": f"{TABLE}two"},
]


@pytest.mark.parametrize(
    ("name", "sids", "expected"),
    [
        ("one", ["Named"], True),
        ("other", ["Named"], False),
        ("two", ["Named", "Denied"], False),
        ("one", ["Named", "Denied"], True),
        ("three", ["Mixed"], True),
        ("wild-card", ["Mixed"], True),
        ("other", ["Mixed"], False),
        ("four", ["Variable"], True),
        ("one", ["Variable"], False),
        ("one", ["Not"], True),
        ("five", ["Not"], False),
    ],
)
def test_a_statement_is_about_what_it_names(name: str, sids: list[str], expected: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": [each for each in STATEMENTS if each["Sid"] in sids]}
    policies = Policies(identity=(NamedPolicy(name="own", document=parse_policy(document)),))
    wanted = Authorization(action="dynamodb:GetItem", resources=(f"{TABLE}{name}",))

    decision = decide(ROLE, wanted, wanted.resources[0], policies=policies)

    assert decision.allowed is expected
