"""One account for every test of the provisioners; each test leaves it empty."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.harness.account import Account
from lambdakit.harness.moto_state.state_versions import know_versions
from lambdakit.harness.moto_state.triggers import disarm
from lambdakit.harness.moto_state.whole_updates import update_as_a_whole
from tests.fakes.provisioning import ACCOUNT_ID, REGION, Provisioning


@pytest.fixture(scope="session")
def account() -> Account:
    disarm()
    update_as_a_whole()
    know_versions()
    return Account(account_id=ACCOUNT_ID, region=REGION)


@pytest.fixture(scope="session")
def stack_names() -> Iterator[str]:
    return (f"stack{number}" for number in itertools.count())


@pytest.fixture
def provisioning(account: Account, stack_names: Iterator[str], tmp_path: Path) -> Iterator[Provisioning]:
    provisioning = Provisioning(account, tmp_path, next(stack_names))
    yield provisioning
    provisioning.close()
