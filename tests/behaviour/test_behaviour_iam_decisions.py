"""What IAM decides from several policies: a row per decision.

UG is the IAM User Guide.
"""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.authorization import Reason
from tests.fakes.iam_decisions import (
    BY_IDENTITY,
    BY_RESOURCE,
    FEDERATED,
    FEDERATED_ARN,
    NOT_BY_BOUNDARY,
    NOT_BY_IDENTITY,
    NOT_BY_SESSION,
    ROLE,
    ROLE_ARN,
    ROOT,
    SESSION_ARN,
    USER,
    USER_ARN,
    Json,
    Row,
    allow,
    deny,
)

_ENFORCED = "UG, How AWS enforcement code logic evaluates requests to allow or deny access"
_WITHIN = "UG, Policy evaluation for requests within a single account"
_IMPLICIT = "UG, The difference between explicit and implicit denies"
_BOUNDARY = "UG, Permissions boundaries for IAM entities"
_SESSION = "UG, Policies and permissions in IAM, Session policies"
_TABLE = f"{_ENFORCED}, Resource-based policies and implicit denies in other policy types"
_ANYBODY = "UG, AWS JSON policy elements: Principal, IAM role principals (a wildcard with aws:PrincipalArn)"

_LISTS = allow(["iam:Get*", "iam:List*"], Sid="AllowGetList")
_NO_REPORTS = deny("iam:*Report", Sid="DenyReports")


def _to(principal: object, **elements: object) -> Json:
    return allow("s3:GetObject", "arn:aws:s3:::reports/*", Principal=principal, **elements)


ALONE = (
    Row(says="nothing is allowed by default", source=_ENFORCED, expect=NOT_BY_IDENTITY),
    Row(says="one allow is enough", source=_ENFORCED, expect=BY_IDENTITY, identity=(allow(),)),
    Row(says="one allow among policies", source=_ENFORCED, expect=BY_IDENTITY, identity=(allow("sqs:*"), allow())),
    Row(says="allowed elsewhere only", source=_ENFORCED, expect=NOT_BY_IDENTITY, identity=(allow("sqs:*"),)),
    Row(
        says="a deny beats an allow",
        source=_IMPLICIT,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        identity=(allow(), deny("s3:GetObject")),
    ),
    Row(
        says="the order of policies does not matter",
        source=f"follows from {_IMPLICIT}",
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        identity=(deny("s3:GetObject"), allow()),
    ),
    Row(
        says="a deny of something else leaves it",
        source=f"follows from {_IMPLICIT}",
        expect=BY_IDENTITY,
        identity=(allow(), deny("s3:PutObject")),
    ),
    Row(
        says="a deny alone denies",
        source=_IMPLICIT,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        identity=(deny(),),
    ),
    Row(
        says="AllowGetList allows reading",
        source=_IMPLICIT,
        expect=BY_IDENTITY,
        does="iam:GetUser",
        to="*",
        identity=(_LISTS, _NO_REPORTS),
    ),
    Row(
        says="what AllowGetList leaves out",
        source=_IMPLICIT,
        expect=NOT_BY_IDENTITY,
        does="iam:CreatePolicy",
        to="*",
        identity=(_LISTS, _NO_REPORTS),
    ),
    Row(
        says="DenyReports denies what AllowGetList allows",
        source=_IMPLICIT,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        does="iam:GetOrganizationsAccessReport",
        to="*",
        identity=(_LISTS, _NO_REPORTS),
    ),
    Row(
        says="DenyReports denies what another policy allows",
        source=_IMPLICIT,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        does="iam:GenerateCredentialReport",
        to="*",
        identity=(_LISTS, _NO_REPORTS, allow("iam:GenerateCredentialReport")),
    ),
    Row(says="root has full access", source=_ENFORCED, expect=Reason.ADMINISTRATOR, who=ROOT),
    Row(
        says="the administrator is not refused by a resource policy",
        source="a decision of lambdakit's: the test's own client is never locked out",
        expect=Reason.ADMINISTRATOR,
        who=ROOT,
        resource_policy=(deny("s3:*", Principal="*"),),
    ),
)

BOUNDARIES = (
    Row(says="boundary and identity", source=_BOUNDARY, expect=BY_IDENTITY, identity=(allow(),), boundary=(allow(),)),
    Row(says="boundary grants nothing", source=_BOUNDARY, expect=NOT_BY_IDENTITY, boundary=(allow(),)),
    Row(
        says="Shirley's boundary is without IAM",
        source=_BOUNDARY,
        expect=NOT_BY_BOUNDARY,
        who=USER,
        does="iam:CreateUser",
        to="*",
        identity=(allow("iam:CreateUser"),),
        boundary=(allow(["s3:*", "cloudwatch:*", "ec2:*"]),),
    ),
    Row(
        says="Shirley has nothing within her boundary",
        source=_BOUNDARY,
        expect=NOT_BY_IDENTITY,
        who=USER,
        identity=(allow("iam:CreateUser"),),
        boundary=(allow(["s3:*", "cloudwatch:*", "ec2:*"]),),
    ),
    Row(
        says="boundary of another resource",
        source=_BOUNDARY,
        expect=NOT_BY_BOUNDARY,
        identity=(allow(),),
        boundary=(allow("s3:*", "arn:aws:s3:::other/*"),),
    ),
    Row(
        says="boundary denies",
        source=_BOUNDARY,
        expect=Reason.EXPLICIT_DENY_BOUNDARY,
        identity=(allow(),),
        boundary=(allow(), deny("s3:GetObject")),
    ),
    Row(says="empty boundary", source=_BOUNDARY, expect=NOT_BY_BOUNDARY, identity=(allow(),), boundary=()),
)

