"""checkov finds no fault in any stack of ours without a reason. It runs from an environment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation.checkov import REASONS, findings, unexplained
from tests.fakes.checked_process import run_checks

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("cdk")]


def test_no_finding_is_without_a_reason_and_no_reason_without_a_finding(tmp_path: Path) -> None:
    run_checks(tmp_path)

    found, scanned = findings(tmp_path)

    assert scanned > 100
    assert unexplained(found) == []
    assert {check for check, _ in found} == set(REASONS)
