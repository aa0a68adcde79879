"""Amazon Inspector is turned on for the caller's own account, where a request names none.

Source: as in `lambdakit.harness.moto_state.inspections`.
"""

from __future__ import annotations

import pytest

from tests.fakes.event_source import ACCOUNT
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-services")


def test_the_own_account_is_meant_where_none_is_named(harness: WiredHarness) -> None:
    inspector = harness.aws("inspector2")

    enabled = inspector.enable(resourceTypes=["EC2"])["accounts"]
    status = inspector.batch_get_account_status()["accounts"]
    disabled = inspector.disable(resourceTypes=["EC2"])["accounts"]

    assert [account["accountId"] for account in (*enabled, *status, *disabled)] == [ACCOUNT] * 3
    assert enabled[0]["resourceStatus"]["ec2"] == "ENABLED"
    assert disabled[0]["resourceStatus"]["ec2"] == "DISABLED"


def test_an_account_that_is_named_is_meant(harness: WiredHarness) -> None:
    inspector = harness.aws("inspector2")

    (enabled,) = inspector.enable(accountIds=["999988887777"], resourceTypes=["ECR"])["accounts"]

    assert enabled["accountId"] == "999988887777"
