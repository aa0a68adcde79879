"""The policies of who asks: compiled once, and always those that IAM has now."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdakit.harness.iam.authorization import Authorization, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.identity_policies import AWS_MANAGED_POLICIES_DATE, IdentityPolicies
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, administrator, aws_service
from tests.fakes.known_identities import ACCOUNT_ID, KnownAccount

pytestmark = pytest.mark.xdist_group("moto")

READ = Authorization(action="s3:GetObject", resources=("arn:aws:s3:::b/k",))


def document(effect: str = "Allow", action: str = "s3:*") -> str:
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal(arn: str, **properties: Any) -> Principal:
    kind: Any = "role" if ":role/" in arn else "user"
    return Principal(kind=kind, account_id=ACCOUNT_ID, arn=arn, caller_arn=arn, **properties)


def reason(policies: IdentityPolicies, who: Principal) -> Reason:
    return decide(who, READ, READ.resources[0], policies=policies.of(who)).reason


def test_unchanged_policies_are_compiled_once(known: KnownAccount) -> None:
    who = principal(known.role("steady"))
    known.iam.put_role_policy(RoleName="steady", PolicyName="p", PolicyDocument=document())
    policies = IdentityPolicies(known.identities)

    assert policies.of(who) is policies.of(who)
    assert reason(policies, who) is Reason.IDENTITY_POLICY


def replaced(iam: Any, managed: str) -> None:
    del managed
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document("Deny"))


def removed(iam: Any, managed: str) -> None:
    del managed
    iam.delete_role_policy(RoleName="r", PolicyName="p")


def another_version(iam: Any, managed: str) -> None:
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=document("Deny"), SetAsDefault=True)


def bounded(iam: Any, managed: str) -> None:
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=managed)


def without_role(iam: Any, managed: str) -> None:
    removed(iam, managed)
    iam.detach_role_policy(RoleName="r", PolicyArn=managed)
    iam.delete_role(RoleName="r")


@pytest.mark.parametrize("change", [replaced, removed, another_version, bounded, without_role])
def test_a_change_counts_at_once(known: KnownAccount, change: Callable[[Any, str], object]) -> None:
    who = principal(known.role("r"))
    managed = known.iam.create_policy(PolicyName="m", PolicyDocument=document(action="sqs:*"))["Policy"]["Arn"]
    known.iam.attach_role_policy(RoleName="r", PolicyArn=managed)
    known.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document())
    policies = IdentityPolicies(known.identities)
    before = reason(policies, who)

    change(known.iam, managed)

    assert before is Reason.IDENTITY_POLICY
    assert reason(policies, who) is not Reason.IDENTITY_POLICY


def test_a_boundary_and_a_session_policy_limit(known: KnownAccount) -> None:
    limit = known.iam.create_policy(PolicyName="limit", PolicyDocument=document(action="sqs:*"))["Policy"]["Arn"]
    limited = principal(known.role("bounded", PermissionsBoundary=limit))
    free = known.role("free")
    for name in ("bounded", "free"):
        known.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document())
    policies = IdentityPolicies(known.identities)

    assert reason(policies, limited) is Reason.NO_BOUNDARY
    assert reason(policies, principal(free, session_policies=(document(action="sqs:*"),))) is Reason.NO_SESSION_POLICY
    assert reason(policies, principal(free, session_policies=(document(),))) is Reason.IDENTITY_POLICY
    assert reason(policies, principal(free)) is Reason.IDENTITY_POLICY


def test_a_boundary_that_nobody_knows_allows_nothing_and_is_told_once(known: KnownAccount) -> None:
    unknown = "arn:aws:iam::aws:policy/OfTomorrow"
    who = principal(known.role("ahead", PermissionsBoundary=unknown))
    known.iam.put_role_policy(RoleName="ahead", PolicyName="p", PolicyDocument=document())
    told: list[str] = []
    policies = IdentityPolicies(known.identities, told.append)

    decided = reason(policies, who)
    known.iam.put_role_policy(RoleName="ahead", PolicyName="q", PolicyDocument=document())
    policies.of(who)

    assert decided is Reason.NO_BOUNDARY
    assert told == [
        f"{who.arn}: {unknown} grants nothing: it is not among the policies of the account, nor among AWS's managed "
        f"ones as of {AWS_MANAGED_POLICIES_DATE}"
    ]


@pytest.mark.parametrize("who", [ANONYMOUS, administrator(ACCOUNT_ID), aws_service("sns.amazonaws.com")])
def test_others_have_none(known: KnownAccount, who: Principal) -> None:
    policies = IdentityPolicies(known.identities).of(who)

    assert (policies.identity, policies.boundary, policies.session) == ((), None, None)


def test_a_role_says_who_may_assume_it(known: KnownAccount) -> None:
    arn = known.role("trusting")
    policies = IdentityPolicies(known.identities)
    assume = Authorization(action="sts:AssumeRole", resources=(arn,))

    def allowed() -> bool:
        trust = policies.trust_policy_of(arn)
        assert trust is not None
        lambda_ = aws_service("lambda.amazonaws.com")
        return decide(lambda_, assume, arn, resource_policy=trust, resource_policy_required=True).allowed

    before = allowed()
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    changed = json.dumps({"Version": "2012-10-17", "Statement": trust})
    known.iam.update_assume_role_policy(RoleName="trusting", PolicyDocument=changed)

    assert before
    assert not allowed()
    assert policies.trust_policy_of(arn.replace("trusting", "absent")) is None
