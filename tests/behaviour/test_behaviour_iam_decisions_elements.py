"""Action, Resource, their complements and policy variables: a row per decision. UG is the IAM User Guide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from lambdakit.harness.iam.authorization import Reason
from lambdakit.harness.iam.principal import Principal
from tests.fakes.iam_decisions import (
    ACCOUNT,
    BY_IDENTITY,
    NOT_BY_IDENTITY,
    OBJECT,
    ROLE,
    USER,
    Json,
    Row,
    allow,
    deny,
)

_ACTION = "UG, IAM JSON policy elements: Action"
_NOT_ACTION = "UG, IAM JSON policy elements: NotAction"
_RESOURCE = "UG, IAM JSON policy elements: Resource"
_NOT_RESOURCE = "UG, IAM JSON policy elements: NotResource"
_VARIABLES = "UG, IAM policy elements: Variables and tags"
_NO_VALUE = f"{_VARIABLES}, Policy variables with no value"
_SPECIAL = f"{_VARIABLES}, Special characters"
_DEFAULT = f"{_VARIABLES}, Specifying default values"
_BOOL = "UG, IAM JSON policy elements: Condition operators, Boolean condition operators (the page on variables says no)"
_MULTIVALUED = "UG, Single-valued vs. multivalued context keys, Key points"
_STAR = "a decision of lambdakit's: wildcards are the policy's own, not those in a variable's value"
_WHERE = f"{_VARIABLES}, Where you can use policy variables"
_VERSION = "UG, IAM JSON policy elements: Version"
_TAGGED = "UG, IAM tutorial: Define permissions to access AWS resources based on tags"

_ALICE = replace(USER, tags={"department": "hr", "Team": "yellow", "empty": "", "star": "*"})


def _denied_or(allowed: bool) -> Reason:
    return BY_IDENTITY if allowed else NOT_BY_IDENTITY


def _action(patterns: str | Sequence[str], action: str, allowed: bool) -> Row:
    return Row(
        says=f"{patterns} covers {action}: {allowed}",
        source=_ACTION,
        expect=_denied_or(allowed),
        does=action,
        identity=(allow(patterns),),
    )


def _resource(pattern: str | Sequence[str], resource: str, allowed: bool) -> Row:
    return Row(
        says=f"{pattern} covers {resource}: {allowed}",
        source=_RESOURCE,
        expect=_denied_or(allowed),
        to=resource,
        identity=(allow("s3:*", pattern),),
    )


def _variable(
    pattern: str,
    resource: str,
    allowed: bool,
    *,
    who: Principal = _ALICE,
    source: str = _VARIABLES,
    context: Mapping[str, Sequence[str]] | None = None,
    version: str = "2012-10-17",
) -> Row:
    return Row(
        says=f"{pattern} is {resource} for a {who.kind} with {context} in {version}: {allowed}",
        source=source,
        expect=_denied_or(allowed),
        who=who,
        to=resource,
        context=context or {},
        version=version,
        identity=(allow("s3:*", pattern),),
    )


def _compares(
    condition: Json, allowed: bool, context: Mapping[str, Sequence[str]], source: str = _WHERE, who: Principal = _ALICE
) -> Row:
    return Row(
        says=f"{condition} with {dict(context)} of a {who.kind}: {allowed}",
        source=source,
        expect=_denied_or(allowed),
        who=who,
        context=context,
        identity=(allow(Condition=condition),),
    )


ACTIONS = (
    _action("s3:GetObject", "s3:GetObject", True),
    _action("S3:getobject", "s3:GetObject", True),
    _action("iam:ListAccessKeys", "IAM:listaccesskeys", True),
    _action("s3:GetObject", "s3:GetObjectAcl", False),
    _action("s3:GetObject", "sqs:GetObject", False),
    _action("s3:*", "s3:GetObject", True),
    _action("s3:*", "s3express:GetObject", False),
    _action("*", "kms:Decrypt", True),
    _action("iam:*AccessKey*", "iam:CreateAccessKey", True),
    _action("iam:*AccessKey*", "iam:ListAccessKeys", True),
    _action("iam:*AccessKey*", "iam:ListUsers", False),
    _action("s3:Get*", "s3:PutObject", False),
    _action("s3:?etObject", "s3:GetObject", True),
    _action("s3:?GetObject", "s3:GetObject", False),
    _action("s3:Get*t", "s3:GetObject", True),
    _action("s3:G*O*t", "s3:GetObject", True),
    _action(["sqs:*", "s3:GetObject"], "s3:GetObject", True),
    _action(["sqs:*", "s3:PutObject"], "s3:GetObject", False),
)

_WORKER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:worker"
_WITH_TEST = "arn:aws:s3:::amzn-s3-demo-bucket/*/test/*"
RESOURCES = (
    _resource("*", OBJECT, True),
    _resource("*", "*", True),
    _resource("arn:aws:s3:::reports/*", "*", False),
    _resource(OBJECT, OBJECT, True),
    _resource("arn:aws:s3:::Reports/*", OBJECT, False),
    _resource("arn:aws:s3:::reports", OBJECT, False),
    _resource("arn:aws:s3:::reports/*", "arn:aws:s3:::reports", False),
    _resource("arn:aws:s3:::reports/*", "arn:aws:s3:::reports/", True),
    _resource("arn:aws:s3:::reports*", "arn:aws:s3:::reports-old/x", True),
    _resource("arn:aws:s3:::reports/20?4/*", OBJECT, True),
    _resource("arn:aws:s3:::reports/20??4/*", OBJECT, False),
    _resource(["arn:aws:s3:::other/*", "arn:aws:s3:::reports/*"], OBJECT, True),
    *(
        _resource(_WITH_TEST, f"arn:aws:s3:::amzn-s3-demo-bucket/{key}", True)
        for key in (
            "1/test/object.jpg",
            "1/2/test/object.jpg",
            "1/2/test/3/object.jpg",
            "1/2/3/test/4/object.jpg",
            "1///test///object.jpg",
            "1/test/.jpg",
            "/test/object.jpg",
            "1/test/",
        )
    ),
    *(
        _resource(_WITH_TEST, f"arn:aws:s3:::amzn-s3-demo-bucket/{key}", False)
        for key in ("1-test/object.jpg", "test/object.jpg", "1/2/test.jpg")
    ),
    _resource("arn:aws:s3:::reports/*.csv", "arn:aws:s3:::reports/12:30:00.csv", True),
    _resource("arn:aws:sqs:*:*:jobs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", True),
    _resource("arn:aws:sqs:us-*:*:jobs", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs", False),
    _resource("arn:aws:sqs:us-*-1:*:jobs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", True),
    _resource("arn:aws:sqs:us-*-1:999999999999:jobs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", False),
    _resource("arn:aws:sqs:us-*t-1:*:jobs", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", True),
    _resource("arn:aws:sqs:u*s", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", False),
    _resource("arn:aws:sqs:*", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", True),
    _resource("arn:aws:lambda:*:function:worker", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:worker", True),
    _resource("arn:aws:lambda:*:function:worker", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:other", False),
    _resource("arn:aws:lambda:*a:function:worker", f"arn:aws:lambda:us-east-1a:{ACCOUNT}:function:worker", False),
    _resource("arn:aws:lambda:u?:*:function:worker", f"arn:aws:lambda:u::{ACCOUNT}:function:worker", False),
    _resource(_WORKER, f"{_WORKER}:7", False),
    _resource(f"{_WORKER}:*", f"{_WORKER}:7", True),
    _resource(f"{_WORKER}:*", _WORKER, False),
    _resource("arn:aws:logs:*:*:log-group:/aws/lambda/*:*", "arn:aws:logs:r:1:log-group:/aws/lambda/a:stream:b", True),
    Row(
        says="a statement without Resource is about the resource that has it",
        source="follows from UG, AWS JSON policy elements: Principal (trust policies have no Resource)",
        expect=BY_IDENTITY,
        identity=(allow("s3:*", None),),
    ),
)

_BUCKET = ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]


def _without(element: str, value: object, **statement: object) -> Json:
    made = {**allow(), element: value, **statement}
    del made[element.removeprefix("Not")]
    return made


COMPLEMENTS = (
    Row(
        says="NotAction allows the others",
        source=_NOT_ACTION,
        expect=BY_IDENTITY,
        identity=(_without("NotAction", "s3:DeleteBucket", Resource="arn:aws:s3:::*"),),
    ),
    Row(
        says="NotAction does not allow its own",
        source=_NOT_ACTION,
        expect=NOT_BY_IDENTITY,
        does="s3:DeleteBucket",
        to="arn:aws:s3:::reports",
        identity=(_without("NotAction", "s3:DeleteBucket", Resource="arn:aws:s3:::*"),),
    ),
    Row(
        says="ListAllMyBuckets needs the resource *",
        source=_NOT_ACTION,
        expect=NOT_BY_IDENTITY,
        does="s3:ListAllMyBuckets",
        to="*",
        identity=(_without("NotAction", "s3:DeleteBucket", Resource="arn:aws:s3:::*"),),
    ),
    Row(
        says="NotAction iam:* allows other services",
        source=_NOT_ACTION,
        expect=BY_IDENTITY,
        identity=(_without("NotAction", "iam:*"),),
    ),
    Row(
        says="NotAction iam:* is without IAM",
        source=_NOT_ACTION,
        expect=NOT_BY_IDENTITY,
        does="iam:ListUsers",
        identity=(_without("NotAction", ["sts:*", "iam:*"]),),
    ),
    *(
        Row(
            says=f"without MFA only IAM: {does}, MFA {present}",
            source=_NOT_ACTION,
            expect=expected,
            does=does,
            context={} if present is None else {"aws:MultiFactorAuthPresent": [present]},
            identity=(
                allow("*"),
                _without(
                    "NotAction",
                    "iam:*",
                    Effect="Deny",
                    Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
                ),
            ),
        )
        for does, present, expected in (
            ("s3:GetObject", None, Reason.EXPLICIT_DENY_IDENTITY),
            ("s3:GetObject", "false", Reason.EXPLICIT_DENY_IDENTITY),
            ("s3:GetObject", "true", BY_IDENTITY),
            ("iam:ListUsers", None, BY_IDENTITY),
        )
    ),
    *(
        Row(
            says=f"everything but Payroll is denied: {to}",
            source=_NOT_RESOURCE,
            expect=BY_IDENTITY if to in _BUCKET or "Payroll/" in to else Reason.EXPLICIT_DENY_IDENTITY,
            to=to,
            identity=(allow(), _without("NotResource", _BUCKET, Effect="Deny", Action="s3:*")),
        )
        for to in (
            "arn:aws:s3:::HRBucket/Payroll",
            "arn:aws:s3:::HRBucket/Payroll/june",
            "arn:aws:s3:::HRBucket/Reviews",
            "arn:aws:s3:::other/x",
            "*",
        )
    ),
    Row(
        says="NotResource is about its actions only",
        source=_NOT_RESOURCE,
        expect=BY_IDENTITY,
        does="ec2:StartInstances",
        to="arn:aws:ec2:us-east-1:1:instance/i",
        identity=(allow("*"), _without("NotResource", _BUCKET, Effect="Deny", Action="s3:*")),
    ),
    Row(
        says="NotResource allows the others",
        source=_NOT_RESOURCE,
        expect=BY_IDENTITY,
        identity=(_without("NotResource", "arn:aws:s3:::HRBucket", Action="*"),),
    ),
    Row(
        says="NotResource with a variable that has no value is about everything",
        source=_NO_VALUE,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        identity=(allow(), _without("NotResource", "arn:aws:s3:::${aws:PrincipalTag/none}/*", Effect="Deny")),
    ),
)

_HOME = "arn:aws:s3:::home/${aws:username}/*"
VARIABLES = (
    _variable(_HOME, "arn:aws:s3:::home/alice/x", True),
    _variable(_HOME, "arn:aws:s3:::home/bob/x", False),
    _variable("arn:aws:s3:::home/${AWS:UserName}/*", "arn:aws:s3:::home/alice/x", True),
    _variable(_HOME, "arn:aws:s3:::home/alice/x", False, who=ROLE, source=_NO_VALUE),
    _variable(_HOME, "arn:aws:s3:::home//x", False, who=ROLE, source=_NO_VALUE),
    _variable("arn:aws:s3:::a/${aws:userid}", f"arn:aws:s3:::a/{ROLE.user_id}", True, who=ROLE),
    _variable("arn:aws:s3:::a/${aws:PrincipalTag/department}", "arn:aws:s3:::a/hr", True, source=_WHERE),
    _variable("arn:aws:s3:::a/${aws:PrincipalTag/Department}", "arn:aws:s3:::a/hr", True, source=_WHERE),
    _variable("arn:aws:s3:::a/${aws:PrincipalTag/none}", "arn:aws:s3:::a/", False, source=_NO_VALUE),
    _variable("arn:aws:s3:::a/${aws:PrincipalTag/empty}", "arn:aws:s3:::a/", False, source=_NO_VALUE),
    _variable("arn:aws:s3:::a/${aws:PrincipalTag/star}", "arn:aws:s3:::a/b", False, source=_STAR),
    _variable("arn:aws:s3:::a/${aws:PrincipalTag/star}", "arn:aws:s3:::a/*", True, source=_STAR),
    _variable("arn:aws:s3:::b-${aws:PrincipalTag/team, 'all'}", "arn:aws:s3:::b-yellow", True, source=_DEFAULT),
    _variable("arn:aws:s3:::b-${aws:PrincipalTag/team, 'all'}", "arn:aws:s3:::b-all", False, source=_DEFAULT),
    _variable("arn:aws:s3:::b-${aws:PrincipalTag/none, 'all'}", "arn:aws:s3:::b-all", True, source=_DEFAULT),
    _variable("arn:aws:s3:::b-${aws:PrincipalTag/empty,'all'}", "arn:aws:s3:::b-all", True, source=_DEFAULT),
    _variable("arn:aws:s3:::b-${aws:PrincipalTag/none, 'a*'}", "arn:aws:s3:::b-all", False, source=_DEFAULT),
    _variable("arn:aws:s3:::a/${*}", "arn:aws:s3:::a/*", True, source=_SPECIAL),
    _variable("arn:aws:s3:::a/${*}", "arn:aws:s3:::a/b", False, source=_SPECIAL),
    _variable("arn:aws:s3:::a/${?}", "arn:aws:s3:::a/?", True, source=_SPECIAL),
    _variable("arn:aws:s3:::a/${?}", "arn:aws:s3:::a/b", False, source=_SPECIAL),
    _variable("arn:aws:s3:::a/${$}{b}", "arn:aws:s3:::a/${b}", True, source=_SPECIAL),
    _variable("arn:aws:s3:::${aws:username}/${aws:PrincipalTag/department}/*", "arn:aws:s3:::alice/hr/x", True),
    _variable("arn:aws:s3:::a/${s3:prefix}", "arn:aws:s3:::a/p", True, context={"s3:prefix": ["p"]}),
    _variable(
        "arn:aws:s3:::a/${aws:TagKeys}",
        "arn:aws:s3:::a/p",
        False,
        context={"aws:TagKeys": ["p", "q"]},
        source=_MULTIVALUED,
    ),
    _variable("arn:aws:iam::${aws:PrincipalAccount}:role/x", f"arn:aws:iam::{ACCOUNT}:role/x", False, source=_WHERE),
    _variable(_HOME, "arn:aws:s3:::home/alice/x", False, version="2008-10-17", source=_VERSION),
    _variable(_HOME, "arn:aws:s3:::home/${aws:username}/x", True, version="2008-10-17", source=_VERSION),
    _variable(
        "arn:aws:s3:::a/${*}", "arn:aws:s3:::a/${b}", True, version="2008-10-17", source=f"follows from {_VERSION}"
    ),
    _variable("arn:aws:s3:::a/*", "arn:aws:s3:::a/b", True, version="2008-10-17", source=_VERSION),
)

_TEAM = {"aws:ResourceTag/Team": ["yellow"]}
COMPARED = (
    _compares({"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}, True, _TEAM, _TAGGED),
    _compares({"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}, False, {}, _TAGGED),
    _compares({"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/department}"}}, False, _TEAM, _TAGGED),
    _compares({"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}, False, _TEAM, _NO_VALUE, ROLE),
    _compares({"StringNotEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}, True, _TEAM, _NO_VALUE, ROLE),
    _compares({"StringNotLike": {"aws:ResourceTag/Team": "${aws:PrincipalTag/x}*"}}, True, _TEAM, _NO_VALUE),
    _compares({"StringEquals": {"s3:prefix": "${aws:PrincipalTag/x}"}}, False, {"s3:prefix": [""]}, _NO_VALUE),
    _compares({"StringLike": {"s3:prefix": ["a", "${aws:PrincipalTag/x}*"]}}, False, {"s3:prefix": ["b"]}, _NO_VALUE),
    _compares({"StringLike": {"s3:prefix": ["", "home/${aws:username}/*"]}}, True, {"s3:prefix": ["home/alice/a"]}),
    _compares({"StringLike": {"s3:prefix": ["", "home/${aws:username}/*"]}}, True, {"s3:prefix": [""]}),
    _compares({"StringLike": {"s3:prefix": ["", "home/${aws:username}/*"]}}, False, {"s3:prefix": ["home/bob/a"]}),
    _compares({"StringLike": {"s3:prefix": ["x", "home/${aws:username}/*"]}}, True, {"s3:prefix": ["x"]}, who=ROLE),
    _compares({"StringLike": {"s3:prefix": "a${*}b"}}, False, {"s3:prefix": ["axb"]}, _SPECIAL),
    _compares({"StringLike": {"s3:prefix": "a${*}b*"}}, True, {"s3:prefix": ["a*bc"]}, _SPECIAL),
    _compares({"StringEquals": {"s3:prefix": "a${$}"}}, True, {"s3:prefix": ["a$"]}, _SPECIAL),
    _compares({"ArnLike": {"k:arn": "arn:aws:iam::*:user/*/${aws:username}"}}, True, {"k:arn": [USER.arn]}),
    _compares({"ArnLike": {"k:arn": "arn:aws:iam::*:user/*/${aws:userid}"}}, False, {"k:arn": [USER.arn]}),
    _compares({"Bool": {"k:n": "${k:m}"}}, True, {"k:n": ["true"], "k:m": ["true"]}, _BOOL),
    _compares({"NumericEquals": {"k:n": "${k:m}"}}, False, {"k:n": ["1"], "k:m": ["1"]}),
    _compares({"DateEquals": {"k:n": "${k:m}"}}, False, {"k:n": ["2024"], "k:m": ["2024"]}),
    _compares({"IpAddress": {"k:n": "${k:m}"}}, False, {"k:n": ["10.0.0.1"], "k:m": ["10.0.0.1"]}),
    *(
        Row(
            says=f"a condition's variable is text before 2012: {value}",
            source=_VERSION,
            expect=_denied_or(allowed),
            who=_ALICE,
            version="2008-10-17",
            context={"s3:prefix": [value]},
            identity=(allow(Condition={"StringEquals": {"s3:prefix": "${aws:username}"}}),),
        )
        for value, allowed in (("alice", False), ("${aws:username}", True))
    ),
    Row(
        says="a user's own tag, where the statement denies others",
        source=_NO_VALUE,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        context={"s3:ExistingObjectTag/Team": ["yellow"]},
        identity=(
            allow(),
            deny(Condition={"StringNotEquals": {"s3:ExistingObjectTag/Team": "${aws:PrincipalTag/Team}"}}),
        ),
    ),
)


@pytest.mark.parametrize("row", (*ACTIONS, *RESOURCES, *COMPLEMENTS, *VARIABLES, *COMPARED), ids=str)
def test_element_means_what_is_documented(row: Row) -> None:
    row.check()
