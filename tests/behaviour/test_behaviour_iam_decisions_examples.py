"""Policies that the IAM User Guide gives as examples, abridged, and requests that they are for: a row per decision.

UG is the IAM User Guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from lambdakit.harness.iam.authorization import Reason
from lambdakit.harness.iam.principal import Principal
from tests.fakes.iam_decisions import ACCOUNT, BY_IDENTITY, NOT_BY_IDENTITY, ROLE, USER, Json, Row, allow, deny

_DENIED = Reason.EXPLICIT_DENY_IDENTITY
_INSTANCE = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"
_TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/MyTable"

Request = tuple[str, str, Mapping[str, str | Sequence[str]], Reason]


def _example(title: str, statements: Sequence[Json], *requests: Request, who: Principal = ROLE) -> tuple[Row, ...]:
    """Rows of one example: the action, the resource, the keys of the request, and the decision."""
    return tuple(
        Row(
            says=f"{title}: {does} on {to} with {dict(context)}",
            source=f"UG, {title}",
            expect=expect,
            who=who,
            does=does,
            to=to,
            context={key: [value] if isinstance(value, str) else value for key, value in context.items()},
            identity=statements,
        )
        for does, to, context, expect in requests
    )


_SUB = "cognito-identity.amazonaws.com:sub"
_REGIONS = ["eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3"]
_VIA = {"aws:ViaAWSService": "false"}
_ALICE = replace(USER, tags={"CostCenter": "7", "Department": "Data"})

EXAMPLES = (
    *_example(
        "AWS: Allows access based on date and time",
        [
            allow(
                Condition={
                    "DateGreaterThan": {"aws:CurrentTime": "2020-04-01T00:00:00Z"},
                    "DateLessThan": {"aws:CurrentTime": "2020-06-30T23:59:59Z"},
                }
            )
        ],
        ("s3:GetObject", "*", {"aws:CurrentTime": "2020-05-01T00:00:00Z"}, BY_IDENTITY),
        ("s3:GetObject", "*", {"aws:CurrentTime": "2020-04-01T00:00:00Z"}, NOT_BY_IDENTITY),
        ("s3:GetObject", "*", {"aws:CurrentTime": "2020-07-01T00:00:00Z"}, NOT_BY_IDENTITY),
    ),
    *_example(
        "AWS: Allows specific access using MFA within specific dates",
        [
            allow(
                Condition={
                    "Bool": {"aws:MultiFactorAuthPresent": True},
                    "DateGreaterThan": {"aws:CurrentTime": "2017-07-01T00:00:00Z"},
                    "DateLessThan": {"aws:CurrentTime": "2030-12-31T23:59:59Z"},
                }
            )
        ],
        ("s3:GetObject", "*", {"aws:MultiFactorAuthPresent": "true"}, BY_IDENTITY),
        ("s3:GetObject", "*", {"aws:MultiFactorAuthPresent": "false"}, NOT_BY_IDENTITY),
        ("s3:GetObject", "*", {}, NOT_BY_IDENTITY),
    ),
    *_example(
        "AWS: Denies access to AWS based on the source IP",
        [
            allow("*"),
            deny(
                "*",
                Condition={
                    "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
                    "Bool": {"aws:ViaAWSService": "false"},
                },
            ),
        ],
        ("s3:GetObject", "*", {"aws:SourceIp": "192.0.2.7", **_VIA}, BY_IDENTITY),
        ("s3:GetObject", "*", {"aws:SourceIp": "203.0.113.7", **_VIA}, BY_IDENTITY),
        ("s3:GetObject", "*", {"aws:SourceIp": "198.51.100.7", **_VIA}, _DENIED),
        ("s3:GetObject", "*", {"aws:SourceIp": "198.51.100.7", "aws:ViaAWSService": "true"}, BY_IDENTITY),
        ("s3:GetObject", "*", _VIA, _DENIED),
    ),
    *_example(
        "AWS: Denies access to AWS based on the requested Region",
        [
            allow("*"),
            {
                "Effect": "Deny",
                "NotAction": ["cloudfront:*", "iam:*", "route53:*", "support:*"],
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": _REGIONS}},
            },
        ],
        ("sqs:SendMessage", "*", {"aws:RequestedRegion": "eu-west-1"}, BY_IDENTITY),
        ("sqs:SendMessage", "*", {"aws:RequestedRegion": "us-east-1"}, _DENIED),
        ("iam:ListUsers", "*", {"aws:RequestedRegion": "us-east-1"}, BY_IDENTITY),
        ("sqs:SendMessage", "*", {}, _DENIED),
    ),
    *_example(
        "Amazon DynamoDB: Allows access to a specific table",
        [
            allow(["dynamodb:List*", "dynamodb:DescribeLimits"]),
            allow(["dynamodb:BatchGet*", "dynamodb:Get*", "dynamodb:Delete*"], "arn:aws:dynamodb:*:*:table/MyTable"),
        ],
        ("dynamodb:ListTables", "*", {}, BY_IDENTITY),
        ("dynamodb:GetItem", _TABLE, {}, BY_IDENTITY),
        ("dynamodb:BatchGetItem", _TABLE, {}, BY_IDENTITY),
        ("dynamodb:GetItem", f"{_TABLE}2", {}, NOT_BY_IDENTITY),
        ("dynamodb:GetItem", f"{_TABLE}/index/a", {}, NOT_BY_IDENTITY),
        ("dynamodb:BatchWriteItem", _TABLE, {}, NOT_BY_IDENTITY),
    ),
    *_example(
        "Amazon DynamoDB: Allows item-level access to DynamoDB based on an Amazon Cognito ID",
        [
            allow(
                "dynamodb:GetItem",
                "arn:aws:dynamodb:*:*:table/MyTable",
                Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"${{{_SUB}}}"]}},
            )
        ],
        ("dynamodb:GetItem", _TABLE, {"dynamodb:LeadingKeys": ["me"], _SUB: "me"}, BY_IDENTITY),
        ("dynamodb:GetItem", _TABLE, {"dynamodb:LeadingKeys": ["me", "you"], _SUB: "me"}, NOT_BY_IDENTITY),
        ("dynamodb:GetItem", _TABLE, {"dynamodb:LeadingKeys": ["me"]}, NOT_BY_IDENTITY),
    ),
    *_example(
        "Amazon DynamoDB: Allows access to specific attributes",
        [
            allow(
                "dynamodb:Query",
                Condition={
                    "ForAllValues:StringEquals": {"dynamodb:Attributes": ["a", "b"]},
                    "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
                },
            )
        ],
        ("dynamodb:Query", _TABLE, {"dynamodb:Attributes": ["a"]}, BY_IDENTITY),
        ("dynamodb:Query", _TABLE, {"dynamodb:Attributes": ["a", "c"]}, NOT_BY_IDENTITY),
        (
            "dynamodb:Query",
            _TABLE,
            {"dynamodb:Attributes": ["a"], "dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            BY_IDENTITY,
        ),
        ("dynamodb:Query", _TABLE, {"dynamodb:Select": "ALL_ATTRIBUTES"}, NOT_BY_IDENTITY),
    ),
    *_example(
        "Amazon S3: Allows Amazon Cognito users to access objects in their bucket",
        [
            allow(
                "s3:ListBucket",
                "arn:aws:s3:::bucket-name",
                Condition={"StringLike": {"s3:prefix": [f"cognito/app/${{{_SUB}}}/*"]}},
            ),
            allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::bucket-name/cognito/app/${{{_SUB}}}/*"),
        ],
        ("s3:GetObject", "arn:aws:s3:::bucket-name/cognito/app/me/x", {_SUB: "me"}, BY_IDENTITY),
        ("s3:GetObject", "arn:aws:s3:::bucket-name/cognito/app/you/x", {_SUB: "me"}, NOT_BY_IDENTITY),
        ("s3:ListBucket", "arn:aws:s3:::bucket-name", {_SUB: "me", "s3:prefix": "cognito/app/me/a"}, BY_IDENTITY),
        ("s3:ListBucket", "arn:aws:s3:::bucket-name", {_SUB: "me", "s3:prefix": "cognito/app/"}, NOT_BY_IDENTITY),
    ),
    *_example(
        "Amazon S3: Restrict management to a specific S3 bucket",
        [
            allow("s3:*", ["arn:aws:s3:::bucket-name", "arn:aws:s3:::bucket-name/*"]),
            allow("ec2:*"),
            {
                "Effect": "Deny",
                "NotAction": "s3:*",
                "NotResource": ["arn:aws:s3:::bucket-name", "arn:aws:s3:::bucket-name/*"],
            },
        ],
        ("s3:GetObject", "arn:aws:s3:::bucket-name/x", {}, BY_IDENTITY),
        ("s3:GetObject", "arn:aws:s3:::other/x", {}, NOT_BY_IDENTITY),
        ("ec2:StartInstances", _INSTANCE, {}, _DENIED),
    ),
    *_example(
        "Amazon S3: S3 Bucket access, but production bucket denied without recent MFA",
        [
            allow("s3:GetObject", "arn:aws:s3:::*/*"),
            deny(
                "s3:*",
                ["arn:aws:s3:::Production/*", "arn:aws:s3:::Production"],
                Condition={"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": "1800"}},
            ),
        ],
        ("s3:GetObject", "arn:aws:s3:::test/x", {}, BY_IDENTITY),
        ("s3:GetObject", "arn:aws:s3:::Production/x", {}, _DENIED),
        ("s3:GetObject", "arn:aws:s3:::Production/x", {"aws:MultiFactorAuthAge": "1800"}, BY_IDENTITY),
        ("s3:GetObject", "arn:aws:s3:::Production/x", {"aws:MultiFactorAuthAge": "1801"}, _DENIED),
        ("s3:GetObject", "arn:aws:s3:::test", {}, NOT_BY_IDENTITY),
    ),
    *_example(
        "EC2: Start or stop instances based on matching principal and resource tags",
        [
            allow(
                ["ec2:startInstances", "ec2:stopInstances"],
                Condition={"StringEquals": {"aws:ResourceTag/CostCenter": "${aws:PrincipalTag/CostCenter}"}},
            )
        ],
        ("ec2:StartInstances", _INSTANCE, {"aws:ResourceTag/CostCenter": "7"}, BY_IDENTITY),
        ("ec2:StartInstances", _INSTANCE, {"aws:ResourceTag/CostCenter": "8"}, NOT_BY_IDENTITY),
        ("ec2:StopInstances", _INSTANCE, {}, NOT_BY_IDENTITY),
        who=_ALICE,
    ),
    *_example(
        "EC2: Start or stop instances based on tags",
        [
            allow(
                ["ec2:StartInstances", "ec2:StopInstances"],
                f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*",
                Condition={
                    "StringEquals": {
                        "aws:ResourceTag/Project": "DataAnalytics",
                        "aws:PrincipalTag/Department": "Data",
                    }
                },
            )
        ],
        ("ec2:StopInstances", _INSTANCE, {"aws:ResourceTag/Project": "DataAnalytics"}, BY_IDENTITY),
        ("ec2:StopInstances", _INSTANCE, {"aws:ResourceTag/Project": "Other"}, NOT_BY_IDENTITY),
        ("ec2:TerminateInstances", _INSTANCE, {"aws:ResourceTag/Project": "DataAnalytics"}, NOT_BY_IDENTITY),
        who=_ALICE,
    ),
    *_example(
        "IAM: Pass an IAM role to a specific AWS service",
        [allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "cloudwatch.amazonaws.com"}})],
        ("iam:PassRole", ROLE.arn, {"iam:PassedToService": "cloudwatch.amazonaws.com"}, BY_IDENTITY),
        ("iam:PassRole", ROLE.arn, {"iam:PassedToService": "lambda.amazonaws.com"}, NOT_BY_IDENTITY),
    ),
    *_example(
        "IAM: Limits managed policies that can be applied to an IAM user, group, or role",
        [
            allow(
                ["iam:AttachUserPolicy", "iam:DetachUserPolicy"],
                Condition={"ArnEquals": {"iam:PolicyARN": ["arn:aws:iam::*:policy/one", "arn:aws:iam::*:policy/two"]}},
            )
        ],
        ("iam:AttachUserPolicy", USER.arn, {"iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/two"}, BY_IDENTITY),
        ("iam:AttachUserPolicy", USER.arn, {"iam:PolicyARN": f"arn:aws:iam::{ACCOUNT}:policy/six"}, NOT_BY_IDENTITY),
    ),
    *_example(
        "IAM: Create new users only with specific tags",
        [
            allow(
                "iam:CreateUser",
                Condition={
                    "StringEqualsIfExists": {
                        "aws:RequestTag/Department": ["Development", "QualityAssurance"],
                        "aws:RequestTag/JobFunction": "Employee",
                    },
                    "ForAllValues:StringEquals": {"aws:TagKeys": ["Department", "JobFunction"]},
                },
            )
        ],
        ("iam:CreateUser", "*", {}, BY_IDENTITY),
        (
            "iam:CreateUser",
            "*",
            {"aws:RequestTag/Department": "Development", "aws:TagKeys": ["Department"]},
            BY_IDENTITY,
        ),
        ("iam:CreateUser", "*", {"aws:RequestTag/Department": "Sales", "aws:TagKeys": ["Department"]}, NOT_BY_IDENTITY),
        ("iam:CreateUser", "*", {"aws:RequestTag/Other": "x", "aws:TagKeys": ["Other"]}, NOT_BY_IDENTITY),
    ),
    *_example(
        "IAM: Allows specific IAM users to manage a group programmatically and in the console",
        [
            allow("iam:*Group*", "arn:aws:iam::*:group/AllUsers"),
            deny(
                ["iam:CreateGroup", "iam:DeleteGroup"],
                "arn:aws:iam::*:group/AllUsers",
                Condition={"StringNotEquals": {"aws:username": ["srodriguez", "alice"]}},
            ),
        ],
        ("iam:DeleteGroup", f"arn:aws:iam::{ACCOUNT}:group/AllUsers", {}, BY_IDENTITY),
        ("iam:DeleteGroup", f"arn:aws:iam::{ACCOUNT}:group/Admins", {}, NOT_BY_IDENTITY),
        who=USER,
    ),
)


@pytest.mark.parametrize("row", EXAMPLES, ids=str)
def test_example_decides_as_documented(row: Row) -> None:
    row.check()
