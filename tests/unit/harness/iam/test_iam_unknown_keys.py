"""Conditions on keys of which nothing is known here: what a decision says of them."""

from __future__ import annotations

from typing import Any

import pytest

from lambdakit.harness.iam.authorization import Authorization, Decision
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.unknown_keys import is_unknown
from tests.fakes.iam_decisions import OBJECT, ROLE, allow, deny

_ASKS = {"StringEquals": {"s3:BucketTag/Stage": "closed"}}


def _decided(*statements: Any) -> Decision:
    document = parse_policy({"Version": "2012-10-17", "Statement": list(statements)})
    wanted = Authorization(action="s3:GetObject", resources=(OBJECT,))
    policies = Policies(identity=(NamedPolicy(name="own", document=document),))
    return decide(ROLE, wanted, OBJECT, policies=policies)


@pytest.mark.parametrize(
    ("statements", "allowed", "asked"),
    [
        pytest.param((allow(),), True, (), id="no condition"),
        pytest.param((allow(Condition=_ASKS),), False, ("s3:buckettag/stage",), id="it would allow"),
        pytest.param((allow(), deny(Condition=_ASKS)), True, ("s3:buckettag/stage",), id="it might deny"),
        pytest.param((allow(), deny("s3:PutObject", Condition=_ASKS)), True, (), id="of another action"),
        pytest.param(
            (allow(), deny(resources="arn:aws:s3:::b/*", Condition=_ASKS)), True, (), id="of another resource"
        ),
        pytest.param(
            (allow(), deny(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})), True, (), id="absent on AWS too"
        ),
    ],
)
def test_a_decision_says_what_its_conditions_asked_for_in_vain(
    statements: tuple[Any, ...], allowed: bool, asked: tuple[str, ...]
) -> None:
    decision = _decided(*statements)

    assert decision.allowed is allowed
    assert decision.unknown_keys == asked


@pytest.mark.parametrize(
    ("key", "unknown"),
    [
        ("aws:sourcevpcarn", True),
        ("states:statemachinequalifier", True),
        ("s3:buckettag/team", True),
        ("s3:prefix", False),
        ("aws:resourceorgid", False),
        ("aws:principaltag/team", False),
        ("lambda:vpcids", False),
    ],
)
def test_which_keys_are_not_known(key: str, unknown: bool) -> None:
    assert is_unknown(key) is unknown
