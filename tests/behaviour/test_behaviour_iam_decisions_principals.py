"""Who is meant by Principal and NotPrincipal, and what policies can ask of them: a row per decision.

UG is the IAM User Guide.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdakit.harness.iam.authorization import Reason
from lambdakit.harness.iam.principal import Principal
from tests.fakes.iam_decisions import (
    ACCOUNT,
    BY_IDENTITY,
    BY_RESOURCE,
    FEDERATED,
    FEDERATED_ARN,
    NOBODY,
    NOT_BY_IDENTITY,
    NOT_BY_RESOURCE,
    OTHER,
    ROLE,
    ROLE_ARN,
    SESSION_ARN,
    SNS,
    STRANGER,
    USER,
    USER_ARN,
    Json,
    Row,
    allow,
    deny,
)

_PRINCIPAL = "UG, AWS JSON policy elements: Principal"
_NOT_PRINCIPAL = "UG, AWS JSON policy elements: NotPrincipal"
_NOT_PRINCIPAL_ROLE = "AWS Security Blog, How to restrict Amazon S3 bucket access to a specific IAM role"
_VALUES = "UG, IAM policy elements: Variables and tags, Principal key values"
_KEYS = "UG, AWS global condition context keys"
_ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
_CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"

_GOOGLE = replace(ROLE, context={"aws:federatedprovider": ("accounts.google.com",)})
_KNOWN = replace(ROLE, canonical_user=_CANONICAL)
_TAGGED = replace(ROLE, tags={"Department": "hr"})


def _named(principal: object, who: Principal, expect: Reason, says: str, source: str = _PRINCIPAL) -> Row:
    return Row(
        says=f"{says}: {expect.name}",
        source=source,
        expect=expect,
        who=who,
        resource_policy=(allow(Principal=principal),),
    )


NAMED = (
    _named({"AWS": USER_ARN}, USER, BY_RESOURCE, "a user's ARN"),
    _named({"AWS": [ROLE_ARN, USER_ARN]}, USER, BY_RESOURCE, "one of several"),
    _named({"AWS": USER_ARN.replace("alice", "Alice")}, USER, NOT_BY_IDENTITY, "user names have case"),
    _named({"AWS": USER_ARN.replace("alice", "*")}, USER, NOT_BY_IDENTITY, "no wildcard for users"),
    _named({"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}, USER, NOT_BY_IDENTITY, "no wildcard for all users"),
    _named({"AWS": f"arn:aws:iam::*:{USER_ARN.partition(':user')[2]}"}, USER, NOT_BY_IDENTITY, "no wildcard account"),
    _named({"AWS": ROLE_ARN}, ROLE, BY_RESOURCE, "a role's ARN"),
    _named({"AWS": ROLE_ARN.replace("worker", "other")}, ROLE, NOT_BY_IDENTITY, "another role"),
    _named({"AWS": SESSION_ARN}, ROLE, BY_RESOURCE, "a session's ARN"),
    _named({"AWS": SESSION_ARN.replace("job", "other")}, ROLE, NOT_BY_IDENTITY, "another session"),
    _named({"AWS": SESSION_ARN.replace("job", "*")}, ROLE, NOT_BY_IDENTITY, "no wildcard for sessions"),
    _named({"AWS": FEDERATED_ARN}, FEDERATED, BY_RESOURCE, "a federated user's ARN"),
    _named({"AWS": "AROAEXAMPLE1234567"}, ROLE, BY_RESOURCE, "the role's unique id"),
    _named({"AWS": "AIDAEXAMPLE1234567"}, USER, BY_RESOURCE, "the user's unique id"),
    _named({"AWS": "AROAANOTHER1234567"}, ROLE, NOT_BY_IDENTITY, "a deleted role's unique id"),
    _named("*", ROLE, BY_RESOURCE, "everyone"),
    _named({"AWS": "*"}, ROLE, BY_RESOURCE, "AWS: everyone"),
    _named({"AWS": ["*"]}, USER, BY_RESOURCE, "AWS: everyone in a list"),
    _named({"AWS": OTHER}, ROLE, NOT_BY_IDENTITY, "another account"),
    _named(
        {"Service": "sns.amazonaws.com"},
        ROLE,
        NOT_BY_IDENTITY,
        "a service is not the role",
        f"follows from {_PRINCIPAL}",
    ),
    _named({"Service": "*"}, SNS, BY_RESOURCE, "every service", "a decision of lambdakit's"),
    _named({"AWS": ACCOUNT, "Service": "sns.amazonaws.com"}, SNS, BY_RESOURCE, "service beside an account"),
    _named({"AWS": USER_ARN, "Service": "sns.amazonaws.com"}, USER, BY_RESOURCE, "user beside a service"),
    _named({"Federated": "accounts.google.com"}, _GOOGLE, BY_RESOURCE, "an identity provider"),
    _named({"Federated": "graph.facebook.com"}, _GOOGLE, NOT_BY_IDENTITY, "another identity provider"),
    _named({"Federated": "accounts.google.com"}, ROLE, NOT_BY_IDENTITY, "no identity provider"),
    _named(
        {"CanonicalUser": _CANONICAL},
        ROLE,
        NOT_BY_IDENTITY,
        "a canonical user nobody knows",
        "a decision of lambdakit's",
    ),
    Row(
        says="a user without a session is named directly",
        source=_PRINCIPAL,
        expect=BY_RESOURCE,
        who=replace(USER, caller_arn=""),
        resource_policy=(allow(Principal={"AWS": USER_ARN}),),
        boundary=(),
    ),
    Row(
        says="a user's unique id names it directly",
        source=_PRINCIPAL,
        expect=BY_RESOURCE,
        who=USER,
        resource_policy=(allow(Principal={"AWS": "AIDAEXAMPLE1234567"}),),
        boundary=(),
    ),
    Row(
        says="a canonical user is an account",
        source=_PRINCIPAL,
        expect=BY_IDENTITY,
        who=_KNOWN,
        owner=OTHER,
        identity=(allow(),),
        resource_policy=(allow(Principal={"CanonicalUser": _CANONICAL}),),
    ),
    Row(
        says="another canonical user is another account",
        source=_PRINCIPAL,
        expect=NOT_BY_RESOURCE,
        who=_KNOWN,
        owner=OTHER,
        identity=(allow(),),
        resource_policy=(allow(Principal={"CanonicalUser": "ff"}),),
    ),
    Row(
        says="all principals but one through aws:PrincipalArn, the one",
        source=f"{_PRINCIPAL}, All principals",
        expect=BY_IDENTITY,
        who=USER,
        identity=(allow(),),
        resource_policy=(deny(Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": USER_ARN}}),),
    ),
    Row(
        says="all principals but one through aws:PrincipalArn, another",
        source=f"{_PRINCIPAL}, All principals",
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        identity=(allow(),),
        resource_policy=(deny(Principal="*", Condition={"ArnNotEquals": {"aws:PrincipalArn": USER_ARN}}),),
    ),
    Row(
        says="a resource policy's statement without a principal names nobody",
        source=f"follows from {_PRINCIPAL}",
        expect=NOT_BY_IDENTITY,
        resource_policy=(allow(),),
    ),
)


def _but(principal: object, effect: str = "Deny") -> Json:
    return {**allow(), "Effect": effect, "NotPrincipal": principal}


_DENIED = Reason.EXPLICIT_DENY_RESOURCE
SPARED = tuple(
    Row(
        says=f"all are denied but {who.kind} with {list(listed)}: {expect.name}",
        source=source,
        expect=expect,
        who=who,
        owner=ACCOUNT,
        identity=(allow(),),
        resource_policy=(allow(Principal={"AWS": [OTHER, ACCOUNT]}), allow(Principal=services), _but(listed)),
    )
    for source, who, listed, expect, services in (
        (_NOT_PRINCIPAL, USER, {"AWS": [USER_ARN, _ROOT_ARN]}, BY_IDENTITY, {"Service": "x"}),
        (_NOT_PRINCIPAL, USER, {"AWS": [USER_ARN, ACCOUNT]}, BY_IDENTITY, {"Service": "x"}),
        (_NOT_PRINCIPAL, USER, {"AWS": USER_ARN}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL, replace(USER, caller_arn=""), {"AWS": [USER_ARN, ACCOUNT]}, BY_IDENTITY, {"Service": "x"}),
        (
            _NOT_PRINCIPAL,
            _KNOWN,
            {"AWS": [ROLE_ARN, SESSION_ARN], "CanonicalUser": _CANONICAL},
            BY_IDENTITY,
            {"Service": "x"},
        ),
        (_NOT_PRINCIPAL, USER, {"AWS": _ROOT_ARN}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL, USER, {"AWS": [ROLE_ARN, _ROOT_ARN]}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL, STRANGER, {"AWS": [USER_ARN, _ROOT_ARN]}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL, ROLE, {"AWS": [SESSION_ARN, ROLE_ARN, _ROOT_ARN]}, BY_IDENTITY, {"Service": "x"}),
        (_NOT_PRINCIPAL, ROLE, {"AWS": [SESSION_ARN, _ROOT_ARN]}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL_ROLE, ROLE, {"AWS": [ROLE_ARN, _ROOT_ARN]}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL, ROLE, {"Service": "sns.amazonaws.com"}, _DENIED, {"Service": "x"}),
        (_NOT_PRINCIPAL, SNS, {"Service": "sns.amazonaws.com"}, BY_RESOURCE, {"Service": "sns.amazonaws.com"}),
        (_NOT_PRINCIPAL, SNS, {"AWS": [USER_ARN, ACCOUNT]}, _DENIED, {"Service": "sns.amazonaws.com"}),
        (f"follows from {_NOT_PRINCIPAL}", NOBODY, {"AWS": [USER_ARN, ACCOUNT]}, _DENIED, {"Service": "x"}),
        (f"follows from {_NOT_PRINCIPAL}", USER, {"AWS": "*"}, BY_IDENTITY, {"Service": "x"}),
    )
)

GRANTED = tuple(
    Row(
        says=f"all are allowed but {listed}, who is {who.kind}: {expect.name}",
        source=_NOT_PRINCIPAL,
        expect=expect,
        who=who,
        resource_policy=(_but(listed, "Allow"),),
    )
    for who, listed, expect in (
        (ROLE, {"AWS": USER_ARN}, BY_RESOURCE),
        (USER, {"AWS": USER_ARN}, NOT_BY_IDENTITY),
        (USER, {"AWS": ACCOUNT}, NOT_BY_IDENTITY),
        (ROLE, {"AWS": ROLE_ARN}, NOT_BY_IDENTITY),
        (NOBODY, {"AWS": USER_ARN}, BY_RESOURCE),
        (NOBODY, "*", NOT_BY_RESOURCE),
    )
)


def _asked(who: Principal, condition: Json, holds: bool, source: str = _VALUES) -> Row:
    """Whether a statement of the resource's policy about everyone applies."""
    refusal = NOT_BY_IDENTITY if who.arn else NOT_BY_RESOURCE
    return Row(
        says=f"{who.kind} {who.caller_arn or who.service}: {condition} {holds}",
        source=source,
        expect=BY_RESOURCE if holds else refusal,
        who=who,
        resource_policy=(allow(Principal="*", Condition=condition),),
    )


