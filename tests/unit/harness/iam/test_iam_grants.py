from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from lambdakit.harness.iam.grants import (
    Grant,
    GrantUse,
    RolePolicy,
    action_matches,
    granted,
    measured,
    resource_matches,
)
from lambdakit.harness.iam.service_authorization import all_actions
from lambdakit.harness.iam.usage import Use

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
OTHER_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/customers"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"
BUCKET = "arn:aws:s3:::shop"
READS = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
KNOWN: Mapping[str, Iterable[str]] = {
    "dynamodb": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
    "s3": ["s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket"],
}


def statement(action: object, resource: object, **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any], name: str = "inline") -> RolePolicy:
    return RolePolicy(name=name, document={"Version": "2012-10-17", "Statement": list(statements)})


def use(action: str, resource: str, **more: Any) -> Use:
    return Use(action=action, resource=resource, **more)


def measure(policies: RolePolicy, *uses: Use) -> tuple[GrantUse, ...]:
    return measured(granted([policies]), uses, lambda prefix: KNOWN.get(prefix, ()))


def unused(policies: RolePolicy, *uses: Use) -> list[tuple[str, ...]]:
    return [row.grant.resources for row in measure(policies, *uses) if not row.used_actions]


def test_a_grant_is_used_when_any_of_its_actions_was() -> None:
    (row,) = measure(policy(statement(READS, TABLE)), use("dynamodb:GetItem", TABLE))

    assert row.used_actions == ("dynamodb:GetItem",)
    assert row.unused_actions == ("dynamodb:BatchGetItem", "dynamodb:Query")


def test_two_tables_in_one_statement_are_two_grants() -> None:
    both = policy(statement(READS, [TABLE, OTHER_TABLE]))

    assert unused(both, use("dynamodb:GetItem", TABLE)) == [(OTHER_TABLE,)]


@pytest.mark.parametrize(
    ("action", "root", "inner", "used"),
    [
        pytest.param("dynamodb:Query", TABLE, f"{TABLE}/index/*", f"{TABLE}/index/by-day", id="index"),
        pytest.param("dynamodb:Query", TABLE, f"{TABLE}/index/*", TABLE, id="table alone"),
        pytest.param("s3:GetObject", BUCKET, f"{BUCKET}/*", f"{BUCKET}/a/b.jpg", id="object"),
        pytest.param(
            "lambda:InvokeFunction",
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            "arn:aws:lambda:us-east-1:123456789012:function:f:*",
            "arn:aws:lambda:us-east-1:123456789012:function:f:live",
            id="alias",
        ),
    ],
)
def test_a_resource_with_what_lies_in_it_is_one_grant(action: str, root: str, inner: str, used: str) -> None:
    """As the CDK's grant methods write them: nobody can leave one half out."""
    rows = measure(policy(statement(action, [inner, root])), use(action, used))

    assert [row.grant.resources for row in rows] == [(root, inner)]
    assert unused(policy(statement(action, [inner, root])), use(action, used)) == []


def test_a_name_that_begins_alike_is_another_resource() -> None:
    both = policy(statement("s3:GetObject", [f"{BUCKET}/*", f"{BUCKET}-logs/*"]))

    assert unused(both, use("s3:GetObject", f"{BUCKET}/a")) == [(f"{BUCKET}-logs/*",)]


def test_services_that_one_statement_names_are_several_grants() -> None:
    """The CDK merges what is granted on `*`."""
    rows = measure(
        policy(statement(["xray:PutTraceSegments", "cloudwatch:PutMetricData"], "*")),
        use("xray:PutTraceSegments", "*", by_platform=True),
    )

    assert {row.grant.service: bool(row.used_actions) for row in rows} == {"xray": True, "cloudwatch": False}


def test_actions_are_not_granted_on_the_resources_of_another_service() -> None:
    rows = granted([policy(statement(["s3:GetObject", "sqs:SendMessage"], [f"{BUCKET}/*", QUEUE]))])

    assert [(grant.service, grant.resources) for grant in rows] == [("s3", (f"{BUCKET}/*",)), ("sqs", (QUEUE,))]


def test_actions_whose_resources_are_named_after_another_service_are_granted_on_them() -> None:
    cluster = "arn:aws:rds:us-east-1:123456789012:cluster:orders"

    (grant,) = granted([policy(statement(["rds-data:ExecuteStatement"], cluster))])

    assert (grant.service, grant.resources) == ("rds-data", (cluster,))


def test_wildcards_are_written_out() -> None:
    (row,) = measure(policy(statement("dynamodb:*", TABLE)), use("dynamodb:PutItem", TABLE))

    assert row.used_actions == ("dynamodb:PutItem",)
    assert row.unused_actions == ("dynamodb:GetItem", "dynamodb:Query")


