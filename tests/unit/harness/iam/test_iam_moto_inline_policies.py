"""Canary: IAM takes inline policies without a version, which moto refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.inline_policies import take_inline_policies
from tests.fakes.policies import ACCOUNT_ID, REGION

pytestmark = pytest.mark.xdist_group("moto")

STATEMENT = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def iam() -> Any:
    take_inline_policies()
    take_inline_policies()
    return Account(account_id=ACCOUNT_ID, region=REGION).client("iam")


@pytest.fixture
def role(iam: Any) -> str:
    name = f"r{uuid.uuid4().hex[:12]}"
    trust = json.dumps({"Version": "2012-10-17", "Statement": TRUST})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return name


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}], ids=["without", "the default"])
def test_inline_policy_of_the_default_version_is_kept_as_given(iam: Any, role: str, version: dict[str, str]) -> None:
    policy = {**version, "Statement": STATEMENT}

    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(policy))

    assert iam.get_role_policy(RoleName=role, PolicyName="p")["PolicyDocument"] == policy


@pytest.mark.parametrize("policy", ["{", "[]", '{"Version": "2011-01-01", "Statement": []}', '{"Statement": [{}]}'])
def test_what_is_no_policy_is_still_refused(iam: Any, role: str, policy: str) -> None:
    with pytest.raises(ClientError, match="MalformedPolicyDocument"):
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy)


def test_managed_policy_still_needs_the_current_version(iam: Any) -> None:
    with pytest.raises(ClientError, match="2012-10-17 or greater"):
        iam.create_policy(PolicyName="p", PolicyDocument=json.dumps({"Statement": STATEMENT}))


def test_moto_alone_still_needs_it() -> None:
    code = (
        "from moto.iam.policy_validation import IAMPolicyDocumentValidator\n"
        f"IAMPolicyDocumentValidator({json.dumps({'Statement': STATEMENT})!r}).validate()"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "2012-10-17 or greater" in ran.stderr
