"""What IAM decides across accounts, for services and for the anonymous.

UG is the IAM User Guide.
"""

from __future__ import annotations

from functools import partial

import pytest

from lambdakit.harness.iam.authorization import Reason
from tests.fakes.iam_decisions import (
    ACCOUNT,
    BY_IDENTITY,
    BY_RESOURCE,
    NOBODY,
    NOT_BY_BOUNDARY,
    NOT_BY_IDENTITY,
    NOT_BY_RESOURCE,
    NOT_BY_SESSION,
    OTHER,
    ROLE_ARN,
    SESSION_ARN,
    SNS,
    STRANGER,
    USER,
    Json,
    Row,
    allow,
    deny,
)

_CROSS = "UG, Cross-account policy evaluation logic"
_PRINCIPAL = "UG, AWS JSON policy elements: Principal"
_SERVICES = "UG, AWS JSON policy elements: Principal, AWS service principals"
_EVERYONE = "UG, AWS JSON policy elements: Principal, All principals"
_ARN_EXAMPLE = "UG, IAM JSON policy elements: Condition operators, ARN condition operators"
_AS_SERVICE = "UG, AWS global condition context keys: aws:PrincipalIsAWSService"
_DEFAULT_DENY = "follows from UG, How AWS enforcement code logic evaluates requests to allow or deny access"
_DEPUTY = "UG, The confused deputy problem"

_THEIRS = f"arn:aws:sqs:us-east-1:{OTHER}:jobs"
_OURS = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
_TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:news"

_send = partial(Row, does="sqs:SendMessage", to=_THEIRS)
_deliver = partial(Row, who=SNS, does="sqs:SendMessage", to=_OURS)


def _sends(principal: object, **elements: object) -> Json:
    return allow("sqs:SendMessage", Principal=principal, **elements)


def _of(topic: str) -> Json:
    return {"ArnEquals": {"aws:SourceArn": topic}}


_MAY_SEND = allow("sqs:SendMessage", _THEIRS)

