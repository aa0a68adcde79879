"""Keys of several values and the set operators: a row per decision. UG is the IAM User Guide."""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.authorization import Reason
from tests.fakes.iam_decisions import (
    BY_IDENTITY,
    Row,
    allow,
    deny,
    when,
)

_SETS = "UG, Single-valued vs. multivalued context keys, Set operators for multivalued context keys"
_TABLE = (
    "UG (until 2023), Creating a condition with multiple keys or values, Evaluation logic with condition set operators"
)
_NEGATED = f"follows from {_SETS}: each value is tested by the operator, which is negated"
_SINGLE = "a decision of lambdakit's: the guide asks for a set operator here; one value that is equal is enough"
_EXISTS = "follows from UG, IAM JSON policy elements: Condition operators, ...IfExists condition operators"
_TAGS = "UG, Controlling access to AWS resources using tags, Controlling access during AWS requests"
_TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/Thread"


def _set(operator: str, policy: object, request: list[str] | None, holds: bool, source: str = _SETS) -> Row:
    return when(
        f"{operator} {policy!r} of {request!r}",
        source,
        holds,
        {operator: {"dynamodb:Attributes": policy}},
        None if request is None else {"dynamodb:Attributes": request},
    )


_ALLOWED = ["PostDateTime", "Message", "Tags"]
_FORBIDDEN = ["ID", "PostDateTime"]
ALL = (
    _set("ForAllValues:StringEquals", _ALLOWED, ["PostDateTime", "UserName"], False, _TABLE),
    _set("ForAllValues:StringEquals", _ALLOWED, ["Message", "Tags"], True, _TABLE),
    _set("ForAllValues:StringEquals", _ALLOWED, ["Tags"], True),
    _set("ForAllValues:StringEquals", _ALLOWED, ["UserName"], False),
    _set("ForAllValues:StringEquals", _ALLOWED, None, True),
    _set("ForAllValues:StringEquals", _ALLOWED, [], True),
    _set("ForAllValues:StringEquals", _ALLOWED, [""], True),
    _set("ForAllValues:StringEquals", _ALLOWED, ["", "UserName"], False),
    _set("ForAllValues:StringLike", ["P*", "T*"], ["PostDateTime", "Tags"], True),
    _set("ForAllValues:StringLike", ["P*", "T*"], ["PostDateTime", "ID"], False),
    _set("ForAllValues:StringEqualsIgnoreCase", ["tags"], ["TAGS", "Tags"], True),
    _set("ForAllValues:NumericLessThan", "5", ["1", "4"], True),
    _set("ForAllValues:NumericLessThan", "5", ["1", "6"], False),
    _set("ForAllValues:ArnLike", "arn:aws:sns:*:*:a*", ["arn:aws:sns:r:1:a", "arn:aws:sns:r:1:ab"], True),
    _set("ForAllValues:ArnLike", "arn:aws:sns:*:*:a*", ["arn:aws:sns:r:1:a", "arn:aws:sns:r:1:b"], False),
    _set("ForAllValues:StringNotEquals", _FORBIDDEN, ["Message", "Tags"], True, _NEGATED),
    _set("ForAllValues:StringNotEquals", _FORBIDDEN, ["Message", "ID"], False, _NEGATED),
    _set("ForAllValues:StringNotEquals", _FORBIDDEN, None, True, _NEGATED),
    _set("ForAllValues:StringEqualsIfExists", _ALLOWED, None, True, _EXISTS),
    _set("ForAllValues:StringEqualsIfExists", _ALLOWED, ["ID"], False, _EXISTS),
    _set("ForAllValues:IpAddress", "10.0.0.0/8", ["10.0.0.1", "10.1.0.1"], True),
    _set("ForAllValues:Bool", "true", ["true", "false"], False),
)