SESSIONS = (
    Row(says="session and identity", source=_SESSION, expect=BY_IDENTITY, identity=(allow(),), session=(allow(),)),
    Row(says="session grants nothing", source=_SESSION, expect=NOT_BY_IDENTITY, session=(allow(),)),
    Row(
        says="session leaves it out",
        source=_SESSION,
        expect=NOT_BY_SESSION,
        identity=(allow(),),
        session=(allow("s3:PutObject"),),
    ),
    Row(
        says="one of several session policies is enough",
        source=f"follows from {_SESSION}",
        expect=BY_IDENTITY,
        identity=(allow(),),
        session=(allow("s3:PutObject"), allow("s3:GetObject")),
    ),
    Row(
        says="session denies",
        source=_SESSION,
        expect=Reason.EXPLICIT_DENY_SESSION,
        identity=(allow(),),
        session=(allow(), deny("s3:GetObject")),
    ),
    Row(
        says="identity, boundary and session all allow",
        source=_BOUNDARY,
        expect=BY_IDENTITY,
        identity=(allow(),),
        boundary=(allow(),),
        session=(allow(),),
    ),
    Row(
        says="boundary and session, boundary lacks it",
        source=_BOUNDARY,
        expect=NOT_BY_BOUNDARY,
        identity=(allow(),),
        boundary=(allow("sqs:*"),),
        session=(allow(),),
    ),
    Row(
        says="boundary and session, session lacks it",
        source=_BOUNDARY,
        expect=NOT_BY_SESSION,
        identity=(allow(),),
        boundary=(allow(),),
        session=(allow("sqs:*"),),
    ),
    Row(
        says="federated user without any session policy",
        source=f"{_ENFORCED}, Session policies",
        expect=NOT_BY_SESSION,
        who=FEDERATED,
        identity=(allow(),),
        session=(),
    ),
)

RESOURCE_POLICIES = (
    Row(says="resource policy alone", source=_WITHIN, expect=BY_RESOURCE, resource_policy=(_to({"AWS": ROLE_ARN}),)),
    Row(
        says="identity policy alone",
        source=_WITHIN,
        expect=BY_IDENTITY,
        identity=(allow(),),
        resource_policy=(_to({"AWS": USER_ARN}),),
    ),
    Row(
        says="both allow",
        source=_WITHIN,
        expect=BY_IDENTITY,
        identity=(allow(),),
        resource_policy=(_to({"AWS": ROLE_ARN}),),
    ),
    Row(says="neither allows", source=_WITHIN, expect=NOT_BY_IDENTITY, resource_policy=(_to({"AWS": USER_ARN}),)),
    Row(
        says="resource policy denies what identity allows",
        source=_WITHIN,
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        identity=(allow(),),
        resource_policy=(deny(Principal={"AWS": ROLE_ARN}),),
    ),
    Row(
        says="identity denies what resource policy allows",
        source=_WITHIN,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        identity=(deny(),),
        resource_policy=(_to({"AWS": SESSION_ARN}),),
    ),
    Row(
        says="resource policy allows and denies",
        source=_WITHIN,
        expect=Reason.EXPLICIT_DENY_RESOURCE,
        resource_policy=(_to("*"), deny(Principal={"AWS": SESSION_ARN})),
    ),
    Row(
        says="Carlos may not write to logs",
        source=_WITHIN,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        who=USER,
        to="arn:aws:s3:::carlossalazar-logs",
        identity=(allow("s3:*", "arn:aws:s3:::carlossalazar"), deny("s3:*", "arn:aws:s3:::*log*")),
    ),
    Row(
        says="Carlos may write to his own bucket",
        source=_WITHIN,
        expect=BY_IDENTITY,
        who=USER,
        to="arn:aws:s3:::carlossalazar/x",
        identity=(allow("s3:*", "arn:aws:s3:::carlossalazar/*"), deny("s3:*", "arn:aws:s3:::*log*")),
        resource_policy=(allow("s3:*", "arn:aws:s3:::carlossalazar/*", Principal={"AWS": USER_ARN}),),
    ),
    *(
        Row(
            says=f"{named}, {limit} does not allow: {expected.name}",
            source=_TABLE if arn != "*" else f"follows from {_ANYBODY}",
            expect=expected,
            who=who,
            resource_policy=(_to({"AWS": arn} if arn != "*" else "*"),),
            boundary=() if limit == "boundary" else None,
            session=(allow("sqs:*"),) if limit == "session" else None,
        )
        for named, who, arn, limit, expected in (
            ("role ARN", ROLE, ROLE_ARN, "boundary", NOT_BY_BOUNDARY),
            ("role ARN", ROLE, ROLE_ARN, "session", NOT_BY_SESSION),
            ("session ARN", ROLE, SESSION_ARN, "boundary", BY_RESOURCE),
            ("session ARN", ROLE, SESSION_ARN, "session", BY_RESOURCE),
            ("user ARN", USER, USER_ARN, "boundary", BY_RESOURCE),
            ("federating user's ARN", FEDERATED, USER_ARN, "boundary", NOT_BY_BOUNDARY),
            ("federating user's ARN", FEDERATED, USER_ARN, "session", NOT_BY_SESSION),
            ("federated user's ARN", FEDERATED, FEDERATED_ARN, "boundary", BY_RESOURCE),
            ("federated user's ARN", FEDERATED, FEDERATED_ARN, "session", BY_RESOURCE),
            ("everyone", ROLE, "*", "boundary", BY_RESOURCE),
            ("everyone", ROLE, "*", "session", BY_RESOURCE),
        )
    ),
)


@pytest.mark.parametrize("row", (*ALONE, *BOUNDARIES, *SESSIONS, *RESOURCE_POLICIES), ids=str)
def test_decision_is_as_documented(row: Row) -> None:
    row.check()