CROSS_ACCOUNT = (
    _send(
        says="both sides allow the role",
        source=_CROSS,
        expect=BY_IDENTITY,
        identity=(_MAY_SEND,),
        resource_policy=(_sends({"AWS": ROLE_ARN}),),
    ),
    _send(
        says="both sides, through the account's number",
        source=_CROSS,
        expect=BY_IDENTITY,
        identity=(_MAY_SEND,),
        resource_policy=(_sends({"AWS": ACCOUNT}),),
    ),
    _send(
        says="both sides, through the account's root",
        source=_CROSS,
        expect=BY_IDENTITY,
        identity=(_MAY_SEND,),
        resource_policy=(_sends({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),),
    ),
    _send(
        says="both sides, everyone",
        source=_EVERYONE,
        expect=BY_IDENTITY,
        identity=(_MAY_SEND,),
        resource_policy=(_sends("*"),),
    ),
    _send(says="identity side only", source=_CROSS, expect=NOT_BY_RESOURCE, identity=(_MAY_SEND,)),
    _send(
        says="resource side only", source=_CROSS, expect=NOT_BY_IDENTITY, resource_policy=(_sends({"AWS": ROLE_ARN}),)
    ),
    _send(
        says="resource side names the session, identity side does not allow",
        source=_CROSS,
        expect=NOT_BY_IDENTITY,
        resource_policy=(_sends({"AWS": SESSION_ARN}),),
    ),
    _send(
        says="everyone on the other side only", source=_EVERYONE, expect=NOT_BY_IDENTITY, resource_policy=(_sends("*"),)
    ),
    _send(says="neither side", source=_CROSS, expect=NOT_BY_IDENTITY),
    _send(
        says="the other side names another account",
        source=_CROSS,
        expect=NOT_BY_RESOURCE,
        identity=(_MAY_SEND,),
        resource_policy=(_sends({"AWS": OTHER}),),
    ),
    _send(
        says="the other side denies",
        source=_CROSS,
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        identity=(_MAY_SEND,),
        resource_policy=(_sends("*"), deny("sqs:*", Principal={"AWS": ACCOUNT})),
    ),
    _send(
        says="the boundary limits a session that the other side names",
        source=_CROSS,
        expect=NOT_BY_BOUNDARY,
        identity=(_MAY_SEND,),
        boundary=(allow("s3:*"),),
        resource_policy=(_sends({"AWS": SESSION_ARN}),),
    ),
    _send(
        says="the session's policy limits it too",
        source=_CROSS,
        expect=NOT_BY_SESSION,
        identity=(_MAY_SEND,),
        session=(allow("s3:*"),),
        resource_policy=(_sends({"AWS": SESSION_ARN}),),
    ),
    Row(
        says="a bucket's owner decides what is another account",
        source=f"follows from {_CROSS}",
        expect=NOT_BY_RESOURCE,
        owner=OTHER,
        identity=(allow(),),
    ),
    Row(
        says="a bucket without a known owner is the caller's own",
        source="a decision of lambdakit's: most buckets are the account's",
        expect=BY_IDENTITY,
        identity=(allow(),),
    ),
    Row(
        says="an AWS-managed policy is nobody else's account",
        source="follows from UG, IAM identifiers, IAM ARNs (the account of an AWS managed policy is `aws`)",
        expect=BY_IDENTITY,
        does="iam:GetPolicy",
        to="arn:aws:iam::aws:policy/ReadOnlyAccess",
        identity=(allow("iam:GetPolicy"),),
    ),
    Row(
        says="Carlos may write to Production",
        source=_CROSS,
        expect=BY_IDENTITY,
        who=STRANGER,
        does="s3:PutObject",
        to="arn:aws:s3:::Production/x",
        owner=ACCOUNT,
        identity=(allow("s3:*Object*", "arn:aws:s3:::Production/*"),),
        resource_policy=(
            allow(["s3:GetObject*", "s3:PutObject*"], "arn:aws:s3:::Production/*", Principal={"AWS": STRANGER.arn}),
        ),
    ),
    Row(
        says="Carlos may not delete from Production",
        source=_CROSS,
        expect=NOT_BY_RESOURCE,
        who=STRANGER,
        does="s3:DeleteObject",
        to="arn:aws:s3:::Production/x",
        owner=ACCOUNT,
        identity=(allow("s3:*Object*", "arn:aws:s3:::Production/*"),),
        resource_policy=(
            allow(["s3:GetObject*", "s3:PutObject*"], "arn:aws:s3:::Production/*", Principal={"AWS": STRANGER.arn}),
        ),
    ),
    Row(
        says="Carlos may not list Production-logs",
        source=_CROSS,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        who=STRANGER,
        does="s3:PutObject",
        to="arn:aws:s3:::Production-logs/x",
        owner=ACCOUNT,
        identity=(
            allow("s3:*Object*", "arn:aws:s3:::Production/*"),
            deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]),
        ),
    ),
)

SAME_ACCOUNT_DELEGATION = (
    Row(
        says="naming the account grants its users nothing",
        source=_PRINCIPAL,
        expect=NOT_BY_IDENTITY,
        who=USER,
        resource_policy=(allow(Principal={"AWS": ACCOUNT}),),
    ),
    Row(
        says="naming the account's root grants its roles nothing",
        source=_PRINCIPAL,
        expect=NOT_BY_IDENTITY,
        resource_policy=(allow(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),),
    ),
    Row(
        says="denying an account denies all in it",
        source=f"follows from {_PRINCIPAL}",
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        identity=(allow(),),
        resource_policy=(deny(Principal={"AWS": ACCOUNT}),),
    ),
    Row(
        says="the most direct of several names counts",
        source=f"follows from {_PRINCIPAL}",
        expect=BY_RESOURCE,
        resource_policy=(allow(Principal={"AWS": ACCOUNT}), allow(Principal={"AWS": SESSION_ARN})),
        boundary=(),
    ),
    Row(
        says="the most direct name counts wherever it stands",
        source=f"follows from {_PRINCIPAL}",
        expect=BY_RESOURCE,
        resource_policy=(allow(Principal={"AWS": [SESSION_ARN]}), allow(Principal={"AWS": [ROLE_ARN, ACCOUNT]})),
        boundary=(),
    ),
)