def _equals(key: str, value: str) -> Json:
    return {"StringEquals": {key: value}}


ASKED = (
    _asked(ROLE, _equals("aws:PrincipalArn", ROLE_ARN), True, _KEYS),
    _asked(ROLE, _equals("aws:PrincipalArn", SESSION_ARN), False, _KEYS),
    _asked(ROLE, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/service/*"}}, True, _KEYS),
    _asked(USER, _equals("aws:PrincipalArn", USER_ARN), True, _KEYS),
    _asked(FEDERATED, _equals("aws:PrincipalArn", FEDERATED_ARN), True, _KEYS),
    _asked(NOBODY, {"Null": {"aws:PrincipalArn": "true"}}, True, _KEYS),
    _asked(SNS, {"Null": {"aws:PrincipalArn": "true"}}, True, f"follows from {_KEYS}: no kind that has one"),
    _asked(ROLE, _equals("aws:PrincipalAccount", ACCOUNT), True, _KEYS),
    _asked(ROLE, _equals("aws:PrincipalAccount", OTHER), False, _KEYS),
    _asked(NOBODY, _equals("aws:PrincipalAccount", "anonymous"), True, _KEYS),
    _asked(ROLE, _equals("aws:PrincipalType", "AssumedRole"), True),
    _asked(USER, _equals("aws:PrincipalType", "User"), True),
    _asked(FEDERATED, _equals("aws:PrincipalType", "FederatedUser"), True),
    _asked(NOBODY, _equals("aws:PrincipalType", "Anonymous"), True),
    _asked(ROLE, _equals("aws:userid", "AROAEXAMPLE1234567:job"), True),
    _asked(ROLE, {"StringLike": {"aws:userid": "AROAEXAMPLE1234567:*"}}, True),
    _asked(USER, _equals("aws:userid", "AIDAEXAMPLE1234567"), True),
    _asked(FEDERATED, _equals("aws:userid", f"{ACCOUNT}:bob"), True),
    _asked(NOBODY, _equals("aws:userid", "anonymous"), True),
    _asked(USER, _equals("aws:username", "alice"), True),
    _asked(ROLE, {"Null": {"aws:username": "true"}}, True),
    _asked(FEDERATED, {"Null": {"aws:username": "true"}}, True),
    _asked(NOBODY, {"Null": {"aws:username": "true"}}, True),
    _asked(_TAGGED, _equals("aws:PrincipalTag/department", "hr"), True, _KEYS),
    _asked(_TAGGED, _equals("aws:PrincipalTag/Team", "hr"), False, _KEYS),
    _asked(SNS, {"Bool": {"aws:PrincipalIsAWSService": "true"}}, True, _KEYS),
    _asked(ROLE, {"Bool": {"aws:PrincipalIsAWSService": "false"}}, True, _KEYS),
    _asked(NOBODY, {"Null": {"aws:PrincipalIsAWSService": "true"}}, True, _KEYS),
    _asked(SNS, _equals("aws:PrincipalServiceName", "sns.amazonaws.com"), True, _KEYS),
    _asked(ROLE, {"Null": {"aws:PrincipalServiceName": "true"}}, True, _KEYS),
    _asked(SNS, {"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": ["sns.amazonaws.com"]}}, True, _KEYS),
    _asked(ROLE, _equals("aws:ResourceAccount", ACCOUNT), True, _KEYS),
    _asked(
        SNS, {"Null": {"aws:ResourceAccount": "true"}}, True, "a decision of lambdakit's: a bucket's ARN has no account"
    ),
    _asked(_GOOGLE, _equals("aws:FederatedProvider", "accounts.google.com"), True, _KEYS),
    Row(
        says="who asks is not for the request to say",
        source="a decision of lambdakit's",
        expect=NOT_BY_IDENTITY,
        context={"aws:PrincipalArn": [USER_ARN]},
        identity=(allow(Condition=_equals("aws:PrincipalArn", USER_ARN)),),
    ),
    Row(
        says="the resource's account is the ARN's",
        source=_KEYS,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        does="sqs:SendMessage",
        to=f"arn:aws:sqs:us-east-1:{OTHER}:jobs",
        identity=(allow("*"), deny("*", Condition={"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}})),
    ),
    Row(
        says="the resource's account is as given",
        source=_KEYS,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        owner=OTHER,
        identity=(allow("*"), deny("*", Condition={"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}})),
    ),
)


@pytest.mark.parametrize("row", (*NAMED, *SPARED, *GRANTED, *ASKED), ids=str)
def test_principal_is_as_documented(row: Row) -> None:
    row.check()
