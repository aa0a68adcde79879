from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.iam.grants import RolePolicy, granted
from lambdakit.harness.iam.policy_document import parse_policy
from lambdakit.harness.iam.usage import Use
from lambdakit.session.minimal_policy import minimal_policy

# IAM User Guide, "IAM and AWS STS quotas": the inline policies of a role.
INLINE_CHARACTERS = 10_240
HERE = "eu-1:123"


def statements(*used: tuple[str, str]) -> list[tuple[list[str], list[str]]]:
    document = minimal_policy(used)
    parse_policy(document)
    return [(statement["Action"], statement["Resource"]) for statement in document["Statement"]]


def characters(document: dict[str, Any]) -> int:
    return len(json.dumps(document, separators=(",", ":")))


@pytest.mark.parametrize(
    ("resource", "written"),
    [
        ("*", "*"),
        (f"arn:aws:dynamodb:{HERE}:table/orders", f"arn:aws:dynamodb:{HERE}:table/orders"),
        (f"arn:aws:dynamodb:{HERE}:table/orders/index/by-day", f"arn:aws:dynamodb:{HERE}:table/orders/index/*"),
        (f"arn:aws:dynamodb:{HERE}:table/o/stream/2026-11-21", f"arn:aws:dynamodb:{HERE}:table/o/stream/*"),
        ("arn:aws:s3:::shop", "arn:aws:s3:::shop"),
        ("arn:aws:s3:::shop/incoming/a:b.jpg", "arn:aws:s3:::shop/*"),
        (f"arn:aws:s3:{HERE}:accesspoint/mine/object/a/b", f"arn:aws:s3:{HERE}:accesspoint/mine/object/*"),
        (f"arn:aws:s3:{HERE}:accesspoint/mine", f"arn:aws:s3:{HERE}:accesspoint/mine"),
        (f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f"),
        (
            f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f:log-stream:a/[1]",
            f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f:*",
        ),
        (f"arn:aws:logs:{HERE}:log-group:f:*", f"arn:aws:logs:{HERE}:log-group:f:*"),
        (f"arn:aws:kinesis:{HERE}:stream/s/consumer/c:1700000000", f"arn:aws:kinesis:{HERE}:stream/s/consumer/c:*"),
        (f"arn:aws:secretsmanager:{HERE}:secret:key-AbC12f", f"arn:aws:secretsmanager:{HERE}:secret:key-??????"),
        (f"arn:aws:states:{HERE}:execution:machine:run-1", f"arn:aws:states:{HERE}:execution:machine:*"),
        (
            f"arn:aws:execute-api:{HERE}:api/prod/POST/@connections/x=",
            f"arn:aws:execute-api:{HERE}:api/prod/POST/@connections/*",
        ),
        (
            f"arn:aws:lambda:{HERE}:function:orders:$LATEST/durable-execution/name/id",
            f"arn:aws:lambda:{HERE}:function:orders:*",
        ),
        (f"arn:aws:lambda:{HERE}:function:f:live", f"arn:aws:lambda:{HERE}:function:f:live"),
        (f"arn:aws:ssm:{HERE}:parameter/what?", f"arn:aws:ssm:{HERE}:parameter/what${{?}}"),
    ],
)
def test_what_a_name_is_made_of_by_chance_is_left_out(resource: str, written: str) -> None:
    assert statements(("service:Action", resource)) == [(["service:Action"], [written])]


def test_nothing_done_needs_nothing() -> None:
    assert minimal_policy([]) == {"Version": "2012-10-17", "Statement": []}


def test_actions_are_sorted_and_resources_with_the_same_share_a_statement() -> None:
    one, other, third = (f"arn:aws:dynamodb:{HERE}:table/{name}" for name in ("a", "b", "c"))

    assert statements(
        ("dynamodb:Query", one),
        ("dynamodb:GetItem", other),
        ("dynamodb:GetItem", one),
        ("dynamodb:Query", other),
        ("dynamodb:PutItem", third),
        ("dynamodb:PutItem", third),
    ) == [(["dynamodb:GetItem", "dynamodb:Query"], [one, other]), (["dynamodb:PutItem"], [third])]


def test_order_of_what_was_done_does_not_count() -> None:
    used = [("s3:PutObject", "arn:aws:s3:::a/b"), ("s3:GetObject", "arn:aws:s3:::c/d"), ("xray:PutTraceSegments", "*")]

    assert minimal_policy(used) == minimal_policy(reversed(used))


def test_more_resources_than_a_policy_holds_become_one_pattern() -> None:
    queues = [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:queue-of-customer-number-{number}") for number in range(2_000)]
    table = f"arn:aws:dynamodb:{HERE}:table/orders"

    document = minimal_policy([*queues, ("dynamodb:GetItem", table)])

    assert characters(document) <= INLINE_CHARACTERS
    assert [statement["Resource"] for statement in document["Statement"]] == [[table], [f"arn:aws:sqs:{HERE}:*"]]


def test_a_thousand_buckets_become_one_pattern() -> None:
    document = minimal_policy([("s3:GetObject", f"arn:aws:s3:::bucket-{number}/key") for number in range(1_000)])

    assert document["Statement"][0]["Resource"] == ["arn:aws:s3:::*"]


RESOURCES = st.one_of(
    st.just("*"),
    st.from_regex(r"arn:aws:s3:::[a-z]{3,9}(/[^\0\1]{1,20})?", fullmatch=True),
    st.from_regex(rf"arn:aws:sqs:{HERE}:[a-z]{{1,9}}", fullmatch=True),
    st.from_regex(rf"arn:aws:logs:{HERE}:log-group:[a-z/]{{1,9}}(:log-stream:[^\0\1]{{1,20}})?", fullmatch=True),
    st.from_regex(rf"arn:aws:secretsmanager:{HERE}:secret:[a-z]{{1,9}}-[a-z]{{6}}", fullmatch=True),
    st.from_regex(rf"arn:aws:ssm:{HERE}:parameter/[a-z*?$/]{{1,20}}", fullmatch=True),
)


@given(st.lists(st.tuples(st.sampled_from(["a:Get", "a:Put", "b:List"]), RESOURCES), max_size=60))
def test_everything_that_was_done_is_still_allowed(used: list[tuple[str, str]]) -> None:
    document = minimal_policy(used)

    assert characters(document) <= INLINE_CHARACTERS
    # Grants of one service do not reach the resources of another in the same statement; here they are to.
    grants = [
        grant
        for statement in document["Statement"]
        for action in statement["Action"]
        for grant in granted([RolePolicy(name="p", document={"Statement": {**statement, "Action": action}})])
    ]
    for action, resource in used:
        assert any(grant.matches(Use(action=action, resource=resource)) for grant in grants), (action, resource)
