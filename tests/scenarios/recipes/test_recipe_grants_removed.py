"""The recipes without one of the statements that their functions are granted: each is missed, at its function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes import recipe_traffic
from tests.fakes.removed_grants import Assembly, Traffic, problems_without_each_grant

if TYPE_CHECKING:
    from lambdakit import Harness

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.mark.parametrize(
    ("stack", "traffic"),
    [
        pytest.param("notes", recipe_traffic.notes, id="crud_with_cognito"),
        pytest.param("field", recipe_traffic.telemetry, id="iot_telemetry"),
        pytest.param("archive", recipe_traffic.backups, id="scheduled_backup"),
        pytest.param("fulfilment", recipe_traffic.workflow, id="order_workflow"),
        pytest.param("guardrails", recipe_traffic.guardrails, id="security_automation"),
        pytest.param("webhooks", recipe_traffic.webhooks, id="webhook_to_queue"),
    ],
)
def test_each_grant_that_is_taken_away_is_missed_at_its_function(
    harness: Harness,
    application: Path,
    tmp_path: Path,
    stack: str,
    traffic: Traffic,
) -> None:
    assembly = Assembly(application, stack, tmp_path / "assembly")

    assert problems_without_each_grant(harness, assembly, traffic) == []
