"""Which grants may be for a request that does not name what it is about."""

from __future__ import annotations

import pytest

from lambdakit.harness.iam.granted_resources import granted_resources
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy

GROUPS = "arn:aws:athena:us-east-1:123456789012:workgroup/*"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("arn:aws:athena:us-east-1:123456789012:workgroup/one", "arn:aws:athena:us-east-1:123456789012:workgroup/one"),
        ("arn:aws:athena:*:*:workgroup/o*", "arn:aws:athena:us-east-1:123456789012:workgroup/o*"),
        ("arn:aws:athena:eu-west-1:123456789012:workgroup/one", None),
        ("arn:aws:athena:us-east-1:123456789012:datacatalog/one", None),
        ("arn:aws:athena:us-east-1:123456789012:workgroup/${aws:PrincipalTag/team}", None),
        ("*", None),
    ],
)
def test_a_grant_on_something_of_the_kind_may_be_meant(written: str, meant: str | None) -> None:
    statement = {"Effect": "Allow", "Action": "athena:Get*", "Resource": written}
    document = parse_policy({"Version": "2012-10-17", "Statement": statement})
    policies = Policies(identity=(NamedPolicy(name="own", document=document),))

    found = list(granted_resources("athena:getqueryresults", GROUPS, policies))

    assert found == ([] if meant is None else [meant])


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "*", "Resource": GROUPS},
        {"Effect": "Allow", "Action": "athena:Start*", "Resource": GROUPS},
        {"Effect": "Allow", "Action": "*", "NotResource": GROUPS},
    ],
)
def test_what_grants_nothing_of_it_is_not_meant(statement: dict[str, str]) -> None:
    document = parse_policy({"Version": "2012-10-17", "Statement": statement})
    policies = Policies(identity=(NamedPolicy(name="own", document=document),))

    assert list(granted_resources("athena:getqueryresults", GROUPS, policies)) == []
