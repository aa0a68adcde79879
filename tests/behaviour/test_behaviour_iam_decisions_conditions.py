"""Every condition operator, with a key that is there, missing, empty or of several values: a row per decision.

A row of `_with`: the policy's values, the request's values, whether the condition holds. UG is the IAM User Guide.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fakes.iam_decisions import Json, Row, when

_OPERATORS = "UG, IAM JSON policy elements: Condition operators"
_STRING = f"{_OPERATORS}, String condition operators"
_NUMERIC = f"{_OPERATORS}, Numeric condition operators"
_DATE = f"{_OPERATORS}, Date condition operators"
_BOOL = f"{_OPERATORS}, Boolean condition operators"
_BINARY = f"{_OPERATORS}, Binary condition operators"
_IP = f"{_OPERATORS}, IP address condition operators"
_ARN = f"{_OPERATORS}, ARN condition operators"
_EXISTS = f"{_OPERATORS}, ...IfExists condition operators"
_NULL = f"{_OPERATORS}, Condition operator to check existence of condition keys"
_LOGIC = "UG, Conditions with multiple context keys or values"
_KEYS = "UG, IAM JSON policy elements: Condition"
_TAG_KEYS = "UG, AWS global condition context keys: aws:RequestTag"
_EMPTY = "UG, Single-valued vs. multivalued context keys, ForAllValues (Null tells keys without a value)"
_UNTYPED = "a decision of lambdakit's: what is not of the operator's type, on either side, is equal to nothing"
_YEAR = "a decision of lambdakit's: four digits are a year, not seconds"

Value = str | Sequence[str] | None
Case = tuple[object, Value, bool]


def _with(operator: str, source: str, key: str, *cases: Case) -> tuple[Row, ...]:
    return tuple(
        when(
            f"{operator} {policy!r} of {request!r}",
            source,
            holds,
            {operator: {key: policy}},
            None if request is None else {key: request},
        )
        for policy, request, holds in cases
    )


STRINGS = (
    *_with(
        "StringEquals",
        _STRING,
        "aws:PrincipalOrgID",
        ("o-1", "o-1", True),
        ("o-1", "o-2", False),
        ("o-a", "O-A", False),
        ("o-*", "o-1", False),
        ("o-*", "o-*", True),
        ("o-?", "o-1", False),
        (["o-1", "o-2"], "o-2", True),
        (["o-1", "o-2"], "o-3", False),
        ("o-1", None, False),
        ("", "", True),
    ),
    *_with(
        "StringNotEquals",
        _STRING,
        "aws:PrincipalOrgID",
        ("o-1", "o-1", False),
        ("o-1", "o-2", True),
        ("o-a", "O-A", True),
        ("o-*", "o-1", True),
        (["o-1", "o-2"], "o-2", False),
        (["o-1", "o-2"], "o-3", True),
        ("o-1", None, True),
    ),
    *_with(
        "StringEqualsIgnoreCase",
        _STRING,
        "s3:x-amz-acl",
        ("Private", "pRIVATE", True),
        ("private", "public", False),
        (["a", "PRIVATE"], "private", True),
        ("priv*", "private", False),
        ("private", None, False),
    ),
    *_with(
        "StringNotEqualsIgnoreCase",
        _STRING,
        "s3:x-amz-acl",
        ("Private", "pRIVATE", False),
        ("private", "public", True),
        (["a", "PRIVATE"], "private", False),
        ("private", None, True),
    ),
    *_with(
        "StringLike",
        _STRING,
        "s3:prefix",
        ("home/*", "home/alice", True),
        ("home/*", "home/", True),
        ("home/*", "home", False),
        ("home/?", "home/a", True),
        ("home/?", "home/ab", False),
        ("home/?", "home/", False),
        ("*/2024/*.csv", "a/b/2024/may.csv", True),
        ("*/2024/*.csv", "a/b/2024/may.txt", False),
        ("a*a", "a", False),
        ("Home/*", "home/alice", False),
        (["", "home/"], "", True),
        (["", "home/"], "x", False),
        ("*", "", True),
        ("a.c", "abc", False),
        ("home/*", None, False),
    ),
    *_with(
        "StringNotLike",
        _STRING,
        "s3:prefix",
        ("home/*", "home/alice", False),
        ("home/*", "tmp/x", True),
        (["home/*", "tmp/*"], "tmp/x", False),
        ("home/*", None, True),
    ),
)

NUMBERS = (
    *_with(
        "NumericEquals",
        _NUMERIC,
        "s3:max-keys",
        ("10", "10", True),
        (10, "10", True),
        ("10", "10.0", True),
        ("10", "11", False),
        (["1", "10"], "10", True),
        ("10", None, False),
        ("-1.5", "-1.50", True),
    ),
    *_with("NumericNotEquals", _NUMERIC, "s3:max-keys", ("10", "11", True), ("10", "10", False), ("10", None, True)),
    *_with(
        "NumericLessThan",
        _NUMERIC,
        "s3:max-keys",
        ("10", "9", True),
        ("10", "10", False),
        ("10", "11", False),
        ("10", "9.99", True),
        ("10", None, False),
    ),
    *_with(
        "NumericLessThanEquals",
        _NUMERIC,
        "s3:max-keys",
        ("10", "9", True),
        ("10", "10", True),
        ("10", "11", False),
        ("10", None, False),
    ),
    *_with(
        "NumericGreaterThan",
        _NUMERIC,
        "s3:max-keys",
        ("10", "11", True),
        ("10", "10", False),
        ("10", "9", False),
        ("10", None, False),
    ),
    *_with(
        "NumericGreaterThanEquals",
        _NUMERIC,
        "s3:max-keys",
        ("10", "10", True),
        ("10", "9", False),
        ("10", "100", True),
        ("10", None, False),
    ),
)

_MAY = "2024-05-01T00:00:00Z"
DATES = (
    *_with(
        "DateEquals",
        _DATE,
        "aws:TokenIssueTime",
        (_MAY, _MAY, True),
        (_MAY, "2024-05-01", True),
        ("2024-05", _MAY, True),
        (_MAY, "2024-05-01T02:00:00+02:00", True),
        (_MAY, "1714521600", True),
        ("1714521600", _MAY, True),
        (_MAY, "2024-05-01T00:00:01Z", False),
        (_MAY, "2024-05-01T00:00:00.5Z", False),
        ("2024-05-01T00:00Z", _MAY, True),
        (_MAY, None, False),
    ),
    *_with("DateNotEquals", _DATE, "aws:TokenIssueTime", (_MAY, _MAY, False), (_MAY, "2024", True), (_MAY, None, True)),
    *_with(
        "DateLessThan",
        _DATE,
        "aws:TokenIssueTime",
        (_MAY, "2024-04-30", True),
        (_MAY, _MAY, False),
        (_MAY, None, False),
    ),
    *_with("DateLessThanEquals", _DATE, "aws:TokenIssueTime", (_MAY, _MAY, True), (_MAY, "2024-05-02", False)),
    *_with(
        "DateGreaterThan",
        _DATE,
        "aws:TokenIssueTime",
        ("2020-01-01T00:00:01Z", _MAY, True),
        (_MAY, _MAY, False),
        (_MAY, None, False),
    ),
    *_with("DateGreaterThanEquals", _DATE, "aws:TokenIssueTime", (_MAY, _MAY, True), (_MAY, "2024-04-30", False)),
    when(
        "CurrentTime is that of the request", _DATE, True, {"DateLessThan": {"aws:CurrentTime": "2024-05-15T12:00:01Z"}}
    ),
    when("CurrentTime is not before now", _DATE, False, {"DateLessThan": {"aws:CurrentTime": "2024-05-15T12:00:00Z"}}),
    when("EpochTime is a number", _DATE, True, {"NumericEquals": {"aws:EpochTime": "1715774400"}}),
    when("EpochTime is a date", _DATE, True, {"DateEquals": {"aws:EpochTime": "2024-05-15T12:00:00Z"}}),
    when(
        "a request may bring its time",
        "a decision of lambdakit's: so that a time can be tried",
        False,
        {"DateLessThan": {"aws:CurrentTime": "2024-05-16"}},
        {"aws:CurrentTime": "2025-01-01T00:00:00Z"},
    ),
)

OTHERS = (
    *_with(
        "Bool",
        _BOOL,
        "aws:SecureTransport",
        ("true", "true", True),
        (True, "true", True),
        (False, "true", False),
        (False, "false", True),
        ("TRUE", "True", True),
        ("true", "false", False),
        ("false", None, False),
        (["true", "false"], "false", True),
    ),
    *_with(
        "BinaryEquals",
        _BINARY,
        "key",
        ("QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
        ("QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", False),
        ("QmluYXJ5", None, False),
    ),
    *_with(
        "IpAddress",
        _IP,
        "aws:SourceIp",
        ("203.0.113.0/24", "203.0.113.255", True),
        ("203.0.113.0/24", "203.0.114.0", False),
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.9/24", "203.0.113.1", True),
        (["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1", True),
        (["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5679::1", False),
        ("0.0.0.0/0", "203.0.113.1", True),
        ("0.0.0.0/0", "::1", False),
        ("203.0.113.0/24", None, False),
    ),
    *_with(
        "NotIpAddress",
        _IP,
        "aws:SourceIp",
        ("203.0.113.0/24", "203.0.113.1", False),
        ("203.0.113.0/24", "192.0.2.1", True),
        (["192.0.2.0/24", "203.0.113.0/24"], "203.0.113.1", False),
        ("203.0.113.0/24", None, True),
    ),
)

_FINANCE = "arn:aws:someservice:*:111122223333:finance/*"
_TOPIC = "arn:aws:sns:us-east-1:123456789012:news"
_LONG = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
ARNS = (
    *_with("StringLike", _ARN, "aws:SourceArn", (_FINANCE, _LONG, True)),
    *(
        row
        for operator in ("ArnLike", "ArnEquals")
        for row in _with(
            operator,
            _ARN,
            "aws:SourceArn",
            (_FINANCE, _LONG, False),
            (_FINANCE, "arn:aws:someservice:us-east-2:111122223333:finance/document.txt", True),
            (_TOPIC, _TOPIC, True),
            (_TOPIC, f"{_TOPIC}-2", False),
            (_TOPIC, _TOPIC.upper(), False),
            ("arn:aws:sns:*:123456789012:new?", _TOPIC, True),
            ("arn:aws:sns:*:*:*", _TOPIC, True),
            ("arn:aws:s*s:*:*:*", _TOPIC, True),
            ("arn:aws:logs:*:*:log-group:*", "arn:aws:logs:eu-west-1:1:log-group:a:b", True),
            ("arn:aws:sns:*", _TOPIC, False),
            (_TOPIC, "news", False),
            (["arn:aws:sns:*:*:other", _TOPIC], _TOPIC, True),
            (_TOPIC, None, False),
        )
    ),
    *(
        row
        for operator in ("ArnNotLike", "ArnNotEquals")
        for row in _with(
            operator,
            _ARN,
            "aws:SourceArn",
            (_TOPIC, _TOPIC, False),
            ("arn:aws:sns:*:*:*", _TOPIC, False),
            (_FINANCE, _LONG, True),
            (["arn:aws:sns:*:*:other", _TOPIC], _TOPIC, False),
            (_TOPIC, None, True),
        )
    ),
)

IF_EXISTS = (
    *_with("StringEqualsIfExists", _EXISTS, "ec2:Vpc", ("v", "v", True), ("v", "w", False), ("v", None, True)),
    *_with("StringNotEqualsIfExists", _EXISTS, "ec2:Vpc", ("v", "v", False), ("v", "w", True), ("v", None, True)),
    *_with(
        "StringLikeIfExists",
        _EXISTS,
        "ec2:InstanceType",
        (["t1.*", "t2.*", "m3.*"], "t2.micro", True),
        (["t1.*", "t2.*", "m3.*"], "c5.large", False),
        (["t1.*", "t2.*", "m3.*"], None, True),
    ),
    *_with("NumericLessThanIfExists", _EXISTS, "k:n", ("5", "4", True), ("5", "5", False), ("5", None, True)),
    *_with("DateGreaterThanIfExists", _EXISTS, "k:d", (_MAY, "2025", True), (_MAY, "2023", False), (_MAY, None, True)),
    *_with("BoolIfExists", _EXISTS, "aws:MultiFactorAuthPresent", ("true", "false", False), ("true", None, True)),
    *_with("BinaryEqualsIfExists", _EXISTS, "k:b", ("QQ==", "Qg==", False), ("QQ==", None, True)),
    *_with("IpAddressIfExists", _EXISTS, "aws:SourceIp", ("10.0.0.0/8", "11.0.0.1", False), ("10.0.0.0/8", None, True)),
    *_with("ArnLikeIfExists", _EXISTS, "aws:SourceArn", (_TOPIC, "arn:aws:sns:a:b:c", False), (_TOPIC, None, True)),
    *_with(
        "Null",
        _NULL,
        "aws:TokenIssueTime",
        ("true", None, True),
        ("false", None, False),
        ("true", _MAY, False),
        ("false", _MAY, True),
        (True, None, True),
        (False, None, False),
        ("TRUE", None, True),
    ),
)


UNTYPED = (
    *_with("NumericEquals", _UNTYPED, "s3:max-keys", ("ten", "10", False), ("10", "ten", False)),
    *_with("NumericLessThan", _UNTYPED, "s3:max-keys", ("10", "nine", False)),
    *_with("DateEquals", _UNTYPED, "aws:TokenIssueTime", ("may", _MAY, False), (_MAY, "2024-13-01", False)),
    *_with("DateEquals", _YEAR, "aws:TokenIssueTime", ("2024", "2024-01-01T00:00:00Z", True)),
    *_with("Bool", _UNTYPED, "aws:SecureTransport", ("yes", "yes", False)),
    *_with("BinaryEquals", _UNTYPED, "key", ("no base 64", "no base 64", False)),
    *_with("IpAddress", _UNTYPED, "aws:SourceIp", ("somewhere", "1.1.1.1", False), ("1.1.1.0/24", "somewhere", False)),
    *_with(
        "IpAddress",
        "a decision of lambdakit's: the page's default prefix, /32, is IPv4's; an IPv6 address is itself",
        "aws:SourceIp",
        ("2001:db8::1", "2001:db8::1", True),
        ("2001:db8::1", "2001:db8::2", False),
    ),
    *_with("Null", f"follows from {_EMPTY}", "aws:TokenIssueTime", ("true", "", True), ("false", "", False)),
)


def _logic(says: str, holds: bool, condition: Json, source: str = _LOGIC) -> Row:
    return when(says, source, holds, condition, {"k:color": "red", "k:size": "9", "aws:RequestTag/Team": "blue"})


COMBINED = (
    _logic("two keys, both hold", True, {"StringEquals": {"k:color": "red", "k:size": "9"}}),
    _logic("two keys, the first does not", False, {"StringEquals": {"k:color": "blue", "k:size": "9"}}),
    _logic("two keys, the second does not", False, {"StringEquals": {"k:color": "red", "k:size": "8"}}),
    _logic("two operators, both hold", True, {"StringEquals": {"k:color": "red"}, "NumericLessThan": {"k:size": "10"}}),
    _logic(
        "two operators, one does not", False, {"StringEquals": {"k:color": "red"}, "NumericLessThan": {"k:size": 1}}
    ),
    _logic(
        "same key, two operators", False, {"StringEquals": {"k:color": "red"}, "StringNotEquals": {"k:color": "red"}}
    ),
    _logic("no condition in the block", True, {}),
    _logic("key names have no case", True, {"StringEquals": {"K:COLOR": "red"}}, _KEYS),
    _logic("tag keys have no case", True, {"StringEquals": {"aws:requesttag/TEAM": "blue"}}, _TAG_KEYS),
    _logic("values have case", False, {"StringEquals": {"k:color": "RED"}}, _KEYS),
    _logic("another tag's key", False, {"StringEquals": {"aws:RequestTag/Project": "blue"}}, _KEYS),
)


@pytest.mark.parametrize("row", (*STRINGS, *NUMBERS, *DATES, *OTHERS, *ARNS, *IF_EXISTS, *UNTYPED, *COMBINED), ids=str)
def test_condition_holds_as_documented(row: Row) -> None:
    row.check()
