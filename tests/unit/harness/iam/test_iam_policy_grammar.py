"""Which policies may be created: IAM's own messages for those that may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdakit.harness.iam.policy_document import MalformedPolicy
from lambdakit.harness.iam.policy_grammar import (
    PolicyTooLong,
    check_identity_policy,
    check_inline_policies_size,
    check_managed_policy_size,
    check_resource_policy,
    check_trust_policy,
    check_trust_policy_size,
    policy_size,
)
from tests.fakes.iam_decisions import ACCOUNT, Json, allow

_SYNTAX = "Syntax errors in policy."
_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_NO_ACTIONS = "Policy statement must contain actions."
_STS = "AssumeRole policy may only specify STS AssumeRole actions."
_LETTERS = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)


def _text(*statements: object, **elements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **elements})


def _trusts(principal: object, action: object = "sts:AssumeRole", **elements: object) -> Json:
    return allow(action, None, Principal=principal, **elements)


def _refusal(check: Callable[[str], None], text: str) -> str:
    with pytest.raises(MalformedPolicy) as caught:
        check(text)
    return caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_text(allow("s3:GetObject", "arn:aws:s3:::a/*", Sid="Read1")), id="usual"),
        pytest.param(json.dumps({"Statement": allow("*")}), id="statement alone and no version"),
        pytest.param(_text(allow(["s3:*", "*"], ["*", "arn:aws:s3:*"])), id="lists"),
        pytest.param(_text({"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::a"}), id="others"),
        pytest.param(_text(allow(Sid="a"), allow(Sid="b"), allow(), allow()), id="several"),
        pytest.param(_text(allow(Condition={"Bool": {"aws:SecureTransport": True}})), id="condition"),
        pytest.param(_text(allow(resources="arn:aws:s3:::é/*")).replace("\\u00e9", "é"), id="Latin-1"),
    ],
)
def test_identity_policy_is_accepted(text: str) -> None:
    check_identity_policy(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", _SYNTAX, id="no JSON"),
        pytest.param('"{}"', _SYNTAX, id="JSON twice"),
        pytest.param("{}", _SYNTAX, id="nothing"),
        pytest.param(_text(), _SYNTAX, id="no statements"),
        pytest.param(_text(allow(), Id="x"), _SYNTAX, id="Id"),
        pytest.param(_text(allow(), Version="2012"), "The policy must contain a valid version string", id="version"),
        pytest.param(_text(allow(Principal="*")), "Policy document should not specify a principal.", id="principal"),
        pytest.param(
            _text(allow(NotPrincipal="*")), "Policy document should not specify a principal.", id="not principal"
        ),
        pytest.param(_text(allow("s3:*", None)), "Policy statement must contain resources.", id="no resource"),
        pytest.param(_text({"Effect": "Allow", "Resource": "*"}), _NO_ACTIONS, id="no action"),
        pytest.param(_text({"Action": "s3:*", "Resource": "*"}), _SYNTAX, id="no effect"),
        pytest.param(
            _text(allow(resources=None, Resource=None)), "Policy statement must contain resources.", id="null"
        ),
        pytest.param(_text(allow(resources=[])), _SYNTAX, id="no resources"),
        pytest.param(_text(allow("GetObject")), _VENDOR, id="action without a service"),
        pytest.param(_text(allow(Condition={"Bool": {"Secure": "true"}})), _VENDOR, id="key without a service"),
        pytest.param(_text(allow("s3:a:b")), "Actions/Condition can contain only one colon.", id="two colons"),
        pytest.param(_text(allow(resources="mine")), 'Resource mine must be in ARN format or "*".', id="no ARN"),
        pytest.param(_text(allow(resources="*mine")), 'Resource *mine must be in ARN format or "*".', id="star"),
        pytest.param(_text(allow(resources="arn:aws:s3")), "The policy failed legacy parsing", id="short ARN"),
        pytest.param(_text(allow(Sid="a-b")), _LETTERS, id="sid with a dash"),
        pytest.param(_text(allow(Sid=["a"])), _SYNTAX, id="sid in a list"),
        pytest.param(
            _text(allow(Sid="a"), allow(Sid="a")), "Statement IDs (SID) in a single policy must be unique.", id="sids"
        ),
        pytest.param(_text(allow(Condition={"StringIs": {"a:b": "c"}})), _SYNTAX, id="unknown operator"),
        pytest.param(_text(allow(resources="arn:aws:s3:::€")).replace("\\u20ac", "€"), _SYNTAX, id="not Latin-1"),
    ],
)
def test_identity_policy_is_refused(text: str, message: str) -> None:
    assert _refusal(check_identity_policy, text) == message


_ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/name"


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param("*", id="everyone"),
        pytest.param({"AWS": "*"}, id="AWS everyone"),
        pytest.param({"Service": "lambda.amazonaws.com"}, id="service"),
        pytest.param({"Federated": "cognito-identity.amazonaws.com"}, id="provider"),
        pytest.param({"AWS": ACCOUNT}, id="account"),
        pytest.param({"AWS": [f"arn:aws:iam::{ACCOUNT}:root", _ROLE]}, id="root and role"),
        pytest.param({"AWS": f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/name/session"}, id="session"),
        pytest.param({"AWS": "AROAEXAMPLE1234567"}, id="unique id"),
    ],
)
def test_trust_policy_is_accepted(principal: object) -> None:
    check_trust_policy(_text(_trusts(principal)))
    check_trust_policy(_text(_trusts(principal, ["sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity"])))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "This policy contains invalid Json", id="no JSON"),
        pytest.param(_text(allow("sts:AssumeRole", Principal="*")), "Has prohibited field Resource", id="resource"),
        pytest.param(
            _text(allow("sts:AssumeRole", None, NotPrincipal="*")), "Has prohibited field NotPrincipal", id="complement"
        ),
        pytest.param(_text(allow("sts:AssumeRole", None)), "Missing required field Principal", id="no principal"),
        pytest.param(_text({"Principal": "*", "Action": "*"}), "Missing required field Effect", id="no effect"),
        pytest.param(_text({"Principal": "*", "Effect": "Deny"}), "Missing required field Action", id="no action"),
        pytest.param(_text(_trusts("*", "*")), _STS, id="every action"),
        pytest.param(_text(_trusts("*", "s3:GetObject")), _STS, id="another action"),
        pytest.param(_text(_trusts("*", ["sts:AssumeRole", "s3:*"])), _STS, id="another action beside it"),
        pytest.param(_text(_trusts("me")), "Invalid principal in policy", id="text"),
        pytest.param(
            _text(_trusts({"AWS": "arn:aws::iam::1:root"})),
            'Invalid principal in policy: "AWS":"arn:aws::iam::1:root"',
            id="malformed ARN",
        ),
        pytest.param(
            _text(_trusts({"AWS": f"{_ROLE}*"})), f'Invalid principal in policy: "AWS":"{_ROLE}*"', id="wildcard"
        ),
        pytest.param(_text(_trusts("*", Sid="a b")), _LETTERS, id="sid"),
        pytest.param(_text(_trusts({"Other": "x"})), "Invalid principal in policy", id="unknown kind"),
    ],
)
def test_trust_policy_is_refused(text: str, message: str) -> None:
    assert _refusal(check_trust_policy, text) == message


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(allow(Principal="*", Sid="any text"), id="everyone"),
        pytest.param(allow(NotPrincipal={"AWS": ACCOUNT}), id="complement"),
        pytest.param(allow("kms:*", None, Principal={"AWS": ACCOUNT}), id="no resource"),
        pytest.param(allow(Principal={"CanonicalUser": "ff"}), id="canonical user"),
        pytest.param(allow(Principal={"AWS": "arn:aws:iam::cloudfront:user/OAI 1"}), id="CloudFront"),
        pytest.param({"Effect": "Deny", "NotAction": "s3:*", "Principal": "*"}, id="NotAction"),
    ],
)
def test_resource_policy_is_accepted(statement: Any) -> None:
    check_resource_policy(_text(statement, Id="policy"))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        pytest.param(allow(), "Missing required field Principal", id="no principal"),
        pytest.param({"Principal": "*", "Action": "*"}, "Missing required field Effect", id="no effect"),
        pytest.param({"Principal": "*", "Effect": "Deny"}, "Missing required field Action", id="no action"),
        pytest.param(
            allow(NotPrincipal={"AWS": "me"}), 'Invalid principal in policy: "AWS":"me"', id="invalid complement"
        ),
        pytest.param(allow(Principal={"AWS": []}), _SYNTAX, id="empty list"),
        pytest.param(allow(Principal=[]), "Invalid principal in policy", id="a list"),
    ],
)
def test_resource_policy_is_refused(statement: Any, message: str) -> None:
    assert _refusal(check_resource_policy, _text(statement)) == message


def test_white_space_does_not_count() -> None:
    assert policy_size(' {\n\t"a": "b c" } ') == len('{"a":"bc"}')


@pytest.mark.parametrize(
    ("check", "limit", "message"),
    [
        pytest.param(check_managed_policy_size, 6_144, "Cannot exceed quota for PolicySize: 6144", id="managed"),
        pytest.param(check_trust_policy_size, 2_048, "Cannot exceed quota for ACLSizePerRole: 2048", id="trust"),
    ],
)
def test_policy_is_as_long_as_its_quota(check: Callable[[str], None], limit: int, message: str) -> None:
    check("a" * limit + " \n" * 1_000)

    with pytest.raises(PolicyTooLong) as caught:
        check("a" * (limit + 1))

    assert caught.value.message == message


@pytest.mark.parametrize(("of", "limit"), [("user", 2_048), ("group", 5_120), ("role", 10_240)])
def test_inline_policies_share_a_quota(of: Any, limit: int) -> None:
    check_inline_policies_size(["a" * (limit - 10), "b" * 10], of=of, name="worker")

    with pytest.raises(PolicyTooLong) as caught:
        check_inline_policies_size(["a" * (limit - 10), "b" * 11], of=of, name="worker")

    assert caught.value.message == f"Maximum policy size of {limit} bytes exceeded for {of} worker"