def test_every_action_of_a_service_is_known() -> None:
    (row,) = measured(granted([policy(statement("sqs:*", QUEUE))]), [use("sqs:SendMessage", QUEUE)], all_actions)

    assert row.used_actions == ("sqs:SendMessage",)
    assert {"sqs:ReceiveMessage", "sqs:PurgeQueue"} <= set(row.unused_actions)


def test_a_pattern_of_an_unknown_service_stands_for_itself() -> None:
    (row,) = measure(policy(statement("nosuch:Get*", "*")))

    assert row.unused_actions == ("nosuch:Get*",)


@pytest.mark.parametrize("action", ["*", "*:*"])
def test_everything_is_one_grant_of_every_service(action: str) -> None:
    (row,) = measure(policy(statement(action, "*")), use("dynamodb:GetItem", TABLE))

    assert (row.grant.service, row.used_actions, row.unused_actions) == ("*", ("dynamodb:GetItem",), (action,))


def test_case_of_actions_does_not_count() -> None:
    (row,) = measure(policy(statement(["DynamoDB:getitem"], TABLE)), use("dynamodb:GetItem", TABLE))

    assert (row.used_actions, row.unused_actions) == (("dynamodb:GetItem",), ())


def test_not_action_is_what_is_left() -> None:
    rest = policy({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"})

    (row,) = measure(rest, use("dynamodb:GetItem", TABLE), use("s3:GetObject", f"{BUCKET}/a"))

    assert row.used_actions == ("dynamodb:GetItem",)
    assert row.unused_actions == ("every action but iam:*, s3:*",)


def test_not_resource_is_what_is_left() -> None:
    rest = policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": [f"{BUCKET}/secret/*", BUCKET]})

    assert unused(rest, use("s3:GetObject", f"{BUCKET}/secret/a")) == [(f"{BUCKET}/secret/*", BUCKET)]
    assert unused(rest, use("s3:GetObject", f"{BUCKET}/open")) == []


def test_denials_grant_nothing() -> None:
    denial = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}

    assert granted([policy(denial)]) == ()


@pytest.mark.parametrize(
    "document", [{}, {"Statement": None}, {"Statement": ["x"]}, {"Statement": [{"Effect": "Allow"}]}]
)
def test_a_document_without_grants_has_none(document: dict[str, Any]) -> None:
    assert granted([RolePolicy(name="empty", document=document)]) == ()


def test_a_statement_may_stand_alone() -> None:
    (grant,) = granted([RolePolicy(name="one", document={"Statement": statement("s3:GetObject", BUCKET, Sid="Read")})])

    assert grant == Grant(
        service="s3",
        actions=("s3:GetObject",),
        resources=(BUCKET,),
        policy="one",
        origin="inline",
        statement=1,
        sid="Read",
    )


def test_a_conditional_grant_is_used_when_a_decision_names_it() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "shop"}}
    policies = policy(
        statement(READS, TABLE, Sid="Tagged", Condition=condition), statement("dynamodb:GetItem", TABLE, Sid="Plain")
    )

    by_other = measure(policies, use("dynamodb:GetItem", TABLE, policy="inline", sid="Plain"))
    by_itself = measure(policies, use("dynamodb:GetItem", TABLE, policy="inline", sid="Tagged"))

    assert [bool(row.used_actions) for row in by_other] == [False, True]
    assert [bool(row.used_actions) for row in by_itself] == [True, True]


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("*", TABLE, True),
        (TABLE, TABLE, True),
        (TABLE, TABLE.upper(), False),
        (f"{BUCKET}/*", f"{BUCKET}/a/b", True),
        (f"{BUCKET}/*", BUCKET, False),
        (f"{BUCKET}/?", f"{BUCKET}/a", True),
        (f"{BUCKET}/?", f"{BUCKET}/ab", False),
        (f"{BUCKET}/${{aws:userid}}/*", f"{BUCKET}/AROA:fn/a", True),
        (f"{BUCKET}/${{*}}", f"{BUCKET}/*", True),
        (f"{BUCKET}/${{*}}", f"{BUCKET}/a", False),
        (f"{BUCKET}/*/${{aws:PrincipalTag/team, 'none'}}", f"{BUCKET}/x/y", True),
    ],
)
def test_resource_patterns(pattern: str, resource: str, matches: bool) -> None:
    assert resource_matches(pattern, resource) is matches


@pytest.mark.parametrize(
    ("pattern", "action", "matches"),
    [("s3:Get*", "s3:GetObject", True), ("s3:get?bject", "S3:GetObject", True), ("s3:Get", "s3:GetObject", False)],
)
def test_action_patterns(pattern: str, action: str, matches: bool) -> None:
    assert action_matches(pattern, action) is matches


def test_hundreds_of_wildcards_are_decided_at_once() -> None:
    pattern = "arn:aws:s3:::" + "*a" * 500 + "*b"

    assert not resource_matches(pattern, "arn:aws:s3:::" + "a" * 5_000)