ANY = (
    _set("ForAnyValue:StringEquals", _FORBIDDEN, ["UserName", "Message", "PostDateTime"], True, _TABLE),
    _set("ForAnyValue:StringEquals", _FORBIDDEN, ["UserName"], False, _TABLE),
    _set("ForAnyValue:StringEquals", _FORBIDDEN, None, False),
    _set("ForAnyValue:StringEquals", _FORBIDDEN, [], False),
    _set("ForAnyValue:StringEquals", ["", "ID"], [""], False),
    _set("ForAnyValue:StringEquals", _FORBIDDEN, ["", "ID"], True),
    _set("ForAnyValue:StringLike", "Post*", ["ID", "PostDateTime"], True),
    _set("ForAnyValue:StringLike", "Post*", ["ID", "Tags"], False),
    _set("ForAnyValue:ArnEquals", "arn:aws:sns:*:*:a", ["arn:aws:sns:r:1:b", "arn:aws:sns:r:1:a"], True),
    _set("ForAnyValue:DateLessThan", "2024-01-01", ["2025", "2023"], True),
    _set("ForAnyValue:DateLessThan", "2024-01-01", ["2025", "2026"], False),
    _set("ForAnyValue:StringNotEquals", _FORBIDDEN, ["ID", "Tags"], True, _NEGATED),
    _set("ForAnyValue:StringNotEquals", _FORBIDDEN, ["ID", "PostDateTime"], False, _NEGATED),
    _set("ForAnyValue:StringNotEquals", _FORBIDDEN, None, False, _SETS),
    _set("ForAnyValue:StringEqualsIfExists", _FORBIDDEN, None, True, _EXISTS),
    _set("ForAnyValue:StringEqualsIfExists", _FORBIDDEN, ["Tags"], False, _EXISTS),
    _set("ForAnyValue:StringEqualsIfExists", _FORBIDDEN, ["Tags", "ID"], True, _EXISTS),
)

WITHOUT = (
    _set("StringEquals", _ALLOWED, ["Tags"], True, _SINGLE),
    _set("StringEquals", ["ID", "Tags"], ["Tags", "Other"], True, _SINGLE),
    _set("StringNotEquals", ["ID", "Tags"], ["Tags", "Other"], False, _SINGLE),
    _set("StringNotEquals", ["ID", "Tags"], ["Other", "More"], True, _SINGLE),
)

EFFECTS = (
    Row(
        says="a request for allowed attributes",
        source=_TABLE,
        expect=BY_IDENTITY,
        does="dynamodb:GetItem",
        to=_TABLE_ARN,
        context={"dynamodb:Attributes": ["ID", "Message"]},
        identity=(
            allow(
                "dynamodb:GetItem",
                "arn:aws:dynamodb:*:*:table/Thread",
                Condition={"ForAllValues:StringEquals": {"dynamodb:Attributes": ["ID", "Message", "Tags"]}},
            ),
        ),
    ),
    Row(
        says="a forbidden attribute among others is denied",
        source=_TABLE,
        expect=Reason.EXPLICIT_DENY_IDENTITY,
        does="dynamodb:PutItem",
        to=_TABLE_ARN,
        context={"dynamodb:Attributes": ["PostDateTime", "Message"]},
        identity=(
            allow("dynamodb:*"),
            deny(
                "dynamodb:PutItem",
                Condition={"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["ID", "PostDateTime"]}},
            ),
        ),
    ),
    Row(
        says="no forbidden attribute is not denied",
        source=_TABLE,
        expect=BY_IDENTITY,
        does="dynamodb:PutItem",
        to=_TABLE_ARN,
        context={"dynamodb:Attributes": ["UserName"]},
        identity=(
            allow("dynamodb:*"),
            deny(
                "dynamodb:PutItem",
                Condition={"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["ID", "PostDateTime"]}},
            ),
        ),
    ),
    *(
        Row(
            says=f"CreateTags with {tags}",
            source=_TAGS,
            expect=BY_IDENTITY if holds else Reason.NO_IDENTITY_POLICY,
            does="ec2:CreateTags",
            to="arn:aws:ec2:us-east-1:123456789012:instance/i-1",
            context={
                "aws:TagKeys": list(tags),
                **{f"aws:RequestTag/{key}": [value] for key, value in tags.items()},
            },
            identity=(
                allow(
                    "ec2:CreateTags",
                    "arn:aws:ec2:*:*:instance/*",
                    Condition={
                        "StringEquals": {"aws:RequestTag/environment": ["preprod", "production"]},
                        "ForAllValues:StringEquals": {"aws:TagKeys": "environment"},
                    },
                ),
            ),
        )
        for tags, holds in (
            ({"environment": "preprod"}, True),
            ({"environment": "test"}, False),
            ({"environment": "preprod", "team": "a"}, False),
            ({}, False),
        )
    ),
)


@pytest.mark.parametrize("row", (*ALL, *ANY, *WITHOUT, *EFFECTS), ids=str)
def test_set_operator_holds_as_documented(row: Row) -> None:
    row.check()
