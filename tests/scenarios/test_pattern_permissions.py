"""The patterns run with their permissions enforced, need all that they are granted, and fail where one is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.trace import AccessDenied

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = Path(__file__).parents[2] / "patterns" / "api_backend" / "lambdakit.yaml"


@pytest.fixture
def without_a_grant(tmp_path: Path) -> Path:
    """The pattern, in which the route that lists orders may only write them."""
    lines = DOCUMENT.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if "list_orders" in line)
    lines[at] = lines[at].replace("table_access: read}", "table_access: write}")
    changed = tmp_path / "lambdakit.yaml"
    changed.write_text("\n".join(lines))
    shutil.copytree(DOCUMENT.parent / "functions", tmp_path / "functions")
    return changed


def test_the_api_backend_uses_every_grant_and_needs_no_other() -> None:
    with Harness() as harness:
        deployment = harness.deploy(DOCUMENT)

        with deployment.http() as http:
            order = http.post("/orders", json={"sku": "tea", "quantity": 2}).json()
            answers = [
                http.get(f"/orders/{order['order_id']}").status_code,
                http.get("/orders").status_code,
                http.delete(f"/orders/{order['order_id']}").status_code,
            ]

        assert answers == [200, 200, 204]
        assert deployment.permissions.unused == set()
        assert deployment.permissions.denied == set()


def test_a_grant_that_is_taken_away_is_missed_at_its_place(without_a_grant: Path) -> None:
    with Harness() as harness:
        deployment = harness.deploy(without_a_grant)

        with deployment.http() as http:
            created = http.post("/orders", json={"sku": "tea", "quantity": 2})
            listed = http.get("/orders")

        assert (created.status_code, listed.status_code) == (201, 500)
        [denied] = [event for event in harness.trace.events if isinstance(event, AccessDenied)]
        table = deployment.outputs["shop"]["OrdersTableName"]
        assert denied.resource.endswith(f":table/{table}")
        assert denied.action in ("dynamodb:Scan", "dynamodb:Query")
        assert "no identity-based policy allows" in denied.reason
        assert denied.resource in denied.statement
        at = (
            without_a_grant.read_text()
            .splitlines()
            .index(next(line for line in without_a_grant.read_text().splitlines() if "list_orders" in line))
        )
        assert f"lambdakit.yaml:{at + 1}" in denied.place
        assert "grant_read" in denied.place