SERVICES = (
    _deliver(says="a service needs a policy", source=_DEFAULT_DENY, expect=NOT_BY_RESOURCE),
    _deliver(
        says="a service has no identity policies",
        source=f"follows from {_SERVICES}",
        expect=NOT_BY_RESOURCE,
        resource_policy=(_sends({"AWS": ACCOUNT}),),
    ),
    _deliver(
        says="a service is named",
        source=_SERVICES,
        expect=BY_RESOURCE,
        resource_policy=(_sends({"Service": "sns.amazonaws.com"}),),
    ),
    _deliver(
        says="another service is named",
        source=_SERVICES,
        expect=NOT_BY_RESOURCE,
        resource_policy=(_sends({"Service": "s3.amazonaws.com"}),),
    ),
    _deliver(
        says="a service is one of all",
        source=f"follows from {_EVERYONE}",
        expect=BY_RESOURCE,
        resource_policy=(_sends("*"),),
    ),
    _deliver(
        says="SourceArn is the topic",
        source=_ARN_EXAMPLE,
        expect=BY_RESOURCE,
        context={"aws:SourceArn": [_TOPIC]},
        resource_policy=(_sends({"Service": "sns.amazonaws.com"}, Condition=_of(_TOPIC)),),
    ),
    _deliver(
        says="SourceArn is another topic",
        source=_ARN_EXAMPLE,
        expect=NOT_BY_RESOURCE,
        context={"aws:SourceArn": [f"{_TOPIC}-2"]},
        resource_policy=(_sends({"Service": "sns.amazonaws.com"}, Condition=_of(_TOPIC)),),
    ),
    _deliver(
        says="no SourceArn",
        source=_ARN_EXAMPLE,
        expect=NOT_BY_RESOURCE,
        resource_policy=(_sends({"Service": "sns.amazonaws.com"}, Condition=_of(_TOPIC)),),
    ),
    _deliver(
        says="SourceAccount is another",
        source=_DEPUTY,
        expect=NOT_BY_RESOURCE,
        context={"aws:SourceAccount": [OTHER]},
        resource_policy=(
            _sends({"Service": "sns.amazonaws.com"}, Condition={"StringEquals": {"AWS:SourceAccount": ACCOUNT}}),
        ),
    ),
    _deliver(
        says="a denial of everyone holds for services",
        source=_AS_SERVICE,
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        resource_policy=(
            _sends({"Service": "sns.amazonaws.com"}),
            deny("sqs:*", Principal="*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
        ),
    ),
    _deliver(
        says="a denial that leaves services out",
        source=_AS_SERVICE,
        expect=BY_RESOURCE,
        resource_policy=(
            _sends({"Service": "sns.amazonaws.com"}),
            deny(
                "sqs:*",
                Principal="*",
                Condition={
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ),
    ),
    Row(says="the anonymous needs a policy", source=_DEFAULT_DENY, expect=NOT_BY_RESOURCE, who=NOBODY),
    Row(
        says="the anonymous is one of all",
        source=_EVERYONE,
        expect=BY_RESOURCE,
        who=NOBODY,
        resource_policy=(allow(Principal="*"),),
    ),
    Row(
        says="the anonymous is one of AWS: *",
        source=_EVERYONE,
        expect=BY_RESOURCE,
        who=NOBODY,
        resource_policy=(allow(Principal={"AWS": "*"}),),
    ),
    Row(
        says="the anonymous has no account",
        source=f"follows from {_PRINCIPAL}",
        expect=NOT_BY_RESOURCE,
        who=NOBODY,
        resource_policy=(allow(Principal={"AWS": ACCOUNT}),),
    ),
    Row(
        says="the anonymous is no service",
        source=f"follows from {_SERVICES}",
        expect=NOT_BY_RESOURCE,
        who=NOBODY,
        resource_policy=(allow(Principal={"Service": "*"}),),
    ),
    Row(
        says="the anonymous is denied",
        source=f"follows from {_EVERYONE}",
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        who=NOBODY,
        resource_policy=(
            allow(Principal="*"),
            deny(Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        ),
        context={"aws:SecureTransport": ["false"]},
    ),
)


@pytest.mark.parametrize("row", (*CROSS_ACCOUNT, *SAME_ACCOUNT_DELEGATION, *SERVICES), ids=str)
def test_decision_is_as_documented(row: Row) -> None:
    row.check()
