"""moto's private classes still have the shape that `lambdakit.harness.moto_state.access_keys` relies on."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.access_keys import account_of_key

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT_ID, OTHER_ID = "565656565656", "676767676767"


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(account_id=ACCOUNT_ID, region="eu-west-1")


@pytest.mark.parametrize("account_id", [ACCOUNT_ID, OTHER_ID])
def test_an_assumed_role_acts_in_its_own_account(account: Account, account_id: str) -> None:
    role = f"arn:aws:iam::{account_id}:role/visitor"

    session = account.client("sts").assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]

    assert account_of_key(session["AccessKeyId"]) == account_id


def test_a_user_s_key_acts_in_the_user_s_account(account: Account) -> None:
    iam: Any = account.client("iam", account_id=OTHER_ID)
    iam.create_user(UserName="somebody")

    key = iam.create_access_key(UserName="somebody")["AccessKey"]["AccessKeyId"]
    here = account_of_key(key)
    iam.delete_access_key(UserName="somebody", AccessKeyId=key)
    iam.delete_user(UserName="somebody")

    assert here == OTHER_ID
    assert account_of_key(key) == ""


@pytest.mark.parametrize("key", ["", "AKIAUNKNOWN", "LAMBDAKITADMINISTRATOR"])
def test_a_key_that_was_never_given_away_is_nobody_s(account: Account, key: str) -> None:
    from moto.iam.models import iam_backends

    account.client("iam").list_roles()
    before = {account_id: list(partitions) for account_id, partitions in iam_backends.items()}

    assert account_of_key(key) == ""

    assert {account_id: list(partitions) for account_id, partitions in iam_backends.items()} == before


def test_while_another_thread_loads_iam_no_key_has_been_given_away() -> None:
    program = (
        "import sys, types; from lambdakit.harness.moto_state.access_keys import account_of_key; "
        "sys.modules['moto.iam.models'] = types.ModuleType('half loaded'); "
        "assert account_of_key('AKIASOMEBODY') == ''"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_asking_loads_nothing_of_moto() -> None:
    program = (
        "import sys; from lambdakit.harness.moto_state.access_keys import account_of_key; "
        "assert account_of_key('AKIA') == ''; assert not [name for name in sys.modules if name.startswith('moto')]"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
