"""Decisions by themselves: which are used again, and that they are those that would be made anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.iam.authorization import Authorization, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.kept_decisions import KeptDecisions
from lambdakit.harness.iam.lazy_keys import LazyKeys
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.principal import Principal
from tests.fakes.policies import ACCOUNT_ID, document

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/orders"


def allow(action: str = "dynamodb:PutItem", resource: str = TABLE, **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def test_keys_are_put_together_only_when_a_condition_asks() -> None:
    asked: list[str] = []

    def make() -> Mapping[str, tuple[str, ...]]:
        asked.append("once")
        return {"aws:useragent": ("curl",)}

    keys = LazyKeys(make)
    wanted = Authorization(action="dynamodb:PutItem", resources=(TABLE,), context=keys)
    who = Principal(kind="role", account_id=ACCOUNT_ID, arn="arn:aws:iam::123456789012:role/r", caller_arn="r")
    plain = decide(who, wanted, TABLE, policies=_policies([allow()]))
    before = list(asked)
    condition = {"StringEquals": {"aws:UserAgent": "curl", "aws:userid": ""}}
    conditioned = decide(who, wanted, TABLE, policies=_policies([allow(Condition=condition)]))

    assert (plain.allowed, before, conditioned.allowed, asked) == (True, [], True, ["once"])
    assert keys == {"aws:useragent": ("curl",)}


_STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.sampled_from(["dynamodb:*", "dynamodb:PutItem", "dynamodb:GetItem"]),
        "Resource": st.sampled_from([TABLE, f"{TABLE}2", "*", TABLE.replace("orders", "${aws:PrincipalTag/team}")]),
    },
    optional={
        "Condition": st.sampled_from(
            [
                {"StringEquals": {"aws:UserAgent": "curl"}},
                {"StringNotEquals": {"aws:PrincipalTag/team": "orders"}},
                {"Null": {"aws:TokenIssueTime": "true"}},
            ]
        )
    },
)
_PRINCIPALS = [
    Principal(
        kind="role",
        account_id=ACCOUNT_ID,
        arn=f"arn:aws:iam::{ACCOUNT_ID}:role/r",
        caller_arn=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/r/s",
        tags={"team": team},
    )
    for team in ("orders", "rooms")
]


def _policies(statements: Sequence[Mapping[str, Any]]) -> Policies:
    return Policies(identity=(NamedPolicy(name="own", document=parse_policy(document(*statements))),))


@given(
    sets=st.lists(st.lists(_STATEMENTS, max_size=4), min_size=1, max_size=3),
    asked=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(_PRINCIPALS),
            st.sampled_from(["dynamodb:PutItem", "dynamodb:GetItem"]),
            st.sampled_from([TABLE, f"{TABLE}2"]),
            st.sampled_from(["curl", "boto3"]),
        ),
        max_size=25,
    ),
)
def test_kept_decisions_are_those_that_would_be_made_anew(
    sets: list[list[dict[str, Any]]], asked: list[tuple[int, Principal, str, str, str]]
) -> None:
    policies = [_policies(statements) for statements in sets]
    kept = KeptDecisions()

    for place, principal, action, resource, agent in asked:
        wanted = Authorization(action=action, resources=(resource,), context={"aws:useragent": (agent,)})
        own = policies[place % len(policies)]

        decision = kept.decide(
            principal,
            wanted,
            resource,
            policies=own,
            resource_policy=None,
            resource_account=ACCOUNT_ID,
            resource_policy_required=False,
            endpoint_policy=None,
        )

        assert decision == decide(principal, wanted, resource, policies=own)


@pytest.mark.parametrize("owner", [ACCOUNT_ID, "210987654321"])
def test_a_resource_that_has_another_owner_is_decided_anew(owner: str) -> None:
    kept, own = KeptDecisions(), _policies([allow("s3:GetObject", "*")])
    wanted = Authorization(action="s3:GetObject", resources=("arn:aws:s3:::shop/a",))

    def reason(account: str) -> Reason:
        return kept.decide(
            _PRINCIPALS[0],
            wanted,
            wanted.resources[0],
            policies=own,
            resource_policy=None,
            resource_account=account,
            resource_policy_required=False,
            endpoint_policy=None,
        ).reason

    reason(ACCOUNT_ID)

    assert reason(owner) is (Reason.IDENTITY_POLICY if owner == ACCOUNT_ID else Reason.NO_RESOURCE_POLICY)


def test_a_role_that_was_made_again_is_not_the_one_that_a_policy_names_by_its_id() -> None:
    kept, queue = KeptDecisions(), f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:jobs"
    named = document({**allow("sqs:SendMessage", queue), "Principal": {"AWS": "AROAFIRST"}})
    policy, nothing = NamedPolicy(name=queue, document=parse_policy(named)), Policies()

    def is_allowed(role_id: str) -> bool:
        return kept.decide(
            dataclasses.replace(_PRINCIPALS[0], user_id=f"{role_id}:s"),
            Authorization(action="sqs:SendMessage", resources=(queue,)),
            queue,
            policies=nothing,
            resource_policy=policy,
            resource_account=ACCOUNT_ID,
            resource_policy_required=False,
            endpoint_policy=None,
        ).allowed

    assert [is_allowed(role_id) for role_id in ("AROAFIRST", "AROAFIRST", "AROASECOND")] == [True, True, False]
